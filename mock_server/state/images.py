"""Snapshot, restore and fork of a session in SQLite: inside a transaction, as in ``records.py``."""

from __future__ import annotations

import sqlite3

from mock_server.core.shelf import Shelf, ShelfChange
from mock_server.state import codec
from mock_server.state.codec import Head
from mock_server.state.image import RESTORED, Image, renamed
from mock_server.state.records import Records
from mock_server.state.shelves import weighed
from mock_server.state.store import MAX_ALL_REMEMBERED_BYTES, MAX_SNAPSHOTS, Full, ShelvesFull, SnapshotsFull


class Images:
    """Sessions as they were at one moment."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def snapshot(self, db: sqlite3.Connection, session: str, label: str) -> None:
        labels = self.labels(db, session)
        if label not in labels and len(labels) >= MAX_SNAPSHOTS:
            raise SnapshotsFull
        self._records.need(db, session)
        data = codec.write_image(self._image(db, session))
        db.execute("INSERT OR REPLACE INTO image VALUES (?, ?, ?)", (session, label, data))

    def labels(self, db: sqlite3.Connection, session: str) -> list[str]:
        rows = db.execute("SELECT label FROM image WHERE session = ? ORDER BY label", (session,))
        return [label for (label,) in rows]

    def restore(self, db: sqlite3.Connection, session: str, label: str) -> bool:
        sql = "SELECT data FROM image WHERE session = ? AND label = ?"
        row = db.execute(sql, (session, label)).fetchone()
        if row is not None:
            self._put(db, session, codec.read_image(row[0]))
        return row is not None

    def fork(self, db: sqlite3.Connection, session: str, name: str) -> None:
        if session == name:
            return
        image = renamed(self._image(db, session), name)
        self._fits(db, name, image)
        self._records.forget(db, name)
        self._records.make(db, name)
        self._put(db, name, image)

    def _image(self, db: sqlite3.Connection, session: str) -> Image:
        sql = "SELECT head, tally, turn FROM session WHERE name = ?"
        head, tally, turn = db.execute(sql, (session,)).fetchone() or (None, None, 0)
        clock, scenario, queue, faults = codec.read_head(head)
        handshakes = db.execute("SELECT data FROM handshake WHERE session = ? ORDER BY number", (session,)).fetchall()
        shelves = db.execute("SELECT data FROM shelf WHERE session = ? ORDER BY name", (session,)).fetchall()
        return Image(
            clock, scenario, queue, faults, codec.read_tally(tally), turn,
            tuple(codec.read_handshake(data) for (data,) in handshakes),
            tuple(codec.read_shelf(data) for (data,) in shelves),
        )  # fmt: skip

    def _fits(self, db: sqlite3.Connection, session: str, image: Image) -> tuple[int, int, int, int]:
        """How many handshakes more, and bytes; the shelves' count and bytes. Raises ``Full``, ``ShelvesFull``."""
        count = db.execute("SELECT count(*) FROM handshake WHERE session = ?", (session,)).fetchone()[0]
        (before,) = db.execute("SELECT shelf_bytes FROM session WHERE name = ?", (session,)).fetchone() or (0,)
        weights = [
            weighed(Shelf(each.name), ShelfChange(each.name, 0, each.items, (), each.made)) for each in image.shelves
        ]
        size = sum(each[0] for each in weights)
        all_handshakes, all_bytes = db.execute("SELECT handshakes, remembered_bytes FROM room").fetchone()
        more, grown = len(image.handshakes) - count, size - before
        if more > 0 and all_handshakes + more > self._records.max_handshakes:
            raise Full
        if grown > 0 and all_bytes + grown > MAX_ALL_REMEMBERED_BYTES:
            raise ShelvesFull
        return more, grown, sum(each[1] for each in weights), size

    def _put(self, db: sqlite3.Connection, session: str, image: Image) -> None:
        more, grown, shelf_count, shelf_bytes = self._fits(db, session, image)
        versions = dict(db.execute("SELECT id, version FROM handshake WHERE session = ?", (session,)))
        shelf_versions = dict(db.execute("SELECT name, version FROM shelf WHERE session = ?", (session,)))
        for table in ("handshake", "shelf"):
            db.execute(f"DELETE FROM {table} WHERE session = ?", (session,))
        for handshake in image.handshakes:
            self._records.insert_handshake(db, handshake, versions.get(handshake.id, 0) + RESTORED)
        for shelf in image.shelves:
            version = max(shelf_versions.get(shelf.name, 0), shelf.version) + RESTORED
            self._records.write_shelf(db, session, shelf._replace(version=version))
        self._records.write_head(db, session, Head(image.clock, image.scenario, image.queue, image.faults), more=1)
        db.execute(
            "UPDATE session SET tally = ?, turn = ?, shelf_count = ?, shelf_bytes = ? WHERE name = ?",
            (codec.write_tally(image.tally), image.turn, shelf_count, shelf_bytes, session),
        )
        self._records.change_room(db, handshakes=more, remembered=grown)
        self._records.swept_at = float("-inf")
