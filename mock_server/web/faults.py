"""The control API's ``/faults``: what goes wrong in a session, and the network it is behind."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from mock_server.codec.json_text import write_json
from mock_server.errors import Problem
from mock_server.fixture.fault import KINDS, Delay, FaultRule, operation_names, read_faults
from mock_server.fixture.network import NETWORKS
from mock_server.fixture.node import Node
from mock_server.settings import ONLINE
from mock_server.source import Loaded, Source
from mock_server.web.asked import Refused, read_object
from mock_server.web.live import Live, session_name

MAX_TLS_FAILURES = 1_000
"""The control API itself is behind TLS: it must come back."""


class Faults:
    """One method an endpoint."""

    def __init__(self, live: Live) -> None:
        self.live = live

    async def listed(self, request: Request) -> Any:
        """``{"faults": [{"fault": "reset", "operation": null, "every": 5, "seen": 12, …}], "profiles": […], …}``."""
        seen = await self.live.store.load(session_name(request.headers), make=False)
        rules = self.live.world.house.network if seen.faults is None else seen.faults
        faults = [{**rule_json(rule), "seen": int(seen.tally[rule.key].value) if rule.key in seen.tally else 0}
                  for rule in rules]  # fmt: skip
        return {
            "set": seen.faults is not None,
            "faults": faults,
            "tls_failures": self.live.tls_failures.left,
            "profiles": [ONLINE, *NETWORKS],
            "kinds": [*KINDS, "status-503"],
        }

    async def put(self, request: Request) -> Any:
        """``{"faults": […]}`` as in a scenario, or ``{"profile": "3g"}``; counting begins again."""
        body = await read_object(request, {"faults", "profile", "tls_failures"})
        if len(body) != 1:
            raise Refused("MS408", 400, "say `faults`, `profile` or `tls_failures`")
        if "tls_failures" in body:
            self._fail_handshakes(body["tls_failures"])
            return await self.listed(request)
        rules = self._profile(body["profile"]) if "profile" in body else self._rules(body)
        await self.live.store.set_faults(session_name(request.headers), rules)
        return await self.listed(request)

    async def clear(self, request: Request) -> Any:
        """As the server was started."""
        await self.live.store.set_faults(session_name(request.headers), None)
        return await self.listed(request)

    def _fail_handshakes(self, count: Any) -> None:
        """Of connections, whoever asks: before a handshake there is no session."""
        if not self.live.settings.tls:
            raise Refused("MS408", 409, "there are no TLS handshakes: start with --tls, or with --cert and --key")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_TLS_FAILURES:
            raise Refused("MS408", 400, f"`tls_failures` is a whole number from 0 to {MAX_TLS_FAILURES}")
        self.live.tls_failures.left = count

    def _profile(self, name: object) -> tuple[FaultRule, ...]:
        if name == ONLINE:
            return ()
        if not isinstance(name, str) or name not in NETWORKS:
            raise Refused("MS409", 404, f"no profile is called {name!r}", available=[ONLINE, *NETWORKS])
        return NETWORKS[name]

    def _rules(self, body: dict[str, Any]) -> tuple[FaultRule, ...]:
        problems: list[Problem] = []
        node = Node(Loaded(Source("the body", write_json(body).decode()), body), (), body, problems)
        rules = read_faults(node, "session", operation_names(self.live.world.operations))
        if problems:
            told = [f"{each.message}{f' ({each.hint})' if each.hint else ''}" for each in problems]
            raise Refused("MS408", 400, told[0], problems=told, at=problems[0].pointer)
        return rules


def rule_json(rule: FaultRule) -> dict[str, Any]:
    """A rule in the words it is written in."""
    fault = rule.fault
    written: dict[str, Any] = {
        "fault": fault.kind or None,
        "delay": _delay(fault.delay) if fault.delay else None,
        "speed": fault.speed,
        "operation": rule.operation,
        "status": rule.status,
        "times": rule.times,
        "every": rule.every,
        "probability": rule.probability,
    }
    return {key: value for key, value in written.items() if value is not None}


def _delay(delay: Delay) -> Any:
    if delay.spread == "fixed":
        return _seconds(delay.low)
    return {delay.spread: [_seconds(delay.low), delay.high if delay.spread == "lognormal" else _seconds(delay.high)]}


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:g}ms"
