"""What the tests share: a real server on a socket, an application in this process, a fake clock and chance.

Fakes are for time and chance only; everything else is the real thing.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from mock_server.settings import Settings
from mock_server.state.memory import MemoryStore
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.world import build_world

ROOT = Path(__file__).parent.parent
LOOPBACK = ("127.0.0.1", 50_000)
TOKEN = {"Authorization": "Bearer dev-token"}
OTHER_TOKEN = {"Authorization": "Bearer other-token"}
ASK = {"datasource_id": "fb", "validity_duration": 300}


@dataclass
class Server:
    """A running ``mock-server serve``."""

    url: str
    process: subprocess.Popen[str]

    @property
    def api(self) -> str:
        return self.url + "/api"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mock_server", *arguments]


@contextmanager
def running(*arguments: str, env: dict[str, str] | None = None) -> Iterator[Server]:
    """``mock-server serve --port 0 …`` in a process of its own, ready when this is entered."""
    process = subprocess.Popen(
        command("serve", "--port", "0", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    found = re.search(r"https?://\S+", first)
    if found is None:
        process.wait(60)
        raise AssertionError(f"the server did not start: {first}{process.stdout.read()}")
    try:
        yield Server(found[0], process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


class FakeWall:
    """A wall clock that stands still until it is told to go on. Unix seconds."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class FakeChance:
    """Texts that look random and are the same in every run."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def token(self, size: int) -> str:
        number = next(self._numbers)
        blocks = (sha256(f"{number}.{block}".encode()).hexdigest() for block in range(size // 48 + 1))
        return "".join(blocks)[: (size * 4 + 2) // 3]


_bundled_world = cache(build_world)
"""A world is immutable, so the tests of the bundled one may share it."""


def make_app(
    *specs: Path | str, fixtures: Path | None = None, wall: FakeWall | None = None, **settings: Any
) -> MockApp:
    """The whole application in this process, over a memory store, with fake time and chance."""
    given = Settings(specs=specs, fixtures=fixtures, **settings)
    clock = wall or FakeWall()
    world = build_world(given) if specs or fixtures else _bundled_world(given)
    live = Live(world, MemoryStore(clock, given.max_handshakes), given, RequestLog(None), FakeChance(), wall=clock)
    return MockApp(live)


def make_client(app: MockApp | None = None, **settings: Any) -> TestClient:
    """A client of the application in this process. It follows no redirects and shows 500s as answers."""
    made = app or make_app(**settings)
    return TestClient(
        made, "http://127.0.0.1:4010", raise_server_exceptions=False, follow_redirects=False, client=LOOPBACK
    )


def start(client: TestClient, path: str = "/api/oauth2", **changes: Any) -> dict[str, str]:
    """Operation 1 with a good request; its body."""
    response = client.post(path, json={**ASK, **changes}, headers=TOKEN)
    assert response.status_code == 200, response.text
    body: dict[str, str] = response.json()
    return body
