"""Faults and rate limits: for whom, how often, and what becomes of state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mock_server.core.fault import _seconds
from mock_server.fixture.fault import Delay
from tests.support import ASK, TOKEN, FakeWall, make_app, make_client, start

OTHER = {"Mock-Session": "other"}


def steer(client: TestClient, body: dict[str, Any], session: str = "default") -> Any:
    answer = client.put("/__mock/faults", json=body, headers={"Mock-Session": session})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(client: TestClient, path: str = "/api/oauth2", **headers: str) -> int:
    return client.post(path, json=ASK, headers={**TOKEN, **headers}).status_code


def asked(client: TestClient, times: int, **headers: str) -> list[int]:
    return [ask(client, **headers) for _ in range(times)]


def test_once_n_times_and_every_nth(client: TestClient) -> None:
    steer(client, {"faults": [{"fault": "status-503", "times": 2}]})
    assert asked(client, 4) == [503, 503, 200, 200]
    steer(client, {"faults": [{"fault": "status-500", "every": 3}]})
    assert asked(client, 6) == [200, 200, 500, 200, 200, 500]


def test_a_probability_is_drawn_by_the_seed() -> None:
    runs = []
    for seed in (1, 1, 2):
        client = make_client(seed=seed)
        steer(client, {"faults": [{"fault": "status-503", "probability": 0.3}]})
        runs.append(asked(client, 60))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert 8 <= runs[0].count(503) <= 28  # 18 expected; outside of this 1 time in 1000


def test_only_some_operations_and_statuses(client: TestClient) -> None:
    rules = [{"fault": "status-500", "operation": "POST /oauth2/credentials"}, {"fault": "status-502", "status": "4XX"}]
    steer(client, {"faults": rules})
    assert ask(client) == 200
    assert client.post("/api/oauth2/credentials", json={"pull_id": "x"}, headers=TOKEN).status_code == 500
    assert client.post("/api/oauth2", json=ASK).status_code == 502


def test_a_session_is_spared_what_another_was_told(client: TestClient) -> None:
    steer(client, {"faults": [{"fault": "status-503"}]}, "other")
    assert ask(client) == 200
    assert ask(client, **OTHER) == 503
    client.post("/__mock/reset", headers=OTHER)
    assert ask(client, **OTHER) == 200


def test_the_first_rule_that_hits_wins_and_those_behind_it_do_not_count(client: TestClient) -> None:
    steer(client, {"faults": [{"fault": "status-500", "every": 2}, {"fault": "status-503", "every": 2}]})
    assert asked(client, 6) == [200, 500, 503, 500, 200, 500]
    assert [each["seen"] for each in client.get("/__mock/faults").json()["faults"]] == [6, 3]


def test_a_status_in_place_of_the_answer_changes_nothing(client: TestClient) -> None:
    steer(client, {"faults": [{"fault": "status-503"}]})
    assert ask(client) == 503
    assert client.get("/__mock/handshakes").json()["handshakes"] == []


def test_a_lost_answer_has_changed_what_it_would_have_changed(client: TestClient) -> None:
    ask(client, Prefer="fault=truncated-body")
    assert len(client.get("/__mock/handshakes").json()["handshakes"]) == 1


def test_a_fault_that_there_is_not_is_refused_with_those_that_there_are(client: TestClient) -> None:
    answer = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Prefer": "fault=explode"})
    assert answer.status_code == 400
    assert "reset" in answer.json()["available"]["fault"]


def test_a_fault_by_query(client: TestClient) -> None:
    assert ask(client, "/api/oauth2?__fault=status-599") == 599


def test_in_the_clients_own_process_there_is_no_wire_to_break() -> None:
    client = TestClient(make_app(), "http://127.0.0.1:4010", client=("127.0.0.1", 1))
    with pytest.raises(ConnectionResetError, match="broken on purpose: reset"):
        client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Prefer": "fault=reset"})


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "say `faults`, `profile` or `tls_failures`"),
        ({"faults": [], "profile": "3g"}, 400, "say `faults`, `profile` or `tls_failures`"),
        ({"profile": "5g"}, 404, "no profile is called '5g'"),
        ({"faults": [{"fault": "rest"}]}, 400, "no fault is called 'rest' (did you mean `reset`?)"),
        ({"faults": "reset"}, 400, "`faults` wants a list, not the text 'reset'"),
        ({"faults": [1]}, 400, "a mapping is wanted here, not the number 1"),
        ({"faults": [{"fault": "close"}] * 101}, 400, "more than 100 faults"),
        ({"faults": [{"fault": "close", "operation": "POST /oauth3"}]}, 400, "no operation is called 'POST /oauth3'"),
    ],
)
def test_a_bad_order_is_refused_and_changes_nothing(
    client: TestClient, body: dict[str, Any], status: int, message: str
) -> None:
    steer(client, {"faults": [{"fault": "status-503"}]})
    answer = client.put("/__mock/faults", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(message)
    assert ask(client) == 503


def test_what_was_set_is_told_in_the_words_it_was_set_in(client: TestClient) -> None:
    rules: list[dict[str, Any]] = [
        {"fault": "reset", "operation": "POST /oauth2", "status": "200", "times": 1},
        {"delay": {"uniform": ["10ms", "20ms"]}, "speed": 100, "every": 2},
        {"delay": {"lognormal": ["1000ms", 0.5]}, "probability": 0.5},
        {"fault": "status-500", "delay": "1500ms"},
    ]
    told = steer(client, {"faults": rules})
    assert told["faults"] == [{**rule, "seen": 0} for rule in rules]
    assert steer(client, {"profile": "3g"})["faults"][0] == {
        "delay": {"normal": ["300ms", "80ms"]},
        "speed": 100_000,
        "seen": 0,
    }
    assert client.delete("/__mock/faults").json()["set"] is False


@pytest.mark.parametrize(
    ("delay", "draws"),
    [
        (Delay("fixed", 2.0), {0.0: 2.0, 0.5: 2.0}),
        (Delay("uniform", 1.0, 3.0), {0.0: 1.0, 0.25: 1.5, 0.5: 2.0}),
        (Delay("normal", 1.0, 0.5), {0.5: 1.0, 0.8413447460685429: 1.5, 0.0001: 0.0}),
        (Delay("lognormal", 1.0, 0.5), {0.5: 1.0, 0.8413447460685429: 1.6487212707001282}),
        (Delay("lognormal", 60.0, 10.0), {0.99: 60.0}),
    ],
)
def test_how_late_a_draw_is(delay: Delay, draws: dict[float, float]) -> None:
    assert {draw: _seconds(delay, draw) for draw in draws} == pytest.approx(draws)


FIXTURE = """\
operation: POST /oauth2
responses:
  fine: {status: 200, source: assumed, body: {auth_uri: "http://h", pull_id: x}}
  bad: {status: 429, source: assumed, body: {status: 429, message: invalid param}}
  busy: {status: 429, source: assumed, body: {status: 429, message: too many requests}}
invalid: bad
rate_limit: {requests: 2, per: 60s, respond: busy}
otherwise: fine
"""
TOKENS = "tokens:\n  - {token: dev-token, account: a, source: assumed}\n  - {token: two, account: b, source: assumed}\n"


@pytest.fixture
def limited(tmp_path: Path) -> tuple[TestClient, FakeWall]:
    (tmp_path / "a.yaml").write_text(FIXTURE)
    (tmp_path / "tokens.yaml").write_text(TOKENS)
    wall = FakeWall()
    return make_client(make_app(fixtures=tmp_path, wall=wall)), wall


def test_a_bucket_empties_and_fills_again_by_the_sessions_clock(limited: tuple[TestClient, FakeWall]) -> None:
    client, wall = limited
    first = client.post("/api/oauth2", json=ASK, headers=TOKEN)
    assert (first.status_code, first.headers["ratelimit"]) == (200, '"default";r=1;t=0')
    assert first.headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert "retry-after" not in first.headers
    assert ask(client) == 200
    refused = client.post("/api/oauth2", json=ASK, headers=TOKEN)
    assert refused.status_code == 429
    assert refused.json()["message"] == "too many requests"
    assert refused.headers["retry-after"] == "30"
    assert refused.headers["ratelimit"] == '"default";r=0;t=30'
    wall.now += 29.9
    assert ask(client) == 429
    client.post("/__mock/clock", json={"advance": 0.2})
    assert asked(client, 2) == [200, 429]


def test_the_429_of_an_invalid_parameter_has_no_retry_after(limited: tuple[TestClient, FakeWall]) -> None:
    client, _ = limited
    bad = client.post("/api/oauth2", json={**ASK, "validity_duration": 1}, headers=TOKEN)
    assert (bad.status_code, bad.json()["message"]) == (429, "invalid param")
    assert "retry-after" not in bad.headers
    assert bad.headers["ratelimit"] == '"default";r=1;t=0'


def test_every_token_and_session_has_a_bucket_of_its_own(limited: tuple[TestClient, FakeWall]) -> None:
    client, _ = limited
    assert asked(client, 3) == [200, 200, 429]
    assert ask(client, Authorization="Bearer two") == 200
    assert ask(client, **OTHER) == 200


def test_the_unauthorized_take_nothing_out_of_the_bucket(limited: tuple[TestClient, FakeWall]) -> None:
    client, _ = limited
    for _ in range(3):
        answer = client.post("/api/oauth2", json=ASK)
        assert answer.status_code == 403
        assert "ratelimit" not in answer.headers
    assert asked(client, 3) == [200, 200, 429]


def test_who_asks_for_an_answer_by_name_gets_it_although_nothing_is_left(limited: tuple[TestClient, FakeWall]) -> None:
    client, _ = limited
    assert asked(client, 3) == [200, 200, 429]
    assert ask(client, Prefer="response=fine") == 200


def test_a_clock_set_back_fills_no_bucket(limited: tuple[TestClient, FakeWall]) -> None:
    client, wall = limited
    asked(client, 2)
    wall.now -= 3600
    assert ask(client) == 429


def test_the_tokens_themselves_are_not_in_the_tally(limited: tuple[TestClient, FakeWall]) -> None:
    client, _ = limited
    ask(client)
    app: Any = client.app
    assert "dev-token" not in repr(app.live.store._sessions["default"].tally)


def test_a_scenario_limits_and_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FIXTURE.replace("rate_limit: {requests: 2, per: 60s, respond: busy}\n", ""))
    (tmp_path / "tokens.yaml").write_text(TOKENS)
    (tmp_path / "s.yaml").write_text(
        "scenario: storm\nfaults: [{fault: status-500, status: 200, times: 1}]\n"
        "rate_limits: {POST /oauth2: {requests: 3, per: 1h, respond: busy}}\n"
    )
    client = make_client(make_app(fixtures=tmp_path))
    assert asked(client, 5) == [200] * 5
    client.put("/__mock/scenario", json={"scenario": "storm"})
    assert asked(client, 5) == [500, 200, 200, 429, 429]
    client.put("/__mock/scenario", json={"scenario": None})
    assert ask(client) == 200


def test_a_fault_never_befalls_the_control_api(client: TestClient) -> None:
    steer(client, {"profile": "offline"})
    assert client.get("/__mock/health").status_code == 200
    assert start(make_client())["pull_id"]
