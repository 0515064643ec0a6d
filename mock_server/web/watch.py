"""Who watches a session is told what changed of it, whichever process changed it.

Nobody tells: while somebody watches, the store's pulse is felt a few times a second (a small read), and only when it
beat is looked at what became different. Any number of watchers of one session share that.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mock_server.named import NamedTuple
from mock_server.state.store import Away, InstantStore, Store

if TYPE_CHECKING:
    from mock_server.web.live import Live

NEAR_S = 0.1
"""How often the pulse of a store in this process is felt."""
FAR_S = 0.4
"""How often that of a store elsewhere."""
MAX_WATCHERS = 100
MAX_ENTRIES = 50
"""Entries of the journal that one notice carries; of more the newest."""
MAX_HANDSHAKES = 200
"""So many of the newest handshakes are looked at."""
_BACKLOG = 64


class TooMany(Exception):
    """No room for another watcher."""


class Notice(NamedTuple):
    """What became different: names of ``Look``'s fields, and ``journal``."""

    number: int
    parts: tuple[str, ...]
    entries: tuple[dict[str, Any], ...] = ()
    """The new entries of the journal in short, the oldest first."""
    cleared: bool = False
    """Whether entries that were there are gone, or more came than are told: whoever shows a list reads it anew."""


class Look(NamedTuple):
    """What is compared. Time that goes by is no change: what depends on it can be worked out from the clock."""

    handshakes: Any
    clock: Any
    scenario: Any
    queue: Any
    faults: Any
    sessions: Any
    world: Any


EVERYTHING = ("journal", *Look._fields)


class Watched:
    """One session that somebody watches."""

    def __init__(self, live: Live, session: str) -> None:
        self.session = session
        self.watchers = 0
        self.number = 0
        self._live = live
        self._notices: deque[Notice] = deque(maxlen=_BACKLOG)
        self._rang = asyncio.Event()
        self._every_s = NEAR_S if isinstance(live.store, InstantStore) else FAR_S
        self._task: asyncio.Task[None] | None = None
        self.over = False
        """Whether nothing more will be told: our own fault, which the log tells. Who listens may come again."""
        self.looked = asyncio.Event()
        """Set after the first look: what changes from then on is told."""
        self._last: str | None = None
        self._count = 0

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.over = True
        if not task.cancelled() and (error := task.exception()):
            self._live.log.error("".join(traceback.format_exception(error)))
        self.looked.set()
        self.ring()

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def since(self, number: int) -> list[Notice]:
        """The notices after that one; when some of them are forgotten, one that says that everything changed."""
        if number < self.number - len(self._notices):
            return [Notice(self.number, EVERYTHING, cleared=True)]
        return [each for each in self._notices if each.number > number]

    async def wait(self, number: int, seconds: float) -> None:
        """Until there is a notice after that one, or for so long."""
        if self.number > number:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._rang.wait()
        except TimeoutError:
            return

    def ring(self) -> None:
        """Wake everybody who waits."""
        rang, self._rang = self._rang, asyncio.Event()
        rang.set()

    async def _run(self) -> None:
        store = self._live.store
        pulse, world = "", self._world()
        look: Look | None = None
        while True:
            try:
                felt = await store.pulse(self.session)
                if felt != pulse or world != self._world():
                    pulse, world, before = felt, self._world(), look
                    entries, cleared = await self._new_entries(store)
                    look = await self._look(store)
                    if before is not None:
                        self._compare(before, look, entries, cleared)
                    self.looked.set()
            except Away:
                pulse = ""  # once it is back, look again
            await asyncio.sleep(self._every_s)

    async def _look(self, store: Store) -> Look:
        seen = await store.load(self.session, make=False)
        found = await store.handshakes(self.session, MAX_HANDSHAKES)
        handshakes = [(each.id, each.state, each.changed_at, each.expires_at) for each in found]
        return Look(
            handshakes, await store.clock(self.session), seen.scenario, seen.queue, (seen.faults, dict(seen.tally)),
            await store.sessions(), self._world(),
        )  # fmt: skip

    def _world(self) -> Any:
        """What is another when the files were read again, well or not."""
        return id(self._live.world), self._live.reload.at

    async def _new_entries(self, store: Store) -> tuple[tuple[dict[str, Any], ...], bool]:
        known, before = self._last, self._count
        self._count = await store.count(self.session)
        found = await store.entries(self.session, MAX_ENTRIES, known)
        if not found:
            self._last = self._last if self._count else None
            return (), self._count < before
        self._last = found[-1].id
        cleared = self._count < before or (before > 0 and len(found) in (self._count, MAX_ENTRIES))
        hidden = await self._live.hidden()
        return tuple(in_short(each.as_json(hidden)) for each in found), cleared

    def _compare(self, before: Look, now: Look, entries: tuple[dict[str, Any], ...], cleared: bool) -> None:
        parts = [name for name, one, other in zip(Look._fields, before, now, strict=True) if one != other]
        if entries or cleared:
            parts.insert(0, "journal")
        if parts:
            self.tell(tuple(parts), entries, cleared=cleared)

    def tell(self, parts: tuple[str, ...], entries: tuple[dict[str, Any], ...], *, cleared: bool) -> None:
        self.number += 1
        self._notices.append(Notice(self.number, parts, entries, cleared))
        self.ring()


SHORT = (
    "id", "kind", "at", "method", "path", "operation", "status", "response", "source", "handshake", "fault",
    "duration_ms",
)  # fmt: skip


def in_short(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the journal without headers and bodies, and with the reason that decided alone."""
    reasons, won = entry["reasons"], f"{entry.get('won')}: "
    reason = next((each for each in reversed(reasons) if each.startswith(won)), reasons[-1] if reasons else "")
    return {**{key: entry[key] for key in SHORT}, "reason": reason}


class Watchers:
    """Everybody who watches in this process."""

    def __init__(self, live: Live, most: int = MAX_WATCHERS) -> None:
        self._live = live
        self._most = most
        self._watched: dict[str, Watched] = {}
        self.stopped = False

    @asynccontextmanager
    async def of(self, session: str) -> AsyncIterator[Watched]:
        """Watch a session. Raises ``TooMany``."""
        if self.stopped or sum(each.watchers for each in self._watched.values()) >= self._most:
            raise TooMany
        watched = self._watched.get(session)
        if watched is None or watched.over:
            watched = self._watched[session] = Watched(self._live, session)
            watched.start()
        watched.watchers += 1
        try:
            yield watched
        finally:
            watched.watchers -= 1
            if watched.watchers == 0:
                watched.stop()
                if self._watched.get(session) is watched:
                    del self._watched[session]

    def stop(self) -> None:
        """The server stops: everybody who watches goes home at once."""
        self.stopped = True
        for each in self._watched.values():
            each.ring()
