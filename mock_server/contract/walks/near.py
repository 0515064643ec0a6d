"""Values on a schema's bounds, and those just outside: made from its keywords, judged by the whole schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeGuard

from mock_server.errors import Broken
from mock_server.named import NamedTuple
from mock_server.spec.generate import generate
from mock_server.spec.shape import Shape

MAX_LENGTH = 20_000
"""Longer texts and lists than this are not made."""
MAX_MEMBERS = 30
WRONG: dict[str, tuple[Any, ...]] = {
    "string": (7, True, [], {}),
    "integer": ("300", 1.5, True, [], {}),
    "number": ("1.5", True, [], {}),
    "boolean": ("true", 0, 1, [], {}),
    "array": ({}, "x", 1),
    "object": ([], "x", 1),
    "null": ("", 0, False),
}
"""Values of other types, for each type."""


class Near(NamedTuple):
    """A value and how it is called: ``Near("299", 299)``."""

    name: str
    value: Any


def near(shape: Shape, seed: int) -> Iterator[Near]:
    """Every value worth trying; whether the schema takes it the schema says."""
    seen: set[str] = set()
    for each in _all(shape, seed):
        key = json.dumps(each.value, sort_keys=True, default=str)
        if key not in seen:
            seen.add(key)
            yield each


def _all(shape: Shape, seed: int) -> Iterator[Near]:
    good = _good(shape, seed)
    for node, _ in shape.parts:
        yield from _numbers(node)
        yield from _texts(node, good)
        yield from _lists(node, shape, good, seed)
        yield from _objects(node, good)
        yield from _listed(node)
    for kind in sorted(shape.kinds) if len(shape.kinds) <= 3 else ():
        yield from (Near(_shown(value), value) for value in WRONG[kind])
    yield Near("null", None)
    if isinstance(good, str) and any("pattern" in node for node, _ in shape.parts):
        yield from (
            Near(_shown(text), text) for text in (good + "\n", "\n" + good, good + "~", "~" + good, "", good[:-1])
        )


def _good(shape: Shape, seed: int) -> Any:
    try:
        return generate(shape.document, shape.pointer, seed, "request")
    except Broken:
        return None


def _numbers(node: dict[str, Any]) -> Iterator[Near]:
    kinds = node.get("type")
    whole = kinds == "integer" or (isinstance(kinds, list) and "integer" in kinds)
    for word, outwards in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
        bound = node.get(word)
        if not _is_number(bound):
            continue
        is_exclusive = word.startswith("exclusive")
        around = (bound, bound + outwards, bound - outwards) if not is_exclusive else (bound, bound + outwards)
        yield from (Near(_shown(value), value) for value in around)
        if not whole:
            yield from (Near(_shown(value), value) for value in (bound + outwards * 0.25, bound - outwards * 0.25))
    step = node.get("multipleOf")
    if _is_number(step) and step > 0:
        yield from (Near(_shown(value), value) for value in (step, 0, -step, step * 3, step * 2 + step / 2, step / 2))


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _texts(node: dict[str, Any], good: Any) -> Iterator[Near]:
    for word, outwards in (("minLength", -1), ("maxLength", 1)):
        bound = node.get(word)
        if not isinstance(bound, int) or bound > MAX_LENGTH:
            continue
        for length in (bound, bound + outwards, bound - outwards):
            if length < 0:
                continue
            text = good if isinstance(good, str) else ""
            for filler, kind in (("a", ""), ("0", " digits"), ("😀", " emoji")):
                made = (text + filler * length)[:length] if filler == "a" else filler * length
                yield Near(f"a text of {length}{kind or ' characters'}", made)


def _lists(node: dict[str, Any], shape: Shape, good: Any, seed: int) -> Iterator[Near]:
    bounds = [node[word] for word in ("minItems", "maxItems") if isinstance(node.get(word), int)]
    item = good[0] if isinstance(good, list) and good else _good(shape.items, seed)
    for length in sorted({length for bound in bounds for length in (bound - 1, bound, bound + 1)}):
        if 0 <= length <= MAX_LENGTH:
            base = list(good) if isinstance(good, list) else []
            yield Near(f"a list of {length}", _unlike(base, shape, length, seed) or (base + [item] * length)[:length])
    if node.get("uniqueItems") is True and item is not None:
        yield Near("a list with a twin", [item, item])


def _unlike(base: list[Any], shape: Shape, length: int, seed: int) -> list[Any]:
    """A list of that many different items; ``[]`` when there are not so many."""
    found = {json.dumps(item, sort_keys=True, default=str): item for item in base}
    for turn in range(length * 3 if length <= 100 else 0):
        if len(found) >= length:
            break
        item = _good(shape.items, seed + turn + 1)
        found.setdefault(json.dumps(item, sort_keys=True, default=str), item)
    return list(found.values())[:length] if len(found) >= length else []


def _objects(node: dict[str, Any], good: Any) -> Iterator[Near]:
    if not isinstance(good, dict):
        return
    for name in node.get("required") or ():
        if name in good:
            yield Near(f"without {name}", {key: item for key, item in good.items() if key != name})
    if any(
        word in node for word in ("additionalProperties", "propertyNames", "maxProperties", "unevaluatedProperties")
    ):
        yield Near("with a field more", {**good, "contract_extra": "x"})
        yield Near("with a field more that is a number", {**good, "contract_extra": 1})
    least = node.get("minProperties")
    if isinstance(least, int) and least > 0:
        yield Near(f"an object of {least - 1}", dict(list(good.items())[: least - 1]))


def _listed(node: dict[str, Any]) -> Iterator[Near]:
    members = node.get("enum")
    members = list(members) if isinstance(members, list) else []
    if "const" in node:
        members.append(node["const"])
    for member in members[:MAX_MEMBERS]:
        yield Near(_shown(member), member)
    for member in members[:3]:
        if isinstance(member, str):
            yield from (
                Near(_shown(text), text) for text in (member + "x", member[:-1], member.swapcase(), f" {member}")
            )
        elif _is_number(member):
            yield Near(_shown(member + 1), member + 1)
            yield Near(_shown(str(member)), str(member))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:50]}… ({len(text)} characters)"
