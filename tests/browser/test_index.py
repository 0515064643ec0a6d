"""What somebody sees who opens the mock's address."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, shoot
from tests.support import Server


def test_the_index_shows_the_operations_and_the_scenarios(page: Page, server: Server) -> None:
    page.goto(server.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("OAuth2Connections")
    for text in ("POST /oauth2", "POST /oauth2/credentials", "OAuth2 Get Credentials", "slow-provider", "started"):
        expect(page.get_by_text(text, exact=True).first).to_be_visible()
    shoot(page, "index")


def test_every_link_of_the_index_leads_somewhere(page: Page, server: Server) -> None:
    for link in ("The console", "its own OpenAPI document", "journal", "handshakes", "clock", "health"):
        page.goto(server.url)
        with page.expect_response(lambda response: "/__mock/" in response.url) as answer:
            page.get_by_role("link", name=link).click()
        assert answer.value.status == 200, link


def test_a_provider_that_does_not_exist_is_said_in_words(open_page: Open, server: Server) -> None:
    watched = open_page()
    watched.expect("404")
    watched.page.goto(f"{server.url}/__provider/nobody/authorize")
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("No such provider")
