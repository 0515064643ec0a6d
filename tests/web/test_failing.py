"""An unexpected exception, wherever it is raised: a 500 with an id, the reason in the log, an entry in the journal."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from mock_server.server.limits import guarded
from mock_server.server.run import make_server
from mock_server.settings import Limits
from mock_server.testing import running
from mock_server.web.app import MockApp
from mock_server.web.refusals import Refusals
from tests.support import ASK, LOOPBACK, TOKEN, make_app, make_client, start

BOOM = "boom s3cr3t-inside"


def explode(*_: object, **__: object) -> Any:
    raise RuntimeError(BOOM)


def with_fault_in(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[MockApp, TestClient]:
    app = make_app()
    client = make_client(app)
    monkeypatch.setattr(name, explode)
    return app, client


PLACES = {
    "an operation": ("mock_server.web.mock.answer", "POST", "/api/oauth2"),
    "an operation's head": ("mock_server.web.mock.read_head", "POST", "/api/oauth2"),
    "a path that is not there": ("mock_server.web.unrouted.unrouted", "GET", "/nowhere"),
    "the consent page": ("mock_server.web.provider.rules.authorize", "GET", "/__provider/fb/authorize"),
    "the token endpoint": ("mock_server.web.provider.rules.redeem", "POST", "/__provider/fb/token"),
    "the consent": ("mock_server.web.provider.single", "POST", "/__provider/fb/consent"),
    "the callback": ("mock_server.web.callback.read_ticket", "GET", "/api/oauthcallback/fb?state=x&code=y"),
    "the index": ("mock_server.web.site.page", "GET", "/"),
    "the control API": ("mock_server.web.control.handshake_json", "GET", "/__mock/handshakes"),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_nobody_expected_is_a_journalled_500_with_an_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    name, method, path = PLACES[place]
    app = make_app()
    client = make_client(app)
    start(client)
    monkeypatch.setattr(name, explode)
    answer = client.request(method, path, json=ASK, headers={**TOKEN, "Accept": "text/html"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "MS407"
    assert BOOM not in answer.text
    assert "Traceback" not in answer.text
    entry_id = answer.headers["mock-entry"]
    assert entry_id in answer.json()["detail"]
    said = capsys.readouterr().err
    assert BOOM in said
    assert f"entry {entry_id}:" in said
    entry = client.get("/__mock/journal").json()["entries"][-1]
    assert (entry["id"], entry["status"]) == (entry_id, 500)
    assert entry["path"] == path.replace("state=x", "state=***").replace("code=y", "code=***")


def test_a_session_that_failed_has_the_entry_in_its_own_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client = with_fault_in(monkeypatch, "mock_server.web.provider.rules.authorize")
    headers = {"Mock-Session": "alice"}
    assert client.get("/__provider/fb/authorize", headers=headers).status_code == 500
    (entry,) = client.get("/__mock/journal", headers=headers).json()["entries"]
    assert entry["status"] == 500


@pytest.mark.parametrize("place", PLACES)
def test_a_connection_that_is_closed_after_a_500_says_so(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """RFC 9112 §9.6: a client that is not told sends its next request into nothing."""
    name, method, path = PLACES[place]
    headers = {**TOKEN, "Accept": "text/html"}
    with running() as house, closing(HTTPConnection(urlsplit(house.origin).netloc, timeout=30)) as wire:
        wire.request("POST", "/api/oauth2", json.dumps(ASK), TOKEN)
        assert wire.getresponse().read()
        monkeypatch.setattr(name, explode)
        for _ in range(2):
            wire.request(method, path, json.dumps(ASK), headers)
            answer = wire.getresponse()
            assert (answer.status, bool(answer.read())) == (500, True)
            time.sleep(0.05)  # to close takes a moment


class Sink(asyncio.Transport):
    """A transport that keeps what is written; nothing else of it is real."""

    def __init__(self) -> None:
        super().__init__({"peername": LOOPBACK, "sockname": LOOPBACK})
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def test_a_fault_of_the_protocol_itself_is_a_journalled_500(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app()

    async def broken() -> bytes:
        server = make_server(app, lambda: None)
        server.config.load()
        protocol = guarded(Limits(10), None, Refusals(app.live))(server.config, server.server_state, {})
        sink = Sink()
        protocol.connection_made(sink)
        monkeypatch.setattr("mock_server.server.protocol.faulty", explode)
        protocol.data_received(b"GET /x?code=abc HTTP/1.1\r\nHost: a\r\n\r\n")
        protocol.connection_lost(None)
        return sink.written

    head, _, body = asyncio.run(broken()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 ")
    assert json.loads(body)["code"] == "MS407"
    assert BOOM not in body.decode()
    assert BOOM in capsys.readouterr().err
    (entry,) = make_client(app).get("/__mock/journal").json()["entries"]
    assert (entry["status"], entry["path"]) == (500, "/x?code=***")
    assert f"mock-entry: {entry['id']}".encode() in head
