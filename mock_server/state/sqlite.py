"""The store in an SQLite file: a 200 is on the disk before it is sent, and several processes share one truth."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from mock_server.core.snapshot import Changes, Queued, Snapshot
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import Handshake
from mock_server.handshake.provider import Grant
from mock_server.mask import NOTHING_MORE, Hidden
from mock_server.settings import MAX_ENTRIES, MAX_HANDSHAKES, MAX_JOURNAL_BYTES
from mock_server.state.clock import Clock
from mock_server.state.file import StateFile
from mock_server.state.images import Images
from mock_server.state.journal import Entry, cost_of
from mock_server.state.lane import Lane
from mock_server.state.records import Records
from mock_server.state.remembered import LastSeen
from mock_server.state.soon import Done, Keep, Write, is_simple
from mock_server.state.store import MAX_SESSIONS, ClockChange, SessionCounts, Told
from mock_server.state.tables import mark_key, shrink
from mock_server.state.together import Together
from mock_server.state.written import write_entry

_ALONE: AbstractContextManager[None] = nullcontext()


class SqliteStore:
    """See ``Store`` of :mod:`mock_server.state.store`. ``wall`` tells Unix seconds, ``tell`` is told what becomes of
    the file while it is open, ``turn`` is had by one process at a time."""

    def __init__(
        self,
        path: str,
        wall: Callable[[], float],
        max_handshakes: int = MAX_HANDSHAKES,
        max_sessions: int = MAX_SESSIONS,
        max_entries: int = MAX_ENTRIES,
        max_journal_bytes: int = MAX_JOURNAL_BYTES,
        tell: Callable[[str], None] = lambda text: None,
        turn: AbstractContextManager[None] = _ALONE,
    ) -> None:
        self._records = Records(wall, max_handshakes, max_sessions, max_entries, max_journal_bytes)
        self._images = Images(self._records)
        self._seen = LastSeen()
        self._lane = Lane(StateFile(path, tell), Together(self._records), turn)

    async def load(
        self, session: str, handshake_id: str | None = None, shelves: tuple[str, ...] = (), *, make: bool = True
    ) -> Snapshot:
        records = self._records
        seen, known = await self._lane.do(
            lambda db: records.load(db, session, handshake_id, shelves, make), writes=False
        )
        if known is not None:
            self._seen.keep(session, known)
        return seen

    def remember(self, session: str) -> Snapshot | None:
        known = self._seen.get(session)
        return None if known is None else known.at(self._records.wall())

    async def save(self, seen: Snapshot, changes: Changes) -> bool:
        kept = await self._lane.do(lambda db: self._records.save(db, seen, changes), writes=bool(changes))
        if not kept and seen.held:
            self._seen.forget(seen.session)
        return kept

    def save_soon(self, seen: Snapshot, changes: Changes, told: Callable[[Done], None]) -> bool:
        if not is_simple(seen, changes):
            return False
        self._lane.gather(Keep(seen, changes.handshake, told), asyncio.get_running_loop())
        return True

    async def load_grant(self, session: str, grant_id: str) -> Grant | None:
        return await self._lane.do(lambda db: self._records.load_grant(db, session, grant_id), writes=False)

    async def save_grant(self, grant: Grant) -> bool:
        return await self._lane.do(lambda db: self._records.save_grant(db, grant))

    async def handshakes(self, session: str, limit: int | None = None) -> list[Handshake]:
        return await self._lane.do(lambda db: self._records.handshakes(db, session, limit), writes=False)

    async def clock(self, session: str) -> Clock:
        return await self._lane.do(lambda db: self._records.head(db, session).clock, writes=False)

    async def change_clock(self, session: str, change: ClockChange) -> Clock:
        return await self._lane.do(lambda db: self._records.change_clock(db, session, change))

    async def set_scenario(self, session: str, scenario: str | None) -> None:
        await self._lane.do(lambda db: self._records.set_scenario(db, session, scenario))

    async def set_faults(self, session: str, faults: tuple[FaultRule, ...] | None) -> None:
        await self._lane.do(lambda db: self._records.set_faults(db, session, faults))

    async def enqueue(self, session: str, queued: Queued) -> None:
        await self._lane.do(lambda db: self._records.enqueue(db, session, queued))

    async def record(self, entry: Entry, hidden: Hidden = NOTHING_MORE) -> None:
        def work(db: sqlite3.Connection) -> None:
            written = write_entry(entry, hidden)  # in the thread: the loop has requests to answer
            self._records.record(db, entry.session, [(entry.id, cost_of(entry), written)])

        await self._lane.do(work)

    def record_soon(self, entry: Entry, hidden: Hidden, told: Callable[[Entry, Done], None]) -> None:
        self._lane.gather(Write(entry, hidden, told), asyncio.get_running_loop())

    async def entries(self, session: str, limit: int | None = None, since: str | None = None) -> list[Told]:
        return await self._lane.do(lambda db: self._records.entries(db, session, limit, since), writes=False)

    async def count(self, session: str) -> int:
        return await self._lane.do(lambda db: self._records.count(db, session), writes=False)

    async def clear(self, session: str) -> None:
        await self._lane.do(lambda db: self._records.clear(db, session), frees=True)

    async def mark_key(self) -> bytes:
        return await self._lane.do(mark_key)

    async def sessions(self) -> list[str]:
        return await self._lane.do(self._records.sessions, writes=False)

    async def overview(self, limit: int) -> list[SessionCounts]:
        return await self._lane.do(lambda db: self._records.overview(db, limit))

    async def drop_idle(self, before: float) -> list[str]:
        dropped = await self._lane.do(lambda db: self._records.drop_idle(db, before), frees=True)
        while await self._lane.do(shrink):  # others have their turn between two steps
            pass
        return dropped

    async def snapshot(self, session: str, label: str = "") -> None:
        await self._lane.do(lambda db: self._images.snapshot(db, session, label))

    async def snapshots(self, session: str) -> list[str]:
        return await self._lane.do(lambda db: self._images.labels(db, session), writes=False)

    async def restore(self, session: str, label: str = "") -> bool:
        return await self._lane.do(lambda db: self._images.restore(db, session, label))

    async def fork(self, session: str, name: str) -> None:
        await self._lane.do(lambda db: self._images.fork(db, session, name))

    async def reset(self, session: str) -> None:
        await self._lane.do(lambda db: self._records.forget(db, session), frees=True)

    async def pulse(self, session: str) -> str:
        """Of the whole file: what SQLite counts of other connections (``data_version``) and of this one."""

        def work(db: sqlite3.Connection) -> str:
            return f"{db.execute('PRAGMA data_version').fetchone()[0]}.{db.total_changes}"

        return await self._lane.do(work, writes=False)

    async def ready(self) -> None:
        """The file can be read and written: a change that changes nothing is on the disk."""
        await self._lane.do(lambda db: db.execute("UPDATE room SET handshakes = handshakes"))

    async def open(self) -> None:
        await self._lane.do(lambda db: None)

    async def close(self) -> None:
        await self._lane.stop()
