"""The way of a request through the pure part, as one short function.

``read_head`` and ``read`` take what the request alone says, so that the edge can load what it names;
``answer`` does the rest from a snapshot, and can be asked again when another request was faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mock_server.core.body import Way, read_by, take_body, way_of
from mock_server.core.choose import Choice, choose
from mock_server.core.fault import befall, may_fail
from mock_server.core.finish import header_text
from mock_server.core.memory import recall, shelf_names
from mock_server.core.plan import Plan
from mock_server.core.prefer import Preference, read_preference
from mock_server.core.refuse import Breached, is_authorization, refuse, violations_header
from mock_server.core.render import render
from mock_server.core.security import authorization_violations, find_token
from mock_server.core.shelf import ShelfChange
from mock_server.core.snapshot import NO_CHANGES, NOT_METERED, Changes, Outcome, Snapshot
from mock_server.core.suit import not_acceptable
from mock_server.fixture.facts import Facts, display
from mock_server.fixture.model import Provider, Response, Start, Token
from mock_server.handshake import machine
from mock_server.handshake.machine import Handshake, judge, settle
from mock_server.handshake.start import Opening, open_handshake, opening
from mock_server.handshake.ticket import Reference, read_ticket
from mock_server.model import MISSING, Answer, Chance, Effect, Provenance, Reason, Request, Send, Violation, Wait
from mock_server.named import new
from mock_server.value import dataclass

if TYPE_CHECKING:
    from mock_server.core.limit import Limited

_ASKED_FOR = {
    "where": "asked-for",
    "rule": "asked-for",
    "message": "this answer was asked for",
    "seen": None,
    "wanted": None,
}


class NoProvider(Exception):
    """A handshake that nobody could grant: the request leads to no OAuth2 provider of the fixtures."""


@dataclass(slots=True)
class Head:
    """What a request says before its body: the same for every request with the same head.

    ``base`` is the base path it came under; ``roots`` the facts that parameters give: the path's values at least.
    """

    plan: Plan
    base: str
    roots: dict[str, Any]
    token: Token | None
    preference: Preference | None
    parameters: tuple[Violation, ...]
    authorization: tuple[Violation, ...] | None
    """What is wrong with who asks; None = it depends on the hour."""
    way: Way | None
    """How its body is read; None = that depends on the body."""
    is_clean: bool
    """Whether nothing is wrong with it at any hour."""
    asked: dict[str | None, Choice] = field(default_factory=dict)
    """By scenario the answer that it asks for; filled by ``choose``."""
    openings: dict[str, Opening] = field(default_factory=dict)
    """By provider what handshakes that it opens have in common; filled on first use."""


@dataclass(slots=True)
class Reading:
    """What a request says by itself."""

    head: Head
    plan: Plan
    request: Request
    facts: Facts
    token: Token | None
    body: tuple[Violation, ...]
    names: Reference | None
    """The handshake that the request names."""
    shelves: tuple[str, ...] = ()
    """What it may look up or change of what the session remembers."""


def read_head(
    plan: Plan, request: Request, path_values: dict[str, str], base: str, encoded: Mapping[str, str] | None = None
) -> Head:
    """Read everything but the body, without any state. ``encoded``: the path's values undecoded, where they differ."""
    token, _ = find_token(plan, request)
    parameters, roots = plan.parameters.take(request, path_values, encoded)
    token_facts = token.facts if token else {}
    facts = Facts(request, {"path": path_values, "token": token_facts})
    authorization = (
        None if token and token.expires_at is not None else tuple(authorization_violations(plan, facts, token, 0.0))
    )
    return Head(
        plan=plan,
        base=base,
        roots={**roots, "token": token_facts},
        token=token,
        preference=read_preference(request.headers, request.query),
        parameters=parameters,
        authorization=authorization,
        way=way_of(plan, request.headers),
        is_clean=authorization == () and not parameters,
    )


def read(head: Head, request: Request) -> Reading:
    """Read the body of a request with this head."""
    plan, way = head.plan, head.way
    if way is not None and request.body:
        body, violations = read_by(way, plan, request.body, way.kind)
    else:
        body, violations = take_body(plan, request)
    facts = Facts(request, {**head.roots, "body": body})
    collect = plan.fixture.collect
    names = read_ticket(facts.get(collect.pull_id)) if collect else None
    shelves = shelf_names(plan.memory, facts) if plan.memory else ()
    # By place: to call a class with names takes three times as long.
    return Reading(head, plan, request, facts, head.token, violations, names, shelves)


def answer(reading: Reading, snapshot: Snapshot, chance: Chance) -> Outcome:
    """Admit, choose, step the handshake, render. Raises ``Unmet`` for an impossible preference."""
    plan, facts, head = reading.plan, reading.facts, reading.head
    facts.at = snapshot.now
    violations = [] if head.is_clean and not reading.body else violations_of(reading, snapshot.now)
    overlooked: list[Violation] = []
    if violations and plan.house.no_errors:
        violations, overlooked = overlooked, violations
    known = look_at_handshake(reading, snapshot)
    if plan.memory:
        recall(plan.memory, facts, snapshot, chance)
    limited = limit_of(reading, snapshot, violations) if plan.limiting else None
    choice = choose(plan, head.preference, snapshot, violations, facts, limited.respond if limited else "", head.asked)
    facts.roots["violation"] = _violation_facts(choice, facts)
    changed = _step_handshake(reading, snapshot, choice, known, chance)
    kept: tuple[ShelfChange, ...] = ()
    if plan.memory:
        from mock_server.core.keep import keep  # most APIs are served without state

        kept = keep(plan, facts, snapshot, choice, head.base, chance)
    given = _render(plan, choice, facts, snapshot.now)
    if overlooked:
        choice.reasons.append(
            Breached("document", "{2} violations are overlooked (--no-errors)", (overlooked, plan.operation))
        )
        given = given._replace(headers=(*given.headers, violations_header(overlooked, plan.operation)))
    if limited:
        choice.reasons.append(Reason("limit", "{}", (limited.told,)))
        given = given._replace(headers=(*(each for each in given.headers if each[0] not in _RATE), *limited.headers))
    tally, effects, fault, instead = NOT_METERED, _effects(choice), "", False
    if may_fail(plan, head.preference, snapshot):
        befallen = befall(plan, head.preference, snapshot, choice.scenario, given, choice.reasons)
        given, tally, fault, instead = befallen.answer, befallen.tally, befallen.told, befallen.instead
        effects = (*effects, *befallen.effects)
        if instead:
            changed, kept = None, ()
    if limited:
        tally = {**limited.tally, **tally}
    response, handshake = choice.response, changed or known
    name = response.name if response else ""
    calls: tuple[Send, ...] = ()
    if plan.callbacks and not instead:
        from mock_server.core.callback import calls_after  # few documents have any

        calls = calls_after(plan.callbacks, reading.request, facts, given, name, choice.reasons)
    changes = NO_CHANGES
    if changed or choice.queue is not None or kept or tally:
        changes = new(Changes, (changed, choice.queue, kept, tally))
    source: Provenance = response.source if response else "assumed"
    identity, state = (handshake.id, handshake.state) if handshake else (None, None)
    reasons = tuple(choice.reasons)
    return Outcome(
        given, changes, effects, plan.operation.key, name, source, reasons, identity, calls, fault, state
    )  # fmt: skip  # by place, as above


_RATE = frozenset((b"ratelimit", b"ratelimit-policy", b"retry-after"))


def limit_of(reading: Reading, snapshot: Snapshot, violations: Sequence[Violation]) -> Limited | None:
    """What the rate limit says to a request that may ask at all: the unauthorized are refused as such."""
    plan, preference = reading.plan, reading.head.preference
    scenario = plan.house.scenarios.get((preference and preference.scenario) or snapshot.scenario or "")
    limit = (scenario.limits.get(plan.operation.key) if scenario else None) or plan.fixture.limit
    if limit is None or (violations and is_authorization(violations[0])):
        return None
    from mock_server.core.limit import draw_from  # few operations have a limit

    return draw_from(limit, snapshot, reading.token.token if reading.token else "")


def _violation_facts(choice: Choice, facts: Facts) -> dict[str, Any]:
    """What templates see under ``violation``: the first one, or what made a rule answer."""
    if choice.violations:
        return choice.violations[0]._asdict()
    if choice.rule is None or not choice.rule.when:
        return _ASKED_FOR
    matcher = choice.rule.when[0]
    seen = facts.get(matcher.where)
    return {
        "where": display(matcher.where),
        "rule": choice.rule.name or matcher.word,
        "message": choice.rule.name or str(matcher),
        "seen": None if seen is MISSING else seen,
        "wanted": matcher.wanted,
    }


def violations_of(reading: Reading, now: float) -> list[Violation]:
    """All violations, in the order the fixture wants them judged, less those it overlooks."""
    plan = reading.plan
    head = reading.head
    authorization = head.authorization
    if authorization is None:
        authorization = tuple(authorization_violations(plan, reading.facts, reading.token, now))
    groups = {"authorization": authorization, "parameters": head.parameters, "body": reading.body}
    overlook = plan.fixture.overlook
    return [each for name in plan.fixture.order for each in groups[name] if each.where not in overlook]


def look_at_handshake(reading: Reading, snapshot: Snapshot) -> Handshake | None:
    """Put what the request may know of its handshake among the facts."""
    collect = reading.plan.fixture.collect
    if collect is None:
        return None
    handshake = snapshot.handshake
    if handshake is not None:
        handshake = settle(handshake, snapshot.now) if handshake.session == snapshot.session else None
    facts = reading.facts
    auth_uri = facts.get(collect.auth_uri)
    account = reading.token.account if reading.token else ""
    state = judge(
        handshake, facts.get(collect.pull_id), None if auth_uri is MISSING else auth_uri, account, collect.single_use
    )
    provider = reading.plan.house.providers.get(handshake.provider) if handshake else None
    facts.roots["handshake"] = machine.facts(handshake, state, provider.credentials if provider else None)
    facts.roots["provider"] = provider.facts if provider else {}
    return handshake if "id" in facts.roots["handshake"] else None


def _step_handshake(
    reading: Reading, snapshot: Snapshot, choice: Choice, known: Handshake | None, chance: Chance
) -> Handshake | None:
    """What the chosen answer does to the handshake: the new or changed one, None = nothing."""
    fixture = reading.plan.fixture
    if choice.response is None or not 200 <= choice.response.status <= 299:
        return None
    if fixture.start and choice.response.name in reading.plan.openers:
        return _start(reading, fixture.start, snapshot, choice, chance)
    if fixture.collect:
        return _collect(reading, snapshot, choice, known)
    return None


def _start(reading: Reading, start: Start, snapshot: Snapshot, choice: Choice, chance: Chance) -> Handshake | None:
    house, facts = reading.plan.house, reading.facts
    wanted = facts.get(start.provider) if len(start.provider) > 1 else start.provider[0]
    provider = house.providers.get(wanted) if isinstance(wanted, str) else None
    if provider is None or not provider.oauth2:
        if not choice.forced:
            raise NoProvider(wanted)
        provider = house.sample_provider()
        choice.reasons.append(Reason("handshake", "{} is no provider, so {}", (wanted, provider and provider.id)))
    if provider is None:
        return None
    valid_for = facts.get(start.valid_for)
    number = type(valid_for) in _NUMBERS and valid_for > 0
    decision, after_s = _decision(choice, provider)
    handshake = open_handshake(
        reading.head.openings.get(provider.id) or _opening(reading.head, reading.request, start, provider),
        snapshot.now,
        chance,
        session=snapshot.session,
        account=reading.token.account if reading.token else "",
        valid_for_s=float(min(valid_for, _LONGEST_S)) if number else start.default_valid_for_s,
        decision=decision,
        decide_after_s=after_s,
    )
    facts.roots["handshake"] = machine.facts(handshake, handshake.state, provider.credentials)
    facts.roots["provider"] = provider.facts
    return handshake


_LONGEST_S = 366 * 86400.0
_NUMBERS = frozenset((int, float))


def _opening(head: Head, request: Request, start: Start, provider: Provider) -> Opening:
    found = opening(provider.id, provider.scopes, start.client_id, request.origin, head.base + start.callbacks[0])
    head.openings[provider.id] = found
    return found


def _decision(choice: Choice, provider: Provider) -> tuple[str | None, float]:
    """Who decides without a browser: the scenario first, then the provider's file."""
    consent, after_s = provider.consent, provider.after_s
    scenario = choice.scenario
    if scenario:
        by_scenario = scenario.consent.get(provider.id) or scenario.consent.get("*")
        if by_scenario:
            consent, after_s = by_scenario, scenario.after_s
    return (None if consent == "ask" else consent), after_s


def _collect(reading: Reading, snapshot: Snapshot, choice: Choice, known: Handshake | None) -> Handshake | None:
    state = reading.facts.roots["handshake"]["state"]
    if known is not None and state in ("granted", "collected"):
        collected = machine.step(known, "collect", snapshot.now)
        return collected if collected is not snapshot.handshake else None
    if choice.forced:
        provider = reading.plan.house.sample_provider()
        if provider:
            reading.facts.roots["handshake"] = {**reading.facts.roots["handshake"], "credentials": provider.credentials}
            choice.reasons.append(Reason("handshake", "is {}, so the credentials are {}'s", (state, provider.id)))
    return None


def _render(plan: Plan, choice: Choice, facts: Facts, now: float) -> Answer:
    if choice.response is not None:
        schema = plan.schemas.get(choice.response.name)
        given = render(choice.response, facts, choice.reasons, schema, plan.house.strict)
    elif choice.violations:
        given = refuse(plan, choice.violations)
    else:
        given = not_acceptable(choice.offered)
    if not (choice.violations or choice.applied):
        return given
    headers = given.headers
    if choice.violations and is_authorization(choice.violations[0]) and not _has_challenge(plan, choice.response):
        from mock_server.core.challenge import challenges

        # A challenge for this request says more than the one that the document has for all.
        asked = challenges(plan.operation.security, choice.violations, now)
        others = (each for each in headers if each[0] != b"www-authenticate")
        headers = (*others, *((b"www-authenticate", header_text(each)) for each in asked))
    if choice.by_document and choice.response is not None:
        headers = (*headers, violations_header(choice.violations, plan.operation))
    if choice.applied:
        headers = (*headers, _applied(choice.applied))
    return given if headers is given.headers else Answer(given.status, headers, given.body)


@lru_cache(maxsize=256)
def _applied(words: tuple[str, ...]) -> tuple[bytes, bytes]:
    return b"preference-applied", header_text(", ".join(words))


def _has_challenge(plan: Plan, response: Response | None) -> bool:
    """Whether a fixture says it; an empty one says that there shall be none."""
    own = plan.responses.own.get(response.name) if response else None
    return own is not None and any(name == "www-authenticate" for name, _ in own.headers)


def _effects(choice: Choice) -> tuple[Effect, ...]:
    wait_s = choice.wait_s + (choice.response.wait_s if choice.response else 0.0)
    return (Wait(wait_s),) if wait_s else ()
