"""A state file that is taken away, replaced or spoilt while mocks have it open."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mock_server.state import file as room
from mock_server.state import tables
from mock_server.state.sqlite import SqliteStore
from mock_server.state.store import Away, Unusable
from tests.state.test_store import WALL, handshake, keep
from tests.support import FakeWall

BESIDE = ("", "-wal", "-shm")


@pytest.fixture(autouse=True)
def looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LOOK_S", 0.0)
    monkeypatch.setattr(room, "PAUSE_S", 0.0)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mock.db"


def delete(path: Path, *endings: str) -> None:
    path.parent.mkdir(exist_ok=True)
    for each in endings or ("",):
        Path(f"{path}{each}").unlink(missing_ok=True)


@asynccontextmanager
async def opened(path: Path, told: list[str]) -> Any:
    store = SqliteStore(str(path), FakeWall(WALL), tell=told.append)
    try:
        await store.open()
        yield store
    finally:
        await store.close()


def play(path: Path, told: list[str], story: Callable[..., Awaitable[None]], stores: int = 1) -> None:
    async def whole() -> None:
        async with opened(path, told) as first:
            if stores == 1:
                await story(first)
                return
            async with opened(path, told) as second:
                await story(first, second)

    asyncio.run(whole())


@pytest.mark.parametrize("gone", [BESIDE, BESIDE[:1], BESIDE[:2]], ids=["all", "the file", "all but -shm"])
def test_a_file_that_is_deleted_is_told_once_and_another_one_is_made(
    path: Path, told: list[str], gone: tuple[str, ...]
) -> None:
    async def story(store: SqliteStore) -> None:
        await keep(store, handshake())
        delete(path, *gone)
        with pytest.raises(Away, match=r"mock\.db was deleted while the mock ran"):
            await store.ready()
        assert len(told) == 1
        await store.ready()
        assert (await store.load("default", handshake().id)).handshake is None
        await keep(store, handshake("b"))
        assert [each.id for each in await store.handshakes("default")] == [handshake("b").id]
        assert len(told) == 1

    play(path, told, story)
    assert oct(path.stat().st_mode)[-3:] == "600"
    play(path, told, lambda store: holds(store, "b"))


async def holds(store: SqliteStore, name: str) -> None:
    assert [each.id for each in await store.handshakes("default")] == [handshake(name).id]


def test_of_several_mocks_each_finds_the_new_file_whatever_lay_beside_the_old_one(path: Path, told: list[str]) -> None:
    """What SQLite calls the surest way to spoil a database: another file under the name of one that is open."""

    async def story(first: SqliteStore, second: SqliteStore) -> None:
        for number in range(50):
            await keep(first, handshake(f"a{number}"))
            await keep(second, handshake(f"b{number}"))
        delete(path)
        with pytest.raises(Away, match="deleted"):
            await keep(first, handshake("new"))
        await keep(first, handshake("new"))
        with pytest.raises(Away, match="replaced"):
            await second.load("default")
        await holds(second, "new")
        await keep(second, handshake("newer"))
        assert len(await first.handshakes("default")) == 2

    play(path, told, story, stores=2)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM handshake").fetchone() == (2,)
    db.close()


def test_a_mock_that_starts_after_the_file_was_deleted_begins_anew(path: Path, told: list[str]) -> None:
    """The others have what lay beside it open still."""

    async def story(store: SqliteStore) -> None:
        for number in range(50):
            await keep(store, handshake(f"a{number}"))
        delete(path)
        async with opened(path, told) as late:
            assert await late.handshakes("default") == []
            await keep(late, handshake("new"))
            with pytest.raises(Away, match="replaced"):
                await store.load("default")
            await holds(store, "new")

    play(path, told, story)


def test_a_copy_that_is_brought_back_is_what_the_mock_goes_on_with(path: Path, told: list[str], tmp_path: Path) -> None:
    play(path, told, lambda store: keep(store, handshake("kept")))
    shutil.copy(path, tmp_path / "copy.db")

    async def story(store: SqliteStore) -> None:
        for number in range(50):
            await keep(store, handshake(f"later{number}"))
        os.replace(tmp_path / "copy.db", path)
        with pytest.raises(Away, match="replaced"):
            await store.load("default")
        await holds(store, "kept")

    play(path, told, story)
    play(path, told, lambda store: holds(store, "kept"))


def test_a_file_that_is_moved_away_is_whole_where_it_is_now(path: Path, told: list[str], tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        await keep(store, handshake())
        os.rename(path, tmp_path / "moved.db")
        with pytest.raises(Away, match="deleted"):
            await store.load("default")

    play(path, told, story)
    play(tmp_path / "moved.db", told, lambda store: holds(store, "a"))


def spoilt(path: Path) -> None:
    (path.parent / "other").write_bytes(b"no database at all" * 100)
    os.replace(path.parent / "other", path)


def overwritten(path: Path) -> None:
    """In its place: it is the same file to everybody who has it open."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("CREATE TABLE x (y)")  # whoever has it open has to read it again
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(b"no database at all" * 10_000)
    db.close()


def without_folder(path: Path) -> None:
    os.rename(path.parent, path.parent.with_name("elsewhere"))


@pytest.mark.parametrize("spoil", [spoilt, overwritten, without_folder])
def test_one_that_cannot_be_used_is_away_with_the_reason_until_it_is_mended(
    told: list[str], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    (tmp_path / "state").mkdir()
    path = tmp_path / "state" / "mock.db"

    async def story(store: SqliteStore) -> None:
        await keep(store, handshake())
        spoil(path)
        for _ in range(4):
            with pytest.raises(Away) as away:
                await store.set_scenario("default", "expired")
        assert "is damaged" in str(away.value) or "No such file or directory" in str(away.value)
        delete(path, *BESIDE)
        await store.set_scenario("default", "expired")
        assert (await store.load("default")).scenario == "expired"

    play(path, told, story)


def test_it_is_not_looked_at_for_every_request(path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    identity = room._identity
    monkeypatch.setattr(room, "LOOK_S", 3_600.0)

    async def story(store: SqliteStore) -> None:
        await store.load("default")

        def looked(path: str) -> Any:
            looks.append(path)
            return identity(path)

        monkeypatch.setattr(room, "_identity", looked)
        for _ in range(100):
            await store.load("default")
        assert looks == []

    play(path, told, story)


def test_one_that_another_program_holds_is_waited_for_once_and_not_by_each_request(
    path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PAUSE_S", 60.0)
    monkeypatch.setattr(tables, "BUSY_S", 0.3)
    play(path, told, lambda store: keep(store, handshake()))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def story() -> None:
        store = SqliteStore(str(path), FakeWall(WALL))
        began = time.monotonic()
        for _ in range(100):
            with pytest.raises(Away, match="locked by another program"):
                await store.load("default")
        assert 0.3 <= time.monotonic() - began < 15  # and not a hundred times 0.3 s
        await store.close()

    asyncio.run(story())
    other.close()


def test_at_the_start_it_is_refused(path: Path, told: list[str]) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Unusable):
        play(path, told, lambda store: store.ready())
