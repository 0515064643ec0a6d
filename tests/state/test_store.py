"""What every store keeps. A new store joins by its factory and must pass the whole file unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

import pytest

from mock_server.core.snapshot import Changes, Queued, Snapshot
from mock_server.handshake.machine import Handshake, step
from mock_server.handshake.provider import Grant
from mock_server.model import Reason
from mock_server.state.clock import Clock
from mock_server.state.journal import MAX_ENTRIES, Entry
from mock_server.state.memory import MemoryStore
from mock_server.state.store import MAX_QUEUE, Full, QueueFull, Store
from tests.support import FakeWall


class Factory(Protocol):
    def __call__(self, wall: FakeWall, **limits: Any) -> Store: ...


def memory(wall: FakeWall, **limits: Any) -> Store:
    return MemoryStore(wall, **limits)


STORES: list[Factory] = [memory]

WALL = 1_700_000_000.0
QUEUED = Queued("POST /oauth2", "rate-limited", 1)


@pytest.fixture(params=STORES, ids=lambda factory: str(factory.__name__))
def factory(request: pytest.FixtureRequest) -> Factory:
    made: Factory = request.param
    return made


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await story()

    asyncio.run(whole())


def handshake(name: str = "a", session: str = "default", valid_for_s: float = 300) -> Handshake:
    identity = name.ljust(12, "-")
    return Handshake(
        id=identity,
        session=session,
        account="acme",
        provider="fb",
        state="asked",
        auth_uri="http://127.0.0.1/authorize",
        redirect_uri="http://127.0.0.1/cb",
        pull_id=f"{identity}.pull",
        state_ticket=f"{identity}.state",
        code_verifier="v" * 44,
        client_id="data-integration",
        started_at=WALL,
        expires_at=WALL + valid_for_s,
        changed_at=WALL,
    )


def grant(session: str = "default") -> Grant:
    return Grant(
        "grant-------", session, "fb", "c", "C", "http://127.0.0.1/cb", "", "s", "x" * 43, "t", WALL + 60
    )  # fmt: skip


def entry(number: int, session: str = "default") -> Entry:
    return Entry(
        str(number), WALL, session, "POST", "/oauth2", "POST /oauth2", 200, "started", "documented",
        (Reason("client", "no preference"),), None, 0.001, {"host": "x"}, b"{}", ((b"a", b"b"),), b"{}",
    )  # fmt: skip


async def keep(store: Store, made: Handshake) -> None:
    assert await store.save(await store.load(made.session, made.id), Changes(handshake=made))


# Snapshots and changes


def test_a_session_that_nobody_used_is_empty_and_shows_the_wall(factory: Factory) -> None:
    async def story() -> None:
        seen = await factory(FakeWall(WALL)).load("new", "nobody------")
        assert seen == Snapshot("new", WALL)

    run(story)


def test_what_is_saved_is_loaded_again(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        made = handshake()
        await keep(store, made)
        seen = await store.load("default", made.id)
        assert seen.handshake == made
        assert seen.handshake_version > 0
        assert (await store.load("default")).handshake is None

    run(story)


def test_a_change_made_from_an_old_look_is_refused(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        made = handshake()
        await keep(store, made)
        seen = await store.load("default", made.id)
        opened, denied = step(made, "open", WALL), step(made, "deny", WALL)
        assert await store.save(seen, Changes(handshake=opened))
        assert not await store.save(seen, Changes(handshake=denied))
        assert (await store.load("default", made.id)).handshake == opened

    run(story)


def test_a_handshake_is_made_once(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        nothing = await store.load("default", handshake().id)
        assert await store.save(nothing, Changes(handshake=handshake()))
        assert not await store.save(nothing, Changes(handshake=handshake()._replace(account="globex")))

    run(story)


def test_a_change_is_kept_whole_or_not_at_all(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await keep(store, handshake())
        seen = await store.load("default", handshake().id)
        opened = step(handshake(), "open", WALL)
        await store.enqueue("default", QUEUED)  # the queue moved on
        assert not await store.save(seen, Changes(handshake=opened, queue=()))
        after = await store.load("default", handshake().id)
        assert (after.handshake, after.queue) == (handshake(), (QUEUED,))
        assert await store.save(after, Changes(handshake=opened))  # the handshake moved on
        assert not await store.save(after, Changes(handshake=opened, queue=()))
        last = await store.load("default", handshake().id)
        assert (last.handshake, last.queue) == (opened, (QUEUED,))
        assert await store.save(last, Changes(handshake=step(opened, "deny", WALL), queue=()))

    run(story)


def test_of_24_changes_from_the_same_look_one_is_kept(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await keep(store, handshake())
        await store.enqueue("default", QUEUED)
        seen = await store.load("default", handshake().id)
        for changes in (Changes(handshake=step(handshake(), "open", WALL)), Changes(queue=())):
            kept = await asyncio.gather(*(store.save(seen, changes) for _ in range(24)))
            assert kept.count(True) == 1

    run(story)


def test_a_change_of_the_queue_does_not_disturb_a_change_of_a_handshake(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await keep(store, handshake())
        seen = await store.load("default", handshake().id)
        await store.enqueue("default", QUEUED)
        assert await store.save(seen, Changes(handshake=step(handshake(), "open", WALL)))

    run(story)


# Grants


def test_a_grant_is_kept_over_the_version_it_was_made_from(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        assert await store.load_grant("default", grant().id) is None
        assert await store.save_grant(grant())
        assert not await store.save_grant(grant())
        seen = await store.load_grant("default", grant().id)
        assert seen is not None
        kept = await asyncio.gather(*(store.save_grant(replace(seen, stage="coded")) for _ in range(24)))
        assert kept.count(True) == 1
        after = await store.load_grant("default", grant().id)
        assert after is not None
        assert (after.stage, after.version) == ("coded", seen.version + 1)

    run(story)


def test_a_grant_is_of_its_own_session(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await store.save_grant(grant("alice"))
        assert await store.load_grant("default", grant().id) is None
        assert await store.load_grant("alice", grant().id) is not None

    run(story)


# Sessions


def test_sessions_share_nothing(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await keep(store, handshake(session="alice"))
        await store.set_clock("alice", Clock(offset_s=60))
        await store.set_scenario("alice", "expired")
        await store.enqueue("alice", QUEUED)
        await store.record(entry(1, "alice"))
        assert await store.load("bob", handshake().id) == Snapshot("bob", WALL)
        assert await store.handshakes("bob") == []
        assert await store.entries("bob") == []
        assert await store.clock("bob") == Clock()
        alice = await store.load("alice", handshake().id)
        assert (alice.now, alice.scenario, alice.queue) == (WALL + 60, "expired", (QUEUED,))
        assert alice.handshake == handshake(session="alice")

    run(story)


def test_a_reset_forgets_one_session_and_no_other(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        for session in ("alice", "bob"):
            await keep(store, handshake(session=session))
            await store.set_clock(session, Clock(offset_s=60))
            await store.set_scenario(session, "expired")
            await store.enqueue(session, QUEUED)
            await store.record(entry(1, session))
        await store.save_grant(grant("alice"))
        await store.reset("alice")
        await store.reset("nobody")
        assert await store.load("alice", handshake().id) == Snapshot("alice", WALL)
        assert await store.handshakes("alice") == []
        assert await store.entries("alice") == []
        assert await store.load_grant("alice", grant().id) is None
        assert (await store.load("bob", handshake().id)).queue == (QUEUED,)
        assert len(await store.entries("bob")) == len(await store.handshakes("bob")) == 1

    run(story)


def test_the_number_of_sessions_is_bounded_and_the_one_used_longest_ago_goes(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL), max_sessions=3)
        for name in ("a", "b", "c"):
            await store.set_scenario(name, "expired")
        await store.load("a")
        await store.set_scenario("d", "expired")
        assert (await store.load("a")).scenario == "expired"
        assert (await store.load("d")).scenario == "expired"
        assert (await store.load("b")).scenario is None

    run(story)


# Clock


def test_the_clock_of_a_session_moves_what_it_sees(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall)
        await store.set_clock("default", (await store.clock("default")).freeze(wall()))
        wall.now += 5
        assert (await store.load("default")).now == WALL
        await store.set_clock("default", (await store.clock("default")).advance(43_200, wall()))
        assert (await store.load("default")).now == WALL + 43_200
        await store.set_clock("default", (await store.clock("default")).thaw(wall()))
        wall.now += 1
        assert (await store.load("default")).now == WALL + 43_201

    run(story)


def test_handshakes_are_listed_as_they_stand_now_the_newest_first(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall)
        await keep(store, handshake("short", valid_for_s=300))
        await keep(store, handshake("long", valid_for_s=600))
        wall.now += 300
        listed = await store.handshakes("default")
        assert [(each.id[:5], each.state) for each in listed] == [("long-", "asked"), ("short", "expired")]

    run(story)


# Queue


def test_the_queue_keeps_its_order(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        many = [QUEUED._replace(times=number) for number in range(1, 6)]
        for each in many:
            await store.enqueue("default", each)
        assert (await store.load("default")).queue == tuple(many)

    run(story)


def test_a_full_queue_says_so(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        for _ in range(MAX_QUEUE):
            await store.enqueue("default", QUEUED)
        with pytest.raises(QueueFull):
            await store.enqueue("default", QUEUED)
        await store.enqueue("other", QUEUED)

    run(story)


# Journal


def test_the_journal_lists_the_oldest_first_and_is_bounded(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        for number in range(MAX_ENTRIES + 5):
            await store.record(entry(number))
        entries = await store.entries("default")
        assert len(entries) == MAX_ENTRIES
        assert (entries[0].id, entries[-1].id) == ("5", str(MAX_ENTRIES + 4))
        assert entries[-1].as_json() == entry(MAX_ENTRIES + 4).as_json()

    run(story)


# Capacity


def test_a_live_handshake_is_never_put_out(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=3)
        for name in ("a", "b", "c"):
            await keep(store, handshake(name))
        for _ in range(3):
            wall.now += 10
            with pytest.raises(Full):
                await keep(store, handshake("d"))
        assert len(await store.handshakes("default")) == 3
        # What is there already can still be changed.
        await keep(store, step(handshake("a"), "open", WALL))

    run(story)


def test_what_has_ended_goes_first(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=3)
        await keep(store, handshake("expired", valid_for_s=300))
        await keep(store, step(handshake("denied", valid_for_s=900), "deny", WALL))
        await keep(store, handshake("live", session="other", valid_for_s=900))
        wall.now += 300
        await keep(store, handshake("new-a", valid_for_s=900))
        await keep(store, handshake("new-b", valid_for_s=900))
        with pytest.raises(Full):
            await keep(store, handshake("new-c", valid_for_s=900))
        assert {each.id.rstrip("-") for each in await store.handshakes("default")} == {"new-a", "new-b"}
        assert len(await store.handshakes("other")) == 1

    run(story)


def test_a_clock_that_is_moved_makes_room_at_once(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=1)
        await keep(store, handshake("a"))
        with pytest.raises(Full):
            await keep(store, handshake("b"))
        await store.set_clock("default", Clock().advance(300, wall()))
        await keep(store, handshake("b", valid_for_s=900))

    run(story)


def test_a_reset_gives_its_room_back(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL), max_handshakes=1)
        await keep(store, handshake("a", session="alice"))
        with pytest.raises(Full):
            await keep(store, handshake("b"))
        await store.reset("alice")
        await keep(store, handshake("b"))

    run(story)


def test_a_refused_handshake_leaves_nothing_behind(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL), max_handshakes=1)
        await keep(store, handshake("a"))
        await store.enqueue("default", QUEUED)
        seen = await store.load("default", handshake("b").id)
        with pytest.raises(Full):
            await store.save(seen, Changes(handshake=handshake("b"), queue=()))
        after = await store.load("default", handshake("b").id)
        assert (after.handshake, after.queue) == (None, (QUEUED,))

    run(story)


def test_a_store_that_can_be_reached_is_ready(factory: Factory) -> None:
    async def story() -> None:
        assert await factory(FakeWall(WALL)).ready()

    run(story)
