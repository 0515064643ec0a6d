"""What one process has answered, counted as it goes: a fraction of a microsecond a request.

The store does not count: that would be one more change a request, for which workers would wait for one another. Each
worker counts for itself and says so in a label, as Prometheus wants it: who sums, sums over ``worker``.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MAX_KINDS = 10_000
"""Operations times statuses; what is more is counted as another operation."""
OTHER = "other"
Kind = tuple[str | None, int]
"""``("POST /oauth2", 200)``; None = no operation answered."""


class Tally:
    """Counts since the process began; nothing ever takes one back."""

    __slots__ = ("buckets", "calls", "requests", "seconds")

    def __init__(self) -> None:
        self.requests: dict[Kind, int] = {}
        self.calls: dict[int, int] = {}
        """Attempts of callbacks and webhooks by status; 0 = no answer."""
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        self.seconds = 0.0

    def add(self, operation: str | None, status: int, duration_s: float) -> None:
        """A request that was answered."""
        try:
            self.requests[operation, status] += 1
        except KeyError:
            kind = (operation if len(self.requests) < MAX_KINDS else OTHER, status)
            self.requests[kind] = self.requests.get(kind, 0) + 1
        self.buckets[bisect_left(BOUNDS_S, duration_s)] += 1
        self.seconds += duration_s

    def add_call(self, status: int) -> None:
        self.calls[status] = self.calls.get(status, 0) + 1

    def as_json(self) -> dict[str, Any]:
        """``{"requests": [["POST /oauth2", 200, 3]], "calls": [[200, 1]], "buckets": [0, 3, …], "seconds": 0.004}``."""
        return {
            "requests": [[operation, status, count] for (operation, status), count in self.requests.items()],
            "calls": [[status, count] for status, count in self.calls.items()],
            "buckets": self.buckets,
            "seconds": self.seconds,
        }
