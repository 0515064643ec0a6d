"""Sends exactly the bytes it is told over kept-alive connections, and records every exchange."""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from mock_server.contract.errors import LeftOut, OutOfTime
from mock_server.contract.model import Exchange, Headers, Seen, Sent
from mock_server.contract.watchdog import Watchdog

REQUEST_TIMEOUT_S = 10.0
IDLE_S = 1.0
"""Servers close idle connections when they like: an older one is not used again."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""An answer that is longer has the fault ``endless``."""
IMPATIENT_S = 3.0
"""After a few time-outs nobody waits longer than this for a deployment that hangs."""
PATIENCE = 2
MAX_TIMEOUTS = 10

Watcher = Callable[[Exchange], None]


class Client:
    """One client of one deployment; safe to use from several threads.

    ``rate`` is requests a second, None = as fast as it goes. ``deadline`` is a time of ``time.monotonic``.
    """

    def __init__(
        self,
        origin: str,
        *,
        headers: Headers = (),
        rate: float | None = None,
        deadline: float | None = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        self.origin = origin
        self.headers = headers
        """Sent with every request to the deployment (``--header``), unless the request has its own."""
        self.rate = rate
        self.deadline = deadline
        self.timeout_s = timeout_s
        self.statuses: Counter[tuple[str, int]] = Counter()
        """How often each operation gave each status."""
        self.sent_count = 0
        self.watchers: list[Watcher] = []
        """Called with every exchange: checks that look at all answers."""
        self.timeouts = 0
        self.hopeless = ""
        """Why the deployment is given up; set by whoever sees it."""
        self._watchdog = Watchdog()
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[str, list[tuple[http.client.HTTPConnection, float, Exchange]]] = {}
        self.allowed: frozenset[str] | None = None
        """The only operations that are sent to; None = all. Pages and paths of no operation are always sent to."""
        self._lock = threading.Lock()
        self._next_at = 0.0

    def send(self, sent: Sent, operation: str = "", origin: str | None = None) -> Exchange:
        """Send it and wait for the whole answer, at most ``timeout_s`` seconds.

        A deployment that lets too many requests hang is given up: ``gave_up`` says so.

        A network failure is no exception but an answer with the status 0 and a fault. Raises ``OutOfTime`` when
        the run's time is over, and ``LeftOut`` for an operation that is not to be sent to.
        """
        if operation and self.allowed is not None and operation not in self.allowed:
            raise LeftOut(operation)
        where = origin or self.origin
        if where == self.origin:
            given = {name.lower() for name, _ in sent.headers}
            sent = sent._replace(
                headers=(*sent.headers, *(pair for pair in self.headers if pair[0].lower() not in given))
            )
        self.wait_for_turn()
        exchange = self._exchange(where, operation, sent)
        if exchange.seen.fault and self.deadline is not None and time.monotonic() >= self.deadline:
            raise OutOfTime  # it was we who gave up
        with self._lock:
            self.sent_count += 1
            self.timeouts += exchange.seen.fault == "timeout"
            if self.timeouts >= MAX_TIMEOUTS and not self.hopeless:
                self.hopeless = f"{MAX_TIMEOUTS} requests were not answered in time, so it is given up"
            if operation:
                self.statuses[operation, exchange.seen.status] += 1
        self._tell(exchange)
        return exchange

    def _tell(self, exchange: Exchange) -> None:
        for watcher in self.watchers:
            watcher(exchange)

    @property
    def gave_up(self) -> bool:
        """Whether too many requests hung, or were so slow that the run would never end."""
        return bool(self.hopeless)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self._watchdog.close()
        with self._lock:
            for connections in self._idle.values():
                for connection, _, _ in connections:
                    connection.close()
            self._idle.clear()

    def wait_for_turn(self) -> None:
        """Until the next request may be sent (``rate``). Raises ``OutOfTime``."""
        now = time.monotonic()
        if self.deadline is not None and now >= self.deadline:
            raise OutOfTime
        if self.gave_up:
            raise OutOfTime(self.hopeless)
        if self.rate is None:
            return
        with self._lock:
            turn = max(self._next_at, now)
            self._next_at = turn + 1 / self.rate
        if self.deadline is not None and turn >= self.deadline:
            raise OutOfTime
        time.sleep(max(0.0, turn - now))

    def _exchange(self, origin: str, operation: str, sent: Sent) -> Exchange:
        began = time.perf_counter()
        connection: http.client.HTTPConnection | None = None
        late: list[bool] = []
        try:
            connection = self._take(origin)
            with self._watchdog.over(connection, self._timeout_s()) as late:
                _write(connection, sent, urlsplit(origin).netloc)
                response = connection.getresponse()
                body, has_more = _read(response)
            headers = tuple(response.getheaders())
            if late:
                fault = "timeout"
            elif len(body) >= MAX_ANSWER_BYTES:
                fault = "endless"
            else:  # http.client tells of a short body only when it is read without a limit
                fault = "truncated" if response.length else "surplus" if has_more else ""
            seen = Seen(response.status, headers, body, time.perf_counter() - began, fault)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if connection is not None:
                connection.close()
            fault = "timeout" if late else _fault(error)
            return Exchange(origin, operation, sent, Seen(0, (), b"", time.perf_counter() - began, fault))
        exchange = Exchange(origin, operation, sent, seen)
        # Who was told to close need not say that it does (RFC 9112 §9.6: SHOULD).
        if seen.fault or response.will_close or not response.isclosed() or _says_close(sent):
            connection.close()
        else:
            with self._lock:
                self._idle.setdefault(origin, []).append((connection, time.monotonic(), exchange))
        return exchange

    def _take(self, origin: str) -> http.client.HTTPConnection:
        """An idle connection that is still good, else a new one."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                taken = idle.pop() if idle else None
            if taken is None:
                return self._open(origin)
            connection, since, before = taken
            rest = _unasked(connection.sock)
            if rest is None and time.monotonic() - since < IDLE_S:
                return connection
            connection.close()
            if rest:  # more bytes than its Content-Length said: the watchers see that answer again, as it was
                self._tell(before._replace(seen=before.seen._replace(fault="surplus")))

    def _timeout_s(self) -> float:
        timeout_s = self.timeout_s if self.timeouts < PATIENCE else min(self.timeout_s, IMPATIENT_S)
        if self.deadline is None:
            return timeout_s
        return max(0.1, min(timeout_s, self.deadline - time.monotonic()))

    def _open(self, origin: str) -> http.client.HTTPConnection:
        parts = urlsplit(origin)
        if parts.scheme == "https":
            self._tls = self._tls or ssl.create_default_context()  # reads every root certificate: once is enough
            return _InOnePieceByTls(parts.netloc, timeout=self._timeout_s(), context=self._tls)
        return _InOnePiece(parts.netloc, timeout=self._timeout_s())


class _InOnePiece(http.client.HTTPConnection):
    """Sends head and body together, so that the other side need not wake up twice for one request."""

    _held: list[bytes] | None = None

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        held: list[bytes] = []
        self._held = held
        super().endheaders(message_body, encode_chunked=encode_chunked)
        self._held = None
        self.send(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class _InOnePieceByTls(_InOnePiece, http.client.HTTPSConnection):
    """The same by TLS."""


def _write(connection: http.client.HTTPConnection, sent: Sent, host: str) -> None:
    """Exactly what was told; only ``Host`` and ``Content-Length`` are added where they are missing."""
    names = {name.lower() for name, _ in sent.headers}
    connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
    if "host" not in names:
        connection.putheader("Host", host)
    for name, value in sent.headers:
        connection.putheader(name, value.encode("latin-1", "surrogateescape"))
    needs_length = sent.body or sent.method in ("POST", "PUT", "PATCH")
    if needs_length and not names & {"content-length", "transfer-encoding"}:
        connection.putheader("Content-Length", str(len(sent.body)))
    connection.endheaders(sent.body or None)


def _says_close(sent: Sent) -> bool:
    return any(name.lower() == "connection" and "close" in value.lower() for name, value in sent.headers)


def _read(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The body, and whether more came along than its Content-Length says: the reader's buffer would swallow that."""
    length = response.length
    if not length or not 1 < length < MAX_ANSWER_BYTES or response.fp is None:
        return response.read(MAX_ANSWER_BYTES), False
    body = response.read(length - 1)
    # One byte is left, so the buffer is still open, and looking into it waits for that byte at most.
    ahead = response.fp.peek(2) if response.fp is not None else b""
    return body + response.read(1), len(ahead) > 1


def _unasked(sock: socket.socket | None) -> bytes | None:
    """What came without being asked for: a byte of it, ``b""`` when the other side closed, None for nothing."""
    if sock is None:
        return b""
    if not select.select([sock], [], [], 0)[0]:
        return None
    try:
        return b"" if isinstance(sock, ssl.SSLSocket) else sock.recv(1, socket.MSG_PEEK)
    except OSError:
        return b""


def _fault(error: Exception) -> str:
    """One short word for what went wrong on the wire, the same for the same defect."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, http.client.IncompleteRead):
        return "truncated"
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "reset"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, http.client.HTTPException):
        return "malformed"
    return type(error).__name__ if not isinstance(error, OSError) else (error.strerror or type(error).__name__).lower()
