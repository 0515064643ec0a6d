"""The code of docs/tutorial-frontend.md, run in a browser on a page of another origin."""

from __future__ import annotations

from tests.browser.conftest import Open, site
from tests.docs.pages import SHOWN, blocks
from tests.support import ROOT, Server

CODE = "\n".join(block.text for block in blocks(ROOT / "docs" / "tutorial-frontend.md", "js"))


def test_the_code_of_the_tutorial_walks_the_round_trip_and_loses_no_digit(open_page: Open, server: Server) -> None:
    with site("<!doctype html><title>a front end</title>") as origin:
        front = open_page(origin)
        front.expect("402")  # the browser tells of every answer above 399
        front.page.goto(origin)
        script = CODE.replace(f"http://{SHOWN}", server.url)
        begun = front.page.evaluate(
            f"""async () => {{
                {script}
                const begun = await start("fb");
                const early = await collect(begun.pull_id).catch((error) => error.message);
                return {{ ...begun, early }};
            }}"""
        )
        assert begun["early"] == "consent is pending"

        person = open_page()
        person.page.goto(begun["auth_uri"])
        person.page.get_by_role("button", name="Approve").click()
        person.page.get_by_text("Facebook Ads is connected").first.wait_for()

        found = front.page.evaluate(f"async (pull_id) => {{ {script} return collect(pull_id); }}", begun["pull_id"])
        assert found["clientId"] == "194785639383273120"
        assert found["userId"] == 12847564034
