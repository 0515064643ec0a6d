"""Every page of the console: readable, reachable and whole in light and dark, on a desktop and on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from mock_server.web.console.page import Page
from mock_server.web.console.table import PAGES
from tests.browser.api import Api
from tests.browser.axe import COLOURS, RULES, complaints
from tests.browser.conftest import Open
from tests.support import ROOT, Server, running

ARTEFACTS = Path(os.environ.get("MOCK_SERVER_ARTEFACTS") or ROOT / ".artefacts") / "console"
WIDTHS = (1280, 360)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NAMES = [page.template.removeprefix("console/").removesuffix(".html") for page in PAGES]


@pytest.fixture(scope="module")
def busy() -> Iterator[tuple[Server, dict[str, str]]]:
    """A mock in which much goes on, and what stands in the paths of pages that need it."""
    with running("--quiet", "--control-token", "open-sesame") as server:
        api = Api(server, "default")
        for decision in ("approve", "deny", "fail", "expire", None, None):
            started = api.start("google_ads")
            if decision:
                api.post(f"/__mock/handshakes/{started['pull_id']}/decide", {"decision": decision})
            api.post("/api/oauth2/credentials", started)
        api.post("/nope", {"evil": "<script>alert(1)</script>" * 20, "long": "y" * 5_000})
        api.post("/api/oauth2", {"datasource_id": "mysql"})
        api.put("/__mock/faults", {"faults": [{"fault": "reset", "operation": "POST /oauth2", "every": 50},
                                              {"delay": {"uniform": ["1s", "3s"]}, "probability": 0.001}]})  # fmt: skip
        api.put("/__mock/scenario", {"scenario": "consent-denied"})
        api.post("/__mock/next", {"operation": "POST /oauth2", "response": "rate-limited", "times": "always"})
        api.post("/__mock/next", {"operation": "POST /oauth2/credentials", "response": "denied", "times": 3})
        api.post("/__mock/session/default/snapshot", {"label": "before"})
        api.post("/__mock/session/default/fork", {"name": "copy"})
        entries = api.get("/__mock/journal")["entries"]
        yield server, {"entry": entries[-1]["id"]}


def address(server: Server, values: dict[str, str], path: str) -> str:
    more = "?operation=POST%20/oauth2" if path == "/console/reference/operation" else ""
    return f"{server.url}/__mock{path.format(**values)}{more}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_is_readable_and_accessible_in_any_light_and_on_any_screen(
    open_page: Open, busy: tuple[Server, dict[str, str]], page: Page
) -> None:
    server, values = busy
    window = open_page(server.url).page
    window.goto(address(server, values, page.path))
    expect(window.locator("#link-text")).to_have_text("live")
    expect(window.get_by_role("heading", level=1)).to_be_visible()
    for width in WIDTHS:
        window.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            window.emulate_media(color_scheme=scheme)
            keep(window, f"{NAMES[PAGES.index(page)]}-{scheme}-{width}")
            if width > 1000:
                assert complaints(window, RULES if scheme == "light" else COLOURS) == []
        assert window.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_for_the_token_lets_in_with_the_right_one(
    open_page: Open, busy: tuple[Server, dict[str, str]], scheme: str
) -> None:
    server, _ = busy
    watched = open_page(server.url, color_scheme=scheme, viewport={"width": 360, "height": 740})
    watched.expect("403")
    page = watched.page
    page.goto(f"{server.url}/__mock/console/login?next=/__mock/console/handshakes")
    expect(page.get_by_label("Control token")).to_be_focused()
    assert complaints(page) == []
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not the token")
    keep(page, f"login-{scheme}")
    page.keyboard.type("open-sesame")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Handshakes")
    assert page.evaluate("() => document.cookie") == ""
    page.get_by_role("button", name="Forget the token").click()
    expect(page.get_by_label("Control token")).to_be_visible()


def test_the_navigation_leads_to_every_page_marks_it_and_an_empty_page_says_what_to_do(
    open_page: Open, server: Server
) -> None:
    window = open_page(extra_http_headers={"Mock-Session": "console-empty"}).page
    window.goto(f"{server.url}/__mock/")
    links = window.get_by_role("navigation", name="Pages").get_by_role("link")
    assert links.count() == len([page for page in PAGES if page.group])
    for number in range(links.count()):
        text = links.nth(number).inner_text()
        links.nth(number).click()
        expect(window.locator("nav [aria-current=page]")).to_have_text(text)
        expect(window.get_by_role("heading", level=1)).to_have_text(text)
        expect(window.locator("#link-text")).to_have_text("live")
        keep(window, f"{text.lower()}-empty")
        assert window.locator("main").inner_text().count("\n") > 1, text


def keep(page: Window, name: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True, animations="disabled")
