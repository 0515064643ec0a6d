"""What many requests want of an SQLite file in the same moment: a few statements for each session."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from mock_server.core.snapshot import Changes
from mock_server.handshake.machine import Handshake
from mock_server.named import NamedTuple
from mock_server.state import codec
from mock_server.state.journal import cost_of
from mock_server.state.records import Records
from mock_server.state.soon import Done, Keep, Write
from mock_server.state.store import Full
from mock_server.state.tables import MAX_ROWS, insert_rows
from mock_server.state.written import write_entry


class Written(NamedTuple):
    """An entry as it goes into the file; ``error`` = it cannot be written."""

    write: Write
    cost: int
    data: bytes
    error: Exception | None = None

    def tell(self, done: Done) -> None:
        self.write.tell(done)


def written(write: Write) -> Written:
    try:
        return Written(write, cost_of(write.entry), write_entry(write.entry, write.hidden))
    except Exception as error:  # told to whoever wants it written: nothing is swallowed
        return Written(write, 0, b"", error)


class Together:
    """Works inside a transaction, and raises what SQLite raises."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def do(self, db: sqlite3.Connection, wanted: Sequence[Keep | Written]) -> list[Done]:
        """What comes of each; changes before the journal."""
        keeps: dict[tuple[str, bytes], list[tuple[int, Keep]]] = {}
        writes: dict[str, list[tuple[int, Written]]] = {}
        for at, each in enumerate(wanted):
            if isinstance(each, Keep):
                keeps.setdefault((each.seen.session, each.seen.held), []).append((at, each))
            else:
                writes.setdefault(each.write.entry.session, []).append((at, each))
        done: dict[int, Done] = {}
        for (session, held), keep in keeps.items():
            for numbered in _groups(keep):
                done |= self._keep(db, session, held, numbered)
        for session, write in writes.items():
            done |= self._write(db, session, write)
        return [done[at] for at in range(len(wanted))]

    def _keep(
        self, db: sqlite3.Connection, session: str, held: bytes, group: Sequence[tuple[int, Keep]]
    ) -> dict[int, Done]:
        if self._records.held(db, session) != held:
            return {at: False for at, _ in group}
        self._records.note_used(session)
        made = [each.handshake for _, each in group if each.handshake is not None]
        if not made or (self._records.has_room(db, len(made)) and self._inserted(db, made)):
            return {at: True for at, _ in group}
        return {at: self._one(db, each) for at, each in group}

    def _inserted(self, db: sqlite3.Connection, made: list[Handshake]) -> bool:
        """False = an id was taken, and none was inserted."""
        rows = [(each.session, each.id, 1, codec.ends_at(each), codec.write_handshake(each)) for each in made]
        try:
            insert_rows(db, "handshake (session, id, version, ends_at, data)", rows)
        except sqlite3.IntegrityError:
            return False  # which undoes the statement, not the transaction (sqlite.org/lang_conflict.html, ABORT)
        self._records.change_room(db, handshakes=len(made))
        for each in made:
            self._records.note_ended(each)
        return True

    def _one(self, db: sqlite3.Connection, keep: Keep) -> Done:
        try:
            return self._records.save(db, keep.seen, Changes(handshake=keep.handshake))
        except Full as full:
            return full

    def _write(self, db: sqlite3.Connection, session: str, group: Sequence[tuple[int, Written]]) -> dict[int, Done]:
        entries = [(each.write.entry.id, each.cost, each.data) for _, each in group if each.error is None]
        try:
            if entries:
                self._records.record(db, session, entries)
        except Full as full:
            return {at: full for at, _ in group}
        return {at: each.error or True for at, each in group}


def _groups(keep: list[tuple[int, Keep]]) -> list[list[tuple[int, Keep]]]:
    """Each of which is one statement."""
    return [keep[at : at + MAX_ROWS] for at in range(0, len(keep), MAX_ROWS)]
