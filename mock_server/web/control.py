"""The control API below ``/__mock/``: look at the mock and steer it. Described by ``control.yaml``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mock_server import __version__
from mock_server.core.problem import problem
from mock_server.fixture.model import DECISIONS
from mock_server.handshake.machine import Handshake, NotInTable, decide
from mock_server.handshake.ticket import Reference, read_id, read_ticket, same
from mock_server.mask import MASK
from mock_server.source import load, read_source
from mock_server.state.clock import Clock
from mock_server.state.store import Full
from mock_server.web.asked import Refused, as_json, as_problem, read_object
from mock_server.web.console.shell import Console, either
from mock_server.web.events import Events
from mock_server.web.faults import Faults
from mock_server.web.journal import JournalPages
from mock_server.web.live import BadSession, Live, session_name
from mock_server.web.metrics import MEDIA_TYPE, metrics
from mock_server.web.queue import Queue
from mock_server.web.sessions import Sessions
from mock_server.web.webhooks import Webhooks
from mock_server.world import bundled

ENDS = (*DECISIONS, "expire")
"""What can be done to a handshake: all that a person may decide, and that its time is over."""


class Control:
    """One method an endpoint; each returns what is sent as JSON."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def routes(self) -> list[BaseRoute]:
        webhooks, faults, sessions = Webhooks(self.live), Faults(self.live), Sessions(self.live)
        queue = Queue(self.live)
        console = Console(self.live)
        journal = JournalPages(self.live)
        table: list[tuple[str, str, Callable[[Request], Awaitable[Any]]]] = [
            ("GET", "/", either(console.home, self.index)),
            ("GET", "/events", Events(self.live).open),
            ("GET", "/health", self.health),
            ("GET", "/ready", self.ready),
            ("GET", "/metrics", self.metrics),
            ("GET", "/openapi.json", self.openapi),
            ("GET", "/serving", self.serving),
            ("GET", "/journal", journal.listed),
            ("DELETE", "/journal", journal.clear),
            ("GET", "/explain/{entry}", journal.explain),
            ("POST", "/verify", journal.verify),
            ("GET", "/lint", journal.lint),
            ("GET", "/handshakes", self.handshakes),
            ("GET", "/handshakes/{id}", self.handshake),
            ("POST", "/handshakes/{id}/decide", self.decide),
            ("GET", "/clock", self.clock),
            ("POST", "/clock", self.set_clock),
            ("GET", "/scenario", self.scenario),
            ("PUT", "/scenario", self.set_scenario),
            ("GET", "/next", queue.listed),
            ("POST", "/next", queue.put),
            ("DELETE", "/next", queue.clear),
            ("GET", "/faults", faults.listed),
            ("PUT", "/faults", faults.put),
            ("DELETE", "/faults", faults.clear),
            ("GET", "/webhooks", webhooks.listed),
            ("POST", "/webhooks/{name:path}", webhooks.fire),
            ("GET", "/sessions", sessions.listed),
            ("GET", "/session", sessions.current),
            ("PUT", "/session", sessions.choose),
            ("DELETE", "/session/{name}", sessions.forget),
            ("POST", "/session/{name}/fork", sessions.fork),
            ("POST", "/session/{name}/snapshot", sessions.snapshot),
            ("POST", "/session/{name}/restore", sessions.restore),
            ("POST", "/reset", sessions.reset),
            ("POST", "/reload", self.live.reload.endpoint),
        ]
        endpoints = [Route(path, _endpoint(path, table), methods=_methods(path, table)) for path in _paths(table)]
        return [*endpoints, *console.routes()]

    async def index(self, request: Request) -> Any:
        """What there is, for whoever opens the address that the banner shows."""
        paths = control_document()["paths"]
        listed = [
            {"endpoint": f"{method.upper()} /__mock{path}", "summary": operation["summary"]}
            for path, item in paths.items()
            for method, operation in item.items()
            if method != "parameters"
        ]
        return {"openapi": "/__mock/openapi.json", "endpoints": listed}

    async def health(self, request: Request) -> Any:
        return {"status": "ok", "version": __version__}

    async def ready(self, request: Request) -> Any:
        await self.live.store.ready()
        return {"status": "ready", "operations": len(self.live.world.plans), "warnings": self.live.world.warning_count,
                "reload": self.live.reload.as_json()}  # fmt: skip

    async def metrics(self, request: Request) -> Any:
        """The only one that is not JSON: Prometheus reads its own format."""
        return as_json(await metrics(self.live), media_type=MEDIA_TYPE)

    async def serving(self, request: Request) -> Any:
        """The files that this mock was started with, and what changes their promises; ``contract`` asks for it."""
        settings = self.live.settings
        specs = settings.specs or (bundled("openapi.yaml"),)
        folder = settings.fixtures or (None if settings.specs else bundled("fixtures"))
        return {
            "specs": [str(each.resolve()) if isinstance(each, Path) else each for each in specs],
            "fixtures": str(folder.resolve()) if folder else None,
            "any_token": settings.any_token,
            "formats": settings.formats,
            "strict_query": settings.strict_query,
        }

    async def openapi(self, request: Request) -> Any:
        return control_document()

    async def handshakes(self, request: Request) -> Any:
        found = await self.live.store.handshakes(_session(request))
        return {"handshakes": [handshake_json(each) for each in found]}

    async def handshake(self, request: Request) -> Any:
        reference = await self._reference(request)
        found = await self.live.look(reference)
        return handshake_json(_known(found))

    async def decide(self, request: Request) -> Any:
        body = await read_object(request, {"decision"})
        decision = body.get("decision")
        if decision not in ENDS:
            raise Refused("MS408", 400, f"`decision` is one of {', '.join(ENDS)}, not {decision!r}")
        reference = await self._reference(request)
        try:
            changed = await self.live.change(reference, lambda each, now: decide(each, decision, now))
        except NotInTable as error:
            raise Refused("MS411", 409, str(error), state=error.state) from None
        return handshake_json(_known(changed))

    async def _reference(self, request: Request) -> Reference:
        """A handshake by its id or its pull_id; a wrong pull_id is as unknown as a wrong id."""
        text = request.path_params["id"]
        # The ticket first: a session's name may hold dots, so a pull_id may look like an id.
        if reference := read_ticket(text):
            found = await self.live.look(reference)
            if found and same(text, found.pull_id):
                return reference
        reference = read_id(text)
        if reference is None:
            raise Refused("MS409", 404, "no handshake has this id or pull_id")
        return reference

    async def clock(self, request: Request) -> Any:
        return await self._clock_json(_session(request))

    async def set_clock(self, request: Request) -> Any:
        """Freeze or thaw first, then set, then advance."""
        body = await read_object(request, {"advance", "set", "freeze"})
        if not body:
            raise Refused("MS408", 400, "say `advance`, `set` or `freeze`")
        freeze = body.get("freeze")
        if "freeze" in body and not isinstance(freeze, bool):
            raise Refused("MS408", 400, "`freeze` is true or false")
        instant = _seconds(body, "set") if "set" in body else None
        ahead_s = _seconds(body, "advance") if "advance" in body else 0.0

        def change(clock: Clock, wall: float) -> Clock:
            if freeze is not None:
                clock = clock.freeze(wall) if freeze else clock.thaw(wall)
            if instant is not None:
                clock = clock.set(instant, wall)
            return clock.advance(ahead_s, wall) if ahead_s else clock

        session = _session(request)
        await self.live.store.change_clock(session, change)
        return await self._clock_json(session)

    async def _clock_json(self, session: str) -> dict[str, Any]:
        clock = await self.live.store.clock(session)
        now = clock.now(self.live.wall())
        return {"now": now, "frozen": clock.frozen_at is not None, "ahead_s": now - self.live.wall()}

    async def scenario(self, request: Request) -> Any:
        seen = await self.live.store.load(_session(request), make=False)
        known = self.live.world.fixtures.scenarios.values()
        listed = [{"name": each.name, "description": each.description} for each in known]
        return {"scenario": seen.scenario, "scenarios": listed}

    async def set_scenario(self, request: Request) -> Any:
        body = await read_object(request, {"scenario"})
        name = body.get("scenario")
        known = self.live.world.fixtures.scenarios
        if "scenario" not in body or not (name is None or (isinstance(name, str) and name in known)):
            raise Refused("MS409", 404, f"no scenario is called {name!r}", available=list(known))
        await self.live.store.set_scenario(_session(request), name)
        return await self.scenario(request)


def handshake_json(handshake: Handshake) -> dict[str, Any]:
    """What the control API shows of a handshake; what opens it stays hidden."""
    return {
        "id": handshake.id,
        "session": handshake.session,
        "account": handshake.account,
        "provider": handshake.provider,
        "state": handshake.state,
        "started_at": handshake.started_at,
        "expires_at": handshake.expires_at,
        "changed_at": handshake.changed_at,
        "decision": handshake.decision,
        "decide_at": handshake.decide_at,
        "failure": handshake.failure,
        "pull_id": f"{handshake.id}.{MASK}",
    }


@cache
def control_document() -> dict[str, Any]:
    """The control API's own OpenAPI document."""
    document: dict[str, Any] = load(read_source(Path(__file__).with_name("control.yaml"))).data
    document["info"]["version"] = __version__
    return document


_Table = list[tuple[str, str, Callable[[Request], Awaitable[Any]]]]


def _paths(table: _Table) -> list[str]:
    return list(dict.fromkeys(path for _, path, _ in table))


def _methods(path: str, table: _Table) -> list[str]:
    return [method for method, other, _ in table if other == path]


def _endpoint(path: str, table: _Table) -> Callable[[Request], Awaitable[Response]]:
    """All methods of one path, so that a wrong one gets 405 with every right one in ``Allow``."""
    by_method = {method: call for method, other, call in table if other == path}

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        try:
            return as_json(await by_method[method](request))
        except Refused as refused:
            return as_problem(refused.answer)
        except Full:
            headers = ((b"retry-after", b"60"),)
            return as_problem(problem("MS410", 503, "too many sessions in which a handshake lives", headers=headers))
        except BadSession as error:
            return as_problem(problem("MS404", 400, str(error)))

    return endpoint


def _session(request: Request) -> str:
    return session_name(request.headers)


def _known(handshake: Handshake | None) -> Handshake:
    if handshake is None:
        raise Refused("MS409", 404, "no handshake has this id or pull_id")
    return handshake


def _seconds(body: dict[str, Any], key: str) -> float:
    value = body[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e11:  # NaN is not, either
        raise Refused("MS408", 400, f"`{key}` is a number of seconds, not {value!r}")
    return float(value)
