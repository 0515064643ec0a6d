"""What we decided where nobody knows: every row of API-FACTS.md holds, and a fixture can switch it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.editing import GET, NEW, edited
from tests.support import ASK, OTHER_TOKEN, TOKEN, make_client, start
from tests.web.walk import collect, expire, said, sent_back, walk

BAD = {**ASK, "validity_duration": 299}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def approve(client: TestClient, begun: dict[str, str]) -> None:
    answer = client.post(f"/__mock/handshakes/{begun['pull_id']}/decide", json={"decision": "approve"})
    assert answer.status_code == 200


# The body of an error


@pytest.mark.parametrize(
    "body, headers",
    [(ASK, {}), (ASK, bearer("unpaid-token")), (BAD, TOKEN)],
)
def test_an_error_is_status_and_message(client: TestClient, body: dict[str, Any], headers: dict[str, str]) -> None:
    answer = client.post("/api/oauth2", json=body, headers=headers)
    assert set(answer.json()) == {"status", "message"}
    assert answer.json()["status"] == answer.status_code


def test_a_fixture_can_write_other_errors(tmp_path: Path) -> None:
    change = (
        'body: {status: 429, message: "invalid param: {{ violation.where }}"}',
        'body: {message: nope, error: {code: E1, where: "{{ violation.where }}", seen: "{{ violation.seen }}"}}',
    )
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    answer = client.post("/api/oauth2", json=BAD, headers=TOKEN)
    error = {"code": "E1", "where": "body.validity_duration", "seen": 299}
    assert answer.json() == {"message": "nope", "error": error}


# The order of checks


def test_route_and_method_come_before_authorization_and_that_before_the_body(client: TestClient) -> None:
    assert client.post("/api/oauth3", content=b"{").status_code == 404
    assert client.get("/api/oauth2").status_code == 405
    assert client.post("/api/oauth2", content=b"{").status_code == 403
    assert client.post("/api/oauth2", content=b"{", headers=TOKEN).status_code == 429


def test_a_fixture_can_judge_the_body_first(tmp_path: Path) -> None:
    change = ("invalid: invalid-parameter", "invalid: invalid-parameter\norder: [body, parameters, authorization]")
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    assert client.post("/api/oauth2", content=b"{").status_code == 429
    assert client.post("/api/oauth2", json=ASK).status_code == 403


# Tokens

REFUSED = [
    ({}, "missing"),
    ({"Authorization": "Bearer"}, "malformed"),
    (bearer("nobody"), "unknown"),
    (bearer("expired-token"), "expired"),
    (bearer("noscope-token"), "scope"),
]


@pytest.mark.parametrize("path", ["/api/oauth2", "/api/oauth2/credentials"])
def test_every_refused_token_is_403_with_a_message_of_its_own_and_a_challenge(client: TestClient, path: str) -> None:
    messages = set()
    for headers, _ in REFUSED:
        answer = client.post(path, json=ASK, headers=headers)
        status, message = said(answer)
        assert status == 403
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        messages.add(message)
    assert len(messages) == len(REFUSED)


@pytest.mark.parametrize("headers, rule", REFUSED)
def test_a_fixture_can_answer_each_refused_token_otherwise(tmp_path: Path, headers: dict[str, str], rule: str) -> None:
    name = "scope-missing" if rule == "scope" else f"token-{rule}"
    folder = edited(
        tmp_path,
        NEW,
        (f"{rule}: {name}", f"{rule}: own"),
        ("responses:", "responses:\n  own: {status: 401, source: assumed, body: {message: own}}"),
    )
    client = make_client(fixtures=folder)
    for each, other in REFUSED:
        assert client.post("/api/oauth2", json=ASK, headers=each).status_code == (401 if other == rule else 403)
    assert client.post("/api/oauth2", json=ASK, headers=TOKEN).status_code == 200
    assert client.post("/api/oauth2", json=ASK, headers=headers).json() == {"message": "own"}


def test_a_fixture_can_list_other_tokens(tmp_path: Path) -> None:
    folder = edited(tmp_path, "tokens.yaml", ("token: dev-token ", "token: my-token "))
    client = make_client(fixtures=folder)
    assert client.post("/api/oauth2", json=ASK, headers=bearer("my-token")).status_code == 200
    assert said(client.post("/api/oauth2", json=ASK, headers=TOKEN)) == (403, "the token is not known")


def test_without_a_list_of_tokens_any_is_good(tmp_path: Path) -> None:
    folder = edited(tmp_path)
    (folder / "tokens.yaml").unlink()
    client = make_client(fixtures=folder)
    begun = client.post("/api/oauth2", json=ASK, headers=bearer("anything")).json()
    assert collect(client, begun, bearer("anything")).status_code == 402
    assert collect(client, begun, bearer("another")).status_code == 403
    assert client.post("/api/oauth2", json=ASK).status_code == 403


def test_any_token_lets_an_unlisted_token_in_and_a_listed_one_keeps_what_it_is() -> None:
    client = make_client(any_token=True)
    assert client.post("/api/oauth2", json=ASK, headers=bearer("nobody")).status_code == 200
    assert client.post("/api/oauth2", json=ASK, headers=bearer("expired-token")).status_code == 403
    assert client.post("/api/oauth2", json=ASK, headers=bearer("unpaid-token")).status_code == 402
    assert client.post("/api/oauth2", json=ASK).status_code == 403


# An invalid request 1

INVALID: list[bytes] = [
    b'{"datasource_id":"fb","validity_duration":299}',
    b'{"datasource_id":"fb","validity_duration":"300"}',
    b"{",
    b'{"validity_duration":300}',
    b'{"datasource_id":"nobody"}',
    b'{"datasource_id":"mysql"}',
]


@pytest.mark.parametrize("body", INVALID)
def test_any_invalid_request_1_is_429_and_never_says_when_to_retry(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/oauth2", content=body, headers=TOKEN)
    status, message = said(answer)
    assert status == 429
    assert message.startswith("invalid param: body")
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("body", INVALID)
def test_a_fixture_can_answer_an_invalid_request_1_otherwise(tmp_path: Path, body: bytes) -> None:
    own = "\n  own: {status: 400, source: assumed, headers: {Retry-After: '1'}, body: {status: 400, message: own}}"
    folder = edited(
        tmp_path,
        NEW,
        ("responses:", "responses:" + own),
        ("invalid: invalid-parameter", "invalid: own"),
        ("respond: no-such-source", "respond: own"),
    )
    answer = make_client(fixtures=folder).post("/api/oauth2", content=body, headers=TOKEN)
    assert said(answer) == (400, "own")
    assert answer.headers["retry-after"] == "1"


def test_a_fixture_can_tell_the_violations_apart(tmp_path: Path) -> None:
    change = ("invalid: invalid-parameter", 'invalid: {minimum: rate-limited, "*": invalid-parameter}')
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    assert said(client.post("/api/oauth2", json=BAD, headers=TOKEN)) == (429, "too many requests")
    too_long = {**ASK, "validity_duration": 43201}
    assert said(client.post("/api/oauth2", json=too_long, headers=TOKEN))[1].startswith("invalid param")


# Real rate limiting


def test_a_rate_limit_comes_only_when_a_scenario_asks(client: TestClient) -> None:
    for _ in range(50):
        assert client.post("/api/oauth2", json=ASK, headers=TOKEN).status_code == 200
    client.put("/__mock/scenario", json={"scenario": "rate-limited"})
    answer = client.post("/api/oauth2", json=ASK, headers=TOKEN)
    assert said(answer) == (429, "too many requests")
    assert answer.headers["retry-after"] == "10"


def test_a_fixture_can_make_the_rate_limit_another(tmp_path: Path) -> None:
    client = make_client(fixtures=edited(tmp_path, NEW, ('Retry-After: "10"', 'Retry-After: "3"')))
    client.put("/__mock/scenario", json={"scenario": "rate-limited"})
    assert client.post("/api/oauth2", json=ASK, headers=TOKEN).headers["retry-after"] == "3"


# No validity_duration


def test_a_missing_validity_is_three_hundred_seconds(client: TestClient) -> None:
    begun = client.post("/api/oauth2", json={"datasource_id": "fb"}, headers=TOKEN).json()
    expire(client, 299.999)
    assert said(collect(client, begun)) == (402, "consent is pending")
    expire(client, 0.001)
    assert said(collect(client, begun)) == (402, "the OAuth2 process has expired")


def test_a_fixture_can_make_it_longer_or_refuse_it(tmp_path: Path) -> None:
    client = make_client(fixtures=edited(tmp_path, NEW, ("default_valid_for: 300s", "default_valid_for: 12h")))
    begun = client.post("/api/oauth2", json={"datasource_id": "fb"}, headers=TOKEN).json()
    expire(client, 43199)
    assert said(collect(client, begun)) == (402, "consent is pending")
    rule = "rules:\n  - when: {body.validity_duration: {present: false}}\n    respond: invalid-parameter"
    client = make_client(fixtures=edited(tmp_path, NEW, ("rules:", rule)))
    assert client.post("/api/oauth2", json={"datasource_id": "fb"}, headers=TOKEN).status_code == 429
    assert client.post("/api/oauth2", json=ASK, headers=TOKEN).status_code == 200


# 300.0

NUMBERS: list[tuple[bytes, int]] = [
    (b"300", 200),
    (b"300.0", 200),
    (b"3e2", 200),
    (b'"300"', 429),
    (b"true", 429),
    (b"null", 429),
    (b"300.5", 429),
    (b"[300]", 429),
]


def post_duration(client: TestClient, number: bytes) -> int:
    body = b'{"datasource_id":"fb","validity_duration":' + number + b"}"
    return client.post("/api/oauth2", content=body, headers=TOKEN).status_code


@pytest.mark.parametrize("number, status", NUMBERS)
def test_an_integer_is_what_json_schema_says(client: TestClient, number: bytes, status: int) -> None:
    assert post_duration(client, number) == status


def test_a_fixture_can_refuse_a_fraction_of_nothing(tmp_path: Path) -> None:
    rule = "rules:\n  - when: {body.validity_duration: {type: float}}\n    respond: invalid-parameter"
    client = make_client(fixtures=edited(tmp_path, NEW, ("rules:", rule)))
    assert [post_duration(client, number) for number in (b"300", b"300.0", b"3e2")] == [200, 429, 429]


def test_a_fixture_can_accept_what_is_no_integer(tmp_path: Path) -> None:
    change = ("invalid: invalid-parameter", "invalid: invalid-parameter\noverlook: [body.validity_duration]")
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    assert {post_duration(client, number) for number, _ in NUMBERS} == {200}
    assert [post_duration(client, number) for number in (b"9" * 400, b"-" + b"9" * 400, b"1e300")] == [200, 200, 200]


# What request 2 must carry


def test_a_pull_id_is_required_and_an_auth_uri_is_compared_when_it_is_sent(client: TestClient) -> None:
    begun = start(client)
    approve(client, begun)
    credentials = "/api/oauth2/credentials"
    assert client.post(credentials, json={"auth_uri": begun["auth_uri"]}, headers=TOKEN).status_code == 403
    assert collect(client, begun).status_code == 200
    assert collect(client, begun, auth_uri=begun["auth_uri"]).status_code == 200
    assert collect(client, begun, auth_uri=begun["auth_uri"] + "x").status_code == 403


def test_a_fixture_can_require_the_auth_uri(tmp_path: Path) -> None:
    rule = "rules:\n  - when: {body.auth_uri: {present: false}}\n    respond: invalid-request"
    client = make_client(fixtures=edited(tmp_path, GET, ("rules:", rule)))
    begun = start(client)
    approve(client, begun)
    assert collect(client, begun).status_code == 403
    assert collect(client, begun, auth_uri=begun["auth_uri"]).status_code == 200


def test_a_fixture_can_leave_the_auth_uri_uncompared(tmp_path: Path) -> None:
    client = make_client(fixtures=edited(tmp_path, GET, ("auth_uri: body.auth_uri ", "auth_uri: body.never_sent ")))
    begun = start(client)
    approve(client, begun)
    assert collect(client, begun, auth_uri="http://other.example/").status_code == 200


def test_a_fixture_can_take_the_pull_id_from_elsewhere(tmp_path: Path) -> None:
    folder = edited(
        tmp_path,
        GET,
        ("pull_id: body.pull_id", "pull_id: header.x-pull-id"),
        ("invalid: invalid-request", "invalid: invalid-request\noverlook: [body.pull_id]"),
    )
    client = make_client(fixtures=folder)
    begun = start(client)
    approve(client, begun)
    headers = {**TOKEN, "X-Pull-Id": begun["pull_id"]}
    assert client.post("/api/oauth2/credentials", json={}, headers=headers).status_code == 200
    assert collect(client, begun).status_code == 403


# A pull_id that opens nothing


def test_whatever_opens_nothing_is_the_same_403(client: TestClient) -> None:
    begun, other = start(client), start(client)
    approve(client, begun)
    answers = [
        collect(client, begun, pull_id="abcdefghijkl." + "x" * 32),
        collect(client, begun, pull_id=begun["pull_id"][:-1] + "~"),
        collect(client, begun, OTHER_TOKEN),
        collect(client, begun, auth_uri=other["auth_uri"]),
    ]
    assert {answer.content for answer in answers} == {b'{"status":403,"message":"no such OAuth2 process"}'}
    assert len({tuple(sorted(set(answer.headers) - {"mock-entry"})) for answer in answers}) == 1


@pytest.mark.parametrize("state", ["unknown", "forged", "foreign", "mismatched"])
def test_a_fixture_can_tell_them_apart(tmp_path: Path, state: str) -> None:
    folder = edited(
        tmp_path,
        GET,
        ("rules:", f"rules:\n  - when: {{handshake.state: {state}}}\n    respond: own"),
        ("responses:", "responses:\n  own: {status: 402, source: assumed, body: {status: 402, message: own}}"),
    )
    client = make_client(fixtures=folder)
    begun, other = start(client), start(client)
    answers = {
        "unknown": collect(client, begun, pull_id="abcdefghijkl." + "x" * 32),
        "forged": collect(client, begun, pull_id=begun["pull_id"][:-1] + "~"),
        "foreign": collect(client, begun, OTHER_TOKEN),
        "mismatched": collect(client, begun, auth_uri=other["auth_uri"]),
    }
    assert {name for name, answer in answers.items() if answer.status_code == 402} == {state}


def test_a_body_of_request_2_that_is_invalid_is_403_and_can_be_another(tmp_path: Path) -> None:
    body = {"pull_id": 7}
    credentials = "/api/oauth2/credentials"
    assert said(make_client().post(credentials, json=body, headers=TOKEN)) == (403, "invalid request: body.pull_id")
    client = make_client(fixtures=edited(tmp_path, GET, ("invalid: invalid-request", "invalid: payment-required")))
    assert client.post(credentials, json=body, headers=TOKEN).status_code == 402


# Pending, denied, expired, failed

ENDS = [
    (None, 0, "pending", "consent is pending"),
    ("deny", 0, "denied", "consent was denied"),
    ("fail", 0, "provider-failed", "the provider failed"),
    (None, 300, "expired", "the OAuth2 process has expired"),
]


def brought_to(client: TestClient, decision: str | None, seconds: float) -> dict[str, str]:
    begun = start(client)
    if decision:
        client.post(f"/__mock/handshakes/{begun['pull_id']}/decide", json={"decision": decision})
    expire(client, seconds)
    return begun


@pytest.mark.parametrize("decision, seconds, name, message", ENDS)
def test_each_end_without_credentials_is_402_with_a_message_of_its_own(
    client: TestClient, decision: str | None, seconds: float, name: str, message: str
) -> None:
    assert said(collect(client, brought_to(client, decision, seconds))) == (402, message)


@pytest.mark.parametrize("decision, seconds, name, message", ENDS)
def test_a_fixture_can_answer_each_end_otherwise(
    tmp_path: Path, decision: str | None, seconds: float, name: str, message: str
) -> None:
    folder = edited(
        tmp_path,
        GET,
        (f"respond: {name}\n", "respond: own\n"),
        ("responses:", "responses:\n  own: {status: 403, source: assumed, body: {status: 403, message: own}}"),
    )
    client = make_client(fixtures=folder)
    for each in ENDS:
        wanted = (403, "own") if each[2] == name else (402, each[3])
        assert said(collect(client, brought_to(client, each[0], each[1]))) == wanted


# The second read


def test_credentials_are_read_again_until_they_expire(client: TestClient) -> None:
    begun = start(client)
    approve(client, begun)
    first = collect(client, begun)
    for _ in range(3):
        expire(client, 90)
        assert collect(client, begun).content == first.content
    expire(client, 30)
    assert said(collect(client, begun)) == (402, "the OAuth2 process has expired")


def test_a_fixture_can_make_them_single_use(tmp_path: Path) -> None:
    client = make_client(fixtures=edited(tmp_path, GET, ("single_use: false", "single_use: true")))
    begun = start(client)
    approve(client, begun)
    assert collect(client, begun).status_code == 200
    for _ in range(2):
        assert said(collect(client, begun)) == (402, "the credentials were collected already")
    expire(client, 300)
    assert said(collect(client, begun)) == (402, "the OAuth2 process has expired")


# Expiry


@pytest.mark.parametrize("duration", [300, 43200])
def test_it_is_valid_while_now_is_before_issued_and_duration(client: TestClient, duration: int) -> None:
    client.post("/__mock/clock", json={"freeze": True})
    begun = start(client, validity_duration=duration)
    approve(client, begun)
    expire(client, duration - 0.001)
    assert collect(client, begun).status_code == 200
    expire(client, 0.001)
    assert said(collect(client, begun)) == (402, "the OAuth2 process has expired")


def test_a_fixture_can_take_the_validity_from_elsewhere(tmp_path: Path) -> None:
    change = ("valid_for: body.validity_duration ", "valid_for: body.lifetime ")
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    begun = start(client, validity_duration=300, lifetime=7)
    expire(client, 6)
    assert said(collect(client, begun)) == (402, "consent is pending")
    expire(client, 1)
    assert said(collect(client, begun)) == (402, "the OAuth2 process has expired")


# Content-Type


@pytest.mark.parametrize(
    "content_type, status",
    [
        (None, 200),
        ("", 200),
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 429),
        ("application/x-www-form-urlencoded", 429),
        ("application/xml", 429),
        (";", 429),
    ],
)
def test_a_body_without_a_type_is_json_and_one_of_another_type_is_invalid(
    client: TestClient, content_type: str | None, status: int
) -> None:
    headers = TOKEN if content_type is None else {**TOKEN, "Content-Type": content_type}
    good = client.post("/api/oauth2", content=b'{"datasource_id":"fb"}', headers=headers)
    assert good.status_code == status
    # Whatever its type: what is invalid stays invalid.
    bad = client.post("/api/oauth2", content=b'{"datasource_id":"fb","validity_duration":1}', headers=headers)
    assert bad.status_code == 429


def test_a_fixture_can_insist_on_a_type(tmp_path: Path) -> None:
    rule = "rules:\n  - when: {header.content-type: {present: false}}\n    respond: invalid-parameter"
    client = make_client(fixtures=edited(tmp_path, NEW, ("rules:", rule)))
    assert client.post("/api/oauth2", content=b'{"datasource_id":"fb"}', headers=TOKEN).status_code == 429
    assert client.post("/api/oauth2", json=ASK, headers=TOKEN).status_code == 200


def test_a_fixture_can_overlook_the_type_and_still_judges_the_body(tmp_path: Path) -> None:
    change = ("invalid: invalid-parameter", "invalid: invalid-parameter\noverlook: [header.content-type]")
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    plain = {**TOKEN, "Content-Type": "text/plain"}
    assert client.post("/api/oauth2", content=b'{"datasource_id":"fb"}', headers=plain).status_code == 200
    for body in INVALID:
        assert client.post("/api/oauth2", content=body, headers=plain).status_code == 429


def test_a_fixture_can_answer_a_wrong_type_otherwise(tmp_path: Path) -> None:
    change = ("invalid: invalid-parameter", 'invalid: {content-type: payment-required, "*": invalid-parameter}')
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    plain = {**TOKEN, "Content-Type": "text/plain"}
    assert client.post("/api/oauth2", content=b"{}", headers=plain).status_code == 402


# Extra fields


def test_extra_fields_are_accepted(client: TestClient) -> None:
    begun = start(client, connection_type="fb", environment_id=7, cross_id=None)
    approve(client, begun)
    assert collect(client, begun, datasource_id="fb", account_id=[1]).status_code == 200


@pytest.mark.parametrize("file, invalid", [(NEW, "invalid: invalid-parameter"), (GET, "invalid: invalid-request")])
def test_a_fixture_can_refuse_extra_fields(tmp_path: Path, file: str, invalid: str) -> None:
    client = make_client(fixtures=edited(tmp_path, file, (invalid, f"{invalid}\nunknown_fields: refuse")))
    begun = start(client)
    approve(client, begun)
    assert collect(client, begun, auth_uri=begun["auth_uri"]).status_code == 200
    path = "/api/oauth2" if file == NEW else "/api/oauth2/credentials"
    good = ASK if file == NEW else begun
    status, message = said(client.post(path, json={**good, "zebra": 1, "apple": 2}, headers=TOKEN))
    assert status == (429 if file == NEW else 403)
    assert message.endswith(": body.zebra")  # the first in the client's own order


# The callback


def test_a_fixture_can_put_the_callback_elsewhere(tmp_path: Path) -> None:
    change = ('["/oauthcallback/{provider}", "/oauth2_callback/{provider}"]', '["/done/{provider}.html"]')
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    assert location.startswith("http://127.0.0.1:4010/api/done/fb.html?")
    assert client.get(location.replace("/done/fb.html", "/oauthcallback/fb")).status_code == 404
    assert client.get(location).status_code == 200
    assert collect(client, begun).status_code == 200


def test_a_callback_without_a_provider_in_its_path_works(tmp_path: Path) -> None:
    change = ('["/oauthcallback/{provider}", "/oauth2_callback/{provider}"]', '["/oauthcallback"]')
    client = make_client(fixtures=edited(tmp_path, NEW, change))
    begun = start(client)
    assert walk(client, begun).status_code == 200
    assert collect(client, begun).status_code == 200


# Unknown path, wrong method


def test_an_unknown_path_and_a_wrong_method_are_told_in_the_same_shape(client: TestClient) -> None:
    status, message = said(client.get("/api/oauth"))
    assert status == 404
    assert "/api/oauth" in message
    assert "/api/oauth2" in client.get("/api/oauth").json()["nearest"]
    wrong = client.put("/api/oauth2")
    assert said(wrong)[0] == 405
    assert wrong.headers["allow"] == "OPTIONS, POST"


def test_a_fixture_can_answer_them_otherwise(tmp_path: Path) -> None:
    own = """\
unrouted:
  not_found: {status: 403, source: assumed, body: {status: 403, message: "no {{ request.path }}"}}
  wrong_method: {status: 404, source: assumed, body: {status: 404, message: gone}}
"""
    client = make_client(fixtures=edited(tmp_path, unrouted=own))
    assert said(client.get("/api/oauth3")) == (403, "no /api/oauth3")
    wrong = client.put("/api/oauth2")
    assert said(wrong) == (404, "gone")
    assert wrong.headers["allow"] == "OPTIONS, POST"
