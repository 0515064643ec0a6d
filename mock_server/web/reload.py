"""The world made again from its files beside the one that answers, and swapped whole.

While a new one is made the old one answers. One that cannot be made is told and changes nothing.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from mock_server.errors import Broken, Problem
from mock_server.settings import Settings
from mock_server.source import Ledger, Pointer
from mock_server.spec.document import Document
from mock_server.web.log import RequestLog
from mock_server.web.peers import Peers
from mock_server.world import World, build_world

if TYPE_CHECKING:
    from starlette.requests import Request


class _Running(Protocol):
    """What is needed of ``Live``."""

    @property
    def settings(self) -> Settings: ...
    @property
    def log(self) -> RequestLog: ...
    @property
    def wall(self) -> Callable[[], float]: ...
    @property
    def ticks(self) -> Callable[[], float]: ...
    @property
    def peers(self) -> Peers: ...
    def swap(self, world: World) -> None: ...


class Reload:
    """How often the world was made again, and what is wrong with the files now."""

    def __init__(self, live: _Running) -> None:
        self.ledger = Ledger()
        """What the last attempt read, be it good or not."""
        self.count = 0
        self.at: float | None = None
        self.problems: tuple[Problem, ...] = ()
        """Why the last attempt came to nothing; none = what answers is what the files say."""
        self.when_done: list[Callable[[], None]] = []
        """Called after each attempt, in the event loop."""
        self._live = live
        self._lock = asyncio.Lock()

    async def again(self) -> bool:
        """Make the world again and swap it; False = the files are broken, and the last good one stays."""
        async with self._lock:
            live = self._live
            started = live.ticks()
            ledger = Ledger()
            try:
                world: World = await asyncio.to_thread(build_world, live.settings, ledger)
            except Broken as broken:
                self.problems = tuple(each for each in broken.problems if each.severity == "error")
            except Exception as error:
                # Our own fault: told like any other, or one strange file would end the watching for good.
                told = traceback.format_exception_only(error)[-1].strip()
                self.problems = (Problem("MS488", f"the mock failed while it read the files: {told}"),)
                live.log.error("".join(traceback.format_exception(error)))
            else:
                tell_of_schemas(world, live.log)
                live.swap(world)
                self.problems = ()
                self.count += 1
            self.ledger = ledger
            self.at = live.wall()
            if live.peers.number == 1:  # of several workers all read the same
                live.log.say(self._told(world, live.ticks() - started) if not self.problems else self._complaint())
            for call in self.when_done:
                call()
            return not self.problems

    def _told(self, world: World, duration_s: float) -> str:
        warnings = f", {world.warning_count} warning(s)" if world.warning_count else ""
        return f"reloaded in {duration_s * 1000:.0f} ms: {len(world.plans)} operation(s){warnings}"

    def _complaint(self) -> str:
        told = "\n".join(problem.as_text() for problem in self.problems)
        return f"{told}\n{len(self.problems)} error(s); what was good before goes on answering until they are mended"

    def as_json(self) -> dict[str, Any]:
        """``{"watching": true, "count": 3, "at": 1764431603.2, "problems": [{"code": "MS301", "path": …}]}``."""
        return {
            "watching": self._live.settings.watch,
            "count": self.count,
            "at": self.at,
            "problems": [each.as_json() for each in self.problems],
        }

    async def endpoint(self, request: Request) -> Any:
        """``POST /__mock/reload``."""
        from mock_server.web.asked import Refused, read_object

        await read_object(request, set())
        is_good, _ = await asyncio.gather(self.again(), self._live.peers.ask("read files"))
        if not is_good:
            problems = [problem.as_text() for problem in self.problems]
            raise Refused("MS487", 422, self.problems[0].message, problems=problems, reload=self.as_json())
        return self.as_json()


def tell_of_schemas(world: World, log: RequestLog) -> None:
    """Have the log say once of each schema that a request met and that cannot be compiled."""

    def teller(document: Document) -> Callable[[Pointer, str], None]:
        def tell(pointer: Pointer, reason: str) -> None:
            at = document.loaded.place(pointer)
            log.say(f"{at}: warning MS206: the schema cannot be compiled, so it takes anything: {reason}")

        return tell

    for document in world.documents:
        document.schemas.tell = teller(document)
