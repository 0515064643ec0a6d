"""Which answer a client names in ``Prefer``: by ``response=``, ``example=`` and ``code=``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.core.finish import with_status
from mock_server.core.plan import Plan
from mock_server.core.prefer import Preference
from mock_server.fixture.model import Response
from mock_server.later import regex
from mock_server.named import NamedTuple

_CODE = regex(r"[2-5][0-9][0-9]\Z")
_SEED = regex(r"[0-9]{1,9}\Z")
SEEDS = 1_000_000_000
_SEED_STEP = 100_003
"""How far the sequences of two neighbouring ``--seed`` stand apart: no session asks so often."""


class Unmet(Exception):
    """A preference that cannot be met, and what there is instead."""

    def __init__(self, preference: str, available: Mapping[str, Sequence[str]]) -> None:
        self.preference = preference
        self.available = available
        super().__init__(f"the preference {preference} cannot be met")


class Wanted(NamedTuple):
    """The answer, what was asked for it in words, and whether its body was named too (not only its status)."""

    response: Response
    words: str
    body_named: bool


def wanted(plan: Plan, preference: Preference) -> Wanted | None:
    """The answer that the client names, or None. Raises ``Unmet``.

    Of several words ``response`` wins; ``code=404, example=x`` is the example x of 404.
    """
    name, example, code = preference.response, preference.example, preference.code
    if name is not None:
        if name not in plan.responses:
            raise Unmet(f"response={name}", available(plan))
        return Wanted(plan.responses[name], f"response={name}", True)
    if example is None and code is None:
        return None
    words = ", ".join(f"{word}={text}" for word, text in (("code", code), ("example", example)) if text is not None)
    names = _of_code(plan, code, _of_example(plan, example)) if code is not None else _of_example(plan, example)
    if not names:
        raise Unmet(words, available(plan))
    response = plan.responses[_likeliest(plan, names)]
    return Wanted(with_status(response, int(code)) if code else response, words, example is not None)


def _of_example(plan: Plan, example: str | None) -> list[str]:
    """The answers that have an example of this name, or the name itself; all of them when none is asked for."""
    answers = plan.responses
    if example is None or example in answers.own:
        return list(answers) if example is None else [example]
    found = [name for name, drawn in answers.drawn.items() if drawn.example == example]
    return found or ([example] if example in answers else [])


def _of_code(plan: Plan, code: str, names: list[str]) -> list[str]:
    """Those of ``names`` that are documented for the status: by its number, else its range, else ``default``."""
    if not _CODE.match(code):
        return []
    answers = plan.responses
    ranks: dict[int, list[str]] = {}
    for name in names:
        drawn = answers.drawn.get(name)
        if drawn is None:
            if str(answers.own[name].status) == code:
                ranks.setdefault(0, []).append(name)
        elif drawn.fits(code):
            rank = ("DEFAULT", f"{code[0]}XX", code).index(drawn.entry.status.upper())
            ranks.setdefault(2 - rank, []).append(name)
    return ranks[min(ranks)] if ranks else []


def _likeliest(plan: Plan, names: list[str]) -> str:
    """The operation's usual answer when it is among them, else a fixture's own, else the lowest 2xx, else the first."""
    if plan.fixture.otherwise in names:
        return plan.fixture.otherwise or ""
    statuses = plan.responses.statuses()
    return min(names, key=lambda name: (name not in plan.responses.own, statuses[name] // 100 != 2))


def available(plan: Plan) -> dict[str, list[str]]:
    """What can be asked for, for the refusal of what cannot."""
    answers = plan.responses
    codes = {str(each.status) for each in answers.own.values()}
    codes |= {drawn.entry.status for drawn in answers.drawn.values()}
    examples = dict.fromkeys(drawn.example for drawn in answers.drawn.values() if drawn.example)
    return {
        "code": sorted(codes),
        "response": list(answers),
        "example": list(dict.fromkeys((*answers.own, *examples))),
        "scenario": list(plan.house.scenarios),
    }


def body_seed(plan: Plan, preference: Preference | None, turn: int, *, body_named: bool) -> int | None:
    """The seed of a body to be made for this request alone; None = the answer as it stands. Raises ``Unmet``.

    ``seed=`` fixes the body. Without it ``turn``, which counts the session's requests, makes each
    body another one, and the same sequence again after a reset.
    """
    dynamic = seed = None
    if preference is not None:
        dynamic, seed = preference.dynamic, preference.seed
        if dynamic is not None and dynamic.lower() not in ("true", "false"):
            raise Unmet(f"dynamic={dynamic}", {"dynamic": ["true", "false"]})
        if seed is not None and not _SEED.match(seed):
            raise Unmet(f"seed={seed}", {"seed": [f"0 to {SEEDS - 1}"]})
    if dynamic is not None:
        made = dynamic.lower() == "true"
    else:
        made = (seed is not None or plan.house.dynamic) and not body_named
    if not made:
        return None
    return int(seed) if seed is not None else (plan.house.seed * _SEED_STEP + turn) % SEEDS
