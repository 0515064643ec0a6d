"""What is broken on purpose, pure: which fault befalls an answer, and what it makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from mock_server.core.finish import header_text
from mock_server.core.plan import Plan
from mock_server.core.prefer import Preference
from mock_server.core.problem import problem
from mock_server.core.snapshot import Meter, Snapshot
from mock_server.core.wanted import Unmet
from mock_server.fixture.fault import KINDS, MAX_DELAY_S, WIRE, Delay, Fault, FaultRule, is_kind
from mock_server.fixture.model import Scenario
from mock_server.model import Answer, Break, Effect, Reason, Wait
from mock_server.named import NamedTuple

HEADER = b"mock-fault"
NOTHING_COUNTED: Mapping[str, Meter] = {}


class Befallen(NamedTuple):
    """What faults make of an answer. ``told`` names the one that hit, ``""`` for none."""

    answer: Answer
    effects: tuple[Effect, ...] = ()
    tally: Mapping[str, Meter] = NOTHING_COUNTED
    told: str = ""
    instead: bool = False
    """Whether it came in place of the answer, so that nothing has happened."""


def may_fail(plan: Plan, preference: Preference | None, snapshot: Snapshot) -> bool:
    """Whether anybody spoke of faults: nearly always nobody has."""
    return plan.may_fail or snapshot.faults is not None or (preference is not None and preference.fault is not None)


def befall(
    plan: Plan,
    preference: Preference | None,
    snapshot: Snapshot,
    scenario: Scenario | None,
    given: Answer,
    reasons: list[Reason],
) -> Befallen:
    """The first rule that hits breaks the answer: the client's, the session's, the scenario's, the operation's,
    the network's. Raises ``Unmet`` for a fault that there is not."""
    tally: dict[str, Meter] = {}
    fault, draw = _asked(preference), 0.5
    by = "the client"
    if fault is None:
        network = plan.house.network if snapshot.faults is None else ()
        of_scenario = scenario.faults if scenario else ()
        rules = (*(snapshot.faults or ()), *of_scenario, *plan.fixture.faults, *network)
        found = _first_hit(rules, plan, snapshot, given.status, tally)
        if found is None:
            return Befallen(given, tally=tally)
        (rule, draw), by = found, found[0].key
        fault = rule.fault
    reasons.append(Reason("fault", "{} ({})", (fault.told, by)))
    delay = _seconds(fault.delay, draw) if fault.delay else 0.0
    effects: tuple[Effect, ...] = (Wait(delay),) if delay else ()
    if fault.kind in WIRE or fault.speed is not None:
        effects = (*effects, Break(fault.kind if fault.kind in WIRE else "", fault.speed))
    return Befallen(_marked(_broken(fault, given), fault), effects, tally, fault.told, fault.status is not None)


def _asked(preference: Preference | None) -> Fault | None:
    if preference is None or preference.fault is None:
        return None
    if not is_kind(preference.fault):
        raise Unmet(f"fault={preference.fault}", {"fault": [*KINDS, "status-503"]})
    return Fault(preference.fault)


def _first_hit(
    rules: Sequence[FaultRule], plan: Plan, snapshot: Snapshot, status: int, tally: dict[str, Meter]
) -> tuple[FaultRule, float] | None:
    """Every rule that was asked has counted this request; those after the hit were not asked."""
    for rule in rules:
        if not rule.fits(plan.operation.key, status):
            continue
        before = snapshot.tally.get(rule.key, _ZERO).value
        tally[rule.key] = Meter(before + 1, snapshot.now)
        count = int(before) + 1
        if rule.hits(count, _draw(plan.house.seed, rule.key, count, "hit")):
            return rule, _draw(plan.house.seed, rule.key, count, "delay")
    return None


_ZERO = Meter(0.0, 0.0)


def _draw(seed: int, key: str, count: int, what: str) -> float:
    """Uniform in [0, 1): the same for the same seed, rule and count."""
    digest = sha256(f"{seed}\0{key}\0{count}\0{what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _seconds(delay: Delay, draw: float) -> float:
    """How late, from a uniform draw, by the inverse of the distribution."""
    match delay.spread:
        case "fixed":
            seconds = delay.low
        case "uniform":
            seconds = delay.low + (delay.high - delay.low) * draw
        case "normal":
            seconds = delay.low + delay.high * _normal(draw)
        case "lognormal":
            seconds = delay.low * 2.718281828459045 ** min(delay.high * _normal(draw), 700.0)
    return min(max(seconds, 0.0), MAX_DELAY_S)


def _normal(draw: float) -> float:
    from statistics import NormalDist  # few delays are normal

    return NormalDist().inv_cdf(min(max(draw, 1e-9), 1 - 1e-9))


def _broken(fault: Fault, given: Answer) -> Answer:
    """The answer as the fault leaves it, as far as an HTTP message can say it."""
    if fault.status is not None:
        return problem("MS440", fault.status, f"this answer is a fault that was asked for: {fault.kind}")
    match fault.kind:
        case "empty-body":
            return _with_body(given, b"")
        case "truncated-body":
            return _with_body(given, given.body[: len(given.body) // 2])
        case "wrong-type":
            return _replaced(given, b"content-type", b"text/html; charset=utf-8")
        case "wrong-charset":
            body = given.body.decode("utf-8", "replace").encode("utf-16")
            return _replaced(_with_body(given, body), b"content-type", _type_of(given) + b"; charset=utf-8")
        case "repeated-header":
            return given._replace(headers=(*given.headers, (b"content-type", b"text/plain")))
    return given


def _type_of(given: Answer) -> bytes:
    return dict(given.headers).get(b"content-type", b"application/json").partition(b";")[0]


def _with_body(given: Answer, body: bytes) -> Answer:
    return _replaced(given._replace(body=body), b"content-length", str(len(body)).encode())


def _replaced(given: Answer, name: bytes, value: bytes) -> Answer:
    return given._replace(headers=(*(each for each in given.headers if each[0] != name), (name, value)))


def _marked(given: Answer, fault: Fault) -> Answer:
    """Nobody shall mistake it for a failure of the mock."""
    return given._replace(headers=(*given.headers, (HEADER, header_text(fault.told))))
