"""What every store keeps. A new store joins by its factory (``stores.py``) and must pass the whole file unchanged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from mock_server.core.shelf import Shelf, change
from mock_server.core.snapshot import Changes, Meter, Queued, Snapshot
from mock_server.fixture.fault import Delay, Fault, FaultRule
from mock_server.handshake.machine import Handshake, step
from mock_server.handshake.provider import Grant
from mock_server.model import Reason, Violation
from mock_server.settings import MAX_ENTRIES, MAX_JOURNAL_BYTES
from mock_server.state.clock import Clock
from mock_server.state.journal import Entry
from mock_server.state.store import (
    MAX_QUEUE,
    MAX_REMEMBERED,
    MAX_REMEMBERED_BYTES,
    MAX_SNAPSHOTS,
    ClockChange,
    Full,
    QueueFull,
    ShelvesFull,
    SnapshotsFull,
    SnapshotTooLarge,
    Store,
)
from tests.state.stores import Factory, run
from tests.support import FakeWall

WALL = 1_700_000_000.0
QUEUED = Queued("POST /oauth2", "rate-limited", 1)


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


def later(seconds: float) -> ClockChange:
    return lambda clock, wall: clock.advance(seconds, wall)


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
        await store.change_clock("alice", later(60))
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
            await store.change_clock(session, later(60))
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


def test_the_default_session_is_never_put_out(factory: Factory) -> None:
    """Nobody chose its name: whoever says none lives in it, and would find it empty from one request to the next."""

    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_sessions=2)
        await store.set_scenario("default", "expired")
        for number in range(5):
            wall.now += 1
            await store.set_scenario(f"s{number}", "expired")
        assert await store.sessions() == ["default", "s4"]
        assert (await store.load("default")).scenario == "expired"
        await keep(store, handshake(session="s4"))
        with pytest.raises(Full):
            await store.set_scenario("s5", "expired")
        alone = factory(wall, max_sessions=1)
        await alone.load("default")
        with pytest.raises(Full):
            await alone.load("other")

    run(story)


# Clock


def test_the_clock_of_a_session_moves_what_it_sees(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall)
        await store.change_clock("default", Clock.freeze)
        wall.now += 5
        assert (await store.load("default")).now == WALL
        await store.change_clock("default", later(43_200))
        assert (await store.load("default")).now == WALL + 43_200
        await store.change_clock("default", Clock.thaw)
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


# Scenario


def test_a_scenario_is_switched_on_and_off_and_disturbs_no_change_under_way(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        seen = await store.load("default", handshake().id)
        await store.set_scenario("default", "expired")
        assert (await store.load("default")).scenario == "expired"
        assert await store.save(seen, Changes(handshake=handshake()))
        await store.set_scenario("default", None)
        assert (await store.load("default")).scenario is None

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
        other = "other" if factory.rooms == "one" else "default"
        await keep(store, handshake("live", session=other, valid_for_s=900))
        wall.now += 300
        await keep(store, handshake("new-a", valid_for_s=900))
        await keep(store, handshake("new-b", valid_for_s=900))
        with pytest.raises(Full):
            await keep(store, handshake("new-c", valid_for_s=900))
        alive = [*await store.handshakes("default"), *(await store.handshakes("other"))]
        assert {each.id.rstrip("-") for each in alive} == {"new-a", "new-b", "live"}

    run(story)


def test_a_clock_that_is_moved_makes_room_at_once(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=1)
        await keep(store, handshake("a"))
        with pytest.raises(Full):
            await keep(store, handshake("b"))
        await store.change_clock("default", later(300))
        await keep(store, handshake("b", valid_for_s=900))

    run(story)


def test_a_reset_gives_its_room_back(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL), max_handshakes=1)
        alice = "alice" if factory.rooms == "one" else "default"
        await keep(store, handshake("a", session=alice))
        with pytest.raises(Full):
            await keep(store, handshake("b"))
        await store.reset(alice)
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
        await factory(FakeWall(WALL)).ready()

    run(story)


# Clocks, sessions and journals of many


def test_of_24_changes_of_a_clock_none_is_lost(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await asyncio.gather(*(store.change_clock("default", later(10)) for _ in range(24)))
        assert (await store.load("default")).now == WALL + 240

    run(story)


def test_of_24_answers_queued_at_once_none_is_lost(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await asyncio.gather(*(store.enqueue("default", QUEUED._replace(times=n)) for n in range(24)))
        assert sorted(each.times for each in (await store.load("default")).queue) == list(range(24))

    run(story)


def test_sessions_that_were_used_are_listed(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        assert await store.sessions() == []
        await store.set_scenario("bob", None)
        await store.load("alice")
        await store.load("nobody", make=False)
        assert await store.sessions() == ["alice", "bob"]
        await store.reset("bob")
        assert await store.sessions() == ["alice"]

    run(story)


def test_the_journal_is_read_in_parts(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        for number in range(10):
            await store.record(entry(number))

        async def ids(limit: int | None = None, since: str | None = None) -> str:
            return "".join(each.id for each in await store.entries("default", limit, since))

        assert await ids() == "0123456789"
        assert await ids(3) == "789"
        assert await ids(since="6") == "789"
        assert await ids(2, "6") == "89"
        assert await ids(since="9") == ""
        assert await ids(2, "dropped long ago") == "89"
        assert (await store.count("default"), await store.count("nobody")) == (10, 0)

    run(story)


def test_each_entry_is_a_turn(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await store.record(entry(1))
        await store.record(entry(2))
        assert (await store.load("default")).turn == 2

    run(story)


def test_the_journal_is_bounded_in_bytes(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        big = entry(0)._replace(request_body=b"x" * (MAX_JOURNAL_BYTES // 4))
        for number in range(5):
            await store.record(big._replace(id=str(number)))
        assert [each.id for each in await store.entries("default")] == ["2", "3", "4"]

    run(story)


BIG = 123456789012345678901234567890


class TooBig(Reason):
    def violations(self) -> list[dict[str, Any]]:
        return [Violation("body.validity_duration", "maximum", BIG, 43200, "too big")._asdict()]


def test_the_journal_has_integers_of_any_size_as_they_came(factory: Factory) -> None:
    body = b'{"validity_duration":%d}' % BIG
    made = entry(1)._replace(request_body=body, response_body=body, reasons=(TooBig("document", "too big"),))

    async def story() -> None:
        store = factory(FakeWall(WALL))
        for number in range(4):  # an entry like those before is written in another way
            await store.record(made._replace(id=str(number)))
        for told in await store.entries("default"):
            shown = told.as_json()
            assert shown["request"]["body"] == shown["answer"]["body"] == body.decode()
            assert [each["seen"] for each in shown["violations"]] == [BIG]

    run(story)


def test_the_journal_alone_is_cleared_and_its_room_is_free_again(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await store.clear("nobody")
        assert await store.sessions() == []
        await keep(store, handshake())
        big = entry(0)._replace(request_body=b"x" * (MAX_JOURNAL_BYTES // 4))
        for session in ("default", "other"):
            for number in range(3):
                await store.record(big._replace(id=str(number), session=session))
        await store.clear("default")
        assert (await store.entries("default"), await store.count("default"), await store.count("other")) == ([], 0, 3)
        assert await store.handshakes("default") != []
        for number in range(3):
            await store.record(big._replace(id=str(number)))
        assert [each.id for each in await store.entries("default")] == ["0", "1", "2"]
        assert (await store.load("default")).turn == 6

    run(story)


def test_marks_are_made_with_a_key_that_stays(factory: Factory) -> None:
    async def story() -> None:
        store, other = factory(FakeWall(WALL)), factory(FakeWall(WALL))
        key = await store.mark_key()
        assert (len(key), await store.mark_key()) == (16, key)
        assert await other.mark_key() != key

    run(story)


def test_handshakes_are_listed_in_parts(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        for name in "abc":
            await keep(store, handshake(name))
        assert [each.id[0] for each in await store.handshakes("default", 2)] == ["c", "b"]

    run(story)


# Faults and their tally


def test_faults_are_set_and_counting_begins_again(factory: Factory) -> None:
    rules = (
        FaultRule("session.faults[0]", Fault("reset"), "POST /oauth2", "2XX", times=3),
        FaultRule("session.faults[1]", Fault("", Delay("normal", 0.1, 0.05), 100), None, None, None, 5, 0.25),
    )

    async def story() -> None:
        store = factory(FakeWall(WALL))
        await store.set_faults("default", rules)
        seen = await store.load("default")
        assert seen.faults == rules
        counted = Changes(tally={rules[0].key: Meter(1, WALL)})
        assert await store.save(seen, counted)
        assert not await store.save(seen, counted)
        again = await store.load("default")
        assert dict(again.tally) == {rules[0].key: Meter(1, WALL)}
        assert await store.save(again, Changes(tally={rules[1].key: Meter(2.5, WALL)}))
        assert len((await store.load("default")).tally) == 2
        await store.set_faults("default", ())
        seen = await store.load("default")
        assert (seen.faults, dict(seen.tally)) == ((), {})
        await store.set_faults("default", None)
        assert (await store.load("default")).faults is None

    run(story)


# Shelves


async def put(store: Store, key: str, value: Any, session: str = "default", name: str = "/things") -> bool:
    seen = await store.load(session, None, (name,))
    shelf = seen.shelves.get(name) or Shelf(name)
    return await store.save(seen, Changes(shelves=(change(shelf, {key: value}),)))


async def items(store: Store, session: str = "default", name: str = "/things") -> dict[str, Any]:
    shelf = (await store.load(session, None, (name,))).shelves.get(name) or Shelf(name)
    return dict(shelf.items)


DEEP: Any = 1
for _ in range(60):
    DEEP = [DEEP]


@pytest.mark.parametrize("value", [{"n": 1, "a": [None, True, 1.5, "ü\x00"]}, 2**70 + 1, DEEP, "", None])
def test_a_shelf_remembers_every_value_in_its_order(factory: Factory, value: Any) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        assert await put(store, "b", value)
        assert await put(store, "a", 1)
        assert list((await items(store)).items()) == [("b", value), ("a", 1)]
        seen = await store.load("default", None, ("/things",))
        dropped = change(seen.shelves["/things"], drop=("b",), made=7)
        assert await store.save(seen, Changes(shelves=(dropped,)))
        after = (await store.load("default", None, ("/things",))).shelves["/things"]
        assert after == Shelf("/things", 3, {"a": 1}, 7)
        assert await items(store, "other") == {}

    run(story)


def test_of_24_changes_of_a_shelf_one_is_kept(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        assert await put(store, "other", 1, name="two")
        seen = await store.load("default", None, ("one", "two"))
        two = seen.shelves["two"]
        kept = await asyncio.gather(
            *(store.save(seen, Changes(shelves=(change(two, {str(n): n}),))) for n in range(24))
        )
        assert kept.count(True) == 1
        both = Changes(shelves=(change(Shelf("one"), {"k": 1}), change(two, {"k": 1})))
        assert not await store.save(seen, both), "one that has changed keeps the others from being written"
        assert await items(store, name="one") == {}

    run(story)


def test_the_shelves_of_a_session_are_bounded_in_values(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        seen = await store.load("default", None, ("/things",))
        many = {str(number): 0 for number in range(MAX_REMEMBERED - 1)}  # the shelf itself counts as one
        assert await store.save(seen, Changes(shelves=(change(Shelf("/things"), many),)))
        with pytest.raises(ShelvesFull):
            await put(store, "more", 0)
        assert await put(store, "0", 1), "what is there may still change"
        seen = await store.load("default", None, ("/things",))
        assert await store.save(seen, Changes(shelves=(change(seen.shelves["/things"], drop=("0",)),)))
        assert await put(store, "more", 0)
        assert await put(store, "1", 0, session="other"), "another session has room of its own"

    run(story)


def test_the_shelves_of_a_session_are_bounded_in_bytes(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        half = "x" * (MAX_REMEMBERED_BYTES // 2)
        assert await put(store, "1", half)
        with pytest.raises(ShelvesFull):
            await put(store, "2", half, name="another")
        assert await items(store, name="another") == {}
        assert await put(store, "1", "small")
        assert await put(store, "2", half)

    run(story)


# Snapshot, restore, fork


async def furnish(store: Store, session: str = "default") -> None:
    await keep(store, handshake("a", session))
    await store.change_clock(session, later(60))
    await store.set_scenario(session, "expired")
    await store.enqueue(session, QUEUED)
    await store.set_faults(session, (FaultRule("f", Fault("reset")),))
    assert await put(store, "1", {"n": 1}, session)
    seen = await store.load(session)
    assert await store.save(seen, Changes(tally={"f": Meter(3, WALL)}))


async def all_of(store: Store, session: str = "default", handshake_id: str | None = None) -> Snapshot:
    """Without the versions, which go on."""
    seen = await store.load(session, handshake_id or handshake().id, ("/things",))
    shelves = {name: each._replace(version=0) for name, each in seen.shelves.items()}
    return seen._replace(version=0, handshake_version=0, shelves=shelves, tally=dict(seen.tally))


def test_a_session_is_restored_as_it_was(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await furnish(store)
        before = await all_of(store)
        await store.snapshot("default")
        seen = await store.load("default", handshake().id, ("/things",))
        assert await store.save(seen, Changes(step(handshake(), "deny", WALL), queue=()))
        await keep(store, handshake("b"))
        await store.change_clock("default", later(1_000))
        await store.set_scenario("default", None)
        await store.set_faults("default", None)
        assert await put(store, "2", 2)
        assert await store.restore("default")
        assert await all_of(store) == before
        assert [each.id[0] for each in await store.handshakes("default")] == ["a"]
        assert await store.restore("default"), "as often as one likes"

    run(story)


def test_whoever_looked_before_a_restore_is_told_to_look_again(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await furnish(store)
        await store.snapshot("default")
        seen = await store.load("default", handshake().id, ("/things",))
        assert await store.restore("default")
        assert not await store.save(seen, Changes(handshake=step(handshake(), "open", WALL)))
        assert not await store.save(seen, Changes(queue=()))
        assert not await store.save(seen, Changes(shelves=(change(seen.shelves["/things"], {"9": 9}),)))
        await keep(store, step(handshake(), "open", WALL))

    run(story)


def test_the_journal_goes_on_after_a_restore(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await store.record(entry(1))
        await store.snapshot("default")
        await store.record(entry(2))
        assert await store.restore("default")
        assert [each.id for each in await store.entries("default")] == ["1", "2"]
        assert (await store.load("default")).turn == 1, "what is made up is made up as it was then"

    run(story)


def test_a_session_has_snapshots_under_labels_of_their_own_and_they_are_bounded(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        for number in range(MAX_SNAPSHOTS):
            await store.set_scenario("default", f"s{number}")
            await store.snapshot("default", str(number))
        with pytest.raises(SnapshotsFull):
            await store.snapshot("default", "one more")
        await store.snapshot("default", "0")
        for number in (1, 3):
            assert await store.restore("default", str(number))
            assert (await store.load("default")).scenario == f"s{number}"
        assert not await store.restore("default", "one more")
        assert not await store.restore("other", "1")
        await store.reset("default")
        assert not await store.restore("default", "1")

    run(story)


def test_snapshots_are_bounded_in_bytes(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each, all of a session, and all of them, where sessions share what there is."""
    for room in ("memory", "images", "redis"):
        monkeypatch.setattr(f"mock_server.state.{room}.MAX_SNAPSHOT_BYTES", 100_000)
        monkeypatch.setattr(f"mock_server.state.{room}.MAX_SNAPSHOTS_BYTES", 200_000)
        monkeypatch.setattr(f"mock_server.state.{room}.MAX_ALL_SNAPSHOTS_BYTES", 300_000, raising=False)

    async def refused(store: Store, label: str, session: str = "default") -> None:
        before = await store.snapshots(session)
        with pytest.raises(SnapshotTooLarge):
            await store.snapshot(session, label)
        assert await store.snapshots(session) == before

    async def story() -> None:
        store = factory(FakeWall(WALL))
        assert await put(store, "1", "x" * 90_000)
        await store.snapshot("default", "a")
        await store.snapshot("default", "b")
        await refused(store, "c")
        await store.snapshot("default", "a")  # in place of what it was
        assert await put(store, "2", "x" * 20_000)
        await refused(store, "a")
        assert await store.restore("default", "a")
        await store.fork("default", "other")
        await store.snapshot("other", "a")
        if factory.kind != "redis":
            await refused(store, "b", "other")
        await store.reset("default")
        await store.snapshot("other", "b")
        assert await store.restore("other", "b")

    run(story)


def test_what_has_ended_leaves_its_room_to_what_is_put_back(factory: Factory) -> None:
    async def fill(store: Store, wall: FakeWall, names: str) -> None:
        for name in names:
            made = handshake(name, "other")
            await keep(store, made._replace(started_at=wall.now, expires_at=wall.now + 300))
        wall.now += 1_000

    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=4)
        await keep(store, handshake("a"))
        await keep(store, handshake("b"))
        await store.snapshot("default")
        await fill(store, wall, "cd")
        await fill(store, wall, "efgh")  # in the room of those before
        assert await store.restore("default")
        await fill(store, wall, "ij")
        await store.fork("default", "copy")
        assert len(await store.handshakes("copy")) == 2

    run(story)


def test_a_fork_begins_as_the_session_is_and_goes_its_own_way(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        await furnish(store)
        await store.record(entry(1))
        await keep(store, handshake("gone", "copy"))
        await store.fork("default", "copy")
        moved = f"{handshake().id}~copy"
        one, other = await all_of(store), await all_of(store, "copy", moved)
        assert one.handshake is not None
        assert other.handshake == one.handshake._replace(session="copy", id=moved, pull_id=f"{moved}.pull",
                                                         state_ticket=f"{moved}.state")  # fmt: skip
        assert other._replace(session="default", handshake=one.handshake) == one
        assert await store.entries("copy") == []
        assert len(await store.handshakes("copy")) == 1
        await store.set_scenario("copy", None)
        assert await put(store, "2", 2, "copy")
        assert await all_of(store) == one
        await store.fork("copy", "copy")
        assert list(await items(store, "copy")) == ["1", "2"]

    run(story)


def test_a_fork_for_which_there_is_no_room_leaves_all_as_it_was(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL), max_handshakes=3)
        await keep(store, handshake("a"))
        await keep(store, handshake("b"))
        await keep(store, handshake("c", "copy"))
        if factory.rooms == "one":
            with pytest.raises(Full):
                await store.fork("default", "copy")
            assert [each.id[0] for each in await store.handshakes("copy")] == ["c"]
        await store.reset("copy")
        await store.reset("default")
        await keep(store, handshake("d"))

    run(story)


# Time


def test_a_handshake_that_a_due_decision_ends_makes_room(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=1)
        await keep(store, handshake("a")._replace(decision="deny", decide_at=WALL + 10))
        with pytest.raises(Full):
            await keep(store, handshake("b"))
        wall.now += 10
        await keep(store, handshake("b"))

    run(story)


def test_a_handshake_that_will_be_granted_is_not_put_out(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=1)
        await keep(store, handshake("a")._replace(decision="approve", decide_at=WALL + 10))
        wall.now += 10
        with pytest.raises(Full):
            await keep(store, handshake("b"))
        wall.now += 290
        await keep(store, handshake("b"))

    run(story)


# Sessions


def test_a_session_tells_what_it_holds_the_one_used_last_first(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall)
        await keep(store, handshake("a", "alice", valid_for_s=60))
        await keep(store, handshake("b", "alice"))
        await store.record(entry(1, "alice"))
        wall.now += 100
        await store.set_scenario("bob", "expired")
        await store.snapshot("bob", "z")
        await store.snapshot("bob", "a")
        bob, alice = await store.overview(10)
        assert bob[:1] + bob[2:] == ("bob", 0, 0, 0, "expired", ("a", "z"))
        assert alice[:1] + alice[2:] == ("alice", 1, 2, 1, None, ())
        assert (round(bob.used_at), round(alice.used_at)) == (WALL + 100, WALL)
        assert await store.overview(1) == [bob]
        assert (await store.snapshots("bob"), await store.snapshots("nobody")) == (["a", "z"], [])
        await store.load("alice")
        assert [each.name for each in await store.overview(10)] == ["alice", "bob"], "who asks uses"

    run(story)


def test_a_session_that_nobody_uses_is_forgotten_unless_a_handshake_lives_in_it(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall)
        for name in ("default", "idle", "alive", "looked"):
            await store.set_scenario(name, "expired")
            await store.record(entry(1, name))
        await keep(store, handshake("a", "alive", valid_for_s=3_000))
        await keep(store, handshake("b", "idle", valid_for_s=60))
        wall.now += 1_000
        await store.load("looked", make=False)
        await store.set_scenario("busy", "expired")
        assert sorted(await store.drop_idle(wall.now - 500)) == ["idle", "looked"]
        assert await store.sessions() == ["alive", "busy", "default"]
        assert await store.drop_idle(wall.now - 500) == []
        assert (await store.load("idle", make=False)).scenario is None
        assert (await store.count("idle"), await store.handshakes("idle")) == (0, [])
        assert (await store.load("alive", handshake("a").id)).handshake is not None
        wall.now += 3_000
        await store.load("busy")
        assert await store.drop_idle(wall.now - 500) == ["alive"]
        assert (await store.load("default")).scenario == "expired", "never the default session"

    run(story)


def test_what_an_idle_session_held_is_room_for_others(factory: Factory) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall, max_handshakes=2)
        await keep(store, handshake("a", "one", valid_for_s=10))
        await keep(store, handshake("b", "one", valid_for_s=10))
        wall.now += 100
        assert await store.drop_idle(wall.now) == ["one"]
        await keep(store, handshake("c", "two"))
        await keep(store, handshake("d", "two"))
        with pytest.raises(Full):
            await keep(store, handshake("e", "two"))

    run(story)


def test_a_session_that_only_has_a_journal_is_in_use_since_its_last_entry(factory: Factory) -> None:
    """What no operation answers loads no session: it is only journalled."""

    async def story() -> None:
        wall = FakeWall(WALL)
        store = factory(wall)
        await store.record(entry(1, "lost"))
        assert await store.drop_idle(wall.now - 500) == []
        wall.now += 1_000
        await store.record(entry(2, "lost"))
        assert (await store.drop_idle(wall.now - 500), await store.count("lost")) == ([], 2)

    run(story)


# The pulse


def test_the_pulse_beats_for_every_change_and_rests_without_any(factory: Factory) -> None:
    async def story() -> None:
        store = factory(FakeWall(WALL))
        seen = [await store.pulse("default")]

        async def must_beat(what: str) -> None:
            pulse = await store.pulse("default")
            assert pulse not in seen, what
            seen.append(pulse)
            await store.load("default")
            await store.handshakes("default")
            await store.entries("default")
            assert await store.pulse("default") == pulse, f"after looking, after {what}"

        made = handshake()
        await keep(store, made)
        await must_beat("a new handshake")
        await keep(store, step(made, "open", WALL))
        await must_beat("the next state of it")
        await store.change_clock("default", later(60))
        await must_beat("the clock")
        await store.set_scenario("default", "slow")
        await must_beat("a scenario")
        await store.set_faults("default", ())
        await must_beat("faults")
        await store.enqueue("default", QUEUED)
        await must_beat("a queued answer")
        await store.record(entry(1))
        await must_beat("an entry")
        await store.clear("default")
        await must_beat("a journal that was cleared")
        await store.snapshot("default", "before")
        await store.restore("default", "before")
        await must_beat("a restored snapshot")
        await store.load("other")
        await must_beat("another session")
        await store.reset("default")
        await store.record(entry(1))
        await must_beat("a reset")

    run(story)
