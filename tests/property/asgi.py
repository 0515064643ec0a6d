"""The application called without a client in between, so that any bytes at all can be sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import Message

from mock_server.web.app import MockApp
from tests.support import make_app

Header = tuple[bytes, bytes]
TOKEN: Header = (b"authorization", b"Bearer dev-token")


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class InProcess:
    """One application and one event loop, for as many requests as a test makes."""

    def __init__(self, app: MockApp | None = None) -> None:
        self.app = app or make_app()
        self.runner = asyncio.Runner()

    def close(self) -> None:
        self.runner.close()

    def __call__(
        self, method: str, target: str, body: bytes = b"", headers: Sequence[Header] = (TOKEN,), pieces: int = 1
    ) -> Answer:
        return self.runner.run(self._call(method, target, body, headers, pieces))

    def post(self, target: str, body: Any, *headers: Header) -> Answer:
        """A JSON body, with the good token unless headers are given."""
        return self("POST", target, json.dumps(body).encode(), headers or (TOKEN,))

    async def _call(self, method: str, target: str, body: bytes, headers: Sequence[Header], pieces: int) -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8", "surrogatepass"),
            "query_string": query.encode("utf-8", "surrogatepass"),
            "root_path": "",
            "headers": [(b"host", b"127.0.0.1:4010"), *headers],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 4010),
            "state": {},
        }
        size = max(1, -(-len(body) // pieces))
        parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
        sent: list[Message] = []

        async def receive() -> Message:
            if not parts:
                return {"type": "http.disconnect"}
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        started = sent[0]
        assert started["type"] == "http.response.start"
        content = b"".join(message.get("body", b"") for message in sent[1:])
        answered: dict[bytes, bytes] = {}
        for key, value in started["headers"]:  # a repeated header is one list (RFC 9110 §5.3)
            answered[key] = answered[key] + b", " + value if key in answered else bytes(value)
        return Answer(started["status"], answered, content)
