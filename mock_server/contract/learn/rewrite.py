"""A fixture file with what was decided: its comments are kept where the text allows it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from mock_server.contract.learn.decide import Decided, Lead, Respond
from mock_server.named import NamedTuple
from mock_server.record.answer import Answer
from mock_server.record.lines import Unchangeable, parsed, with_item, with_value, without
from mock_server.source.emit import emit

CHANGED_WORDS = ("status", "source", "media_type", "headers", "body", "body_file", "description")
JSON = "application/json"


class Rewritten(NamedTuple):
    """``comments_kept`` False = the file had to be written anew from its values."""

    text: str
    comments_kept: bool


def rewrite(text: str, decided: Decided) -> Rewritten:
    """The text of the operation's fixture file as it is to be."""
    data = parsed(text).data
    wanted = deepcopy(data)
    for respond in decided.respond:
        _set_response(wanted, respond)
    for lead in _in_order(decided.lead):
        _set_lead(wanted, lead)
    if wanted == data:
        return Rewritten(text, True)
    try:
        changed = _by_lines(text, data, wanted, decided)
        if parsed(changed).data == wanted:
            return Rewritten(changed, True)
    except Unchangeable:
        pass
    head = "".join(f"{line}\n" for line in _head(text))
    return Rewritten(head + emit(wanted), False)


def _head(text: str) -> list[str]:
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:end]


def _in_order(leads: tuple[Lead, ...]) -> list[Lead]:
    """From the last rule to the first, so that an index still means the rule it meant."""
    return sorted(leads, key=lambda lead: -1 if lead.rule is None else lead.rule, reverse=True)


def _response_data(before: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The response's own words, those of the answer changed; what it waits or remembers stays."""
    made: dict[str, Any] = {"status": answer.status, "source": "observed"}
    if answer.has_body and answer.media_type != JSON:
        made["media_type"] = answer.media_type
    if answer.headers:
        names = {name.lower(): name for name in before.get("headers") or {}}
        made["headers"] = {names.get(name, _written(name)): value for name, value in answer.headers}
    if answer.has_body:
        made["body"] = answer.body
    kept = {key: value for key, value in before.items() if key not in CHANGED_WORDS}
    if kept.get("status_source") != "documented":
        kept.pop("status_source", None)  # the status was observed like the rest
    if "description" in before:
        kept["description"] = before["description"]
    ordered = {key: made[key] for key in before if key in made}
    return {**ordered, **{key: value for key, value in made.items() if key not in ordered}, **kept}


def _written(header: str) -> str:
    return header.title().replace("Www-", "WWW-")


def _set_response(data: dict[str, Any], respond: Respond) -> None:
    responses = data["responses"]
    before = responses[respond.like or respond.name]
    if respond.like:
        before = {key: value for key, value in before.items() if key != "description"}
    responses[respond.name] = _response_data(before, respond.answer)


def _set_lead(data: dict[str, Any], lead: Lead) -> None:
    if lead.group in ("unauthorized", "invalid"):
        before = data.get(lead.group)
        rows = {"*": before} if isinstance(before, str) else dict(before or {})
        data[lead.group] = {lead.violated: lead.respond, **{key: rows[key] for key in rows if key != lead.violated}}
        return
    rules = data.setdefault("rules", [])
    rules.insert(len(rules) if lead.rule is None else lead.rule, _rule(data, lead))


def _rule(data: dict[str, Any], lead: Lead) -> dict[str, Any]:
    """Like the rule that answered, but for these states only."""
    before = {} if lead.rule is None else data["rules"][lead.rule].get("when") or {}
    states: Any = lead.states[0] if len(lead.states) == 1 else {"one_of": list(lead.states)}
    when = {**{key: value for key, value in before.items() if key != "handshake.state"}, "handshake.state": states}
    return {"name": f"observed: {lead.reason}", "when": when, "respond": lead.respond}


def _by_lines(text: str, data: dict[str, Any], wanted: dict[str, Any], decided: Decided) -> str:
    """The same changes, one after another, in the text. Raises ``Unchangeable``."""
    for respond in decided.respond:
        node = wanted["responses"][respond.name]
        before = data["responses"].get(respond.name)
        text = (
            with_value(text, ("responses",), respond.name, node)
            if before is None
            else _respond(text, respond.name, before, node)
        )
    now = deepcopy(data)
    now["responses"] = wanted["responses"]
    for lead in _in_order(decided.lead):
        if lead.group in ("unauthorized", "invalid"):
            _set_lead(now, lead)
            text = with_value(text, (), lead.group, now[lead.group])
        elif now.get("rules"):
            index = len(now["rules"]) if lead.rule is None else lead.rule
            text = with_item(text, ("rules",), index, _rule(now, lead))
            _set_lead(now, lead)
        else:
            _set_lead(now, lead)
            text = with_value(text, (), "rules", now["rules"])
    return text


def _respond(text: str, name: str, before: dict[str, Any], node: dict[str, Any]) -> str:
    """Only the words that differ; a response on one line is written anew."""
    at = ("responses", name)
    try:
        changed = text
        for key in node:
            if key not in before or before[key] != node[key]:
                changed = with_value(changed, at, key, node[key])
        for key in before:
            if key not in node:
                changed = without(changed, at, key)
        return changed
    except Unchangeable:
        return with_value(text, ("responses",), name, node)
