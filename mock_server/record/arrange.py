"""What was seen of one operation as named responses, and what in a request leads to which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mock_server.named import NamedTuple
from mock_server.phrase import phrase
from mock_server.record.answer import Answer, passing_fields
from mock_server.record.rules import MAX_VALUES, Told, tell_apart
from mock_server.record.taken import Taken
from mock_server.spec.operations import Operation

MAX_RESPONSES = 40
"""Of one operation; more are no fixtures any more but a data base."""
MAX_NAME = 48
_NAMES: Mapping[int, str] = {200: "ok", 204: "no-content", 422: "invalid", 500: "server-error"}
_ASSIGNED = re.compile(r"(?i)(?:.*[_-])?(?:id|uuid|guid|url|uri|href|self|key|etag|number)\Z|.*I[dD]\Z")
"""Fields whose values a server gives out, other ones every time."""
SAFE = ("GET", "HEAD")


class Seen(NamedTuple):
    """An exchange, and its answer as a fixture has it."""

    taken: Taken
    answer: Answer


class Named(NamedTuple):
    """A response; ``of`` are the exchanges that had it."""

    name: str
    answer: Answer
    of: tuple[Seen, ...]


class Arranged(NamedTuple):
    """What the fixture of an operation says; ``notes`` is what it cannot say."""

    operation: Operation
    responses: tuple[Named, ...]
    unauthorized: Mapping[str, str]
    invalid: Mapping[str, str]
    rules: tuple[Told, ...]
    otherwise: str | None
    notes: tuple[str, ...]


def arrange(operation: Operation, seen: Sequence[Seen]) -> Arranged:
    """One response for each answer that is really another one, in the order of their first coming."""
    notes: dict[str, None] = {}
    safe = operation.method in SAFE
    groups = _groups(seen, safe)
    if len(groups) > MAX_RESPONSES:
        notes[f"{len(groups)} different answers, of which the first {MAX_RESPONSES} are written"] = None
        groups = groups[:MAX_RESPONSES]
    winners = _winners(groups)
    rules, otherwise, named = _ruled(operation, groups, winners, safe, notes)
    return Arranged(
        operation,
        named,
        _words(named, winners, notes, authorization=True),
        _words(named, winners, notes, authorization=False),
        rules,
        otherwise,
        tuple(notes),
    )


Group = list[Seen]


def _groups(seen: Sequence[Seen], safe: bool) -> list[Group]:
    passing = passing_fields(each.answer for each in seen if each.answer.status >= 400)
    groups: dict[object, Group] = {}
    for each in seen:
        groups.setdefault(_gist(each, safe, passing), []).append(each)
    return sorted(groups.values(), key=lambda group: group[0].answer.status)


def _gist(seen: Seen, safe: bool, passing: frozenset[str]) -> object:
    """The same for answers that are one to a client."""
    answer = seen.answer
    if seen.taken.violations and answer.status >= 400:
        return answer.status, "a violation"  # the message names the field, so it says nothing about the rule
    if answer.status >= 400:
        return answer.gist(passing)
    if safe:
        return repr(answer)
    return answer._replace(body=_unassigned(answer.body), headers=()).gist()


def _unassigned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "…" if _ASSIGNED.match(key) else _unassigned(item) for key, item in value.items()}
    return [_unassigned(item) for item in value] if isinstance(value, list) else value


def _winners(groups: list[Group]) -> dict[object, int]:
    """Which group a request leads to: of several answers to the same one a success, and then the last.

    Polling ends with what was waited for, and what was deleted is not there any more.
    """
    best: dict[object, tuple[bool, float, int]] = {}
    for index, group in enumerate(groups):
        for seen in group:
            key = _request_key(seen)
            rank = (seen.answer.status < 300, seen.taken.at, index)
            if key not in best or rank >= best[key]:
                best[key] = rank
    return {key: index for key, (_, _, index) in best.items()}


def _request_key(seen: Seen) -> object:
    taken = seen.taken
    first = taken.violations[0] if taken.violations else None
    return first and (first.where, first.rule), tuple((where, repr(value)) for where, value in taken.features.items())


def _ruled(
    operation: Operation, groups: list[Group], winners: dict[object, int], safe: bool, notes: dict[str, None]
) -> tuple[tuple[Told, ...], str | None, tuple[Named, ...]]:
    """Rules for the requests that keep the document, and the names that say what they are about."""
    leads: list[list[Mapping[str, Any]]] = [
        _distinct(
            seen.taken.features for seen in group if not seen.taken.violations and winners[_request_key(seen)] == index
        )
        for index, group in enumerate(groups)
    ]
    told = tell_apart(leads, [group[0].answer.status for group in groups], safe=safe)
    names = _names(operation, groups, told.about)
    named = tuple(Named(name, group[0].answer, tuple(group)) for name, group in zip(names, groups, strict=True))
    for index in told.untold:
        notes[f"nothing in the requests tells {names[index]} from other answers: ask for it by its name"] = None
    for index in told.cut:
        notes[f"{names[index]} came for more than {MAX_VALUES} different requests; rules lead from the first"] = None
    rules = tuple(rule._replace(respond=names[rule.group]) for rule in told.rules)
    return rules, None if told.otherwise is None else names[told.otherwise], named


def _distinct(features: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({repr(sorted(each.items(), key=str)): each for each in features}.values())


def _names(operation: Operation, groups: list[Group], about: Mapping[int, str]) -> list[str]:
    """``ok``, ``ok-page-2``, ``not-found-id-99``; with a number when that is taken."""
    taken: set[str] = set()
    names = []
    several = [group[0].answer.status for group in groups]
    for index, group in enumerate(groups):
        status = group[0].answer.status
        plain = _status_name(operation, status)
        first = plain not in taken
        detail = about.get(index, "") if several.count(status) > 1 else ""
        wanted = plain if first and not detail else f"{plain}-{detail}".strip("-")[:MAX_NAME].rstrip("-")
        name = next(each for n in range(1, 1000) if (each := wanted if n == 1 else f"{wanted}-{n}") not in taken)
        taken.add(name)
        names.append(name)
    return names


def _status_name(operation: Operation, status: int) -> str:
    if status == 204 and operation.method == "DELETE":
        return "deleted"
    if status in _NAMES:
        return _NAMES[status]
    name = phrase(status)
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") if name else f"status-{status}"


def _words(
    named: tuple[Named, ...], winners: dict[object, int], notes: dict[str, None], *, authorization: bool
) -> dict[str, str]:
    """``{"required": "invalid", "maximum": "invalid"}``: the rule of the first violation to the response."""
    found: dict[str, str] = {}
    for index, response in enumerate(named):
        for seen in response.of:
            taken = seen.taken
            if not taken.violations or taken.is_unauthorized is not authorization:
                continue
            first = taken.violations[0]
            if seen.answer.status < 400:
                notes[f"answers {seen.answer.status} although {first.where} breaks the document ({first.rule}); "
                      f"`overlook: [{first.where}]` would accept it"] = None  # fmt: skip
            elif winners[_request_key(seen)] == index and found.setdefault(first.rule, response.name) != response.name:
                notes[f"{first.where} ({first.rule}) led to {response.name}, another one to {found[first.rule]}"] = None
    return found
