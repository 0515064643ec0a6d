"""The pure part on its own: the bundled world, and one question at a time."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from mock_server.core.answer import answer, read, read_head
from mock_server.core.plan import Plan
from mock_server.core.snapshot import Outcome, Snapshot
from mock_server.model import Request
from mock_server.settings import Settings
from mock_server.world import World, build_world
from tests.support import FakeChance

NOW = 1_700_000_000.0
START, COLLECT = "POST /oauth2", "POST /oauth2/credentials"


@cache
def world() -> World:
    return build_world(Settings())


def plan(key: str = START) -> Plan:
    return world().plans[key]


def request(body: Any = None, query: str = "", token: str | None = "dev-token", **headers: str) -> Request:
    """``prefer="code=402"`` is the header ``prefer: code=402``; bytes are a body as they are."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        given["authorization"] = f"Bearer {token}"
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return Request("POST", "/oauth2", query, given, data, "http://127.0.0.1:4010")


def ask(key: str, asked: Request, snapshot: Snapshot | None = None) -> Outcome:
    reading = read(read_head(plan(key), asked, {}, "/api"), asked)
    return answer(reading, snapshot or Snapshot("default", NOW), FakeChance())
