"""What a store in SQLite does inside a transaction. Every method checks all before it writes any."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mock_server.core.shelf import NOTHING, Shelf, ShelfChange, changed
from mock_server.core.snapshot import Changes, Queued, Snapshot, queued_up
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import LIVE, Handshake, settle
from mock_server.handshake.provider import Grant
from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.state import codec
from mock_server.state.clock import Clock, Stamps
from mock_server.state.codec import Head, ends_at
from mock_server.state.remembered import Remembered, remembered
from mock_server.state.shelves import weighed
from mock_server.state.store import (
    MAX_ALL_JOURNALS_BYTES,
    MAX_ALL_REMEMBERED_BYTES,
    MAX_GRANTS,
    MAX_QUEUE,
    MAX_REMEMBERED,
    MAX_REMEMBERED_BYTES,
    ClockChange,
    Full,
    QueueFull,
    SessionCounts,
    ShelvesFull,
    Told,
    tallied,
)
from mock_server.state.tables import insert_rows

_NOW = "coalesce(s.frozen_at, ? + s.offset_s)"
"""The hour of a session ``s``; the parameter is the wall's."""
_LIVING = f"FROM handshake h WHERE h.session = s.name AND h.ends_at > {_NOW}"
_ALIVE = f"SELECT 1 {_LIVING}"
"""Whether a handshake lives in the session ``s``."""
SWEEP_S = 1.0


def _held(head: bytes | None, tally: bytes | None, version: int) -> bytes:
    return b"%d:%d:%b%b" % (version, len(head or b""), head or b"", tally or b"")


class Records:
    """Holds nothing but limits, and notes of this process about who was used and when it swept."""

    def __init__(
        self,
        wall: Callable[[], float],
        max_handshakes: int,
        max_sessions: int,
        max_entries: int,
        max_journal_bytes: int,
    ) -> None:
        self.wall = wall
        self.max_handshakes = max_handshakes
        self._stamps = Stamps(wall)
        self._max_sessions = max_sessions
        self._max_entries, self._max_journal_bytes = max_entries, max_journal_bytes
        self._used: dict[str, int] = {}
        """Who was looked at since the last write: written down when that matters."""
        self.swept_at = float("-inf")

    # Sessions

    def load(
        self, db: sqlite3.Connection, session: str, handshake_id: str | None, shelves: tuple[str, ...], make: bool
    ) -> tuple[Snapshot, Remembered | None]:
        """The session, and what can be remembered of it when it is there."""
        row = db.execute("SELECT head, tally, version, turn FROM session WHERE name = ?", (session,)).fetchone()
        if row is None and make:
            self.make(db, session)
        elif make:
            self.note_used(session)
        head, tally, version, turn = row or (None, None, 0, 0)
        clock, scenario, queue, faults = codec.read_head(head)
        handshake, handshake_version = None, 0
        if handshake_id is not None and row is not None:
            sql = "SELECT version, data FROM handshake WHERE session = ? AND id = ?"
            if found := db.execute(sql, (session, handshake_id)).fetchone():
                handshake_version, handshake = found[0], codec.read_handshake(found[1])
        known = {name: self.shelf(db, session, name) for name in shelves} if shelves and row else NOTHING
        now = clock.now(self.wall())
        seen = Snapshot(
            session, now, scenario, queue, version, handshake, handshake_version, turn, known, faults,
            codec.read_tally(tally),
        )  # fmt: skip
        return seen, remembered(clock, seen, _held(head, tally, version)) if row or make else None

    def held(self, db: sqlite3.Connection, session: str) -> bytes:
        """What a remembered snapshot must still be held by; empty = there is no such session."""
        row = db.execute("SELECT head, tally, version FROM session WHERE name = ?", (session,)).fetchone()
        return _held(*row) if row else b""

    def head(self, db: sqlite3.Connection, session: str) -> Head:
        row = db.execute("SELECT head FROM session WHERE name = ?", (session,)).fetchone()
        return codec.read_head(row[0] if row else None)

    def make(self, db: sqlite3.Connection, session: str) -> None:
        """Raises ``Full`` when a handshake lives in every session that there is room for."""
        count = db.execute("SELECT count(*) FROM session").fetchone()[0]
        if count >= self._max_sessions:
            self._put_out_a_session(db)
        db.execute("INSERT INTO session (name, used) VALUES (?, ?)", (session, self._stamps() * 1000))

    def need(self, db: sqlite3.Connection, session: str) -> None:
        """The session is there, made if need be. Raises ``Full``."""
        if db.execute("SELECT 1 FROM session WHERE name = ?", (session,)).fetchone() is None:
            self.make(db, session)
        else:
            self.note_used(session)

    def _put_out_a_session(self, db: sqlite3.Connection) -> None:
        """The one used longest ago in which no handshake lives, never ``default``. Raises ``Full``: there is none."""
        self._tell_used(db)
        sql = f"SELECT name FROM session s WHERE name <> ? AND NOT EXISTS ({_ALIVE}) ORDER BY used LIMIT 1"
        found = db.execute(sql, (DEFAULT_SESSION, self.wall())).fetchone()
        if found is None:
            raise Full
        self.forget(db, found[0])

    def note_used(self, session: str) -> None:
        self._used[session] = self._stamps() * 1000

    def _tell_used(self, db: sqlite3.Connection) -> None:
        db.executemany("UPDATE session SET used = ? WHERE name = ?", [(at, name) for name, at in self._used.items()])
        self._used.clear()

    def drop_idle(self, db: sqlite3.Connection, before: float) -> list[str]:
        """See ``Store.drop_idle``."""
        self._tell_used(db)
        sql = f"SELECT name FROM session s WHERE name <> ? AND used < ? AND NOT EXISTS ({_ALIVE})"
        idle = [name for (name,) in db.execute(sql, (DEFAULT_SESSION, int(before * 1e9), self.wall()))]
        for name in idle:
            self.forget(db, name)
        return idle

    def overview(self, db: sqlite3.Connection, limit: int) -> list[SessionCounts]:
        self._tell_used(db)
        sql = (
            "SELECT name, used, entries, (SELECT count(*) FROM handshake h WHERE h.session = s.name),"
            f" (SELECT count(*) {_LIVING}), head FROM session s ORDER BY used DESC LIMIT ?"
        )
        labels = "SELECT label FROM image WHERE session = ? ORDER BY label"
        return [
            SessionCounts(
                name, used / 1e9, entries, handshakes, live, codec.read_head(head).scenario,
                tuple(label for (label,) in db.execute(labels, (name,))),
            )
            for name, used, entries, handshakes, live, head in db.execute(sql, (self.wall(), limit)).fetchall()
        ]  # fmt: skip

    def forget(self, db: sqlite3.Connection, session: str) -> None:
        """All of the session."""
        sql = "SELECT journal_bytes, shelf_bytes FROM session WHERE name = ?"
        journal, remembered = db.execute(sql, (session,)).fetchone() or (0, 0)
        (images,) = db.execute("SELECT total(length(data)) FROM image WHERE session = ?", (session,)).fetchone()
        for table in ("consent", "shelf", "entry", "image"):
            db.execute(f"DELETE FROM {table} WHERE session = ?", (session,))
        count = db.execute("DELETE FROM handshake WHERE session = ?", (session,)).rowcount
        db.execute("DELETE FROM session WHERE name = ?", (session,))
        self.change_room(db, -count, -journal, -remembered, -int(images))
        self._used.pop(session, None)

    def change_room(
        self, db: sqlite3.Connection, handshakes: int = 0, journal: int = 0, remembered: int = 0, images: int = 0
    ) -> None:
        db.execute(
            "UPDATE room SET handshakes = handshakes + ?, journal_bytes = journal_bytes + ?,"
            " remembered_bytes = remembered_bytes + ?, image_bytes = image_bytes + ?",
            (handshakes, journal, remembered, images),
        )

    def sessions(self, db: sqlite3.Connection) -> list[str]:
        return [name for (name,) in db.execute("SELECT name FROM session ORDER BY name")]

    def write_head(self, db: sqlite3.Connection, session: str, head: Head, more: int = 0) -> None:
        """``more`` counts the version up."""
        clock = head.clock
        db.execute(
            "UPDATE session SET head = ?, offset_s = ?, frozen_at = ?, version = version + ? WHERE name = ?",
            (codec.write_head(head), clock.offset_s, clock.frozen_at, more, session),
        )

    def change_clock(self, db: sqlite3.Connection, session: str, change: ClockChange) -> Clock:
        self.need(db, session)
        head = self.head(db, session)
        clock = change(head.clock, self.wall())
        self.write_head(db, session, head._replace(clock=clock))
        self.swept_at = float("-inf")
        return clock

    def set_scenario(self, db: sqlite3.Connection, session: str, scenario: str | None) -> None:
        self.need(db, session)
        self.write_head(db, session, self.head(db, session)._replace(scenario=scenario))

    def set_faults(self, db: sqlite3.Connection, session: str, faults: tuple[FaultRule, ...] | None) -> None:
        self.need(db, session)
        self.write_head(db, session, self.head(db, session)._replace(faults=faults), more=1)
        db.execute("UPDATE session SET tally = NULL WHERE name = ?", (session,))

    def enqueue(self, db: sqlite3.Connection, session: str, queued: Queued) -> None:
        head = self.head(db, session)
        if len(head.queue) >= MAX_QUEUE:
            raise QueueFull
        self.need(db, session)
        self.write_head(db, session, head._replace(queue=queued_up(head.queue, queued)), more=1)

    # Changes

    def save(self, db: sqlite3.Connection, seen: Snapshot, changes: Changes) -> bool:
        name, handshake = seen.session, changes.handshake
        if seen.held and self.held(db, name) != seen.held:
            return False
        sql = "SELECT version, shelf_count, shelf_bytes FROM session WHERE name = ?"
        row = db.execute(sql, (name,)).fetchone()
        if row is None:
            self.make(db, name)
        version, count, size = row or (0, 0, 0)
        self.note_used(name)
        if (changes.queue is not None or changes.tally) and version != seen.version:
            return False
        shelves = [(self.shelf(db, name, each.name), each) for each in changes.shelves]
        if any(shelf.version != each.version for shelf, each in shelves):
            return False
        count_more, bytes_more = self._growth(db, shelves, count, size) if shelves else (0, 0)
        known = 0
        if handshake:
            sql = "SELECT version FROM handshake WHERE session = ? AND id = ?"
            known = (db.execute(sql, (name, handshake.id)).fetchone() or (0,))[0]
            if known != seen.handshake_version:
                return False
            if known == 0 and not self.has_room(db, 1):
                raise Full
            self._write_handshake(db, handshake, known)
        if changes.queue is not None:
            self.write_head(db, name, self.head(db, name)._replace(queue=changes.queue), more=1)
        if changes.tally:
            before = codec.read_tally(db.execute("SELECT tally FROM session WHERE name = ?", (name,)).fetchone()[0])
            tally = codec.write_tally(tallied(before, changes.tally))
            db.execute("UPDATE session SET tally = ?, version = version + 1 WHERE name = ?", (tally, name))
        for shelf, each in shelves:
            self.write_shelf(db, name, changed(shelf, each))
        if shelves:
            sql = "UPDATE session SET shelf_count = shelf_count + ?, shelf_bytes = shelf_bytes + ? WHERE name = ?"
            db.execute(sql, (count_more, bytes_more, name))
            self.change_room(db, remembered=bytes_more)
        return True

    def _write_handshake(self, db: sqlite3.Connection, handshake: Handshake, known: int) -> None:
        data, end = codec.write_handshake(handshake), ends_at(handshake)
        if known:
            sql = "UPDATE handshake SET version = ?, ends_at = ?, data = ? WHERE session = ? AND id = ?"
            db.execute(sql, (known + 1, end, data, handshake.session, handshake.id))
        else:
            self.insert_handshake(db, handshake, 1)
            self.change_room(db, handshakes=1)
        self.note_ended(handshake)

    def note_ended(self, handshake: Handshake) -> None:
        """The room of one that has ended can be had at once."""
        if handshake.state not in LIVE:
            self.swept_at = float("-inf")

    def insert_handshake(self, db: sqlite3.Connection, handshake: Handshake, version: int) -> None:
        db.execute(
            "INSERT INTO handshake (session, id, version, ends_at, data) VALUES (?, ?, ?, ?, ?)",
            (handshake.session, handshake.id, version, ends_at(handshake), codec.write_handshake(handshake)),
        )

    def has_room(self, db: sqlite3.Connection, many: int) -> bool:
        """For so many handshakes more, of those that live. A fruitless sweep is not repeated within a second."""
        count: int = db.execute("SELECT handshakes FROM room").fetchone()[0]
        wall = self.wall()
        if count + many > self.max_handshakes and wall - self.swept_at >= SWEEP_S:
            self.swept_at = wall
            ended = f"SELECT h.number FROM handshake h JOIN session s ON s.name = h.session WHERE h.ends_at <= {_NOW}"
            gone = db.execute(f"DELETE FROM handshake WHERE number IN ({ended})", (wall,)).rowcount
            self.change_room(db, handshakes=-gone)
            count -= gone
        return count + many <= self.max_handshakes

    # Shelves

    def shelf(self, db: sqlite3.Connection, session: str, name: str) -> Shelf:
        row = db.execute("SELECT data FROM shelf WHERE session = ? AND name = ?", (session, name)).fetchone()
        return codec.read_shelf(row[0]) if row else Shelf(name)

    def write_shelf(self, db: sqlite3.Connection, session: str, shelf: Shelf) -> None:
        row = (session, shelf.name, shelf.version, codec.write_shelf(shelf))
        db.execute("INSERT OR REPLACE INTO shelf VALUES (?, ?, ?, ?)", row)

    def _growth(
        self, db: sqlite3.Connection, shelves: list[tuple[Shelf, ShelfChange]], count: int, size: int
    ) -> tuple[int, int]:
        """How many values and bytes more there would be. Raises ``ShelvesFull``."""
        grown = [weighed(shelf, change) for shelf, change in shelves]
        bytes_more, count_more = sum(each[0] for each in grown), sum(each[1] for each in grown)
        if (bytes_more > 0 or count_more > 0) and (
            count + count_more > MAX_REMEMBERED or size + bytes_more > MAX_REMEMBERED_BYTES
        ):
            raise ShelvesFull
        if bytes_more > 0:
            all_bytes = db.execute("SELECT remembered_bytes FROM room").fetchone()[0]
            if all_bytes + bytes_more > MAX_ALL_REMEMBERED_BYTES:
                raise ShelvesFull
        return count_more, bytes_more

    # Grants and handshakes

    def load_grant(self, db: sqlite3.Connection, session: str, grant_id: str) -> Grant | None:
        row = db.execute("SELECT data FROM consent WHERE id = ? AND session = ?", (grant_id, session)).fetchone()
        return codec.read_grant(row[0]) if row else None

    def save_grant(self, db: sqlite3.Connection, grant: Grant) -> bool:
        row = db.execute("SELECT version FROM consent WHERE id = ?", (grant.id,)).fetchone()
        if (row[0] if row else 0) != grant.version:
            return False
        kept = replace(grant, version=grant.version + 1)
        data = codec.write_grant(kept)
        if row:
            db.execute("UPDATE consent SET version = ?, data = ? WHERE id = ?", (kept.version, data, grant.id))
            return True
        sql = "INSERT INTO consent (session, id, version, data) VALUES (?, ?, ?, ?)"
        number = db.execute(sql, (grant.session, grant.id, kept.version, data)).lastrowid or 0
        if number > MAX_GRANTS:
            oldest = "SELECT number FROM consent ORDER BY number DESC LIMIT 1 OFFSET ?"
            db.execute(f"DELETE FROM consent WHERE number <= ({oldest})", (MAX_GRANTS,))
        return True

    def handshakes(self, db: sqlite3.Connection, session: str, limit: int | None) -> list[Handshake]:
        now = self.head(db, session).clock.now(self.wall())
        sql = "SELECT data FROM handshake WHERE session = ? ORDER BY number DESC LIMIT ?"
        rows = db.execute(sql, (session, -1 if limit is None else limit))
        return [settle(codec.read_handshake(data), now) for (data,) in rows]

    # Journal

    def record(self, db: sqlite3.Connection, session: str, entries: Sequence[tuple[str, int, bytes]]) -> None:
        """Entries of one session: id, cost, and what is written. Raises ``Full``."""
        sql = "SELECT entries, journal_bytes FROM session WHERE name = ?"
        row = db.execute(sql, (session,)).fetchone()
        if row is None:
            self.make(db, session)
        count, before = row or (0, 0)
        insert_rows(db, "entry (session, id, cost, data)", [(session, *each) for each in entries])
        count, size = count + len(entries), before + sum(cost for _, cost, _ in entries)
        if count > self._max_entries:
            size -= self._delete_oldest_entries(db, session, count - self._max_entries)
            count = self._max_entries
        while size > self._max_journal_bytes:
            count, size = count - 1, size - self._delete_oldest_entries(db, session, 1)
        self._used.pop(session, None)  # the row says it, and later
        sql = "UPDATE session SET turn = turn + ?, entries = ?, journal_bytes = ?, used = ? WHERE name = ?"
        db.execute(sql, (len(entries), count, size, self._stamps() * 1000, session))
        sql = "UPDATE room SET journal_bytes = journal_bytes + ? RETURNING journal_bytes"
        self._shorten_journals(db, db.execute(sql, (size - before,)).fetchone()[0])

    def _delete_oldest_entries(self, db: sqlite3.Connection, session: str, many: int) -> int:
        """What they cost, which is still to be taken off."""
        oldest = "SELECT number, cost FROM entry WHERE session = ? ORDER BY number LIMIT ?"
        sql = f"SELECT max(number), sum(cost) FROM ({oldest})"
        last, cost = db.execute(sql, (session, many)).fetchone()
        db.execute("DELETE FROM entry WHERE session = ? AND number <= ?", (session, last))
        return int(cost)

    def _shorten_journals(self, db: sqlite3.Connection, size: int) -> None:
        """All journals together, of ``size`` bytes, stay bounded: the sessions used longest ago forget first."""
        while size > MAX_ALL_JOURNALS_BYTES:
            (name,) = db.execute("SELECT name FROM session WHERE entries > 0 ORDER BY used LIMIT 1").fetchone()
            gone = self._delete_oldest_entries(db, name, 1)
            sql = "UPDATE session SET entries = entries - 1, journal_bytes = journal_bytes - ? WHERE name = ?"
            db.execute(sql, (gone, name))
            self.change_room(db, journal=-gone)
            size -= gone

    def entries(self, db: sqlite3.Connection, session: str, limit: int | None, since: str | None) -> list[Told]:
        after = 0
        if since is not None:
            sql = "SELECT number FROM entry WHERE session = ? AND id = ?"
            after = (db.execute(sql, (session, since)).fetchone() or (0,))[0]
        sql = "SELECT data FROM entry WHERE session = ? AND number > ? ORDER BY number DESC LIMIT ?"
        rows: list[Any] = db.execute(sql, (session, after, -1 if limit is None else limit)).fetchall()
        return [codec.read_entry(data) for (data,) in reversed(rows)]

    def clear(self, db: sqlite3.Connection, session: str) -> None:
        row = db.execute("SELECT journal_bytes FROM session WHERE name = ?", (session,)).fetchone()
        db.execute("DELETE FROM entry WHERE session = ?", (session,))
        db.execute("UPDATE session SET entries = 0, journal_bytes = 0 WHERE name = ?", (session,))
        self.change_room(db, journal=-int(row[0]) if row else 0)

    def count(self, db: sqlite3.Connection, session: str) -> int:
        row = db.execute("SELECT entries FROM session WHERE name = ?", (session,)).fetchone()
        return int(row[0]) if row else 0
