"""The control API: every endpoint, bad input, who may use it, and that it keeps its own document."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from starlette.routing import Mount, Route, Router
from starlette.testclient import TestClient

from mock_server.core.snapshot import Queued
from mock_server.state.store import MAX_QUEUE
from mock_server.web.app import MockApp
from mock_server.web.guard import ControlGuard
from mock_server.web.within import Naming
from tests.support import ASK, TOKEN, FakeWall, make_app, make_client, start
from tests.web.walk import collect

WALL = FakeWall().now


class Checked:
    """Calls the control API; no answer leaves it that its own document does not describe."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.document: dict[str, Any] = client.get("/__mock/openapi.json").json()
        self.seen: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, **request: Any) -> httpx2.Response:
        answer = self.client.request(method, f"/__mock{path}", **request)
        self.check(method, path.partition("?")[0], answer)
        return answer

    def check(self, method: str, path: str, answer: httpx2.Response) -> None:
        template = self.template(path)
        self.seen.add((method, template))
        responses = self.document["paths"][template][method.lower()]["responses"]
        status = str(answer.status_code)
        described = responses.get(status) or responses[f"{status[0]}XX"]
        if "$ref" in described:
            described = self.document["components"]["responses"][described["$ref"].rpartition("/")[2]]
        content = described["content"]
        assert answer.headers["content-type"] in content
        schema = {**content[answer.headers["content-type"]]["schema"], "components": self.document["components"]}
        jsonschema_rs.Draft202012Validator(schema).validate(answer.json())
        assert answer.status_code < 400 or answer.json()["status"] == answer.status_code

    def template(self, path: str) -> str:
        if path in self.document["paths"]:
            return path
        described: list[str] = [each for each in self.document["paths"] if "{" in each]
        return next(each for each in described if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), path))


@pytest.fixture
def control(client: TestClient) -> Checked:
    return Checked(client)


# Every endpoint


def test_it_is_healthy_and_ready(control: Checked) -> None:
    assert control("GET", "/health").json()["status"] == "ok"
    reload: dict[str, object] = {"watching": False, "count": 0, "at": None, "problems": []}
    assert control("GET", "/ready").json() == {"status": "ready", "operations": 2, "warnings": 1, "reload": reload}


def test_every_answer_of_it_is_not_to_be_cached(control: Checked) -> None:
    for path in ("/health", "/journal", "/clock", "/openapi.json"):
        assert control("GET", path).headers["cache-control"] == "no-store"


def test_the_journal_says_what_was_asked_what_was_answered_and_why(control: Checked, client: TestClient) -> None:
    answer = client.post("/api/oauth2", json={**ASK, "validity_duration": 299}, headers=TOKEN)
    journal = control("GET", "/journal").json()
    assert journal["total"] == 1
    entry = journal["entries"][0]
    assert entry["id"] == answer.headers["mock-entry"]
    assert (entry["method"], entry["path"], entry["operation"]) == ("POST", "/api/oauth2", "POST /oauth2")
    assert (entry["status"], entry["response"], entry["source"]) == (429, "invalid-parameter", "assumed")
    assert entry["reasons"][-1].startswith("document: body.validity_duration 299 is less than the minimum")
    assert json.loads(entry["request"]["body"])["validity_duration"] == 299
    assert entry["answer"]["headers"]["content-type"] == "application/json"


def test_the_journal_is_limited_to_the_newest(control: Checked, client: TestClient) -> None:
    ids = [client.get(f"/{number}").headers["mock-entry"] for number in range(5)]
    journal = control("GET", "/journal?limit=2").json()
    assert ([entry["id"] for entry in journal["entries"]], journal["total"]) == (ids[-2:], 5)


def test_handshakes_are_listed_newest_first_and_found_by_both_names(control: Checked, client: TestClient) -> None:
    first, second = start(client), start(client, datasource_id="google_ads")
    listed = control("GET", "/handshakes").json()["handshakes"]
    assert [each["provider"] for each in listed] == ["google_ads", "fb"]
    assert listed[1] == control("GET", f"/handshakes/{first['pull_id']}").json()
    assert listed[0] == control("GET", f"/handshakes/{listed[0]['id']}").json()
    assert (listed[0]["account"], listed[0]["state"]) == ("acme", "asked")
    assert (listed[0]["started_at"], listed[0]["expires_at"]) == (WALL, WALL + 300)
    for begun in (first, second):
        assert begun["pull_id"] not in json.dumps(listed)


@pytest.mark.parametrize("path", ["", "/decide"])
def test_a_handshake_that_is_not_there_is_not_found(control: Checked, client: TestClient, path: str) -> None:
    begun = start(client)
    method, body = ("POST", {"decision": "approve"}) if path else ("GET", None)
    for name in ("x", "abcdefghijkl", begun["pull_id"][:-1], "abcdefghijkl~nobody", "%20", "a%2Fb"):
        answer = control(method, f"/handshakes/{name}{path}", json=body) if "/" not in name else None
        if answer is not None:
            assert answer.status_code == 404
    assert collect(client, begun).json()["message"] == "consent is pending"


def test_the_clock_is_frozen_set_advanced_and_thawed(control: Checked) -> None:
    assert control("GET", "/clock").json() == {"now": WALL, "frozen": False, "ahead_s": 0}
    assert control("POST", "/clock", json={"freeze": True}).json() == {"now": WALL, "frozen": True, "ahead_s": 0}
    ahead = control("POST", "/clock", json={"advance": 43200}).json()
    assert ahead == {"now": WALL + 43200, "frozen": True, "ahead_s": 43200}
    assert control("POST", "/clock", json={"set": 1000}).json()["now"] == 1000
    assert control("POST", "/clock", json={"freeze": False, "set": 2000, "advance": -0.5}).json() == {
        "now": 1999.5,
        "frozen": False,
        "ahead_s": 1999.5 - WALL,
    }


def test_a_running_clock_runs_with_the_wall() -> None:
    wall = FakeWall()
    client = make_client(make_app(wall=wall))
    client.post("/__mock/clock", json={"advance": 60})
    wall.now += 5
    assert client.get("/__mock/clock").json()["now"] == WALL + 65
    client.post("/__mock/clock", json={"freeze": True})
    wall.now += 5
    assert client.get("/__mock/clock").json()["now"] == WALL + 65


def test_twelve_hours_pass_in_one_call(control: Checked, client: TestClient) -> None:
    begun = start(client, validity_duration=43200)
    control("POST", "/clock", json={"advance": 43200})
    assert collect(client, begun).json()["message"] == "the OAuth2 process has expired"


def test_a_scenario_is_switched_on_and_off(control: Checked) -> None:
    listed = control("GET", "/scenario").json()
    assert listed["scenario"] is None
    assert all(each["description"] for each in listed["scenarios"])
    assert control("PUT", "/scenario", json={"scenario": "expired"}).json()["scenario"] == "expired"
    assert control("GET", "/scenario").json()["scenario"] == "expired"
    unknown = control("PUT", "/scenario", json={"scenario": "nothing"})
    assert unknown.status_code == 404
    assert "expired" in unknown.json()["available"]
    assert control("PUT", "/scenario", json={"scenario": None}).json()["scenario"] is None


def test_answers_are_queued_by_operation_or_by_its_id(control: Checked) -> None:
    control("POST", "/next", json={"operation": "POST /oauth2", "response": "rate-limited"})
    queue = control("POST", "/next", json={"operation": "getOAuth2Credentials", "response": "denied", "times": 3})
    wanted = [
        {"operation": "POST /oauth2", "response": "rate-limited", "times": 1},
        {"operation": "POST /oauth2/credentials", "response": "denied", "times": 3},
    ]
    assert queue.json() == control("GET", "/next").json() == {"next": wanted}


def test_what_cannot_be_queued_is_told_what_can(control: Checked) -> None:
    operation = control("POST", "/next", json={"operation": "GET /oauth2", "response": "started"})
    assert (operation.status_code, operation.json()["available"]) == (404, ["POST /oauth2", "POST /oauth2/credentials"])
    response = control("POST", "/next", json={"operation": "POST /oauth2", "response": "denied"})
    assert response.status_code == 404
    assert "rate-limited" in response.json()["available"]


def test_a_full_queue_is_a_conflict(control: Checked) -> None:
    body = {"operation": "POST /oauth2", "response": "started"}
    assert isinstance(control.client.app, MockApp)
    store = control.client.app.live.store

    async def all_but_one() -> None:  # each answer would show the whole queue
        for _ in range(MAX_QUEUE - 1):
            await store.enqueue("default", Queued("POST /oauth2", "started", 1))

    asyncio.run(all_but_one())
    assert control("POST", "/next", json=body).status_code == 200
    assert control("POST", "/next", json=body).status_code == 409
    control("POST", "/reset")
    assert control("POST", "/next", json=body).status_code == 200


def test_a_reset_forgets_everything_of_the_session(control: Checked, client: TestClient) -> None:
    begun = start(client)
    control("POST", "/clock", json={"advance": 60})
    control("PUT", "/scenario", json={"scenario": "expired"})
    control("POST", "/next", json={"operation": "POST /oauth2", "response": "started"})
    assert control("POST", "/reset").json() == {"session": "default", "status": "reset"}
    assert control("GET", "/journal").json()["total"] == 0
    assert control("GET", "/handshakes").json() == {"handshakes": []}
    assert control("GET", "/next").json() == {"next": []}
    assert control("GET", "/scenario").json()["scenario"] is None
    assert control("GET", "/clock").json()["now"] == WALL
    assert control("GET", f"/handshakes/{begun['pull_id']}").status_code == 404


# Sessions


def test_a_session_is_named_in_a_header_and_shares_nothing(control: Checked, client: TestClient) -> None:
    alice = {"Mock-Session": "alice"}
    client.post("/api/oauth2", json=ASK, headers={**TOKEN, **alice})
    control("POST", "/clock", json={"advance": 60}, headers=alice)
    control("PUT", "/scenario", json={"scenario": "expired"}, headers=alice)
    control("POST", "/next", json={"operation": "POST /oauth2", "response": "started"}, headers=alice)
    for path, key in (("/journal", "entries"), ("/handshakes", "handshakes"), ("/next", "next")):
        assert len(control("GET", path, headers=alice).json()[key]) == 1
        assert control("GET", path).json()[key] == []
        assert control("GET", path, headers={"Mock-Session": "bob"}).json()[key] == []
    assert control("GET", "/clock").json()["now"] == WALL
    assert control("GET", "/scenario").json()["scenario"] is None
    assert control("POST", "/reset", headers={"Mock-Session": "bob"}).json()["session"] == "bob"
    assert control("GET", "/clock", headers=alice).json()["now"] == WALL + 60


SESSION_PATHS = [
    ("GET", "/journal", None),
    ("GET", "/handshakes", None),
    ("GET", "/clock", None),
    ("POST", "/clock", {"advance": 1}),
    ("GET", "/scenario", None),
    ("PUT", "/scenario", {"scenario": None}),
    ("GET", "/next", None),
    ("POST", "/next", {"operation": "POST /oauth2", "response": "started"}),
    ("POST", "/reset", None),
]


@pytest.mark.parametrize("method, path, body", SESSION_PATHS)
@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "~", ".hidden", "a~b", "a/b"])
def test_a_session_with_a_bad_name_is_refused(
    control: Checked, method: str, path: str, body: object, name: str
) -> None:
    answer = control(method, path, json=body, headers={"Mock-Session": name})
    assert (answer.status_code, answer.json()["code"]) == (400, "MS404")


# Bad input

BAD_INPUT: list[tuple[str, str, bytes]] = [
    *(
        (method, path, body)
        for method, path in (
            ("POST", "/clock"),
            ("PUT", "/scenario"),
            ("POST", "/next"),
            ("POST", "/handshakes/x/decide"),
        )
        for body in (b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff", b"{}", b'{"x":1}', b"[" * 100_000, b'{"a":NaN}')
    ),
    *(
        ("POST", "/clock", b'{"' + key + b'":' + value + b"}")
        for key in (b"advance", b"set")
        for value in (b'"60"', b"true", b"null", b"1e12", b"-1e12", b"1e308", b"[]", b"{}")
    ),
    *(("POST", "/clock", b'{"freeze":' + value + b"}") for value in (b"1", b'"true"', b"null", b"[]")),
    ("POST", "/clock", b'{"advance":1,"x":2}'),
    *(("PUT", "/scenario", b'{"scenario":' + value + b"}") for value in (b"1", b'""', b"true", b"[]", b"{}")),
    ("PUT", "/scenario", b'{"scenario":null,"x":1}'),
    *(
        ("POST", "/next", b'{"operation":"POST /oauth2","response":"started","times":' + value + b"}")
        for value in (b"0", b"-1", b"1.5", b"1000001", b'"1"', b'"\xc2\xb2"', b"true", b"null", b"[]")
    ),
    *(
        ("POST", "/next", b'{"operation":' + operation + b',"response":' + response + b"}")
        for operation, response in (
            (b'"POST /oauth2"', b"1"),
            (b'"POST /oauth2"', b"null"),
            (b'"POST /oauth2"', b"[]"),
            (b"1", b'"started"'),
            (b"[]", b'"started"'),
            (b'""', b'"started"'),
            (b"{}", b"{}"),
        )
    ),
    *(
        ("POST", "/handshakes/x/decide", b'{"decision":' + value + b"}")
        for value in (b'"grant"', b'"collect"', b'"ask"', b'""', b"1", b"null", b"[]", b"{}", b"true")
    ),
]


@pytest.mark.parametrize("method, path, body", BAD_INPUT)
def test_bad_input_is_a_problem_and_changes_nothing(control: Checked, method: str, path: str, body: bytes) -> None:
    answer = control(method, path, content=body)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert control("GET", "/clock").json() == {"now": WALL, "frozen": False, "ahead_s": 0}
    assert control("GET", "/next").json() == {"next": []}
    assert control("GET", "/scenario").json()["scenario"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "", "1.5", "²", "٣", "9" * 5_000, "1e2", "%00"])
def test_a_bad_limit_is_a_problem(control: Checked, limit: str) -> None:
    assert control("GET", f"/journal?limit={limit}").status_code == 400


@pytest.mark.parametrize("body", [{"decision": "approve"}, {"decision": "deny"}])
def test_a_transition_that_is_not_in_the_table_is_a_conflict(
    control: Checked, client: TestClient, body: dict[str, str]
) -> None:
    begun = start(client)
    control("POST", f"/handshakes/{begun['pull_id']}/decide", json={"decision": "fail"})
    answer = control("POST", f"/handshakes/{begun['pull_id']}/decide", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "MS411")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_a_problem(control: Checked, chunked: bool) -> None:
    pieces = [b"x" * 65_536] * 32
    answer = control("POST", "/clock", content=iter(pieces) if chunked else b"".join(pieces))
    assert (answer.status_code, answer.json()["code"]) == (413, "MS405")


@pytest.mark.parametrize("path", ["/nothing", "/journal/x", "/handshakes/a/b", "/%2e%2e/oauth2"])
def test_an_unknown_path_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(f"/__mock{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_told_the_right_ones(control: Checked, client: TestClient) -> None:
    for path, methods in control.document["paths"].items():
        known = {method.upper() for method in methods if method != "parameters"}
        answer = client.request("PATCH", "/__mock" + re.sub(r"\{\w+\}", "x", path))
        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.headers["allow"].split(", ")) - {"HEAD"} == known


# Its own document


def test_every_route_is_described_and_every_description_is_a_route(client: TestClient) -> None:
    app = make_app()
    mounts = [route for route in app.site.routes if isinstance(route, Mount) and route.path == "/__mock"]
    assert isinstance(mounts[0].app, ControlGuard)
    assert isinstance(mounts[0].app.app, Naming)
    assert isinstance(mounts[0].app.app.app, Router)
    served = {
        (method, route.path.replace(":path}", "}"))  # a webhook's name may hold slashes
        for route in mounts[0].app.app.app.routes
        if isinstance(route, Route)
        for method in (route.methods or ())
        if method != "HEAD"
    }
    document = client.get("/__mock/openapi.json").json()
    described = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert served == described


def test_the_document_is_a_valid_one_with_good_examples(client: TestClient) -> None:
    document = client.get("/__mock/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for methods in document["paths"].values():
        for operation in (each for name, each in methods.items() if name != "parameters"):
            assert operation["operationId"]
            for media in operation.get("requestBody", {}).get("content", {}).values():
                schema = {**media["schema"], "components": document["components"]}
                jsonschema_rs.Draft202012Validator(schema).validate(media["example"])


# Who may use it


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:3000",
        "http://127.0.0.1:4011",
        "http://127.0.0.1",
        "null",
        "",
        "http://[",
        "http://127.0.0.1:4010.evil.example",
        "http://127.0.0.1:4010@evil.example",
        "file://",
    ],
)
@pytest.mark.parametrize("token", [None, "s3cret"])
def test_a_page_of_another_origin_is_refused(origin: str, token: str | None) -> None:
    client = make_client(control_token=token)
    headers = {"Origin": origin, **({"Authorization": f"Bearer {token}"} if token else {})}
    answer = Checked(client)("POST", "/reset", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "MS412")
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_page_of_its_own_is_let_in(control: Checked) -> None:
    assert control("GET", "/health", headers={"Origin": "http://127.0.0.1:4010"}).status_code == 200


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
@pytest.mark.parametrize("path", ["/__mock/clock", "/__mock/openapi.json", "/__mock/nothing"])
@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:4010"])
def test_there_is_no_cors_on_it(client: TestClient, method: str, path: str, origin: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = client.request(method, path, headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    if method == "OPTIONS":
        assert answer.status_code >= 400


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4010",
        "127.0.0.1.evil.example",
        "localhost.evil",
        "[",
        "[::1",
        "a@b",
        "127.0.0.2",
    ],
)
def test_a_name_that_only_points_here_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/__mock/health", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "MS412")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4010", "127.0.0.1:9", "[::1]:4010", "[::1]", ""])
def test_a_name_of_this_machine_or_none_is_let_in(control: Checked, host: str) -> None:
    assert control("GET", "/health", headers={"Host": host}).status_code == 200


def test_the_host_that_it_was_bound_to_is_let_in() -> None:
    client = make_client(host="Mock.Internal")
    assert client.get("/__mock/health", headers={"Host": "mock.internal:4010"}).status_code == 200


def remote(address: str, **settings: Any) -> TestClient:
    app = make_app(**settings)
    return TestClient(
        app, "http://mock.example:4010", raise_server_exceptions=False, client=(address, 50_000), follow_redirects=False
    )


@pytest.mark.parametrize("address", ["192.168.0.7", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "not an address"])
def test_a_client_that_is_not_on_this_machine_needs_the_token(address: str) -> None:
    for headers in ({}, {"Host": "127.0.0.1:4010"}, {"Host": "localhost"}):
        answer = remote(address).get("/__mock/health", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "MS412")
    client = remote(address, control_token="s3cret")
    for authorization in (None, "Bearer", "Bearer wrong", "Bearer s3cret2", "Basic s3cret", "s3cret", "Bearer \xe9"):
        given = [(b"authorization", authorization.encode("latin-1"))] if authorization else []
        assert client.get("/__mock/health", headers=given).status_code == 403
    for authorization in ("Bearer s3cret", "bearer s3cret"):
        assert client.get("/__mock/health", headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_a_client_on_this_machine_needs_no_token(address: str) -> None:
    client = remote(address, control_token="s3cret")
    assert client.get("/__mock/health", headers={"Host": "127.0.0.1:4010"}).status_code == 200


def test_an_empty_control_token_opens_nothing() -> None:
    client = remote("10.0.0.1", control_token="")
    for authorization in ("Bearer ", "Bearer"):
        assert client.get("/__mock/health", headers={"Authorization": authorization}).status_code == 403


def test_the_operations_answer_every_client() -> None:
    client = remote("10.0.0.1")
    begun = start(client)
    assert begun["auth_uri"].startswith("http://mock.example:4010/__provider/")
    assert client.get(begun["auth_uri"]).status_code == 200
