"""Deployments to test: a server that answers what a function says, and a front of a real mock that breaks one thing."""

from __future__ import annotations

import http.client
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

IDLE_S = 2.0
"""Our mock closes a connection that is idle for 5 s."""


class Asked(NamedTuple):
    """A request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Given(NamedTuple):
    """What is answered. ``status`` 0 = the connection is closed without a word."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Answerer = Callable[[Asked], Given]
Breaker = Callable[[Asked, Given], Given]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """With the usual 5, some of many that come at once are refused."""


@contextmanager
def answering(answerer: Answerer) -> Iterator[str]:
    """A server on a free port; ``http://127.0.0.1:PORT``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65536  # head and body leave together: the client wakes up once

        def answer(self) -> None:
            body = self.read_body()
            given = answerer(Asked(self.command, self.path, dict(self.headers.items()), body))
            if given.status == 0:
                self.close_connection = True
                return
            self.send_response_only(given.status)
            for name, value in given.headers:
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name, _ in given.headers):
                self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(given.body)

        def read_body(self) -> bytes:
            """By its length or in chunks (RFC 9112 §7.1)."""
            if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            del self.headers["Transfer-Encoding"]  # from here on the body has a length
            pieces: list[bytes] = []
            while size := int(self.rfile.readline().partition(b";")[0].strip() or b"0", 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # trailers
            return b"".join(pieces)

        def log_message(self, format: str, *args: object) -> None:
            """Tests print nothing."""

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Upstream:
    """Connections to the server behind a front, kept from one request to the next."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._idle: list[tuple[http.client.HTTPConnection, float]] = []
        self._is_closed = False
        self._lock = threading.Lock()

    def take(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                connection, since = self._idle.pop()
                is_quiet = not select.select([connection.sock], [], [], 0)[0]
                if is_quiet and time.monotonic() - since < IDLE_S:
                    return connection
                connection.close()
        return http.client.HTTPConnection(self._host, timeout=60)

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if connection.sock is None or self._is_closed:
                connection.close()
            else:
                self._idle.append((connection, time.monotonic()))

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for connection, _ in self._idle:
                connection.close()


@contextmanager
def before(upstream: str, breaker: Breaker) -> Iterator[str]:
    """A front of the server at ``upstream`` whose answers go through ``breaker``. The consent pages stay behind it."""
    behind = _Upstream(upstream)

    def forward(asked: Asked) -> Given:
        connection = behind.take()
        try:
            kept = {name: value for name, value in asked.headers.items() if name.lower() != "connection"}
            connection.request(asked.method, asked.target, asked.body or None, kept)
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        behind.give_back(connection)
        hop = ("content-length", "transfer-encoding", "connection")
        headers = tuple(pair for pair in response.getheaders() if pair[0].lower() not in hop)
        return breaker(asked, Given(response.status, headers, body))

    try:
        with answering(forward) as url:
            yield url
    finally:
        behind.close()
