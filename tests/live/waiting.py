"""Waiting for what must come, with a deadline that only a broken mock reaches."""

from __future__ import annotations

import time
from collections.abc import Callable

GIVE_UP_S = 60.0


def until(claim: Callable[[], bool], within_s: float = GIVE_UP_S) -> None:
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
