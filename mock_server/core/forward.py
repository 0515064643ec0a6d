"""Who answers under ``--proxy``: the mock where it was asked to or a fixture speaks of the request; else upstream."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mock_server.core.answer import Reading, limit_of, look_at_handshake, violations_of
from mock_server.core.choose import Choice, choose
from mock_server.core.fault import Befallen, befall, may_fail
from mock_server.core.memory import recall
from mock_server.core.snapshot import Snapshot
from mock_server.fixture.fault import is_kind
from mock_server.fixture.model import OperationFixture, Scenario
from mock_server.model import Answer, Chance, Reason
from mock_server.named import NamedTuple

Breaks = Callable[[Snapshot, Answer, list[Reason]], Befallen]


class Verdict(NamedTuple):
    """``is_ours`` = the mock answers.

    ``breaks`` is what faults make of the upstream's answer, None = nobody spoke of faults.
    """

    is_ours: bool
    reasons: tuple[Reason, ...] = ()
    """What the ladder said, none of which gave the answer."""
    breaks: Breaks | None = None
    wait_s: float = 0.0


def judge(reading: Reading, snapshot: Snapshot, chance: Chance, fixture: OperationFixture | None) -> Verdict:
    """Walk the ladder without doing anything. ``fixture`` is the operation's own file. Raises ``Unmet``."""
    plan, preference = reading.plan, reading.head.preference
    violations = violations_of(reading, snapshot.now)
    look_at_handshake(reading, snapshot)
    if plan.memory:
        recall(plan.memory, reading.facts, snapshot, chance)
    limited = limit_of(reading, snapshot, violations)
    if limited is not None and limited.respond:
        return Verdict(True)
    if preference is not None and preference.fault is not None and not is_kind(preference.fault):
        return Verdict(True)  # which refuses it
    judged = [] if plan.house.no_errors else violations
    choice = choose(plan, preference, snapshot, judged, reading.facts)
    if _speaks(choice, fixture):
        return Verdict(True)
    breaks = partial(_break, reading, choice.scenario) if may_fail(plan, preference, snapshot) else None
    said = tuple(each._replace(hit=False) for each in choice.reasons if each.step != "otherwise")
    return Verdict(False, said, breaks, choice.wait_s)


def _break(
    reading: Reading, scenario: Scenario | None, snapshot: Snapshot, given: Answer, reasons: list[Reason]
) -> Befallen:
    return befall(reading.plan, reading.head.preference, snapshot, scenario, given, reasons)


def _speaks(choice: Choice, fixture: OperationFixture | None) -> bool:
    """Whether it is more than what the mock makes up because nobody said anything."""
    if choice.forced or choice.rule is not None:
        return True
    if choice.violations:
        return choice.response is not None and not choice.by_document
    if fixture is None:
        return False
    return fixture.otherwise is not None or bool(fixture.responses and not fixture.rules)
