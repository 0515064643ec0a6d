"""Why an answer came: the ladder with the step that won, what was wrong, where the body stands, how to change it."""

from __future__ import annotations

from typing import Any

from mock_server.core.plan import Plan
from mock_server.errors import Place
from mock_server.journal.entry import Told, line_of
from mock_server.named import NamedTuple
from mock_server.source import Pointer, pointer_text
from mock_server.spec.drawn import Drawn

MAX_NAMED = 20
"""Answers that are named as what else there is."""


class Rung(NamedTuple):
    """A step of the ladder: the steps of the reasons that speak of it, and what it says when none does."""

    name: str
    title: str
    steps: tuple[str, ...]
    silent: str


LADDER = (
    Rung("client", "what the client asks for", ("client",), "it asked for no answer by name"),
    Rung("limit", "the rate limit", ("limit",), "none, or there is room left"),
    Rung("queue", "the queued answers", ("queue",), "no answer queued"),
    Rung("scenario", "the scenario", ("scenario",), "none active"),
    Rung("violations", "what breaks the document", ("document",), "the request keeps the document"),
    Rung("rules", "the fixture's rules", ("rule", "otherwise"), "no rule fits"),
    Rung("stateful", "what is remembered", ("state",), "nothing is remembered here"),
    Rung("document", "the document's own answer", (), "the fixture has an answer"),
)
"""As ``core/choose.py`` climbs it; the first that hits wins, and what is remembered fills the usual answer."""

_UPSTREAM = Rung("upstream", "the real API", ("upstream",), "")
"""Under ``serve --proxy``: what comes when nobody spoke."""


def _rungs(entry: Told) -> tuple[Rung, ...]:
    return (*LADDER[:-1], _UPSTREAM) if entry["source"] == "proxied" else LADDER


_HIT, _MISSED, _NOT_REACHED = "hit", "missed", "not reached"


def explain(entry: Told, plan: Plan | None = None) -> dict[str, Any]:
    """The answer to "why this?": the shape of ``GET /__mock/explain/{entry}``.

    ``plan`` is that of the entry's operation as it is now: it knows where answers and rules stand. Without one the
    places are null.
    """
    won = _won(entry, plan)
    steps, after = _ladder(entry, won)
    provenance = _provenance(entry, plan, won)
    return {
        "entry": entry["id"],
        "request": line_of(entry),
        "operation": entry["operation"],
        "status": entry["status"],
        "response": entry["response"],
        "why": _why(steps, after, entry),
        "won": won,
        "ladder": steps,
        "after": after,
        "violations": entry.get("violations") or [],
        "handshake": entry["handshake"],
        "fault": entry.get("fault"),
        "provenance": provenance,
        "change": list(_changes(entry, plan, won, provenance)),
        "answer": entry["answer"],
    }


def _won(entry: Told, plan: Plan | None) -> str | None:
    """The name of the rung that answered; None when no operation did, or the request could not be read."""
    step = entry.get("won")
    if step == "otherwise" and plan is not None and _own_place(entry, plan) is None:
        return "document"
    return next((rung.name for rung in _rungs(entry) if step in rung.steps), None)


def _ladder(entry: Told, won: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Every rung with what it said; and what was said after the answer was chosen."""
    lines = [line.partition(": ")[::2] for line in entry["reasons"]]
    step = entry.get("won")
    chosen_at = max((at for at, (each, _) in enumerate(lines) if each == step), default=-1)
    said: dict[str, list[str]] = {}
    after: list[str] = []
    for at, (step, text) in enumerate(lines):
        rung = next((each for each in _rungs(entry) if step in each.steps), None)
        if rung is None or (at > chosen_at and step != "limit"):
            after.append(f"{step}: {text}")
        else:
            said.setdefault(rung.name, []).append(f"otherwise {text} answers" if step == "otherwise" else text)
    steps = []
    passed = won is not None
    for rung in _rungs(entry):
        outcome = _HIT if rung.name == won else _MISSED if passed else _NOT_REACHED
        passed = passed and rung.name != won
        says = said.pop(rung.name, None) or ([] if outcome == _NOT_REACHED else [_silent(rung, outcome)])
        if rung.name == "rules" and outcome == _MISSED:
            says = [each for each in says if not each.startswith("otherwise ")] or [rung.silent]
        steps.append({"step": rung.name, "title": rung.title, "outcome": outcome, "says": says})
    return steps, after


def _silent(rung: Rung, outcome: str) -> str:
    return "no fixture says otherwise" if rung.name == "document" and outcome == _HIT else rung.silent


def _why(steps: list[dict[str, Any]], after: list[str], entry: Told) -> str:
    """One sentence: the last thing that the winning step said."""
    for each in steps:
        if each["outcome"] == _HIT:
            return f"{each['title']}: {each['says'][-1]}"
    return after[-1] if after else str(next(iter(entry["reasons"]), "nothing is known"))


def _own_place(entry: Told, plan: Plan) -> Place | None:
    """Where the fixture has the answer."""
    own = plan.responses.own.get(entry["response"])
    return own.place if own else None


def _provenance(entry: Told, plan: Plan | None, won: str | None) -> dict[str, Any]:
    """``{"source": "assumed", "status_source": "documented", "from": "fixture", "place": "a.yaml:22:3",
    "pointer": null, "rule": {"name": "…", "place": "a.yaml:60:5"}}``."""
    found: dict[str, Any] = {
        "source": entry["source"] or None, "status_source": None, "from": "mock", "place": None, "pointer": None,
        "rule": None,
    }  # fmt: skip
    if entry["kind"] != "request":
        return {**found, "from": "outside"}
    if entry["source"] == "proxied":
        return {**found, "from": "upstream"}
    if plan is None or not entry["response"]:
        return found
    name = entry["response"]
    own, drawn = plan.responses.own.get(name), plan.responses.drawn.get(name)
    if own is not None:
        source = own.status_source or own.source
        found |= {"from": "fixture", "status_source": source, "place": str(own.place) if own.place else None}
    elif drawn is not None:
        pointer = _pointer(drawn)
        made = not drawn.offers or drawn.offers[0].example is None
        place = str(plan.operation.document.loaded.place(pointer, at="key"))
        origin = "generated" if made and drawn.offers else "document"
        found |= {"from": origin, "status_source": "documented", "place": place, "pointer": pointer_text(pointer)}
    elif name == "generated":
        found |= {"from": "generated"}
    if won == "stateful":
        found["from"] = "resource"
    if won == "rules" and entry.get("won") == "rule":
        found["rule"] = _rule(entry, plan)
    return found


def _pointer(drawn: Drawn) -> Pointer:
    """What the usual body is made from: its example, its schema, or the response itself."""
    if not drawn.offers:
        return drawn.entry.pointer
    offer = drawn.offers[0]
    if offer.example is not None:
        return offer.example.pointer
    return offer.media.schema.pointer if offer.media.schema else drawn.entry.pointer


def _rule(entry: Told, plan: Plan) -> dict[str, Any] | None:
    """The rule that the last reason of that step names, by its name or number."""
    says = [line.partition(": ")[2] for line in entry["reasons"] if line.startswith("rule: ")]
    label = says[-1].rpartition(" answers ")[0] if says else ""
    for number, rule in enumerate(plan.fixture.rules, 1):
        if label == (rule.name or str(number)):
            return {"name": label, "place": str(rule.place) if rule.place else None}
    return None


def _changes(entry: Told, plan: Plan | None, won: str | None, provenance: dict[str, Any]) -> Any:
    """What to do for another answer, the nearest way first."""
    match won:
        case "client":
            yield "leave the preference out (`Prefer`, or `?__code=`) for the answer that the request earns"
        case "limit":
            yield "wait as long as `Retry-After` says, move the clock by `POST /__mock/clock`, or change the limit"
        case "queue":
            yield "it was queued by `POST /__mock/next`; `GET /__mock/next` shows what is left"
        case "scenario":
            yield 'switch the scenario off: `PUT /__mock/scenario` with `{"scenario": null}`'
        case "upstream":
            yield "write a rule or `otherwise:` into the operation's fixture, and the mock answers in its place"
    for each in (entry.get("violations") or [])[:1]:
        wanted = "" if each["wanted"] is None else f" (wanted: {str(each['wanted'])[:200]})"
        yield f"send another {each['where']}: {each['message']}{wanted}"
    if provenance["rule"] and provenance["rule"]["place"]:
        yield f"the rule stands at {provenance['rule']['place']}"
    if provenance["from"] == "fixture" and provenance["place"]:
        yield f"status and body of `{entry['response']}` stand at {provenance['place']}"
    elif provenance["place"]:
        yield f"the document has it at {provenance['place']}; a fixture for {entry['operation']} overrides it"
    if plan is not None and entry["kind"] == "request":
        others = [name for name in plan.responses if name != entry["response"]]
        if entry["response"] in plan.responses:
            yield f"to get this answer whatever is sent: `Prefer: response={entry['response']}`"
        if others:
            more = f" and {len(others) - MAX_NAMED} more" if len(others) > MAX_NAMED else ""
            yield f"to get another: `Prefer: response=` one of {', '.join(others[:MAX_NAMED])}{more}"
    elif entry["operation"] is None and entry["kind"] == "request":
        yield "no operation answered; `mock-server check` and `GET /` list the operations that there are"
