"""What was refused before the application heard of it: journalled and logged like any other answer."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine
from typing import Any

from mock_server.core.problem import problem
from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.model import Answer, Reason, Request
from mock_server.named import NamedTuple
from mock_server.state.store import InstantStore
from mock_server.web.live import Live, make_entry

MAX_A_SECOND = 20
"""Entries of refusals in one second: a flood of them shall not push everything else out of the journal."""


class Refusal(NamedTuple):
    """An answer that the application never hears of."""

    status: int
    detail: str
    code: str = "MS404"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Refusals:
    """Called by the protocol; the entries stand in the default session, since no header was read."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._second = 0
        self._count = 0
        self._saving: set[asyncio.Task[None]] = set()

    def __call__(self, why: Refusal, method: str, target: str, error: Exception | None = None) -> str:
        """The id of the entry. ``method`` and ``target`` are as much as was read, maybe nothing."""
        live = self._live
        entry_id = live.entry_id()
        if error is not None:
            live.log.error(f"entry {entry_id}:\n{''.join(traceback.format_exception(error))}", entry_id)
        path, _, query = target.partition("?")
        given = problem(why.code, why.status, why.detail, headers=why.headers)
        reason = Reason("refused", "{}", (why.detail,))
        request = Request(method or "-", path or "-", query, {}, b"", "")
        reasons = (reason,)
        if error is None and not self._has_room():
            live.say(make_entry(entry_id, 0.0, DEFAULT_SESSION, 0.0, request, given, reasons=reasons))
        elif isinstance(live.store, InstantStore):
            at = live.store.load_now(DEFAULT_SESSION, make=False).now
            entry = make_entry(entry_id, at, DEFAULT_SESSION, 0.0, request, given, reasons=reasons)
            live.record_now(live.store, entry)
        else:
            live.writing.add(entry_id)
            self._later(self._record(entry_id, request, given, reasons))
        return entry_id

    def _has_room(self) -> bool:
        second = int(self._live.ticks())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count <= MAX_A_SECOND

    async def _record(self, entry_id: str, request: Request, given: Answer, reasons: tuple[Reason, ...]) -> None:
        live = self._live
        at = await live.now(DEFAULT_SESSION)
        await live.record(make_entry(entry_id, at, DEFAULT_SESSION, 0.0, request, given, reasons=reasons))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._saving.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._saving.discard)
