"""What a session remembers: kept by compare and set, bounded, forgotten with its session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mock_server.core.shelf import Shelf, change, changed
from mock_server.core.snapshot import Changes, Snapshot
from mock_server.state import memory as memory_store
from mock_server.state import shelves as shelf_room
from mock_server.state.memory import MemoryStore
from mock_server.state.store import MAX_REMEMBERED, MAX_REMEMBERED_BYTES, ShelvesFull
from tests.support import FakeWall

NAME = "/things"
Story = Callable[[MemoryStore], Awaitable[None]]


def play(story: Story, **limits: Any) -> None:
    asyncio.run(story(MemoryStore(FakeWall(), **limits)))  # type: ignore[arg-type]


async def look(store: MemoryStore, session: str = "a", name: str = NAME) -> tuple[Snapshot, Shelf]:
    seen = await store.load(session, None, (name,))
    return seen, seen.shelves.get(name) or Shelf(name)


async def put(store: MemoryStore, key: str, value: Any, session: str = "a", name: str = NAME) -> bool:
    seen, shelf = await look(store, session, name)
    return await store.save(seen, Changes(shelves=(change(shelf, {key: value}),)))


def test_what_is_put_is_there_and_what_is_dropped_is_not() -> None:
    async def story(store: MemoryStore) -> None:
        assert await put(store, "1", {"n": 1})
        assert await put(store, "2", {"n": 2})
        seen, shelf = await look(store)
        assert shelf == Shelf(NAME, 2, {"1": {"n": 1}, "2": {"n": 2}}, 0)
        assert await store.save(seen, Changes(shelves=(change(shelf, drop=("1",), made=7),)))
        assert (await look(store))[1] == Shelf(NAME, 3, {"2": {"n": 2}}, 7)

    play(story)


def test_of_two_changes_from_one_look_one_is_taken() -> None:
    async def story(store: MemoryStore) -> None:
        seen, shelf = await look(store)
        assert await store.save(seen, Changes(shelves=(change(shelf, {"1": "first"}),)))
        assert not await store.save(seen, Changes(shelves=(change(shelf, {"1": "second"}),)))
        assert (await look(store))[1].items == {"1": "first"}

    play(story)


def test_one_shelf_that_has_changed_keeps_the_others_from_being_written() -> None:
    async def story(store: MemoryStore) -> None:
        seen = await store.load("a", None, ("one", "two"))
        assert await put(store, "x", 1, name="two")
        both = Changes(shelves=(change(Shelf("one"), {"k": 1}), change(Shelf("two"), {"k": 1})))
        assert not await store.save(seen, both)
        assert (await look(store, name="one"))[1].items == {}

    play(story)


def test_a_shelf_is_its_sessions_own_and_goes_with_it() -> None:
    async def story(store: MemoryStore) -> None:
        await put(store, "1", "x")
        assert (await look(store, "b"))[1].items == {}
        await store.reset("a")
        assert (await look(store))[1] == Shelf(NAME)

    play(story)


def test_seeds_are_saved_with_the_first_change() -> None:
    seeded = Shelf(NAME, 0, {"1": "one", "2": "two"}, 2)
    made = change(seeded, {"3": "three"}, drop=("1",), made=3)
    assert changed(Shelf(NAME), made) == Shelf(NAME, 1, {"2": "two", "3": "three"}, 3)


def test_a_snapshot_does_not_see_what_comes_after_it() -> None:
    async def story(store: MemoryStore) -> None:
        await put(store, "1", "x")
        _, before = await look(store)
        await put(store, "2", "y")
        assert before.items == {"1": "x"}

    play(story)


def test_the_number_of_values_is_bounded_and_room_can_be_made() -> None:
    async def story(store: MemoryStore) -> None:
        for number in range(MAX_REMEMBERED - 1):  # the shelf itself counts as one
            assert await put(store, str(number), 0)
        with pytest.raises(ShelvesFull):
            await put(store, "more", 0)
        assert await put(store, "0", 1), "what is there may still change"
        seen, shelf = await look(store)
        assert await store.save(seen, Changes(shelves=(change(shelf, drop=("0",)),)))
        assert await put(store, "more", 0)
        assert await put(store, "1", 0, session="b"), "another session has room of its own"

    play(story)


def test_the_bytes_of_a_session_are_bounded_and_nothing_is_kept_of_what_does_not_fit() -> None:
    async def story(store: MemoryStore) -> None:
        half = "x" * (MAX_REMEMBERED_BYTES // 2)
        assert await put(store, "1", half)
        with pytest.raises(ShelvesFull):
            await put(store, "2", half)
        assert list((await look(store))[1].items) == ["1"]
        assert await put(store, "1", "small")
        assert await put(store, "2", half)

    play(story)


def test_the_bytes_of_all_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_store, "MAX_ALL_REMEMBERED_BYTES", 1_000)

    async def story(store: MemoryStore) -> None:
        assert await put(store, "1", "x" * 600)
        with pytest.raises(ShelvesFull):
            await put(store, "1", "x" * 600, session="b")
        await store.reset("a")
        assert await put(store, "1", "x" * 600, session="b")

    play(story)


def test_a_session_that_is_put_out_gives_its_bytes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_store, "MAX_ALL_REMEMBERED_BYTES", 1_000)

    async def story(store: MemoryStore) -> None:
        assert await put(store, "1", "x" * 600)
        assert await put(store, "1", "x" * 600, session="b")

    play(story, max_sessions=1)


def test_the_size_is_that_of_what_is_there() -> None:
    """Whatever the order of changes, an empty shelf costs what it did when it was new."""
    kept = shelf_room.Shelves()
    kept.keep((change(Shelf(NAME), {"1": "x" * 50}),))
    before = (kept.bytes, kept.count)
    kept.keep((change(kept.get(NAME), {"2": [1, 2], "1": "longer" * 50}),))
    kept.keep((change(kept.get(NAME), {"1": "x" * 50}, drop=("2", "unknown")),))
    assert (kept.bytes, kept.count) == before
