"""A clock that can be frozen, set and advanced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mock_server.value import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Unix seconds: the wall's plus ``offset_s``, or ``frozen_at`` while it stands still."""

    offset_s: float = 0.0
    frozen_at: float | None = None

    def now(self, wall: float) -> float:
        return self.frozen_at if self.frozen_at is not None else wall + self.offset_s

    def advance(self, seconds: float, wall: float) -> Clock:
        """Later by so many seconds (earlier when negative); a frozen clock stays frozen."""
        return self.set(self.now(wall) + seconds, wall)

    def set(self, instant: float, wall: float) -> Clock:
        if self.frozen_at is not None:
            return replace(self, frozen_at=instant, offset_s=instant - wall)
        return replace(self, offset_s=instant - wall)

    def freeze(self, wall: float) -> Clock:
        return replace(self, frozen_at=self.now(wall))

    def thaw(self, wall: float) -> Clock:
        """Go on from where it stood still."""
        if self.frozen_at is None:
            return self
        return Clock(offset_s=self.frozen_at - wall)


class Stamps:
    """Unix microseconds by the wall, each later than the one before: what was used can be put in order by them.

    Microseconds, because nanoseconds are more than a floating point number can tell apart.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._last = 0

    def __call__(self) -> int:
        self._last = max(int(self._wall() * 1e6), self._last + 1)
        return self._last
