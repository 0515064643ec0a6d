"""The ladder: which of an operation's answers is given. The first step that hits wins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.core.plan import Plan
from mock_server.core.prefer import Preference, wait_seconds
from mock_server.core.refuse import documented_refusal, is_authorization, told
from mock_server.core.snapshot import Queued, Snapshot
from mock_server.errors import Broken
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Response, Rule, Scenario
from mock_server.fixture.response import with_encoding
from mock_server.fixture.template import Template
from mock_server.model import MAX_REASON, Reason, Violation
from mock_server.spec.generate import generate

_NO_PREFERENCE = Reason("client", "no preference")
_NO_QUEUE = Reason("queue", "no answer queued")
_NO_SCENARIO = Reason("scenario", "none active")
_VALID = Reason("document", "the request keeps the document")


class Unmet(Exception):
    """A preference that cannot be met, and what there is instead."""

    def __init__(self, preference: str, available: Mapping[str, Sequence[str]]) -> None:
        self.preference = preference
        self.available = available
        super().__init__(f"the preference {preference} cannot be met")


@dataclass(slots=True)
class Choice:
    """The answer chosen and why. ``response`` None = our own problem+json for ``violations``."""

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


def choose(
    plan: Plan, preference: Preference | None, snapshot: Snapshot, violations: Sequence[Violation], facts: Facts
) -> Choice:
    """Walk the ladder. Raises ``Unmet``."""
    reasons: list[Reason] = []
    wait_s = 0.0
    scenario: Scenario | None = None
    applied: tuple[str, ...] = ()
    if preference is None:
        reasons.append(_NO_PREFERENCE)
    else:
        wait_s, applied = _wait(preference)
        scenario = _preferred_scenario(plan, preference)
        wanted = _preferred(plan, preference)
        if preference.dynamic == "true":
            wanted = _generated(plan, preference, wanted)
        if wanted:
            response, word = wanted
            reasons.append(Reason("client", "asked for {}", (word,)))
            active = scenario or plan.house.scenarios.get(snapshot.scenario or "")
            if scenario and scenario.consent:
                word = f"{word}, scenario={scenario.name}"
            return Choice(response, reasons, (*applied, word), forced=True, scenario=active, wait_s=wait_s)
    if scenario:
        applied = (*applied, f"scenario={scenario.name}")
        reasons.append(Reason("client", "asked for the scenario {}", (scenario.name,)))
        choice = _from_scenario(plan, scenario, reasons) or _from_request(plan, violations, facts, reasons)
    else:
        scenario = plan.house.scenarios.get(snapshot.scenario or "")
        choice = _from_state(plan, snapshot, scenario, reasons) or _from_request(plan, violations, facts, reasons)
    choice.applied, choice.wait_s, choice.scenario = applied, wait_s, scenario
    return choice


def _wait(preference: Preference) -> tuple[float, tuple[str, ...]]:
    if preference.wait is None:
        return 0.0, ()
    seconds = wait_seconds(preference.wait)
    if seconds is None:
        raise Unmet(f"wait={preference.wait}", {"wait": ("a number of seconds",)})
    return seconds, (f"wait={seconds:g}",)


def _preferred(plan: Plan, preference: Preference) -> tuple[Response, str] | None:
    """The answer that a client names by its response, its example or its status code."""
    for word, name in (("response", preference.response), ("example", preference.example)):
        if name is not None:
            if name not in plan.responses:
                raise Unmet(f"{word}={name}", _available(plan))
            return plan.responses[name], f"{word}={name}"
    if preference.code is None:
        return None
    found = [each for each in plan.responses.values() if str(each.status) == preference.code]
    if not found:
        raise Unmet(f"code={preference.code}", _available(plan))
    usual = plan.responses.get(plan.fixture.otherwise or "")
    return (usual if usual in found else found[0]), f"code={preference.code}"


def _generated(plan: Plan, preference: Preference, wanted: tuple[Response, str] | None) -> tuple[Response, str]:
    """A body made from the document's schema for the wanted status, or for the usual one."""
    name = wanted[0].name if wanted else plan.fixture.otherwise or ""
    schema = plan.schemas.get(name)
    seed = preference.seed or "0"
    if schema is None or not _SEED.match(seed):
        raise Unmet(f"seed={seed}" if schema else "dynamic", {**_available(plan), "seed": ["0 to 999999999"]})
    try:
        body = generate(plan.operation.document, schema.pointer, int(seed))
    except Broken:
        raise Unmet("dynamic", _available(plan)) from None
    like = plan.responses[name]
    made = Response("generated", like.status, "assumed", Template(body, frozenset()), like.media_type)
    words = [wanted[1]] if wanted else []
    words += ["dynamic=true", *([f"seed={seed}"] if preference.seed else [])]
    return with_encoding(made), ", ".join(words)


_SEED = re.compile(r"[0-9]{1,9}\Z")


def _available(plan: Plan) -> dict[str, list[str]]:
    return {
        "code": sorted({str(response.status) for response in plan.responses.values()}),
        "response": list(plan.responses),
        "scenario": list(plan.house.scenarios),
    }


def _preferred_scenario(plan: Plan, preference: Preference) -> Scenario | None:
    if preference.scenario is None:
        return None
    scenario = plan.house.scenarios.get(preference.scenario)
    if scenario is None:
        raise Unmet(f"scenario={preference.scenario}", _available(plan))
    return scenario


def _from_state(plan: Plan, snapshot: Snapshot, scenario: Scenario | None, reasons: list[Reason]) -> Choice | None:
    """The answer that the session has waiting: queued, or by its scenario."""
    key = plan.operation.key
    for index, queued in enumerate(snapshot.queue):
        if queued.operation == key and queued.response in plan.responses:
            left = (queued._replace(times=queued.times - 1),) if queued.times > 1 else ()
            queue = (*snapshot.queue[:index], *left, *snapshot.queue[index + 1 :])
            reasons.append(Reason("queue", "{} was queued, {} left", (queued.response, queued.times - 1)))
            return Choice(plan.responses[queued.response], reasons, forced=True, queue=queue)
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
    reasons.append(Reason("scenario", "{} answers {}", (scenario.name, name)))
    return Choice(plan.responses[name], reasons, forced=True)


def _from_request(plan: Plan, violations: Sequence[Violation], facts: Facts, reasons: list[Reason]) -> Choice:
    """The answer that the request itself leads to: by its violations, a rule, or ``otherwise``."""
    if violations:
        first = violations[0]
        by_rule = plan.fixture.unauthorized if is_authorization(first) else plan.fixture.invalid
        name = by_rule.get(first.rule) or by_rule.get("*")
        reasons.append(Reason("document", "{} {}", (first.where, told(first, plan.operation))))
        if name:
            return Choice(plan.responses[name], reasons, violations=violations)
        return Choice(documented_refusal(plan, violations), reasons, violations=violations, by_document=True)
    reasons.append(_VALID)
    rule = _fitting_rule(plan.fixture.rules, facts, reasons)
    if rule:
        reasons.append(Reason("rule", "{} answers {}", (rule.name or plan.fixture.rules.index(rule) + 1, rule.respond)))
        return Choice(plan.responses[rule.respond], reasons, rule=rule)
    response = plan.responses.get(plan.fixture.otherwise or "")
    reasons.append(Reason("otherwise", "{}", (response.name if response else "nothing is documented",)))
    return Choice(response, reasons, usual=True)


def _fitting_rule(rules: Sequence[Rule], facts: Facts, reasons: list[Reason]) -> Rule | None:
    """The first rule whose every matcher fits; why those before it did not is one reason, told when read."""
    missed: list[Any] = []
    fitting = None
    for rule in rules:
        for matcher in rule.when:
            seen = facts.get(matcher.where)
            if not matcher.test(seen):
                missed += matcher, seen
                break
        else:
            fitting = rule
            break
    if missed:
        reasons.append(PassedOver("rule", "", (rules, *missed)))
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
