"""From a JSON pointer in a parsed tree back to the line and column in its text."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from mock_server.errors import Place, Problem, Severity
from mock_server.named import NamedTuple
from mock_server.source.files import Source
from mock_server.value import dataclass

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


FILES = "mock-server:files"
"""Under this key of a document's tree stand the other files that it refers to, by their names."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A parsed text that remembers where it came from.

    A document of several files is one tree: ``(FILES, "pet.yaml", "properties")`` is the pointer of what stands at
    ``/properties`` in pet.yaml, and ``files`` has that file. ``moved`` tells where what was put elsewhere stood before:
    ``{("paths", "/a", "get", "requestBody"): ("paths", "/a", "get", "parameters", 0)}``.
    """

    source: Source
    data: Any
    files: dict[str, Loaded] = field(default_factory=dict, repr=False, compare=False)
    moved: dict[Pointer, Pointer] = field(default_factory=dict, repr=False, compare=False)
    _spots: dict[Pointer, Spot] = field(default_factory=dict, repr=False, compare=False)

    def place(self, pointer: Pointer, at: Literal["key", "value"] = "value") -> Place:
        """The place of what stands at ``pointer``, or of the nearest thing around it."""
        home, pointer = self.home(pointer)
        return home.written(pointer, at)

    def written(self, pointer: Pointer, at: Literal["key", "value"] = "value") -> Place:
        """The place of what stands at ``pointer`` in the text of this very file."""
        if not self._spots:
            from mock_server.source.tree import spots

            self._spots.update(spots(self.source))
        while pointer and pointer not in self._spots:
            pointer = pointer[:-1]
        spot = self._spots.get(pointer, Spot(1, 1, 1, 1))
        if at == "key":
            return self.source.place(spot.key_line, spot.key_column)
        return self.source.place(spot.line, spot.column)

    def home(self, pointer: Pointer) -> tuple[Loaded, Pointer]:
        """The file in which the value stands, and its pointer there as it was written."""
        if self.moved:
            pointer = self._before(pointer)
        if len(pointer) > 1 and pointer[0] == FILES and (other := self.files.get(str(pointer[1]))):
            return other, pointer[2:]
        return self, pointer

    def _before(self, pointer: Pointer) -> Pointer:
        for length in range(len(pointer), 0, -1):
            before = self.moved.get(pointer[:length])
            if before is not None:
                return (*before, *pointer[length:])
        return pointer

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
        return Problem(code, message, self.place(pointer, at), hint, pointer_text(self.home(pointer)[1]), severity)
