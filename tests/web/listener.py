"""A real listener on a socket, for what the mock sends by itself."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
HANG = b""
"""An answer that never comes."""


def reply(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Listener:
    """What was received, whole, each as ``(head, body)``; the last of ``replies`` is repeated."""

    replies: Sequence[bytes]
    port: int = 0
    scheme: str = "http"
    received: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0
    _now: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(
                (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0
            )
            self.received.append((head, await reader.readexactly(length)))
            answer = self.replies[min(len(self.received), len(self.replies)) - 1]
            if answer == HANG:
                await reader.read()  # until the other side gives up
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._now -= 1
            writer.transport.abort()


@asynccontextmanager
async def listening(
    *replies: bytes, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Listener]:
    listener = Listener(replies or (OK,), scheme="https" if tls else "http")
    server = await asyncio.start_server(listener.serve, host, 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        await until(lambda: listener._now == 0)


async def until(claim: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(within_s):
        while not claim():  # noqa: ASYNC110 - the mock has no event to wait for
            await asyncio.sleep(0.005)


@dataclass
class Target:
    """A listener in a thread of its own, for tests that block; ``received`` are ``(path, headers, body)``."""

    url: str
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def wait_for(self, count: int, within_s: float = 60.0) -> None:
        give_up = time.monotonic() + within_s
        while len(self.received) < count:
            assert time.monotonic() < give_up, f"{len(self.received)} of {count} came: {self.received}"
            time.sleep(0.01)


@contextmanager
def target(*statuses: int) -> Iterator[Target]:
    """Answers with ``statuses`` in turn, then with 200."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            found.received.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *arguments: object) -> None:
            """The tests look at what was received."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Target(f"http://127.0.0.1:{server.server_address[1]}", statuses=list(statuses))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
