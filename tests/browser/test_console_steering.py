"""What the console does to the mock: each button in a real browser, and what the other window sees of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import CONNECTED, DENIED, PENDING, Api
from tests.browser.conftest import Open
from tests.support import Server, running


def look(open_page: Open, server: Server, session: str, page: str, *complaints: str) -> Page:
    watched = open_page(extra_http_headers={"Mock-Session": session})
    watched.expect(*complaints)
    found = watched.page
    found.goto(f"{server.url}/__mock/console/{page}")
    expect(found.locator("#link-text")).to_have_text("live")
    return found


def test_a_handshake_is_approved_and_denied_and_every_window_sees_it(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-shakes")
    here, there = (look(open_page, server, "steer-shakes", "handshakes") for _ in range(2))
    expect(here.get_by_text("No handshake was begun in this session")).to_be_visible()
    started = api.start()
    card = here.locator(".shake")
    expect(card.locator("[aria-current=step]")).to_have_text("asked")
    assert api.collect(started) == PENDING
    card.get_by_role("button", name="Approve").click()
    expect(there.locator(".shake [aria-current=step]")).to_have_text("granted")
    assert api.collect(started) == CONNECTED
    expect(there.locator(".shake [aria-current=step]")).to_have_text("collected")
    assert card.get_by_role("button").all_inner_texts() == ["Expire"]
    card.get_by_role("button", name="Expire").click()
    expect(there.locator(".shake [aria-current=step]")).to_have_text("expired")
    newest = [window.locator(".shake").first.locator("[aria-current=step]") for window in (here, there)]
    second = api.start()
    here.locator(".shake").first.get_by_role("button", name="Deny").click()
    for each in newest:
        expect(each).to_have_text("denied")
    assert api.collect(second) == DENIED
    api.start()
    expect(newest[0]).to_have_text("asked")
    here.locator(".shake").first.get_by_role("button", name="Fail").click()
    expect(newest[1]).to_have_text("failed")


def test_the_countdown_goes_by_the_mocks_clock(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-count")
    api.post("/__mock/clock", {"freeze": True})
    api.start()
    page = look(open_page, server, "steer-count", "handshakes")
    left = page.locator(".shake [data-until]")
    expect(left).to_have_text("5 min 00 s")
    page.wait_for_timeout(1_500)  # a frozen clock stands still
    expect(left).to_have_text("5 min 00 s")
    api.post("/__mock/clock", {"advance": 299})
    expect(left).to_have_text("1 s")
    api.post("/__mock/clock", {"freeze": False})  # it expires by itself, and nobody tells the page
    expect(page.locator(".shake [aria-current=step]")).to_have_text("expired")


def test_an_answer_is_chosen_next_n_times_and_always_and_taken_back(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-next")
    page = look(open_page, server, "steer-next", "operations")

    def ask() -> int:
        return api.post("/api/oauth2", {"datasource_id": "fb"})[0]

    limited = page.get_by_role("group", name="rate-limited").first
    limited.get_by_role("button", name="Next").click()
    expect(page.locator("#queued tbody tr")).to_have_count(1)
    assert [ask(), ask()] == [429, 200]
    expect(page.get_by_text("None: every request is answered by")).to_be_visible()
    limited.get_by_label("How often").fill("2")
    limited.get_by_role("button", name="times").click()
    expect(page.locator("#queued tbody td").nth(2)).to_have_text("2")
    page.get_by_role("group", name="payment-required").first.get_by_role("button", name="Always").click()
    expect(page.locator("#queued tbody tr")).to_have_count(2)
    assert [ask() for _ in range(4)] == [429, 429, 402, 402]
    expect(page.locator("#queued tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("None: every request is answered by")).to_be_visible()
    assert ask() == 200


def test_scenario_clock_and_network_are_switched(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-world")
    here, there = (look(open_page, server, "steer-world", page) for page in ("situation", "handshakes"))
    here.get_by_role("button", name="Switch on rate-limited").click()
    expect(there.locator("#strip")).to_contain_text("scenario rate-limited")
    assert api.post("/api/oauth2", {"datasource_id": "fb"})[0] == 429
    here.get_by_role("button", name="Switch off rate-limited").click()
    expect(there.locator("#strip")).not_to_contain_text("scenario")
    here.get_by_role("button", name="Freeze").click()
    expect(there.locator("#strip")).to_contain_text("frozen")
    before = api.get("/__mock/clock")["now"]
    for name, seconds in (("+5 min", 300), ("+12 h", 43_200)):
        here.get_by_role("button", name=name, exact=True).click()
        expect(here.get_by_role("status").last).to_contain_text(f"the clock was moved by {name}")
        before += seconds
    assert api.get("/__mock/clock")["now"] == before
    here.get_by_label("Set to (UTC)").fill("2030-01-02T03:04:05")
    here.get_by_role("button", name="Set", exact=True).click()
    expect(there.locator("#strip time")).to_have_text("03:04:05")
    here.get_by_role("button", name="As on this machine").click()
    expect(there.locator("#strip")).not_to_contain_text("frozen")
    here.get_by_role("button", name="3g").click()
    expect(here.get_by_role("button", name="3g")).to_have_attribute("aria-pressed", "true")
    here.get_by_role("button", name="As started").click()
    expect(here.get_by_text("Nothing goes wrong on purpose.")).to_be_visible()


def test_faults_are_added_counted_and_removed(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-faults")
    page = look(open_page, server, "steer-faults", "situation", "400")
    page.locator("#fault-kind").select_option("status-503")
    page.locator("#fault-operation").select_option("POST /oauth2")
    page.get_by_label("Times").fill("1")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#faults tbody tr")).to_have_count(1)
    page.get_by_label("Late by").fill("nonsense")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".toast.bad")).to_contain_text("nonsense")
    page.locator("#fault-kind").select_option("")
    page.get_by_label("Late by").fill("10ms")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#faults tbody tr")).to_have_count(2)
    assert [api.post("/api/oauth2", {"datasource_id": "fb"})[0] for _ in range(2)] == [503, 200]
    expect(page.locator("#faults tbody tr").first.locator("td").nth(2)).to_have_text("2")
    page.get_by_role("button", name="Remove").first.click()
    expect(page.locator("#faults tbody tr")).to_have_count(1)
    assert [each.get("fault") for each in api.get("/__mock/faults")["faults"]] == [None]


def test_sessions_are_switched_forked_kept_put_back_and_forgotten(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-one")
    api.start()
    watched = open_page()
    page = watched.page
    watched.hear("dialog", lambda dialog: dialog.accept())
    page.goto(f"{server.url}/__mock/console/sessions")
    page.get_by_label("Look at another, or a new one").fill("steer-one")
    page.get_by_role("button", name="Switch").click()
    expect(page.locator("#strip")).to_contain_text("session steer-one")
    expect(page.locator("#link-text")).to_have_text("live")
    page.get_by_role("button", name="Snapshot").click()
    expect(page.get_by_role("button", name=re.compile("Restore .before."))).to_be_visible()
    page.get_by_label("Fork it as").fill("steer-two")
    page.get_by_role("button", name="Fork").click()
    copy = page.locator(".card", has=page.get_by_role("heading", name="steer-two"))
    expect(copy).to_contain_text("1 handshakes, 1 alive")
    api.start()
    mine = page.locator(".card.chosen")
    expect(mine).to_contain_text("2 handshakes")
    page.get_by_role("button", name=re.compile("Restore")).first.click()
    expect(mine).to_contain_text("1 handshakes")
    copy.get_by_role("button", name="Look at it").click()
    expect(page.locator("#strip")).to_contain_text("session steer-two")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("heading", name="steer-two").last).to_be_visible()
    assert Api(server, "steer-two").get("/__mock/handshakes")["handshakes"] == []


def test_a_refusal_of_the_mock_is_told_in_its_words(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-refusal")
    started = api.start()
    watched = open_page(extra_http_headers={"Mock-Session": "steer-refusal"})
    watched.expect("409")
    page = watched.page
    page.goto(f"{server.url}/__mock/console/handshakes")
    expect(page.locator("#link-text")).to_have_text("live")
    page.route("**/__mock/console/**", lambda route: route.abort())  # the page does not hear of what comes now
    watched.expect("ERR_FAILED")
    with page.expect_console_message(lambda message: "ERR_FAILED" in message.text):
        api.post(f"/__mock/handshakes/{started['pull_id']}/decide", {"decision": "deny"})
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".toast.bad")).to_contain_text("a handshake that is denied cannot approve")


def test_files_that_cannot_be_served_are_told_until_they_are_mended(
    open_page: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("reload") / "api.yaml"
    good = "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: x}}}}}"
    path.write_text(good, "utf-8")
    with running("--quiet", str(path)) as server:
        api = Api(server, "default")
        watched = open_page(server.url)
        page = watched.page
        page.goto(f"{server.url}/__mock/console/reference")
        expect(page.locator("#link-text")).to_have_text("live")
        path.write_text("openapi: [", "utf-8")
        assert api.post("/__mock/reload", {})[0] == 422
        expect(page.get_by_role("alert")).to_contain_text("The files on disk cannot be served.")
        expect(page.get_by_role("alert")).to_contain_text("api.yaml:")
        path.write_text(good, "utf-8")
        assert api.post("/__mock/reload", {})[0] == 200
        expect(page.get_by_role("alert")).to_have_count(0)
        page.goto(f"{server.url}/__mock/console/operations")
        expect(page.locator("#link-text")).to_have_text("live")
        path.write_text(good.replace("'200'", "'204'"), "utf-8")
        assert api.post("/__mock/reload", {})[0] == 200
        expect(page.get_by_role("group", name="204")).to_be_visible()
        page.goto("about:blank")  # it would miss the server


def test_the_keyboard_alone_approves_and_stays_where_it_is(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-keys")
    started, _ = api.start(), api.start()
    page = look(open_page, server, "steer-keys", "handshakes")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == "Approve" and page.locator(".shake").nth(1).locator(":focus").count():
            break
    assert page.locator(":focus").evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".shake").nth(1).locator("[aria-current=step]")).to_have_text("granted")
    assert api.collect(started) == CONNECTED
    expect(page.locator(".shake").nth(1)).to_be_focused()
    page.keyboard.press("Tab")  # its first link, and not the beginning of the page
    expect(page.locator(".shake").nth(1).locator(":focus")).to_have_text("its requests")


def test_a_session_named_by_the_path_keeps_its_window(open_page: Open, server: Server) -> None:
    api = Api(server, "steer-path")
    page = open_page().page
    page.goto(f"{server.url}/__mock/s/steer-path/__mock/")
    expect(page.locator("#link-text")).to_have_text("live")
    expect(page.locator("#strip")).to_contain_text("session steer-path")
    page.get_by_role("link", name="Handshakes").click()
    started = api.start()
    page.locator(".shake").get_by_role("button", name="Approve").click()
    expect(page.locator(".shake [aria-current=step]")).to_have_text("granted")
    assert api.collect(started) == CONNECTED
    page.get_by_role("link", name="Reference").click()
    page.get_by_role("link", name="POST /oauth2 OAuth2 New").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="Text of the answer")).to_contain_text("/__mock/s/steer-path/__provider")
    page.get_by_role("link", name="why this answer").click()
    expect(page.get_by_text("Why this answer")).to_be_visible()
    expect(page.locator("#strip")).to_contain_text("session steer-path")
    page.get_by_role("link", name="Sessions").click()
    expect(page.get_by_text("says which session it looks at")).to_be_visible()
