"""The protocol that every store keeps: atomic changes, isolated sessions, one truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from mock_server.core.snapshot import Changes, Meter, Queued, Snapshot
from mock_server.errors import MockServerError
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import Handshake
from mock_server.mask import NOTHING_MORE, Hidden
from mock_server.named import NamedTuple
from mock_server.state.clock import Clock
from mock_server.state.journal import Entry

if TYPE_CHECKING:
    from mock_server.handshake.provider import Grant

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
MAX_SNAPSHOTS = 16
"""Labels under which one session keeps itself as it was."""
MAX_SNAPSHOT_BYTES = 32 * 1024 * 1024
"""Under one label: everybody who asks the store waits until so much is copied."""
MAX_SNAPSHOTS_BYTES = 64 * 1024 * 1024
"""Of one session."""
MAX_ALL_SNAPSHOTS_BYTES = 256 * 1024 * 1024
RETRY = ((b"retry-after", b"1"),)
"""When a client may ask again after the store was away, in seconds (RFC 9110 §10.2.3)."""
AWAY = "the store of the mock's state cannot be reached"


class Full(Exception):
    """No room for another session, live handshake or queued answer; a live handshake is never put out."""


class QueueFull(Full):
    """No room for another queued answer."""


class ShelvesFull(Full):
    """No room for more that is remembered; nothing is forgotten to make some."""


class SnapshotsFull(Full):
    """No room for the session under another label."""


class SnapshotTooLarge(Full):
    """No room for so much as the session holds beside what it, or all of them, keep already."""


class Away(MockServerError):
    """The store cannot be reached or cannot write just now. Nothing of what was asked is promised to be kept."""


class Unusable(MockServerError):
    """The store cannot be used at all: a damaged file, another program's, a newer version's. ``code`` is ours."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class SessionCounts(NamedTuple):
    """What can be said of a session without opening it."""

    name: str
    used_at: float
    """Unix seconds of the wall: when it was last asked or changed, not only looked at."""
    entries: int
    handshakes: int
    live: int
    """Of the handshakes, by the session's own clock."""
    scenario: str | None
    snapshots: tuple[str, ...]
    """The labels it keeps itself under."""


class Told(Protocol):
    """An entry of the journal as it is read: the memory store's own, or what a shared store wrote down."""

    @property
    def id(self) -> str: ...

    def as_json(self, hidden: Hidden = NOTHING_MORE) -> dict[str, Any]: ...

    def brief(self, hidden: Hidden = NOTHING_MORE) -> dict[str, Any]: ...


ClockChange = Callable[[Clock, float], Clock]
"""A clock as it shall be, of the clock as it is and the wall's Unix seconds."""


def part(entries: Sequence[Told], limit: int | None, since: str | None) -> list[Told]:
    """Of the entries, oldest first, the newest ``limit`` after the one with the id ``since``.

    All of them when that one is not there: it was dropped long ago.
    """
    if since is not None:
        found = next((at for at, each in enumerate(entries) if each.id == since), -1)
        entries = entries[found + 1 :]
    return list(entries if limit is None else entries[-limit:] if limit else ())


def tallied(before: Mapping[str, Meter], counted: Mapping[str, Meter]) -> dict[str, Meter]:
    """What was counted, laid over what was known; of more than ``MAX_TALLY`` the oldest are forgotten."""
    found = {**{key: each for key, each in before.items() if key not in counted}, **counted}
    for key in list(found)[: max(len(found) - MAX_TALLY, 0)]:
        del found[key]
    return found


class Store(Protocol):
    """Where sessions, handshakes, grants and the journal are kept.

    Any method may raise ``Away`` when the store is elsewhere.

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

    def remember(self, session: str) -> Snapshot | None:
        """The session as it was when it was last looked at, now; None = look. See ``Snapshot.held``.

        Of a store to which the way is far: whoever needs nothing but the session's own head answers from that, and
        ``save`` compares it with what is there in the same step in which it keeps the changes. One round trip, and one
        truth.
        """
        ...

    async def save(self, seen: Snapshot, changes: Changes) -> bool:
        """Keep the changes made from ``seen``. False = somebody was faster. Raises ``Full``, ``ShelvesFull``.

        Of a snapshot that was remembered, this makes sure that it still holds, also when nothing changes.
        """
        ...

    async def load_grant(self, session: str, grant_id: str) -> Grant | None: ...

    async def save_grant(self, grant: Grant) -> bool:
        """Keep a grant over the version it was made from; version 0 of an unknown id is new."""
        ...

    async def handshakes(self, session: str, limit: int | None = None) -> list[Handshake]:
        """The session's handshakes, settled at its clock's now; the newest first, at most ``limit``."""
        ...

    async def clock(self, session: str) -> Clock: ...

    async def change_clock(self, session: str, change: ClockChange) -> Clock:
        """The clock after ``change``, of which none is lost, however many come at once. It may be called again."""
        ...

    async def set_scenario(self, session: str, scenario: str | None) -> None: ...

    async def set_faults(self, session: str, faults: tuple[FaultRule, ...] | None) -> None:
        """What goes wrong from now on; None = as the server was started. All counting begins again."""
        ...

    async def enqueue(self, session: str, queued: Queued) -> None:
        """Raises ``QueueFull`` when the queue has no room."""
        ...

    async def record(self, entry: Entry, hidden: Hidden = NOTHING_MORE) -> None:
        """Add to the journal of the entry's session. A store that others read writes no secret: neither the usual
        ones nor what ``hidden`` names."""
        ...

    async def entries(self, session: str, limit: int | None = None, since: str | None = None) -> list[Told]:
        """The session's journal, the oldest first: the newest ``limit`` of those after the id ``since``."""
        ...

    async def count(self, session: str) -> int:
        """How many entries its journal holds."""
        ...

    async def clear(self, session: str) -> None:
        """Forget the session's journal; everything else stays."""
        ...

    async def mark_key(self) -> bytes:
        """What marks of secrets are made with (``journal/marks.py``): one for all that share the store, made when it
        is first asked for."""
        ...

    async def sessions(self) -> list[str]:
        """The names of all sessions, in order."""
        ...

    async def overview(self, limit: int) -> list[SessionCounts]:
        """The ``limit`` sessions that were used last, the last first."""
        ...

    async def drop_idle(self, before: float) -> list[str]:
        """Forget the sessions that nobody used since the wall showed ``before``, all of each, but never ``default`` and
        none in which a handshake lives. Their names."""
        ...

    async def snapshot(self, session: str, label: str = "") -> None:
        """Keep the session as it is under a label of its own: all but journal and grants. Raises ``SnapshotsFull``,
        ``SnapshotTooLarge``."""
        ...

    async def snapshots(self, session: str) -> list[str]:
        """The labels of those it keeps, in order."""
        ...

    async def restore(self, session: str, label: str = "") -> bool:
        """As it was at the snapshot. False = there is none. Whoever looked before is told that another was faster."""
        ...

    async def fork(self, session: str, name: str) -> None:
        """Another session that begins as this one is, in place of whatever had the ``name``. The handshake ``ID`` is
        ``ID~name`` there, in its tickets too; journal, grants and snapshots stay behind. Raises ``Full``."""
        ...

    async def reset(self, session: str) -> None:
        """As if the session had never been: clock, scenario, queue, handshakes, grants, shelves, journal, snapshots."""
        ...

    async def pulse(self, session: str) -> str:
        """A text that differs as soon as anything about the session did: whoever watches looks no further before.

        It may differ without need. It costs one small read, and next to nothing when things change.
        """
        ...

    async def ready(self) -> None:
        """Raises ``Away`` when the store cannot be reached, or keeps nothing just now."""
        ...

    async def open(self) -> None:
        """Before the first request. Raises ``Unusable``, or ``Away``."""
        ...

    async def close(self) -> None:
        """After the last request; what was acknowledged stays."""
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
