"""Which sessions there are in Redis, and when each was last used.

The register is the one key that all sessions share, so in a cluster it may lie on another shard than a session:
what has to be atomic is done by a script on the session's own keys, the register before or after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.state import codec, scripts
from mock_server.state.batch import Batch
from mock_server.state.clock import Stamps
from mock_server.state.scripts import Script
from mock_server.state.store import Full, SessionCounts

IDLE_S: Final = 7 * 24 * 3600
"""The term of every key: when no server is there to ask, Redis forgets a session that nobody used for so long."""
CANDIDATES: Final = 100
"""Of so many sessions used longest ago, one is put out when there is no room for another."""


class Run(Protocol):
    """Runs a script on the keys of a session."""

    def __call__(self, script: Script, session: str, *arguments: Any) -> Awaitable[Any]: ...


class Register:
    """``wall`` tells Unix seconds; ``term_s`` is the term of every key."""

    def __init__(
        self, prefix: str, batch: Batch, run: Run, wall: Callable[[], float], max_sessions: int, term_s: int
    ) -> None:
        self._prefix = prefix
        self._key = f"{prefix}:sessions"
        self._batch = batch
        self._run = run
        self._wall = wall
        self._stamps = Stamps(wall)
        self._max_sessions = max_sessions
        self._term_s = term_s
        self._used: dict[str, float] = {}
        """Who was used since the register was last told: that is done when it matters."""

    def note(self, session: str) -> None:
        """It is in use."""
        self._used[session] = self._stamps() / 1e6

    async def admit(self, session: str) -> None:
        """Make the session, where there is none. Raises ``Full`` when there is no room and a handshake lives in all
        that could go."""
        await self._tell()
        is_full = await self.size() >= self._max_sessions
        if is_full and await self._batch.do(("ZSCORE", self._key, session)) is None:
            await self._put_out_one()
        await self._batch.do(("ZADD", self._key, self._stamps() / 1e6, session))
        await self._run(scripts.MAKE, session, self._term_s)

    async def touch(self, session: str) -> None:
        """Every key of the session has its whole term again, and the register knows that it is in use."""
        self.note(session)
        await asyncio.gather(self._run(scripts.TOUCH, session, self._term_s), self._tell())

    async def forget(self, session: str) -> None:
        await self._batch.do(("ZREM", self._key, session))
        self._used.pop(session, None)

    async def size(self) -> int:
        """How many sessions there are."""
        return int(await self._batch.do(("ZCARD", self._key)))

    async def names(self) -> list[str]:
        """All of them, in order."""
        await self._tell()
        await self._drop_forgotten()
        return sorted(name.decode() for name in await self._batch.do(("ZRANGE", self._key, 0, -1)))

    async def overview(self, limit: int) -> list[SessionCounts]:
        """The ``limit`` that were used last, the last first."""
        await self._tell()
        names = await self._batch.do(("ZRANGE", self._key, 0, limit - 1, "REV"))
        if not names:
            return []
        used = await self._batch.do(("ZMSCORE", self._key, *names))
        return list(
            await asyncio.gather(
                *(self._counts(name.decode(), float(at or 0)) for name, at in zip(names, used, strict=True))
            )
        )

    async def drop_idle(self, before: float) -> list[str]:
        """See ``Store.drop_idle``. Whoever is idle and stays has its whole term again."""
        await self._tell()
        dropped = []
        for name in await self._batch.do(("ZRANGEBYSCORE", self._key, "-inf", f"({before!r}")):
            session = name.decode()
            if session != DEFAULT_SESSION and await self._dropped(session):
                dropped.append(session)
            else:
                await self._run(scripts.TOUCH, session, self._term_s)
        return dropped

    async def _drop_forgotten(self) -> None:
        """Those of which Redis has forgotten every key. It counts by its own clock: ours may have been moved."""
        for name in await self._batch.do(("ZRANGEBYSCORE", self._key, "-inf", self._wall() - self._term_s)):
            if not await self._batch.do(("EXISTS", self._keys(name.decode())["head"])):
                await self._batch.do(("ZREM", self._key, name))

    async def _put_out_one(self) -> None:
        for name in await self._batch.do(("ZRANGE", self._key, 0, CANDIDATES - 1)):
            session = name.decode()
            if session != DEFAULT_SESSION and await self._dropped(session):
                return
        raise Full

    async def _dropped(self, session: str) -> bool:
        """Whether it is gone: it is not while a handshake lives in it, and that is judged in the same step."""
        at = await self._batch.do(("ZSCORE", self._key, session))
        written = await self._clock(session)
        now = codec.read_clock(written).now(self._wall())
        await self._batch.do(("ZREM", self._key, session))  # first: whoever makes it anew writes it down again
        if await self._run(scripts.DROP, session, written or "", repr(now)):
            self._used.pop(session, None)
            return True
        await self._batch.do(("ZADD", self._key, "NX", float(at or 0), session))
        return False

    async def _clock(self, session: str) -> bytes | None:
        found: bytes | None = await self._batch.do(("HGET", self._keys(session)["head"], "clock"))
        return found

    async def _counts(self, session: str, used_at: float) -> SessionCounts:
        keys, do = self._keys(session), self._batch.do
        (clock, scenario), entries, handshakes, labels = await asyncio.gather(
            do(("HMGET", keys["head"], "clock", "scenario")),
            do(("LLEN", keys["journal"])),
            do(("HLEN", keys["handshakes"])),
            do(("HKEYS", keys["images"])),
        )
        now = codec.read_clock(clock).now(self._wall())
        live = await do(("ZCOUNT", keys["ends"], f"({now!r}", "+inf"))
        snapshots = tuple(sorted(each.decode() for each in labels))
        return SessionCounts(session, used_at, entries, handshakes, live, codec.read_text(scenario), snapshots)

    async def _tell(self) -> None:
        used, self._used = self._used, {}
        if used:
            pairs = [value for name, at in used.items() for value in (at, name)]
            try:
                await self._batch.do(("ZADD", self._key, "XX", "GT", *pairs))
            except BaseException:
                self._used = {**used, **self._used}  # told when Redis is there again
                raise

    def _keys(self, session: str) -> dict[str, str]:
        return scripts.keys_of(self._prefix, session)
