"""Who answers under ``--proxy``: the mock where it was asked to or a fixture speaks of the request; else upstream."""

from __future__ import annotations

from typing import NamedTuple

from mock_server.core.answer import Reading, limit_of, look_at_handshake, violations_of
from mock_server.core.choose import Choice, choose
from mock_server.core.memory import recall
from mock_server.core.snapshot import Snapshot
from mock_server.fixture.model import OperationFixture
from mock_server.model import Chance, Reason, Violation


class Verdict(NamedTuple):
    """``is_ours`` = the mock answers. The reasons say which steps were asked."""

    is_ours: bool
    reasons: tuple[Reason, ...]
    violations: tuple[Violation, ...]


def judge(reading: Reading, snapshot: Snapshot, chance: Chance, fixture: OperationFixture | None) -> Verdict:
    """Walk the ladder without doing anything. ``fixture`` is the operation's own file. Raises ``Unmet``."""
    plan = reading.plan
    violations = violations_of(reading, snapshot.now)
    look_at_handshake(reading, snapshot)
    if plan.memory:
        recall(plan.memory, reading.facts, snapshot, chance)
    limited = limit_of(reading, snapshot, violations)
    if limited is not None and limited.respond:
        return Verdict(True, (), tuple(violations))
    judged = [] if plan.house.no_errors else violations
    choice = choose(plan, reading.head.preference, snapshot, judged, reading.facts)
    return Verdict(_speaks(choice, fixture), tuple(choice.reasons), tuple(violations))


def _speaks(choice: Choice, fixture: OperationFixture | None) -> bool:
    """Whether it is more than what the mock makes up because nobody said anything."""
    if choice.forced or choice.rule is not None:
        return True
    if choice.violations:
        return choice.response is not None and not choice.by_document
    if fixture is None:
        return False
    return fixture.otherwise is not None or bool(fixture.responses and not fixture.rules)
