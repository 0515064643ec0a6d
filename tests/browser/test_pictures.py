"""The pictures of the README, made by this very run; ``MOCK_SERVER_PICTURES=docs/pictures`` makes them anew there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.api import Api
from tests.browser.conftest import Open
from tests.browser.test_console_pages import ARTEFACTS
from tests.support import ROOT, running

README = ROOT / "README.md"
KEPT = ROOT / "docs" / "pictures"
NOON = 1_893_499_200  # 2030-01-01T12:00:00Z


def test_the_pictures_of_the_readme_are_of_the_console_as_it_is(open_page: Open) -> None:
    folder = Path(os.environ.get("MOCK_SERVER_PICTURES") or ARTEFACTS / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with running("--quiet") as server:
        api = Api(server, "default")
        api.post("/__mock/clock", {"freeze": True, "set": NOON})
        early, late = api.start("fb"), api.start("google_ads")
        api.post("/api/oauth2", {"datasource_id": "fb", "validity_duration": 299})
        api.collect(late)
        api.post("/__mock/clock", {"advance": 41})
        api.post(f"/__mock/handshakes/{early['pull_id']}/decide", {"decision": "approve"})
        api.collect(early)
        refused = next(each["id"] for each in api.get("/__mock/journal")["entries"] if each["status"] == 429)
        window = open_page(server.url, viewport={"width": 1180, "height": 430}).page
        for name, path, height in (
            ("requests", "/__mock/", 430),
            ("handshakes", "/__mock/console/handshakes", 430),
            ("why", f"/__mock/console/requests/{refused}", 700),
        ):
            window.set_viewport_size({"width": 1180, "height": height})
            window.goto(server.url + path)
            expect(window.locator("#link-text")).to_have_text("live")
            window.screenshot(path=folder / f"{name}.png", animations="disabled")
        expect(window.get_by_text("299 is less than the minimum of 300").first).to_be_visible()
    made = {path.name for path in folder.glob("*.png")}
    shown = set(re.findall(r"docs/pictures/([\w-]+\.png)", README.read_text("utf-8")))
    assert shown <= made == {path.name for path in KEPT.glob("*.png")}
