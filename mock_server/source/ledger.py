"""What was read of the disk while something was made of it, and whether it is still as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from mock_server.named import NamedTuple


class Print(NamedTuple):
    """By what a file that was saved again is told from the one before, however an editor saves."""

    modified_ns: int
    changed_ns: int
    size: int
    inode: int


class Ledger:
    """Every file that was looked for, with its print from just before it was read; every folder that was listed.

    What was not there is in it too: that it appears is a change.
    """

    def __init__(self) -> None:
        self._files: dict[Path, Print | None] = {}
        self._listed: dict[Path, tuple[Path, ...] | None] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """What this context reads from here on is written into this ledger."""
        token = _OPEN.set(self)
        try:
            yield
        finally:
            _OPEN.reset(token)

    def read(self, path: Path) -> None:
        """A file is about to be read. Of several times the first one counts."""
        where = path.absolute()
        if where not in self._files:
            self._files[where] = _print(where)

    def listed(self, root: Path, found: list[Path] | None) -> None:
        """A folder's YAML files were listed; None = there is no such folder."""
        self._listed[root.absolute()] = None if found is None else tuple(path.absolute() for path in found)

    def changed(self) -> bool:
        """Whether anything is no longer as it was."""
        return self.now() != (dict(self._files), dict(self._listed))

    def now(self) -> tuple[dict[Path, Print | None], dict[Path, tuple[Path, ...] | None]]:
        """The same files and folders as they are at this moment."""
        files = {path: _print(path) for path in tuple(self._files)}
        listed = {root: None if (found := yaml_below(root)) is None else tuple(found) for root in tuple(self._listed)}
        return files, listed

    def directories(self) -> list[Path]:
        """Where something happens when any of this changes; of what is missing the nearest folder that exists."""
        wanted = {path.parent for path in tuple(self._files)}
        for root in tuple(self._listed):
            wanted |= {root, root.parent}
            for folder, names, _ in os.walk(root):
                names[:] = [name for name in names if not name.startswith(".")]
                wanted.add(Path(folder))
        return sorted({_nearest(folder) for folder in wanted})


_OPEN: ContextVar[Ledger | None] = ContextVar("ledger", default=None)


def open_ledger() -> Ledger | None:
    """The ledger that this context writes into."""
    return _OPEN.get()


def yaml_below(root: Path) -> list[Path] | None:
    """Every ``*.yaml`` and ``*.yml`` below a folder, sorted; None = it is no folder.

    Left out is what lies below a folder such as ``.git``, or ``..data`` of a mounted Kubernetes ConfigMap.
    """
    if not root.is_dir():
        return None
    found: list[Path] = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if name.endswith((".yaml", ".yml")) and name[0] != "."]
    return sorted(path for path in found if path.is_file())


def _print(path: Path) -> Print | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # it is not there, or no name of a file
        return None
    return Print(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def _nearest(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if each.is_dir()), Path(folder.anchor))
