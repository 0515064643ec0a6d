"""What the store in a file does besides what every store does: on the disk, and in bad times."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import resource
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from mock_server.core.snapshot import Changes
from mock_server.state import tables
from mock_server.state.file import RESERVE_BYTES, StateFile
from mock_server.state.sqlite import SqliteStore
from mock_server.state.store import Away, Unusable
from tests.state.test_store import WALL, entry, handshake, keep, later
from tests.support import FakeWall


def made(path: Path) -> SqliteStore:
    return SqliteStore(str(path), FakeWall(WALL))


async def opened(path: Path) -> SqliteStore:
    store = made(path)
    try:
        await store.open()
    except BaseException:
        await store.close()
        raise
    return store


def test_what_is_kept_is_there_in_the_next_process(tmp_path: Path) -> None:
    async def story() -> None:
        one = await opened(tmp_path / "mock.db")
        await keep(one, handshake())
        await one.record(entry(1))
        await one.close()
        two = await opened(tmp_path / "mock.db")
        seen = await two.load("default", handshake().id)
        assert (seen.handshake, seen.turn) == (handshake(), 1)
        await two.close()

    asyncio.run(story())


def test_the_file_is_its_owners_alone_and_syncs_every_commit(tmp_path: Path) -> None:
    db = tables.connect(str(tmp_path / "mock.db"))
    assert stat.S_IMODE((tmp_path / "mock.db").stat().st_mode) == 0o600
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    db.close()


def test_no_secret_of_the_journal_is_on_the_disk(tmp_path: Path) -> None:
    raw = entry(1)._replace(
        request_headers={"authorization": "Bearer s3cret-1"}, request_body=b'{"password":"s3cret-2"}'
    )

    async def story() -> None:
        store = await opened(tmp_path / "mock.db")
        await store.record(raw)
        (told,) = await store.entries("default")
        assert told.as_json() == raw.as_json()
        await store.close()

    asyncio.run(story())
    assert b"s3cret" not in (tmp_path / "mock.db").read_bytes()


def damaged(path: Path) -> None:
    tables.connect(str(path)).close()
    data = bytearray(path.read_bytes())
    data[5000:] = b"\x55" * (len(data) - 5000)
    path.write_bytes(data)


def foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE theirs (a)")
    db.close()


def newer(path: Path) -> None:
    tables.connect(str(path)).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()


@pytest.mark.parametrize(
    "spoil, code, told",
    [
        (lambda path: path.write_bytes(b"no database at all, but long enough to be one" * 100), "MS451", "damaged"),
        (damaged, "MS451", "damaged"),
        (foreign, "MS451", "another program's"),
        (newer, "MS452", "form 99"),
        (lambda path: path.mkdir(), "MS451", "cannot be opened"),
    ],
)
def test_a_file_that_is_not_ours_to_use_is_refused(tmp_path: Path, spoil: object, code: str, told: str) -> None:
    assert callable(spoil)
    spoil(tmp_path / "mock.db")
    with pytest.raises(Unusable, match=told) as refused:
        asyncio.run(opened(tmp_path / "mock.db"))
    assert refused.value.code == code


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="folder"):
        asyncio.run(opened(tmp_path / "nowhere" / "mock.db"))


def test_a_file_that_may_only_be_read_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may write everything; so the system's answer to others is given by hand."""
    tables.connect(str(tmp_path / "mock.db")).close()
    opens = os.open

    def refused(path: Any, flags: int, mode: int = 0o777) -> int:
        if str(path).endswith("mock.db") and flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opens(path, flags, mode)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(Unusable, match=r"mock\.db cannot be opened: Permission denied; check its rights"):
        asyncio.run(opened(tmp_path / "mock.db"))


def test_ready_is_only_a_file_that_keeps_what_it_is_given(tmp_path: Path) -> None:
    async def story() -> None:
        store = await opened(tmp_path / "mock.db")
        await store.ready()
        await store._lane.do(lambda db: db.execute("PRAGMA query_only=1"), writes=False)
        with pytest.raises(Away, match="readonly"):
            await store.ready()
        await store.close()

    asyncio.run(story())


def test_a_full_disk_is_away_and_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own bound on pages ends as a full disk does, with SQLITE_FULL."""
    connect = tables.connect

    def small(path: str) -> sqlite3.Connection:
        db = connect(path)
        db.execute("PRAGMA max_page_count=40")
        return db

    monkeypatch.setattr("mock_server.state.file.connect", small)

    async def story() -> None:
        store = await opened(tmp_path / "mock.db")
        kept: list[str] = []

        async def fill() -> None:
            for number in range(2_000):
                each = handshake(f"h{number}")
                await keep(store, each)
                kept.append(each.id)

        with pytest.raises(Away, match="full"):
            await fill()
        assert kept
        assert {each.id for each in await store.handshakes("default")} == set(kept)
        await store.close()

    asyncio.run(story())


def size(path: Path) -> int:
    return path.stat().st_size


def _clear_up(path: str) -> None:
    """No file may grow any more: the disk is full. What it kept in reserve is room for the others."""
    given = StateFile.give_reserve
    reserve = Path(f"{path}-reserve")

    def full(limit: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def give(file: StateFile) -> bool:
        full(resource.RLIM_INFINITY)
        return given(file)

    StateFile.give_reserve = give  # type: ignore[method-assign, assignment]

    async def story() -> None:
        store = await opened(Path(path))
        assert size(reserve) == RESERVE_BYTES
        for number in range(200):
            await keep(store, handshake(f"h{number}"))
            await store.record(entry(number)._replace(request_body=b"x" * 50_000))
        full(1)
        with pytest.raises(Away, match="disk"):
            await keep(store, handshake("late"))
        done = await asyncio.gather(keep(store, handshake("later")), store.reset("default"), return_exceptions=True)
        assert [type(each) for each in done] == [Away, type(None)]
        assert (await store.handshakes("default"), await store.count("default")) == ([], 0)
        await keep(store, handshake("new"))
        assert size(reserve) == RESERVE_BYTES, "for the next time"
        await store.close()

    asyncio.run(story())


def test_a_session_is_forgotten_on_a_full_disk_and_its_room_is_the_disks_again(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    process = multiprocessing.get_context("spawn").Process(target=_clear_up, args=(str(path),))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert path.stat().st_size < (tables.KEEP_PAGES + 100) * 4096


def test_a_disk_with_no_reserve_is_as_full_for_whoever_forgets(tmp_path: Path) -> None:
    async def story() -> None:
        store = await opened(tmp_path / "mock.db")
        (tmp_path / "mock.db-reserve").unlink()
        await store._lane.do(lambda db: db.execute("PRAGMA max_page_count=1"))
        with pytest.raises(Away, match="full"):
            await store._lane.do(lambda db: db.execute("CREATE TABLE more (a)"), frees=True)
        await store.close()

    asyncio.run(story())


async def remember_much(store: SqliteStore) -> None:
    for label in "abcd":
        await store.record(entry(1)._replace(request_body=b"x" * 4_000_000))
        await store.snapshot("default", label)


def test_upkeep_gives_the_disk_back_what_nothing_is_in(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"

    async def story() -> None:
        store = await opened(path)
        await remember_much(store)
        await keep(store, handshake())
        await store.clear("default")
        await store.drop_idle(0.0)
        await store.close()

    asyncio.run(story())
    assert path.stat().st_size < (tables.KEEP_PAGES + 100) * 4096
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM handshake").fetchone() == (1,)
    db.close()


def old(path: Path, pages: int) -> None:
    """A file of before, which never gets smaller."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA auto_vacuum=NONE")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("BEGIN")
    for statement in tables._SCHEMA.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA application_id={tables.APPLICATION}")
    db.execute(f"PRAGMA user_version={tables.VERSION}")
    db.execute("INSERT INTO shelf VALUES ('other', 'much', 1, zeroblob(?))", (pages * 4096,))
    db.execute("INSERT INTO image VALUES ('default', 'gone', zeroblob(20000000))")
    db.execute("DELETE FROM image")
    db.execute("COMMIT")
    db.close()


@pytest.mark.parametrize("pages, after", [(10, 2), (tables.MAX_ANEW_PAGES + 10, 0)], ids=["small", "large"])
def test_a_file_of_before_can_get_smaller_too_unless_that_would_take_long(
    tmp_path: Path, pages: int, after: int
) -> None:
    path = tmp_path / "mock.db"
    old(path, pages)

    async def story() -> None:
        one, two = await opened(path), await opened(path)
        for store in (one, two):
            assert await store._lane.do(lambda db: db.execute("PRAGMA auto_vacuum").fetchone()) == (after,)
            await keep(store, handshake("one" if store is one else "two"))
            await store.drop_idle(0.0)
        assert len(await one.handshakes("default")) == 2
        await one.close()
        await two.close()

    asyncio.run(story())
    assert (path.stat().st_size < 1_000_000) == (after == 2)


def test_a_file_of_before_that_another_process_is_writing_to_waits_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BUSY_S", 0.1)
    old(tmp_path / "mock.db", 10)
    make = tables._make_shrinkable

    def while_another_writes(db: sqlite3.Connection) -> None:
        other = sqlite3.connect(tmp_path / "mock.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        make(db)
        other.close()

    monkeypatch.setattr(tables, "_make_shrinkable", while_another_writes)
    db = tables.connect(str(tmp_path / "mock.db"))
    assert db.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    db.close()


def test_a_file_that_another_program_holds_is_away_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BUSY_S", 0.1)

    async def story() -> None:
        store = await opened(tmp_path / "mock.db")
        other = sqlite3.connect(tmp_path / "mock.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Away, match="locked"):
            await store.set_scenario("default", "expired")
        with pytest.raises(Away, match="locked"):
            await store.ready()
        other.execute("ROLLBACK")
        other.close()
        await store.set_scenario("default", "expired")
        await store.ready()
        await store.close()

    asyncio.run(story())


def _advance(path: str, times: int) -> None:
    async def work() -> None:
        store = SqliteStore(path, FakeWall(WALL))
        await asyncio.gather(*(store.change_clock("default", later(1)) for _ in range(times)))
        for number in range(times):
            await store.record(entry(number))
        await store.close()

    asyncio.run(work())


def test_several_processes_on_one_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_advance, args=(str(path), 50)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0

    async def story() -> None:
        store = await opened(path)
        seen = await store.load("default")
        assert (seen.now, seen.turn) == (WALL + 150, 150)
        await store.close()

    asyncio.run(story())


def test_a_fault_of_ours_in_one_change_does_not_spoil_those_beside_it(tmp_path: Path) -> None:
    def broken(clock: object, wall: float) -> object:
        raise RuntimeError("ours")

    async def story() -> None:
        store = await opened(tmp_path / "mock.db")
        found = await asyncio.gather(
            store.set_scenario("a", "one"),
            store.change_clock("a", broken),  # type: ignore[arg-type]
            keep(store, handshake()),
            return_exceptions=True,
        )
        assert [type(each) for each in found] == [type(None), RuntimeError, type(None)]
        assert (await store.load("a")).scenario == "one"
        await store.close()

    asyncio.run(story())


def test_changes_that_come_together_share_a_commit(tmp_path: Path) -> None:
    statements: list[str] = []

    async def story() -> None:
        store = await opened(tmp_path / "mock.db")
        await store.set_scenario("default", None)
        await store._lane.do(lambda db: db.set_trace_callback(statements.append))
        many = [handshake(f"h{number}") for number in range(64)]
        seen = [await store.load("default", each.id) for each in many]
        statements.clear()
        assert all(
            await asyncio.gather(
                *(store.save(one, Changes(handshake=each)) for one, each in zip(seen, many, strict=True))
            )
        )
        await store.close()

    asyncio.run(story())
    assert 1 <= statements.count("COMMIT") < 32
