"""The hand-shake, really walked: pages, callback, collection, and everything that must not work."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from starlette.testclient import TestClient

from mock_server.handshake.provider import CHOICES
from mock_server.handshake.start import code_challenge
from tests.editing import edited
from tests.support import ASK, OTHER_TOKEN, TOKEN, make_client, start
from tests.web.walk import (
    API,
    collect,
    expire,
    open_page,
    press,
    query,
    read_page,
    said,
    sent_back,
    walk,
    with_query,
)

PENDING = (402, "consent is pending")
NO_SUCH = (403, "no such OAuth2 process")
NOT_VALID = "This link is not valid"


def state_of(client: TestClient, begun: dict[str, str]) -> str:
    state: str = client.get(f"/__mock/handshakes/{begun['pull_id']}").json()["state"]
    return state


# The good way


def test_the_whole_walk_ends_with_the_documented_credentials(client: TestClient) -> None:
    begun = start(client)
    assert set(begun) == {"auth_uri", "pull_id"}
    assert state_of(client, begun) == "asked"
    page = open_page(client, begun["auth_uri"])
    assert state_of(client, begun) == "opened"
    assert said(collect(client, begun)) == PENDING
    back = press(client, page, "approve")
    assert back.status_code == 303
    assert state_of(client, begun) == "approved"
    assert said(collect(client, begun)) == PENDING
    end = client.get(back.headers["location"])
    assert end.status_code == 200
    assert "Facebook Ads is connected" in end.text
    assert state_of(client, begun) == "granted"
    answer = collect(client, begun)
    assert answer.status_code == 200
    assert answer.content == (
        b'{"access_token":"Sksosa43ma904mnfnmaklasioewjns.akjsadiuewq",'
        b'"message":"Facebook Ads Connected Successfully",'
        b'"userId":12847564034,"status":200,"clientId":194785639383273120}'
    )
    assert state_of(client, begun) == "collected"
    assert collect(client, begun, auth_uri=begun["auth_uri"]).content == answer.content


def test_the_page_says_who_asks_for_which_source_and_which_scopes(client: TestClient) -> None:
    page = open_page(client, start(client)["auth_uri"])
    for text in ("Boomi Data Integration", "data-integration", "Facebook Ads", "ads_management", "ads_read"):
        assert text in page.text
    assert page.buttons == dict(CHOICES)
    assert "script" not in page.tags


@pytest.mark.parametrize(
    "provider, message",
    [
        ("fb", "Facebook Ads Connected Successfully"),
        ("google_ads", "Google Ads Connected Successfully"),
        ("salesforce", "Salesforce Connected Successfully"),
    ],
)
def test_every_provider_grants_its_own_credentials(client: TestClient, provider: str, message: str) -> None:
    begun = start(client, datasource_id=provider)
    assert walk(client, begun).status_code == 200
    assert collect(client, begun).json()["message"] == message


@pytest.mark.parametrize("base", ["/api", ""])
def test_the_callback_is_below_the_base_path_that_was_asked(client: TestClient, base: str) -> None:
    begun = start(client, f"{base}/oauth2")
    location = sent_back(client, begun["auth_uri"])
    assert location.startswith(f"{API}{base}/oauthcallback/fb?code=")
    assert client.get(location).status_code == 200
    assert collect(client, begun).status_code == 200


def test_the_callback_has_an_alias(client: TestClient) -> None:
    begun = start(client)
    location = sent_back(client, begun["auth_uri"]).replace("/oauthcallback/", "/oauth2_callback/")
    assert client.get(location).status_code == 200
    assert collect(client, begun).status_code == 200


def test_the_page_may_be_opened_twice_and_the_first_one_still_works(client: TestClient) -> None:
    begun = start(client)
    first, second = open_page(client, begun["auth_uri"]), open_page(client, begun["auth_uri"])
    assert first.ticket != second.ticket
    assert client.get(press(client, first, "approve").headers["location"]).status_code == 200
    # Whoever presses the other page's button is sent back, and told that it is too late.
    assert client.get(press(client, second, "deny").headers["location"]).status_code == 400
    assert collect(client, begun).status_code == 200


# Every button


@pytest.mark.parametrize(
    "decision, state, collected",
    [
        ("approve", "granted", (200, "Facebook Ads Connected Successfully")),
        ("slow", "granted", (200, "Facebook Ads Connected Successfully")),
        ("deny", "denied", (402, "consent was denied")),
        ("fail", "failed", (402, "the provider failed")),
        ("unavailable", "failed", (402, "the provider failed")),
        ("fail-token", "failed", (402, "the provider failed")),
        ("abandon", "abandoned", PENDING),
    ],
)
def test_every_button_leads_to_its_answer(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    decision: str,
    state: str,
    collected: tuple[int, str],
) -> None:
    monkeypatch.setattr("mock_server.web.provider.SLOW_S", 0.001)
    begun = start(client)
    page = open_page(client, begun["auth_uri"])
    assert decision in page.buttons
    pressed = press(client, page, decision)
    if decision == "abandon":
        assert (pressed.status_code, "location" in pressed.headers) == (200, False)
    else:
        assert client.get(pressed.headers["location"]).status_code == 200
    assert state_of(client, begun) == state
    assert said(collect(client, begun)) == collected


def test_every_button_of_the_page_is_in_the_table_above() -> None:
    marks = test_every_button_leads_to_its_answer.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in marks[0].args[1]} == set(CHOICES)


@pytest.mark.parametrize(
    "decision, error",
    [("deny", "access_denied"), ("fail", "server_error"), ("unavailable", "temporarily_unavailable")],
)
def test_a_refusal_comes_back_with_its_error_state_and_iss(client: TestClient, decision: str, error: str) -> None:
    begun = start(client)
    back = query(sent_back(client, begun["auth_uri"], decision))
    assert back == {"error": error, "state": query(begun["auth_uri"])["state"], "iss": f"{API}/__provider/fb"}


def test_a_button_that_the_page_does_not_have_does_nothing(client: TestClient) -> None:
    begun = start(client)
    page = open_page(client, begun["auth_uri"])
    for decision in ("", "grant", "<script>"):
        assert press(client, page, decision).status_code == 400
    assert press(client, page, "approve").status_code == 303


# Forged, stale, foreign, replayed


def altered(text: str) -> str:
    """One other last character."""
    return text[:-1] + ("A" if text[-1] != "A" else "B")


Forge = Callable[[str, str], str | list[str] | None]
FORGED_STATES: dict[str, Forge] = {
    "missing": lambda state, other: None,
    "empty": lambda state, other: "",
    "altered": lambda state, other: altered(state),
    "cut": lambda state, other: state[:-1],
    "only the id": lambda state, other: state.rpartition(".")[0] + ".",
    "of another handshake": lambda state, other: other,
    "our secret on another id": lambda state, other: other.rpartition(".")[0] + "." + state.rpartition(".")[2],
    "twice": lambda state, other: [state, state],
    "with another": lambda state, other: [state, other],
    "huge": lambda state, other: "x" * 5_000,
}


@pytest.mark.parametrize("name", FORGED_STATES)
def test_a_forged_or_foreign_state_makes_nothing_redeemable(client: TestClient, name: str) -> None:
    begun, other = start(client), start(client)
    location = sent_back(client, begun["auth_uri"])
    forged = FORGED_STATES[name](query(location)["state"], query(other["auth_uri"])["state"])
    answer = client.get(with_query(location, state=forged))
    assert answer.status_code == 400
    assert NOT_VALID in answer.text
    assert said(collect(client, begun)) == PENDING
    assert said(collect(client, other)) == PENDING
    # It burned nothing: the true one still works.
    assert client.get(location).status_code == 200
    assert collect(client, begun).status_code == 200


FORGED_CODES: dict[str, Forge] = {
    "missing": lambda code, other: None,
    "empty": lambda code, other: "",
    "altered": lambda code, other: altered(code),
    "only the id": lambda code, other: code.rpartition(".")[0] + ".",
    "of another handshake": lambda code, other: other,
    "twice": lambda code, other: [code, code],
    "huge": lambda code, other: "x" * 5_000,
}


@pytest.mark.parametrize("name", FORGED_CODES)
def test_a_forged_or_foreign_code_makes_nothing_redeemable(client: TestClient, name: str) -> None:
    begun, other = start(client), start(client)
    location = sent_back(client, begun["auth_uri"])
    others = query(sent_back(client, other["auth_uri"]))["code"]
    forged = FORGED_CODES[name](query(location)["code"], others)
    answer = client.get(with_query(location, code=forged))
    assert answer.status_code == 400
    assert NOT_VALID in answer.text
    assert said(collect(client, begun)) == PENDING
    assert client.get(location).status_code == 200
    assert collect(client, begun).status_code == 200


def test_the_code_of_another_handshake_is_not_used_up_by_the_attempt(client: TestClient) -> None:
    begun, other = start(client), start(client)
    location, others = sent_back(client, begun["auth_uri"]), sent_back(client, other["auth_uri"])
    assert client.get(with_query(location, code=query(others)["code"])).status_code == 400
    assert client.get(others).status_code == 200


def test_a_callback_must_carry_either_one_code_or_one_error(client: TestClient) -> None:
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    for changed in (
        with_query(location, error="access_denied"),
        with_query(location, code=None, error=["access_denied", "access_denied"]),
        with_query(location, code=None),
    ):
        assert client.get(changed).status_code == 400
        assert state_of(client, begun) == "approved"


def test_a_callback_is_good_once(client: TestClient) -> None:
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    assert client.get(location).status_code == 200
    assert client.get(location).status_code == 400
    assert client.get(with_query(location, code=None, error="access_denied")).status_code == 400
    assert collect(client, begun).status_code == 200


def test_a_stale_code_makes_nothing_redeemable(client: TestClient) -> None:
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    expire(client, 60)
    assert client.get(location).status_code == 400
    assert said(collect(client, begun)) == PENDING
    # The person can go through the page again.
    assert walk(client, begun).status_code == 200
    assert collect(client, begun).status_code == 200


def test_a_stale_state_makes_nothing_redeemable(client: TestClient) -> None:
    begun = start(client)
    expire(client, 299)
    location = sent_back(client, begun["auth_uri"])
    expire(client, 1)
    assert client.get(location).status_code == 400
    assert said(collect(client, begun)) == (402, "the OAuth2 process has expired")


def test_a_denied_handshake_cannot_be_granted_afterwards(client: TestClient) -> None:
    begun = start(client)
    first, second = open_page(client, begun["auth_uri"]), open_page(client, begun["auth_uri"])
    granted = press(client, first, "approve").headers["location"]
    denied = press(client, second, "fail").headers["location"]
    assert client.get(denied).status_code == 200
    assert client.get(granted).status_code == 400
    assert said(collect(client, begun)) == (402, "the provider failed")


def test_a_reset_makes_old_links_worthless(client: TestClient) -> None:
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    client.post("/__mock/reset")
    assert client.get(location).status_code == 400
    assert said(collect(client, begun)) == NO_SUCH


@pytest.mark.parametrize("path", ["/api/oauthcallback/google_ads", "/api/oauthcallback/mysql", "/api/oauthcallback/x"])
def test_the_callback_of_another_provider_makes_nothing_redeemable(client: TestClient, path: str) -> None:
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    for iss in (f"{API}/__provider/fb", f"{API}/__provider/{path.rpartition('/')[2]}"):
        mixed_up = with_query(location.replace("/api/oauthcallback/fb", path), iss=iss)
        assert client.get(mixed_up).status_code == 400
    assert said(collect(client, begun)) == PENDING
    assert client.get(location).status_code == 200


@pytest.mark.parametrize(
    "iss",
    [
        None,
        "",
        f"{API}/__provider/google_ads",
        f"{API}/__provider/fb/",
        "http://evil.example/__provider/fb",
        "HTTP://127.0.0.1:4010/__provider/fb",
        [f"{API}/__provider/fb"] * 2,
    ],
)
def test_a_callback_without_the_right_iss_makes_nothing_redeemable(
    client: TestClient, iss: str | list[str] | None
) -> None:
    """RFC 9207 §2.4: the provider announces that it sends iss."""
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    assert client.get(with_query(location, iss=iss)).status_code == 400
    assert said(collect(client, begun)) == PENDING
    assert client.get(location).status_code == 200


def test_the_error_of_a_stranger_does_not_end_a_handshake(client: TestClient) -> None:
    begun = start(client)
    state = query(begun["auth_uri"])["state"]
    for forged in (
        f"/api/oauthcallback/fb?error=access_denied&state={altered(state)}&iss={API}/__provider/fb",
        f"/api/oauthcallback/fb?error=access_denied&iss={API}/__provider/fb",
        f"/api/oauthcallback/fb?error=access_denied&state={state}",
    ):
        assert client.get(forged).status_code == 400
    assert said(collect(client, begun)) == PENDING


def test_the_page_of_another_provider_does_not_move_the_handshake(client: TestClient) -> None:
    begun = start(client)
    there = with_query(
        begun["auth_uri"].replace("/__provider/fb/", "/__provider/google_ads/"),
        redirect_uri=f"{API}/api/oauthcallback/google_ads",
        scope=None,
    )
    for decision in ("approve", "abandon"):
        page = open_page(client, there)
        press(client, page, decision)
        assert state_of(client, begun) == "asked"


def test_a_handshake_of_one_session_does_not_exist_in_another(client: TestClient) -> None:
    alice = {**TOKEN, "Mock-Session": "alice"}
    begun = client.post("/api/oauth2", json=ASK, headers=alice).json()
    assert walk(client, begun).status_code == 200  # a browser sends no Mock-Session
    assert collect(client, begun, alice).status_code == 200
    assert said(collect(client, begun)) == NO_SUCH
    assert said(collect(client, begun, {**TOKEN, "Mock-Session": "bob"})) == NO_SUCH


@pytest.mark.parametrize(
    "body",
    [
        {"pull_id": ""},
        {"pull_id": "forged"},
        {"pull_id": "abcdefghijkl." + "x" * 32},
        {"pull_id": "x" * 5_000},
        {"auth_uri": ""},
        {"auth_uri": "http://evil.example/"},
    ],
)
def test_a_pull_id_that_is_not_it_collects_nothing(client: TestClient, body: dict[str, str]) -> None:
    begun = start(client)
    walk(client, begun)
    answer = client.post("/api/oauth2/credentials", json={**begun, **body}, headers=TOKEN)
    assert said(answer) == NO_SUCH
    assert collect(client, begun).status_code == 200


def test_neither_the_state_nor_an_altered_pull_id_collects(client: TestClient) -> None:
    begun, other = start(client), start(client)
    walk(client, begun)
    for forged in (
        altered(begun["pull_id"]),
        begun["pull_id"][:-1],
        begun["pull_id"] + "x",
        query(begun["auth_uri"])["state"],
        begun["pull_id"].rpartition(".")[0] + "." + other["pull_id"].rpartition(".")[2],
    ):
        assert said(collect(client, begun, pull_id=forged)) == NO_SUCH


def test_the_auth_uri_of_another_handshake_does_not_fit(client: TestClient) -> None:
    begun, other = start(client), start(client)
    walk(client, begun)
    assert said(collect(client, begun, auth_uri=other["auth_uri"])) == NO_SUCH
    assert collect(client, begun, auth_uri=begun["auth_uri"]).status_code == 200


def test_another_account_collects_nothing(client: TestClient) -> None:
    begun = start(client)
    walk(client, begun)
    assert said(collect(client, begun, OTHER_TOKEN)) == NO_SUCH
    assert collect(client, begun).status_code == 200


# Tickets of the page


def test_a_pages_ticket_decides_once(client: TestClient) -> None:
    page = open_page(client, start(client)["auth_uri"])
    assert press(client, page, "approve").status_code == 303
    for decision in ("deny", "fail", "abandon"):
        again = press(client, page, decision)
        assert again.status_code == 400
        assert "This page is no longer valid" in again.text


def test_a_ticket_that_is_not_the_pages_own_does_nothing(client: TestClient) -> None:
    begun, other = start(client), start(client)
    page, another = open_page(client, begun["auth_uri"]), open_page(client, other["auth_uri"])
    for ticket in (
        "",
        "forged",
        altered(page.ticket),
        page.ticket.rpartition(".")[0] + "." + another.ticket.rpartition(".")[2],
        query(begun["auth_uri"])["state"],
        begun["pull_id"],
    ):
        assert client.post(page.action, data={"ticket": ticket, "decision": "approve"}).status_code == 400
    twice = {"ticket": [page.ticket, page.ticket], "decision": "approve"}
    assert client.post(page.action, data=twice).status_code == 400
    assert client.post(page.action, data={"decision": "approve"}).status_code == 400
    assert client.post(page.action, content=b"\xff" * 100).status_code == 400
    assert client.post(page.action, content=b"a=1&" * 1_000).status_code == 400
    assert press(client, page, "approve").status_code == 303


@pytest.mark.parametrize("provider", ["google_ads", "mysql", "nobody"])
def test_a_ticket_works_at_its_own_provider_only(client: TestClient, provider: str) -> None:
    page = open_page(client, start(client)["auth_uri"])
    form = {"ticket": page.ticket, "decision": "approve"}
    assert client.post(f"/__provider/{provider}/consent", data=form).status_code == 400
    assert press(client, page, "approve").status_code == 303


def test_a_page_that_lay_open_for_an_hour_is_no_longer_valid(client: TestClient) -> None:
    page = open_page(client, start(client, validity_duration=43200)["auth_uri"])
    expire(client, 3600)
    assert press(client, page, "approve").status_code == 400


# Headers and reflection


def pages(client: TestClient) -> dict[str, httpx2.Response]:
    begun = start(client)
    shown = client.get(begun["auth_uri"])
    page = read_page(shown.text)
    back = press(client, page, "approve")
    return {
        "consent page": shown,
        "sent back": back,
        "connected": client.get(back.headers["location"]),
        "not valid": client.get(back.headers["location"]),
        "decided": client.get(begun["auth_uri"]),
        "ticket used": press(client, page, "deny"),
        "no such provider": client.get("/__provider/nobody/authorize"),
        "no such client": client.get("/__provider/fb/authorize"),
        "token refused": client.post("/__provider/fb/token", data={"grant_type": "x"}),
        "metadata": client.get("/__provider/fb/.well-known/oauth-authorization-server"),
        "index": client.get("/", headers={"Accept": "text/html"}),
    }


def test_every_page_is_neither_framed_nor_cached_nor_sniffed_nor_referred_from(client: TestClient) -> None:
    for name, answer in pages(client).items():
        assert answer.headers["cache-control"] == "no-store", name
        assert answer.headers["x-content-type-options"] == "nosniff", name
        assert answer.headers["x-frame-options"] == "DENY", name
        assert answer.headers["referrer-policy"] == "no-referrer", name
        assert "mock-entry" in answer.headers or name == "index"
        if answer.headers.get("content-type", "").startswith("text/html"):
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy, name
            assert "frame-ancestors 'none'" in policy, name
            assert "base-uri 'none'" in policy, name
            assert "script-src" not in policy, name
            assert "unsafe" not in policy, name
            assert "script" not in read_page(answer.text).tags, name
            assert not [tag for tag in read_page(answer.text).tags if tag.startswith("on")], name


def test_the_style_is_let_in_by_a_nonce_that_changes(client: TestClient) -> None:
    uri = start(client)["auth_uri"]
    first, second = client.get(uri), client.get(uri)
    nonces = [answer.text.split('<style nonce="')[1].split('"')[0] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    assert f"'nonce-{nonces[0]}'" in first.headers["content-security-policy"]


EVIL = "\"'><script>alert(1)</script>{{6*7001}}"


@pytest.mark.parametrize(
    "name",
    ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "x"],
)
def test_nothing_of_an_authorization_request_is_reflected_unescaped(client: TestClient, name: str) -> None:
    uri = start(client)["auth_uri"]
    for evil in (EVIL, [EVIL, EVIL]):
        assert_harmless(client.get(with_query(uri, **{name: evil})))
    assert_harmless(client.get(with_query(uri, **{EVIL: [name, name]})))


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "error_description", "x"])
def test_nothing_of_a_callback_is_reflected_unescaped(client: TestClient, name: str) -> None:
    location = sent_back(client, start(client)["auth_uri"])
    assert_harmless(client.get(with_query(location, **{name: EVIL})))
    assert_harmless(client.get(with_query(location, **{"code": None, "error": "server_error", name: EVIL})))


def test_an_error_that_is_shown_is_escaped(client: TestClient) -> None:
    location = sent_back(client, start(client)["auth_uri"])
    answer = client.get(with_query(location, code=None, error=EVIL))
    assert answer.status_code == 200
    assert "&lt;script&gt;" in answer.text
    assert_harmless(answer)


@pytest.mark.parametrize("name", ["ticket", "decision"])
def test_nothing_of_a_consent_form_is_reflected_unescaped(client: TestClient, name: str) -> None:
    page = open_page(client, start(client)["auth_uri"])
    form = {"ticket": page.ticket, "decision": "approve", name: EVIL}
    assert_harmless(client.post(page.action, data=form))


@pytest.mark.parametrize(
    "path",
    [
        "/__provider/{}/authorize",
        "/__provider/{}/.well-known/oauth-authorization-server",
        "/api/oauthcallback/{}",
        "/api/oauthcallback/{}?state=x",
        "/{}",
        "/?{}",
        "/__mock/{}",
        "/__mock/handshakes/{}",
    ],
)
def test_nothing_of_a_path_is_reflected_unescaped(client: TestClient, path: str) -> None:
    for accept in ("text/html", "*/*"):
        assert_harmless(client.get(path.format(quote(EVIL, safe="")), headers={"Accept": accept}))


def test_a_host_that_is_no_host_is_not_reflected(client: TestClient) -> None:
    for host in ("<script>", "a/b", "a b", "a@b", "[::1", "x" * 300):
        begun = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Host": host}).json()
        assert begun["auth_uri"].startswith("http://127.0.0.1:4010/__provider/fb/authorize?")


def assert_harmless(answer: httpx2.Response) -> None:
    assert answer.status_code < 500
    html = answer.headers.get("content-type", "").startswith("text/html")
    if html:
        assert "<script" not in answer.text
        page = read_page(answer.text)
        assert "script" not in page.tags
        assert "42007" not in page.text
    else:
        assert not answer.headers.get("content-type", "").startswith("text/")
    for value in answer.headers.values():
        assert "<script" not in value


def test_a_fixture_is_escaped_too(tmp_path: Path) -> None:
    folder = edited(tmp_path, "providers/facebook-ads.yaml", ("name: Facebook Ads", f"name: {json.dumps(EVIL)}"))
    client = make_client(fixtures=folder)
    assert_harmless(client.get(start(client)["auth_uri"]))


# No open redirect


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://evil.example/",
        f"{API}/api/oauthcallback/fb/",
        f"{API}/api/oauthcallback/fb?next=http://evil.example",
        f"{API}/api/oauthcallback/FB",
        f"{API}/api/oauthcallback/google_ads",
        "http://127.0.0.1/api/oauthcallback/fb",
        "http://127.0.0.1:4011/api/oauthcallback/fb",
        "http://localhost:4010/api/oauthcallback/fb",
        f"{API}@evil.example/api/oauthcallback/fb",
        f"{API}/oauthcallback/fb#http://evil.example",
        "",
        None,
    ],
)
def test_the_provider_sends_nobody_to_an_address_that_is_not_registered(
    client: TestClient, redirect_uri: str | None
) -> None:
    uri = start(client)["auth_uri"]
    for also in ({}, {"response_type": "token"}, {"scope": "x"}):
        answer = client.get(with_query(uri, redirect_uri=redirect_uri, **also))
        assert answer.status_code == 400
        assert "location" not in answer.headers


def test_an_authorization_request_that_is_wrong_otherwise_goes_back_with_the_error(client: TestClient) -> None:
    begun = start(client)
    for changes, error in (
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ):
        answer = client.get(with_query(begun["auth_uri"], **changes))
        assert answer.status_code == 303
        back = query(answer.headers["location"])
        assert (back["error"], back["iss"]) == (error, f"{API}/__provider/fb")
        assert back["state"] == query(begun["auth_uri"])["state"]
    assert state_of(client, begun) == "asked"


def test_an_auth_uri_with_another_challenge_leads_to_no_credentials(client: TestClient) -> None:
    begun = start(client)
    swapped = with_query(begun["auth_uri"], code_challenge="A" * 43)
    assert client.get(sent_back(client, swapped)).status_code == 400
    assert said(collect(client, begun)) == PENDING


# After the end


@pytest.mark.parametrize(
    "decision, seconds, heading",
    [
        ("approve", 0, "Facebook Ads is connected"),
        ("deny", 0, "Access to Facebook Ads was denied"),
        ("fail", 0, "Facebook Ads failed"),
        ("abandon", 0, "This request to Facebook Ads was left unanswered"),
        (None, 300, "This request to Facebook Ads has expired"),
        ("approve", 300, "This request to Facebook Ads has expired"),
    ],
)
def test_an_auth_uri_that_is_opened_after_the_end_says_how_it_ended(
    client: TestClient, decision: str | None, seconds: float, heading: str
) -> None:
    begun = start(client)
    if decision:
        client.post(f"/__mock/handshakes/{begun['pull_id']}/decide", json={"decision": decision})
    expire(client, seconds)
    page = open_page(client, begun["auth_uri"])
    assert heading in page.text
    assert page.buttons == {}
    assert page.ticket == ""


# Headless consent

HEADLESS = [
    ("approve", (200, "Facebook Ads Connected Successfully")),
    ("deny", (402, "consent was denied")),
    ("fail", (402, "the provider failed")),
    ("unavailable", (402, "the provider failed")),
    ("abandon", PENDING),
]


@pytest.mark.parametrize("consent, collected", HEADLESS)
def test_a_provider_file_can_decide(tmp_path: Path, consent: str, collected: tuple[int, str]) -> None:
    folder = edited(tmp_path, "providers/facebook-ads.yaml", ("consent: ask", f"consent: {consent}"))
    client = make_client(fixtures=folder)
    assert said(collect(client, start(client))) == collected


@pytest.mark.parametrize("consent, collected", HEADLESS)
def test_a_scenario_can_decide(tmp_path: Path, consent: str, collected: tuple[int, str]) -> None:
    folder = edited(tmp_path, own=f"scenario: own\ndescription: x\nconsent: {{fb: {consent}}}\n")
    client = make_client(fixtures=folder)
    client.put("/__mock/scenario", json={"scenario": "own"})
    assert said(collect(client, start(client))) == collected
    # Of the other provider it said nothing.
    assert said(collect(client, start(client, datasource_id="google_ads"))) == PENDING


@pytest.mark.parametrize("way", ["id", "pull_id"])
@pytest.mark.parametrize("consent, collected", HEADLESS)
def test_the_control_api_can_decide(client: TestClient, consent: str, collected: tuple[int, str], way: str) -> None:
    begun = start(client)
    name = begun["pull_id"] if way == "pull_id" else begun["pull_id"].partition(".")[0]
    decided = client.post(f"/__mock/handshakes/{name}/decide", json={"decision": consent})
    assert decided.status_code == 200
    assert said(collect(client, begun)) == collected
    again = client.post(f"/__mock/handshakes/{name}/decide", json={"decision": "approve"})
    assert again.status_code == 409
    assert again.json()["code"] == "MS411"
    assert again.headers["content-type"] == "application/problem+json"
    assert said(collect(client, begun)) == collected


def test_a_scenario_wins_over_the_provider_file(tmp_path: Path) -> None:
    folder = edited(tmp_path, "providers/facebook-ads.yaml", ("consent: ask", "consent: approve"))
    client = make_client(fixtures=folder)
    client.put("/__mock/scenario", json={"scenario": "consent-denied"})
    assert said(collect(client, start(client))) == (402, "consent was denied")


def test_one_start_can_prefer_a_scenario(client: TestClient) -> None:
    headers = {**TOKEN, "Prefer": "scenario=consent-approved"}
    begun = client.post("/api/oauth2", json=ASK, headers=headers).json()
    assert collect(client, begun).status_code == 200
    assert said(collect(client, start(client))) == PENDING


def test_a_page_decided_over_the_control_api_meanwhile_is_told_so(client: TestClient) -> None:
    begun = start(client)
    page = open_page(client, begun["auth_uri"])
    client.post(f"/__mock/handshakes/{begun['pull_id']}/decide", json={"decision": "deny"})
    assert client.get(press(client, page, "approve").headers["location"]).status_code == 400
    assert said(collect(client, begun)) == (402, "consent was denied")


# Slow provider


def test_the_slow_provider_grants_after_twenty_seconds_of_mock_time(client: TestClient) -> None:
    client.post("/__mock/clock", json={"freeze": True})
    client.put("/__mock/scenario", json={"scenario": "slow-provider"})
    begun = start(client)
    for _ in range(9):
        expire(client, 2)
        assert said(collect(client, begun)) == PENDING
    expire(client, 2)
    assert collect(client, begun).status_code == 200


def test_a_person_may_be_faster_than_the_slow_provider(client: TestClient) -> None:
    client.put("/__mock/scenario", json={"scenario": "slow-provider"})
    begun = start(client)
    assert walk(client, begun, "deny").status_code == 200
    expire(client, 20)
    assert said(collect(client, begun)) == (402, "consent was denied")


def test_a_person_who_approved_is_not_overruled_by_a_slow_denial(tmp_path: Path) -> None:
    folder = edited(tmp_path, own="scenario: own\ndescription: x\nconsent: deny\nafter: 20s\n")
    client = make_client(fixtures=folder)
    client.put("/__mock/scenario", json={"scenario": "own"})
    begun = start(client)
    location = sent_back(client, begun["auth_uri"])
    expire(client, 30)
    assert said(collect(client, begun)) == PENDING
    assert client.get(location).status_code == 200
    assert collect(client, begun).status_code == 200


def test_a_provider_slower_than_the_validity_never_grants(tmp_path: Path) -> None:
    folder = edited(tmp_path, own="scenario: own\ndescription: x\nconsent: approve\nafter: 300s\n")
    client = make_client(fixtures=folder)
    client.put("/__mock/scenario", json={"scenario": "own"})
    begun = start(client)
    expire(client, 299)
    assert said(collect(client, begun)) == PENDING
    expire(client, 1)
    assert said(collect(client, begun)) == (402, "the OAuth2 process has expired")


# A foreign client at the token endpoint

CLIENTS = """\
clients:
  - {client_id: "their app", client_secret: "s3:cret é", redirect_uris: ["http://127.0.0.1:9/cb"]}
  - {client_id: public, redirect_uris: ["http://127.0.0.1:9/cb"]}
consent: ask"""
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.fixture
def provider(tmp_path: Path) -> TestClient:
    folder = edited(tmp_path, "providers/facebook-ads.yaml", ("consent: ask ", CLIENTS + " "))
    return make_client(fixtures=folder)


def code_for(client: TestClient, client_id: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": "http://127.0.0.1:9/cb",
        "state": "theirs",
        "code_challenge": code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    page = read_page(client.get("/__provider/fb/authorize", params=asked).text)
    back = query(press(client, page, "approve").headers["location"])
    assert (back["state"], back["iss"]) == ("theirs", f"{API}/__provider/fb")
    return back["code"]


def token_form(code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://127.0.0.1:9/cb",
        "code_verifier": VERIFIER,
    }


def basic(identity: str, secret: str) -> dict[str, str]:
    text = f"{quote(identity, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_a_foreign_client_redeems_its_code_once(provider: TestClient) -> None:
    form = token_form(code_for(provider, "their app"))
    path = "/__provider/fb/token"
    wrong = provider.post(path, data=form, headers=basic("their app", "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert wrong.headers["www-authenticate"].startswith("Basic ")
    good = provider.post(path, data=form, headers=basic("their app", "s3:cret é"))
    assert good.status_code == 200
    assert good.json()["access_token"] == "Sksosa43ma904mnfnmaklasioewjns.akjsadiuewq"
    assert good.headers["cache-control"] == "no-store"
    again = provider.post(path, data=form, headers=basic("their app", "s3:cret é"))
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Basic Og==", "Bearer x", "basic"],
)
def test_odd_credentials_are_no_client(provider: TestClient, header: str) -> None:
    form = token_form(code_for(provider, "their app"))
    answer = provider.post("/__provider/fb/token", data=form, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_code_is_good_at_its_own_provider_for_its_own_client(provider: TestClient) -> None:
    form = token_form(code_for(provider, "public"))
    for path, client_id in (("google_ads", "public"), ("fb", "data-integration"), ("google_ads", "data-integration")):
        answer = provider.post(f"/__provider/{path}/token", data={**form, "client_id": client_id})
        assert answer.status_code in (400, 401)
    answer = provider.post("/__provider/fb/token", data={**form, "client_id": "public"})
    assert answer.status_code == 200


def test_a_token_request_must_be_a_form(provider: TestClient) -> None:
    form = {**token_form(code_for(provider, "public")), "client_id": "public"}
    assert provider.post("/__provider/fb/token", json=form).status_code == 401
    assert provider.post("/__provider/fb/token", params=form).status_code == 401
    assert provider.get("/__provider/fb/token", params=form).status_code == 405
    assert provider.post("/__provider/nobody/token", data=form).status_code == 404
    assert provider.post("/__provider/mysql/token", data=form).status_code == 404
    assert provider.post("/__provider/fb/token", data=form).status_code == 200


def test_a_code_of_our_own_handshake_is_no_good_to_others(provider: TestClient) -> None:
    begun = start(provider)
    location = sent_back(provider, begun["auth_uri"])
    form = {**token_form(query(location)["code"]), "redirect_uri": f"{API}/api/oauthcallback/fb"}
    for client_id in ("public", "data-integration"):
        answer = provider.post("/__provider/fb/token", data={**form, "client_id": client_id})
        assert answer.json()["error"] == "invalid_grant"  # they do not have the verifier
    assert provider.get(location).status_code == 200
    assert collect(provider, begun).status_code == 200


def test_the_metadata_is_where_rfc_8414_puts_it(client: TestClient) -> None:
    below = client.get("/__provider/fb/.well-known/oauth-authorization-server")
    root = client.get("/.well-known/oauth-authorization-server/__provider/fb")
    assert below.status_code == root.status_code == 200
    assert below.json() == root.json()
    assert below.json()["issuer"] == f"{API}/__provider/fb"
    assert client.get("/__provider/mysql/.well-known/oauth-authorization-server").status_code == 404
