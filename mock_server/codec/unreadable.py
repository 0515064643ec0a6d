"""Why bytes or a text could not be read as a value."""

from __future__ import annotations

from mock_server.errors import MockServerError
from mock_server.model import Violation


class Unreadable(MockServerError):
    """What came does not have the form that the document describes.

    ``rule`` is what it breaks (``json``, ``style``, ``percent-encoding``, …), ``path`` where in the value,
    ``seen`` what stood there, where that is short.
    """

    def __init__(
        self, rule: str, wanted: object, message: str, path: tuple[str | int, ...] = (), seen: object = None
    ) -> None:
        self.rule = rule
        self.wanted = wanted
        self.path = path
        self.seen = seen
        super().__init__(message)

    def below(self, *steps: str | int) -> Unreadable:
        """The same, further out: ``steps`` lead to where it was met."""
        return Unreadable(self.rule, self.wanted, str(self), (*steps, *self.path), self.seen)

    def violation(self, root: str, seen: object = None) -> Violation:
        """The same as a violation at ``root``: ``body.0``, ``query.filter``."""
        seen = self.seen if seen is None else seen
        return Violation(".".join([root, *map(str, self.path)]), self.rule, seen, self.wanted, str(self))


class Unwritable(MockServerError):
    """A value that the media type has no form for; the text says why."""
