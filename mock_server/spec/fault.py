"""What is wrong in one place of a document while the rest can be served. Its line is looked up when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Literal

from mock_server.errors import Problem, Severity
from mock_server.source import Loaded, Pointer, pointer_text
from mock_server.value import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A complaint; ``home`` and ``pointer`` are the file and the pointer in it as it was written."""

    code: str
    message: str
    home: Loaded = field(repr=False, compare=False)
    pointer: Pointer
    hint: str | None = None
    at: Literal["key", "value"] = "value"
    severity: Severity = "warning"

    def problem(self) -> Problem:
        """With its line and column: the first fault of a file costs a second parse of it."""
        place = self.home.written(self.pointer, self.at)
        return Problem(self.code, self.message, place, self.hint, pointer_text(self.pointer), self.severity)


class Faults:
    """The faults of one document, each once."""

    __slots__ = ("_found", "_loaded")

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._found: dict[tuple[str, str, str, Pointer], Fault | Problem] = {}

    def add(
        self,
        code: str,
        message: str,
        pointer: Pointer,
        hint: str | None = None,
        *,
        at: Literal["key", "value"] = "value",
        severity: Severity = "warning",
    ) -> Fault:
        """Note what is wrong at ``pointer`` (of the whole tree, as it is now)."""
        home, written = self._loaded.home(pointer)
        fault = Fault(code, message, home, written, hint, at, severity)
        self._found.setdefault((code, message, home.source.path, written), fault)
        return fault

    def take(self, problem: Problem) -> None:
        """Note a problem that already knows its place, as a warning."""
        path = problem.place.path if problem.place else ""
        self._found.setdefault((problem.code, problem.message, path, (problem.pointer or "",)), problem)

    def problems(self) -> Iterator[Problem]:
        """All of them in the order in which they were found."""
        for each in self._found.values():
            yield each.problem() if isinstance(each, Fault) else each

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)
