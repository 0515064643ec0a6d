"""Sessions named by a base path or a cookie, and what the control API does with a whole session."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from tests.support import ASK, LOOPBACK, TOKEN, FakeWall, make_app, make_client, start
from tests.web.test_stateful import document, write
from tests.web.walk import collect, open_page, press, query, walk

ALICE = "/__mock/s/alice"


def journal(client: TestClient, session: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/__mock/journal", headers={"Mock-Session": session}).json()["entries"]
    return found


# The base path


def test_an_operation_below_a_session_path_is_in_that_session(client: TestClient) -> None:
    begun = start(client, f"{ALICE}/api/oauth2")
    assert "~alice." in begun["pull_id"]
    assert start(client, f"{ALICE}/oauth2")["pull_id"].rpartition("~")[2].startswith("alice.")
    assert [each["path"] for each in journal(client, "alice")] == ["/api/oauth2", "/oauth2"]
    assert journal(client, "default") == []


def test_the_whole_handshake_is_walked_below_the_path(client: TestClient) -> None:
    """Page, form, callback and issuer all stay below it, as a proxy that forwards only this path would need."""
    begun = start(client, f"{ALICE}/api/oauth2")
    assert urlsplit(begun["auth_uri"]).path == f"{ALICE}/__provider/fb/authorize"
    page = open_page(client, begun["auth_uri"])
    assert page.action == f"{ALICE}/__provider/fb/consent"
    back = press(client, page, "approve").headers["location"]
    assert urlsplit(back).path == f"{ALICE}/api/oauthcallback/fb"
    assert query(back)["iss"] == f"http://127.0.0.1:4010{ALICE}/__provider/fb"
    assert "is connected" in client.get(back).text
    answer = client.post(f"{ALICE}/api/oauth2/credentials", json={"pull_id": begun["pull_id"]}, headers=TOKEN)
    assert (answer.status_code, answer.json()["status"]) == (200, 200)
    assert collect(client, begun).status_code == 403, "another session knows nothing of it"


def test_a_handshake_of_a_session_needs_no_path_after_its_auth_uri(client: TestClient) -> None:
    begun = start(client, f"{ALICE}/api/oauth2")
    assert walk(client, begun).status_code == 200
    assert collect(client, begun, {**TOKEN, "Mock-Session": "alice"}).status_code == 200


def test_the_metadata_of_a_provider_is_found_in_both_places_and_names_the_same_issuer(client: TestClient) -> None:
    below = client.get(f"{ALICE}/__provider/fb/.well-known/oauth-authorization-server").json()
    before = client.get(f"/.well-known/oauth-authorization-server{ALICE}/__provider/fb").json()
    assert below == before
    assert below["issuer"] == f"http://127.0.0.1:4010{ALICE}/__provider/fb"
    assert below["token_endpoint"].startswith(below["issuer"])


def test_a_location_leads_into_the_same_session(tmp_path: Path) -> None:
    client = make_client(make_app(write(tmp_path, document())[0], stateful=True))
    made = client.post(f"{ALICE}/things", json={"name": "a"})
    location = made.headers["location"]
    assert urlsplit(location).path.startswith(ALICE)
    assert client.get(location).json()["name"] == "a"
    assert client.get(urlsplit(location).path.removeprefix(ALICE)).status_code == 404, "default knows nothing of it"


def test_the_control_api_below_a_session_path_speaks_of_that_session(client: TestClient) -> None:
    assert client.put(f"{ALICE}/__mock/scenario", json={"scenario": "rate-limited"}).status_code == 200
    assert client.post(f"{ALICE}/api/oauth2").status_code == 429
    assert client.post("/api/oauth2").status_code == 403
    assert client.get(f"{ALICE}/__mock/session").json() == {"session": "alice", "named_by": "path"}


def test_the_control_api_is_guarded_below_a_session_path_too(client: TestClient) -> None:
    assert client.get(f"{ALICE}/__mock/clock", headers={"Origin": "https://evil.example"}).status_code == 403
    away = TestClient(make_app(), "http://mock.example:4010", client=("203.0.113.9", 1))
    assert away.get(f"{ALICE}/__mock/clock").status_code == 403
    assert away.post(f"{ALICE}/api/oauth2", json=ASK, headers=TOKEN).status_code == 200, "an operation is for all"


def test_browsers_of_any_origin_may_ask_operations_below_a_session_path(client: TestClient) -> None:
    answer = client.post(f"{ALICE}/api/oauth2", json=ASK, headers={**TOKEN, "Origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    assert client.options(f"{ALICE}/api/oauth2", headers=asked).status_code == 200


def test_the_header_comes_before_the_path(client: TestClient) -> None:
    client.post(f"{ALICE}/api/oauth2", headers={"Mock-Session": "bob"})
    assert (len(journal(client, "bob")), len(journal(client, "alice"))) == (1, 0)
    told = client.get(f"{ALICE}/__mock/session", headers={"Mock-Session": "bob"}).json()
    assert told == {"session": "bob", "named_by": "header"}


@pytest.mark.parametrize("name", ["", ".hidden", "a%20b", "a" * 65, "%2Ehidden", "%zz", "ü", "a%2Fb", "~"])
def test_a_session_path_with_a_name_that_may_not_be_is_refused(client: TestClient, name: str) -> None:
    for path in ("/api/oauth2", "/__mock/clock"):
        answer = client.get(f"/__mock/s/{name}{path}")
        assert (answer.status_code, answer.json()["code"]) == (400, "MS404")


@pytest.mark.parametrize(
    "path", [f"{ALICE}/__mock/s/bob/api/oauth2", "/__mock/s", "/__mock%2Fs/alice/api/oauth2", "/__mock/s%2Falice/x"]
)
def test_a_path_that_only_looks_like_a_session_path_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.get("/__mock/sessions").json()["total"] <= 1


@pytest.mark.parametrize("root", ["/__mock/s/al%69ce", "/%5F_mock/s/alice", "/%5f%5Fmock/%73/%61lice"])
def test_a_session_path_is_the_same_with_characters_encoded_that_need_not_be(client: TestClient, root: str) -> None:
    """RFC 3986 §6.2.2.2."""
    begun = start(client, f"{root}/api/oauth2")
    assert "~alice." in begun["pull_id"]
    assert urlsplit(begun["auth_uri"]).path == f"{ALICE}/__provider/fb/authorize"
    assert client.get(f"{root}/__mock/session").json() == {"session": "alice", "named_by": "path"}


TWICE = [("mock-session", "alice"), ("mock-session", "bob")]


@pytest.mark.parametrize("headers", [TWICE, TWICE[:1] * 2, [("mock-session", "alice, bob")]])
@pytest.mark.parametrize("method, path", [
    ("POST", "/api/oauth2"), ("POST", "/__mock/s/carol/api/oauth2"), ("GET", "/nowhere"), ("GET", "/__mock/clock"),
    ("GET", "/__mock/journal"), ("DELETE", "/__mock/faults"), ("POST", "/__mock/reset"), ("GET", "/__mock/session"),
    ("GET", "/__mock/s/carol/__mock/next"),
])  # fmt: skip
def test_a_request_that_names_its_session_twice_is_refused(
    client: TestClient, method: str, path: str, headers: list[tuple[str, str]]
) -> None:
    """RFC 9110 §5.3: what is no list is sent once."""
    client.cookies.set("mock-session", "dora")
    answer = client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "MS404")
    assert "Mock-Session is sent twice" in answer.json()["detail"]
    assert {each["name"] for each in client.get("/__mock/sessions").json()["sessions"]} <= {"default"}


def test_a_page_that_is_asked_for_in_two_sessions_says_so(client: TestClient) -> None:
    page = client.get("/__mock/", headers=[*TWICE, ("accept", "text/html")])
    assert page.status_code == 400
    assert "Mock-Session is sent twice" in page.text


@pytest.mark.parametrize("path", [ALICE, f"{ALICE}/"])
def test_a_session_path_alone_is_the_front_page(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "mock-server answers for" in answer.text


def test_an_encoded_slash_stays_encoded_below_a_session_path(tmp_path: Path) -> None:
    client = make_client(make_app(write(tmp_path, document())[0]))
    assert client.get(f"{ALICE}/things/a%2Fb").status_code == 200
    assert client.get(f"{ALICE}/things/a/b").status_code == 404


# The cookie


def choose(client: TestClient, name: str | None) -> Any:
    return client.put("/__mock/session", json={"session": name})


def test_a_cookie_names_the_session_of_the_control_api_and_of_no_operation(client: TestClient) -> None:
    answer = choose(client, "alice")
    assert answer.json() == {"session": "alice", "named_by": "cookie"}
    assert client.get("/__mock/session").json() == {"session": "alice", "named_by": "cookie"}
    client.put("/__mock/scenario", json={"scenario": "rate-limited"})
    cookie = {"Cookie": "mock-session=alice"}  # as a front end would send it that keeps every cookie
    assert client.post("/api/oauth2", headers=cookie).status_code == 403
    assert client.post(f"{ALICE}/api/oauth2").status_code == 429
    assert choose(client, None).json() == {"session": "default", "named_by": "nothing"}
    assert client.get("/__mock/session").json() == {"session": "default", "named_by": "nothing"}


def test_the_cookie_is_for_this_site_and_our_own_pages_only(client: TestClient) -> None:
    given = choose(client, "alice").headers["set-cookie"]
    assert given == "mock-session=alice; HttpOnly; Path=/__mock; SameSite=strict"
    tls = TestClient(make_app(tls=True), "https://127.0.0.1:4010", client=LOOPBACK)
    assert "Secure" in choose(tls, "alice").headers["set-cookie"]


def test_header_and_path_come_before_the_cookie(client: TestClient) -> None:
    choose(client, "alice")
    told = client.get("/__mock/session", headers={"Mock-Session": "bob"}).json()
    assert told == {"session": "bob", "named_by": "header"}
    assert client.get("/__mock/s/carol/__mock/session").json() == {"session": "carol", "named_by": "path"}


@pytest.mark.parametrize(
    "cookie", ["mock-session=.x", "mock-session=", "other=alice", "mock-session", "xmock-session=a"]
)
def test_a_cookie_that_names_no_session_is_another_programs(client: TestClient, cookie: str) -> None:
    told = client.get("/__mock/session", headers={"Cookie": cookie}).json()
    assert told == {"session": "default", "named_by": "nothing"}


def test_of_several_cookies_ours_is_found(client: TestClient) -> None:
    told = client.get("/__mock/session", headers={"Cookie": "a=1; mock-session=alice; mock-session=bob"}).json()
    assert told["session"] == "alice"


@pytest.mark.parametrize("body", [{}, {"session": 1}, {"session": "."}, {"session": ""}, {"name": "alice"}])
def test_a_session_that_cannot_be_chosen_sets_no_cookie(client: TestClient, body: Any) -> None:
    answer = client.put("/__mock/session", json=body)
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


# Whole sessions


def test_sessions_are_listed_with_what_they_hold_the_one_used_last_first() -> None:
    wall = FakeWall()
    client = make_client(make_app(wall=wall))
    begun = start(client, f"{ALICE}/api/oauth2")
    wall.now += 10
    start(client, "/__mock/s/bob/api/oauth2")
    client.put("/__mock/s/bob/__mock/scenario", json={"scenario": "expired"})
    client.post("/__mock/session/bob/snapshot")
    walk(client, begun)
    wall.now += 295  # alice's has ended, bob's lives
    listed = client.get("/__mock/sessions").json()
    assert listed["total"] == 2
    assert listed["sessions"] == [
        {"name": "alice", "used_at": wall.now - 295, "entries": 4, "handshakes": 1, "live": 0, "scenario": None,
         "snapshots": []},
        {"name": "bob", "used_at": wall.now - 295, "entries": 1, "handshakes": 1, "live": 1, "scenario": "expired",
         "snapshots": ["default"]},
    ]  # fmt: skip
    assert [each["name"] for each in client.get("/__mock/sessions?limit=1").json()["sessions"]] == ["alice"]
    assert client.get("/__mock/sessions?limit=0").status_code == 400


def test_a_fork_takes_a_handshake_along_under_an_id_of_its_own(client: TestClient) -> None:
    begun = start(client)
    assert walk(client, begun).status_code == 200
    answer = client.post("/__mock/session/default/fork", json={"name": "bob"})
    assert answer.json() == {"session": "bob", "status": "forked", "from": "default"}
    (listed,) = client.get("/__mock/s/bob/__mock/handshakes").json()["handshakes"]
    assert (listed["session"], listed["state"]) == ("bob", "granted")
    identity, _, secret = begun["pull_id"].rpartition(".")
    forked = {"pull_id": f"{identity}~bob.{secret}"}
    assert collect(client, forked, {**TOKEN, "Mock-Session": "bob"}).status_code == 200
    assert client.get("/__mock/s/bob/__mock/handshakes").json()["handshakes"][0]["state"] == "collected"
    assert client.get("/__mock/handshakes").json()["handshakes"][0]["state"] == "granted", "they go their own ways"


def test_a_session_is_put_back_as_it_was(client: TestClient) -> None:
    client.put("/__mock/scenario", json={"scenario": "expired"})
    kept = client.post("/__mock/session/default/snapshot", json={"label": "before"})
    assert kept.json() == {"session": "default", "status": "kept", "label": "before"}
    client.put("/__mock/scenario", json={"scenario": None})
    answer = client.post("/__mock/session/default/restore", json={"label": "before"})
    assert answer.json() == {"session": "default", "status": "restored", "label": "before"}
    assert client.get("/__mock/scenario").json()["scenario"] == "expired"


def test_a_snapshot_that_there_is_not_is_not_found(client: TestClient) -> None:
    client.post("/__mock/session/alice/snapshot", json={"label": "a"})
    answer = client.post("/__mock/session/alice/restore", json={"label": "b"})
    assert (answer.status_code, answer.json()["code"], answer.json()["available"]) == (404, "MS409", ["a"])


def test_a_session_keeps_itself_under_16_labels_and_no_more(client: TestClient) -> None:
    for number in range(16):
        assert client.post("/__mock/session/alice/snapshot", json={"label": f"l{number}"}).status_code == 200
    answer = client.post("/__mock/session/alice/snapshot", json={"label": "l16"})
    assert (answer.status_code, answer.json()["code"]) == (409, "MS454")
    assert client.post("/__mock/session/alice/snapshot", json={"label": "l0"}).status_code == 200


def test_a_session_that_is_too_large_to_be_kept_says_what_to_do(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(client)
    monkeypatch.setattr("mock_server.state.memory.MAX_SNAPSHOT_BYTES", 100)
    answer = client.post("/__mock/session/default/snapshot")
    assert (answer.status_code, answer.json()["code"]) == (507, "MS454")
    assert "a snapshot may take 32 MiB, those of default 64 MiB" in answer.json()["detail"]
    assert client.get("/__mock/sessions").json()["sessions"][0]["snapshots"] == []


def test_a_session_is_forgotten_by_name(client: TestClient) -> None:
    start(client, f"{ALICE}/api/oauth2")
    assert client.delete("/__mock/session/alice").json() == {"session": "alice", "status": "reset"}
    assert client.get("/__mock/sessions").json() == {"sessions": [], "total": 0}


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("POST", "/session/.x/fork", {"name": "b"}),
        ("POST", "/session/a/fork", {"name": ".b"}),
        ("POST", "/session/a/fork", {}),
        ("POST", "/session/a/fork", {"name": "a"}),
        ("POST", "/session/a/fork", {"to": "b"}),
        ("POST", "/session/a/snapshot", {"label": 1}),
        ("POST", "/session/a/snapshot", {"label": ""}),
        ("POST", "/session/a/restore", {"label": "a/b"}),
        ("POST", "/session/a/restore", []),
        ("DELETE", "/session/..x", None),
    ],
)
def test_what_cannot_be_done_with_a_session_is_refused(client: TestClient, method: str, path: str, body: Any) -> None:
    answer = client.request(method, f"/__mock{path}", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
