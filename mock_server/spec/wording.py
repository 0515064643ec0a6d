"""What is wrong with a value in words that a person can act on, where the validator's own are not.

The validator says "not valid under any of the schemas listed in the 'oneOf' keyword" and prints the value; here the
alternative that was meant is found, and what is wrong by that one is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from mock_server.named import NamedTuple
from mock_server.spec.formats import RANGE, WRITTEN

MAX_SHOWN = 80
"""Characters of a value in a message."""
MAX_INNER = 3
"""Faults of the nearest alternative that are told."""
_MAX_NESTED = 6
"""Alternatives within alternatives."""
_MAX_NAMES = 12
_NAMELESS = "alternative"

Locate = Callable[[str | None], Any]
"""What stands in the document at the address of a keyword; None = it is not known."""


class Kind(Protocol):
    """The kind of an error: its ``name`` is the keyword."""

    @property
    def name(self) -> str: ...


class Fault(Protocol):
    """An error of the validator's."""

    @property
    def message(self) -> str: ...
    @property
    def instance_path(self) -> list[str | int]: ...
    @property
    def instance(self) -> Any: ...
    @property
    def kind(self) -> Any: ...
    @property
    def schema_path(self) -> list[str | int]: ...
    @property
    def absolute_keyword_location(self) -> str | None: ...


class Told(NamedTuple):
    """An error as it is told."""

    path: list[str | int]
    keyword: str
    message: str
    wanted: object


def nothing_known(_: str | None) -> Any:
    """Where there is no document to look into."""
    return None


def tell(error: Fault, locate: Locate = nothing_known, depth: int = 0) -> Iterator[Told]:
    """The error in words; of ``null`` or something else, what is wrong with the something."""
    name = error.kind.name
    if name in ("oneOf", "anyOf"):
        yield from _alternatives(error, locate, depth)
        return
    message, wanted = _words(error, name, locate)
    yield Told(error.instance_path, "format" if name == RANGE else name, message, wanted)


def _words(error: Fault, name: str, locate: Locate) -> tuple[str, object]:
    """The message, and what the keyword asks for."""
    kind = error.kind
    wanted = kind.property if name == "required" else getattr(kind, "value", None)
    match name:
        case "required" if "dependentRequired" in error.schema_path[-3:]:
            return f"{error.message}, for what it belongs to is there", wanted
        case "not":
            return f"{shown(error.instance)} is what the schema excludes by `not`: {shown(wanted)}", wanted
        case "contains":
            return f"{shown(error.instance)} has not as many items as wanted that `contains` describes", None
        case "falseSchema":
            return f"nothing may stand here, and {shown(error.instance)} does", None
        case "propertyNames":
            inner = next(tell(kind.error))
            return f"the name is not allowed: {inner.message}", inner.wanted
        case "const":
            return f"{shown(error.instance)} is not {shown(wanted)}", wanted
        case "uniqueItems":
            return f"{shown(error.instance)} has the same item twice", True
        case "unevaluatedProperties" | "additionalProperties":
            names = list(map(str, wanted if isinstance(wanted, list) else []))
            parent = locate(error.absolute_keyword_location)
            known = list(parent["properties"]) if isinstance(parent, dict) and parent.get("properties") else None
            there = f"; there are {_listed(known)}" if known and name == "additionalProperties" else ""
            return f"no schema describes {_listed(names)}, and further properties are not allowed{there}", known
        case "unevaluatedItems":
            return "no schema describes some of the items, and further items are not allowed", None
        case "format":
            sample = WRITTEN.get(str(wanted))
            like = f" such as {sample}" if sample else ""
            return f'{shown(error.instance)} is not a "{wanted}"{like}', wanted
        case _ if name == RANGE:  # the keyword's message is the format's name
            return f"{shown(error.instance)} is no {error.message}: {WRITTEN[error.message]}", error.message
    return _shortened(error), wanted


def _shortened(error: Fault) -> str:
    """The validator's message, which begins with the whole value, with no more of it than a person wants to see."""
    if len(error.message) <= MAX_SHOWN * 2:
        return error.message
    written = json.dumps(error.instance, ensure_ascii=False, separators=(",", ":"), default=str)
    if error.message.startswith(written):
        return shown(error.instance) + error.message[len(written) :]
    return error.message


def shown(value: Any) -> str:
    """A value as JSON, with an ellipsis where it is long.

    >>> shown({"a": 1})
    '{"a":1}'
    """
    if isinstance(value, int) and not -(10**40) < value < 10**40:
        return f"an integer of more than 40 digits ({value.bit_length()} bits)"
    if isinstance(value, list | dict) and len(value) > MAX_SHOWN:
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except ValueError:  # an integer of more than 4,300 digits inside
        return "a value with an integer of thousands of digits"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _listed(names: Sequence[str]) -> str:
    quoted = [shown(name) for name in names[:_MAX_NAMES]]
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(quoted) + more


def _alternatives(error: Fault, locate: Locate, depth: int) -> Iterator[Told]:
    """``oneOf`` and ``anyOf``: by the alternative that was meant."""
    name, here = error.kind.name, error.instance_path
    branches: list[list[Fault]] = error.kind.context
    parent = locate(error.absolute_keyword_location)
    listed = parent.get(name) if isinstance(parent, dict) else None
    known: list[Any] = listed if isinstance(listed, list) and len(listed) == len(branches) else branches
    names = _names(known)
    fitting = [index for index, faults in enumerate(branches) if not faults]
    if fitting:
        if len(fitting) < 2:  # the validator stops looking at the second that fits
            message = f"{shown(error.instance)} fits more than one of {_listed(names)}, and only one may fit"
        else:
            message = f"{shown(error.instance)} fits {_listed([names[each] for each in fitting])}; only one may fit"
        yield Told(here, name, message, names)
        return
    real = [index for index, faults in enumerate(branches) if not _is_null_only(faults, here)]
    if len(real) == 1 and len(branches) > 1 and depth < _MAX_NESTED:
        for each in branches[real[0]]:
            yield from tell(each, locate, depth + 1)
        return
    yield Told(here, name, _nearest(error, parent, names, locate, depth), names)


def _nearest(error: Fault, parent: Any, names: list[str], locate: Locate, depth: int) -> str:
    """The message: which alternative is nearest, and what is wrong by it."""
    here, branches = error.instance_path, error.kind.context
    chosen, said = _by_discriminator(parent, error.instance, names)
    if chosen is None and said:
        return said
    if chosen is None or chosen >= len(branches):
        chosen = min(range(len(branches)), key=lambda index: _distance(branches[index], here))
        if _is_all_of_types(branches, here):
            kinds = sorted({str(kind) for faults in branches for kind in faults[0].kind.value})
            return f"{shown(error.instance)} is not of type{'s' if len(kinds) > 1 else ''} {_listed(kinds)}"
    inner: list[str] = []
    for fault in branches[chosen][:MAX_INNER]:
        for told in tell(fault, locate, depth + 1) if depth < _MAX_NESTED else ():
            below = ".".join(map(str, told.path[len(here) :]))
            inner.append(f"{below}: {told.message}" if below else told.message)
    more = len(branches[chosen]) - MAX_INNER
    rest = f"; and {more} more" if more > 0 else ""
    is_named = not names[chosen].startswith(_NAMELESS)
    fits = f"fits none of {_listed(names)}" if is_named else f"fits none of the {len(names)} alternatives"
    by = f"by {shown(names[chosen])}, {said or 'the nearest'}" if is_named else f"by the {said or 'nearest'}"
    return f"{shown(error.instance)} {fits}; {by}: {'; '.join(inner)}{rest}"


def _by_discriminator(parent: Any, value: Any, names: list[str]) -> tuple[int | None, str]:
    """The alternative that the value names (OAS 3.1 §4.8.25), or what is wrong with its naming."""
    word = parent.get("discriminator") if isinstance(parent, dict) else None
    key = word.get("propertyName") if isinstance(word, dict) else None
    if not isinstance(word, dict) or not isinstance(key, str) or not isinstance(value, dict):
        return None, ""
    mapping = word["mapping"] if isinstance(word.get("mapping"), dict) else {}
    if key not in value:
        return None, f'"{key}" is missing, which says which of {_listed([*mapping] or names)} it is'
    given = value[key]
    target = str(mapping.get(given, given)) if isinstance(given, str) else ""
    name = target.rpartition("/")[2]
    if name in names:
        return names.index(name), f"which {key} names"
    return None, f"{key}: {shown(given)} names none of {_listed([*mapping] or names)}"


def _names(branches: Sequence[Any]) -> list[str]:
    """The names of alternatives: of the component, the title, the type where no other has it; else a number."""
    found = [_name(each) for each in branches]
    return [name if name and found.count(name) == 1 else f"{_NAMELESS} {n}" for n, name in enumerate(found, 1)]


def _name(branch: Any) -> str:
    if not isinstance(branch, dict):
        return ""
    if isinstance(branch.get("$ref"), str):
        return str(branch["$ref"]).rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return next((branch[word] for word in ("title", "type") if isinstance(branch.get(word), str)), "")


def _is_null_only(faults: list[Fault], here: list[str | int]) -> bool:
    """Whether the alternative is ``{"type": "null"}``: who sent a value did not mean it."""
    return (
        len(faults) == 1
        and faults[0].kind.name == "type"
        and faults[0].instance_path == here
        and list(faults[0].kind.value) == ["null"]
    )


def _is_all_of_types(branches: list[list[Fault]], here: list[str | int]) -> bool:
    return all(len(each) == 1 and each[0].kind.name == "type" and each[0].instance_path == here for each in branches)


def _distance(faults: list[Fault], here: list[str | int]) -> tuple[int, int]:
    """How far an alternative is: another type is farthest, then a tag that says otherwise, then by faults."""
    worst = 0
    for fault in faults:
        steps = len(fault.instance_path) - len(here)
        name = fault.kind.name
        if steps == 0 and name in ("oneOf", "anyOf") and (inner := [each for each in fault.kind.context if each]):
            worst = max(worst, min(_distance(each, here) for each in inner)[0])
        elif steps == 0 and name == "type":
            return 3, len(faults)
        if steps == 1 and name in ("const", "enum"):
            worst = 2
        elif steps == 0 and name == "additionalProperties":
            worst = max(worst, 1)
    return worst, len(faults)
