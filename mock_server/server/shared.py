"""What the workers of one server share besides the store: whose turn it is to write, and one number."""

from __future__ import annotations

import mmap
import tempfile
from types import TracebackType


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
