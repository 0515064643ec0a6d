"""Commands of many requests in one round trip.

While one batch is on its way, whatever is asked for gathers and goes with the next. An idle connection is asked
at once: a single request never waits for company.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

from mock_server.named import NamedTuple


class Packed(NamedTuple):
    """A command, or ``items`` of one, as they go over the wire."""

    data: bytes
    items: int = 1
    patience_s: float = 0.0
    """For how long the answer is waited for, when that is more than usual."""


Command = tuple[Any, ...] | Packed
"""``("GET", "key")``."""
MAX_BATCH = 512


def packed(command: Command) -> bytes:
    """``b"*2\\r\\n$3\\r\\nGET\\r\\n$3\\r\\nkey\\r\\n"`` (redis.io, RESP: arrays of bulk strings)."""
    if isinstance(command, Packed):
        return command.data
    return b"*%d\r\n" % len(command) + b"".join(map(packed_item, command))


def packed_item(value: object) -> bytes:
    """``b"$3\\r\\nkey\\r\\n"``; items that are packed already stay as they are."""
    if type(value) is Packed:
        return value.data
    data = value if type(value) is bytes else str(value).encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)


def together(*values: object) -> Packed:
    """Items that are the same each time, packed once."""
    return Packed(b"".join(map(packed_item, values)), len(values))


Asked = tuple[Command, Callable[[Any], None]]
"""A command, and who is told the answer, an exception where it was refused."""


class Batch:
    """``execute`` sends commands and gives an answer for each, an exception where one was refused.

    ``gathered`` is asked when a batch leaves, for commands that many share; they go before all others.
    """

    def __init__(
        self,
        execute: Callable[[Sequence[Command]], Awaitable[Sequence[Any]]],
        gathered: Callable[[], Iterable[Asked]] = tuple,
    ) -> None:
        self._execute = execute
        self._gathered = gathered
        self._waiting: list[Asked] = []
        self._task: asyncio.Task[None] | None = None
        self.round_trips = 0

    async def do(self, command: Command) -> Any:
        """The answer. Raises the exception that it is, or what ``execute`` raised."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, partial(_settle, future)))
        self.wake()
        return await future

    def wake(self) -> None:
        """Something waits, or was gathered."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """After all that was asked for was answered."""
        while self._task is not None:
            await self._task

    async def _run(self) -> None:
        try:
            while batch := self._next():
                await self._go(batch)
        finally:
            self._task = None

    def _next(self) -> list[Asked]:
        waiting = [*self._gathered(), *self._waiting]
        self._waiting = waiting[MAX_BATCH:]
        return waiting[:MAX_BATCH]

    async def _go(self, batch: list[Asked]) -> None:
        self.round_trips += 1
        answers: Sequence[Any]
        try:
            answers = await self._execute([command for command, _ in batch])
        except Exception as error:  # told to everybody who waits: nothing is swallowed
            answers = [error] * len(batch)
        for (_, told), answer in zip(batch, answers, strict=True):
            told(answer)


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():
        return  # whoever asked was cancelled
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
