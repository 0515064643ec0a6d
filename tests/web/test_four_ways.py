"""Every documented answer on demand: by input, by ``Prefer``, by the control API, by the consent page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.support import ASK, OTHER_TOKEN, TOKEN, make_client, start
from tests.web.walk import collect, expire, walk

START, COLLECT = "POST /oauth2", "POST /oauth2/credentials"
PATHS = {START: "/api/oauth2", COLLECT: "/api/oauth2/credentials"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def assert_documented(answer: httpx2.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    if status != 200:
        assert body["status"] == status
        assert isinstance(body["message"], str)
    elif "auth_uri" not in body:
        assert body["status"] == 200
    assert "mock-body-invalid" not in answer.headers
    assert "mock-entry" in answer.headers


# By input

INPUTS: list[tuple[str, int, dict[str, Any] | bytes, dict[str, str], str]] = [
    # validity_duration
    ("the shortest validity", 200, {**ASK, "validity_duration": 300}, TOKEN, ""),
    ("the longest validity", 200, {**ASK, "validity_duration": 43200}, TOKEN, ""),
    ("a number that is an integer", 200, {**ASK, "validity_duration": 300.0}, TOKEN, ""),
    ("no validity", 200, {"datasource_id": "fb"}, TOKEN, ""),
    ("fields of others", 200, {**ASK, "river_id": 7}, TOKEN, ""),
    ("too short", 429, {**ASK, "validity_duration": 299}, TOKEN, "invalid param: body.validity_duration"),
    ("too long", 429, {**ASK, "validity_duration": 43201}, TOKEN, "invalid param: body.validity_duration"),
    ("a fraction", 429, {**ASK, "validity_duration": 300.5}, TOKEN, "invalid param: body.validity_duration"),
    ("a text", 429, {**ASK, "validity_duration": "300"}, TOKEN, "invalid param: body.validity_duration"),
    ("true", 429, {**ASK, "validity_duration": True}, TOKEN, "invalid param: body.validity_duration"),
    ("null", 429, {**ASK, "validity_duration": None}, TOKEN, "invalid param: body.validity_duration"),
    # datasource_id
    ("no source", 429, {}, TOKEN, "invalid param: body.datasource_id"),
    ("an unknown source", 429, {"datasource_id": "x"}, TOKEN, "invalid param: body.datasource_id"),
    ("a source without OAuth2", 429, {"datasource_id": "mysql"}, TOKEN, "invalid param: body.datasource_id"),
    ("a source of another type", 429, {"datasource_id": 7}, TOKEN, "invalid param: body.datasource_id"),
    # body
    ("no JSON", 429, b"datasource_id=fb", TOKEN, "invalid param: body"),
    ("no body", 429, b"", TOKEN, "invalid param: body"),
    ("a list", 429, b"[]", TOKEN, "invalid param: body"),
    # token
    ("another account", 200, ASK, OTHER_TOKEN, ""),
    ("no token", 403, ASK, {}, "no token was sent"),
    ("no bearer", 403, ASK, {"Authorization": "dev-token"}, "the Authorization header must be: Bearer <token>"),
    ("basic", 403, ASK, {"Authorization": "Basic ZGV2"}, "the Authorization header must be: Bearer <token>"),
    ("an unknown token", 403, ASK, bearer("nobody"), "the token is not known"),
    ("an expired token", 403, ASK, bearer("expired-token"), "the token has expired"),
    ("a token without the scope", 403, ASK, bearer("noscope-token"), "the token lacks the scope connection:edit"),
    (
        "an unpaid plan",
        402,
        ASK,
        bearer("unpaid-token"),
        "the plan of this account does not include OAuth2 connections",
    ),
]


@pytest.mark.parametrize("name, status, body, headers, message", INPUTS, ids=[row[0] for row in INPUTS])
def test_operation_1_answers_by_its_input(
    client: TestClient,
    name: str,
    status: int,
    body: dict[str, Any] | bytes,
    headers: dict[str, str],
    message: str,
) -> None:
    given: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = client.post("/api/oauth2", headers=headers, **given)
    assert_documented(answer, status)
    assert "retry-after" not in answer.headers
    if status != 200:
        assert answer.json()["message"] == message


def test_operation_2_answers_200_402_and_403_by_its_input(client: TestClient) -> None:
    begun = start(client)
    assert_documented(collect(client, begun), 402)
    assert_documented(collect(client, begun, {}), 403)
    assert_documented(collect(client, begun, OTHER_TOKEN), 403)
    assert_documented(collect(client, begun, pull_id="x"), 403)
    assert_documented(collect(client, begun, pull_id=7), 403)
    client.post(f"/__mock/handshakes/{begun['pull_id']}/decide", json={"decision": "approve"})
    assert_documented(collect(client, begun), 200)
    expire(client, 300)
    assert_documented(collect(client, begun), 402)


# By Prefer


@pytest.mark.parametrize("by", ["header", "query"])
@pytest.mark.parametrize(
    "operation, status",
    [(START, 200), (START, 402), (START, 403), (START, 429), (COLLECT, 200), (COLLECT, 402), (COLLECT, 403)],
)
@pytest.mark.parametrize("token", [TOKEN, {}])
def test_a_client_prefers_a_code_whatever_it_sends(
    client: TestClient, operation: str, status: int, by: str, token: dict[str, str]
) -> None:
    path = PATHS[operation] + (f"?__code={status}" if by == "query" else "")
    headers = {**token, "Prefer": f"code={status}"} if by == "header" else token
    answer = client.post(path, content=b"rubbish", headers=headers)
    assert_documented(answer, status)
    assert answer.headers["preference-applied"] == f"code={status}"


def names(operation: str) -> list[tuple[str, str, int]]:
    plan = make_client().app.live.world.plans[operation]  # type: ignore[attr-defined]
    return [(operation, response.name, response.status) for response in plan.responses.values()]


NAMES = [*names(START), *names(COLLECT)]


@pytest.mark.parametrize("operation, name, status", NAMES, ids=[f"{row[0]} {row[1]}" for row in NAMES])
def test_a_client_prefers_a_response_by_its_name(client: TestClient, operation: str, name: str, status: int) -> None:
    answer = client.post(PATHS[operation], json=ASK, headers={"Prefer": f"response={name}"})
    assert_documented(answer, status)
    assert answer.headers["preference-applied"] == f"response={name}"


@pytest.mark.parametrize("operation, name, status", NAMES, ids=[f"{row[0]} {row[1]}" for row in NAMES])
def test_every_response_can_be_queued_by_its_name(client: TestClient, operation: str, name: str, status: int) -> None:
    queued = client.post("/__mock/next", json={"operation": operation, "response": name, "times": 1})
    assert queued.status_code == 200
    assert_documented(client.post(PATHS[operation], json=ASK), status)
    after = client.post(PATHS[operation], json=ASK)
    assert after.json()["message"] == "no token was sent"


def test_an_impossible_preference_is_refused_with_the_list_of_what_exists(client: TestClient) -> None:
    for prefer in ("code=500", "response=nothing", "example=nothing", "scenario=nothing"):
        answer = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Prefer": prefer})
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert "preference-applied" not in answer.headers
        problem = answer.json()
        assert problem["code"] == "MS403"
        assert prefer in problem["detail"]
        assert problem["available"]["code"] == ["200", "402", "403", "429"]
        assert "rate-limited" in problem["available"]["response"]
        assert "consent-denied" in problem["available"]["scenario"]
    assert client.get("/__mock/handshakes").json() == {"handshakes": []}


def test_preferences_of_others_are_neither_refused_nor_said_to_be_applied(client: TestClient) -> None:
    answer = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Prefer": "return=minimal, respond-async"})
    assert_documented(answer, 200)
    assert "preference-applied" not in answer.headers


def test_a_wait_that_would_split_a_header_is_refused(client: TestClient) -> None:
    answer = client.post("/api/oauth2?__wait=0%0d%0a&__code=402", json=ASK, headers=TOKEN)
    assert answer.status_code == 400
    assert "preference-applied" not in answer.headers


# By the control API


@pytest.mark.parametrize(
    "operation, response, status",
    [
        (START, "started", 200),
        (START, "payment-required", 402),
        (START, "scope-missing", 403),
        (START, "invalid-parameter", 429),
        (START, "rate-limited", 429),
        (COLLECT, "credentials", 200),
        (COLLECT, "denied", 402),
        (COLLECT, "no-such-process", 403),
        ("newOAuth2Credentials", "payment-required", 402),
    ],
)
def test_a_queued_answer_is_given_as_often_as_asked_and_then_no_more(
    client: TestClient, operation: str, response: str, status: int
) -> None:
    client.post("/__mock/next", json={"operation": operation, "response": response, "times": 2})
    path = PATHS.get(operation, "/api/oauth2")
    for _ in range(2):
        assert_documented(client.post(path, json=ASK, headers=TOKEN), status)
    assert client.get("/__mock/next").json() == {"next": []}
    last = client.post(path, json=ASK, headers=TOKEN)
    assert_documented(last, 403 if operation == COLLECT else 200)


@pytest.mark.parametrize(
    "scenario, first, second",
    [
        ("plan-does-not-allow", 402, 402),
        ("scope-missing", 403, 403),
        ("rate-limited", 429, None),
        ("consent-denied", 200, 402),
        ("consent-never-finished", 200, 402),
        ("provider-down", 200, 402),
        ("slow-provider", 200, 402),
        ("expired", 200, 402),
        ("consent-approved", 200, 200),
    ],
)
@pytest.mark.parametrize("way", ["control", "prefer"])
def test_a_scenario_answers_both_operations(
    client: TestClient, scenario: str, first: int, second: int | None, way: str
) -> None:
    headers = dict(TOKEN)
    if way == "control":
        assert client.put("/__mock/scenario", json={"scenario": scenario}).status_code == 200
    else:
        headers["Prefer"] = f"scenario={scenario}"
    begun = client.post("/api/oauth2", json=ASK, headers=headers)
    assert_documented(begun, first)
    if second is not None:
        pull_id = begun.json().get("pull_id", "x")
        answer = client.post("/api/oauth2/credentials", json={"pull_id": pull_id}, headers=headers)
        assert_documented(answer, second)
    if way == "control":
        client.put("/__mock/scenario", json={"scenario": None})
    assert_documented(client.post("/api/oauth2", json=ASK, headers=TOKEN), 200)


def test_every_scenario_of_the_fixtures_is_in_the_table_above(client: TestClient) -> None:
    marks = test_a_scenario_answers_both_operations.pytestmark  # type: ignore[attr-defined]
    rows = next(mark.args[1] for mark in marks if mark.args[0].startswith("scenario"))
    known = {each["name"] for each in client.get("/__mock/scenario").json()["scenarios"]}
    assert {row[0] for row in rows} == known


def test_the_two_429s_can_be_told_apart(client: TestClient) -> None:
    invalid = client.post("/api/oauth2", json={**ASK, "validity_duration": 1}, headers=TOKEN)
    client.put("/__mock/scenario", json={"scenario": "rate-limited"})
    limited = client.post("/api/oauth2", json=ASK, headers=TOKEN)
    assert invalid.status_code == limited.status_code == 429
    assert "retry-after" not in invalid.headers
    assert limited.headers["retry-after"] == "10"
    assert invalid.json()["message"] != limited.json()["message"]


# By the consent page

PAGES: list[tuple[str, Callable[[TestClient, dict[str, str]], object], int, str]] = [
    ("approve", lambda client, begun: walk(client, begun), 200, "Facebook Ads Connected Successfully"),
    ("deny", lambda client, begun: walk(client, begun, "deny"), 402, "consent was denied"),
    ("fail", lambda client, begun: walk(client, begun, "fail"), 402, "the provider failed"),
    ("unavailable", lambda client, begun: walk(client, begun, "unavailable"), 402, "the provider failed"),
    ("fail-token", lambda client, begun: walk(client, begun, "fail-token"), 402, "the provider failed"),
    ("only look", lambda client, begun: client.get(begun["auth_uri"]), 402, "consent is pending"),
]


@pytest.mark.parametrize("name, browse, status, message", PAGES, ids=[row[0] for row in PAGES])
def test_the_consent_page_leads_to_200_and_402(
    client: TestClient, name: str, browse: Callable[[TestClient, dict[str, str]], object], status: int, message: str
) -> None:
    begun = start(client)
    browse(client, begun)
    answer = collect(client, begun)
    assert_documented(answer, status)
    assert answer.json()["message"] == message
