"""Adding what was recorded to a fixture file that is there: what people wrote stays, to the letter where it can."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from mock_server.record.lines import Unchangeable, parsed, with_item, with_value
from mock_server.source.emit import emit

Data = dict[str, Any]


def merged(text: str, made: Data) -> str:
    """``made`` is a fixture as data. New responses get names of their own, new rules come after those there are.

    A response that is there already, a rule whose ``when`` is, and words that the file has, are not added.
    """
    data: Data = parsed(text).data
    add = _added(data, made)
    wanted = deepcopy(data)
    wanted.setdefault("responses", {}).update(add["responses"])
    if not wanted["responses"]:
        del wanted["responses"]
    if add["rules"]:
        wanted["rules"] = [*(wanted.get("rules") or []), *add["rules"]]
    wanted.update(add["words"])
    try:
        changed = _by_lines(text, data, add)
        if parsed(changed).data == wanted:
            return changed
    except Unchangeable:
        pass
    head = "".join(f"{line}\n" for line in text.splitlines() if line.startswith("#"))
    return head + emit(wanted)


def _added(data: Data, made: Data) -> dict[str, Any]:
    there: Data = data.get("responses") or {}
    names: dict[str, str] = {}
    responses: Data = {}
    for name, node in made["responses"].items():
        same = next((old for old, before in there.items() if _says_the_same(before, node)), None)
        names[name] = same or _free(name, {*there, *responses})
        if same is None:
            responses[names[name]] = node
    whens = [rule.get("when") for rule in data.get("rules") or [] if isinstance(rule, dict)]
    rules = [
        {**rule, "respond": names[rule["respond"]]} for rule in made.get("rules") or [] if rule["when"] not in whens
    ]
    words: Data = {
        word: _renamed(made[word], names) for word in ("unauthorized", "invalid") if word in made and word not in data
    }
    if "otherwise" in made and "otherwise" not in data and not there:
        words["otherwise"] = names[made["otherwise"]]
    return {"responses": responses, "rules": rules, "words": words}


def _says_the_same(before: object, node: Data) -> bool:
    told = ("status", "body", "body_file", "media_type", "headers")
    return isinstance(before, dict) and all(before.get(word) == node.get(word) for word in told)


def _free(name: str, taken: set[str]) -> str:
    return next(
        each for number in range(1, 10_000) if (each := name if number == 1 else f"{name}-{number}") not in taken
    )


def _renamed(word: Any, names: dict[str, str]) -> Any:
    rename: Callable[[str], str] = names.__getitem__
    return {rule: rename(name) for rule, name in word.items()} if isinstance(word, dict) else rename(word)


def _by_lines(text: str, data: Data, add: dict[str, Any]) -> str:
    """Addition by addition. Raises ``Unchangeable``."""
    if data.get("responses"):
        for name, node in add["responses"].items():
            text = with_value(text, ("responses",), name, node)
    elif add["responses"]:
        text = with_value(text, (), "responses", add["responses"])
    if data.get("rules"):
        for number, rule in enumerate(add["rules"], len(data["rules"])):
            text = with_item(text, ("rules",), number, rule)
    elif add["rules"]:
        text = with_value(text, (), "rules", add["rules"])
    for word, value in add["words"].items():
        text = with_value(text, (), word, value)
    return text
