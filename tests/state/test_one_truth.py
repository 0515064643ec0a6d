"""Parallel requests see one truth: through the whole application, 24 at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from mock_server.settings import Settings
from mock_server.state.store import Store
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.world import build_world
from tests.editing import GET, edited
from tests.state.interleaved import Interleaved
from tests.state.stores import KINDS, Factory, run
from tests.support import ASK, TOKEN, FakeChance, FakeWall

PARALLEL = 24


@pytest.fixture(params=[*KINDS, "interleaved"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "interleaved":
        return Interleaved(FakeWall())
    redis = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return Factory(request.param, tmp_path, redis)(FakeWall())


Story = Callable[[httpx2.AsyncClient], Awaitable[None]]


def play(store: Store, story: Story, fixtures: Path | None = None) -> None:
    settings = Settings(fixtures=fixtures)
    live = Live(build_world(settings), store, settings, RequestLog(None), FakeChance(), wall=FakeWall())

    async def whole() -> None:
        transport = httpx2.ASGITransport(MockApp(live))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:4010") as client:
            await story(client)

    run(whole)


async def begin(client: httpx2.AsyncClient, scenario: str | None = "consent-approved") -> dict[str, str]:
    await client.put("/__mock/scenario", json={"scenario": scenario})
    begun: dict[str, str] = (await client.post("/api/oauth2", json=ASK, headers=TOKEN)).json()
    return begun


async def collect(client: httpx2.AsyncClient, begun: dict[str, str], times: int = PARALLEL) -> Counter[int]:
    answers = await asyncio.gather(
        *(
            client.post("/api/oauth2/credentials", json={"pull_id": begun["pull_id"]}, headers=TOKEN)
            for _ in range(times)
        )
    )
    return Counter(answer.status_code for answer in answers)


def test_single_use_credentials_are_handed_out_once_under_parallel_requests(store: Store, tmp_path: Path) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        for _ in range(5):
            assert await collect(client, await begin(client)) == {200: 1, 402: PARALLEL - 1}

    play(store, story, edited(tmp_path, GET, ("single_use: false", "single_use: true")))


def test_credentials_that_may_be_read_twice_are_read_by_all(store: Store) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        assert await collect(client, await begin(client)) == {200: PARALLEL}

    play(store, story)


def test_a_queued_answer_is_given_as_often_as_it_was_queued(store: Store) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        await client.post("/__mock/next", json={"operation": "POST /oauth2", "response": "rate-limited", "times": 5})
        answers = await asyncio.gather(*(client.post("/api/oauth2", json=ASK, headers=TOKEN) for _ in range(PARALLEL)))
        assert Counter(answer.status_code for answer in answers) == {429: 5, 200: PARALLEL - 5}
        assert (await client.get("/__mock/next")).json() == {"next": []}

    play(store, story)


def test_every_parallel_start_is_a_handshake_of_its_own(store: Store) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        begun = await asyncio.gather(*(begin(client, None) for _ in range(PARALLEL)))
        assert len({each["pull_id"] for each in begun}) == PARALLEL
        assert len((await client.get("/__mock/handshakes")).json()["handshakes"]) == PARALLEL

    play(store, story)


def test_a_callback_that_comes_24_times_grants_once(store: Store) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        begun = await begin(client, None)
        shown = await client.get(begun["auth_uri"])
        ticket = shown.text.split('name="ticket" value="')[1].split('"')[0]
        form = {"ticket": ticket, "decision": "approve"}
        clicks = await asyncio.gather(*(client.post("/__provider/fb/consent", data=form) for _ in range(PARALLEL)))
        sent_back = [click.headers["location"] for click in clicks if click.status_code == 303]
        assert len(set(sent_back)) == 1  # a second click goes where the first one went: one code
        assert {click.status_code for click in clicks} <= {303, 400, 409}
        assert set(parse_qs(urlsplit(sent_back[0]).query)) == {"code", "state", "iss"}
        calls = await asyncio.gather(*(client.get(sent_back[0]) for _ in range(PARALLEL)))
        assert Counter(call.status_code for call in calls) == {200: 1, 400: PARALLEL - 1}
        assert await collect(client, begun) == {200: PARALLEL}

    play(store, story)


def test_of_two_opposite_decisions_one_is_taken(store: Store) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        begun = await begin(client, None)
        path = f"/__mock/handshakes/{begun['pull_id']}/decide"
        answers = await asyncio.gather(
            *(
                client.post(path, json={"decision": ("approve", "deny", "fail", "abandon")[number % 4]})
                for number in range(PARALLEL)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: PARALLEL - 1}

    play(store, story)


def test_a_page_that_is_opened_24_times_at_once_is_shown_each_time(store: Store) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        begun = await begin(client, None)
        shown = await asyncio.gather(*(client.get(begun["auth_uri"]) for _ in range(PARALLEL)))
        assert Counter(page.status_code for page in shown) == {200: PARALLEL}

    play(store, story)


def test_a_page_that_is_opened_while_others_decide_is_never_a_failure_of_ours(store: Store) -> None:
    async def story(client: httpx2.AsyncClient) -> None:
        begun = await begin(client, None)
        decide = f"/__mock/handshakes/{begun['pull_id']}/decide"
        answers = await asyncio.gather(
            *(
                client.get(begun["auth_uri"]) if number % 2 else client.post(decide, json={"decision": "deny"})
                for number in range(PARALLEL)
            )
        )
        assert {answer.status_code for answer in answers} <= {200, 409}

    play(store, story)
