"""The ladder: which of an operation's answers is given. The first step that hits wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from mock_server.core.plan import Plan
from mock_server.core.prefer import Preference, wait_seconds
from mock_server.core.refuse import Breached, documented_refusal, is_authorization, refusal_of
from mock_server.core.snapshot import ALWAYS, Queued, Snapshot
from mock_server.core.suit import pick, suit
from mock_server.core.wanted import Unmet, available, body_seed, wanted
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Response, Rule, Scenario
from mock_server.fixture.response import with_encoding
from mock_server.model import MAX_REASON, Reason, Violation
from mock_server.named import new
from mock_server.value import dataclass

_NO_PREFERENCE = Reason("client", "no preference")
_NO_QUEUE = Reason("queue", "no answer queued")
_NO_SCENARIO = Reason("scenario", "none active")
_VALID = Reason("document", "the request keeps the document")
_MAX_ASKED = 16
"""Scenarios for which the answer to one head is remembered."""


@dataclass(slots=True)
class Choice:
    """The answer chosen and why.

    ``response`` None = our own problem+json for ``violations``, or 406 with the media types ``offered``.
    """

    response: Response | None
    reasons: list[Reason]
    applied: tuple[str, ...] = ()
    forced: bool = False
    """Whether somebody asked for this answer, so that what its templates lack is made up."""
    queue: tuple[Queued, ...] | None = None
    violations: Sequence[Violation] = ()
    by_document: bool = False
    """Whether the answer to the violations is the document's, which cannot say all of them."""
    rule: Rule | None = None
    usual: bool = False
    """Whether nothing spoke for another answer, so that a resource may give its own."""
    scenario: Scenario | None = None
    wait_s: float = 0.0
    offered: tuple[str, ...] = ()
    body_named: bool = False
    """Whether somebody asked for this very body, so that none is made in its place."""

    def again(self) -> Choice:
        """The same for another request, which may have reasons of its own."""
        return Choice(
            self.response, [*self.reasons], self.applied, self.forced, self.queue, self.violations, self.by_document,
            self.rule, self.usual, self.scenario, self.wait_s, self.offered, self.body_named,
        )  # fmt: skip


def choose(
    plan: Plan,
    preference: Preference | None,
    snapshot: Snapshot,
    violations: Sequence[Violation],
    facts: Facts,
    limited: str = "",
    asked: dict[str | None, Choice] | None = None,
) -> Choice:
    """Walk the ladder, then make the answer such as the client can take it. Raises ``Unmet``.

    ``limited`` names the answer of a rate limit with nothing left; who asks for an answer by name gets that.
    ``asked`` remembers by scenario what the same head led to: the answer that it asks for is the same each time.
    """
    if asked and (same := asked.get(snapshot.scenario)):
        return same.again()
    if preference is None and snapshot.scenario is None and not snapshot.queue and not limited:  # the usual case
        choice = _from_request(plan, violations, facts, [_NO_PREFERENCE, _NO_QUEUE, _NO_SCENARIO])
    else:
        choice = _climb(plan, preference, snapshot, violations, facts, limited)
    accept = facts.request.headers.get("accept")
    if (accept is None or accept == "*/*") and preference is None and not plan.house.dynamic:
        return choice
    is_made = _suit(plan, preference, snapshot, choice, accept)
    if asked is not None and preference and preference.names_answer and not is_made and len(asked) < _MAX_ASKED:
        asked[snapshot.scenario] = choice.again()
    return choice


def _climb(
    plan: Plan,
    preference: Preference | None,
    snapshot: Snapshot,
    violations: Sequence[Violation],
    facts: Facts,
    limited: str,
) -> Choice:
    if limited and (preference is None or not preference.names_answer):
        return Choice(plan.responses[limited], [Reason("limit", "{} answers", (limited,), hit=True)], body_named=True)
    reasons: list[Reason] = []
    wait_s = 0.0
    scenario: Scenario | None = None
    applied: tuple[str, ...] = ()
    if preference is None:
        reasons.append(_NO_PREFERENCE)
    else:
        wait_s, applied = _wait(preference)
        scenario = _preferred_scenario(plan, preference)
        asked = wanted(plan, preference)
        if asked:
            response, words, body_named = asked
            reasons.append(Reason("client", "asked for {}", (words,), hit=True))
            active = scenario or plan.house.scenarios.get(snapshot.scenario or "")
            if scenario and scenario.consent:
                words = f"{words}, scenario={scenario.name}"
            applied = (*applied, words)
            return Choice(response, reasons, applied, True, scenario=active, wait_s=wait_s, body_named=body_named)
    if scenario:
        applied = (*applied, f"scenario={scenario.name}")
        reasons.append(Reason("client", "asked for the scenario {}", (scenario.name,)))
        choice = _from_scenario(plan, scenario, reasons) or _from_request(plan, violations, facts, reasons)
    else:
        scenario = plan.house.scenarios.get(snapshot.scenario or "")
        choice = _from_state(plan, snapshot, scenario, reasons) or _from_request(plan, violations, facts, reasons)
    choice.applied, choice.wait_s, choice.scenario = applied, wait_s, scenario
    return choice


def _suit(plan: Plan, preference: Preference | None, snapshot: Snapshot, choice: Choice, accept: str | None) -> bool:
    """Media type and body by what the client accepts and prefers; whether the body was made for this request."""
    response = choice.response
    seed = body_seed(plan, preference, snapshot.turn, body_named=choice.body_named)
    if response is None or response.name not in plan.responses:
        return False
    if choice.violations:
        if response is not plan.responses[response.name]:
            return False  # it was written for these very violations
        seed = None
    elif response.name in plan.responses.own and (preference is None or preference.dynamic is None):
        seed = None  # only who says dynamic=true does without the body that a fixture has
    found = suit(plan, response, accept, seed, choice.reasons)
    choice.response, choice.offered = found.response, found.offered
    if found.response is None:
        choice.queue = None  # the queued answer waits for a client that accepts it
    words = (("dynamic", preference.dynamic), ("seed", preference.seed)) if preference else ()
    for word, text in words:
        if text is not None and (found.generated or text.lower() == "false"):
            choice.applied = (*choice.applied, f"{word}={text.lower()}")
    return seed is not None


def _wait(preference: Preference) -> tuple[float, tuple[str, ...]]:
    if preference.wait is None:
        return 0.0, ()
    seconds = wait_seconds(preference.wait)
    if seconds is None:
        raise Unmet(f"wait={preference.wait}", {"wait": ("a number of seconds",)})
    return seconds, (f"wait={seconds:g}",)


def _preferred_scenario(plan: Plan, preference: Preference) -> Scenario | None:
    if preference.scenario is None:
        return None
    scenario = plan.house.scenarios.get(preference.scenario)
    if scenario is None:
        raise Unmet(f"scenario={preference.scenario}", available(plan))
    return scenario


def _from_state(plan: Plan, snapshot: Snapshot, scenario: Scenario | None, reasons: list[Reason]) -> Choice | None:
    """The answer that the session has waiting: queued, or by its scenario."""
    if snapshot.queue and (index := _next_of(snapshot.queue, plan)) is not None:
        queued = snapshot.queue[index]
        response = plan.responses[queued.response]
        if queued.times == ALWAYS:
            reasons.append(Reason("queue", "{} is always the answer", (queued.response,), hit=True))
            return Choice(response, reasons, forced=True, body_named=True)
        left = (queued._replace(times=queued.times - 1),) if queued.times > 1 else ()
        queue = (*snapshot.queue[:index], *left, *snapshot.queue[index + 1 :])
        reasons.append(Reason("queue", "{} was queued, {} left", (queued.response, queued.times - 1), hit=True))
        return Choice(response, reasons, forced=True, queue=queue, body_named=True)
    reasons.append(_NO_QUEUE)
    if scenario is None:
        reasons.append(_NO_SCENARIO)
        return None
    return _from_scenario(plan, scenario, reasons)


def _from_scenario(plan: Plan, scenario: Scenario, reasons: list[Reason]) -> Choice | None:
    name = scenario.respond.get(plan.operation.key, "")
    if name not in plan.responses:
        reasons.append(Reason("scenario", "{} says nothing of this operation", (scenario.name,)))
        return None
    reasons.append(Reason("scenario", "{} answers {}", (scenario.name, name), hit=True))
    return Choice(plan.responses[name], reasons, forced=True, body_named=True)


def _next_of(queue: tuple[Queued, ...], plan: Plan) -> int | None:
    """Where the operation's next answer stands; one that it always gives comes after all that are counted."""
    key, always = plan.operation.key, None
    for index, queued in enumerate(queue):
        if queued.operation == key and queued.response in plan.responses:
            if queued.times != ALWAYS:
                return index
            always = index
    return always


def _from_request(plan: Plan, violations: Sequence[Violation], facts: Facts, reasons: list[Reason]) -> Choice:
    """The answer that the request itself leads to: by its violations, a rule, or ``otherwise``."""
    if violations:
        first = violations[0]
        by_rule = plan.fixture.unauthorized if is_authorization(first) else plan.fixture.invalid
        name = by_rule.get(first.rule) or by_rule.get("*")
        reasons.append(Breached("document", "{} {}", (violations, plan.operation), hit=True))
        if name:
            return Choice(plan.responses[name], reasons, violations=violations)
        response = _refusal(plan, violations, facts.request.headers.get("accept"))
        return Choice(response, reasons, violations=violations, by_document=True)
    reasons.append(_VALID)
    rule = _fitting_rule(plan.fixture.rules, facts, reasons)
    if rule:
        number = rule.name or plan.fixture.rules.index(rule) + 1
        reasons.append(new(Reason, ("rule", "{} answers {}", (number, rule.respond), True)))
        choice = Choice(plan.responses[rule.respond], reasons)
        choice.rule = rule
        return choice
    response = plan.responses[plan.fixture.otherwise or ""]
    reasons.append(_otherwise(response.name))
    choice = Choice(response, reasons)
    choice.usual = True  # set, for to call a class with a name takes three times as long
    return choice


def _refusal(plan: Plan, violations: Sequence[Violation], accept: str | None) -> Response | None:
    """The document's answer in the media type that the client likes best; in the usual one when it likes none."""
    usual = refusal_of(plan, violations[0]).response
    found = pick(plan, usual.name, accept) if usual and accept and accept != "*/*" else None
    response = documented_refusal(plan, violations, found.place if found else 0)
    if response is not None and found is not None and found.media_type is not None:
        written = response.encoded if response.body is None else None
        return with_encoding(replace(response, media_type=found.media_type, encoded=written))
    return response


@lru_cache(maxsize=1024)
def _otherwise(name: str) -> Reason:
    return Reason("otherwise", "{}", (name,), hit=True)


def _fitting_rule(rules: Sequence[Rule], facts: Facts, reasons: list[Reason]) -> Rule | None:
    """The first rule whose every matcher fits; why those before it did not is one reason, told when read."""
    missed: list[Any] = []
    fitting = where = seen = None
    for rule in rules:
        for matcher in rule.when:
            if matcher.where is not where:  # many rules in a row ask for the same, which `split_where` makes one object
                where = matcher.where
                seen = facts.get(where)
            if not matcher.test(seen):
                missed += matcher, seen
                break
        else:
            fitting = rule
            break
    if missed:
        reasons.append(new(PassedOver, ("rule", "", (rules, *missed), False)))
    return fitting


class PassedOver(Reason):
    """Rules that did not fit: ``details`` are all rules, then a matcher and what it saw for each passed over."""

    __slots__ = ()

    def __str__(self) -> str:
        return "; ".join(self.lines())

    def lines(self) -> list[str]:
        rules: Any
        missed: Any
        rules, *missed = self.details
        pairs = zip(missed[::2], missed[1::2], strict=True)
        return [
            f"rule: {rule.name or index} does not fit: {matcher.explain(seen)}"
            for index, (rule, (matcher, seen)) in enumerate(zip(rules, pairs, strict=False), start=1)
        ]

    def formatted(self) -> Reason:
        return Reason(self.step, "{}", ("; ".join(self.lines())[:MAX_REASON],))
