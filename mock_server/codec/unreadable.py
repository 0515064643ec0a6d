"""Why bytes or a text could not be read as a value."""

from __future__ import annotations

from mock_server.errors import MockServerError
from mock_server.model import Violation


class Unreadable(MockServerError):
    """What came does not have the form that the document describes.

    ``rule`` is what it breaks (``json``, ``style``, ``percent-encoding``, …), ``path`` where in the value.
    """

    def __init__(self, rule: str, wanted: object, message: str, path: tuple[str | int, ...] = ()) -> None:
        self.rule = rule
        self.wanted = wanted
        self.path = path
        super().__init__(message)

    def violation(self, root: str, seen: object = None) -> Violation:
        """The same as a violation at ``root``: ``body.0``, ``query.filter``."""
        return Violation(".".join([root, *map(str, self.path)]), self.rule, seen, self.wanted, str(self))


class Unwritable(MockServerError):
    """A value that the media type has no form for; the text says why."""
