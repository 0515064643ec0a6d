"""What stores that others share do together for many requests: each is told what came of it, and nothing is lost."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mock_server.core.snapshot import Changes, Queued, Snapshot
from mock_server.handshake.machine import Handshake
from mock_server.mask import NOTHING_MORE
from mock_server.state import gathered, together
from mock_server.state import written as written_as
from mock_server.state.journal import Entry
from mock_server.state.redis import RedisStore
from mock_server.state.soon import Done, GatheringStore
from mock_server.state.sqlite import SqliteStore
from mock_server.state.store import Away, Full, Store
from tests.state.stores import Factory, run
from tests.state.test_store import WALL, entry, handshake, keep
from tests.support import FakeWall


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Factory:
    return Factory(request.param, tmp_path, request.getfixturevalue("redis_url") if request.param == "redis" else "")


async def looked_at(store: Store, session: str = "default") -> Snapshot:
    """The session as the store remembers it, once it is in use."""
    await keep(store, handshake("first", session))
    await store.load(session)
    seen = store.remember(session)
    assert seen is not None
    return seen


async def kept(store: Any, seen: Snapshot, made: list[Handshake | None]) -> list[Done]:
    """What each is told who wants to keep a handshake, all at once."""
    told: dict[int, Done] = {}
    every = asyncio.Event()

    def tell(number: int, done: Done) -> None:
        told[number] = done
        if len(told) == len(made):
            every.set()

    assert isinstance(store, GatheringStore)
    for number, each in enumerate(made):
        if not store.save_soon(seen, Changes(handshake=each), partial(tell, number)):
            tell(number, False)
    await asyncio.wait_for(every.wait(), 60)
    return [told[number] for number in range(len(made))]


async def written(store: Any, entries: list[Entry]) -> dict[str, Done]:
    told: dict[str, Done] = {}
    every = asyncio.Event()

    def tell(each: Entry, done: Done) -> None:
        told[each.id] = done
        if len(told) == len(entries):
            every.set()

    for each in entries:
        store.record_soon(each, NOTHING_MORE, tell)
    await asyncio.wait_for(every.wait(), 60)
    return told


def many(count: int, session: str = "default") -> list[Handshake]:
    return [handshake(f"h{number}", session) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 300])
def test_all_that_are_made_at_once_are_kept_in_their_order(shared: Factory, count: int) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL))
        seen = await looked_at(store)
        made = many(count)
        assert await kept(store, seen, [*made]) == [True] * count
        assert await store.handshakes("default") == [*reversed(made), handshake("first")]
        again = await store.load("default", made[-1].id)
        assert again.handshake_version == 1
        assert await store.save(again, Changes(handshake=made[-1]._replace(state="opened")))

    run(story)


def test_sessions_do_not_mix(shared: Factory) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL))
        for session in ("a", "b"):
            seen = await looked_at(store, session)
            assert await kept(store, seen, [*many(3, session)]) == [True] * 3
        told = await written(store, [entry(number, "ab"[number % 2]) for number in range(10)])
        assert set(told.values()) == {True}
        assert [each.id for each in await store.entries("a")] == ["0", "2", "4", "6", "8"]
        assert [each.id for each in await store.entries("b")] == ["1", "3", "5", "7", "9"]
        assert len(await store.handshakes("a")) == len(await store.handshakes("b")) == 4

    run(story)


def test_whoever_changes_nothing_is_told_whether_it_still_is_so(shared: Factory) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL))
        seen = await looked_at(store)
        assert await kept(store, seen, [None, None]) == [True, True]
        await store.set_scenario("default", "other")
        assert await kept(store, seen, [None, None]) == [False, False]

    run(story)


@pytest.mark.parametrize("what", ["scenario", "clock", "queue", "reset"])
def test_nothing_is_kept_of_what_was_made_from_the_past(shared: Factory, what: str) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL))
        seen = await looked_at(store)
        match what:
            case "scenario":
                await store.set_scenario("default", "other")
            case "clock":
                await store.change_clock("default", lambda clock, wall: clock.advance(1, wall))
            case "queue":
                await store.enqueue("default", Queued("POST /oauth2", "rate-limited", 1))
            case "reset":
                await store.reset("default")
        assert await kept(store, seen, [*many(3)]) == [False] * 3
        assert await store.handshakes("default") == ([] if what == "reset" else [handshake("first")])

    run(story)


def test_more_than_a_simple_change_is_not_for_many(shared: Factory) -> None:
    async def story() -> None:
        store: Any = shared(FakeWall(WALL))
        seen = await looked_at(store)

        def told(done: Done) -> None:
            raise AssertionError

        assert not store.save_soon(seen, Changes(queue=()), told)
        assert not store.save_soon(await store.load("default"), Changes(), told)

    run(story)


def test_there_is_never_more_kept_than_there_is_room_for(shared: Factory) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL), max_handshakes=4)
        seen = await looked_at(store)
        made = many(5)
        told = await kept(store, seen, [*made])
        for each, done in zip(made, told, strict=True):
            if done is False:  # to be tried alone
                try:
                    await store.save(seen, Changes(handshake=each))
                except Full:
                    continue
            else:
                assert done is True or isinstance(done, Full)
        assert await store.handshakes("default") == [*reversed(made[:3]), handshake("first")]

    run(story)


def test_the_room_of_those_that_ended_is_used(shared: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = shared(wall, max_handshakes=4)
        seen = await looked_at(store)
        assert await kept(store, seen, [*many(3)]) == [True] * 3
        wall.now += 301
        seen = await store.load("default")
        remembered = store.remember("default")
        assert remembered is not None
        new = [handshake(f"n{number}", valid_for_s=900) for number in range(3)]
        for each, done in zip(new, await kept(store, remembered, [*new]), strict=True):
            assert done is True or await store.save(seen, Changes(handshake=each))
        assert await store.handshakes("default") == [*reversed(new)]

    run(story)


def test_an_id_that_is_taken_is_taken_once(shared: Factory) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL))
        seen = await looked_at(store)
        other = handshake("first")._replace(account="other")
        told = await kept(store, seen, [handshake("a"), other])
        assert told[1] is False
        found = await store.load("default", other.id)
        assert found.handshake == handshake("first")
        a = await store.load("default", handshake("a").id)
        assert (told[0] is True) == (a.handshake is not None)

    run(story)


def test_the_journal_stays_bounded_however_many_come_at_once(shared: Factory) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL), max_entries=10)
        await looked_at(store)
        await written(store, [entry(number) for number in range(3)])
        await written(store, [entry(number) for number in range(3, 9)])
        assert await store.count("default") == 9
        await written(store, [entry(number) for number in range(9, 309)])
        assert [each.id for each in await store.entries("default")] == [str(number) for number in range(299, 309)]
        assert (await store.load("default")).turn == 309

    run(story)


def test_the_journal_stays_bounded_in_bytes(shared: Factory) -> None:
    async def story() -> None:
        store = shared(FakeWall(WALL), max_journal_bytes=160_000)
        await looked_at(store)
        large = [entry(number)._replace(request_body=b"x" * 20_000) for number in range(20)]
        await written(store, large)
        assert [each.id for each in await store.entries("default")] == [str(number) for number in range(13, 20)]
        await written(store, [entry(20)])
        assert await store.count("default") == 8

    run(story)


def test_an_entry_that_cannot_be_written_hinders_no_other(shared: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = written_as.write_entry

    def write(each: Entry, *args: Any) -> bytes:
        if each.id == "1":
            raise RuntimeError("ours")
        return usual(each, *args)

    for module in (gathered, together):
        monkeypatch.setattr(module, "write_entry", write)

    async def story() -> None:
        store = shared(FakeWall(WALL))
        await keep(store, handshake())
        told = await written(store, [entry(0), entry(1), entry(2)])
        assert [told["0"], type(told["1"]), told["2"]] == [True, RuntimeError, True]
        assert [each.id for each in await store.entries("default")] == ["0", "2"]

    run(story)


def test_what_was_answered_before_a_reset_is_forgotten_by_it(shared: Factory) -> None:
    async def story() -> None:
        store: Any = shared(FakeWall(WALL))
        await looked_at(store)
        store.record_soon(entry(0), NOTHING_MORE, lambda each, done: None)
        await store.reset("default")
        assert await store.entries("default") == []

    run(story)


def test_whoever_fails_when_told_hinders_no_other(shared: Factory) -> None:
    async def story() -> None:
        store: Any = shared(FakeWall(WALL))
        seen = await looked_at(store)
        failed: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: failed.append(context["exception"]))

        def fail(done: Done) -> None:
            raise RuntimeError("ours")

        assert store.save_soon(seen, Changes(), fail)
        assert await kept(store, seen, [None]) == [True]
        assert [type(each) for each in failed] == [RuntimeError]

    run(story)


def test_a_store_that_was_closed_has_kept_all(shared: Factory) -> None:
    async def story() -> None:
        store: Any = shared(FakeWall(WALL))
        await looked_at(store)
        told: list[Done] = []
        for number in range(5):
            store.record_soon(entry(number), NOTHING_MORE, lambda each, done: told.append(done))
        await store.close()
        await asyncio.sleep(0)
        assert told == [True] * 5

    run(story)


def test_many_are_one_round_trip_to_redis(redis_url: str, tmp_path: Path) -> None:
    async def story() -> None:
        store: Any = Factory("redis", tmp_path, redis_url)(FakeWall(WALL))
        assert isinstance(store, RedisStore)
        seen = await looked_at(store)
        sent: list[int] = []
        execute = store.batch._execute

        async def counted(commands: Any) -> Any:
            sent.append(len(commands))
            return await execute(commands)

        store.batch._execute = counted
        for number in range(64):
            store.record_soon(entry(number), NOTHING_MORE, lambda each, done: None)
        assert await kept(store, seen, [*many(64)]) == [True] * 64
        assert sent == [2]

    run(story)


def test_everybody_is_told_at_once_that_redis_is_away(tmp_path: Path, redis_url: str) -> None:
    async def story() -> None:
        store: Any = Factory("redis", tmp_path, redis_url)(FakeWall(WALL))
        assert isinstance(store, RedisStore)
        seen = await looked_at(store)
        await store.connection.close()
        store.connection.url = "redis://127.0.0.1:1"
        assert {type(each) for each in await kept(store, seen, [*many(5)])} == {Away}
        told = await written(store, [entry(0), entry(1)])
        assert {type(each) for each in told.values()} == {Away}

    run(story)


def test_many_are_one_commit_of_sqlite(tmp_path: Path) -> None:
    async def story() -> None:
        store: Any = Factory("sqlite", tmp_path)(FakeWall(WALL))
        assert isinstance(store, SqliteStore)
        seen = await looked_at(store)
        statements: list[str] = []
        await store._lane.do(lambda db: db.set_trace_callback(statements.append))
        for number in range(32):
            store.record_soon(entry(number), NOTHING_MORE, lambda each, done: None)
        assert await kept(store, seen, [*many(32)]) == [True] * 32
        assert 1 <= statements.count("COMMIT") <= 8
        assert len(statements) < 64

    run(story)
