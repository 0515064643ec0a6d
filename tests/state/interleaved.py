"""A memory store in which every look and every change lets all the others go first."""

from __future__ import annotations

import asyncio

from mock_server.core.snapshot import Changes, Snapshot
from mock_server.handshake.provider import Grant
from mock_server.state.memory import MemoryStore


class Interleaved(MemoryStore):
    """What a store elsewhere would do to requests that come together."""

    async def load(
        self, session: str, handshake_id: str | None = None, shelves: tuple[str, ...] = (), *, make: bool = True
    ) -> Snapshot:
        seen = await super().load(session, handshake_id, shelves, make=make)
        await asyncio.sleep(0)
        return seen

    async def save(self, seen: Snapshot, changes: Changes) -> bool:
        await asyncio.sleep(0)
        return await super().save(seen, changes)

    async def load_grant(self, session: str, grant_id: str) -> Grant | None:
        seen = await super().load_grant(session, grant_id)
        await asyncio.sleep(0)
        return seen

    async def save_grant(self, grant: Grant) -> bool:
        await asyncio.sleep(0)
        return await super().save_grant(grant)
