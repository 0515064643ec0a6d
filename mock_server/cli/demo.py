"""``mock-server demo``: the whole hand-shake and every documented error, against a real server."""

from __future__ import annotations

import html
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import click

from mock_server.errors import MockServerError

TOKEN = "dev-token"
START_S = 10.0


class Surprise(MockServerError):
    """The mock did not answer as the demo promises."""


@click.command("demo", short_help="Walk the whole hand-shake and every documented error, printing each exchange.")
def command() -> None:
    """Start the mock on a free port, walk the hand-shake, show 402, 403 and 429, and stop."""
    try:
        with _running() as url:
            click.echo(f"The mock of OAuth2Connections runs at {url}\n")
            _walk(_Client(url))
    except Surprise as surprise:
        click.echo(f"error: {surprise}", err=True)
        sys.exit(1)
    click.echo("All as documented. Now start your own:  mock-server serve")


def _walk(client: _Client) -> None:
    good = {"datasource_id": "fb", "validity_duration": 300}
    _heading("1. Ask for a new OAuth2 process")
    started = client.post("/api/oauth2", good, wanted=200)
    pull = {"pull_id": started["pull_id"]}
    _heading("2. Collect too early: nobody has consented yet")
    client.post("/api/oauth2/credentials", pull, wanted=402)
    _heading("3. Open the auth_uri, as a person would in a browser")
    page = client.page("GET", started["auth_uri"])
    _heading("4. Press Approve: the provider redirects to the callback with code and state")
    ticket = _hidden(page, "ticket")
    client.page("POST", "/__provider/fb/consent", {"ticket": ticket, "decision": "approve"})
    _heading("5. Collect the credentials, both large ids to the last digit")
    client.post("/api/oauth2/credentials", pull, wanted=200)
    _heading("6. 429: an invalid parameter, sic")
    client.post("/api/oauth2", {**good, "validity_duration": 299}, wanted=429)
    _heading("7. 403: the token lacks the scope connection:edit")
    client.post("/api/oauth2", good, wanted=403, token="noscope-token")
    _heading("8. 402: the plan does not pay for OAuth2")
    client.post("/api/oauth2", good, wanted=402, token="unpaid-token")
    _heading("9. Any answer on demand, by Prefer: here a real rate limit, with Retry-After")
    client.post("/api/oauth2", good, wanted=429, prefer="response=rate-limited")
    _heading("10. Five minutes later by the mock's clock, the process has expired")
    client.post("/__mock/clock", {"advance": 300}, wanted=200)
    client.post("/api/oauth2/credentials", pull, wanted=402)


@dataclass
class _Answer:
    status: int
    headers: dict[str, str]
    body: str


class _Client:
    """Sends one request at a time and prints both sides of it."""

    def __init__(self, url: str) -> None:
        self.netloc = urlsplit(url).netloc

    def post(self, path: str, body: dict[str, Any], wanted: int, token: str = TOKEN, prefer: str = "") -> Any:
        """A JSON exchange; what came back, parsed. Raises ``Surprise`` for another status."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if prefer:
            headers["Prefer"] = prefer
        answer = self._exchange("POST", path, json.dumps(body), headers)
        for name in ("preference-applied", "retry-after", "www-authenticate"):
            if name in answer.headers:
                _arrow("<", f"{name}: {answer.headers[name]}")
        _arrow("<", answer.body)
        if answer.status != wanted:
            raise Surprise(f"{path} answered {answer.status}, not {wanted}")
        return json.loads(answer.body)

    def page(self, method: str, target: str, form: dict[str, str] | None = None) -> str:
        """A browser's exchange: redirects are followed, and the page's heading is printed."""
        body = urlencode(form) if form else ""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        answer = self._exchange(method, _path(target), body, headers)
        if answer.status == 303:
            _arrow("<", f"location: {answer.headers['location']}")
            return self.page("GET", answer.headers["location"])
        if answer.status != 200:
            raise Surprise(f"{_path(target)} answered {answer.status}, not 200")
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", answer.body, re.DOTALL)
        _arrow("<", f"a page: {html.unescape(heading[1]).strip() if heading else '?'}")
        return answer.body

    def _exchange(self, method: str, path: str, body: str, headers: dict[str, str]) -> _Answer:
        _arrow(">", f"{method} {path}")
        for name in ("Authorization", "Prefer"):
            if name in headers:
                _arrow(">", f"{name}: {headers[name]}")
        if body:
            _arrow(">", body)
        connection = HTTPConnection(self.netloc, timeout=30)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            text = response.read().decode()
            found = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        _arrow("<", f"{response.status} {response.reason}")
        return _Answer(response.status, found, text)


def _path(target: str) -> str:
    parts = urlsplit(target)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    if found is None:
        raise Surprise(f"the consent page has no field {name!r}")
    return html.unescape(found[1])


def _heading(text: str) -> None:
    click.secho(text, bold=True)


def _arrow(direction: str, text: str) -> None:
    click.echo(f"   {direction} {text}")
    if direction == "<" and text[:1] in ("{", "a"):
        click.echo()


@contextmanager
def _running() -> Iterator[str]:
    """The bundled mock on a free port, in a thread of this process."""
    from mock_server.server.run import address, bind, make_app, make_server
    from mock_server.settings import Settings
    from mock_server.web.log import RequestLog
    from mock_server.world import build_world

    settings = Settings(port=0, quiet=True)
    sock = bind(settings.host, settings.port)
    ready = threading.Event()
    server = make_server(make_app(build_world(settings), settings, RequestLog(None)), ready.set)
    thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
    thread.start()
    try:
        if not ready.wait(START_S):
            raise Surprise(f"the mock did not start within {START_S:.0f} s")
        yield address(sock)
    finally:
        server.should_exit = True
        thread.join(START_S)
