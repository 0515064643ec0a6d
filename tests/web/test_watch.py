"""Who watches a session: told once, told all, and not left waiting by a fault of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mock_server.core.snapshot import Queued
from mock_server.web.live import Live
from mock_server.web.watch import EVERYTHING, TooMany, Watchers, in_short
from tests.support import ASK, TOKEN, make_app, make_client

WAIT_S = 30.0


def run(story: Callable[[Live], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(_whole(story), 2 * WAIT_S))


async def _whole(story: Callable[[Live], Awaitable[None]]) -> None:
    await story(make_app().live)


def test_what_changed_is_named_and_told_to_everybody_who_watches() -> None:
    async def story(live: Live) -> None:
        async with live.watchers.of("a") as one, live.watchers.of("a") as other, live.watchers.of("b") as stranger:
            assert one is other
            await asyncio.gather(one.looked.wait(), stranger.looked.wait())
            await live.store.set_scenario("a", "expired")
            await live.store.enqueue("a", Queued("POST /oauth2", "started", 1))
            told: set[str] = set()
            while told < {"scenario", "queue"}:
                number = one.number
                await one.wait(number, WAIT_S)
                told |= {part for each in one.since(number) for part in each.parts}
            assert "journal" not in told

    run(story)


def test_who_falls_far_behind_is_told_that_everything_changed() -> None:
    async def story(live: Live) -> None:
        async with live.watchers.of("a") as watched:
            await watched.looked.wait()
            for number in range(100):
                watched.tell((f"part{number}",), (), cleared=False)
            (notice,) = watched.since(0)
            assert (notice.parts, notice.cleared, notice.number) == (EVERYTHING, True, 100)
            assert [each.parts for each in watched.since(98)] == [("part98",), ("part99",)]

    run(story)


def test_nobody_polls_the_store_for_nobody() -> None:
    async def story(live: Live) -> None:
        async with live.watchers.of("a") as watched:
            await watched.looked.wait()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert watched.over

    run(story)


def test_there_is_a_bound_for_all_sessions_together() -> None:
    async def story(live: Live) -> None:
        watchers = Watchers(live, most=2)
        async with watchers.of("a"), watchers.of("b"):
            with pytest.raises(TooMany):
                async with watchers.of("c"):
                    pass
        async with watchers.of("c"):
            pass

    run(story)


def test_a_fault_of_ours_ends_the_watch_and_the_next_one_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(live: Live) -> None:
        told: list[str] = []
        monkeypatch.setattr(live.log, "error", lambda text, *_: told.append(text))

        async def broken(session: str) -> str:
            raise RuntimeError("a bug")

        with monkeypatch.context() as patched:
            patched.setattr(live.store, "pulse", broken)
            async with live.watchers.of("a") as watched:
                await watched.looked.wait()
                assert watched.over
        assert "a bug" in told[0]
        async with live.watchers.of("a") as again:
            await again.looked.wait()
            assert not again.over

    run(story)


def test_the_reason_in_one_line_is_the_one_that_decided() -> None:
    client = make_client()
    client.post("/oauth2", json=ASK, headers={**TOKEN, "Prefer": "response=rate-limited, wait=0"})
    (entry,) = client.get("/__mock/journal").json()["entries"]
    assert in_short(entry)["reason"].startswith("client: asked for response=rate-limited")
    later = {**entry, "reasons": [*entry["reasons"], "body: made anew"]}
    assert in_short(later)["reason"] == in_short(entry)["reason"]
    assert in_short({**entry, "won": None, "reasons": []})["reason"] == ""
