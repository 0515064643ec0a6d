"""Waiting until something that was read changes on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

from mock_server.source.ledger import Ledger

STEP_MS = 30
"""How often it is looked whether the system reported anything."""
SWEEP_S = 1.0
"""How often all files are looked at without any report: a mounted folder or a network's disk may report nothing."""
POLL_S = 0.2
"""The same where the system reports nothing at all."""
SETTLED_S = 0.02
"""Nothing changes for so long: whoever saves piece by piece has ended."""
MAX_SETTLING = 50
MAX_DIRECTORIES = 1_000
"""More than that are looked at every ``POLL_S`` instead: systems allow few thousand watches to a user."""


def wait_for_change(ledger: Ledger, stop: Event) -> bool:
    """True when something is no longer as the ledger has it, and has come to rest; False when told to stop."""
    for _ in _ticks(ledger.directories(), stop):
        if stop.is_set():
            return False
        if ledger.changed():
            return _settled(ledger, stop)
    return False


def _settled(ledger: Ledger, stop: Event) -> bool:
    before = ledger.now()
    for _ in range(MAX_SETTLING):
        if stop.wait(SETTLED_S):
            return False
        now = ledger.now()
        if now == before:
            break
        before = now
    return True


def _ticks(directories: list[Path], stop: Event) -> Iterator[None]:
    """At once, then whenever something may have changed, until told to stop."""
    yield
    if len(directories) <= MAX_DIRECTORIES:
        yield from _reported(directories, stop)
    while not stop.wait(POLL_S):
        yield


def _reported(directories: list[Path], stop: Event) -> Iterator[None]:
    """What the system reports; it ends where that is not to be had, as when there are too many watches."""
    from watchfiles import watch

    try:
        for _ in watch(
            *directories,
            watch_filter=None,
            step=STEP_MS,
            debounce=4 * STEP_MS,
            rust_timeout=int(SWEEP_S * 1000),
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=False,
            recursive=False,
        ):
            yield
    except (OSError, RuntimeError):  # RuntimeError: watchfiles' own, of which its inner half dies
        return
