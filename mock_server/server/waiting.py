"""A request with a known head of which the store has still to speak."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from uvicorn.server import ServerState

from mock_server.model import Answer
from mock_server.server.heads import Answering


class Awaiting(Protocol):
    """The connection that it came on. It is told one of these, once."""

    loop: asyncio.AbstractEventLoop
    server_state: ServerState

    def answer_awaited(self, answer: Answer, lines: bytes) -> None: ...

    def take_awaited(self, data: bytes) -> None: ...

    def give_up_awaited(self) -> None: ...


class Waiting:
    """One of the server's tasks, for it does not stop before; but no task of the loop, which costs more than an answer.

    ``data`` is the request as it was read, ``body`` its end.
    """

    __slots__ = ("_answering", "_body", "_connection", "_data", "_is_given_up")

    def __init__(self, connection: Awaiting, data: bytes, answering: Answering, body: bytes) -> None:
        self._connection = connection
        self._data = data
        self._answering = answering
        self._body = body
        self._is_given_up = False

    def ask(self) -> None:
        if self._answering.ask(self._body, self):
            self._connection.server_state.tasks.add(cast("asyncio.Task[None]", self))
        else:
            self._look()

    def answered(self, answer: Answer, lines: bytes) -> None:
        if self._goes_on():
            self._connection.answer_awaited(answer, lines)

    def overtaken(self) -> None:
        if self._goes_on():
            self._look()

    def in_vain(self) -> None:
        if self._goes_on():
            self._connection.take_awaited(self._data)

    def cancel(self, msg: object = None) -> bool:
        """What a server does to its tasks when the time for a graceful stop is over."""
        self._is_given_up = True
        self._connection.give_up_awaited()
        return True

    def _goes_on(self) -> bool:
        self._connection.server_state.tasks.discard(cast("asyncio.Task[None]", self))
        return not self._is_given_up

    def _look(self) -> None:
        state = self._connection.server_state
        task = self._connection.loop.create_task(self._answer_later())
        state.tasks.add(task)
        task.add_done_callback(state.tasks.discard)

    async def _answer_later(self) -> None:
        try:
            later = await self._answering.answer_later(self._body)
        except asyncio.CancelledError:
            self._connection.give_up_awaited()
            raise
        if later is None:
            self._connection.take_awaited(self._data)
            return
        self._connection.answer_awaited(later.answer, later.lines)
        await later.journal()
