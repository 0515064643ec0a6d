"""One request answered in this process: nothing is waited for, sent, broken or logged. It is explained instead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mock_server.core.route import Found
from mock_server.core.snapshot import Changes, Outcome, Queued
from mock_server.handshake.machine import Handshake, decide, step
from mock_server.handshake.start import open_handshake, opening
from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.journal.explain import explain
from mock_server.model import Break, Reason, Request, Wait
from mock_server.named import NamedTuple
from mock_server.state.memory import MemoryStore
from mock_server.web.live import Live, make_entry
from mock_server.web.log import RequestLog
from mock_server.web.mock import MockEndpoint
from mock_server.web.unrouted import unrouted

if TYPE_CHECKING:
    from mock_server.core.plan import Plan
    from mock_server.settings import Settings
    from mock_server.world import World

STATES = {
    "asked": (), "opened": ("open",), "granted": ("approve",), "collected": ("approve", "collect"), "denied": ("deny",),
    "failed": ("fail",), "abandoned": ("abandon",), "expired": ("expire",),
}  # fmt: skip
"""State of a handshake -> the decisions and events that lead there from a new one."""
_LIVES_S = 3_600.0


class NoHandshake(ValueError):
    """A handshake that cannot be set up, and why."""


class Tried(NamedTuple):
    """What ``explain`` says of it, and what else would happen, in sentences."""

    told: dict[str, Any]
    effects: tuple[str, ...]


class Trial:
    """A mock of its own for one request: a new session, in memory."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.live = Live(world, MemoryStore(time.time, settings.max_handshakes), settings, RequestLog(None))

    async def queue(self, operation: str, response: str) -> None:
        await self.live.store.enqueue(DEFAULT_SESSION, Queued(operation, response, 1))

    async def scenario(self, name: str) -> None:
        await self.live.store.set_scenario(DEFAULT_SESSION, name)

    async def handshake(self, state: str, account: str, origin: str) -> Handshake:
        """One that stands in ``state``, of the first OAuth2 provider. Raises ``NoHandshake``."""
        world, store = self.live.world, self.live.store
        start = next((each.start for each in world.fixtures.operations.values() if each.start), None)
        provider = world.house.sample_provider()
        if start is None or provider is None:
            raise NoHandshake("the fixtures have no operation that starts a handshake, or no provider that grants it")
        now = (await store.load(DEFAULT_SESSION)).now
        asked = opening(provider.id, provider.scopes, start.client_id, origin, start.callbacks[0])
        made = open_handshake(
            asked, now, self.live.chance, session=DEFAULT_SESSION, account=account, valid_for_s=_LIVES_S
        )
        for each in STATES[state]:
            made = step(made, each, now) if each in ("open", "collect") else decide(made, each, now)  # type: ignore[arg-type]
        await store.save(await store.load(DEFAULT_SESSION, made.id), Changes(handshake=made))
        return made

    async def explained(self, request: Request) -> Tried:
        """The answer to the request and why it comes, as ``GET /__mock/explain`` tells it."""
        live, endpoint = self.live, MockEndpoint(self.live)
        found = live.world.router.find(request.method, request.path)
        outcome: Outcome | None = None
        reasons: tuple[Reason, ...]
        plan: Plan | None = None
        entry_id = live.entry_id()
        try:
            if isinstance(found, Found):
                outcome, _ = await endpoint.answer(found, request, DEFAULT_SESSION)
                given, reasons = outcome.answer, outcome.reasons
                plan = live.world.plans[outcome.operation]
            else:
                given, reasons = unrouted(live.world, request, found)
        except Exception as error:
            # Every way in which a request ends is an answer to be explained, as it is one when it is served.
            given, reasons = endpoint.refused(error, entry_id)
        now = (await live.store.load(DEFAULT_SESSION, make=False)).now
        entry = make_entry(entry_id, now, DEFAULT_SESSION, 0.0, request, given, outcome, reasons)
        told = explain(entry.as_json(await live.hidden()), plan)
        return Tried(told, tuple(_effects(outcome)) if outcome else ())


def _effects(outcome: Outcome) -> Iterator[str]:
    for effect in outcome.effects:
        match effect:
            case Wait(seconds):
                yield f"the answer comes after {seconds:g} s"
            case Break(kind, speed):
                yield f"the connection is broken: {kind}" if kind else f"the body goes out with {speed} bytes a second"
    for call in outcome.calls:
        yield f"afterwards {call.method} {call.url} is called ({call.name})"
