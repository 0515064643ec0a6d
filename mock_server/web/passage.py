"""One request's way to the upstream, and the answer's way back.

An answer is held back until it is whole and looked at, so that a header can say how it departs from the
document. What is longer than the limit of bodies, or a stream of events, goes through as it comes.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import cast

from starlette.types import Receive, Scope, Send

from mock_server.core.answered import Departure, departures
from mock_server.core.finish import header_text
from mock_server.core.onward import Raw, Way, answer_headers
from mock_server.model import Answer, Reason
from mock_server.named import NamedTuple
from mock_server.spec.operations import Operation
from mock_server.state.journal import MAX_BODY_BYTES
from mock_server.web.breaking import WIRE, Wire
from mock_server.web.upstream import Reply, Upstream, UpstreamFailed

MARK = (b"mock-source", b"upstream")
MAX_MARK = 1_000
"""Characters of the header that tells departures; the journal has all."""
_TOLD = b"access-control-allow-origin"


class Onward(NamedTuple):
    """The request as the upstream gets it."""

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Given(NamedTuple):
    """What goes back. ``is_sent`` = it went through already; ``failed`` = it is not, or not wholly, the upstream's."""

    answer: Answer
    reasons: tuple[Reason, ...]
    body: bytes | None = None
    """The whole body, when it was looked at."""
    date: float | None = None
    """Unix seconds, as the upstream says."""
    is_sent: bool = False
    failed: bool = False


class Passage:
    """``headers`` go to a browser whose answer does not say who may read it; ``entry`` is that of the journal."""

    def __init__(
        self, channel: tuple[Scope, Receive, Send], by: Way, operation: Operation | None, headers: Raw, limit: int
    ) -> None:
        self._scope, self._receive, self._send = channel
        self._by = by
        self._operation = operation
        self._headers = headers
        self._limit = limit

    async def walk(self, upstream: Upstream, onward: Onward, entry: bytes) -> Given:
        """Ask, and look at the answer. Raises ``UpstreamFailed`` while nothing has gone back yet."""
        clock = asyncio.get_running_loop().time
        began = clock()
        async with upstream.ask(*onward) as reply:
            took_ms = (clock() - began) * 1000
            said = (upstream.origin, reply.status, took_ms)
            spoke = Reason("upstream", "{} answers {} after {:.0f} ms", said, hit=True)
            headers = [*answer_headers(reply.headers, self._by), MARK]
            if not any(name == _TOLD for name, _ in headers):
                headers += self._headers
            endless = _is_endless(reply)
            pieces = reply.pieces(patient=endless)
            held, more = (b"", True) if endless else await _whole(pieces, self._limit)
            if more:
                length = [each for each in reply.headers if each[0] == b"content-length"]
                error = await self._stream(reply.status, [*headers, *length, (b"mock-entry", entry)], held, pieces)
                told = Reason("upstream", "{}", (error or "too long, or a stream: its body was not looked at",))
                answer = Answer(reply.status, tuple(headers), held[:MAX_BODY_BYTES])
                return Given(answer, (spoke, told), is_sent=True, failed=bool(error))
        headers, data, plain = _decoded(headers, held, self._limit)
        if onward.method == "HEAD":
            headers += [each for each in reply.headers if each[0] == b"content-length"]  # of the body there would be
        given = self._looked_at(onward.method, Answer(reply.status, tuple(headers), data), plain, spoke)
        return given._replace(date=_date(reply))

    def _looked_at(self, method: str, answer: Answer, plain: bool, spoke: Reason) -> Given:
        """An answer that is whole, its departures in a header. ``plain`` False = its coding is one we cannot read."""
        wrong: tuple[Departure, ...] = ()
        if self._operation:
            texts = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers)
            body = answer.body if plain else None
            wrong = tuple(departures(self._operation, method, answer.status, texts, body))
        headers = answer.headers
        if wrong:
            headers = (*headers, (b"mock-departures", header_text("; ".join(map(str, wrong))[:MAX_MARK])))
        if method != "HEAD" and answer.status not in (204, 304):
            headers = (*headers, (b"content-length", b"%d" % len(answer.body)))
        coded = () if plain else (Reason("upstream", "its body is coded, and was not looked at"),)
        reasons = (spoke, *coded, *(Reason("departs", "{}", (str(each),)) for each in wrong))
        return Given(answer._replace(headers=headers), reasons, answer.body if plain else None)

    async def _stream(
        self, status: int, headers: list[tuple[bytes, bytes]], start: bytes, pieces: AsyncIterator[bytes]
    ) -> str:
        """Let the rest through as it comes, until one of the two hangs up. What broke; ``""`` = nothing."""
        send = self._send
        await send({"type": "http.response.start", "status": status, "headers": headers})

        async def pump() -> None:
            await send({"type": "http.response.body", "body": start, "more_body": True})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        pumping, leaving = asyncio.ensure_future(pump()), asyncio.ensure_future(_left(self._receive))
        try:
            await asyncio.wait((pumping, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not pumping.done():
                return "the client hung up"
            pumping.result()
        except UpstreamFailed as error:
            wire = cast("Wire | None", (self._scope.get("extensions") or {}).get(WIRE))
            if wire is not None:
                wire.close()  # what the head promised is not kept: the client must see that
            return str(error)
        finally:
            for task in (pumping, leaving):
                task.cancel()
                with suppress(asyncio.CancelledError, UpstreamFailed):
                    await task
        return ""


def _date(reply: Reply) -> float | None:
    """RFC 9110 §6.6.1."""
    text = next((value for name, value in reply.headers if name == b"date"), b"").decode("latin-1")
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _is_endless(reply: Reply) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in reply.headers)


async def _whole(pieces: AsyncIterator[bytes], limit: int) -> tuple[bytes, bool]:
    """As much as may be held back, and whether there is more."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) > limit:
            return bytes(held), True
    return bytes(held), False


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _decoded(
    headers: list[tuple[bytes, bytes]], data: bytes, limit: int
) -> tuple[list[tuple[bytes, bytes]], bytes, bool]:
    """Without gzip or deflate, which came although nobody asked; what is coded otherwise, or unfolds too far, stays."""
    coding = b",".join(value for name, value in headers if name == b"content-encoding").strip().lower()
    if not data or coding in (b"", b"identity"):
        return headers, data, True
    if coding not in (b"gzip", b"x-gzip", b"deflate"):
        return headers, data, False
    try:
        engine = zlib.decompressobj(wbits=47)  # gzip or zlib, as its head says
        plain = engine.decompress(data, limit + 1)
    except zlib.error:
        return headers, data, False
    if len(plain) > limit or not engine.eof:
        return headers, data, False
    return [each for each in headers if each[0] != b"content-encoding"], plain, True
