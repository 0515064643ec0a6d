"""Ctrl-C and SIGTERM: the first ends the tests, the second ends what we wait for; reports are written after both."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_children: set[subprocess.Popen[str]] = set()
"""Processes that a run has started and waits for at its end."""


def adopt(process: subprocess.Popen[str]) -> None:
    """A second signal kills it."""
    _children.add(process)


def release(process: subprocess.Popen[str]) -> None:
    """It has ended, or is no longer waited for."""
    _children.discard(process)


@contextmanager
def interruptible() -> Iterator[None]:
    """The first signal raises ``KeyboardInterrupt``; the second raises nothing but kills the children, so that
    whoever waits for one goes on at once; the third ends the process. Does nothing outside of the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    got = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal got
        got += 1
        if got == 1:
            raise KeyboardInterrupt
        for process in tuple(_children):
            with suppress(OSError):
                process.kill()
        if got > 2:
            os._exit(130)

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
