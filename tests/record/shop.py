"""A small real API on a socket, written by hand: lists, ids, dates, errors, secrets. ``tests/record/shop.yaml`` is its
document, and ``/broken`` does not keep it."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support import ROOT

SPEC = ROOT / "tests" / "record" / "shop.yaml"
KEY = "shop-key-4711-of-nobody"
PASSWORD = "correct-horse-battery"
ACCESS = "eyJhbGciOi-this-opens-the-shop"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@dataclass
class Shop:
    """``requests`` are ``(method, path, headers)`` as they came."""

    url: str
    items: dict[int, dict[str, Any]]
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


def _items() -> dict[int, dict[str, Any]]:
    return {
        7: {"id": 7, "name": "lamp", "state": "new", "created": "2024-02-03T04:05:06Z"},
        8: {"id": 8, "name": "chair", "state": "used", "created": "2024-02-04T04:05:06Z"},
    }


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what some tests are about."""


@contextmanager
def shop(tls: ssl.SSLContext | None = None) -> Iterator[Shop]:
    """The shop below ``/v2``, open until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, value: Any = None, *headers: tuple[str, str], kind: str = "") -> None:
            body = value if isinstance(value, bytes) else json.dumps(value).encode() if value is not None else b""
            self.send_response(status)
            if body:
                self.send_header("Content-Type", kind or "application/json")
            for name, text in headers:
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append((self.command, self.path, headers))
            path, _, query = self.path.partition("?")
            steps = path.removeprefix("/v2").strip("/").split("/")
            known = found.items
            match (self.command, *steps):
                case ("GET" | "HEAD", "items"):
                    page = 2 if "page=2" in query else 1
                    self.answer(200, list(known.values())[page - 1 : page], ("X-Total", str(len(known))))
                case ("POST", "items"):
                    self.make(json.loads(body))
                case ("GET", "items", number) if number.isdecimal() and int(number) in known:
                    self.answer(200, known[int(number)])
                case ("GET", "items", _, "picture"):
                    self.answer(200, PICTURE, kind="image/png")
                case ("DELETE", "items", number) if known.pop(int(number), None):
                    self.answer(204)
                case (_, "items", number):
                    self.answer(404, {"message": f"item {number} not found"})
                case ("POST", "login"):
                    self.answer(200, {"access_token": ACCESS, "next": f"/welcome?token={ACCESS}"},
                                ("Set-Cookie", "sid=0815-of-nobody; Domain=shop.example; Path=/v2"))  # fmt: skip
                case ("GET", "broken"):
                    self.answer(200, {"no": "id"})
                case ("GET", "moved"):
                    self.answer(302, None, ("Location", "/v2/items/7"))
                case ("GET", "away"):
                    self.answer(302, None, ("Location", "http://elsewhere.example/v2/x"))
                case ("GET", "zipped"):
                    self.answer(200, gzip.compress(b'{"zipped": true}'), ("Content-Encoding", "gzip"))
                case ("GET", "bomb"):
                    self.answer(200, gzip.compress(b"0" * 5_000_000), ("Content-Encoding", "gzip"))
                case ("GET", "large"):
                    self.answer(200, b"x" * 3_000_000, kind="text/plain")
                case ("GET", "slow"):
                    time.sleep(3)
                    self.answer(200, {})
                case ("GET", "hung-up"):
                    self.close_connection = True
                case ("GET", "cut"):
                    self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
                    self.close_connection = True
                case _:
                    self.answer(404, {"message": "nothing here"})

        def make(self, wanted: dict[str, Any]) -> None:
            if "name" not in wanted:
                self.answer(422, {"message": "body.name is missing"})
            elif wanted["name"] == "lamp":
                self.answer(409, {"message": "there is one"})
            else:
                number = max(found.items) + 1
                now = datetime.now(UTC)
                found.items[number] = {
                    "id": number, "name": wanted["name"], "state": "new",
                    "created": f"{now:%Y-%m-%dT%H:%M:%SZ}", "seen_at": int(now.timestamp()),
                }  # fmt: skip
                self.answer(201, found.items[number])

        do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = do_OPTIONS = handle_any  # noqa: N815 - http.server's

        def log_message(self, format: str, *arguments: object) -> None:
            """The tests look at ``requests``."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    found = Shop(f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}/v2", _items())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
