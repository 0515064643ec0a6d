"""The protocol that every store keeps: atomic changes, isolated sessions, one truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from mock_server.core.snapshot import Changes, Meter, Queued, Snapshot
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import Handshake
from mock_server.handshake.provider import Grant
from mock_server.state.clock import Clock
from mock_server.state.journal import Entry

MAX_GRANTS = 10_000
MAX_SESSIONS = 10_000
MAX_ALL_JOURNALS_BYTES = 64 * 1024 * 1024
MAX_QUEUE = 1_000
MAX_TALLY = 1_000
"""Fault rules and rate-limited tokens that one session counts."""
MAX_REMEMBERED = 1_000
"""Values that one session may remember, on all its shelves, and shelves."""
MAX_REMEMBERED_BYTES = 16 * 1024 * 1024
MAX_ALL_REMEMBERED_BYTES = 256 * 1024 * 1024


class Full(Exception):
    """No room for another session, live handshake or queued answer; a live handshake is never put out."""


class QueueFull(Full):
    """No room for another queued answer."""


class ShelvesFull(Full):
    """No room for more that is remembered; nothing is forgotten to make some."""


def tallied(before: Mapping[str, Meter], counted: Mapping[str, Meter]) -> dict[str, Meter]:
    """What was counted, laid over what was known; of more than ``MAX_TALLY`` the oldest are forgotten."""
    found = {**{key: each for key, each in before.items() if key not in counted}, **counted}
    for key in list(found)[: max(len(found) - MAX_TALLY, 0)]:
        del found[key]
    return found


class Store(Protocol):
    """Where sessions, handshakes, grants and the journal are kept.

    A change is taken whole or not at all (compare and set on ``version``): of any number of
    requests that saw the same state, one is accepted and the others are told to look again.
    """

    async def load(
        self, session: str, handshake_id: str | None = None, shelves: tuple[str, ...] = (), *, make: bool = True
    ) -> Snapshot:
        """The session as it is now, the handshake of that id, and the shelves of those names.

        A session that nobody has used is made, or only looked at without ``make``. Raises ``Full``
        when there is no room for it.
        """
        ...

    async def save(self, seen: Snapshot, changes: Changes) -> bool:
        """Keep the changes made from ``seen``. False = somebody was faster. Raises ``Full``, ``ShelvesFull``."""
        ...

    async def load_grant(self, session: str, grant_id: str) -> Grant | None: ...

    async def save_grant(self, grant: Grant) -> bool:
        """Keep a grant over the version it was made from; version 0 of an unknown id is new."""
        ...

    async def handshakes(self, session: str) -> list[Handshake]:
        """The session's handshakes, settled at its clock's now; the newest first."""
        ...

    async def clock(self, session: str) -> Clock: ...

    async def set_clock(self, session: str, clock: Clock) -> None: ...

    async def set_scenario(self, session: str, scenario: str | None) -> None: ...

    async def set_faults(self, session: str, faults: tuple[FaultRule, ...] | None) -> None:
        """What goes wrong from now on; None = as the server was started. All counting begins again."""
        ...

    async def enqueue(self, session: str, queued: Queued) -> None:
        """Raises ``QueueFull`` when the queue has no room."""
        ...

    async def record(self, entry: Entry) -> None:
        """Add to the journal of the entry's session."""
        ...

    async def entries(self, session: str) -> list[Entry]:
        """The session's journal, the oldest first."""
        ...

    async def reset(self, session: str) -> None:
        """As if the session had never been: clock, scenario, queue, handshakes, grants, shelves, journal."""
        ...

    async def ready(self) -> bool:
        """Whether the store can be reached."""
        ...


@runtime_checkable
class InstantStore(Protocol):
    """A store that never waits: what it does for one request is done before anything else happens.

    The same as the methods of :class:`Store` without ``_now``, for whoever cannot await.
    """

    def load_now(
        self, session: str, handshake_id: str | None = None, shelves: tuple[str, ...] = (), *, make: bool = True
    ) -> Snapshot: ...

    def save_now(self, seen: Snapshot, changes: Changes) -> bool: ...

    def record_now(self, entry: Entry) -> None: ...
