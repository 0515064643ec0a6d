"""The client beside the browser: it starts handshakes and collects what came of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.support import Server


@dataclass
class Api:
    """The two operations, in one session."""

    server: Server
    session: str

    def start(self, source: str = "fb") -> dict[str, str]:
        status, body = self.post("/api/oauth2", {"datasource_id": source, "validity_duration": 300})
        assert status == 200, body
        started: dict[str, str] = body
        return started

    def collect(self, started: dict[str, str]) -> tuple[int, str]:
        status, body = self.post("/api/oauth2/credentials", started)
        return status, body["message"]

    def get(self, path: str) -> Any:
        return self._send("GET", path, None)[1]

    def put(self, path: str, body: Any) -> tuple[int, Any]:
        return self._send("PUT", path, body)

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        headers = {
            "Authorization": "Bearer dev-token",
            "Content-Type": "application/json",
            "Mock-Session": self.session,
        }
        request = urllib.request.Request(
            self.server.url + path, json.dumps(body).encode() if body is not None else None, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


PENDING = (402, "consent is pending")
DENIED = (402, "consent was denied")
FAILED = (402, "the provider failed")
CONNECTED = (200, "Facebook Ads Connected Successfully")
