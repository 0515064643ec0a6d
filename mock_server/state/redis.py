"""The store in Redis or Valkey: a request is one look and one change, each a round trip that many requests share."""

from __future__ import annotations

import time
from asyncio import gather
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha1
from secrets import token_bytes
from typing import Any

from mock_server.core.shelf import NOTHING, Shelf, changed
from mock_server.core.snapshot import Changes, Queued, Snapshot, queued_up
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import Handshake, settle
from mock_server.handshake.provider import Grant
from mock_server.journal.marks import KEY_BYTES
from mock_server.mask import NOTHING_MORE, Hidden
from mock_server.settings import MAX_ENTRIES, MAX_HANDSHAKES, MAX_JOURNAL_BYTES, SESSION_IDLE_S
from mock_server.state import codec, scripts
from mock_server.state import image_scripts as images
from mock_server.state.batch import Batch, Packed, packed_item, together
from mock_server.state.clock import Clock
from mock_server.state.connection import Connection
from mock_server.state.gathered import Gathered
from mock_server.state.image import RESTORED, moved
from mock_server.state.journal import Entry, cost_of
from mock_server.state.register import IDLE_S, Register
from mock_server.state.remembered import LastSeen
from mock_server.state.scripts import Script, score, versioned
from mock_server.state.shelves import weighed
from mock_server.state.soon import Done, Keep, Write, is_simple
from mock_server.state.store import (
    MAX_GRANTS,
    MAX_QUEUE,
    MAX_REMEMBERED,
    MAX_REMEMBERED_BYTES,
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
)
from mock_server.state.written import write_entry

TOUCH_S = 10.0
"""How often the keys of a session in use are told so."""
_OFTEN = (scripts.SAVE, scripts.RECORD)
MAX_KNOWN_KEYS = 10_000
SLOW_ANSWER_S = 10.0
"""Of what goes through all of a session: Redis itself takes half a second for 10,000 handshakes and 16 MiB."""


def _head(script: Script) -> bytes:
    """The beginning of ``EVALSHA SHA COUNT``, whose number of items is filled in later."""
    sha = sha1(script.text.encode(), usedforsecurity=False).hexdigest()
    return b"*%d\r\n" + b"".join(map(packed_item, ("EVALSHA", sha, len(script.parts))))


_NO_HANDSHAKE = together("", "", "", "")
_NOT_COUNTED = together("", "", "")
_HEAD = {script: _head(script) for script in (*scripts.SCRIPTS, *images.IMAGE_SCRIPTS)}


class RedisStore:
    """See ``Store`` of :mod:`mock_server.state.store`. Each session has room for ``max_handshakes`` of its own."""

    def __init__(
        self,
        url: str,
        wall: Callable[[], float],
        max_handshakes: int = MAX_HANDSHAKES,
        max_sessions: int = MAX_SESSIONS,
        prefix: str = scripts.DEFAULT_PREFIX,
        max_entries: int = MAX_ENTRIES,
        max_journal_bytes: int = MAX_JOURNAL_BYTES,
        session_idle_s: float = SESSION_IDLE_S,
    ) -> None:
        self.connection = Connection(url)
        self._wall = wall
        self._max_handshakes, self._max_sessions, self._max_entries = max_handshakes, max_sessions, max_entries
        self._prefix, self._mark_key = prefix, f"{prefix}:mark"
        self._term_s = int(max(IDLE_S, 2 * session_idle_s))
        self._seen = LastSeen()
        self._bounds = together(max_handshakes, MAX_REMEMBERED, MAX_REMEMBERED_BYTES)
        self._image_bounds = together(MAX_SNAPSHOTS, MAX_SNAPSHOT_BYTES, MAX_SNAPSHOTS_BYTES)
        self._journal = together(max_entries, max_journal_bytes)
        self._told_at: dict[str, float] = {}
        self._packed: dict[tuple[str, tuple[str, ...]], bytes] = {}
        self.batch = Batch(self.connection.execute, lambda: self._gathered.commands())
        self._register = Register(prefix, self.batch, self._run, wall, max_sessions, self._term_s)
        self._gathered = Gathered(
            self._command, self._seen, self._register.note, -self._term_s, max_handshakes, self._journal
        )

    def _keys(self, session: str, parts: tuple[str, ...]) -> bytes:
        """The keys as a command has them, which is the greater part of it."""
        known = self._packed.get((session, parts))
        if known is None:
            keys = scripts.keys_of(self._prefix, session)
            if len(self._packed) >= MAX_KNOWN_KEYS:
                self._packed.clear()
            known = self._packed[session, parts] = b"".join(packed_item(keys[each]) for each in parts)
        return known

    def _command(self, script: Script, session: str, *arguments: Any) -> Packed:
        count = 3 + len(script.parts)
        for each in arguments:
            count += each.items if type(each) is Packed else 1
        head = _HEAD[script] % count
        items = b"".join(map(packed_item, arguments))
        return Packed(head + self._keys(session, script.parts) + items)

    async def _run(self, script: Script, session: str, *arguments: Any) -> Any:
        command = self._command(script, session, *arguments)
        if not script.is_slow:
            return await self.batch.do(command)
        # By another connection than what others ask meanwhile.
        (answer,) = await self.connection.execute([command._replace(patience_s=SLOW_ANSWER_S)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _changed(self, script: Script, session: str, *arguments: Any) -> bool:
        """Run a script that changes the session, which is made if need be. False = another was faster."""
        term_s = self._term_s
        if script in _OFTEN:
            term_s = -term_s
            if self._is_due(session):
                await self._register.touch(session)
        while True:
            match await self._run(script, session, term_s, *arguments):
                case scripts.DONE:
                    return True
                case scripts.CONFLICT:
                    return False
                case scripts.FULL:
                    raise SnapshotsFull if script is images.KEEP_IMAGE else Full
                case scripts.SHELVES_FULL:
                    raise ShelvesFull
                case scripts.TOO_LARGE:
                    raise SnapshotTooLarge
            await self._register.admit(session)

    # Sessions

    def _is_due(self, session: str) -> bool:
        """Whether its keys have to be told once more that it is in use."""
        at = time.monotonic()
        if self._was_told(session, at):
            return False
        if len(self._told_at) >= self._max_sessions:
            self._told_at.clear()
        self._told_at[session] = at
        return True

    def _was_told(self, session: str, at: float) -> bool:
        return at - self._told_at.get(session, float("-inf")) < TOUCH_S

    async def load(
        self, session: str, handshake_id: str | None = None, shelves: tuple[str, ...] = (), *, make: bool = True
    ) -> Snapshot:
        fields, written, on = await self._run(scripts.LOAD, session, handshake_id or "", *shelves)
        *head, version, turn = fields
        clock, seen = self._seen.take(session, (*head, version))
        if make and version is None:
            await self._register.admit(session)
            self._seen.take(session, (*head, b"0"))
        elif make:
            self._register.note(session)
        handshake, handshake_version = None, 0
        if written is not None:
            handshake_version, data = versioned(written)
            handshake = codec.read_handshake(data)
        known: Mapping[str, Shelf] = NOTHING
        if shelves and version is not None:
            known = {name: _shelf(name, each) for name, each in zip(shelves, on, strict=True)}
        return Snapshot(
            session, clock.now(self._wall()), seen.scenario, seen.queue, seen.version, handshake, handshake_version,
            int(turn or 0), known, seen.faults, seen.tally,
        )  # fmt: skip

    def remember(self, session: str) -> Snapshot | None:
        known = self._seen.get(session)
        if known is None:
            return None
        self._register.note(session)
        return known.at(self._wall())

    async def save(self, seen: Snapshot, changes: Changes) -> bool:
        counted = changes.queue is not None or bool(changes.tally)
        shelves: list[Any] = []
        for each in changes.shelves:
            shelf = seen.shelves.get(each.name) or Shelf(each.name)
            if shelf.version != each.version:
                return False
            bytes_more, count_more = weighed(shelf, each)
            shelves += [each.name, each.version, codec.write_shelf(changed(shelf, each)), count_more, bytes_more]
        handshake: tuple[Any, ...] = (_NO_HANDSHAKE,)
        if (made := changes.handshake) is not None:
            end = codec.ends_at(made)
            handshake = (made.id, seen.handshake_version, codec.write_handshake(made), score(end))
        kept = await self._changed(
            scripts.SAVE, seen.session, *(self._counted(seen, changes) if counted else (_NOT_COUNTED,)), *handshake,
            score(seen.now), self._bounds, *((Packed(seen.held, scripts.HELD_ITEMS),) if seen.held else (0, *shelves)),
        )  # fmt: skip
        if not kept and seen.held:
            self._seen.forget(seen.session)
        return kept

    def save_soon(self, seen: Snapshot, changes: Changes, told: Callable[[Done], None]) -> bool:
        if not (is_simple(seen, changes) and self._was_told(seen.session, time.monotonic())):
            return False
        self._gathered.keep(Keep(seen, changes.handshake, told))
        self.batch.wake()
        return True

    @staticmethod
    def _counted(seen: Snapshot, changes: Changes) -> tuple[Any, ...]:
        """What is compared with the session's version: the queue and what is counted."""
        queue = codec.write_queue(changes.queue) if changes.queue is not None else ""
        return seen.version, queue, codec.write_tally(tallied(seen.tally, changes.tally)) if changes.tally else ""

    async def clock(self, session: str) -> Clock:
        return codec.read_clock(await self._field(session, "clock"))

    async def _field(self, session: str, name: str) -> bytes | None:
        found: bytes | None = await self.batch.do(("HGET", scripts.keys_of(self._prefix, session)["head"], name))
        return found

    async def change_clock(self, session: str, change: ClockChange) -> Clock:
        while True:
            before = await self._field(session, "clock")
            clock = change(codec.read_clock(before), self._wall())
            if await self._changed(scripts.SET, session, "clock", before or "", codec.write_clock(clock), 0):
                return clock

    async def set_scenario(self, session: str, scenario: str | None) -> None:
        await self._changed(scripts.SET, session, "scenario", "*", codec.write_text(scenario), 0)

    async def set_faults(self, session: str, faults: tuple[FaultRule, ...] | None) -> None:
        await self._changed(scripts.SET, session, "faults", "*", codec.write_faults(faults), 1)

    async def enqueue(self, session: str, queued: Queued) -> None:
        while True:
            before = await self._field(session, "queue")
            queue = codec.read_queue(before)
            if len(queue) >= MAX_QUEUE:
                raise QueueFull
            after = codec.write_queue(queued_up(queue, queued))
            if await self._changed(scripts.SET, session, "queue", before or "", after, 1):
                return

    # Handshakes and grants

    async def handshakes(self, session: str, limit: int | None = None) -> list[Handshake]:
        keys = scripts.keys_of(self._prefix, session)
        now = (await self.clock(session)).now(self._wall())
        ids = await self.batch.do(("ZREVRANGE", keys["order"], 0, -1 if limit is None else limit - 1))
        if not ids or limit == 0:
            return []
        found = await self.batch.do(("HMGET", keys["handshakes"], *ids))
        return [settle(codec.read_handshake(versioned(each)[1]), now) for each in found if each is not None]

    async def load_grant(self, session: str, grant_id: str) -> Grant | None:
        found = await self.batch.do(("HGET", scripts.keys_of(self._prefix, session)["grants"], grant_id))
        return codec.read_grant(versioned(found)[1]) if found is not None else None

    async def save_grant(self, grant: Grant) -> bool:
        data = codec.write_grant(replace(grant, version=grant.version + 1))
        return await self._changed(scripts.GRANT, grant.session, grant.id, grant.version, data, MAX_GRANTS)

    # Journal

    async def record(self, entry: Entry, hidden: Hidden = NOTHING_MORE) -> None:
        cost = cost_of(entry)
        written = b"%d:%b" % (cost, write_entry(entry, hidden))
        await self._changed(scripts.RECORD, entry.session, self._journal, cost, written)
        self._register.note(entry.session)

    def record_soon(self, entry: Entry, hidden: Hidden, told: Callable[[Entry, Done], None]) -> None:
        self._gathered.write(Write(entry, hidden, told))
        self.batch.wake()

    async def entries(self, session: str, limit: int | None = None, since: str | None = None) -> list[Told]:
        first = 0 if limit is None or since is not None else -limit
        found = await self.batch.do(("LRANGE", scripts.keys_of(self._prefix, session)["journal"], first, -1))
        return part([codec.read_entry(versioned(each)[1]) for each in found], limit, since)

    async def count(self, session: str) -> int:
        return int(await self.batch.do(("LLEN", scripts.keys_of(self._prefix, session)["journal"])))

    async def clear(self, session: str) -> None:
        await self._run(scripts.CLEAR, session)

    async def mark_key(self) -> bytes:
        await self._make_mark_key()
        return bytes(await self.batch.do(("GET", self._mark_key)))

    async def _make_mark_key(self) -> None:
        """Of all that share the store the first one's is kept. A Redis that takes nothing refuses this, too."""
        await self.batch.do(("SET", self._mark_key, token_bytes(KEY_BYTES), "NX"))

    # Whole sessions

    async def sessions(self) -> list[str]:
        return await self._register.names()

    async def overview(self, limit: int) -> list[SessionCounts]:
        return await self._register.overview(limit)

    async def drop_idle(self, before: float) -> list[str]:
        dropped = await self._register.drop_idle(before)
        for session in dropped:
            self._told_at.pop(session, None)
            self._seen.forget(session)
        return dropped

    async def snapshot(self, session: str, label: str = "") -> None:
        await self._changed(images.KEEP_IMAGE, session, label, codec.FORM, self._image_bounds)

    async def snapshots(self, session: str) -> list[str]:
        labels = await self.batch.do(("HKEYS", scripts.keys_of(self._prefix, session)["images"]))
        return sorted(label.decode() for label in labels)

    async def restore(self, session: str, label: str = "") -> bool:
        given = self._term_s, label, codec.FORM, RESTORED, self._max_handshakes
        done = await self._run(images.RESTORE, session, *given)
        if isinstance(done, list):  # the form that it is of
            codec.check_form(done[0].decode())
        if done == scripts.FULL:
            raise Full
        return bool(done == scripts.DONE)

    async def fork(self, session: str, name: str) -> None:
        if session == name:
            return
        *head, ids, ends_at, data, shelves = await self._run(images.IMAGE, session)
        handshakes: list[Any] = []
        for end, written in zip(ends_at, data, strict=True):
            each = moved(codec.read_handshake(written), name)
            handshakes += each.id, end, codec.write_handshake(each)
        await self._register.admit(name)
        await self._run(images.PUT_IMAGE, name, self._term_s, RESTORED, len(ids), *head, *handshakes, *shelves)
        self._seen.forget(name)

    async def reset(self, session: str) -> None:
        await self.batch.do(("DEL", *scripts.keys_of(self._prefix, session).values()))
        await self._register.forget(session)
        self._told_at.pop(session, None)

    async def pulse(self, session: str) -> str:
        head = scripts.keys_of(self._prefix, session)["head"]
        found = await self.batch.do(("HMGET", head, *scripts.PULSE))
        return f"{await self._register.size()}.{b'.'.join(each or b'' for each in found).decode()}"

    async def ready(self) -> None:
        await self.open()

    async def open(self) -> None:
        """Every node answers, and one of them keeps what it is given: a replica or a full one would not."""
        await gather(self.batch.do(("PING",)), self._make_mark_key())

    async def close(self) -> None:
        await self.batch.stop()
        await self.connection.close()


def _shelf(name: str, data: bytes | None) -> Shelf:
    if data is None:
        return Shelf(name)
    version, rest = versioned(data)
    return codec.read_shelf(rest)._replace(version=version)
