"""One connection, read byte by byte: what ``http.client`` forgives is seen here."""

from __future__ import annotations

import select
import socket
import ssl
import time
from types import TracebackType
from urllib.parse import urlsplit

from mock_server.contract.model import Exchange, Headers, Seen, Sent
from mock_server.contract.run import Run
from mock_server.named import NamedTuple

LINGER_S = 0.05
"""How long bytes are waited for that should not come."""
MAX_HEAD = 256 * 1024


class Answer(NamedTuple):
    """``left`` are bytes behind the answer; ``is_open`` says whether the server means to go on."""

    exchange: Exchange
    left: bytes
    is_open: bool


class Wire:
    """A connection of its own to the deployment."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._origin = run.target.origin
        parts = urlsplit(self._origin)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._host = parts.netloc
        self._data = b""
        plain = socket.create_connection((parts.hostname or "", port), timeout=run.client.timeout_s)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket: socket.socket = plain
        if parts.scheme == "https":
            self._socket = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def ask(self, sent: Sent) -> Answer:
        """Send it and read the answer by its own framing. A failure is a status 0 with a fault."""
        client = self._run.client
        client.wait_for_turn()
        client.sent_count += 1
        given = {name.lower() for name, _ in sent.headers}
        sent = sent._replace(
            headers=(*sent.headers, *(pair for pair in client.headers if pair[0].lower() not in given))
        )
        began = time.perf_counter()
        try:
            self._socket.sendall(_bytes(sent, self._host))
            status, version, headers = self._head()
            body = self._body(sent.method, status, headers)
        except (OSError, ValueError) as error:
            fault = (
                "timeout" if isinstance(error, TimeoutError) else "reset" if isinstance(error, OSError) else "malformed"
            )
            seen = Seen(0, (), b"", time.perf_counter() - began, fault)
            return Answer(Exchange(self._origin, "", sent, seen), b"", False)
        seen = Seen(status, headers, body, time.perf_counter() - began)
        options = [word.strip().lower() for word in (seen.header("connection") or "").split(",")]
        is_open = version == "HTTP/1.1" and "close" not in options
        left = self._left() if is_open else b""
        exchange = Exchange(self._origin, "", sent, seen)
        self._run.secrets.learn_exchange(exchange)
        return Answer(exchange, left, is_open)

    def is_closed(self) -> bool:
        """Whether the server has closed it."""
        ready = select.select([self._socket], [], [], LINGER_S)[0]
        return bool(ready) and not self._receive()

    def _receive(self) -> bytes:
        try:
            data = self._socket.recv(65536)
        except ConnectionError:
            data = b""
        self._data += data
        return data

    def _more(self) -> None:
        if not self._receive():
            raise ConnectionResetError

    def _head(self) -> tuple[int, str, Headers]:
        while True:
            while b"\r\n\r\n" not in self._data:
                if len(self._data) > MAX_HEAD:
                    raise ValueError
                self._more()
            head, _, self._data = self._data.partition(b"\r\n\r\n")
            if b"\n" in head.replace(b"\r\n", b""):  # RFC 9112 §2.2: a line ends with CRLF
                raise ValueError
            line, *lines = head.decode("latin-1").split("\r\n")
            version, _, rest = line.partition(" ")
            status = int(rest[:3])
            if status >= 200:  # RFC 9110 §15.2: an interim answer is no answer
                pairs = (each.partition(":") for each in lines)
                return status, version, tuple((name, value.strip()) for name, _, value in pairs)

    def _body(self, method: str, status: int, headers: Headers) -> bytes:
        """By RFC 9112 §6.3."""
        named = {name.lower(): value for name, value in headers}
        if method == "HEAD" or status in (204, 304):
            return b""
        if "chunked" in named.get("transfer-encoding", "").lower():
            return self._chunks()
        if "content-length" in named:
            return self._exactly(int(named["content-length"]))
        while self._receive():
            pass
        body, self._data = self._data, b""
        return body

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self._line().partition(b";")[0], 16):
            body += self._exactly(size)
            self._exactly(2)
        while self._line():
            pass
        return body

    def _line(self) -> bytes:
        while b"\r\n" not in self._data:
            self._more()
        line, _, self._data = self._data.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._data) < size:
            self._more()
        found, self._data = self._data[:size], self._data[size:]
        return found

    def _left(self) -> bytes:
        """What came, or comes soon, though nobody asked for it."""
        if not self._data and select.select([self._socket], [], [], LINGER_S)[0]:
            self._receive()
        left, self._data = self._data, b""
        return left


def _bytes(sent: Sent, host: str) -> bytes:
    names = {name.lower() for name, _ in sent.headers}
    lines = [f"{sent.method} {sent.target} HTTP/1.1"]
    if "host" not in names:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in sent.headers]
    if (sent.body or sent.method in ("POST", "PUT", "PATCH")) and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(sent.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "surrogateescape") + sent.body
