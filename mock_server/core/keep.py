"""What an answer changes of what the session remembers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mock_server.core.answers import body_schema, judged
from mock_server.core.choose import Choice
from mock_server.core.finish import with_status
from mock_server.core.memory import Memory, key_text, shelf_of
from mock_server.core.plan import Plan
from mock_server.core.problem import PROBLEM_JSON, problem
from mock_server.core.resource import Done, Refused, location, perform
from mock_server.core.shelf import ShelfChange, change, measured
from mock_server.core.snapshot import Snapshot
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Remember, Response
from mock_server.fixture.template import Template
from mock_server.model import MISSING, Chance, Reason
from mock_server.spec.resources import Role

_NO_WHERES: frozenset[tuple[str, ...]] = frozenset()
CREATED = 201
MAX_VALUES = 1_000_000


def keep(
    plan: Plan, facts: Facts, snapshot: Snapshot, choice: Choice, base: str, chance: Chance
) -> tuple[ShelfChange, ...]:
    """Let a recognised resource answer in the place of the usual answer; do what the response says."""
    memory = plan.memory
    assert memory is not None
    if memory.role and choice.usual and choice.response and not any(map(_is_dynamic, choice.applied)):
        return _resource(plan, memory.role, facts, snapshot, choice, base, chance)
    response = choice.response
    if response is None or not (response.remember or response.forget):
        return ()
    return _remembered(memory, response, facts, snapshot, choice)


def _is_dynamic(preference: str) -> bool:
    """Whether the client asked for a body that is made up."""
    return preference == "dynamic=true"


def _remembered(
    memory: Memory, response: Response, facts: Facts, snapshot: Snapshot, choice: Choice
) -> tuple[ShelfChange, ...]:
    """``remember:`` and ``forget:`` in this order; one change a shelf."""
    asked = _Lenient(facts)
    shelves = {name: shelf_of(snapshot, name) for name in memory.shelves}
    counted = {each.shelf for each in memory.recall if each.next == "number"}
    put: dict[str, dict[str, Any]] = {}
    drop: dict[str, set[str]] = {}
    for each in response.remember:
        key = key_text(each.key.fill(asked))
        if key is None:
            choice.reasons.append(Reason("state", "nothing is remembered as {}: it has no key", (each.shelf,)))
            continue
        value = _value(each, response, asked)
        if measured(value, MAX_VALUES) is None:
            choice.reasons.append(Reason("state", "{} is too large or too deep to be remembered", (each.shelf,)))
            continue
        put.setdefault(each.shelf, {})[key] = value
        choice.reasons.append(Reason("state", "{} is remembered under {}", (each.shelf, key)))
    for gone in response.forget:
        known = {*shelves[gone.shelf].items, *put.get(gone.shelf, {})}
        key = key_text(gone.key.fill(asked)) if gone.key else None
        keys = ({key} if key else set()) if gone.key else known
        drop.setdefault(gone.shelf, set()).update(keys & known)
        for name in keys & known:
            put.get(gone.shelf, {}).pop(name, None)
        choice.reasons.append(Reason("state", "{} of {} forgotten", (len(keys & known), gone.shelf)))
    return tuple(
        change(
            shelves[name],
            put.get(name, {}),
            sorted(drop.get(name, ())),
            shelves[name].made + (name in counted and name in put),
        )
        for name in dict.fromkeys((*put, *drop))
        if put.get(name) or drop.get(name)
    )


def _value(each: Remember, response: Response, asked: _Lenient) -> Any:
    template = each.value or response.body
    return template.fill(asked) if template else None


def _resource(
    plan: Plan, role: Role, facts: Facts, snapshot: Snapshot, choice: Choice, base: str, chance: Chance
) -> tuple[ShelfChange, ...]:
    shelf = shelf_of(snapshot, role.shelf(facts.roots["path"]))
    done = perform(role, facts, shelf, snapshot.now, chance)
    if isinstance(done, Refused):
        choice.reasons.append(Reason("state", "{}", (done.detail,), hit=True))
        choice.response = _refusal(plan, done)
        return ()
    path = shelf.name + ("" if done.made is None else "/" + done.made)
    choice.reasons.append(Reason("state", done.told, (path,), hit=True))
    choice.response = _response(plan, role, done, choice.response, base, shelf.name)
    return (done.change,) if done.change else ()


def _response(
    plan: Plan, role: Role, done: Done, usual: Response | None, base: str, collection: str
) -> Response | None:
    """The document's own answer with the resource in it; of what is new with its ``Location`` (RFC 9110 §10.2.2)."""
    if usual is None:
        return None
    if role.deed == "replace" and done.made is not None:
        name = next((name for name, status in plan.responses.statuses().items() if status == CREATED), None)
        usual = plan.responses[name] if name else usual
    if done.value is not None and usual.status not in (204, 205):
        usual = replace(usual, source="assumed", body=Template(done.value, _NO_WHERES), encoded=None, invalid=None)
        usual = judged(usual, body_schema(plan.operation, usual))
    if done.made is not None and usual.status == CREATED:
        where = location(base + collection, role.resource.trailing, done.made)
        others = tuple(each for each in usual.headers if each[0] != "location")
        usual = replace(usual, headers=(*others, ("location", Template(where, _NO_WHERES))))
    return usual


def _refusal(plan: Plan, refused: Refused) -> Response:
    """The document's answer for the first status that has one, by its number or by ``4XX`` or ``default``.

    Where it has none: our problem+json.
    """
    answers = plan.responses
    names = dict(answers.by_status())
    exact = [status for status in refused.statuses if str(status) in plan.operation.responses and status in names]
    if exact:
        return answers[names[exact[0]][0]]
    for status in refused.statuses:
        for name, drawn in answers.drawn.items():
            if drawn.status >= 400 and drawn.fits(str(status)):  # a `default` beside no 2xx is the good answer
                return with_status(answers[name], status)
    made = problem(refused.code, refused.statuses[0], refused.detail)
    return Response("problem", refused.statuses[0], "assumed", None, PROBLEM_JSON.decode(), encoded=made.body)


class _Lenient:
    """Facts in which a value that is not there is null."""

    __slots__ = ("facts",)

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def get(self, where: tuple[str, ...]) -> Any:
        value = self.facts.get(where)
        return None if value is MISSING else value
