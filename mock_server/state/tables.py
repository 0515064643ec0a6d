"""The tables of an SQLite state file, and how such a file is opened."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from secrets import token_bytes
from typing import Any

from mock_server.journal.marks import KEY_BYTES
from mock_server.state.store import Away, Unusable

APPLICATION = 0x6D6F636B
"""``mock``: tells our files from those of other programs (sqlite.org/pragma.html#pragma_application_id)."""
VERSION = 1
MAX_ROWS = 64
"""Of one statement."""
BUSY_S = 5.0
"""How long one process waits for another to finish its transaction."""
MAX_WAL_BYTES = 16 * 1024 * 1024
"""Of the file beside it, once all of that was taken over: a large change may make it larger for a while."""
_INCREMENTAL = 2
KEEP_PAGES = 1_024
SHRINK_PAGES = 256
MAX_ANEW_PAGES = 16_384
"""Pages of 4 KiB."""
_SCHEMA = """
CREATE TABLE room (one INTEGER PRIMARY KEY CHECK (one = 1), handshakes INTEGER, journal_bytes INTEGER,
    remembered_bytes INTEGER);
INSERT INTO room VALUES (1, 0, 0, 0);
CREATE TABLE session (name TEXT PRIMARY KEY, head BLOB, tally BLOB, version INTEGER NOT NULL DEFAULT 0,
    turn INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL, offset_s REAL NOT NULL DEFAULT 0, frozen_at REAL,
    entries INTEGER NOT NULL DEFAULT 0, journal_bytes INTEGER NOT NULL DEFAULT 0,
    shelf_count INTEGER NOT NULL DEFAULT 0, shelf_bytes INTEGER NOT NULL DEFAULT 0);
CREATE TABLE handshake (number INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, id TEXT NOT NULL,
    version INTEGER NOT NULL, ends_at REAL NOT NULL, data BLOB NOT NULL, UNIQUE (session, id));
CREATE TABLE consent (number INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX consent_session ON consent (session);
CREATE TABLE shelf (session TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (session, name)) WITHOUT ROWID;
CREATE TABLE entry (number INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, id TEXT NOT NULL,
    cost INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX entry_session ON entry (session, number);
CREATE TABLE image (session TEXT NOT NULL, label TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (session, label))
    WITHOUT ROWID;
"""


def connect(path: str) -> sqlite3.Connection:
    """The file, made when it is not there. Raises ``Unusable`` when it is damaged or not ours, and ``Away``."""
    try:  # SQLite does not say why, and opens what cannot be written without a word
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # tickets stand in it: it is its owner's alone
        db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, cached_statements=256)
    except (sqlite3.Error, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        hint = "check its rights, and that its folder is there and can be written to"
        raise Unusable("MS451", f"{path} cannot be opened: {why}; {hint}") from None
    try:
        _check(db, path)
        _set_up(db, path)
    except sqlite3.OperationalError as error:
        db.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise Away(f"{path} is locked by another program") from None
        raise Unusable(
            "MS451", f"{path} cannot be used: {error}; it and its folder must be such as can be written"
        ) from None
    except sqlite3.DatabaseError as error:
        db.close()
        raise Unusable("MS451", f"{path} is damaged: {error}; {_WAY_OUT}") from None
    except BaseException:
        db.close()
        raise
    return db


_WAY_OUT = "bring back a copy, or move the file away (and those beside it, -wal and -shm) to begin anew"


def _check(db: sqlite3.Connection, path: str) -> None:
    application, version = _number(db, "application_id"), _number(db, "user_version")
    empty = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if application != APPLICATION and not (empty and application == 0):
        raise Unusable("MS451", f"{path} is another program's file; name one that is not there yet, it will be made")
    if version > VERSION:
        detail = f"{path} was written in form {version}, this mock-server reads form {VERSION}; use a newer one"
        raise Unusable("MS452", f"{detail}, or another file")
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Unusable("MS451", f"{path} is damaged: {found}; {_WAY_OUT}")


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])


def _set_up(db: sqlite3.Connection, path: str) -> None:
    """Several processes may do this at once."""
    db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a file that is new; see ``shrink``
    _to_wal(db)
    db.execute("PRAGMA synchronous=FULL")  # a commit is on the disk before it is answered
    db.execute("PRAGMA wal_autocheckpoint=1000")
    db.execute(f"PRAGMA journal_size_limit={MAX_WAL_BYTES}")
    db.execute("PRAGMA secure_delete=FAST")  # where it is on, to forget much would write as much again
    db.execute("BEGIN IMMEDIATE")  # fails here, and not at the first request, when the file is read-only
    if _number(db, "user_version") == 0:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id={APPLICATION}")
        db.execute(f"PRAGMA user_version={VERSION}")
    if "image_bytes" not in {name for _, name, *_ in db.execute("PRAGMA table_info(room)")}:  # a file of before
        db.execute("ALTER TABLE room ADD COLUMN image_bytes INTEGER NOT NULL DEFAULT 0")
        db.execute("UPDATE room SET image_bytes = (SELECT total(length(data)) FROM image)")
    db.execute("COMMIT")
    if _number(db, "auto_vacuum") != _INCREMENTAL:
        _make_shrinkable(db)


def _make_shrinkable(db: sqlite3.Connection) -> None:
    """A file that was made without: written anew once, when that takes no longer than others would wait."""
    pages = _number(db, "page_count") - _number(db, "freelist_count")
    if pages <= MAX_ANEW_PAGES:
        with suppress(sqlite3.OperationalError):  # another process is at it, or the disk is full: the next start
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")
            db.execute("VACUUM")


def shrink(db: sqlite3.Connection) -> bool:
    """Give the disk some of the pages back that hold nothing, so few that nobody waits long. Whether there are more.

    Inside a transaction. Some are kept: who forgets much mostly remembers as much again.
    """
    free = _number(db, "freelist_count") - KEEP_PAGES
    if free <= 0 or _number(db, "auto_vacuum") != _INCREMENTAL:
        return False
    for _ in range(min(free, SHRINK_PAGES)):
        db.execute("PRAGMA incremental_vacuum(1)")  # of more, ``sqlite3`` would do one all the same
    return free > SHRINK_PAGES


def insert_rows(db: sqlite3.Connection, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """``into`` is a table and its columns. So many rows are one statement, prepared once for each number of them."""
    for at in range(0, len(rows), MAX_ROWS):
        some = rows[at : at + MAX_ROWS]
        values = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        db.execute(f"INSERT INTO {into} VALUES {values}", [*chain.from_iterable(some)])


def mark_key(db: sqlite3.Connection) -> bytes:
    """See ``Store.mark_key``. Files that are older than marks have no table for it yet."""
    db.execute("CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL)")
    db.execute("INSERT OR IGNORE INTO mark VALUES (1, ?)", (token_bytes(KEY_BYTES),))
    return bytes(db.execute("SELECT key FROM mark").fetchone()[0])


def _to_wal(db: sqlite3.Connection) -> None:
    """SQLite does not wait for a lock here by itself."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return
