"""What a start imports and does until the first answer is out: nothing that the answer does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

from tests.support import ROOT

FIRST = """
import asyncio, gc, json, sys
import uvicorn

pauses = []
gc.callbacks.append(lambda phase, about: pauses.append(about["generation"]))
HEADERS = [(b"authorization", b"Bearer dev-token"), (b"content-type", b"application/json")]

async def ask(app):
    sent = []
    async def receive():
        return {"type": "http.request", "body": b'{"datasource_id": "fb", "validity_duration": 300}'}
    async def send(message):
        sent.append(message)
    await app({"type": "http", "method": "POST", "path": "/api/oauth2", "raw_path": b"/api/oauth2", "query_string": b"",
               "root_path": "", "scheme": "http", "headers": HEADERS, "client": ("127.0.0.1", 1),
               "server": ("127.0.0.1", 4010), "extensions": {}}, receive, send)
    return sent[0]["status"]

def run(self, sockets):
    collected = len(pauses)
    status = asyncio.run(ask(self.config.app))
    print(json.dumps({"status": status, "collected": collected, "modules": list(sys.modules)}))

uvicorn.Server.run = run
sys.argv = ["mock-server", "serve", "--port", "0", "--quiet"]
from mock_server.__main__ import main
main()
"""
NEEDLESS = {
    "difflib", "sqlite3", "redis", "starlette.requests", "starlette.routing", "jinja2", "rich",
    "mock_server.core.breach", "mock_server.core.callback", "mock_server.core.challenge",
    "mock_server.core.credentials", "mock_server.core.jwt", "mock_server.core.limit", "mock_server.core.links",
    "mock_server.core.nearest", "mock_server.core.sent", "mock_server.core.target", "mock_server.core.told",
    "mock_server.core.undocumented", "mock_server.fixture.callback", "mock_server.fixture.network",
    "mock_server.server.tls", "mock_server.spec.callbacks", "mock_server.spec.check", "mock_server.spec.expression",
    "mock_server.spec.patterns", "mock_server.spec.wording", "mock_server.web.caller", "mock_server.web.passed",
    "mock_server.web.unrouted",
}  # fmt: skip
"""Mistakes, callbacks, limits and the rarer ways of a request are imported by the first that needs them."""
MOST = 160
"""Modules of ours. Each takes a thousandth of a start, however short it is; who adds one here says why."""


@cache
def first_answer() -> dict[str, Any]:
    """``{"status": 200, "collected": 0, "modules": [...]}`` of a process that answered once."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, cwd=ROOT / "docs", check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_first_answer_is_right() -> None:
    assert first_answer()["status"] == 200


def test_what_the_first_answer_does_not_need_is_not_imported() -> None:
    assert not NEEDLESS & set(first_answer()["modules"])


def test_no_more_of_our_modules_are_imported_than_were_weighed() -> None:
    ours = [name for name in first_answer()["modules"] if name.startswith("mock_server")]
    assert len(ours) <= MOST


def test_the_collector_does_not_run_during_a_start() -> None:
    """What is imported, read and compiled is no garbage, and each look at it costs a twentieth of a start."""
    assert first_answer()["collected"] == 0
