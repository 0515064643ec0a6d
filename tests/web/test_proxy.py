"""``--proxy``: who answers, what changes on the way, and how it ends when the real API does not answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mock_server.core.onward import Way
from mock_server.web.upstream import BadUpstream, Upstream
from tests.record.shop import KEY, PASSWORD, PICTURE, SPEC, Shop, shop
from tests.support import FakeWall, make_app, make_client

FIXTURES = """
operation: GET /items/{itemId}
responses:
  ours: {status: 200, source: assumed, body: {id: "{{ path.itemId }}", name: ours}}
  gone: {status: 404, source: assumed, body: {message: gone}}
rules:
  - when: {path.itemId: 1}
    respond: ours
"""
WHOLE = """
operation: listItems
responses:
  none: {status: 200, source: assumed, body: []}
"""
REFUSES = """
operation: createItem
invalid: bad
responses:
  bad: {status: 422, source: assumed, body: {message: ours}}
rules:
  - when: {body.name: nothing}
    respond: bad
"""
SCENARIO = """
scenario: closed
respond: {getItem: gone}
"""


@pytest.fixture(scope="module")
def real() -> Iterator[Shop]:
    with shop() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("fixtures")
    for name, text in {"item": FIXTURES, "list": WHOLE, "make": REFUSES, "closed": SCENARIO}.items():
        (found / f"{name}.yaml").write_text(text)
    return found


@pytest.fixture(scope="module")
def client(real: Shop, folder: Path) -> TestClient:
    return proxying(real, fixtures=folder)


def proxying(real: Shop, **settings: Any) -> TestClient:
    return make_client(make_app(SPEC, wall=FakeWall(), proxy=real.url, proxy_timeout_s=60.0, **settings))


def is_real(answer: Any) -> bool:
    return bool(answer.headers.get("mock-source") == "upstream")


@pytest.mark.parametrize(
    ("method", "path", "sent", "goes_on"),
    [
        ("GET", "/api/items/1", {}, False),  # a rule
        ("GET", "/api/items/7", {}, True),  # no rule fits, and nothing else is said
        ("GET", "/items/7", {}, True),  # the same at the root
        ("GET", "/api/items", {}, False),  # a file without rules speaks of the whole operation
        ("GET", "/api/items/7/picture", {}, True),  # no file
        ("GET", "/api/unknown", {}, True),  # not even in the document
        ("PUT", "/api/items", {}, True),  # nor the method
        ("POST", "/api/items", {"json": {}}, False),  # `invalid:` speaks of it
        ("POST", "/api/items", {"json": {"name": "desk"}}, True),
        ("GET", "/api/items/7", {"headers": {"Prefer": "response=gone"}}, False),  # asked for
        ("GET", "/api/items/7", {"headers": {"Prefer": "code=404"}}, False),
        ("GET", "/api/items/7", {"headers": {"Prefer": "scenario=closed"}}, False),
        ("GET", "/api/items/7", {"headers": {"Prefer": "response=no-such"}}, False),  # 400, not the real one
        ("GET", "/api/items/7", {"headers": {"Mock-Session": "a b"}}, False),
        ("GET", "/api/items/seven", {}, True),  # a violation of which no fixture speaks
    ],
)
def test_a_request_goes_on_when_no_fixture_speaks_of_it(
    client: TestClient, method: str, path: str, sent: dict[str, Any], goes_on: bool
) -> None:
    given = {**sent, "headers": {"X-Shop-Key": KEY, **sent.get("headers", {})}}
    assert is_real(client.request(method, path, **given)) is goes_on


def test_a_queued_answer_comes_from_the_mock_and_then_the_real_one_again(client: TestClient) -> None:
    key = {"X-Shop-Key": KEY}
    client.post("/__mock/next", json={"operation": "getItem", "response": "gone"}).raise_for_status()
    answers = [client.get("/api/items/7", headers=key) for _ in range(2)]
    assert [(each.status_code, is_real(each)) for each in answers] == [(404, False), (200, True)]


def test_the_journal_tells_what_the_real_api_answered_and_hides_secrets(client: TestClient) -> None:
    client.post("/__mock/reset")
    client.post("/api/login", json={"password": PASSWORD})
    entries = client.get("/__mock/journal").json()["entries"]
    (entry,) = [each for each in entries if each["path"] == "/api/login"]
    assert (entry["source"], entry["response"], entry["operation"]) == ("proxied", "upstream", "POST /login")
    assert (entry["status"], entry["answer"]["body"].count("***")) == (200, 2)
    assert PASSWORD not in str(entry)
    assert re.fullmatch(r"upstream: http://localhost:\d+ answers 200 after \d+ ms", entry["reasons"][-1])


def test_what_departs_from_the_document_is_said_in_a_header_and_in_the_journal(client: TestClient) -> None:
    answer = client.get("/api/broken")
    wanted = 'the body of 200 breaks its schema: it, required id: "id" is a required property'
    assert answer.headers["mock-departures"] == wanted
    entry = client.get("/__mock/journal").json()["entries"][-1]
    assert entry["reasons"][-1] == f"departs: {wanted}"
    assert "mock-departures" not in client.get("/api/items/7", headers={"X-Shop-Key": KEY}).headers


def test_headers_of_the_connection_end_here_and_the_host_is_the_upstreams(client: TestClient, real: Shop) -> None:
    client.get(
        "/api/items/7?x=%2F&y=a+b",
        headers={
            "X-Shop-Key": KEY, "Connection": "x-hop, close", "X-Hop": "1", "Keep-Alive": "5", "TE": "trailers",
            "Proxy-Authorization": "Basic x", "Upgrade": "h2c", "Mock-Session": "other", "Cookie": "a=1; b=2",
            "Accept-Encoding": "br", "Authorization": "Bearer real-token",
        },
    )  # fmt: skip
    method, path, headers = real.requests[-1]
    assert (method, path) == ("GET", "/v2/items/7?x=%2F&y=a+b")
    gone = {"x-hop", "keep-alive", "te", "proxy-authorization", "upgrade", "mock-session"}
    assert not gone & headers.keys()
    assert headers["host"] == real.url.split("/")[2]
    assert (headers["connection"], headers["accept-encoding"]) == ("close", "identity")
    assert (headers["cookie"], headers["authorization"]) == ("a=1; b=2", "Bearer real-token")
    assert re.fullmatch(r"1\.1 mock-server-[0-9a-f]{6}", headers["via"])


def test_redirects_are_passed_on_and_lead_back_here_when_they_stay_there(client: TestClient) -> None:
    assert client.get("/api/moved").headers["location"] == "/api/items/7"
    assert client.get("/api/away").headers["location"] == "http://elsewhere.example/v2/x"


def test_a_cookie_is_for_this_host_and_the_path_that_was_asked(client: TestClient) -> None:
    answer = client.post("/api/login", json={"password": PASSWORD})
    assert answer.headers["set-cookie"] == "sid=0815-of-nobody; Path=/api"


def test_a_body_that_came_zipped_is_unzipped_and_bytes_stay_as_they_are(client: TestClient) -> None:
    zipped = client.get("/api/zipped")
    assert (zipped.json(), "content-encoding" in zipped.headers) == ({"zipped": True}, False)
    picture = client.get("/api/items/7/picture", headers={"X-Shop-Key": KEY})
    assert (picture.content, picture.headers["content-type"]) == (PICTURE, "image/png")


def test_what_unfolds_too_far_is_handed_on_folded(client: TestClient) -> None:
    answer = client.get("/api/bomb")
    assert (answer.headers["content-encoding"], int(answer.headers["content-length"]) < 10_000) == ("gzip", True)
    entry = client.get("/__mock/journal").json()["entries"][-1]
    assert "upstream: its body is coded, and was not looked at" in entry["reasons"]


def test_a_long_answer_goes_through_and_is_not_looked_at(client: TestClient) -> None:
    answer = client.get("/api/large")
    assert (len(answer.content), answer.headers["content-length"]) == (3_000_000, "3000000")
    entry = client.get("/__mock/journal").json()["entries"][-1]
    assert entry["reasons"][-1] == "upstream: too long, or a stream: its body was not looked at"
    assert len(entry["answer"]["body"]) <= 64 * 1024


def test_head_is_head_there_too(client: TestClient, real: Shop) -> None:
    answer = client.head("/api/moved")
    assert (real.requests[-1][0], answer.content) == ("HEAD", b"")


def test_a_request_body_over_the_limit_is_refused_and_goes_nowhere(real: Shop) -> None:
    before = len(real.requests)
    small = proxying(real, max_body_bytes=100)
    assert small.post("/api/unknown", content=b"x" * 101).status_code == 413
    assert small.post("/api/unknown", content=iter([b"x" * 60, b"x" * 60])).status_code == 413
    assert len(real.requests) == before


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/api/hung-up", 502, "MS493"), ("/api/cut", 502, "MS493"), ("/api/slow", 504, "MS494")],
)
def test_an_upstream_that_does_not_answer_is_a_problem_with_a_code(
    real: Shop, path: str, status: int, code: str
) -> None:
    client = make_client(make_app(SPEC, proxy=real.url, proxy_timeout_s=0.3 if path.endswith("slow") else 60.0))
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    entry = client.get("/__mock/journal").json()["entries"][-1]
    assert (entry["status"], entry["source"]) == (status, "proxied")
    assert code in entry["reasons"][-1]


def test_an_upstream_that_is_down_costs_nothing_but_what_it_would_have_answered(folder: Path) -> None:
    client = make_client(make_app(SPEC, fixtures=folder, proxy="http://127.0.0.1:9/v2"))
    assert client.get("/api/items", headers={"X-Shop-Key": KEY}).json() == []
    answer = client.get("/api/unknown", headers={"Origin": "http://localhost:3000"})
    assert (answer.status_code, answer.json()["code"]) == (502, "MS493")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_mock_before_itself_notices(real: Shop) -> None:
    client = proxying(real)
    via = None
    client.get("/api/items/7", headers={"X-Shop-Key": KEY})
    via = real.requests[-1][2]["via"]
    answer = client.get("/api/items/7", headers={"Via": f"1.0 other, {via}"})
    assert (answer.status_code, answer.json()["code"]) == (508, "MS496")


def test_a_header_of_the_command_line_takes_the_place_of_the_clients(real: Shop) -> None:
    client = proxying(real, proxy_headers=(("X-Shop-Key", "from-the-command-line"),))
    client.get("/api/items/7", headers={"X-Shop-Key": KEY})
    assert real.requests[-1][2]["x-shop-key"] == "from-the-command-line"


def test_browsers_may_read_it_and_preflights_are_answered_here(client: TestClient, real: Shop) -> None:
    before = len(real.requests)
    origin = {"Origin": "http://localhost:3000"}
    asked = client.options("/api/items/7", headers={**origin, "Access-Control-Request-Method": "GET"})
    assert (asked.status_code, len(real.requests)) == (200, before)
    answer = client.get("/api/items/7", headers={**origin, "X-Shop-Key": KEY})
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://[fd00:ec2::254]/", "http://100.100.100.200", "http://0.0.0.0:80"]
)
def test_metadata_services_are_never_called_even_when_they_are_named(url: str) -> None:
    answer = make_client(make_app(SPEC, proxy=url)).get("/api/unknown")
    assert (answer.status_code, answer.json()["code"]) == (502, "MS495")


@pytest.mark.parametrize("url", ["ftp://x.example", "x.example", "http://me:secret@x.example", "http://x.example/?a=b"])
def test_what_is_no_address_of_an_api_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadUpstream) as refused:
        Upstream(url, 1.0)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("base", "upstream_base", "location", "back"),
    [
        ("/api", "/v2", "/v2/items/7?x=1#y", "/api/items/7?x=1#y"),
        ("/api", "/v2", "https://real.example/v2/items", "http://here/api/items"),
        ("/api", "/v2", "https://REAL.example/v2", "http://here/api"),
        ("/api", "/v2", "/v20/items", "/v20/items"),
        ("/api", "/v2", "https://other.example/v2/items", "https://other.example/v2/items"),
        ("/api", "/v2", "../items", "../items"),
        ("/api", "/v2", "http://[bad", "http://[bad"),
        ("", "", "/items", "/items"),
        ("", "", "https://real.example/items", "http://here/items"),
    ],
)
def test_a_location_leads_back_below_the_path_that_was_asked(
    base: str, upstream_base: str, location: str, back: str
) -> None:
    assert Way("http://here", base, "https://real.example", upstream_base).back(location) == back


def test_without_a_path_the_documents_base_path_is_the_upstreams(real: Shop) -> None:
    bare = real.url.removesuffix("/v2")
    client = make_client(make_app(SPEC, proxy=bare))
    for asked, there in (("/api/items/7", "/api/items/7"), ("/items/7", "/api/items/7"), ("/else", "/else")):
        client.get(asked)
        assert real.requests[-1][1] == there


def test_faults_befall_what_the_real_api_answers_too(client: TestClient) -> None:
    signed = {"X-Shop-Key": KEY}
    whole = client.get("/api/items/7", headers=signed)
    half = client.get("/api/items/7", headers={**signed, "Prefer": "fault=truncated-body"})
    assert (half.status_code, half.content) == (200, whole.content[: len(whole.content) // 2])
    assert (half.headers["mock-source"], half.headers["mock-fault"]) == ("upstream", "truncated-body")
    instead = client.get("/api/items/7", headers={**signed, "Prefer": "fault=status-503"})
    assert (instead.status_code, instead.json()["code"]) == (503, "MS440")
    entry = client.get("/__mock/journal").json()["entries"][-1]
    assert (entry["source"], entry["fault"], entry["status"]) == ("proxied", "status-503", 503)
    unknown = client.get("/api/items/7", headers={**signed, "Prefer": "fault=no-such"})
    assert (unknown.status_code, is_real(unknown)) == (400, False)


def test_faults_of_the_session_count_what_goes_through(client: TestClient) -> None:
    session = {"X-Shop-Key": KEY, "Mock-Session": "faulty"}
    client.put(
        "/__mock/faults", json={"faults": [{"fault": "status-500", "every": 2}]}, headers=session
    ).raise_for_status()
    statuses = [client.get("/api/items/7", headers=session).status_code for _ in range(4)]
    assert statuses == [200, 500, 200, 500]


def test_an_answer_of_the_real_api_waits_when_it_is_asked_to(client: TestClient) -> None:
    client.get("/api/items/7", headers={"X-Shop-Key": KEY, "Prefer": "wait=0.15"})
    assert client.get("/__mock/journal").json()["entries"][-1]["duration_ms"] >= 150


def test_a_page_of_another_site_has_the_mock_and_not_the_real_api(client: TestClient, real: Shop) -> None:
    before = len(real.requests)
    page = {"X-Shop-Key": KEY, "Origin": "https://evil.example"}
    refused = client.get("/api/items/7", headers=page)
    assert (refused.status_code, refused.json()["code"]) == (403, "MS496")
    assert client.get("/api/items/1", headers=page).status_code == 200, "what a fixture says anybody may have"
    rebound = client.get("/api/items/7", headers={"X-Shop-Key": KEY, "Host": "evil.example:4010"})
    assert (rebound.status_code, rebound.json()["code"]) == (403, "MS496")
    assert len(real.requests) == before
    named = proxying(real, cors=("https://front.example",))
    assert is_real(named.get("/api/items/7", headers={"X-Shop-Key": KEY, "Origin": "https://front.example"}))


def test_who_records_asks_for_the_whole_and_who_passes_on_asks_as_the_client_did(real: Shop) -> None:
    asked = {"X-Shop-Key": KEY, "If-None-Match": '"a"', "Range": "bytes=0-1"}
    for proxy_all in (False, True):
        proxying(real, proxy_all=proxy_all).get("/api/items/7", headers=asked)
        assert ("if-none-match" in real.requests[-1][2], "range" in real.requests[-1][2]) == (
            not proxy_all,
            not proxy_all,
        )


def test_a_target_goes_on_as_it_came(client: TestClient, real: Shop) -> None:
    client.get("/api/unknown/a%2Fb/%C3%A9?x=%5B1%5D&y=[2]")
    assert real.requests[-1][1] == "/v2/unknown/a%2Fb/%C3%A9?x=%5B1%5D&y=[2]"


def test_why_the_real_api_answered_is_explained(client: TestClient) -> None:
    entry = client.get("/api/items/seven", headers={"X-Shop-Key": KEY}).headers["mock-entry"]
    told = client.get(f"/__mock/explain/{entry}").json()
    assert (told["won"], told["provenance"]["from"]) == ("upstream", "upstream")
    steps = {each["step"]: each["outcome"] for each in told["ladder"]}
    assert (steps["client"], steps["violations"], steps["upstream"]) == ("missed", "missed", "hit")
    assert [each["where"] for each in told["violations"]] == ["path.itemId"]
    assert any("write a rule or `otherwise:`" in each for each in told["change"])
