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
from urllib.parse import urlsplit

from mock_server.contract.errors import OutOfTime
from mock_server.contract.model import Exchange, Headers, Seen, Sent
from mock_server.contract.watchdog import Watchdog

REQUEST_TIMEOUT_S = 15.0
IDLE_S = 1.0
"""Servers close idle connections when they like: an older one is not used again."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""An answer that is longer has the fault ``endless``."""

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
        self._watchdog = Watchdog()
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[str, list[tuple[http.client.HTTPConnection, float]]] = {}
        self._lock = threading.Lock()
        self._next_at = 0.0

    def send(self, sent: Sent, operation: str = "", origin: str | None = None) -> Exchange:
        """Send it and wait for the whole answer, at most ``timeout_s`` seconds.

        A network failure is no exception but an answer with the status 0 and a fault. Raises ``OutOfTime`` when
        the run's time is over.
        """
        where = origin or self.origin
        if where == self.origin:
            given = {name.lower() for name, _ in sent.headers}
            sent = sent._replace(
                headers=(*sent.headers, *(pair for pair in self.headers if pair[0].lower() not in given))
            )
        self._wait_for_turn()
        exchange = Exchange(where, operation, sent, self._exchange(where, sent))
        if exchange.seen.fault and self.deadline is not None and time.monotonic() >= self.deadline:
            raise OutOfTime  # it was we who gave up
        with self._lock:
            self.sent_count += 1
            if operation:
                self.statuses[operation, exchange.seen.status] += 1
        for watcher in self.watchers:
            watcher(exchange)
        return exchange

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self._watchdog.close()
        with self._lock:
            for connections in self._idle.values():
                for connection, _ in connections:
                    connection.close()
            self._idle.clear()

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if self.deadline is not None and now >= self.deadline:
            raise OutOfTime
        if self.rate is None:
            return
        with self._lock:
            turn = max(self._next_at, now)
            self._next_at = turn + 1 / self.rate
        if self.deadline is not None and turn >= self.deadline:
            raise OutOfTime
        time.sleep(max(0.0, turn - now))

    def _exchange(self, origin: str, sent: Sent) -> Seen:
        began = time.perf_counter()
        connection: http.client.HTTPConnection | None = None
        late: list[bool] = []
        try:
            connection = self._take(origin)
            with self._watchdog.over(connection, self._timeout_s()) as late:
                _write(connection, sent, urlsplit(origin).netloc)
                response = connection.getresponse()
                body = response.read(MAX_ANSWER_BYTES)
            headers = tuple(response.getheaders())
            if late:
                fault = "timeout"
            elif len(body) >= MAX_ANSWER_BYTES:
                fault = "endless"
            else:  # http.client tells of a short body only when it is read without a limit
                fault = "truncated" if response.length else ""
            seen = Seen(response.status, headers, body, time.perf_counter() - began, fault)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if connection is not None:
                connection.close()
            return Seen(0, (), b"", time.perf_counter() - began, "timeout" if late else _fault(error))
        if seen.fault or response.will_close or not response.isclosed():
            connection.close()
        else:
            with self._lock:
                self._idle.setdefault(origin, []).append((connection, time.monotonic()))
        return seen

    def _take(self, origin: str) -> http.client.HTTPConnection:
        """An idle connection that is still good, else a new one."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                taken = idle.pop() if idle else None
            if taken is None:
                return self._open(origin)
            connection, since = taken
            if time.monotonic() - since < IDLE_S and not _was_closed(connection.sock):
                return connection
            connection.close()

    def _timeout_s(self) -> float:
        if self.deadline is None:
            return self.timeout_s
        return max(0.1, min(self.timeout_s, self.deadline - time.monotonic()))

    def _open(self, origin: str) -> http.client.HTTPConnection:
        parts = urlsplit(origin)
        if parts.scheme == "https":
            self._tls = self._tls or ssl.create_default_context()  # reads every root certificate: once is enough
            return http.client.HTTPSConnection(parts.netloc, timeout=self._timeout_s(), context=self._tls)
        return http.client.HTTPConnection(parts.netloc, timeout=self._timeout_s())


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


def _was_closed(sock: socket.socket | None) -> bool:
    """Whether the other side closed it, or sent what nobody asked for."""
    return sock is None or bool(select.select([sock], [], [], 0)[0])


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
