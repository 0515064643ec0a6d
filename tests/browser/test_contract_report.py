"""The HTML report of a contract run in a real browser: readable, harmless, and whole by itself."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Open, site
from tests.browser.test_consent import assert_readable
from tests.contract.test_reports import made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_is_readable_in_any_light_and_asks_for_nothing(open_page: Open, scheme: str, width: int) -> None:
    with site(made("html")) as origin:
        watched = open_page(origin, viewport={"width": width, "height": 740}, color_scheme=scheme)
        watched.page.goto(origin)
        paper = watched.page.evaluate(
            "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        )
        assert (max(paper) < 64) == (scheme == "dark")
        assert_readable(watched.page, width, f"contract-{scheme}-{width}")
        assert [url for url in watched.requested if not url.startswith("data:")] == [f"{origin}/"]
        assert watched.page.get_by_role("heading", level=1).inner_text().endswith("1 warning")
        assert watched.page.evaluate("() => document.scripts.length") == 0
