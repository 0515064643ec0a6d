"""What one request must get: its body and parameters are put before the schemas, the fixtures say the status.

Where no fixture speaks, only what the document implies is judged: what keeps the schema is not refused as
malformed, what breaks it gets a 4xx, and nothing fails with a 5xx.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal

from mock_server.codec.table import judged, read_value
from mock_server.codec.unreadable import Unreadable
from mock_server.contract.good import GoodRequest
from mock_server.contract.model import Exchange, Finding, Level, Promise, Seen
from mock_server.contract.observe import Observation
from mock_server.contract.profile import Contract, Wanted, place_of
from mock_server.contract.run import Run
from mock_server.contract.walks.handshake import begin, collect_request, start_request
from mock_server.contract.walks.judge import answers, told
from mock_server.fixture.model import OperationFixture
from mock_server.named import NamedTuple
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter

Kind = Literal["accepted", "refused", "open"]
REFUSED_AS_MALFORMED = (400, 405, 406, 411, 415, 422, 501)
"""What a server says of a request that it could not make sense of."""
_HTTP_LIMITS = (400, 406, 408, 411, 413, 414, 415, 417, 422, 431)
"""What any server may say of a request that nobody promised anything about."""
_ROOTS = ("body", "query", "path", "header", "token", "handshake")
"""Of what a rule asks, these we know beforehand."""
MAX_BREACHES = 20
DECIDED = {"deny": "denied", "fail": "failed", "unavailable": "failed", "abandon": "abandoned"}
"""What becomes of a handshake where the provider decides by itself."""


class Expect(NamedTuple):
    """What an answer may be. ``wanted`` empty = any status of the kind."""

    kind: Kind
    wanted: tuple[Wanted, ...]
    promise: Promise
    severity: Literal["error", "warning"] = "error"

    @property
    def assumed(self) -> Expect:
        """The same, which nobody has documented."""
        wanted = (each._replace(promise=each.promise._replace(level="assumed")) for each in self.wanted)
        return self._replace(wanted=tuple(wanted), promise=self.promise._replace(level="assumed"))


class Ground(NamedTuple):
    """A good request to stand on, what it is answered, and the state in which its handshake is."""

    operation: Operation
    request: GoodRequest
    seen: Seen
    state: str
    pull_id: str = ""

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.seen.status < 400


def ground(run: Run, operation: Operation) -> Ground:
    """Stand on a good request; the one that collects gets a living handshake. Raises ``Blocked``."""
    if operation == run.contract.start:
        request = start_request(run)
        return Ground(operation, request, _sent(run, request), "")
    if operation == run.contract.collect:
        began = begin(run)
        provider = run.contract.provider()
        automatic = provider is not None and provider.consent != "ask"
        request = collect_request(run, began.pull_id)
        seen = _sent(run, request)
        fixture = run.contract.fixtures.operations[operation.key].collect
        again = "spent" if fixture and fixture.single_use else "collected"
        decided = {"approve": again, **DECIDED}.get(provider.consent, "asked") if provider else "asked"
        return Ground(operation, request, seen, decided if automatic else "asked", began.pull_id)
    request = run.contract.requests[operation.key]
    return Ground(operation, request, _sent(run, request), "")


def _sent(run: Run, request: GoodRequest) -> Seen:
    return run.send(request.sent(run.target.base, run.target.tokens.good), request.operation).seen


def fixture_of(run: Run, operation: Operation) -> OperationFixture | None:
    return run.contract.fixtures.operations.get(operation.key)


def accepted(
    run: Run,
    on: Ground,
    reason: str,
    body: Any = None,
    *,
    key: str = "good",
    role: str = "good",
    values: Mapping[tuple[str, str], Any] | None = None,
    level: Level | None = None,
) -> Expect:
    """What a request gets that breaks nothing: by the rules, else whatever is no refusal."""
    operation = on.operation
    fixture = fixture_of(run, operation)
    body = on.request.body if body is None else body
    if fixture is not None and all(each.where[0] in _ROOTS for rule in fixture.rules for each in rule.when):
        state = _state_of(run, on, body)
        facts = {
            **_typed(operation, on.request.values if values is None else values),
            "body": body,
            "token": run.contract.token_facts(role),
            "handshake": {"state": "foreign" if state and role != "good" else state},
        }
        found = [run.contract.ruled(operation, facts, reason)]
        if state == "unknown" and role == "good":  # or forged: only the deployment knows
            found.append(run.contract.ruled(operation, {**facts, "handshake": {"state": "forged"}}, reason))
        unique = {each.status: _keyed(each, f"accepted:{key}", level) for each in reversed(found) if each}
        if found[0] is not None:
            return Expect("accepted", tuple(reversed(unique.values())), found[0].promise)
    promise = Promise(f"accepted:{key}", f"accepted: {reason}", level or "documented", place_of(operation))
    return Expect("accepted", (), promise)


def _state_of(run: Run, on: Ground, body: Any) -> str:
    """The handshake that a body names: ours, nobody's, or ours with another's auth_uri."""
    fixture = fixture_of(run, on.operation)
    if not on.state or fixture is None or fixture.collect is None:
        return on.state
    root, *steps = fixture.collect.pull_id
    if root == "body" and _at(body, steps) != on.pull_id:
        return "unknown"
    root, *steps = fixture.collect.auth_uri or ("",)
    return "mismatched" if root == "body" and _at(body, steps) is not None else on.state


def _at(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _typed(operation: Operation, values: Mapping[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    """``{"query": {"limit": 3}, …}``, defaults included."""
    found: dict[str, dict[str, Any]] = {"query": {}, "path": {}, "header": {}}
    for each in operation.parameters:
        location, name = each.where
        value = values.get((each.location, each.name), each.default)
        if location in found and (each.location, each.name) in values:
            found[location][name] = value
    return found


def refused(
    run: Run,
    operation: Operation,
    rules: tuple[str, ...],
    reason: str,
    *,
    group: Literal["invalid", "unauthorized"] = "invalid",
    level: Level | None = None,
) -> Expect:
    """What a request gets that breaks these rules (``minimum``, ``missing`` …), each a possible first."""
    if rules == ("format",):  # an annotation, for all that a document says (JSON Schema 2020-12 Validation §7.2.1)
        return robust(reason, "format")
    key = f"{group}:{rules[0]}" if len(rules) == 1 else group
    fixture = fixture_of(run, operation)
    found = {rule: run.contract.violated(operation, group, rule, reason) for rule in rules} if fixture else {}
    wanted = [each for each in found.values() if each]
    if wanted and len(wanted) == len(rules):
        if len(rules) > 1:  # which of them was judged first nobody knows
            wanted = [each._replace(cell=None) for each in wanted]
        unique = {each.status: _keyed(each, key, level) for each in wanted}
        return Expect("refused", tuple(unique.values()), wanted[0].promise)
    promise = Promise(key, f"refused: {reason}", level or "documented", place_of(operation))
    return Expect("refused", (), promise)


def either(run: Run, *expects: Expect, key: str, reason: str) -> Expect:
    """Nobody promises which of these, or another refusal: only that there is an answer, and no failure."""
    wanted = {each.status: each for expect in expects for each in expect.wanted}
    promise = Promise(f"robust:{key}", f"an answer, and no failure, for: {reason}", "standard", "RFC 9110 §15.6")
    is_known = all(expect.wanted for expect in expects)
    return Expect("open", tuple(wanted.values()) if is_known else (), promise)


def robust(reason: str, key: str) -> Expect:
    """Any answer but a failure."""
    promise = Promise(f"robust:{key}", f"an answer, and no failure, for: {reason}", "standard", "RFC 9110 §15.6")
    return Expect("open", (), promise)


def _keyed(wanted: Wanted, key: str, level: Level | None) -> Wanted:
    """One promise for all requests of one kind: the same defect is one finding.

    What is promised for such a request with another certainty than for its kind teaches nothing about the kind.
    """
    promise = wanted.promise._replace(key=key)
    if level == "assumed":
        return Wanted(wanted.status, promise._replace(level=level))
    if level and promise.level != "assumed":
        return Wanted(wanted.status, promise._replace(level=level), least=wanted.least)
    return Wanted(wanted.status, promise, cell=wanted.cell, least=wanted.least)


def body_rules(on: Ground, data: bytes, kind: str | None = None) -> tuple[str, ...]:
    """Which keywords a body breaks; ``()`` for none, ``("json",)`` for what cannot be read."""
    media = on.request.media
    assert media is not None
    kind = kind or on.request.content_type
    try:
        value = read_value(data, media, kind)
    except Unreadable as error:
        return (error.rule,)
    found = {
        breach.keyword
        for _, schema, part in judged(media, value, kind)
        for breach in islice(schema.breaches(part), MAX_BREACHES)
    }
    return tuple(sorted(found))


def body_value(on: Ground, data: bytes) -> Any:
    """What a body is read as. Only for bodies that break nothing."""
    assert on.request.media is not None
    return read_value(data, on.request.media, on.request.content_type)


def overlooked(run: Run, operation: Operation, where: str) -> bool:
    """Whether the fixture lets this pass whatever it is (``overlook:``)."""
    fixture = fixture_of(run, operation)
    return fixture is not None and any(
        where == each or where.startswith(f"{each}.") or each.startswith(f"{where}.") for each in fixture.overlook
    )


def parameter_place(parameter: Parameter) -> str:
    return ".".join(parameter.where)


def verdict(run: Run, check: str, on: Ground, expect: Expect, reason: str, *exchanges: Exchange) -> Finding | None:
    """None when the last answer is what was to be expected."""
    seen = exchanges[-1].seen
    operation = on.operation
    kept = not seen.fault and bool(seen.status) and _fits(run, on, expect, seen.status)
    single = expect.wanted[0] if len(expect.wanted) == 1 and expect.kind != "open" else Wanted(0, expect.promise)
    run.observations.append(Observation(check, operation.key, reason, single, exchanges[-1], kept))
    if kept:
        return None
    shown = told(seen) if not (seen.fault and seen.status) else f"{seen.status} with a broken body ({seen.fault})"
    statuses = sorted({each.status for each in expect.wanted})
    meant = " or ".join(map(str, statuses)) or _MEANT[expect.kind]
    if expect.kind == "open":
        meant = _MEANT["open"]
    promise = expect.promise if expect.kind == "open" else next(iter(expect.wanted), single).broken_by(seen)
    return Finding(
        title=f"{operation.key} {answers(seen, shown)} instead of {meant}: {reason}",
        operation=operation.key,
        promise=promise,
        exchanges=exchanges,
        detail=f"seen {shown}, promised {meant} for: {reason}",
        severity=expect.severity,
        check=check,
        seed=run.seed,
        shape=f"{shown} instead of {meant}",
    )


_MEANT: Mapping[Kind, str] = {
    "accepted": "being accepted",
    "refused": "a 4xx",
    "open": "an answer without failure",
}


def _fits(run: Run, on: Ground, expect: Expect, status: int) -> bool:
    if status in {each.status for each in expect.wanted}:
        return True
    documented = str(status) in on.operation.responses
    match expect.kind:
        case "open":
            if expect.wanted and run.target.is_mock:
                return status in (413, 415, 431) or status in _invalid_statuses(run, on.operation)
            return documented or (status < 500 and not _is_of_another_method(on.operation, status))
        case "refused":
            return not expect.wanted and 400 <= status < 500
        case "accepted":
            if expect.wanted:
                return False
            if not on.is_accepted or status == on.seen.status:
                return status < 500 or documented or status == on.seen.status
            # A server may have reasons of its own to refuse what the schema allows, and says so in its document.
            own_reasons = documented and not run.target.is_mock
            return own_reasons or (status < 500 and status not in REFUSED_AS_MALFORMED)


def _is_of_another_method(operation: Operation, status: int) -> bool:
    """206 and 304 answer a GET (RFC 9110 §15.3.7, §15.4.5), and a redirect that nobody documents no POST."""
    named = operation.documented(status) is not None
    return operation.method not in ("GET", "HEAD") and not named and (status == 206 or 300 <= status < 400)


def _invalid_statuses(run: Run, operation: Operation) -> set[int]:
    """Of all that the fixture answers to invalid requests: which of several breaches comes first is not promised."""
    fixture = fixture_of(run, operation)
    named = fixture.invalid.values() if fixture else ()
    return {fixture.responses[name].status for name in named if name in fixture.responses} if fixture else set()


def knows_tokens(contract: Contract, *, is_mock: bool) -> bool:
    """Whether a token that nobody knows is refused: a mock without a list of tokens takes any."""
    return not is_mock or contract.fixtures.tokens is not None
