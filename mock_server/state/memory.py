"""The store in memory: nothing survives the process.

No method awaits between looking and writing, so on one event loop every method is atomic.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from itertools import count, islice
from secrets import token_bytes
from typing import TYPE_CHECKING

from mock_server.core.shelf import NOTHING
from mock_server.core.snapshot import Changes, Queued, Snapshot, queued_up
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import LIVE, Handshake, settle
from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.journal.marks import KEY_BYTES
from mock_server.mask import NOTHING_MORE, Hidden
from mock_server.named import new
from mock_server.settings import MAX_ENTRIES, MAX_HANDSHAKES, MAX_JOURNAL_BYTES
from mock_server.state.clock import Clock
from mock_server.state.journal import Entry, Journal
from mock_server.state.session import Image, Session
from mock_server.state.shelves import Shelves
from mock_server.state.store import (
    MAX_ALL_JOURNALS_BYTES,
    MAX_ALL_REMEMBERED_BYTES,
    MAX_ALL_SNAPSHOTS_BYTES,
    MAX_GRANTS,
    MAX_QUEUE,
    MAX_SESSIONS,
    MAX_SNAPSHOT_BYTES,
    MAX_SNAPSHOTS,
    MAX_SNAPSHOTS_BYTES,
    ClockChange,
    Full,
    QueueFull,
    SessionCounts,
    ShelvesFull,
    SnapshotsFull,
    SnapshotTooLarge,
    Told,
    part,
    tallied,
)  # fmt: skip

if TYPE_CHECKING:
    from mock_server.handshake.provider import Grant


_NOBODY = Session()
"""What a session looks like that nobody has used: read, never written."""


class MemoryStore:
    """See ``Store`` and ``InstantStore`` of :mod:`mock_server.state.store`. ``wall`` tells Unix seconds."""

    def __init__(
        self,
        wall: Callable[[], float],
        max_handshakes: int = MAX_HANDSHAKES,
        max_sessions: int = MAX_SESSIONS,
        max_entries: int = MAX_ENTRIES,
        max_journal_bytes: int = MAX_JOURNAL_BYTES,
    ) -> None:
        self._wall = wall
        self._journal_bounds = max_entries, max_journal_bytes
        self._max_handshakes = max_handshakes
        self._max_sessions = max_sessions
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._grants: OrderedDict[str, Grant] = OrderedDict()
        self._handshake_count = 0
        self._journal_bytes = 0
        self._remembered_bytes = 0
        self._snapshot_bytes = 0
        self._swept_at = float("-inf")
        self._births = count(1)
        self._mark_key = token_bytes(KEY_BYTES)
        self._newest = _NOBODY
        self._newest_name: str | None = None

    def _session(self, name: str) -> Session:
        """The session, made if need be. Raises ``Full``."""
        if name == self._newest_name:
            return self._newest
        session = self._sessions.get(name)
        if session is None:
            if len(self._sessions) >= self._max_sessions:
                self._put_out_a_session()
            session = self._sessions[name] = Session(journal=Journal(*self._journal_bounds), born=next(self._births))
        else:
            self._sessions.move_to_end(name)
        self._newest, self._newest_name = session, name
        return session

    def _known(self, name: str) -> Session:
        """The session as it is; nothing is made for whoever only looks."""
        return self._session(name) if name in self._sessions else _NOBODY

    def _used(self, name: str) -> Session:
        """The session for whoever changes it, or adds to its journal."""
        session = self._session(name)
        session.used_at = self._wall()
        return session

    def _put_out_a_session(self) -> None:
        """The one used longest ago in which no handshake lives, never ``default``. Raises ``Full``: there is none."""
        wall = self._wall()
        for name, session in self._sessions.items():
            if name != DEFAULT_SESSION and not session.live_count(wall):
                self._forget({name})
                return
        raise Full

    def _forget(self, names: set[str]) -> None:
        """Sessions with all they have."""
        self._newest, self._newest_name = _NOBODY, None
        for session in [gone for name in names if (gone := self._sessions.pop(name, None))]:
            self._handshake_count -= len(session.handshakes)
            self._journal_bytes -= session.journal.bytes
            self._remembered_bytes -= session.shelves.bytes if session.shelves else 0
            self._snapshot_bytes -= sum(each.size for each in session.snapshots.values())
        for grant_id in [key for key, grant in self._grants.items() if grant.session in names]:
            del self._grants[grant_id]

    async def load(
        self, session: str, handshake_id: str | None = None, shelves: tuple[str, ...] = (), *, make: bool = True
    ) -> Snapshot:
        return self.load_now(session, handshake_id, shelves, make=make)

    def load_now(
        self, session: str, handshake_id: str | None = None, shelves: tuple[str, ...] = (), *, make: bool = True
    ) -> Snapshot:
        found = self._session(session) if make else self._sessions.get(session, _NOBODY)
        version, handshake = 0, None
        if handshake_id:
            version, handshake = found.handshakes.version(handshake_id), found.handshakes.get(handshake_id)
        wall = self._wall()
        now = found.clock.now(wall)
        if make:
            found.used_at = wall
        known = {name: found.shelves.get(name) for name in shelves} if shelves and found.shelves else NOTHING
        fields = (
            session, now, found.scenario, found.queue, found.version, handshake, version, found.turn, known,
            found.faults, found.tally, b"",
        )  # fmt: skip
        return new(Snapshot, fields)

    def remember(self, session: str) -> None: ...  # to look is as fast

    async def save(self, seen: Snapshot, changes: Changes) -> bool:
        return self.save_now(seen, changes)

    def save_now(self, seen: Snapshot, changes: Changes) -> bool:
        session = self._session(seen.session)
        handshake, queue, shelves, tally = changes
        if (queue is not None or tally) and session.version != seen.version:
            return False
        if shelves and not self._shelves_fit(session, changes):
            return False
        if handshake:
            version = session.handshakes.version(handshake.id)
            if version != seen.handshake_version:
                return False
            if version == 0:
                if self._handshake_count >= self._max_handshakes:
                    self._make_room()
                self._handshake_count += 1
            session.handshakes.put(handshake, version + 1)
            session.beat += 1
            if handshake.state not in LIVE:
                self._swept_at = float("-inf")  # its room can be had at once
        if queue is not None:
            session.queue = queue
            session.version += 1
        if tally:
            session.tally = tallied(session.tally, tally)
            session.version += 1
        if shelves and session.shelves:
            self._remembered_bytes += session.shelves.keep(shelves)
        return True

    def _shelves_fit(self, session: Session, changes: Changes) -> bool:
        """False = another was faster. Raises ``ShelvesFull``. Nothing is kept yet, for the handshake may not fit."""
        shelves = session.shelves = session.shelves or Shelves()
        if not shelves.are_as_seen(changes.shelves):
            return False
        grown = shelves.growth(changes.shelves)
        if grown > 0 and self._remembered_bytes + grown > MAX_ALL_REMEMBERED_BYTES:
            raise ShelvesFull
        return True

    def _make_room(self) -> None:
        """Raises ``Full`` when every handshake lives."""
        self._sweep()
        if self._handshake_count >= self._max_handshakes:
            raise Full

    def _sweep(self) -> None:
        """Forget what has ended. A fruitless sweep is not repeated within a second."""
        wall = self._wall()
        if wall - self._swept_at >= 1.0:
            self._swept_at = wall
            for session in self._sessions.values():
                ended = session.ended(wall)
                self._handshake_count -= len(ended)
                session.handshakes.drop(ended)

    async def load_grant(self, session: str, grant_id: str) -> Grant | None:
        grant = self._grants.get(grant_id)
        return grant if grant and grant.session == session else None

    async def save_grant(self, grant: Grant) -> bool:
        known = self._grants.get(grant.id)
        if (known.version if known else 0) != grant.version:
            return False
        self._grants[grant.id] = replace(grant, version=grant.version + 1)
        while len(self._grants) > MAX_GRANTS:
            self._grants.popitem(last=False)
        return True

    async def handshakes(self, session: str, limit: int | None = None) -> list[Handshake]:
        found = self._known(session)
        now = found.clock.now(self._wall())
        return [settle(each, now) for each in islice(reversed(found.handshakes), limit)]

    async def clock(self, session: str) -> Clock:
        return self._known(session).clock

    async def change_clock(self, session: str, change: ClockChange) -> Clock:
        found = self._used(session)
        found.clock = change(found.clock, self._wall())
        found.beat += 1
        self._swept_at = float("-inf")
        return found.clock

    async def set_scenario(self, session: str, scenario: str | None) -> None:
        found = self._used(session)
        found.scenario = scenario
        found.beat += 1

    async def set_faults(self, session: str, faults: tuple[FaultRule, ...] | None) -> None:
        found = self._used(session)
        found.faults, found.tally = faults, {}
        found.version += 1

    async def enqueue(self, session: str, queued: Queued) -> None:
        found = self._used(session)
        if len(found.queue) >= MAX_QUEUE:
            raise QueueFull
        found.queue = queued_up(found.queue, queued)
        found.version += 1

    async def record(self, entry: Entry, hidden: Hidden = NOTHING_MORE) -> None:
        self.record_now(entry)

    def record_now(self, entry: Entry) -> None:
        session = self._used(entry.session)
        session.turn += 1
        self._journal_bytes += session.journal.add(entry)
        if self._journal_bytes > MAX_ALL_JOURNALS_BYTES:
            self._shorten_journals()

    def _shorten_journals(self) -> None:
        """All journals together stay bounded: the sessions used longest ago forget first."""
        for session in self._sessions.values():
            journal = session.journal
            before = journal.bytes
            while len(journal) and self._journal_bytes - (before - journal.bytes) > MAX_ALL_JOURNALS_BYTES:
                journal.drop_oldest()
            self._journal_bytes -= before - journal.bytes
            if self._journal_bytes <= MAX_ALL_JOURNALS_BYTES:
                return

    async def entries(self, session: str, limit: int | None = None, since: str | None = None) -> list[Told]:
        return part(list(self._known(session).journal), limit, since)

    async def count(self, session: str) -> int:
        return len(self._known(session).journal)

    async def clear(self, session: str) -> None:
        if found := self._sessions.get(session):
            self._journal_bytes -= found.journal.clear()
            found.beat += 1

    async def mark_key(self) -> bytes:
        return self._mark_key

    async def sessions(self) -> list[str]:
        return sorted(self._sessions)

    async def overview(self, limit: int) -> list[SessionCounts]:
        wall = self._wall()
        used = sorted(self._sessions.items(), key=lambda each: each[1].used_at)
        return [
            SessionCounts(
                name, each.used_at, len(each.journal), len(each.handshakes), each.live_count(wall), each.scenario,
                tuple(sorted(each.snapshots)),
            )
            for name, each in islice(reversed(used), limit)
        ]  # fmt: skip

    async def drop_idle(self, before: float) -> list[str]:
        wall = self._wall()
        idle = [
            name
            for name, each in self._sessions.items()
            if name != DEFAULT_SESSION and each.used_at < before and not each.live_count(wall)
        ]
        self._forget(set(idle))
        return idle

    async def snapshot(self, session: str, label: str = "") -> None:
        found = self._used(session)
        if label not in found.snapshots and len(found.snapshots) >= MAX_SNAPSHOTS:
            raise SnapshotsFull
        image, before = found.image(), found.snapshots.get(label)
        others = sum(each.size for key, each in found.snapshots.items() if key != label)
        grown = image.size - (before.size if before else 0)
        if image.size > MAX_SNAPSHOT_BYTES or others + image.size > MAX_SNAPSHOTS_BYTES:
            raise SnapshotTooLarge
        if grown > 0 and self._snapshot_bytes + grown > MAX_ALL_SNAPSHOTS_BYTES:
            raise SnapshotTooLarge
        found.snapshots[label] = image
        self._snapshot_bytes += grown

    async def snapshots(self, session: str) -> list[str]:
        return sorted(self._sessions.get(session, _NOBODY).snapshots)

    async def restore(self, session: str, label: str = "") -> bool:
        found = self._known(session)
        image = found.snapshots.get(label)
        if image is not None:
            self._put(found, image)
        return image is not None

    async def fork(self, session: str, name: str) -> None:
        if session == name:
            return
        image = self._known(session).image()
        image = image._replace(handshakes=image.handshakes.moved(name))
        self._fits(self._known(name), image)
        await self.reset(name)
        self._put(self._used(name), image)

    def _fits(self, found: Session, image: Image) -> None:
        """In place of what the session is. Raises ``Full`` and ``ShelvesFull``."""
        grown = image.shelves.bytes - (found.shelves.bytes if found.shelves else 0)
        if grown > 0 and self._remembered_bytes + grown > MAX_ALL_REMEMBERED_BYTES:
            raise ShelvesFull
        if self._handshake_count + len(image.handshakes) - len(found.handshakes) > self._max_handshakes:
            self._sweep()
        if self._handshake_count > self._max_handshakes + len(found.handshakes) - len(image.handshakes):
            raise Full

    def _put(self, found: Session, image: Image) -> None:
        """In place of what the session was. Raises as ``_fits`` does, and then leaves all as it was."""
        self._fits(found, image)
        self._handshake_count += len(image.handshakes) - len(found.handshakes)
        self._remembered_bytes += image.shelves.bytes - (found.shelves.bytes if found.shelves else 0)
        found.handshakes = image.handshakes.again(found.handshakes)
        found.shelves = image.shelves.again(found.shelves)
        found.clock, found.scenario, found.queue = image.clock, image.scenario, image.queue
        found.faults, found.tally, found.turn = image.faults, dict(image.tally), image.turn
        found.version += 1
        self._swept_at = float("-inf")

    async def reset(self, session: str) -> None:
        self._forget({session})

    async def pulse(self, session: str) -> str:
        found = self._known(session)
        return f"{len(self._sessions)}.{found.born}.{found.version}.{found.turn}.{found.beat}"

    async def ready(self) -> None: ...

    async def open(self) -> None:
        """Nothing is to be opened."""

    async def close(self) -> None:
        """Nothing is to be closed, and nothing stays."""
