"""What the workers of one server share besides the store: whose turn it is to write, and one number."""

from __future__ import annotations

import mmap
import tempfile
import time
from types import TracebackType

PATIENCE_S = 1.0
_LOOK_S = 0.001
_NEXT, _NOW = 0, 1
"""Two places, each taken by one: whoever writes, and whoever is next."""


class Turn:
    """One process at a time. The system itself ends the turn of a process that is killed (fcntl(2), record locks)."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process

    def __enter__(self) -> None:
        import fcntl

        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        import fcntl

        fcntl.lockf(self._file, fcntl.LOCK_UN)


class Row:
    """As ``Turn``, but whoever has just had a turn does not get the next while another waits.

    Who writes again and again would else keep all others waiting: they are slower to wake up than it is to go on. A
    process that hangs is waited for ``PATIENCE_S``, and then no longer.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process

    def __enter__(self) -> None:
        give_up = time.monotonic() + PATIENCE_S
        self._take(_NEXT, give_up)
        self._take(_NOW, give_up)
        self._leave(_NEXT)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave(_NOW)

    def _take(self, place: int, give_up: float) -> None:
        import fcntl

        while time.monotonic() < give_up:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except (BlockingIOError, PermissionError):  # fcntl(2): EAGAIN or EACCES
                time.sleep(_LOOK_S)
            else:
                return

    def _leave(self, place: int) -> None:
        import fcntl

        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)


class SharedCountdown:
    """See ``Countdown`` of :mod:`mock_server.web.peers`. Made before the workers: all of them see the same."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._memory = mmap.mmap(-1, 8)

    @property
    def left(self) -> int:
        return int.from_bytes(self._memory[:8], "little")

    @left.setter
    def left(self, count: int) -> None:
        with self._turn:
            self._memory[:8] = count.to_bytes(8, "little")

    def take(self) -> bool:
        if not self.left:  # the usual case costs no turn
            return False
        with self._turn:
            left = self.left
            if left:
                self._memory[:8] = (left - 1).to_bytes(8, "little")
            return left > 0
