"""Which words of the fixtures change for what was observed: one response, or one more and a rule that leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from mock_server.contract.learn.answer import answer_of
from mock_server.contract.observe import Observation
from mock_server.contract.profile import Cell
from mock_server.contract.run import Run
from mock_server.fixture.model import OperationFixture
from mock_server.named import NamedTuple
from mock_server.record.answer import Answer, Unlearnable, passing_fields
from mock_server.spec.operations import Operation

Slot = tuple[str, str, int | None, str]
"""Group, rule of the violation, index of the fixture's rule, state of the handshake: what tells reasons apart."""


PLAIN = ("reasons.", "collecting.")
"""Checks whose reasons say best what a response is for; of two that saw the same, theirs is told."""


class Respond(NamedTuple):
    """A response of the fixture is to be so. ``like`` "" = it is there, else the new one begins as a copy of that."""

    name: str
    answer: Answer
    reason: str
    like: str = ""


class Lead(NamedTuple):
    """A reason is to lead to another response: a row of ``invalid:``, or a rule before the one that answered."""

    group: Literal["unauthorized", "invalid", "rules", "otherwise"]
    violated: str
    rule: int | None
    states: tuple[str, ...]
    respond: str
    reason: str


class Decided(NamedTuple):
    """What one operation's fixture file is to become; ``kept`` says what was not learnt, and why."""

    operation: str
    respond: tuple[Respond, ...]
    lead: tuple[Lead, ...]
    kept: tuple[str, ...]


class _Told(NamedTuple):
    cell: Cell
    answer: Answer
    reason: str


def decide(run: Run, operation: Operation, fixture: OperationFixture, seen: Sequence[Observation]) -> Decided:
    """From everything that was observed of an operation. Only what is ``assumed`` is ever changed."""
    kept: dict[str, None] = {}
    answers: list[Answer] = []
    by_response: dict[str, dict[Slot, _Told]] = {}
    for each in sorted(seen, key=lambda each: not each.check.startswith(PLAIN)):
        cell = each.wanted.cell
        if cell is None and not each.kept and each.wanted.status and each.wanted.promise.level == "assumed":
            kept[f"{each.reason}: {each.exchange.seen.status}, which no word of the fixtures says of this alone"] = None
        old = fixture.responses.get(cell.response) if cell else None
        if cell is None or old is None or old.source != "assumed":
            continue
        got = each.exchange.seen.status
        if got != old.status and each.wanted.promise.level != "assumed":
            kept[f"{each.reason}: {got} instead of the documented {old.status}"] = None
            continue
        try:
            told = _Told(cell, answer_of(run, operation, each, old), each.reason)
        except Unlearnable as error:
            kept[f"{each.reason}: {error}"] = None
            continue
        answers.append(told.answer)
        slots = by_response.setdefault(cell.response, {})
        before = slots.setdefault(_slot(cell), told)
        if before.answer.status != told.answer.status:
            what = f"{before.answer.status} and {told.answer.status}"
            kept[f"{told.reason}: {what} for what is one reason to the fixtures"] = None
    respond: list[Respond] = []
    lead: list[Lead] = []
    passing = passing_fields(answers)
    for name, slots in by_response.items():
        names = {*fixture.responses, *(each.name for each in respond)}
        _of_response(name, slots, names, passing, respond, lead, kept)
    return Decided(operation.key, tuple(respond), tuple(lead), tuple(kept))


def _slot(cell: Cell) -> Slot:
    return cell.group, cell.violated, cell.rule, cell.state


def _of_response(
    name: str,
    slots: Mapping[Slot, _Told],
    names: set[str],
    passing: frozenset[str],
    respond: list[Respond],
    lead: list[Lead],
    kept: dict[str, None],
) -> None:
    """The answer that most reasons gave stays with the name; each other one gets a name of its own."""
    parts: dict[tuple[object, ...], list[_Told]] = {}
    for told in slots.values():
        # The message about an invalid field names the field, so it says nothing about the rule.
        gist = (told.answer.status,) if told.cell.group == "invalid" else told.answer.gist(passing)
        parts.setdefault(gist, []).append(told)
    first, *others = sorted(parts.values(), key=len, reverse=True)
    respond.append(Respond(name, first[0].answer, first[0].reason))
    stay = {_slot(told.cell)[:3] for told in first}
    for part in others:
        able = [told for told in part if told.cell.state or (told.cell.violated and _slot(told.cell)[:3] not in stay)]
        for told in part:
            if told not in able:
                kept[f"{told.reason}: {told.answer.status}, but no rule tells it from: {first[0].reason}"] = None
        if not able:
            continue
        new = _name(name, able, names)
        names.add(new)
        respond.append(Respond(new, able[0].answer, able[0].reason, like=name))
        lead += _leads(able, new)


def _name(name: str, part: Sequence[_Told], names: set[str]) -> str:
    """``pending-denied``; with a number when that is taken."""
    words = part[0].cell.state or part[0].cell.violated
    wanted = f"{name}-{re.sub('[^a-z0-9]+', '-', words.lower()).strip('-')}"
    return next(
        each for number in range(1, 1000) if (each := wanted if number == 1 else f"{wanted}-{number}") not in names
    )


def _leads(part: Sequence[_Told], respond: str) -> Iterator[Lead]:
    """States that one rule answered are one new rule."""
    by_rule: dict[tuple[str, int | None], list[_Told]] = {}
    for told in part:
        if told.cell.state:
            by_rule.setdefault((told.cell.group, told.cell.rule), []).append(told)
        else:
            yield Lead(told.cell.group, told.cell.violated, None, (), respond, told.reason)
    for together in by_rule.values():
        cell = together[0].cell
        yield Lead(
            cell.group, "", cell.rule, tuple(told.cell.state for told in together), respond, together[0].reason
        )  # fmt: skip
