"""Every store there is, empty, for tests that all of them must pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

from mock_server.state.memory import MemoryStore
from mock_server.state.redis import RedisStore
from mock_server.state.sqlite import SqliteStore
from mock_server.state.store import Store
from tests.support import FakeWall

KINDS = ("memory", "sqlite", "redis")
_OPEN: list[Store] = []


class Factory:
    """Makes empty stores of one kind; :func:`run` closes them."""

    def __init__(self, kind: str, folder: Path, redis: str = "") -> None:
        self._redis = redis
        self.kind = kind
        self.rooms = "each" if kind == "redis" else "one"
        """Whether all sessions share one room for handshakes, or each has its own."""
        self._folder = folder
        self._names: Iterator[int] = iter(range(1_000))

    def __call__(self, wall: FakeWall, **limits: Any) -> Store:
        made = self._made(f"{next(self._names)}", wall, limits)
        _OPEN.append(made)
        return made

    def _made(self, name: str, wall: FakeWall, limits: dict[str, Any]) -> Store:
        match self.kind:
            case "sqlite":
                return SqliteStore(str(self._folder / f"{name}.db"), wall, **limits)
            case "redis":
                return RedisStore(self._redis, wall, **limits, prefix=f"{self._folder.name}-{token_hex(4)}-{name}")
        return MemoryStore(wall, **limits)


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await story()
        finally:
            while _OPEN:
                await _OPEN.pop().close()

    asyncio.run(whole())
