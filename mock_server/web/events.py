"""``GET /__mock/events``: what changes in a session, as server-sent events (WHATWG HTML §9.2)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mock_server.state.store import RETRY, Away
from mock_server.web.asked import Refused
from mock_server.web.live import Live, session_name
from mock_server.web.watch import MAX_ENTRIES, Notice, TooMany, Watched, in_short

HEARTBEAT_S = 15.0
RETRY_MS = 1_000


class Events:
    """The endpoint. Bounded by ``watch.MAX_WATCHERS``; one more is 503 (MS480)."""

    def __init__(self, live: Live) -> None:
        self.live = live

    async def open(self, request: Request) -> Response:
        """Raises ``Refused`` when too many watch."""
        stack = AsyncExitStack()
        try:
            watched = await stack.enter_async_context(self.live.watchers.of(session_name(request.headers)))
        except TooMany:
            detail = "too many windows watch this mock already; close some"
            raise Refused("MS480", 503, detail, headers=RETRY) from None
        return _Stream(self.live, watched, stack, request.headers.get("last-event-id"))


class _Stream(Response):
    """Sends until the browser goes away or the server stops. A browser whose stream ends comes again."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, watched: Watched, stack: AsyncExitStack, last: str | None) -> None:
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", "x-accel-buffering": "no"}
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._live = live
        self._watched = watched
        self._stack = stack
        self._last = last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._stack:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            sending = asyncio.create_task(self._send(send))
            leaving = asyncio.create_task(_left(receive))
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)  # both are cancelled, or have ended
            error = None if sending.cancelled() else sending.exception()
            if error is not None and not isinstance(error, Away):
                raise error  # ours: the log tells it
            if error or self._live.watchers.stopped or self._watched.over:
                await send({"type": "http.response.body", "body": b""})

    async def _send(self, send: Send) -> None:
        await self._watched.looked.wait()
        number = self._watched.number
        await _say(send, f"retry: {RETRY_MS}\n\n".encode() + event("hello", await self._hello()) + await self._missed())
        while not (self._live.watchers.stopped or self._watched.over):
            notices = self._watched.since(number)
            for notice in notices:
                number = notice.number
                await _say(send, event_of(notice))
            if not notices:
                before = self._watched.number
                await self._watched.wait(number, HEARTBEAT_S)
                if self._watched.number == before:
                    await _say(send, b": still here\n\n")

    async def _hello(self) -> dict[str, Any]:
        return {"session": self._watched.session, "now": await self._live.now(self._watched.session)}

    async def _missed(self) -> bytes:
        """What came to the journal since the entry that the browser saw last."""
        if not self._last:
            return b""
        found = await self._live.store.entries(self._watched.session, MAX_ENTRIES, self._last)
        hidden = await self._live.hidden()
        short = tuple(in_short(each.as_json(hidden)) for each in found)
        return event_of(Notice(0, ("journal",), short)) if short else b""


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _say(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


def event_of(notice: Notice) -> bytes:
    """``id: 3fa85f-7``, ``event: change``, ``data: {"parts": ["journal"], "entries": […], "cleared": false}``."""
    data = {"parts": notice.parts, "entries": notice.entries, "cleared": notice.cleared}
    return event("change", data, notice.entries[-1]["id"] if notice.entries else "")


def event(name: str, data: Any, event_id: str = "") -> bytes:
    """JSON has no line ends in it, so it is one line of data."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"
