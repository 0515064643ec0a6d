"""Waiting for what must come, with a deadline that only a broken mock reaches; and who is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

GIVE_UP_S = 60.0


def until(claim: Callable[[], bool], within_s: float = GIVE_UP_S) -> None:
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def children(pid: int) -> set[int]:
    """The processes that one has started and that are not dead (proc(5))."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(each) for each in found if "\nState:\tZ" not in Path(f"/proc/{each}/status").read_text()}
