"""uvicorn's HTTP/1.1 protocol with the deadlines and limits that it leaves out.

uvicorn times out between requests only: half a request line, half the headers or half a body would
be held for ever. Middleware cannot help, for it is called after the headers.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_S = 10.0
BODY_S = 30.0
MAX_TARGET_BYTES = 8 * 1024
MAX_HEADER_BYTES = 64 * 1024
MAX_HEADER_LINES = 100

_REFUSALS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    414: b"URI Too Long",
    431: b"Request Header Fields Too Large",
}


class Refused(Exception):
    """The request is refused before the application sees it."""

    def __init__(self, status: int) -> None:
        self.status = status


class GuardedProtocol(HttpToolsProtocol):
    """One deadline at a time: for the header from its first byte, then for the body."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._refusal: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # RFC 9112 §9.5: a server may close an idle connection, also one that never asked anything.
        self._arm(HEADER_S, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._refusal is not None and not self.transport.is_closing():
            self._refuse(self._refusal)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        self._arm(HEADER_S, 408)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._stop(414)  # RFC 9112 §3: a target that is too long

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES or len(self.headers) > MAX_HEADER_LINES:
            self._stop(431)  # RFC 6585 §5

    def on_headers_complete(self) -> None:
        # RFC 9112 §3.2: exactly one Host in a 1.1 request, else 400.
        hosts = sum(1 for name, _ in self.headers if name == b"host")
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            self._stop(400)
        self._arm(BODY_S, 408)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._disarm()
        super().on_message_complete()

    def _stop(self, status: int) -> None:
        """Make the parser give up; uvicorn would answer 400 to it, so ours is said first."""
        self._refusal = status
        raise Refused(status)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or 400)

    def _refuse(self, status: int) -> None:
        """RFC 9112 §9.6: what cannot be parsed any further ends the connection."""
        self._disarm()
        if self.transport.is_closing():
            return
        reason = _REFUSALS[status]
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            if self.cycle is not None:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            body = b'{"status":%d,"message":"%s"}' % (status, reason)
            self.transport.write(
                b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
                % (status, reason, len(body), body)
            )
        self.transport.close()

    def _arm(self, seconds: float, status: int | None) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_late, status)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self, status: int | None) -> None:
        self._deadline = None
        if status is None:
            self.transport.close()
        else:
            self._refuse(status)


assert issubclass(httptools.HttpParserCallbackError, httptools.HttpParserError)
