"""Between ASGI messages and the values of the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mock_server.later import regex
from mock_server.model import Answer, Request

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_HOST = regex(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")

BASE = "mock_server.base"
"""The scope's key for the path that stands before every path here: ``/__mock/s/alice``."""
UNREAD = ((b"connection", b"close"),)
"""With an answer that does not wait for the rest of the body (RFC 9110 §15.5.14)."""


class TooLarge(Exception):
    """The body is larger than the limit; ``request`` is what was read of it."""

    def __init__(self, request: Request) -> None:
        self.request = request


class Gone(Exception):
    """The client hung up before it had sent its request."""


async def read_request(scope: Scope, receive: Receive, max_body_bytes: int) -> Request:
    """The whole request. Raises ``TooLarge`` before reading on, and ``Gone``."""
    headers = read_headers(scope["headers"])
    request = Request(
        scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, b"", origin_of(scope, headers)
    )
    if declared_length(headers) > max_body_bytes:
        raise TooLarge(request)
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        if len(body) > max_body_bytes:
            raise TooLarge(request)
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise Gone
    if len(body) > max_body_bytes:
        raise TooLarge(request)
    request.body = body
    return request


def declared_length(headers: Mapping[str, str]) -> int:
    """``Content-Length``; 0 when there is none that could be one."""
    length = headers.get("content-length", "0")[:20]
    return int(length) if length.isascii() and length.isdigit() else 0


def read_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a repeated header is joined (RFC 9110 §5.3)."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1")
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def origin_of(scope: Scope, headers: dict[str, str]) -> str:
    """How the client named this server, a session's base path included; a Host that is no host is replaced by our own
    address."""
    host = headers.get("host", "")
    if not _HOST.match(host):
        name, port = scope.get("server") or ("127.0.0.1", 80)
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{scope['scheme']}://{host}{scope.get(BASE, '')}"


def raw_path(scope: Scope) -> str:
    """The path as it came, still percent-encoded."""
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else str(scope["path"])


async def send_answer(send: Send, answer: Answer, *extra: tuple[bytes, bytes], head: bool = False) -> None:
    """Put an answer on the wire; ``head`` leaves the body away (RFC 9110 §9.3.2)."""
    start: dict[str, Any] = {
        "type": "http.response.start",
        "status": answer.status,
        "headers": [*answer.headers, *extra],
    }
    await send(start)
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
