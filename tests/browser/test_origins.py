"""What pages of other origins may do: call the operations, never frame a page, never touch the controls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import CONNECTED, PENDING, Api
from tests.browser.conftest import Open, shoot, site
from tests.support import Server, running

FRONT_END = """<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A front end</title>
<p id="answer">not asked yet</p>
<script>
async function ask(url, body, headers) {
  const all = {"Authorization": "Bearer dev-token", "Content-Type": "application/json", ...headers};
  try {
    const answer = await fetch(url, {method: "POST", headers: all, body: JSON.stringify(body)});
    const seen = {status: answer.status, entry: answer.headers.get("Mock-Entry"), body: await answer.text()};
    document.getElementById("answer").textContent = seen.body;
    return seen;
  } catch (error) {
    return String(error);
  }
}
async function peek(url, options) {
  try { return await (await fetch(url, options)).text(); } catch (error) { return String(error); }
}
</script></html>"""
REFUSED = "TypeError: Failed to fetch"
ASK = {"datasource_id": "fb", "validity_duration": 300}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The origin of a front end under development."""
    with site(FRONT_END) as origin:
        yield origin


def ask(page: Page, url: str, body: Any, **headers: str) -> Any:
    return page.evaluate("([url, body, headers]) => ask(url, body, headers)", [url, body, headers])


def peek(page: Page, url: str, **options: Any) -> Any:
    return page.evaluate("([url, options]) => peek(url, options)", [url, options])


def test_a_front_end_of_another_origin_walks_the_whole_handshake(
    open_page: Open, server: Server, elsewhere: str
) -> None:
    session = {"Mock-Session": "origins-walk"}
    watched = open_page(elsewhere)
    watched.expect("402")  # chromium says so of every 4xx
    page = watched.page
    page.goto(elsewhere)
    started = ask(page, f"{server.api}/oauth2", {**ASK, "extra": True}, **session)
    assert started["status"] == 200
    assert re.fullmatch(r"[0-9a-f]{6}-\d+", started["entry"])
    body = page.evaluate("text => JSON.parse(text)", started["body"])
    early = ask(page, f"{server.api}/oauth2/credentials", {"pull_id": body["pull_id"]}, **session)
    assert early["status"] == 402
    assert "consent is pending" in early["body"]
    consent = open_page().page
    consent.goto(body["auth_uri"])
    consent.get_by_role("button", name="Approve", exact=True).click()
    expect(consent.get_by_role("heading", level=1)).to_have_text("Facebook Ads is connected")
    last = ask(page, f"{server.api}/oauth2/credentials", {"pull_id": body["pull_id"]}, **session)
    assert last["status"] == 200
    assert '"clientId":194785639383273120' in last["body"]  # as text: as a number JavaScript could not hold it
    shoot(page, "front-end")


def test_a_front_end_of_another_origin_can_read_the_documented_errors(
    open_page: Open, server: Server, elsewhere: str
) -> None:
    watched = open_page(elsewhere)
    watched.expect("429", "403")
    watched.page.goto(elsewhere)
    invalid = ask(watched.page, f"{server.api}/oauth2", {**ASK, "validity_duration": 299})
    assert (invalid["status"], "invalid param" in invalid["body"]) == (429, True)
    forbidden = ask(watched.page, f"{server.api}/oauth2", ASK, Authorization="Bearer noscope-token")
    assert (forbidden["status"], "scope" in forbidden["body"]) == (403, True)


@pytest.mark.parametrize("flags", [["--cors", "http://127.0.0.1:1"], ["--cors", "https://app.example"], ["--no-cors"]])
def test_an_origin_that_is_not_allowed_reads_nothing(open_page: Open, elsewhere: str, flags: list[str]) -> None:
    with running("--quiet", *flags) as narrow:
        watched = open_page(elsewhere, narrow.url)
        watched.expect("blocked by CORS policy", "Failed to load resource")
        watched.page.goto(elsewhere)
        assert ask(watched.page, f"{narrow.api}/oauth2", ASK) == REFUSED


def test_an_origin_that_is_named_reads_everything(open_page: Open, elsewhere: str) -> None:
    with running("--quiet", "--cors", "http://127.0.0.1:1", "--cors", elsewhere) as narrow:
        watched = open_page(elsewhere, narrow.url)
        watched.page.goto(elsewhere)
        assert ask(watched.page, f"{narrow.api}/oauth2", ASK)["status"] == 200


def test_credentials_of_the_browser_are_never_allowed(open_page: Open, server: Server, elsewhere: str) -> None:
    watched = open_page(elsewhere)
    watched.expect("blocked by CORS policy", "Failed to load resource")
    watched.page.goto(elsewhere)
    body = {"method": "POST", "body": "{}", "credentials": "include"}
    assert peek(watched.page, f"{server.api}/oauth2", **body) == REFUSED


def test_the_control_api_is_never_readable_from_another_origin(open_page: Open, server: Server, elsewhere: str) -> None:
    watched = open_page(elsewhere)
    watched.expect("blocked by CORS policy", "Failed to load resource")
    watched.page.goto(elsewhere)
    for path in ("health", "journal", "handshakes", "clock", "openapi.json"):
        assert peek(watched.page, f"{server.url}/__mock/{path}") == REFUSED, path


def test_the_control_api_does_nothing_for_another_origin_even_unread(
    open_page: Open, server: Server, elsewhere: str
) -> None:
    api = Api(server, "origins-decide")
    started = api.start()
    watched = open_page(elsewhere)
    watched.expect("403")
    watched.page.goto(elsewhere)
    decide = f"{server.url}/__mock/handshakes/{started['pull_id']}/decide"
    peek(watched.page, decide, method="POST", mode="no-cors", body='{"decision": "approve"}')
    assert api.collect(started) == PENDING
    assert api.post(f"/__mock/handshakes/{started['pull_id']}/decide", {"decision": "approve"})[0] == 200
    assert api.collect(started) == CONNECTED


def test_a_page_of_another_origin_cannot_read_the_consent_page(open_page: Open, server: Server, elsewhere: str) -> None:
    watched = open_page(elsewhere)
    watched.expect("blocked by CORS policy", "Failed to load resource")
    watched.page.goto(elsewhere)
    assert peek(watched.page, Api(server, "origins-consent").start()["auth_uri"]) == REFUSED


def test_the_consent_page_cannot_be_framed(open_page: Open, server: Server) -> None:
    auth_uri = Api(server, "origins-frame").start()["auth_uri"]
    frame = f'<!doctype html><link rel="icon" href="data:,"><iframe src="{auth_uri.replace("&", "&amp;")}"></iframe>'
    with site(frame) as attacker:
        watched = open_page(attacker)
        watched.expect("frame-ancestors 'none'")
        with watched.page.expect_response(auth_uri) as answer:
            watched.page.goto(attacker)
        assert answer.value.headers["x-frame-options"] == "DENY"
        watched.page.wait_for_load_state()
        (_, framed) = watched.page.frames
        assert framed.url.startswith("chrome-error:")
        assert framed.get_by_role("button", name="Approve").count() == 0
        shoot(watched.page, "framed")


def test_a_page_of_another_origin_cannot_press_the_button(open_page: Open, server: Server, elsewhere: str) -> None:
    api = Api(server, "origins-press")
    started = api.start()
    watched = open_page(elsewhere)
    watched.page.goto(elsewhere)
    form = "ticket=guess&decision=approve"
    options = {"method": "POST", "mode": "no-cors", "body": form}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    watched.expect("400")
    peek(watched.page, f"{server.url}/__provider/fb/consent", **options, headers=headers)
    assert api.collect(started) == PENDING
