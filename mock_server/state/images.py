"""Snapshot, restore and fork of a session in SQLite: inside a transaction, as in ``records.py``.

Everybody waits meanwhile, so what is written already is copied as it is, and read only where it must change.
"""

from __future__ import annotations

import sqlite3

from mock_server.named import NamedTuple
from mock_server.state import codec
from mock_server.state.codec import NEW_HEAD, RawShelf
from mock_server.state.image import RESTORED, moved
from mock_server.state.records import Records
from mock_server.state.shelves import weight
from mock_server.state.store import (
    MAX_ALL_REMEMBERED_BYTES,
    MAX_ALL_SNAPSHOTS_BYTES,
    MAX_SNAPSHOT_BYTES,
    MAX_SNAPSHOTS,
    MAX_SNAPSHOTS_BYTES,
    Full,
    ShelvesFull,
    SnapshotsFull,
    SnapshotTooLarge,
)
from mock_server.state.tables import insert_rows


class _Taken(NamedTuple):
    """An image taken apart: of each handshake its id, when it ends, and what is written."""

    image: codec.Image
    handshakes: list[tuple[str, float, bytes]]
    shelves: list[RawShelf]

    @property
    def shelf_count(self) -> int:
        """An empty shelf takes room too."""
        return sum(1 + len(each.items) for each in self.shelves)

    @property
    def shelf_bytes(self) -> int:
        return sum(weight(each.name, each.items) for each in self.shelves)


class Images:
    """Sessions as they were at one moment."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def snapshot(self, db: sqlite3.Connection, session: str, label: str) -> None:
        sizes = dict(db.execute("SELECT label, length(data) FROM image WHERE session = ?", (session,)))
        before = sizes.pop(label, 0)
        if len(sizes) >= MAX_SNAPSHOTS:
            raise SnapshotsFull
        data = codec.write_image(self._image(db, session))
        (kept,) = db.execute("SELECT image_bytes FROM room").fetchone()
        grown = len(data) - before
        if len(data) > MAX_SNAPSHOT_BYTES or sum(sizes.values()) + len(data) > MAX_SNAPSHOTS_BYTES:
            raise SnapshotTooLarge
        if grown > 0 and kept + grown > MAX_ALL_SNAPSHOTS_BYTES:
            raise SnapshotTooLarge
        self._records.need(db, session)
        db.execute("INSERT OR REPLACE INTO image VALUES (?, ?, ?)", (session, label, data))
        self._records.change_room(db, images=grown)

    def labels(self, db: sqlite3.Connection, session: str) -> list[str]:
        rows = db.execute("SELECT label FROM image WHERE session = ? ORDER BY label", (session,))
        return [label for (label,) in rows]

    def restore(self, db: sqlite3.Connection, session: str, label: str) -> bool:
        sql = "SELECT data FROM image WHERE session = ? AND label = ?"
        row = db.execute(sql, (session, label)).fetchone()
        if row is not None:
            taken = _taken(codec.read_image(row[0]))
            self._fits(db, session, taken)
            self._put(db, session, taken)
        return row is not None

    def fork(self, db: sqlite3.Connection, session: str, name: str) -> None:
        if session == name:
            return
        taken = _taken(self._image(db, session), name)
        self._fits(db, name, taken)
        self._records.forget(db, name)
        self._records.make(db, name)
        self._put(db, name, taken)

    def _image(self, db: sqlite3.Connection, session: str) -> codec.Image:
        sql = "SELECT head, tally, turn FROM session WHERE name = ?"
        head, tally, turn = db.execute(sql, (session,)).fetchone() or (None, None, 0)
        handshakes = db.execute("SELECT data FROM handshake WHERE session = ? ORDER BY number", (session,))
        shelves = db.execute("SELECT data FROM shelf WHERE session = ? ORDER BY name", (session,))
        return codec.Image(
            turn, head or codec.write_head(NEW_HEAD), tally or codec.write_tally({}),
            [data for (data,) in handshakes], [data for (data,) in shelves],
        )  # fmt: skip

    def _fits(self, db: sqlite3.Connection, session: str, taken: _Taken) -> None:
        """In place of what the session is. Raises ``Full``, ``ShelvesFull``."""
        (before,) = db.execute("SELECT shelf_bytes FROM session WHERE name = ?", (session,)).fetchone() or (0,)
        (all_bytes,) = db.execute("SELECT remembered_bytes FROM room").fetchone()
        grown = taken.shelf_bytes - before
        if grown > 0 and all_bytes + grown > MAX_ALL_REMEMBERED_BYTES:
            raise ShelvesFull
        if not all(self._has_room(db, session, len(taken.handshakes)) for _ in range(2)):
            raise Full

    def _has_room(self, db: sqlite3.Connection, session: str, many: int) -> bool:
        """For so many handshakes in place of those there are. To look makes room: then there are fewer of them."""
        sql = "SELECT count(*) FROM handshake WHERE session = ?"
        more = many - int(db.execute(sql, (session,)).fetchone()[0])
        return more <= 0 or self._records.has_room(db, more)

    def _put(self, db: sqlite3.Connection, session: str, taken: _Taken) -> None:
        versions = dict(db.execute("SELECT id, version FROM handshake WHERE session = ?", (session,)))
        shelf_versions = dict(db.execute("SELECT name, version FROM shelf WHERE session = ?", (session,)))
        (before,) = db.execute("SELECT shelf_bytes FROM session WHERE name = ?", (session,)).fetchone()
        for table in ("handshake", "shelf"):
            db.execute(f"DELETE FROM {table} WHERE session = ?", (session,))
        rows = [(session, key, versions.get(key, 0) + RESTORED, end, data) for key, end, data in taken.handshakes]
        insert_rows(db, "handshake (session, id, version, ends_at, data)", rows)
        for shelf in taken.shelves:
            version = max(shelf_versions.get(shelf.name, 0), shelf.version) + RESTORED
            data = codec.write_raw_shelf(shelf._replace(version=version))
            db.execute("INSERT INTO shelf VALUES (?, ?, ?, ?)", (session, shelf.name, version, data))
        self._records.write_head(db, session, codec.read_head(taken.image.head), more=1)
        tally, size = taken.image.tally, taken.shelf_bytes
        db.execute(
            "UPDATE session SET tally = ?, turn = ?, shelf_count = ?, shelf_bytes = ? WHERE name = ?",
            (tally.encode() if isinstance(tally, str) else tally, taken.image.turn, taken.shelf_count, size, session),
        )
        self._records.change_room(db, handshakes=len(rows) - len(versions), remembered=size - before)
        self._records.swept_at = float("-inf")


def _taken(image: codec.Image, session: str | None = None) -> _Taken:
    """For another ``session``, where one is named. Raises ``Unusable``."""
    handshakes = []
    for data in image.handshakes:
        each = codec.read_handshake(data)
        if session is not None:
            each = moved(each, session)
            data = codec.write_handshake(each)
        handshakes.append((each.id, codec.ends_at(each), data.encode() if isinstance(data, str) else data))
    return _Taken(image, handshakes, [codec.read_raw_shelf(each) for each in image.shelves])
