"""Reading bytes from disk, bounded in size and kept inside a folder."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from pathlib import Path

from mock_server.errors import Broken, Place, Problem, shortened
from mock_server.source.ledger import open_ledger, yaml_below
from mock_server.value import dataclass

MAX_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A text and the name to call it by in messages."""

    path: str
    text: str

    def place(self, line: int, column: int) -> Place:
        """A place in this text; ``line`` and ``column`` count from 1."""
        return Place(self.path, line, column, self._line(line)[:200])

    def _line(self, number: int) -> str:
        """A line of the text; empty where there is none. A text of 30 MB may have millions: they are not all made."""
        if not self.text.isascii() or "\r" in self.text:
            lines = self.text.splitlines()
            return lines[number - 1] if 0 < number <= len(lines) else ""
        start = 0
        if number < 1:
            return ""
        for _ in range(number - 1):
            start = self.text.find("\n", start) + 1
            if not start:
                return ""
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None]


def read_bytes(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The file's bytes. Raises ``Broken`` (MS101, MS105) when it cannot be read or is too big."""
    if ledger := open_ledger():
        ledger.read(path)
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # a FIFO or a device could keep us for ever
            raise Broken([Problem("MS101", f"cannot read {path}: it is no ordinary file", hint="give a file")])
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Broken(
            [Problem("MS101", f"cannot read {shortened(str(path))}: {reason}", hint="check the path and its rights")]
        ) from None
    if len(data) > limit:
        raise Broken([Problem("MS105", f"{path} is larger than {limit} bytes")])
    return data


def read_source(path: Path, shown_as: str | None = None) -> Source:
    """The file as text. Raises ``Broken`` (MS101, MS102, MS105)."""
    name = shown_as or _short(path)
    data = read_bytes(path).removeprefix(BOM_UTF8)
    try:
        return Source(name, data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02x}"
        raise Broken([Problem("MS102", message, Place(name, line, column), "save it as UTF-8")]) from None


def _short(path: Path) -> str:
    """The path as a person in the working folder would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder whose files may be read, and nothing beside it: no ``..``, no symbolic link out."""

    root: Path

    def yaml_files(self) -> list[Path]:
        """Every ``*.yaml`` and ``*.yml`` below the folder, sorted. Raises ``Broken`` (MS101)."""
        found = yaml_below(self.root)
        if ledger := open_ledger():
            ledger.listed(self.root, found)
        if found is None:
            hint = "give the folder that holds the fixtures, or leave --fixtures out"
            raise Broken([Problem("MS101", f"{self.root} is not a folder", hint=hint)])
        return found

    def inside(self, relative: str | Path) -> Path:
        """The file of that name in the folder. Raises ``Broken`` (MS101, MS106) when it lies outside or nowhere."""
        try:
            path = (self.root / relative).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links (3.11 says RuntimeError), a NUL
            hint = "check the path and its rights"
            why = "a path has no NUL in it" if isinstance(error, ValueError) else error  # each Python has other words
            raise Broken([Problem("MS101", f"cannot read {str(relative)!r}: {why}", hint=hint)]) from None
        if not path.is_relative_to(self.root.resolve()):
            message = f"{str(relative)!r} leads outside {self.root}"
            raise Broken([Problem("MS106", message, hint="keep it in the folder")])
        return path
