"""The HTML report of a contract run in a real browser: readable, harmless, and whole by itself."""

from __future__ import annotations

from tests.browser.conftest import Open, site
from tests.browser.test_consent import assert_readable
from tests.contract.test_reports import made


def test_the_report_is_readable_in_any_light_and_asks_for_nothing(open_page: Open) -> None:
    with site(made("html")) as origin:
        watched = open_page(origin)
        watched.page.goto(origin)
        assert_readable(watched.page, "contract")
        assert [url for url in watched.requested if not url.startswith("data:")] == [f"{origin}/"]
        assert watched.page.get_by_role("heading", level=1).inner_text().endswith("1 warning")
        assert watched.page.evaluate("() => document.scripts.length") == 0
