"""What many requests want of a store in the same moment, done together: without a task and a future for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from mock_server.core.snapshot import Changes, Snapshot
from mock_server.handshake.machine import Handshake
from mock_server.mask import Hidden
from mock_server.named import NamedTuple
from mock_server.state.journal import Entry

Done = bool | Exception
"""True = kept. False = not as it was seen: look, and try again. Else what ``Store`` would have raised."""


class Keep(NamedTuple):
    """A change to keep, or, without a handshake, only the question whether what was remembered still holds."""

    seen: Snapshot
    handshake: Handshake | None
    told: Callable[[Done], None]

    def tell(self, done: Done) -> None:
        self.told(done)


class Write(NamedTuple):
    """An entry to write into the journal."""

    entry: Entry
    hidden: Hidden
    told: Callable[[Entry, Done], None]

    def tell(self, done: Done) -> None:
        self.told(self.entry, done)


class Told(Protocol):
    """Whoever is told what came of it."""

    def tell(self, done: Done) -> None: ...


@runtime_checkable
class GatheringStore(Protocol):
    """A store that does together what many want of it. Whoever asks is told once, later, in the same loop."""

    def save_soon(self, seen: Snapshot, changes: Changes, told: Callable[[Done], None]) -> bool:
        """``Store.save`` of a remembered snapshot. False = not this one, and nobody will be told."""
        ...

    def record_soon(self, entry: Entry, hidden: Hidden, told: Callable[[Entry, Done], None]) -> None:
        """``Store.record``."""
        ...


def is_simple(seen: Snapshot, changes: Changes) -> bool:
    """Whether many such changes can be made together: of remembered snapshots, to handshakes at most."""
    return bool(seen.held) and changes.queue is None and not changes.shelves and not changes.tally


def tell(wanted: Told, done: Done) -> None:
    """What ``told`` raises is the loop's to report: others have still to be told."""
    try:
        wanted.tell(done)
    except Exception as error:
        context = {"message": "whoever waited for the store failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
