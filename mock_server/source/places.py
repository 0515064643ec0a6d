"""From a JSON pointer in a parsed tree back to the line and column in its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from mock_server.errors import Place, Problem, Severity
from mock_server.source.files import Source

Pointer = tuple[str | int, ...]


class Spot(NamedTuple):
    """Where a value and its key stand, counted from 1."""

    line: int
    column: int
    key_line: int
    key_column: int


def pointer_text(pointer: Pointer) -> str:
    """A JSON pointer (RFC 6901 §3).

    >>> pointer_text(("paths", "/oauth2", "post"))
    '/paths/~1oauth2/post'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in pointer)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A parsed text that remembers where it came from."""

    source: Source
    data: Any
    _spots: dict[Pointer, Spot] = field(default_factory=dict, repr=False, compare=False)

    def place(self, pointer: Pointer, at: Literal["key", "value"] = "value") -> Place:
        """The place of what stands at ``pointer``, or of the nearest thing around it."""
        if not self._spots:
            from mock_server.source.tree import spots

            self._spots.update(spots(self.source))
        while pointer and pointer not in self._spots:
            pointer = pointer[:-1]
        spot = self._spots.get(pointer, Spot(1, 1, 1, 1))
        if at == "key":
            return self.source.place(spot.key_line, spot.key_column)
        return self.source.place(spot.line, spot.column)

    def problem(
        self,
        code: str,
        message: str,
        pointer: Pointer,
        hint: str | None = None,
        *,
        at: Literal["key", "value"] = "value",
        severity: Severity = "error",
    ) -> Problem:
        """A complaint about what stands at ``pointer``."""
        return Problem(code, message, self.place(pointer, at), hint, pointer_text(pointer), severity)
