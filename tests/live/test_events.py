"""``GET /__mock/events`` on real sockets: over every store, across processes, bounded, and gone at a stop."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from mock_server.web.watch import MAX_WATCHERS
from tests.support import Server, running


class Stream:
    """What a window of the console hears."""

    def __init__(self, server: Server, session: str, **headers: str) -> None:
        self.connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
        self.connection.request("GET", "/__mock/events", headers={"Mock-Session": session, **headers})
        self.answer = self.connection.getresponse()

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next event: its name and its data."""
        name = ""
        while line := self.answer.readline().decode():
            if line.startswith("event: "):
                name = line[7:].strip()
            if line.startswith("data: "):
                return name, json.loads(line[6:])
        raise EOFError

    def until(self, part: str) -> dict[str, Any]:
        while True:
            _, data = self.next()
            if part in data.get("parts", ()):
                return data


@contextmanager
def listening(server: Server, session: str, **headers: str) -> Iterator[Stream]:
    stream = Stream(server, session, **headers)
    try:
        assert stream.answer.status == 200
        name, data = stream.next()
        assert (name, data["session"]) == ("hello", session)
        yield stream
    finally:
        stream.connection.close()


def call(server: Server, path: str, body: Any, session: str, method: str = "POST") -> Any:
    headers = {"Authorization": "Bearer dev-token", "Content-Type": "application/json", "Mock-Session": session}
    asked = urllib.request.Request(server.url + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module", params=["memory", "sqlite", "redis"])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Two processes with one store, or one twice where the store is in its memory."""
    with ExitStack() as stack:
        if request.param == "memory":
            (one,) = (stack.enter_context(running("--quiet")),)
            yield one, one
            return
        url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
        state = url or f"sqlite:{tmp_path_factory.mktemp('events') / 'mock.db'}"
        yield tuple(stack.enter_context(running("--quiet", "--state", state)) for _ in range(2))  # type: ignore[misc]


def test_whatever_changes_is_told_whichever_process_changed_it(two: tuple[Server, Server]) -> None:
    here, there = two
    session = f"events-{time.monotonic_ns()}"
    with listening(here, session) as one, listening(there, session) as other:
        started = call(there, "/api/oauth2", {"datasource_id": "fb"}, session)
        for stream in (one, other):
            (entry,) = stream.until("journal")["entries"]
            assert (entry["method"], entry["status"], entry["reason"]) == ("POST", 200, "otherwise: started")
            assert "request" not in entry
        handshake = f"/__mock/handshakes/{started['pull_id']}/decide"
        steps: list[tuple[str, str, Any, str]] = [
            ("POST", handshake, {"decision": "approve"}, "handshakes"),
            ("POST", "/__mock/clock", {"freeze": True}, "clock"),
            ("PUT", "/__mock/scenario", {"scenario": "consent-denied"}, "scenario"),
            ("POST", "/__mock/next", {"operation": "POST /oauth2", "response": "rate-limited"}, "queue"),
            ("PUT", "/__mock/faults", {"profile": "3g"}, "faults"),
            ("POST", "/__mock/reset", {}, "clock"),
        ]
        for method, path, body, part in steps:
            call(there, path, body, session, method)
            assert part in one.until(part)["parts"]
            assert part in other.until(part)["parts"]


def test_a_window_that_comes_back_hears_what_it_missed(two: tuple[Server, Server]) -> None:
    here, there = two
    session = f"missed-{time.monotonic_ns()}"
    with listening(here, session) as stream:
        call(there, "/api/oauth2", {"datasource_id": "fb"}, session)
        last = stream.until("journal")["entries"][-1]["id"]
    call(there, "/api/oauth2", {"datasource_id": "fb"}, session)
    call(there, "/api/oauth2", {"datasource_id": "google_ads"}, session)
    seen: list[str] = []
    while len(seen) < 2:  # another process journals a moment later
        with listening(here, session, **{"Last-Event-ID": last}) as stream:
            if len(call(here, "/__mock/journal", None, session, "GET")["entries"]) == 3:
                seen = [each["id"] for each in stream.until("journal")["entries"]]
    assert last not in seen


def test_one_window_too_many_is_told_so_and_a_stop_waits_for_none() -> None:
    with running("--quiet", "--stop-timeout", "600") as server, ExitStack() as stack:
        for _ in range(MAX_WATCHERS):
            stack.enter_context(listening(server, "crowd"))
        one_more = Stream(server, "crowd")
        assert (one_more.answer.status, json.load(one_more.answer)["code"]) == (503, "MS480")
        assert one_more.answer.headers["retry-after"]
        one_more.connection.close()
        server.process.terminate()
        assert server.process.wait(timeout=60) == 0, "it does not wait its ten minutes for them"


def test_a_window_that_closes_makes_room() -> None:
    with running("--quiet") as server:
        for _ in range(2 * MAX_WATCHERS):
            with listening(server, "revolving"):
                pass
        with urllib.request.urlopen(f"{server.url}/__mock/health", timeout=30) as answer:
            assert answer.status == 200
