"""Consent: the page is walked as a browser would walk it."""

from __future__ import annotations

import sys

import pytest

from mock_server.contract.client import Client
from mock_server.contract.consent import Button, Form, by_command, give_consent, parse_forms, visit
from tests.contract.deployment import Asked, Given, answering

PAGE = """<h1>Who asks</h1>
<form method=post action="/decide?x=1&amp;y=2"><input type=hidden name=ticket value="a&quot;b">
<input type="checkbox" name="later"><input type=checkbox name=news checked>
<button name=decision value=deny>No, thanks</button><button name=decision value=yes>Allow <b>access</b></button>
</form>"""


def test_a_form_is_read_with_what_it_would_send() -> None:
    assert parse_forms(PAGE) == [
        Form(
            "POST",
            "/decide?x=1&y=2",
            (("ticket", 'a"b'), ("news", "on")),
            (Button("decision", "deny", "No, thanks"), Button("decision", "yes", "Allow access")),
        )
    ]


@pytest.mark.parametrize(
    ("wish", "pressed"), [("approve", "decision=yes"), ("deny", "decision=deny")]
)  # fmt: skip
def test_the_button_that_fits_is_pressed_and_redirects_and_cookies_are_followed(wish: str, pressed: str) -> None:
    heard: list[Asked] = []

    def answer(asked: Asked) -> Given:
        heard.append(asked)
        if asked.target == "/authorize?state=s":
            return Given(302, (("Location", "/page"), ("Set-Cookie", "sid=1; HttpOnly")))
        if asked.target == "/page":
            return Given(200, (("Content-Type", "text/html"),), PAGE.encode())
        if asked.method == "POST":
            return Given(303, (("Location", "/callback?code=c&state=s"),))
        return Given(200, (), b"<p>done</p>")

    with answering(answer) as url, Client(url) as client:
        found = visit(client, f"{url}/authorize?state=s", "approve" if wish == "approve" else "deny")
    assert found.ok
    assert found.callback == f"{url}/callback?code=c&state=s"
    assert [(each.method, each.target) for each in heard] == [
        ("GET", "/authorize?state=s"),
        ("GET", "/page"),
        ("POST", "/decide?x=1&y=2"),
        ("GET", "/callback?code=c&state=s"),
    ]
    assert heard[2].body.decode() == f"ticket=a%22b&news=on&{pressed}"
    assert heard[2].headers["Cookie"] == "sid=1"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Given(500), "a page of the consent failed: status 500"),
        (Given(200, (), b"<p>nothing here</p>"), "the page has no button to approve"),
        (Given(302, (("Location", "ftp://x/"),)), "the consent leads to ftp: URL"),
        (Given(302, (("Location", "/again"),)), "the consent does not end within 12 pages"),
        (Given(0), "a page of the consent failed: reset"),
    ],
)
def test_a_consent_that_cannot_be_given_says_why(given: Given, why: str) -> None:
    with answering(lambda asked: given) as url, Client(url) as client:
        found = visit(client, f"{url}/authorize")
    assert (found.ok, found.why) == (False, why)


def test_a_script_gets_the_link_and_its_exit_code_counts() -> None:
    script = f"{sys.executable} -c 'import os, sys; sys.exit(0 if sys.argv[-1] == os.environ[\"AUTH_URI\"] else 3)'"
    client = Client("http://127.0.0.1:1")
    assert give_consent(client, f"command:{script}", "http://x/?a=b c", print).ok
    assert by_command(f"{sys.executable} -c 'raise SystemExit(3)'", "x").why == "the command exited 3"
    assert by_command("/no/such/program", "x").why.startswith("the consent command cannot be run")


def test_a_person_is_shown_the_link_and_none_gives_none() -> None:
    shown: list[str] = []
    client = Client("http://127.0.0.1:1")
    assert give_consent(client, "ask", "http://x/", shown.append).ok
    assert shown == ["http://x/"]
    assert not give_consent(client, "none", "http://x/", shown.append).ok
