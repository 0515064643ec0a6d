"""A body for a schema that has no example. Pure: the same seed gives the same body.

Candidates are built smallest first and put before the validator; nothing that breaks its schema
leaves this room.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from mock_server.errors import Broken
from mock_server.source import Pointer
from mock_server.spec.document import Document

MAX_TRIES = 64
MAX_STEPS = 5_000
"""Schemas looked at for one body: alternatives inside alternatives multiply, and a start must not hang."""
MAX_DEPTH = 12
MAX_ITEMS = 1_000
MAX_TEXT = 100_000
_SHALLOW = 3
"""Deeper than this the smallest candidate comes first, so that recursive schemas stay small."""
_NOTHING = object()

_FORMATS = {
    "date-time": "2024-01-31T09:30:00Z",
    "date": "2024-01-31",
    "time": "09:30:00Z",
    "duration": "PT5M",
    "email": "person@example.com",
    "hostname": "host.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/path",
    "uri-reference": "/path",
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "byte": "bW9jaw==",
}


def generate(document: Document, pointer: Pointer, seed: int = 0) -> Any:
    """A value that keeps the schema at ``pointer``. Raises ``Broken`` (MS213) when none is found."""
    schema = document.schema(pointer)
    node, at = document.at(pointer, pointer, "#")
    for value in islice(_Maker(document, seed).values(node, at, 0), MAX_TRIES):
        if schema.is_valid(value):
            return value
    hint = "give the response an example, or a fixture"
    raise Broken([document.loaded.problem("MS213", "no valid body could be made from this schema", pointer, hint)])


class _Maker:
    """Makes the candidates for one body, likeliest first, until its steps are used up."""

    def __init__(self, document: Document, seed: int) -> None:
        self.document = document
        self.seed = seed
        self.steps_left = MAX_STEPS

    def values(self, node: Any, at: Pointer, depth: int) -> Iterator[Any]:
        self.steps_left -= 1
        if self.steps_left < 0:
            return
        node, at = self.document.follow(node, at)
        if not isinstance(node, dict):
            yield {}
            return
        yield from _given(node)
        if depth > MAX_DEPTH:
            return
        for word in ("oneOf", "anyOf"):
            branches = list(enumerate(node.get(word) or []))
            if depth > _SHALLOW:
                branches.sort(key=lambda each: isinstance(each[1], dict) and "$ref" in each[1])
            for index, branch in branches:
                merged = self.merged(node, word, [(branch, (*at, word, index))])
                yield from self.values(merged, at, depth + 1)
        if node.get("allOf"):
            parts = [(part, (*at, "allOf", index)) for index, part in enumerate(node["allOf"])]
            yield from self.values(self.merged(node, "allOf", parts), at, depth + 1)
            return
        kinds = node.get("type") or _guess(node)
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            yield from self.of_type(kind, node, at, depth)

    def merged(self, node: dict[str, Any], word: str, parts: list[tuple[Any, Pointer]]) -> dict[str, Any]:
        """The schema with ``parts`` in it instead of the ``word`` that they stood under."""
        found = {key: value for key, value in node.items() if key != word}
        for part, at in parts:
            inner, _ = self.document.follow(part, at)
            for key, value in inner.items() if isinstance(inner, dict) else ():
                if key == "properties":
                    found[key] = {**found.get(key, {}), **value}
                elif key == "required":
                    found[key] = [*found.get(key, []), *value]
                else:
                    found[key] = value
        return found

    def of_type(self, kind: str, node: dict[str, Any], at: Pointer, depth: int) -> Iterator[Any]:
        match kind:
            case "object":
                yield from self.objects(node, at, depth)
            case "array":
                yield from self.arrays(node, at, depth)
            case "integer" | "number":
                yield from _numbers(node, self.seed, at)
            case "boolean":
                yield True
                yield False
            case "null":
                yield None
            case _:
                yield from _texts(node, at)

    def arrays(self, node: dict[str, Any], at: Pointer, depth: int) -> Iterator[list[Any]]:
        least = int(node.get("minItems", 0))
        if depth > _SHALLOW and not least:
            yield []
        count = max(least, 1)
        if count > MAX_ITEMS:
            return
        items = list(islice(self.values(node.get("items", {}), (*at, "items"), depth + 1), count * 3))
        if node.get("uniqueItems"):
            items = [item for index, item in enumerate(items) if item not in items[:index]]
        if items:
            yield (items * count)[:count]
        yield []

    def objects(self, node: dict[str, Any], at: Pointer, depth: int) -> Iterator[dict[str, Any]]:
        required = dict.fromkeys(node.get("required") or [])
        properties = node.get("properties") or {}
        rest = node.get("additionalProperties", {})
        full: dict[str, Any] = {}
        least: dict[str, Any] = {}
        for name in [*properties, *(name for name in required if name not in properties)]:
            if depth >= 2 and name not in required:  # optional parts of optional parts multiply
                continue
            place: Pointer = ("properties", name) if name in properties else ("additionalProperties",)
            value = next(self.values(properties.get(name, rest), (*at, *place), depth + 1), _NOTHING)
            if name in required:
                if value is _NOTHING:
                    return  # too deep: whoever asked must do without this object
                least[name] = value
            if value is not _NOTHING:
                full[name] = value
        yield full
        yield least


def _given(node: dict[str, Any]) -> Iterator[Any]:
    """Values that the schema itself names."""
    if "const" in node:
        yield node["const"]
    for word in ("example", "default"):
        if word in node:
            yield node[word]
    yield from node.get("examples") or []
    yield from node.get("enum") or []


def _guess(node: dict[str, Any]) -> str:
    if "properties" in node or "required" in node or "additionalProperties" in node:
        return "object"
    return "array" if "items" in node else "string"


def _numbers(node: dict[str, Any], seed: int, at: Pointer) -> Iterator[int | float]:
    step = node.get("multipleOf") or 1
    low, high = node.get("minimum"), node.get("maximum")
    number = int(hashlib.sha256(f"{seed}{at}".encode()).hexdigest()[:4], 16) % 1000 * step
    if (low is None or low <= number) and (high is None or number <= high):
        yield number
    for bound in (low, high, node.get("exclusiveMinimum"), node.get("exclusiveMaximum")):
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            with suppress(OverflowError):  # an integer too big to be divided by a fraction
                nearest = bound // step * step
                yield from (nearest, nearest + step, nearest - step)
    floor, ceiling = _bound(node, "Minimum"), _bound(node, "Maximum")
    if floor is not None and ceiling is not None:
        with suppress(OverflowError):
            yield (floor + ceiling) / 2
    yield from (0, step, 2 * step)


def _bound(node: dict[str, Any], word: str) -> int | float | None:
    """The bound, inclusive or not; 3.0 says ``exclusiveMinimum: true`` beside it."""
    bounds = (node.get("exclusive" + word), node.get(word.lower()))
    return next((each for each in bounds if isinstance(each, int | float) and not isinstance(each, bool)), None)


def _texts(node: dict[str, Any], at: Pointer) -> Iterator[str]:
    if node.get("format") in _FORMATS:
        yield _FORMATS[node["format"]]
    named = at and isinstance(at[-1], str) and at[-1] not in ("items", "additionalProperties")
    text = str(at[-1]) if named else "text"
    least, most = int(node.get("minLength", 0)), int(node.get("maxLength", 10_000))
    if least > MAX_TEXT:
        return
    yield (text * (least // max(len(text), 1) + 1))[: max(least, min(most, len(text)))]
    yield from ("a" * least, "0" * max(least, 1), "")
