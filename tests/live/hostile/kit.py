"""What a hostile request is, and the connection on which it is tried.

``want`` is written in a language of its own, for a table of four hundred rows must be readable:

- ``400!``       one answer, status 400, and the server closes the connection
- ``200``        one answer, status 200; if the connection stays open, the next request on it is answered
- ``400!|404``   one of the two
- ``200 400!``   two answers, in this order
- ``-``          the connection is closed without a word
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.live.wire import Reply

HANG_S = 20.0
"""No answer for so long is a hang, also on a machine that has much else to do."""
MARK = "s3cr3tMARK0123456789"
"""Stands in for every secret that is sent; it must not come back, and must not be in a log or journal."""

HOST = b"Host: 127.0.0.1\r\n"
SESSION = b"Mock-Session: kit\r\n"
TOKEN = b"Authorization: Bearer dev-token\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ASK = b'{"datasource_id":"fb"}'
POST = b"POST /api/oauth2 HTTP/1.1\r\n" + HOST + SESSION + TOKEN
HEALTH = b"GET /__mock/health HTTP/1.1\r\n" + HOST


class Probe(NamedTuple):
    """One hostile request. ``why`` is the rule that ``want`` follows."""

    group: str
    name: str
    sent: bytes
    want: str
    why: str


def sized(body: bytes) -> bytes:
    """The end of a header, and the body."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def get(target: bytes, *lines: bytes, host: bytes = HOST) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + host + SESSION + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def ask(body: bytes = ASK, *lines: bytes) -> bytes:
    """Operation 1 with a body and more header lines."""
    return POST + b"".join(line + b"\r\n" for line in lines) + sized(body)


@dataclass
class Seen:
    """What came back for one probe."""

    replies: list[Reply]
    closed: bool
    raw: bytes
    took_s: float
    reset: bool = False


class Line:
    """One connection that reads as many whole answers as it is told."""

    def __init__(self, url: str, timeout_s: float = HANG_S) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=timeout_s)
        self._rest = b""
        self.raw = b""
        self.closed = False
        self.reset = False

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused and closed already
            self.socket.sendall(data)

    def reply(self, *, head: bool = False) -> Reply | None:
        """The next whole answer; None = the server closed. Raises ``TimeoutError`` for a hang."""
        while True:
            found = self._take(head)
            if found is not None:
                return found
            try:
                more = self.socket.recv(65_536)
            except ConnectionResetError:
                self.reset = True
                more = b""
            if not more:
                self.closed = True
                assert not self._rest, f"the answer is cut short: {self._rest[:200]!r}"
                return None
            self._rest += more
            self.raw += more

    def _take(self, head: bool) -> Reply | None:
        start, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end:
            return None
        first, *lines = start.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        length = 0 if head or status < 200 or status in (204, 304) else int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._rest = rest[length:]
        return Reply(status, headers, rest[:length])


def tried(url: str, probe: Probe) -> Seen:
    """Send the probe, read what is wanted, and learn whether the connection still means what it says."""
    wanted = [part for part in probe.want.split("|")[0].split(" ") if part != "-"]
    head = probe.sent.startswith(b"HEAD ")
    started = time.monotonic()
    with Line(url) as line:
        line.send(probe.sent)
        replies: list[Reply] = []
        for _ in wanted or [""]:
            found = line.reply(head=head)
            if found is None:
                break
            while found is not None and found.status == 100:  # RFC 9110 §15.2: any number, before any answer
                found = line.reply(head=head)
            assert found is not None
            replies.append(found)
        took = time.monotonic() - started
        if not line.closed:
            if replies and replies[-1].headers.get("connection") == "close":
                assert line.reply() is None, "it answers more than it was asked"
            else:
                line.send(HEALTH + b"\r\n")
                again = line.reply()
                assert again is not None, "the connection was to stay open"
                assert again.status == 200, f"out of step: {again}"
                assert b'"status":"ok"' in again.body, f"out of step: {again}"
        return Seen(replies, line.closed, line.raw, took, line.reset)


def fits(seen: Seen, want: str) -> bool:
    """Whether one of the alternatives is what came.

    >>> fits(Seen([Reply(400, {}, b"")], True, b"", 0.0), "200|400!")
    True
    """
    return any(_fits(seen, each) for each in want.split("|"))


def _fits(seen: Seen, want: str) -> bool:
    if want == "-":
        return not seen.replies and seen.closed
    parts = want.split(" ")
    statuses = [int(part.rstrip("!")) for part in parts]
    must_close = parts[-1].endswith("!")
    return [reply.status for reply in seen.replies] == statuses and (seen.closed or not must_close)
