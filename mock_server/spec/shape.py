"""What a schema says about the form of a value: enough to turn texts into values and values into texts.

A text on the wire has no type: ``1`` is a number or a text by what the schema takes. A shape answers
such questions for one schema, through ``$ref``, ``allOf``, ``anyOf`` and ``oneOf``; whether the value
keeps the schema is the validator's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from mock_server.errors import Broken
from mock_server.model import MISSING
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.schema import SchemaError

Kinds = frozenset[str]
EVERY: Final[Kinds] = frozenset(("null", "boolean", "integer", "number", "string", "array", "object"))
"""The kinds of a schema that does not say which."""
_OF_TYPE: Final = {kind: frozenset((kind,)) for kind in EVERY} | {"number": frozenset(("number", "integer"))}
MAX_PARTS = 500
"""Subschemas looked at for one shape: alternatives that refer to alternatives multiply."""
MAX_NESTING = 32


class Shape:
    """The form of the values of one schema; everything is looked up when it is first asked for."""

    def __init__(self, document: Document, pointer: Pointer, node: Any = MISSING) -> None:
        self.document = document
        self.pointer = pointer
        self._node = node
        self.prepared: dict[type, object] = {}
        """What a room above has made of this shape and wants to find again."""

    @cached_property
    def node(self) -> Any:
        """The schema as written."""
        if self._node is not MISSING:
            return self._node
        try:
            return self.document.at(self.pointer, self.pointer, "#")[0]
        except Broken:
            return True

    @cached_property
    def parts(self) -> list[tuple[dict[str, Any], Pointer]]:
        """The schema and all that its ``$ref``, ``allOf``, ``anyOf`` and ``oneOf`` lead to."""
        found: list[tuple[dict[str, Any], Pointer]] = []
        stack: list[tuple[Any, Pointer]] = [(self.node, self.pointer)]
        seen: set[Pointer] = set()
        while stack and len(found) < MAX_PARTS:
            node, at = stack.pop(0)
            if not isinstance(node, dict) or at in seen:
                continue
            seen.add(at)
            found.append((node, at))
            stack += _inner(self.document, node, at)
        return found

    @cached_property
    def kinds(self) -> Kinds:
        """The JSON types that the schema may take; ``number`` brings ``integer`` with it."""
        left = [MAX_PARTS]
        kinds = _kinds(self.document, self.node, self.pointer, 0, left)
        if kinds != EVERY:
            return kinds
        words = {word for node, _ in self.parts for word in node}
        if words & {"properties", "additionalProperties", "patternProperties"}:
            return _OF_TYPE["object"]
        return _OF_TYPE["array"] if words & {"items", "prefixItems"} else EVERY

    @cached_property
    def properties(self) -> Mapping[str, Shape]:
        """The properties that the schema names, in its order."""
        found: dict[str, Shape] = {}
        for node, at in self.parts:
            named = node.get("properties")
            for name, value in named.items() if isinstance(named, dict) else ():
                found.setdefault(str(name), Shape(self.document, (*at, "properties", name), value))
        return found

    @cached_property
    def rest(self) -> Shape | None:
        """``additionalProperties``: the shape of what has no name; None where the schema says nothing of it."""
        return self._under("additionalProperties")

    @cached_property
    def items(self) -> Shape:
        """The shape of an array's items."""
        return self._under("items") or anything(self.document)

    def item(self, index: int) -> Shape:
        """The shape of one item, for ``prefixItems`` gives each its own."""
        for node, at in self.parts:
            first = node.get("prefixItems")
            if isinstance(first, list) and index < len(first):
                return Shape(self.document, (*at, "prefixItems", index), first[index])
        return self.items

    def property(self, name: str) -> Shape:
        return self.properties.get(name) or self.rest or anything(self.document)

    def word(self, name: str, default: Any = None) -> Any:
        """The first value that the schema, or what it refers to, has for a keyword."""
        return next((node[name] for node, _ in self.parts if name in node), default)

    def fits(self, value: object) -> bool:
        """Whether the value keeps the schema; one that cannot be compiled takes anything."""
        if self.node is True:
            return True
        try:
            return self.document.schema(self.pointer).is_valid(value)
        except SchemaError:
            return True

    def _under(self, word: str) -> Shape | None:
        for node, at in self.parts:
            if isinstance(node.get(word), dict) or node.get(word) is True:
                return Shape(self.document, (*at, word), node[word])
        return None


def anything(document: Document) -> Shape:
    """The shape of a value that no schema describes."""
    return Shape(document, (), True)


def _inner(document: Document, node: dict[str, Any], at: Pointer) -> Iterator[tuple[Any, Pointer]]:
    if isinstance(node.get("$ref"), str):
        try:
            yield document.follow({"$ref": node["$ref"]}, at)
        except Broken:  # `check` tells of it; here such a schema says nothing
            return
    for word in ("allOf", "anyOf", "oneOf"):
        branches = node.get(word)
        for index, branch in enumerate(branches if isinstance(branches, list) else ()):
            yield branch, (*at, word, index)


def _kinds(document: Document, node: Any, at: Pointer, depth: int, left: list[int]) -> Kinds:
    left[0] -= 1
    if not isinstance(node, dict) or left[0] < 0 or depth > MAX_NESTING:
        return EVERY
    found = _own_kinds(node, document.version.startswith("3.0"))
    alternatives: dict[str, Kinds] = {}
    for inner, inner_at in _inner(document, node, at):
        kinds = _kinds(document, inner, inner_at, depth + 1, left)
        word = str(inner_at[-2]) if len(inner_at) > 1 and inner_at[:-2] == at else "$ref"
        if word in ("anyOf", "oneOf"):
            alternatives[word] = alternatives.get(word, frozenset()) | kinds
        else:
            found &= kinds
    for kinds in alternatives.values():
        found &= kinds
    return found or EVERY


def _own_kinds(node: dict[str, Any], knows_nullable: bool) -> Kinds:
    types = node.get("type")
    listed = types if isinstance(types, list) else [types]
    found: Kinds = frozenset().union(*(_OF_TYPE.get(each, frozenset()) for each in listed if isinstance(each, str)))
    if not found:
        values = node["enum"] if isinstance(node.get("enum"), list) else [node["const"]] if "const" in node else []
        found = frozenset().union(*(_OF_TYPE[kind_of(value)] for value in values))
    if found and knows_nullable and node.get("nullable") is True:
        found |= _OF_TYPE["null"]
    return found or EVERY


def kind_of(value: Any) -> str:
    """The JSON type of a value, the narrowest one: 1 is an ``integer``."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list() | tuple():
            return "array"
        case dict():
            return "object"
    return "string"
