"""Entries for tests of what reads a journal: as the journal shows them, from the real application or made by hand."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from mock_server.web.app import MockApp
from tests.support import FakeWall, make_app, make_client

Told = dict[str, Any]


class Story:
    """A client, its clock, and the journal of what it asked."""

    def __init__(self, app: MockApp | None = None) -> None:
        self.wall = FakeWall()
        self.app = app or make_app(wall=self.wall)
        if app is not None:
            app.live.wall = self.wall
        self.client: TestClient = make_client(self.app)

    def wait(self, seconds: float) -> None:
        self.wall.now += seconds

    @property
    def entries(self) -> list[Told]:
        found: list[Told] = self.client.get("/__mock/journal?limit=1000").json()["entries"]
        return found


def told(number: int = 1, **changes: Any) -> Told:
    """One entry of the shape of ``GET /__mock/journal``; ``body`` and ``headers`` are those of the request."""
    body, headers = changes.pop("body", ""), changes.pop("headers", {})
    answer, answer_headers = changes.pop("answer", ""), changes.pop("answer_headers", {})
    entry: Told = {
        "id": f"abcdef-{number}", "kind": "request", "at": 1_700_000_000.0 + number, "session": "default",
        "method": "POST", "path": "/api/oauth2", "operation": "POST /oauth2", "status": 200, "response": "started",
        "source": "documented", "reasons": [], "won": None, "violations": [], "handshake": None,
        "handshake_state": None, "fault": None, "duration_ms": 0.5,
        "request": {"headers": headers, "body": body}, "answer": {"headers": answer_headers, "body": answer},
        "marks": {},
    }  # fmt: skip
    return {**entry, **changes}
