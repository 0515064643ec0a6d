"""The consent page as a person meets it: in a browser, by mouse and by keyboard, on a phone and at night."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import CONNECTED, DENIED, FAILED, PENDING, Api
from tests.browser.conftest import Open, shoot
from tests.support import Server

CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const paper = (node) => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter(
    (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  const ratios = texts.map((node) => {
    const [one, two] = [light(numbers(getComputedStyle(node).color)), light(paper(node))];
    return [(Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05), node.textContent.trim()];
  });
  return ratios.filter(([ratio]) => ratio < 4.5);
}"""
"""The texts whose contrast is below WCAG 2.2 §1.4.3 (AA)."""

WIDTH = "() => document.documentElement.scrollWidth"
PAPER = "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def test_a_person_reads_who_asks_for_what_approves_and_is_connected(page: Page, server: Server) -> None:
    api = Api(server, "browser-approve")
    started = api.start()
    page.goto(started["auth_uri"])
    expect(page).to_have_title("Boomi Data Integration asks for access to Facebook Ads")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Boomi Data Integration asks for access to your Facebook Ads account"
    )
    for term, told in {
        "Who asks": "Boomi Data Integration",
        "For which source": "Facebook Ads",
        "Which scopes": "ads_management",
        "Where you go next": f"{server.api}/oauthcallback/fb",
    }.items():
        expect(page.locator(f"dt:has-text('{term}') + dd")).to_contain_text(told)
    expect(page.get_by_role("listitem")).to_have_text(["ads_management", "ads_read"])
    shoot(page, "consent")
    assert api.collect(started) == PENDING
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Facebook Ads is connected")
    shoot(page, "connected")
    assert api.collect(started) == CONNECTED


def test_a_person_denies(page: Page, server: Server) -> None:
    api = Api(server, "browser-deny")
    started = api.start()
    page.goto(started["auth_uri"])
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Access to Facebook Ads was denied")
    shoot(page, "denied")
    assert api.collect(started) == DENIED


@pytest.mark.parametrize(
    ("button", "heading", "collected"),
    [
        ("Provider fails", "Facebook Ads failed", FAILED),
        ("Provider is unavailable", "Facebook Ads failed", FAILED),
        ("Approve, but the token endpoint fails", "Facebook Ads failed", FAILED),
        ("Walk away", "You walked away", PENDING),
    ],
)
def test_a_tester_makes_the_provider_fail(
    page: Page, server: Server, button: str, heading: str, collected: tuple[int, str]
) -> None:
    api = Api(server, "browser-failures")
    started = api.start()
    page.goto(started["auth_uri"])
    expect(page.get_by_role("button", name=button)).to_be_hidden()
    page.get_by_text("What a tester may want instead").click()
    shoot(page, "tester")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    shoot(page, "failed")
    assert api.collect(started) == collected


def test_the_back_button_after_a_decision_cannot_change_it(page: Page, server: Server) -> None:
    api = Api(server, "browser-back")
    started = api.start()
    page.goto(started["auth_uri"])
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Facebook Ads is connected")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Facebook Ads is connected")
    expect(page.get_by_role("button")).to_have_count(0)
    assert api.collect(started) == CONNECTED


def test_a_second_tab_cannot_overturn_the_first(open_page: Open, server: Server) -> None:
    api = Api(server, "browser-tabs")
    started = api.start()
    first, second = open_page().page, open_page()
    second.expect("400")
    for each in (first, second.page):
        each.goto(started["auth_uri"])
    first.get_by_role("button", name="Approve", exact=True).click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Facebook Ads is connected")
    second.page.get_by_role("button", name="Deny").click()
    expect(second.page.get_by_role("heading", level=1)).to_have_text("This link is not valid")
    shoot(second.page, "not-valid")
    assert api.collect(started) == CONNECTED


def test_reloading_the_callback_changes_nothing(open_page: Open, server: Server) -> None:
    api = Api(server, "browser-reload")
    started = api.start()
    watched = open_page()
    watched.expect("400")
    watched.page.goto(started["auth_uri"])
    watched.page.get_by_role("button", name="Approve", exact=True).click()
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("Facebook Ads is connected")
    watched.page.reload()
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("This link is not valid")
    assert api.collect(started) == CONNECTED


@pytest.mark.parametrize(
    ("tabs", "focused", "collected"),
    [
        (["Tab"], "Approve", CONNECTED),
        (["Tab", "Tab"], "Deny", DENIED),
        (["Tab", "Tab", "Tab", "Enter", "Tab"], "Provider fails (server_error)", FAILED),
    ],
)
def test_the_keyboard_alone_is_enough(
    page: Page, server: Server, tabs: list[str], focused: str, collected: tuple[int, str]
) -> None:
    api = Api(server, "browser-keyboard")
    started = api.start()
    page.goto(started["auth_uri"])
    for key in tabs:
        page.keyboard.press(key)
    expect(page.locator(":focus")).to_have_text(focused)
    assert page.locator(":focus").evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    shoot(page, f"keyboard-{focused.split()[0].lower()}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/oauthcallback/**")
    assert api.collect(started) == collected


def test_every_page_is_readable_in_any_light_and_on_any_screen(page: Page, server: Server) -> None:
    page.goto(Api(server, "browser-readable").start("google_ads")["auth_uri"])
    page.get_by_text("What a tester may want instead").click()
    assert_readable(page, "consent")
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("was denied")
    assert_readable(page, "denied")
    page.goto(server.url)
    assert_readable(page, "index")


def assert_readable(page: Page, name: str) -> None:
    """In light and dark, on a phone and on a desktop; and dark is dark."""
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            shoot(page, f"{name}-{scheme}-{width}")
            assert page.evaluate(CONTRAST) == []
            assert page.evaluate(WIDTH) <= width
            assert (max(page.evaluate(PAPER)) < 64) == (scheme == "dark")


def test_touch_targets_are_large_enough_for_a_thumb(open_page: Open, server: Server) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True).page
    page.goto(Api(server, "browser-touch").start()["auth_uri"])
    page.get_by_text("What a tester may want instead").tap()
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 44


def test_nothing_that_a_link_carries_becomes_markup(open_page: Open, server: Server) -> None:
    api = Api(server, "browser-markup")
    auth_uri = api.start()["auth_uri"]
    state = auth_uri.partition("&state=")[2].partition("&")[0]
    markup = quote("<img src=/x onerror=alert(1)>")
    issuer = quote(f"{server.url}/__provider/fb", safe="")
    page = open_page().page
    page.goto(f"{server.api}/oauthcallback/fb?state={state}&iss={issuer}&error={markup}")
    expect(page.get_by_text("<img src=/x onerror=alert(1)>")).to_be_visible()
    expect(page.locator("img")).to_have_count(0)


@pytest.mark.parametrize(
    ("old", "new"),
    [("client_id=data-integration", "client_id=%3Cscript%3E"), ("redirect_uri=http", "redirect_uri=https")],
)
def test_a_link_that_was_tampered_with_is_refused_in_words(open_page: Open, server: Server, old: str, new: str) -> None:
    watched = open_page()
    watched.expect("400")
    auth_uri = Api(server, "browser-tampered").start()["auth_uri"]
    assert old in auth_uri
    watched.page.goto(auth_uri.replace(old, new))
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("This request cannot be trusted")
    shoot(watched.page, "cannot-be-trusted")
