"""Corners that a review found: races lost for ever, slashes, JSON's other names, secrets in refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mock_server.core.snapshot import Changes, Snapshot
from mock_server.state.memory import MemoryStore
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from tests.support import ASK, TOKEN, FakeChance, FakeWall, make_app, make_client, start


class AlwaysSlower(MemoryStore):
    """Every save of a known handshake loses its race."""

    async def save(self, seen: Snapshot, changes: Changes) -> bool:
        return not seen.handshake_version and await super().save(seen, changes)


def slow_client() -> TestClient:
    wall = FakeWall()
    live = make_app().live
    store = AlwaysSlower(wall)
    return make_client(MockApp(Live(live.world, store, live.settings, RequestLog(None), FakeChance(), wall=wall)))


def test_a_race_that_is_lost_every_time_is_503_with_retry_after_everywhere() -> None:
    client = slow_client()
    body = start(client)
    decided = client.post(f"/__mock/handshakes/{body['pull_id']}/decide", json={"decision": "approve"})
    opened = client.get(body["auth_uri"])
    for response in (decided, opened):
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert response.json()["code"] == "MS407"


@pytest.mark.parametrize("path", ["/__mock", "/__mock/journal/", "/__provider/fb/authorize/"])
def test_a_slash_too_many_or_too_few_is_404_and_never_a_redirect(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["code"] == "MS401"


@pytest.mark.parametrize("name", ["application/json; charset=utf-8", "text/json", "application/x+json"])
def test_json_types_stand_in_for_one_another(client: TestClient, name: str) -> None:
    response = client.post("/oauth2", json=ASK, headers={**TOKEN, "Content-Type": name})
    assert response.status_code == 200


DOCUMENT = """\
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /login:
    post:
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {password: {type: string, maxLength: 3}, name: {type: string}}}
      responses: {"204": {description: done}}
"""


def test_a_refusal_does_not_repeat_a_secret(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(DOCUMENT)
    client = make_client(make_app(tmp_path / "api.yaml"))
    response = client.post("/login", json={"password": "hunter2", "name": 7})
    assert response.status_code == 422
    seen = {each["where"]: each["seen"] for each in response.json()["violations"]}
    assert seen == {"body.password": "***", "body.name": 7}
    assert "hunter2" not in response.text


def test_the_address_of_the_banner_tells_what_there_is(client: TestClient) -> None:
    told = client.get("/__mock/").json()
    endpoints = {each["endpoint"] for each in told["endpoints"]}
    assert told["openapi"] == "/__mock/openapi.json"
    assert {"GET /__mock/health", "POST /__mock/next", "PUT /__mock/scenario"} <= endpoints
    for endpoint in endpoints - {"GET /__mock/events"}:  # a stream that goes on
        method, _, path = endpoint.partition(" ")
        answer = client.request(method, path.replace("{id}", "nobody"), json={} if method != "GET" else None)
        assert answer.status_code != 405


class BrokenChance(FakeChance):
    """A fault of our own, in the middle of an answer."""

    def token(self, size: int) -> str:
        raise RuntimeError("the inside of the mock")


def test_a_fault_of_our_own_is_a_500_with_an_id_that_the_log_and_the_journal_share(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wall = FakeWall()
    live = make_app().live
    app = MockApp(Live(live.world, MemoryStore(wall), live.settings, RequestLog(None), BrokenChance(), wall=wall))
    client = make_client(app)
    answer = client.post("/oauth2", json=ASK, headers=TOKEN)
    entry = answer.headers["mock-entry"]
    assert (answer.status_code, answer.json()["code"]) == (500, "MS407")
    assert entry in answer.json()["detail"]
    assert "inside of the mock" not in answer.text
    logged = capsys.readouterr().err
    assert f"entry {entry}:" in logged
    assert "RuntimeError: the inside of the mock" in logged
    journal = client.get("/__mock/journal").json()["entries"]
    assert [(each["id"], each["status"]) for each in journal] == [(entry, 500)]
