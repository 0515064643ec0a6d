"""What a schema says of the shape of its values: their properties, their kind, where the list in them stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.errors import Broken
from mock_server.later import regex
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.value import dataclass

MAX_STEPS = 200
"""Schemas looked at for one shape: alternatives inside alternatives multiply."""
Steps = tuple[str, ...]
_LIST_NAMES = ("items", "data", "results", "value", "values", "entries", "records", "content", "list", "rows")
_NESTS = ("_embedded", "data", "result", "response", "payload")
_ID_NAMES = ("id", "uuid", "guid", "uid", "key", "slug", "code", "name")
_WORD = regex(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True)
class Outline:
    """The properties of a schema's values by name, each with the pointer of its schema.

    ``closed`` = a value has no others; ``kinds`` are the types that it may have, empty = any.
    """

    pointer: Pointer
    properties: dict[str, Pointer]
    required: frozenset[str]
    read_only: frozenset[str]
    write_only: frozenset[str]
    compound: frozenset[str]
    """Properties that are objects or lists, so no names of anything."""
    defaults: dict[str, Any]
    kinds: frozenset[str]
    items: Pointer | None
    closed: bool

    @property
    def is_object(self) -> bool:
        return bool(self.properties) or "object" in self.kinds or not self.kinds


def outline_at(document: Document, pointer: Pointer) -> Outline:
    """The shape of the schema at ``pointer``, through references and combinations."""
    found = _Gathering()
    for at, node in _parts(document, pointer):
        found.take(node, at)
    for name, at in found.properties.items():
        for _, node in _parts(document, at):
            if node.get("readOnly") is True:
                found.read_only.add(name)
            if node.get("writeOnly") is True:
                found.write_only.add(name)
            if node.get("type") in ("object", "array") or "properties" in node or "items" in node:
                found.compound.add(name)
            if "default" in node:
                found.defaults.setdefault(name, node["default"])
    return Outline(
        pointer=pointer,
        properties=found.properties,
        required=frozenset(found.required),
        read_only=frozenset(found.read_only),
        write_only=frozenset(found.write_only),
        compound=frozenset(found.compound),
        defaults=found.defaults,
        kinds=frozenset(found.kinds),
        items=found.items,
        closed=found.closed,
    )


class _Gathering:
    """The shape while it is put together, the outermost word first."""

    def __init__(self) -> None:
        self.properties: dict[str, Pointer] = {}
        self.required: set[str] = set()
        self.read_only: set[str] = set()
        self.write_only: set[str] = set()
        self.compound: set[str] = set()
        self.defaults: dict[str, Any] = {}
        self.kinds: set[str] = set()
        self.items: Pointer | None = None
        self.closed = False

    def take(self, node: dict[str, Any], at: Pointer) -> None:
        properties = node.get("properties")
        for name in properties if isinstance(properties, dict) else ():
            self.properties.setdefault(name, (*at, "properties", name))
        required = node.get("required")
        self.required |= {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
        kinds = node.get("type")
        self.kinds |= {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)}
        if "items" in node and self.items is None:
            self.items = (*at, "items")
        self.closed |= False in (node.get("additionalProperties"), node.get("unevaluatedProperties"))


def _parts(document: Document, pointer: Pointer) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """The schema itself and those that it is combined of. A reference that leads nowhere has no parts."""
    waiting = [pointer]
    seen: set[Pointer] = set()
    while waiting and len(seen) < MAX_STEPS:
        at = waiting.pop(0)
        try:
            node, at = document.at(at, at, "#")
            while isinstance(node, dict) and isinstance(node.get("$ref"), str) and at not in seen:
                seen.add(at)
                yield at, {key: value for key, value in node.items() if key != "$ref"}  # siblings count (3.1)
                node, at = document.follow({"$ref": node["$ref"]}, at)
        except Broken:
            continue  # `check` has told of it
        if at in seen or not isinstance(node, dict):
            continue
        seen.add(at)
        yield at, node
        for word in ("allOf", "oneOf", "anyOf"):
            branches = node.get(word)
            waiting += [(*at, word, index) for index in range(len(branches) if isinstance(branches, list) else 0)]


def plain(name: str) -> str:
    """``thing_id`` and ``thingId`` alike: ``thingid``."""
    return _WORD.sub("", name.lower())


def singular(name: str) -> str:
    """``categories`` -> ``category``, near enough to compare names."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")):
        if name.lower().endswith(ending) and len(name) > len(ending) + 1:
            return name[: -len(ending)] + instead
    return name


def identity(shape: Outline, parameter: str, collection: str) -> str | None:
    """The property that holds what the path's last parameter names: ``thingId``, ``id``, ``slug``, …"""
    by_plain = {plain(name): name for name in reversed(shape.properties) if name not in shape.compound}
    one = plain(singular(collection))
    wanted = [plain(parameter)]
    wanted += [plain(parameter).removeprefix(one)] if plain(parameter) != one else []
    wanted += ["id", one + "id", one + "uuid"]
    wanted += [plain(parameter).removesuffix("id")] if plain(parameter).endswith("id") else []
    wanted += _ID_NAMES
    return next((by_plain[name] for name in wanted if name in by_plain), None)


def find_list(document: Document, pointer: Pointer, collection: str) -> tuple[Steps, Pointer] | None:
    """Where the list stands in a value of the schema, and the schema of its items; None = there is none.

    ``((), …)`` for a bare list, ``(("data",), …)`` and ``(("_embedded", "things"), …)`` for wrapped ones.
    """
    shape = outline_at(document, pointer)
    if shape.items is not None and not shape.properties:
        return (), shape.items
    if "array" in shape.kinds and "object" not in shape.kinds:
        return None
    lists = {
        name: inner.items
        for name, at in shape.properties.items()
        if (inner := outline_at(document, at)).items is not None and not inner.properties
    }
    wanted = [plain(collection), *_LIST_NAMES]
    for word in wanted:
        for name, items in lists.items():
            if plain(name) == word and items is not None:
                return (name,), items
    for name in shape.properties:
        if plain(name) in map(plain, _NESTS) and name not in lists:
            inner_list = _inner_list(document, shape.properties[name], collection)
            if inner_list:
                return (name, *inner_list[0]), inner_list[1]
    objects = {
        name: items for name, items in lists.items() if items is not None and outline_at(document, items).properties
    }
    if len(objects) == 1:
        ((name, items),) = objects.items()
        return (name,), items
    return None


def _inner_list(document: Document, pointer: Pointer, collection: str) -> tuple[Steps, Pointer] | None:
    """One level further in, by the list's name only."""
    shape = outline_at(document, pointer)
    for word in (plain(collection), *_LIST_NAMES):
        for name, at in shape.properties.items():
            if plain(name) == word and (inner := outline_at(document, at)).items is not None:
                return (name,), inner.items
    return None


def find_item(document: Document, pointer: Pointer, parameter: str, collection: str) -> tuple[Steps, Outline]:
    """Where the resource stands in a value: as it is, or inside ``data`` and the like.

    The shape is that of the resource itself.
    """
    shape = outline_at(document, pointer)
    name = identity(shape, parameter, collection)
    if name is not None and (plain(name) not in ("key", "code", "name") or plain(name) == plain(parameter)):
        return (), shape
    one = plain(singular(collection))
    nests = [one, "data", "item", "result", "value", "payload"]
    for word in nests:
        for property_name, at in shape.properties.items():
            inner = outline_at(document, at)
            if plain(property_name) == word and inner.properties and inner.items is None:
                return (property_name,), inner
    return (), shape
