"""The console's pages without a browser: who gets which form, what is escaped, how it is served."""

from __future__ import annotations

import re

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from mock_server.web.console.table import PAGES
from mock_server.web.console.wording import one_line, pieces, visible
from mock_server.web.door import key_of, opens
from tests.support import make_app, start

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[31m\u202eevil\x00"


@pytest.mark.parametrize("accept", ["*/*", "application/json", None])
def test_a_script_gets_json_at_the_consoles_address(client: TestClient, accept: str | None) -> None:
    answer = client.get("/__mock/", headers={"Accept": accept} if accept else {})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"] == "/__mock/openapi.json"


def test_a_browser_gets_a_page_that_may_run_our_own_scripts_alone(client: TestClient) -> None:
    answer = client.get("/__mock/", headers=HTML)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", answer.text)


def test_every_file_a_page_loads_comes_from_the_package_and_is_kept_for_ever(client: TestClient) -> None:
    page = client.get("/__mock/", headers=HTML).text
    files = re.findall(r'(?:href|src)="(/__mock/static/[^"]+)"', page)
    assert len(files) == 3
    for path in files:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    old = client.get(re.sub(r"static/\w+", "static/old", files[0]))
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    assert client.get("/__mock/static/x/..%2fpages.py").status_code == 404


def test_nothing_of_a_hostile_request_becomes_markup(client: TestClient) -> None:
    client.post("/nope?x=<script>alert(3)</script>", content=HOSTILE.encode(), headers={"x-a": "<b>\"'"})
    listed = client.get("/__mock/", headers=HTML).text
    (entry,) = re.findall(r'data-id="([^"]+)"', listed)
    whole = client.get(f"/__mock/console/requests/{entry}", headers=HTML).text
    for page in (listed, whole):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<b>&#34;" not in page.replace("&lt;b&gt;", "")
        assert not re.search("[\x00\x1b\u202e]", page)
    assert "\\x1b[31m\\u202eevil\\x00" in whole


def test_a_body_of_64_kib_is_shown_whole(client: TestClient) -> None:
    client.post("/nope", content=b'{"a":"' + b"<" * 60_000 + b'"}')
    (entry,) = re.findall(r'data-id="([^"]+)"', client.get("/__mock/", headers=HTML).text)
    assert "&lt;" * 60_000 in client.get(f"/__mock/console/requests/{entry}", headers=HTML).text


def test_secrets_stay_masked(client: TestClient) -> None:
    started = start(client)
    client.post("/api/oauth2/credentials", json=started, headers={"Authorization": "Bearer dev-token"})
    pages = [client.get("/__mock/", headers=HTML).text]
    pages += [client.get(f"/__mock/console/requests/{each}", headers=HTML).text for each in _ids(pages[0])]
    pages += [client.get(f"/__mock{page.path}", headers=HTML).text for page in PAGES if "{" not in page.path]
    for page in pages:
        assert "dev-token" not in page
        assert started["pull_id"].partition(".")[2] not in page


def _ids(page: str) -> list[str]:
    return re.findall(r'data-id="([^"]+)"', page)


def test_the_filter_works_without_javascript(client: TestClient) -> None:
    start(client)
    client.get("/nope")
    assert len(_ids(client.get("/__mock/?status=4xx", headers=HTML).text)) == 1
    assert len(_ids(client.get("/__mock/?operation=POST%20/oauth2", headers=HTML).text)) == 1
    assert len(_ids(client.get("/__mock/?text=NOPE", headers=HTML).text)) == 1
    assert "None of the 2 requests fits" in client.get("/__mock/?text=nothing-like-it", headers=HTML).text


def test_what_does_not_exist_is_said_on_a_page(client: TestClient) -> None:
    answer = client.get("/__mock/console/requests/none-1", headers=HTML)
    assert answer.status_code == 404
    assert "has no entry" in answer.text
    bad = client.get("/__mock/", headers={**HTML, "Mock-Session": "not a name"})
    assert (bad.status_code, "the name of a session has" in bad.text) == (400, True)


def test_json_is_put_into_shape_without_reading_its_numbers() -> None:
    shown = "".join(each.text for each in pieces('{"id":194785639383273121,"n":1.0e+2,"a":[],"b":[{"c":null}]}'))
    assert shown == (
        '{\n  "id": 194785639383273121,\n  "n": 1.0e+2,\n  "a": [],\n  "b": [\n    {\n      "c": null\n    }\n  ]\n}'
    )
    kinds = {each.kind for each in pieces('{"a":"b","c":1,"d":true}')}
    assert kinds == {"mark", "key", "text", "number", "word"}
    assert [each.kind for each in pieces("{not json")] == ["mark"]


def test_what_cannot_be_seen_is_shown() -> None:
    assert visible("a\x00b\u202ec\u200fd") == "a\\x00b\\u202ec\\u200fd"
    assert one_line("a\nb\tc" + "x" * 400, 10) == "a\\nb\\tcxx…"


# From another machine

TOKEN = "open-sesame-öäü"
STRANGER = ("192.0.2.7", 50_000)


@pytest.fixture
def stranger() -> TestClient:
    app = make_app(control_token=TOKEN, host="0.0.0.0")
    return TestClient(app, "http://mock.example:4010", follow_redirects=False, client=STRANGER)


def enter(client: TestClient, token: str, next_page: str = "") -> Response:
    return client.post("/__mock/console/login", data={"token": token, "next": next_page})


def test_a_browser_on_another_machine_is_asked_for_the_token(stranger: TestClient) -> None:
    for path in ("/__mock/", "/__mock/console/handshakes"):
        answer = stranger.get(path, headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/__mock/console/login?next={path}")
    page = stranger.get("/__mock/console/login", headers=HTML)
    assert 'type="password"' in page.text
    assert TOKEN not in page.text
    for path in re.findall(r'(?:href|src)="(/__mock/static/[^"]+)"', page.text):
        assert stranger.get(path).status_code == 200


def test_the_right_token_opens_everything_to_this_browser_alone(stranger: TestClient) -> None:
    entered = enter(stranger, f" {TOKEN} ", "/__mock/console/handshakes")
    assert (entered.status_code, entered.headers["location"]) == (303, "/__mock/console/handshakes")
    cookie = entered.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/__mock"))
    assert "sesame" not in cookie
    assert stranger.get("/__mock/", headers=HTML).status_code == 200
    assert stranger.get("/__mock/journal").status_code == 200
    foreign = stranger.get("/__mock/journal", headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    stranger.post("/__mock/console/logout")
    assert stranger.get("/__mock/journal").status_code == 403


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "\x00"])
def test_a_wrong_token_opens_nothing(stranger: TestClient, token: str) -> None:
    answer = enter(stranger, token)
    assert answer.status_code == 403
    assert "That is not the token" in answer.text
    assert "set-cookie" not in answer.headers
    assert stranger.get("/__mock/journal").status_code == 403


@pytest.mark.parametrize("body", ["a=b&" * 1_000, "token=%00&token=%ff&next=%zz", "&" * 5_000, "=", "\ud83d"])
def test_what_is_not_that_form_opens_nothing(stranger: TestClient, body: str) -> None:
    answer = stranger.post("/__mock/console/login", content=body.encode("utf-8", "replace"))
    assert answer.status_code == 403
    assert "That is not the token" in answer.text


def test_a_file_that_the_console_does_not_have_is_404_as_anything_else(stranger: TestClient) -> None:
    for name in ("nothing.css", "__init__.py", "..%2fpages.py", "console.css%00", "a" * 4_000):
        answer = stranger.get(f"/__mock/static/x/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("cookie", ["mock-control=", "mock-control=0" * 64, f"mock-control={'a' * 64}", "x=y"])
def test_a_made_up_cookie_opens_nothing(stranger: TestClient, cookie: str) -> None:
    assert stranger.get("/__mock/journal", headers={"Cookie": cookie}).status_code == 403


@pytest.mark.parametrize("next_page", ["//evil.example/", "https://evil.example", "/api", "javascript:alert(1)"])
def test_the_form_leads_nowhere_else(stranger: TestClient, next_page: str) -> None:
    assert enter(stranger, TOKEN, next_page).headers["location"] == "/__mock/"


def test_a_form_of_another_site_is_refused(stranger: TestClient) -> None:
    for origin in ("http://evil.example", "null"):
        answer = stranger.post("/__mock/console/login", data={"token": TOKEN}, headers={"Origin": origin})
        assert answer.status_code == 403


def test_without_a_token_a_stranger_sees_not_even_the_form() -> None:
    client = TestClient(make_app(), "http://127.0.0.1:4010", follow_redirects=False, client=STRANGER)
    for path in ("/__mock/", "/__mock/console/login", "/__mock/static/x/console.css"):
        assert client.get(path, headers=HTML).status_code == 403


def test_the_cookie_of_another_token_opens_nothing() -> None:
    assert opens(f"a=b; mock-control={key_of('one')}", "one")
    assert not opens(f"mock-control={key_of('one')}", "other")
