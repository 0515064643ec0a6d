"""What in the requests tells answers apart: ``{path.id: 99}`` leads to one, ``{query.page: 2}`` to another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from mock_server.named import NamedTuple

MAX_VALUES = 20
"""Of one ``one_of``."""
MAX_WHERES = 12
"""Of the places where requests differ, so many are tried in pairs."""
Features = Mapping[str, Any]


class Told(NamedTuple):
    """A rule: ``when`` as a fixture writes it; ``respond`` is named later."""

    group: int
    when: dict[str, Any]
    respond: str = ""


class Apart(NamedTuple):
    """The rules; which group answers what no rule fits (None = nothing is said); what could not be told apart.

    ``about`` is a group's rule in a few words for its name: ``{1: "page-2"}``; to the groups that are ``cut`` more
    requests lead than there are rules for.
    """

    rules: tuple[Told, ...]
    otherwise: int | None
    untold: tuple[int, ...]
    about: Mapping[int, str]
    cut: tuple[int, ...] = ()


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


def tell_apart(groups: Sequence[Sequence[Features]], statuses: Sequence[int], *, safe: bool) -> Apart:
    """``groups[i]`` are the requests that lead to answer ``i``, whose status is ``statuses[i]``; some may be empty.

    A safe operation (GET) gives back exactly what was asked for: its rules name all that a request said, so that
    under ``--proxy`` another request goes to the real API. Of others the usual answer needs no rule.
    """
    led = [index for index, group in enumerate(groups) if group]
    good = [index for index in led if statuses[index] < 300]
    usual = None if safe or not led else max(good or led, key=lambda index: len(groups[index]))
    rules: list[Told] = []
    untold: list[int] = []
    for index in led:
        if index == usual:
            continue
        others = [each for other in led if other != index for each in groups[other]]
        found = _exact(groups[index], others) if safe else _narrow(groups[index], others)
        if found is None:
            untold.append(index)
        else:
            rules += [Told(index, when) for when in found if when]
    if safe and led and not rules:
        usual = max(good or led, key=lambda index: len(groups[index]))
        untold = [index for index in untold if index != usual]
        # One answer whatever is asked: a word only where the lowest 2xx is not it.
        usual = usual if statuses[usual] >= 300 else None
    rules.sort(key=lambda rule: -len(rule.when))
    first = {rule.group: rule.when for rule in reversed(rules)}
    about = {index: _words(when) for index, when in first.items()}
    many = tuple(index for index in led if safe and len(groups[index]) > MAX_VALUES)
    return Apart(tuple(rules), usual, tuple(untold), about, many)


def _exact(group: Sequence[Features], others: Sequence[Features]) -> list[dict[str, Any]] | None:
    """Rules that name every value of the requests, and the absence of what only others have."""
    elsewhere = dict.fromkeys(where for each in others for where in each)
    if len(group) > 1:
        together = _together(group)
        if together is not None:
            group = [together]
    found: list[dict[str, Any]] = []
    for each in group[:MAX_VALUES]:
        when = dict(each)
        if not when or any(_fits(when, other) for other in others):
            when.update({where: {"present": False} for where in elsewhere if where not in when})
        if any(_fits(when, other) for other in others):
            return None
        found.append({where: _written(value) for where, value in when.items()})
    return found


def _together(group: Sequence[Features]) -> Features | None:
    """One rule for requests that differ in one place only: ``{"path.id": {"one_of": [7, 8]}}``."""
    if len({tuple(each) for each in group}) != 1 or len(group) > MAX_VALUES:
        return None
    differing = [where for where in group[0] if len({repr(each[where]) for each in group}) > 1]
    if len(differing) != 1:
        return None
    return {**group[0], differing[0]: {"one_of": [each[differing[0]] for each in group]}}


def _narrow(group: Sequence[Features], others: Sequence[Features]) -> list[dict[str, Any]] | None:
    """The fewest places that tell the group's requests from all others: one, or two together."""
    if not others:
        return []
    wheres = list(dict.fromkeys(where for each in (*group, *others) for where in each))
    for size in (1, 2):
        for chosen in combinations(wheres[:MAX_WHERES] if size > 1 else wheres, size):
            when = _common(group, chosen)
            if when is not None and not any(_fits(when, other) for other in others):
                return [{where: _written(value) for where, value in when.items()}]
    return None


def _common(group: Sequence[Features], wheres: Sequence[str]) -> dict[str, Any] | None:
    """What the whole group has at these places, as matchers."""
    when: dict[str, Any] = {}
    for where in wheres:
        values = list({repr(value): value for value in (each.get(where, ABSENT) for each in group)}.values())
        if ABSENT in values and len(values) > 1:
            return None
        if len(values) > MAX_VALUES:
            return None
        when[where] = {"present": False} if ABSENT in values else values[0] if len(values) == 1 else {"one_of": values}
    return when


def _fits(when: Mapping[str, Any], features: Features) -> bool:
    """Whether a request with these features would meet the rule."""
    for where, wanted in when.items():
        value = features.get(where, ABSENT)
        if isinstance(wanted, dict):
            fits = value is ABSENT if "present" in wanted else any(_same(value, each) for each in wanted["one_of"])
        else:
            fits = _same(value, wanted)
        if not fits:
            return False
    return True


def _same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)


def _written(value: Any) -> Any:
    return {"equals": None} if value is None else value


def _words(when: Mapping[str, Any]) -> str:
    """``{"query.page": 2}`` as ``page-2``."""
    parts = list(_parts(when))
    return "-".join(re.sub("[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts if part)[:40]


def _parts(when: Mapping[str, Any]) -> Iterator[str]:
    for where, wanted in list(when.items())[:2]:
        name = where.rpartition(".")[2]
        if not isinstance(wanted, dict):
            yield f"{name}-{wanted}"
        elif "one_of" in wanted:
            yield f"{name}-{wanted['one_of'][0]}"
