"""The console in a real browser: live, in every window, by keyboard, on any screen."""

from __future__ import annotations

import json
import os
import re
import subprocess

from playwright.sync_api import Page, Route, expect

from tests.browser.api import Api
from tests.browser.conftest import Open, Watched
from tests.support import Server


def window(open_page: Open, session: str, **options: object) -> Watched:
    """A window of the console that looks at this session."""
    return open_page(extra_http_headers={"Mock-Session": session}, **options)


def live(page: Page) -> Page:
    expect(page.locator("#link-text")).to_have_text("live")
    return page


def home(open_page: Open, server: Server, session: str, **options: object) -> Page:
    page = window(open_page, session, **options).page
    page.goto(f"{server.url}/__mock/")
    return live(page)


def rows(page: Page) -> list[str]:
    return page.locator(".rows li").all_inner_texts()


def test_a_request_appears_in_every_window_without_a_reload(open_page: Open, server: Server) -> None:
    api = Api(server, "console-live")
    pages = [home(open_page, server, "console-live") for _ in range(2)]
    for page in pages:
        expect(page.get_by_text("Nothing was asked yet in this session")).to_be_visible()
        page.evaluate("() => { window.mark = 1 }")
    shown = pages[0].locator("#try-this").inner_text()  # it works as it stands
    done = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, check=True, timeout=30)
    assert "auth_uri" in done.stdout
    api.post("/nope", {})
    for page in pages:
        expect(page.locator(".rows li")).to_have_count(2)
        newest = page.locator(".rows li").first
        for text in ("404", "POST", "/nope", "route: no operation has the path /nope"):
            expect(newest).to_contain_text(text)
        assert page.evaluate("() => window.mark") == 1


def test_a_paused_list_stands_still_and_counts_what_it_keeps_back(open_page: Open, server: Server) -> None:
    api = Api(server, "console-pause")
    page = home(open_page, server, "console-pause")
    api.start()
    expect(page.locator(".rows li")).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    api.start()
    api.start()
    resume = page.get_by_role("button", name="Resume (2 new)")
    expect(resume).to_have_attribute("aria-pressed", "true")
    assert len(rows(page)) == 1
    resume.click()
    expect(page.locator(".rows li")).to_have_count(3)


def test_news_of_what_is_shown_already_is_not_counted(open_page: Open, server: Server) -> None:
    """The page may come before the event that tells of what is on it."""
    api = Api(server, "console-late-news")
    api.start()
    page = window(open_page, "console-late-news").page
    held: list[Route] = []
    page.route("**/__mock/events", lambda route: held.append(route))
    page.goto(f"{server.url}/__mock/")
    expect(page.locator(".rows li")).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    (entry,) = api.get("/__mock/journal")["entries"]
    news = {"parts": ["journal"], "entries": [entry, {**entry, "id": "of-another"}], "cleared": False}
    held[0].fulfill(content_type="text/event-stream", body=f"event: change\ndata: {json.dumps(news)}\n\n")
    expect(page.get_by_role("button", name="Resume (1 new)")).to_be_visible()


def test_the_list_is_filtered_by_text_operation_and_status_and_stays_so(open_page: Open, server: Server) -> None:
    api = Api(server, "console-filter")
    api.start()
    api.post("/api/oauth2", {"datasource_id": "fb", "validity_duration": 1})
    api.post("/nope", {})
    page = home(open_page, server, "console-filter")
    page.get_by_label("Status").select_option("4xx")
    expect(page.locator(".rows li")).to_have_count(2)
    page.get_by_label("Operation").select_option("POST /oauth2")
    expect(page.locator(".rows li")).to_have_count(1)
    live(page)
    api.post("/api/oauth2", {"datasource_id": "fb", "validity_duration": 2})
    expect(page.locator(".rows li")).to_have_count(2)
    page.get_by_label("Text").fill("validity_duration 2 ")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".rows li")).to_have_count(1)
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".rows li")).to_have_count(4)


def test_one_request_is_shown_in_full_with_the_step_that_won(open_page: Open, server: Server) -> None:
    api = Api(server, "console-entry")
    api.post("/api/oauth2", {"datasource_id": "fb", "validity_duration": 299})
    page = home(open_page, server, "console-entry")
    page.locator(".rows a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("POST /api/oauth2")
    expect(page.locator(".ladder .won")).to_contain_text("body.validity_duration 299 is less than the minimum of 300")
    expect(page.locator(".ladder .not-reached")).to_have_count(3)
    expect(page.locator(".facts")).to_contain_text("assumed")
    expect(page.get_by_role("region", name="What breaks the document")).to_contain_text("body.validity_duration")
    expect(page.get_by_text("new-credentials.yaml:").first).to_be_visible()
    request = page.get_by_role("region", name="Body of the request")
    expect(request).to_have_text('{\n  "datasource_id": "fb",\n  "validity_duration": 299\n}', use_inner_text=True)
    expect(page.get_by_text("Bearer ***")).to_be_visible()
    page.get_by_role("link", name="Requests").first.click()
    page.wait_for_url(re.compile(r"/__mock/$"))


def test_the_keyboard_alone_goes_through_the_list(open_page: Open, server: Server) -> None:
    api = Api(server, "console-keys")
    api.start()
    api.post("/nope", {})
    page = home(open_page, server, "console-keys")
    expect(page.locator(".rows li")).to_have_count(2)
    page.keyboard.press("/")
    expect(page.get_by_label("Text")).to_be_focused()
    page.keyboard.press("Tab")
    page.locator("#pause").focus()
    page.keyboard.press("j")
    expect(page.locator(".rows a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    api.start()  # what arrives meanwhile does not take the focus away
    expect(page.locator(".rows li")).to_have_count(3)
    expect(page.locator(".rows a").nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("POST /api/oauth2")


def test_what_a_stranger_sent_is_text_and_nothing_else(open_page: Open, server: Server) -> None:
    api = Api(server, "console-hostile")
    evil = "<script>alert(1)</script><img src=//evil.example/x onerror=alert(2)>\u202e\u0000\u001b[31m'\""
    for path in (f"/nope?{'x' * 4000}", "/javascript:alert(3)", "/%3Cscript%3E"):
        api.post(path, {"evil": evil, "long": "y" * 60_000})
    page = home(open_page, server, "console-hostile", viewport={"width": 360, "height": 740})
    expect(page.locator(".rows li")).to_have_count(3)
    for link in [each.get_attribute("href") for each in page.locator(".rows a").all()]:
        page.goto(f"{server.url}{link}")
        expect(page.get_by_text("alert(1)").first).to_be_visible()
        assert page.locator("main img, main script").count() == 0
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_without_javascript_it_can_be_read(open_page: Open, server: Server) -> None:
    api = Api(server, "console-plain")
    api.start()
    page = window(open_page, "console-plain", java_script_enabled=False).page
    page.goto(f"{server.url}/__mock/")
    expect(page.locator(".rows li")).to_have_count(1)
    page.locator(".rows a").click()
    expect(page.get_by_text("Why this answer")).to_be_visible()


def test_clearing_empties_the_list_in_every_window(open_page: Open, server: Server) -> None:
    api = Api(server, "console-clear")
    api.start()
    pages = [home(open_page, server, "console-clear") for _ in range(2)]
    for page in pages:
        expect(page.locator(".rows li")).to_have_count(1)
    pages[0].get_by_role("button", name="Clear").click()
    for page in pages:
        expect(page.get_by_text("Nothing was asked yet in this session")).to_be_visible()
    assert len(api.get("/__mock/handshakes")["handshakes"]) == 1, "the journal alone is forgotten"


def test_a_request_is_copied_as_a_curl_command_that_works(open_page: Open, server: Server) -> None:
    api = Api(server, "console-curl")
    api.post("/api/oauth2", {"datasource_id": "fb", "validity_duration": 299})
    watched = open_page(extra_http_headers={"Mock-Session": "console-curl"})
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page.goto(f"{server.url}/__mock/")
    page.locator(".rows a").click()
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("status").last).to_contain_text("copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    env = {**os.environ, "TOKEN": "dev-token"}
    done = subprocess.run(["sh", "-c", copied], capture_output=True, text=True, check=True, timeout=30, env=env)
    assert "invalid param: body.validity_duration" in done.stdout


def test_what_the_client_does_wrong_is_told_as_it_happens(open_page: Open, server: Server) -> None:
    api = Api(server, "console-lint")
    page = window(open_page, "console-lint").page
    page.goto(f"{server.url}/__mock/console/lint")
    expect(live(page).get_by_text("Nothing was asked yet in this session.")).to_be_visible()
    for _ in range(2):
        api.post("/api/oauth2", {"datasource_id": "fb", "validity_duration": 299})
    finding = page.locator(".finding", has_text="sleeps-on-invalid")
    expect(finding).to_contain_text("Retry-After")
    finding.get_by_role("link").first.click()
    expect(page.locator(".ladder .won")).to_contain_text("299 is less than the minimum of 300")
