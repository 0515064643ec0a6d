"""A mock that is full says so, in the usual shape, and goes on for those who are inside."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from mock_server.settings import Settings
from mock_server.state.memory import MemoryStore
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.world import build_world
from tests.support import ASK, TOKEN, FakeChance, FakeWall, make_client
from tests.web.walk import collect, walk


def full(**limits: Any) -> tuple[TestClient, FakeWall]:
    wall, settings = FakeWall(), Settings()
    store = MemoryStore(wall, **limits)
    live = Live(build_world(settings), store, settings, RequestLog(None), FakeChance(), wall=wall)
    return make_client(MockApp(live)), wall


def begin(client: TestClient, session: str = "default") -> httpx2.Response:
    return client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Mock-Session": session})


def assert_full(answer: httpx2.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdigit()
    assert answer.json()["code"] == "MS410"


def test_too_many_live_handshakes_are_refused_and_the_live_ones_go_on() -> None:
    client, wall = full(max_handshakes=2)
    first, second = begin(client).json(), begin(client).json()
    for _ in range(3):
        assert_full(begin(client))
    assert walk(client, first).status_code == 200
    assert collect(client, first).status_code == 200
    assert collect(client, second).status_code == 402
    wall.now += 300
    assert begin(client).status_code == 200


def test_a_session_with_a_live_handshake_is_not_put_out() -> None:
    client, _ = full(max_sessions=2)
    begun = {name: begin(client, name).json() for name in ("a", "b")}
    for _ in range(3):
        assert_full(begin(client, "c"))
    for name, each in begun.items():
        assert walk(client, each).status_code == 200
        assert collect(client, each, {**TOKEN, "Mock-Session": name}).status_code == 200


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("GET", "/journal", None),
        ("GET", "/handshakes", None),
        ("GET", "/clock", None),
        ("POST", "/clock", {"advance": 1}),
        ("GET", "/scenario", None),
        ("PUT", "/scenario", {"scenario": "expired"}),
        ("GET", "/next", None),
        ("POST", "/next", {"operation": "POST /oauth2", "response": "started"}),
        ("POST", "/reset", None),
    ],
)
def test_the_control_api_of_a_session_without_room_is_never_our_fault(method: str, path: str, body: object) -> None:
    client, _ = full(max_sessions=2)
    for name in ("a", "b"):
        begin(client, name)
    answer = client.request(method, f"/__mock{path}", json=body, headers={"Mock-Session": "c"})
    if answer.status_code != 200:
        assert_full(answer)
    assert client.post("/__mock/reset", headers={"Mock-Session": "a"}).status_code == 200
    assert client.request(method, f"/__mock{path}", json=body, headers={"Mock-Session": "c"}).status_code == 200


def test_pages_and_unknown_paths_answer_even_when_there_is_no_room_for_a_session() -> None:
    client, _ = full(max_sessions=2)
    for name in ("a", "b"):
        begin(client, name)
    assert client.get("/nothing").status_code == 404
    assert client.get("/__provider/fb/authorize").status_code == 400
    assert client.get("/api/oauthcallback/fb?state=x").status_code == 400
    assert client.get("/__mock/health").status_code == 200


def test_sessions_in_which_nothing_lives_make_room_for_others() -> None:
    client, _ = full(max_sessions=3)
    begun = begin(client, "live").json()
    for number in range(20):
        assert client.get("/nothing", headers={"Mock-Session": f"s{number}"}).status_code == 404
    assert collect(client, begun, {**TOKEN, "Mock-Session": "live"}).status_code == 402
