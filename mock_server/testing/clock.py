"""The clock of one session: frozen, set and advanced by tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mock_server.testing.ask import Control
from mock_server.testing.wishes import Misused

Instant = float | int | datetime | str
"""Unix seconds, a datetime (without a zone: UTC), or an RFC 3339 text such as ``2030-01-01T00:00:00Z``."""


class SessionClock:
    """What time the mock takes it to be in this session; it runs on unless it is frozen."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def now(self) -> float:
        """Unix seconds."""
        return float(self._control("GET", "/clock")["now"])

    def advance(
        self, by: timedelta | float = 0, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> float:
        """Let time pass; the new now. ``by`` is a timedelta or seconds. Raises ``Misused`` for what is neither."""
        if isinstance(by, bool) or not isinstance(by, int | float | timedelta):
            raise Misused(f"{by!r} is no length of time; give seconds, a timedelta, or words such as hours=12")
        ahead = by if isinstance(by, timedelta) else timedelta(seconds=by)
        ahead += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return float(self._control("POST", "/clock", {"advance": ahead.total_seconds()})["now"])

    def set(self, at: Instant) -> float:
        """Make it this time; a running clock runs on from there."""
        return float(self._control("POST", "/clock", {"set": seconds_of(at)})["now"])

    def freeze(self, at: Instant | None = None) -> float:
        """Stop the clock, at a time when one is given; the time at which it stands."""
        body: dict[str, float | bool] = {"freeze": True}
        if at is not None:
            body["set"] = seconds_of(at)
        return float(self._control("POST", "/clock", body)["now"])

    def thaw(self) -> float:
        """Let it run again."""
        return float(self._control("POST", "/clock", {"freeze": False})["now"])


def seconds_of(at: Instant) -> float:
    """Unix seconds. Raises ``Misused`` for what is no time."""
    if isinstance(at, bool) or not isinstance(at, int | float | datetime | str):
        raise Misused(f"{at!r} is no time; give Unix seconds, a datetime, or a text such as '2030-01-01T00:00:00Z'")
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            raise Misused(f"{at!r} is no time; write it as 2030-01-01T00:00:00Z") from None
    if isinstance(at, datetime):
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return float(at)
