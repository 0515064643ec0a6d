"""The front: HTTP/1.1 on sockets, byte for byte, between the contract command and the correct mock."""

from __future__ import annotations

import http.client
import random
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.contract.defects.model import Asked, Given, Middle, Pairs, Send

HOP = ("content-length", "transfer-encoding", "connection", "keep-alive")
BODYLESS = (204, 304)
REASONS = http.client.responses
UPSTREAM_TIMEOUT_S = 40.0


@contextmanager
def fronting(
    upstream: str, middle: Middle, *, hide_control: bool = False, pause: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """A server on a free port that asks ``upstream`` by way of ``middle``; yields ``http://127.0.0.1:PORT``.

    ``hide_control``: nothing of ours is to be seen from outside, as before a foreign deployment.
    ``pause`` is what waits where a defect is slow.
    """
    numbers = count(1)
    connections: dict[threading.Thread, http.client.HTTPConnection] = {}

    def send(asked: Asked) -> Given:
        thread = threading.current_thread()
        connection = connections.get(thread)
        if connection is None:
            connection = connections[thread] = _connect(upstream)
        try:
            return _ask(connection, asked)
        except (OSError, http.client.HTTPException):  # an idle connection was closed meanwhile
            connection.close()
            connection = connections[thread] = _connect(upstream)
            return _ask(connection, asked)

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True
        timeout = 60

        def handle(self) -> None:
            number = next(numbers)
            try:
                while self._one(number):
                    pass
            except (OSError, ValueError):
                pass
            finally:
                mine = connections.pop(threading.current_thread(), None)
                if mine is not None:
                    mine.close()

        def _one(self, number: int) -> bool:
            asked = self._read(number)
            if asked is None:
                return False
            given = _hidden(asked, middle, send) if hide_control else middle(asked, send)
            if given.wait_s:
                pause(given.wait_s)
            if given.raw is not None:
                self.wfile.write(given.raw)
            elif given.status:
                self.wfile.write(rendered(asked, given))
            else:
                return False
            wants_close = (asked.header("connection") or "").lower() == "close"
            return not (given.close or wants_close)

        def _read(self, number: int) -> Asked | None:
            line = self.rfile.readline(65537)
            if not line.strip():
                return None
            method, _, rest = line.decode("latin-1").rstrip("\r\n").partition(" ")
            target, _, _ = rest.rpartition(" ")
            headers = self._headers()
            asked = Asked(method, target, headers, b"", number)
            if (asked.header("expect") or "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                asked = asked.with_header("Expect", None)
            if "chunked" in (asked.header("transfer-encoding") or "").lower():
                body = self._chunks()
                asked = asked.with_header("Transfer-Encoding", None).with_header("Content-Length", str(len(body)))
                return asked._replace(body=body)
            return asked._replace(body=self.rfile.read(int(asked.header("content-length") or 0)))

        def _headers(self) -> Pairs:
            pairs: list[tuple[str, str]] = []
            while True:
                line = self.rfile.readline(131072)
                if line in (b"\r\n", b"\n", b""):
                    return tuple(pairs)
                name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
                pairs.append((name, value.strip(" \t")))

        def _chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(1024).partition(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline(16)
            while self.rfile.readline(1024) not in (b"\r\n", b"\n", b""):
                pass
            return body

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The client sees it; tests print nothing."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _connect(upstream: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=UPSTREAM_TIMEOUT_S)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _ask(connection: http.client.HTTPConnection, asked: Asked) -> Given:
    connection.putrequest(asked.method, asked.target, skip_host=True, skip_accept_encoding=True)
    for name, value in asked.headers:
        if name.lower() not in HOP:
            connection.putheader(name, value.encode("latin-1"))
    if asked.body or asked.header("content-length") is not None:
        connection.putheader("Content-Length", str(len(asked.body)))
    connection.endheaders(asked.body or None)
    response = connection.getresponse()
    body = response.read()
    dropped = HOP if asked.method != "HEAD" else HOP[1:]
    headers = tuple(pair for pair in response.getheaders() if pair[0].lower() not in dropped)
    return Given(response.status, headers, body)


def rendered(asked: Asked, given: Given) -> bytes:
    """The bytes of an answer with a right ``Content-Length``."""
    head = [f"HTTP/1.1 {given.status} {REASONS.get(given.status, 'Unknown')}"]
    head += [f"{name}: {value}" for name, value in given.headers]
    bodyless = asked.method == "HEAD" or given.status in BODYLESS
    if not bodyless and given.header("content-length") is None:
        head.append(f"content-length: {len(given.body)}")
    if given.close:
        head.append("connection: close")
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + (b"" if bodyless else given.body)


def _hidden(asked: Asked, middle: Middle, send: Send) -> Given:
    """Without our control API, without a session, and without the header that gives us away."""
    if asked.path.startswith("/__mock"):
        return Given(404, (("content-type", "application/json"),), b'{"status":404,"message":"not found"}')
    given = middle(asked.with_header("Mock-Session", None), send)
    kept = tuple(pair for pair in given.headers if not pair[0].lower().startswith("mock-"))
    return given._replace(headers=kept)


def correct(chance: random.Random) -> Middle:
    """Breaks nothing."""
    return lambda asked, send: send(asked)
