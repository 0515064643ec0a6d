"""uvicorn's HTTP/1.1 protocol with the deadlines and limits that it leaves out.

uvicorn times out between requests only: half a request line, half the headers or half a body would
be held for ever. Middleware cannot help, for it is called after the headers.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.server import refusal
from mock_server.server.body import BodyOnly, Chunk
from mock_server.server.framing import BAD_TARGET, begins_as_http, faulty, origin_form
from mock_server.server.known import KnownHeads
from mock_server.server.wire import AnswerFirst, CycleWire, forget
from mock_server.settings import MAX_BODY_BYTES, Limits
from mock_server.web.breaking import WIRE
from mock_server.web.refusals import Refusal, Refusals

LINGER_S = 1.0
"""How long a refused client may go on sending, so that it reads why (RFC 9112 §9.6)."""
PIECE_BYTES = 16 * 1024
"""So much is parsed before it is looked whether requests are waiting already: each costs far more than its bytes."""


class Refused(Exception):
    """Raised inside the parser to make it give up."""


_ITS_FAULT = (Refused, httptools.HttpParserError)


class GuardedProtocol(KnownHeads):
    """One deadline at a time: for the header from its first byte, then for the body.

    A refusal never overtakes the answers to earlier requests on the connection, and ends it:
    what cannot be read to its end cannot be told from what follows.
    """

    limits: ClassVar[Limits] = Limits()
    max_body: ClassVar[int] = MAX_BODY_BYTES
    tell: ClassVar[Refusals | None] = None
    """Journals a refusal, of which the application never hears; the id of its entry."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading: Literal["nothing", "header", "body"] = "nothing"
        self._reading_is_new = False
        self._answering: RequestResponseCycle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._header_lines = 0
        self._idle_bytes = 0
        self._why = refusal.MALFORMED
        self._refusal: Refusal | None = None
        self._error: Exception | None = None
        self._begun = 0
        self._chunk = Chunk()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(refusal.crowded(self.limits.connections))
            return
        # RFC 9112 §9.5: a server may close an idle connection, also one that never asked anything.
        self._arm(self.limits.header_s, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        # It knows us, too: left to the collector, which comes late to what lived for seconds, the dead would pile up.
        if forget(self.pipeline):
            self._answering = None
        if self.cycle is not None and (self.cycle is not self._answering or self.cycle.response_complete):
            self.cycle = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if self._unread:
            self._unread += data  # read before reading was paused
            return
        if self._awaited is not None:
            self._unread = data
            self.flow.pause_reading()
            return
        alone = (
            self.heads is not None and self._reading == "nothing" and self._answering is None and not self._idle_bytes
        )
        if alone and self._is_known(data):
            return
        self._take(data)
        if alone and self._refusal is None and self._reading == "nothing" and self._begun == 1:
            self._learn(data)

    def _take(self, data: bytes) -> None:
        """Parse, piece by piece; what comes behind waiting requests stays bytes until they are answered."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        self._begun = 0
        for at in range(0, len(data), PIECE_BYTES):
            if self.pipeline:
                self._unread = data[at:]
                self.flow.pause_reading()
                break
            piece = data if len(data) <= PIECE_BYTES else data[at : at + PIECE_BYTES]
            self._idle_bytes += len(piece)
            if not self._fed(piece):
                return
        self._watch()

    def _fed(self, data: bytes) -> bool:
        """Whether there was nothing to refuse."""
        try:
            self._feed(data)
        except httptools.HttpParserError as error:  # what our own callbacks raise comes as its subclass
            if isinstance(error.__context__, Exception) and not isinstance(error.__context__, _ITS_FAULT):
                self._error = error.__context__  # our own fault, not the client's
                self._why = refusal.FAILED
            error.__context__ = None  # its frames know us
            self._refuse(self._why)
            return False
        if self._idle_bytes > self.limits.header_bytes:
            self._refuse(refusal.long_header(self.limits))  # one endless line: the parser keeps it and reports nothing
            return False
        if self._reading == "body" and self._chunk.announced(data) > self.max_body:
            self._refuse(refusal.long_body(self.max_body))
            return False
        return True

    def _go_on(self) -> None:
        """Parse what was left when requests were waiting."""
        data, self._unread = self._unread, b""
        if self._refusal is not None or self.transport.is_closing():
            return
        self._take(data)
        if self._unread or self._refusal is not None:
            return
        if self._peer_is_done:
            if not self._stays_open():
                self.transport.close()
        elif not self.pipeline:
            self.flow.resume_reading()

    def _feed(self, data: bytes) -> None:
        """Parse, and overlook every ``Upgrade`` (RFC 9110 §7.8 lets us).

        The parser skips the body of such a request. Java's HttpClient asks for h2c with every POST,
        so another parser, told no more than how the body is framed, reads that.
        """
        if self._reading == "nothing" and not begins_as_http(data):
            raise httptools.HttpParserError
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            framing = (each for each in self.headers if each[0] in (b"content-length", b"transfer-encoding"))
            head = b"\r\n".join([b"POST / HTTP/1.1", *(b"%s: %s" % each for each in framing), b"", b""])
            self.parser = httptools.HttpRequestParser(BodyOnly(self))
            self.parser.feed_data(head + data[upgrade.args[0] :])

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that only stops sending still gets its answers (RFC 9112 §9.6)."""
        self._peer_is_done = True
        return bool(self._unread) or self._awaited is not None or self._stays_open()

    def _stays_open(self) -> bool:
        """Whether a client that stopped sending is still owed an answer."""
        if self._refusal is not None or (self._answering is None and self._reading == "nothing"):
            return False
        if self._reading != "nothing":
            self._refuse(refusal.MALFORMED)
        elif self._answering is not None and self._answering.response_started:
            return False  # a stream: nobody is there to read its rest
        else:
            self.cycle.keep_alive = False
        return not self.transport.is_closing()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun += 1
        self._header_bytes = self._header_lines = 0
        self._now_reading("header")

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._idle_bytes = 0
        if len(self.url) > self.limits.target_bytes:
            self._stop(refusal.long_target(self.limits))  # RFC 9112 §3

    def on_header(self, name: bytes, value: bytes) -> None:
        self._idle_bytes = 0
        self._header_bytes += len(name) + len(value)
        self._header_lines += 1
        if self._header_bytes > self.limits.header_bytes or self._header_lines > self.limits.header_lines:
            self._stop(refusal.long_header(self.limits))  # RFC 6585 §5
        if self._reading == "header":  # RFC 9110 §6.5.1: a trailer never becomes a header
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        fault = faulty(self.parser.get_http_version(), self.headers)
        if fault is not None:
            self._stop(Refusal(400, fault.detail))
        self._read_target()
        if self.expect_100_continue and self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110 §10.1.1: it MUST be overlooked
        super().on_headers_complete()
        self.scope["extensions"] = {WIRE: CycleWire(self.transport, self.cycle)}  # type: ignore[dict-item]
        if not (self.pipeline and self.pipeline[0][0] is self.cycle):
            self._answering = self.cycle
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False  # the parser reads no further
        self._now_reading("body")

    def _read_target(self) -> None:
        """A target that names its host, as proxies get it, becomes a path and a ``Host`` (RFC 9112 §3.2.2)."""
        method: bytes = self.parser.get_method()
        read = origin_form(method, self.url)
        if read is None:
            self._stop(Refusal(400, BAD_TARGET.detail))
            return
        self.url, authority = read
        if authority is not None:
            # The very list is in the scope already.
            self.headers[:] = [*(each for each in self.headers if each[0] != b"host"), (b"host", authority)]

    def on_chunk_header(self) -> None:
        self._chunk.begins()

    def on_chunk_complete(self) -> None:
        self._chunk.ends()

    def on_body(self, body: bytes) -> None:
        self._idle_bytes = 0
        self._chunk.grows(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # nothing of its body was read yet: see _feed
        self._idle_bytes = 0
        self._now_reading("nothing")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._answering = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()
        if self not in self.connections:
            self.cycle = None  # type: ignore[assignment]  # it ended meanwhile
        elif self.pipeline or self._unread:
            self.flow.pause_reading()  # uvicorn reads on after each answer, however many requests are waiting
            if not self.pipeline:
                self.loop.call_soon(self._go_on)
        if self._refusal is not None and self._answering is None:
            self._end(self._refusal)

    def end_gently(self) -> None:
        """Close after an answer, but not before what the client still sends was read: see :meth:`_end`."""
        if self._reading == "body" and self._refusal is None:
            self._disarm()
            self.cycle.transport = self.transport
            self._refusal = refusal.ANSWERED  # `_end` follows, from `on_response_complete`
        else:
            self.transport.close()

    def _now_reading(self, what: Literal["nothing", "header", "body"]) -> None:
        self._reading = what
        self._reading_is_new = True

    def _watch(self) -> None:
        """Set the deadline of what is being read. Once for all that came together: most requests need none."""
        if self._reading_is_new:
            self._reading_is_new = False
            if self._reading == "nothing":
                self._disarm()
            else:
                self._arm(self.limits.header_s if self._reading == "header" else self.limits.body_s, refusal.LATE)
                if self._reading == "body":
                    self.cycle.transport = AnswerFirst(self.transport, self.end_gently)  # type: ignore[assignment]
        elif self._reading == "nothing" and self._answering is None and self._deadline is None:
            self._arm(self.limits.header_s, None)  # empty lines between requests keep nothing alive

    def _stop(self, why: Refusal) -> None:
        """Make the parser give up."""
        self._why = why
        raise Refused(why)

    def _refuse(self, why: Refusal) -> None:
        """End the connection with a refusal, after the answers to what was asked before."""
        self._disarm()
        self._refusal = why
        if self._reading == "body" and self.cycle is not self._answering and self.pipeline:
            self.pipeline.popleft()  # half a request behind another: it was waiting for its turn
        if self._answering is None or (self._reading == "body" and self._answering is self.cycle):
            self._end(why)

    def _end(self, why: Refusal) -> None:
        """RFC 9112 §9.6: say why, stop writing, and read on for a moment.

        To close at once, with bytes of the client unread, would reset the connection and could
        destroy our words on their way.
        """
        if self.transport.is_closing():
            return
        answered = False
        if self._reading == "body":
            answered = self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not answered and why is not refusal.ANSWERED:
            self.transport.write(refusal.answer_of(why, self.server_state.default_headers, self._told(why)))
        if self._peer_is_done:
            self.transport.close()
        else:
            if self.transport.can_write_eof():  # TLS has no half-closed connections (RFC 8446 §6.1 aside)
                self.transport.write_eof()
            self._arm(LINGER_S, None)

    def _told(self, why: Refusal) -> str | None:
        """The journal's entry about a refusal, with as much of the request as was read."""
        if self.tell is None:
            return None
        target = self.url if self._reading != "nothing" else b""
        method = self.parser.get_method().decode("latin-1") if target else ""
        return self.tell(why, method, target.decode("latin-1"), self._error)

    def _arm(self, seconds: float, why: Refusal | None) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_late, seconds, why)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self, seconds: float, why: Refusal | None) -> None:
        self._deadline = None
        if why is None:
            self.transport.close()
        elif self.pipeline:
            self._arm(seconds, why)  # not the client's fault: uvicorn reads no more until the first is answered
        else:
            self._refuse(why)
