"""Two answers to one request: where they differ in status, media type, headers and the shape of the body.

Values are not compared: ids, dates, tokens and the URLs of the host differ by nature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.contract.model import Seen
from mock_server.named import NamedTuple
from mock_server.record.answer import TELLING_HEADERS
from mock_server.spec.headers import read_headers
from mock_server.spec.media import best_match, essence, is_json
from mock_server.spec.operations import Operation

MAX_DEPTH = 24
_NAMED_BY_CHANCE = re.compile(r"\d{3}|[0-9a-fA-F]{8}-|^.{64}")
"""A name such as ``2026-11-24`` or a UUID: a key of a map, not a field."""
Shape = dict[str, frozenset[str]]


class Difference(NamedTuple):
    """One way in which two answers differ: ``Difference("shape", "body.userId", "number", "string")``."""

    aspect: str
    where: str
    one: str
    other: str


def differences(operation: Operation, one: Seen, other: Seen) -> Iterator[Difference]:
    """The outermost first: answers of two statuses have nothing else in common."""
    if one.fault != other.fault or one.status != other.status:
        yield Difference("status", "", _told(one), _told(other))
        return
    kinds = [essence(each.header("content-type") or "") if each.body else "" for each in (one, other)]
    if kinds[0] != kinds[1]:
        yield Difference("media type", "", kinds[0] or "no body", kinds[1] or "no body")
    yield from _header_differences(operation, one, other)
    if is_json(kinds[0]) and is_json(kinds[1]):
        yield from _shape_differences(operation, one, other)


def _told(seen: Seen) -> str:
    if seen.status and seen.fault:
        return f"{seen.status} ({seen.fault})"
    return str(seen.status) if seen.status else f"no answer ({seen.fault})"


def _header_differences(operation: Operation, one: Seen, other: Seen) -> Iterator[Difference]:
    entry = operation.documented(one.status)
    documented = [each.name for each in read_headers(operation.document, entry.pointer)] if entry else []
    for name in dict.fromkeys((*documented, *TELLING_HEADERS)):
        there = [each.header(name) is not None for each in (one, other)]
        if there[0] != there[1]:
            yield Difference("header", name, *("there" if each else "missing" for each in there))


def _shape_differences(operation: Operation, one: Seen, other: Seen) -> Iterator[Difference]:
    try:
        values = [read_json(each.body) for each in (one, other)]
    except (Unreadable, UnicodeError, RecursionError):
        if one.body != other.body:
            readable = [_is_readable(each.body) for each in (one, other)]
            if readable[0] != readable[1]:
                yield Difference("shape", "body", *("JSON" if each else "not JSON" for each in readable))
        return
    shapes = [json_shape(value) for value in values]
    nullable = _all_valid(operation, one, values)
    reported: set[str] = set()
    for path in dict.fromkeys((*shapes[0], *shapes[1])):
        if any(path.startswith((f"{each}.", f"{each}[]")) for each in reported):
            continue
        types = [shape.get(path) for shape in shapes]
        if types[0] == types[1] or (None in types and path.endswith("[]")):
            continue  # an empty list says nothing about its items
        parts = [(each or frozenset()) - ({"null"} if nullable else set()) for each in types]
        if None not in types and (not parts[0] or not parts[1] or parts[0] == parts[1]):
            continue  # null here, a value there, and the document allows both
        reported.add(path)
        yield Difference("shape", path, *(_types(each) for each in types))


def _is_readable(body: bytes) -> bool:
    try:
        read_json(body)
    except (Unreadable, UnicodeError, RecursionError):
        return False
    return True


def _all_valid(operation: Operation, seen: Seen, values: list[Any]) -> bool:
    entry = operation.documented(seen.status)
    media = best_match(entry.content, seen.header("content-type") or "") if entry else None
    return bool(media and media.schema and all(media.schema.is_valid(each) for each in values))


def _types(kinds: frozenset[str] | None) -> str:
    return "missing" if kinds is None else " or ".join(sorted(kinds))


def json_shape(value: Any) -> Shape:
    """The types at every path of a value; items of a list are one.

    >>> json_shape({"id": 7, "tags": ["a", None]})["body.tags[]"] == {"string", "null"}
    True
    """
    found: dict[str, set[str]] = {}
    _walk(value, "body", found, 0)
    return {path: frozenset(kinds) for path, kinds in found.items()}


def _walk(value: Any, path: str, found: dict[str, set[str]], depth: int) -> None:
    found.setdefault(path, set()).add(_type(value))
    if depth >= MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not _NAMED_BY_CHANCE.search(key):
                _walk(item, f"{path}.{key}", found, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _walk(item, f"{path}[]", found, depth + 1)


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"  # 10 and 10.5 are two prices
        case str():
            return "string"
        case list():
            return "array"
    return "object"
