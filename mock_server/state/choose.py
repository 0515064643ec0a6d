"""Which store ``--state`` names. Each is imported only when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import urlsplit

from mock_server.settings import Settings
from mock_server.state.memory import MemoryStore
from mock_server.state.store import Store, Unusable

MEMORY = "memory:"
REDIS = ("redis://", "rediss://", "unix://", "valkey://", "valkeys://")


def is_shared(state: str) -> bool:
    """Whether other processes see the same state."""
    return state != MEMORY


ALONE: AbstractContextManager[None] = nullcontext()


def read_state(text: str) -> str:
    """``memory:``, ``sqlite:PATH`` or the address of a Redis. Raises ``ValueError`` with what there is."""
    if text in ("memory", MEMORY):
        return MEMORY
    if text.startswith("sqlite:") and text.removeprefix("sqlite:").removeprefix("//"):
        return f"sqlite:{text.removeprefix('sqlite:').removeprefix('//')}"
    if text.startswith(REDIS):
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"this is no address of a Redis: {error}") from None
        database = parts.path.strip("/")
        if database and parts.scheme != "unix" and not (database.isascii() and database.isdigit()):
            raise ValueError(f"this is no address of a Redis: its databases have numbers, and no name as {database!r}")
        return text
    raise ValueError(f"no store is called {text!r}; there are memory:, sqlite:PATH and redis://HOST[:PORT][/DATABASE]")


def make_store(
    settings: Settings,
    wall: Callable[[], float],
    tell: Callable[[str], None] = lambda text: None,
    turn: AbstractContextManager[None] = ALONE,
) -> Store:
    """The store, not yet opened. ``settings.state`` is what ``read_state`` gave. Raises ``Unusable``.

    ``tell`` is told what becomes of it while it is open. ``turn`` is had by one worker at a time.
    """
    state, handshakes = settings.state, settings.max_handshakes
    entries, size = settings.max_entries, settings.limits.journal_bytes
    if state.startswith("sqlite:"):
        from mock_server.state.sqlite import SqliteStore

        path = state.removeprefix("sqlite:")
        return SqliteStore(path, wall, handshakes, max_entries=entries, max_journal_bytes=size, tell=tell, turn=turn)
    if state.startswith(REDIS):
        try:
            from mock_server.state.redis import RedisStore
        except ImportError as error:
            if error.name != "redis":
                raise
            message = "this store needs the package `redis`; pip install 'redis[hiredis]'"
            raise Unusable("MS453", message) from None
        return RedisStore(
            state,
            wall,
            handshakes,
            max_entries=entries,
            max_journal_bytes=size,
            session_idle_s=settings.session_idle_s,
        )
    return MemoryStore(wall, handshakes, max_entries=entries, max_journal_bytes=size)


def prove(store: Store) -> None:
    """Open it and close it again, before anything is served. Raises ``Unusable`` and ``Away``."""

    async def proven() -> None:
        try:
            await store.open()
        finally:
            await store.close()

    asyncio.run(proven())
