"""Giving consent behind an ``auth_uri``: as a browser would, by a person, by a script, or not at all."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urlencode, urljoin, urlsplit

from mock_server.contract.client import Client
from mock_server.contract.model import Exchange, Seen, Sent
from mock_server.named import NamedTuple

MAX_STEPS = 12
COMMAND_TIMEOUT_S = 120.0
Wish = Literal["approve", "deny", "fail"]

_WORDS: dict[Wish, re.Pattern[str]] = {
    "approve": re.compile(r"(?i)\b(approve|allow|accept|authori[sz]e|grant|agree|confirm|consent|continue|yes)\b"),
    "deny": re.compile(r"(?i)\b(deny|decline|refuse|reject|cancel|disallow|no)\b"),
    "fail": re.compile(r"(?i)\b(fail|server.?error)\b"),
}


class Consented(NamedTuple):
    """What became of it; ``exchanges`` are the pages that were walked."""

    ok: bool
    why: str
    exchanges: tuple[Exchange, ...] = ()
    held: str = ""
    no_button: bool = False
    """The page came, and has nothing that we know how to press."""

    @property
    def callback(self) -> str | None:
        """The URL that carried ``code`` and ``state`` (or ``error``) back, if a redirect did."""
        for exchange in self.exchanges:
            query = urlsplit(exchange.sent.target).query
            if re.search(r"(^|&)state=", query) and re.search(r"(^|&)(code|error)=", query):
                return exchange.origin + exchange.sent.target
        return None


class Button(NamedTuple):
    """A button of a form: its name and value are sent, its text is what a person reads."""

    name: str
    value: str
    text: str


class Form(NamedTuple):
    method: str
    action: str
    fields: tuple[tuple[str, str], ...]
    buttons: tuple[Button, ...]


def not_shown(seen: Seen, *, is_mock: bool) -> str:
    """As what a page comes that no browser shows as one; ``""`` when it does. Our own mock has HTML and nothing else.

    Others may say *Connected* in plain text, but neither call HTML a text nor have it saved as a file.
    """
    kind = (seen.header("content-type") or "").partition(";")[0].strip().lower()
    looks = seen.body.lstrip()[:1] == b"<"
    if kind in ("text/html", "application/xhtml+xml") or (
        kind.startswith(("text/", "application/json")) and not looks and not is_mock
    ):
        return ""
    return kind[:40] or "nothing in particular"


def visit(
    client: Client, auth_uri: str, wish: Wish | None = "approve", stop_before: Callable[[str], bool] = lambda url: False
) -> Consented:
    """Open the page, press the button that fits the wish, follow every redirect to its end.

    Without a wish the page is only opened. ``stop_before`` holds before a URL is asked for; ``held`` is that URL.
    """
    walked: list[Exchange] = []
    method, url, body = "GET", auth_uri, b""
    pressed = False
    for _ in range(MAX_STEPS):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return Consented(False, f"the consent leads to {parts.scheme or 'no'}: URL", tuple(walked))
        if stop_before(url):
            return Consented(True, "", tuple(walked), url)
        exchange = _page(client, method, url, body, walked)
        walked.append(exchange)
        seen = exchange.seen
        location = seen.header("location")
        if seen.status in (301, 302, 303, 307, 308) and location:
            keeps = seen.status in (307, 308)
            method, url, body = (method if keeps else "GET"), urljoin(url, location), (body if keeps else b"")
            continue
        if seen.status == 0 or seen.status >= 400:
            why = seen.fault or f"status {seen.status}"
            return Consented(pressed and wish != "approve", f"a page of the consent failed: {why}", tuple(walked))
        if pressed or wish is None:
            return Consented(True, "", tuple(walked))
        found = find_button(seen.body.decode("utf-8", "replace"), wish)
        if found is None:
            return _without_button(wish, tuple(walked))
        form, button = found
        pressed = True
        data = urlencode([*form.fields, *([(button.name, button.value)] if button.name else [])])
        method, url = form.method, urljoin(url, form.action or url)
        if form.method == "GET":
            url, body = f"{url.partition('?')[0]}?{data}", b""
        else:
            body = data.encode()
    return Consented(False, f"the consent does not end within {MAX_STEPS} pages", tuple(walked))


def _without_button(wish: Wish, walked: tuple[Exchange, ...]) -> Consented:
    """A provider that asks nobody has led us back already, with its decision."""
    back = Consented(True, "", walked).callback
    if back is None:
        return Consented(False, f"the page has no button to {wish}", walked, no_button=True)
    gave = "approve" if re.search(r"[?&]code=", back) else "deny"
    return Consented(gave == wish, f"the provider decides by itself, to {gave}", walked, no_button=True)


def _page(client: Client, method: str, url: str, body: bytes, walked: list[Exchange]) -> Exchange:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")]
    if body:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    cookies = "; ".join(_cookies(walked, origin))
    if cookies:
        headers.append(("Cookie", cookies))
    return client.send(Sent(method, target, tuple(headers), body), origin=origin)


def _cookies(walked: list[Exchange], origin: str) -> list[str]:
    """Those the same origin has set on the way; a consent is too short for them to expire."""
    found: dict[str, str] = {}
    for exchange in walked:
        for name, value in exchange.seen.headers:
            if exchange.origin == origin and name.lower() == "set-cookie":
                pair = value.partition(";")[0].strip()
                found[pair.partition("=")[0]] = pair
    return list(found.values())


def find_button(page: str, wish: Wish) -> tuple[Form, Button] | None:
    """The button to press: by its value first, then by its text; the only one there is, to approve."""
    forms = parse_forms(page)
    for part in ("value", "text", "name"):
        for form in forms:
            for button in form.buttons:
                if _WORDS[wish].search(getattr(button, part).replace("_", " ")):
                    return form, button
    if wish == "approve" and len(forms) == 1 and len(forms[0].buttons) == 1:
        return forms[0], forms[0].buttons[0]
    return None


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._fields: list[tuple[str, str]] = []
        self._buttons: list[Button] = []
        self._open: tuple[str, str] | None = None
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        if tag == "form":
            self._open = (given.get("method", "get").upper(), given.get("action", ""))
            self._fields, self._buttons = [], []
        elif self._open is None:
            return
        elif tag == "button" and kind == "submit":
            self._text = []
            self._buttons.append(Button(given.get("name", ""), given.get("value", ""), ""))
        elif tag == "input" and kind == "submit":
            value = given.get("value", "")
            self._buttons.append(Button(given.get("name", ""), value, value))
        elif tag == "input" and given.get("name") and (kind not in ("checkbox", "radio") or "checked" in given):
            self._fields.append((given["name"], given.get("value", "on" if kind == "checkbox" else "")))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._text is not None:
            self._buttons[-1] = self._buttons[-1]._replace(text="".join(self._text).strip())
            self._text = None
        elif tag == "form" and self._open is not None:
            self.forms.append(Form(*self._open, tuple(self._fields), tuple(self._buttons)))
            self._open = None


def parse_forms(page: str) -> list[Form]:
    """The forms of an HTML page with what they would send."""
    parser = _Forms()
    parser.feed(page)
    parser.close()
    return parser.forms


def by_command(command: str, auth_uri: str) -> Consented:
    """Hand the link to a script: as its last argument, and in the environment as ``AUTH_URI``."""
    try:
        done = subprocess.run(  # noqa: S603
            [*shlex.split(command), auth_uri],
            env={**os.environ, "AUTH_URI": auth_uri},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except (OSError, ValueError) as error:
        return Consented(False, f"the consent command cannot be run: {error}")
    except subprocess.TimeoutExpired:
        return Consented(False, f"the consent command took longer than {COMMAND_TIMEOUT_S:g} s")
    return Consented(done.returncode == 0, "" if done.returncode == 0 else f"the command exited {done.returncode}")


def give_consent(client: Client, how: str, auth_uri: str, ask: Callable[[str], None]) -> Consented:
    """Approve in the way that ``--consent`` names: ``visit``, ``ask``, ``command:CMD`` or ``none``.

    ``ask`` shows the link to a person and returns when they are done.
    """
    if how == "visit":
        return visit(client, auth_uri)
    if how == "ask":
        ask(auth_uri)
        return Consented(True, "")
    if how.startswith("command:"):
        return by_command(how.partition(":")[2], auth_uri)
    return Consented(False, "--consent none")
