"""What opens something is never in the journal and never in a line of the log."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from starlette.testclient import TestClient

from mock_server.handshake.start import code_challenge
from mock_server.settings import Settings
from mock_server.state.memory import MemoryStore
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.world import build_world
from tests.editing import NEW, edited
from tests.support import ASK, TOKEN, FakeChance, FakeWall, make_client, start
from tests.web.walk import collect, open_page, press, query, sent_back, walk, with_query

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CLIENT = 'clients: [{client_id: theirs, client_secret: their-s3cret, redirect_uris: ["http://127.0.0.1:9/cb"]}]\n'


class Watched:
    """An application whose log is kept, and the secrets that went through it."""

    def __init__(self, fixtures: Path | None = None) -> None:
        wall = FakeWall()
        settings = Settings(fixtures=fixtures, control_token="control-s3cret")
        self.stream = io.StringIO()
        self.log = RequestLog(self.stream)
        self.store = MemoryStore(wall)
        self.chance = Chance()
        live = Live(build_world(settings), self.store, settings, self.log, self.chance, wall=wall)
        self.client = make_client(MockApp(live))
        self.sessions = ["default"]

    def seen(self) -> str:
        """Everything that the journals and the log say."""
        self.log.flush()
        journals = [
            self.client.get("/__mock/journal?limit=1000", headers={"Mock-Session": name}).text for name in self.sessions
        ]
        return "\n".join([*journals, self.stream.getvalue()])

    def assert_hidden(self, *secrets: str) -> None:
        seen = self.seen()
        for secret in secrets:
            for text in {secret, quote(secret, safe=""), secret.rpartition(".")[2]}:
                assert text not in seen, f"{text} is in {seen[max(0, seen.index(text) - 200) :][:400]}"


class Chance(FakeChance):
    """Chance that remembers what it gave away: whatever it made is a secret, but for the ids."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def token(self, size: int) -> str:
        text = super().token(size)
        self.given.append(text)
        return text

    def secrets(self) -> list[str]:
        """Pieces of 32 characters behind the 12 of an id."""
        found = []
        for text in self.given:
            rest = text if len(text) == 32 else text[12:]
            found += [rest[at : at + 32] for at in range(0, len(rest) - 31, 32)]
        return found


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_whole_walk_leaves_no_secret_anywhere(watched: Watched) -> None:
    client = watched.client
    for provider, decision in (
        ("fb", "approve"),
        ("google_ads", "approve"),
        ("salesforce", "deny"),
        ("fb", "fail-token"),
    ):
        begun = start(client, datasource_id=provider)
        collect(client, begun)
        page = open_page(client, begun["auth_uri"])
        location = press(client, page, decision).headers["location"]
        client.get(location)
        client.get(location)
        collect(client, begun, auth_uri=begun["auth_uri"])
        client.get(begun["auth_uri"])
        client.get(f"/__mock/handshakes/{begun['pull_id']}")
        watched.assert_hidden(
            begun["pull_id"], page.ticket, query(begun["auth_uri"])["state"], *query(location).get("code", "").split()
        )
    watched.assert_hidden(
        "dev-token",
        "Sksosa43ma904mnfnmaklasioewjns.akjsadiuewq",
        "ya29.mock-google-access-token",
        "1//mock-google-refresh-token",
        *watched.chance.secrets(),
    )
    assert len(watched.chance.secrets()) > 15
    # It is still a journal and a log.
    seen = watched.seen()
    assert "Facebook Ads Connected Successfully" in seen
    assert re.search(r"POST /api/oauth2  200 started  \d", watched.stream.getvalue())


def test_a_session_of_its_own_leaves_no_secret_either(watched: Watched) -> None:
    watched.sessions.append("alice.2")
    headers = {**TOKEN, "Mock-Session": "alice.2"}
    begun = watched.client.post("/api/oauth2", json=ASK, headers=headers).json()
    walk(watched.client, begun)
    assert collect(watched.client, begun, headers).status_code == 200
    watched.assert_hidden(begun["pull_id"], *watched.chance.secrets())


def test_a_foreign_clients_walk_leaves_no_secret_either(tmp_path: Path) -> None:
    folder = edited(tmp_path, "providers/facebook-ads.yaml", ("credentials:", CLIENT + "credentials:"))
    watched = Watched(folder)
    client = watched.client
    asked = {
        "response_type": "code",
        "client_id": "theirs",
        "redirect_uri": "http://127.0.0.1:9/cb",
        "state": "a-state-of-theirs",
        "code_challenge": code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    location = sent_back(client, "/__provider/fb/authorize?" + "&".join(f"{k}={quote(v)}" for k, v in asked.items()))
    code = query(location)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://127.0.0.1:9/cb",
        "code_verifier": VERIFIER,
    }
    both = {**form, "client_id": "theirs", "client_secret": "their-s3cret"}
    basic = {"Authorization": "Basic " + base64.b64encode(b"theirs:their-s3cret").decode()}
    client.post("/__provider/fb/token", json=both)
    client.post("/__provider/fb/token", data={**both, "client_secret": "wrong-s3cret"})
    assert client.post("/__provider/fb/token", data=form, headers=basic).status_code == 200
    client.post("/__provider/fb/token", data=both)
    watched.assert_hidden(
        code, VERIFIER, "their-s3cret", "wrong-s3cret", "a-state-of-theirs", basic["Authorization"][6:],
        *watched.chance.secrets(),
    )  # fmt: skip


Misuse = Callable[[TestClient, str], httpx2.Response]

MISUSES: dict[str, Misuse] = {
    "in a path": lambda client, it: client.get(f"/oauth2/credentials/{it}"),
    "in a path, encoded": lambda client, it: client.get("/x/" + it.replace(".", "%2E")),
    "in a query": lambda client, it: client.get(f"/x?pull_id={it}&code={it}&state={it}"),
    "in a query of another name": lambda client, it: client.get(f"/x?id={it}"),
    "in a nested query": lambda client, it: client.get(f"/x?next={quote(f'http://a/?state={it}&b=1', safe='')}"),
    "in an upper case query": lambda client, it: client.get(f"/x?STATE={it}"),
    "as a text": lambda client, it: client.post("/oauth2/credentials", json=it, headers=TOKEN),
    "in a list": lambda client, it: client.post("/oauth2/credentials", json=[it], headers=TOKEN),
    "as a list": lambda client, it: client.post("/oauth2/credentials", json={"pull_id": [it]}, headers=TOKEN),
    "in an object": lambda client, it: client.post("/oauth2/credentials", json={"pull_id": {"a": it}}, headers=TOKEN),
    "as a key": lambda client, it: client.post("/oauth2/credentials", json={it: 1}, headers=TOKEN),
    "as another field": lambda client, it: client.post("/oauth2", json={"datasource_id": it}, headers=TOKEN),
    "as a duration": lambda client, it: client.post("/oauth2", json={**ASK, "validity_duration": it}, headers=TOKEN),
    "in broken JSON": lambda client, it: client.post(
        "/oauth2/credentials", content=b'{"pull_id": "' + it.encode(), headers=TOKEN
    ),
    "in a form": lambda client, it: client.post("/oauth2/credentials", data={"pull_id": it}, headers=TOKEN),
    "in plain text": lambda client, it: client.post(
        "/oauth2/credentials", content=it.encode(), headers={**TOKEN, "Content-Type": "text/plain"}
    ),
    "deep in JSON": lambda client, it: client.post(
        "/oauth2/credentials", content=b"[" * 300 + b'"' + it.encode() + b'"' + b"]" * 300, headers=TOKEN
    ),
    "in a large body": lambda client, it: client.post(
        "/oauth2/credentials", json={"pad": "x" * 70_000, "pull_id": [it]}, headers=TOKEN
    ),
    "at the end of what is kept": lambda client, it: client.post(
        "/oauth2/credentials",
        content=b'{"pad":"' + b"x" * 65_490 + b'","pull_id":"' + it.encode() + b'"}',
        headers=TOKEN,
    ),
    "as a bearer token": lambda client, it: client.post("/oauth2", json=ASK, headers={"Authorization": f"Bearer {it}"}),
    "as an authorization": lambda client, it: client.post("/oauth2", json=ASK, headers={"Authorization": it}),
    "in a cookie": lambda client, it: client.get("/x", headers={"Cookie": f"a={it}"}),
    "in a referer": lambda client, it: client.get("/x", headers={"Referer": f"http://a/?code={it}"}),
    "in a header": lambda client, it: client.get("/x", headers={"X-Pull-Id": it}),
    "as a preference": lambda client, it: client.post("/oauth2", json=ASK, headers={**TOKEN, "Prefer": f"code={it}"}),
    "as a session": lambda client, it: client.get("/x", headers={"Mock-Session": it + "~"}),
    "as a decision": lambda client, it: client.post("/__provider/fb/consent", data={"ticket": it, "decision": it}),
    "as a callback": lambda client, it: client.get(f"/oauthcallback/fb?state={it}&code={it}&iss={it}&error={it}"),
    "as a provider": lambda client, it: client.get(f"/oauthcallback/{it}?state={it}"),
    "as an authorization request": lambda client, it: client.get(f"/__provider/fb/authorize?client_id={it}&scope={it}"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_secret_in_a_wrong_place_is_hidden_there_too(watched: Watched, name: str) -> None:
    begun = start(watched.client)
    for secret in (begun["pull_id"], query(begun["auth_uri"])["state"]):
        assert MISUSES[name](watched.client, secret).status_code < 500
    watched.assert_hidden(begun["pull_id"], query(begun["auth_uri"])["state"])
    assert watched.client.get("/__mock/journal").json()["total"] == 3


def test_a_rule_that_looks_at_a_secret_does_not_tell_it(tmp_path: Path) -> None:
    rule = """rules:
  - when: {header.authorization: Bearer special-t0ken}
    respond: payment-required
  - when: {body.password: hunter2}
    respond: payment-required
"""
    watched = Watched(edited(tmp_path, NEW, ("rules:\n", rule)))
    watched.client.post("/oauth2", json={**ASK, "password": "correct horse"}, headers=TOKEN)
    watched.client.post("/oauth2", json={**ASK, "password": "hunter2"}, headers=TOKEN)
    watched.assert_hidden("special-t0ken", "hunter2", "correct horse", "dev-token")
    assert "header.authorization is not what is wanted" in watched.seen()


def test_the_control_token_is_in_no_log(watched: Watched) -> None:
    watched.client.get("/__mock/clock", headers={"Authorization": "Bearer control-s3cret"})
    watched.client.get("/x", headers={"Authorization": "Bearer control-s3cret"})
    watched.assert_hidden("control-s3cret")


def test_a_log_line_cannot_write_to_a_terminal(watched: Watched) -> None:
    watched.client.get("/%1b[31mred%0d%0afake%c2%9b")
    watched.client.post("/oauth2", json={"datasource_id": "\x1b[2J\r\n"}, headers=TOKEN)
    watched.log.flush()
    for line in watched.stream.getvalue().splitlines():
        assert re.match(r"\d\d:\d\d:\d\d  [A-Z]+ /", line), line
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", watched.stream.getvalue())


def test_an_error_of_a_provider_hides_what_looks_like_a_secret(watched: Watched) -> None:
    begun = start(watched.client)
    location = sent_back(watched.client, begun["auth_uri"])
    state = query(location)["state"]
    watched.client.get(with_query(location, code=None, error=f"server_error state={state}"))
    watched.assert_hidden(state)
