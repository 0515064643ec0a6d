"""The SQLite file at a path, and whether the one that is open still lies there.

Who deletes or replaces it under a running mock takes its state away; SQLite itself would go on for ever in a file that
nobody can find any more, and another process would begin another one.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mock_server.state.store import Away, Unusable
from mock_server.state.tables import connect

LOOK_S = 0.1
"""How often it is looked, at most, whether the file is the same: one stat(2)."""
PAUSE_S = 0.5
"""After it could not be opened it is left alone for so long: to find that out may have taken seconds."""
_BESIDE = ("-wal", "-shm")
RESERVE = "-reserve"
RESERVE_BYTES = 1024 * 1024
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_GOES_ON = "the mock goes on with the file that lies there now"
_Identity = tuple[int, int]


class StateFile:
    """Opened, and opened again. ``tell`` is told what became of it, from whatever thread."""

    def __init__(self, path: str, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._own: dict[str, _Identity | None] = {}
        """What was opened, and those beside it, by what is added to the path."""
        self._looked_at = float("-inf")
        self._away_until = float("-inf")
        self._why = ""
        self.gave_reserve = False
        """Whether the room that was kept is in use."""

    def open(self) -> sqlite3.Connection:
        """Raises ``Unusable``, once it was open ``Away``: whoever took the file away may bring it back."""
        if time.monotonic() < self._away_until:
            raise Away(self._why)
        try:
            with _alone(self._path):
                self._make()
            db = connect(self._path)
        except (Away, Unusable) as error:
            if isinstance(error, Unusable) and not self._own:
                raise
            self._why, self._away_until = str(error), time.monotonic() + PAUSE_S
            raise Away(self._why) from None
        self._own = {each: _identity(self._path + each) for each in ("", *_BESIDE)}
        self.keep_reserve()
        return db

    def keep_reserve(self) -> None:
        """Keep some room of the disk, with which a full one can be cleared up: to forget has to be written, too."""
        try:
            reserve = os.open(self._path + RESERVE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            os.posix_fallocate(reserve, 0, RESERVE_BYTES)
            self.gave_reserve = False
        except (OSError, AttributeError):  # full; or no such system
            _remove(self._path + RESERVE)
        finally:
            os.close(reserve)

    def give_reserve(self) -> bool:
        """Give it up. False = there is none any more."""
        try:
            os.unlink(self._path + RESERVE)
        except OSError:
            return False
        self.gave_reserve = True
        return True

    def is_another(self) -> bool:
        """Whether another file lies at the path than the one that is open, or none."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return False
        self._looked_at = now
        return _identity(self._path) != self._own[""]

    def leave(self, db: sqlite3.Connection) -> Away:
        """Close the one that was taken away, and tell. What it was told last is written into it, wherever it is now."""
        with suppress(sqlite3.Error):
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        what = "deleted" if _identity(self._path) is None else "replaced"
        with _alone(self._path):
            for each in _BESIDE:  # SQLite would take them for those of the file that lies there now
                if self._own[each] is not None and _identity(self._path + each) == self._own[each]:
                    _remove(self._path + each)
        away = Away(f"{self._path} was {what} while the mock ran: what it held is gone, and {_GOES_ON}")
        self._tell(f"error MS450: {away}")
        return away

    def _make(self) -> None:
        """The file, where there is none. Whatever lies beside it is of one that was deleted."""
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError:  # it is there; or it cannot be, and SQLite says better than we could why
            return
        for each in _BESIDE:
            _remove(self._path + each)


def is_broken(error: sqlite3.Error) -> bool:
    """Whether what is in the file is no database any more."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN


def is_full(error: sqlite3.Error) -> bool:
    """Whether there may be no room: SQLite says so, or only that it could not write."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def _identity(path: str) -> _Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """One process at a time makes the file and clears away what is of another: the folder is locked (flock(2))."""
    try:
        import fcntl

        folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    except (ImportError, OSError):  # no Unix; or a folder that cannot be read, which SQLite will say
        yield
        return
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
