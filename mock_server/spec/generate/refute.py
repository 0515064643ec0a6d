"""What a value may do to break a schema: ``not`` turned into schemas that ask for something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mock_server.source import Pointer
from mock_server.spec.generate.shape import REFUSED_PATTERN, TYPES, Item, Shape, both_types, count, listed, mapped
from mock_server.spec.schema import has_match

Follow = Callable[[str, Pointer], Item | None]
_TURNED = {
    "minimum": ("exclusiveMaximum", "number"),
    "maximum": ("exclusiveMinimum", "number"),
    "exclusiveMinimum": ("maximum", "number"),
    "exclusiveMaximum": ("minimum", "number"),
    "pattern": (REFUSED_PATTERN, "string"),
}
_LENGTHS = (
    ("minLength", "maxLength", "string"),
    ("minItems", "maxItems", "array"),
    ("minProperties", "maxProperties", "object"),
)


def refutations(refused: Item, follow: Follow, hops: int = 0) -> list[Item]:
    """Schemas whose values break ``refused.node``, each in its own way; the last one leaves it to trial.

    ``{"type": "object", "required": ["a"]}`` gives one that wants another type and one that refuses ``a``.
    The empty list says that nothing breaks it.
    """
    if refused.node is True or refused.node == {}:
        return []
    if not isinstance(refused.node, dict):
        return [Item(True, (*refused.at, "~", 0))]
    ways = list(_ways(refused.node))
    reference = refused.node.get("$ref")
    target = follow(reference, refused.at) if isinstance(reference, str) and hops < 8 else None
    if target:
        ways += [item.node for item in refutations(target, follow, hops + 1)]
    ways.append(True)
    return [Item(way, (*refused.at, "~", index)) for index, way in enumerate(ways)]


def is_hopeless(way: Any, shape: Shape) -> bool:
    """Whether a way to break a schema breaks what the shape asks for as well; quick, and not always told.

    Several schemas that must all be broken have many ways together: each that is cut here saves a search.
    """
    if not isinstance(way, dict):
        return False
    kinds = way.get("type")
    listed_kinds = tuple(kinds) if isinstance(kinds, list) else (kinds,)
    if shape.types is not None and kinds is not None and not both_types(shape.types, listed_kinds):
        return True
    for name, inner in mapped(way, "properties").items():
        if inner is False:
            if name in shape.required:
                return True
        elif isinstance(inner, dict) and "not" in inner and name in listed(way, "required"):
            wanted = (part.node for part in shape.member(name, has_match))
            is_wanted = any(each == inner["not"] for each in wanted)
            if is_wanted:
                return True
    return False


def _ways(node: dict[str, Any]) -> Iterator[Any]:
    if "not" in node:
        yield node["not"]
        if len(node) == 1:
            return  # a double negation says nothing else
    if isinstance(node.get("anyOf"), list):
        yield {"allOf": [{"not": branch} for branch in node["anyOf"]]}
    yield from ({"not": part} for part in listed(node, "allOf"))
    if isinstance(node.get("oneOf"), list):
        yield {"allOf": [{"not": branch} for branch in node["oneOf"]]}
        yield from ({"allOf": node["oneOf"][:2]},) if len(node["oneOf"]) > 1 else ()
    for name in listed(node, "required"):
        if isinstance(name, str):
            yield {"type": "object", "properties": {name: False}}
    for name, inner in mapped(node, "properties").items():
        yield {"type": "object", "required": [name], "properties": {name: {"not": inner}}}
    yield from _bounds(node)
    kinds = [node["type"]] if isinstance(node.get("type"), str) else listed(node, "type")
    others = [kind for kind in TYPES if kind not in kinds and not (kind == "integer" and "number" in kinds)]
    if kinds and others:
        yield {"type": others}
    if node.get("additionalProperties") is False:
        yield {"type": "object", "minProperties": len(mapped(node, "properties")) + 1}
    if "items" in node:
        yield {"type": "array", "minItems": 1, "contains": {"not": node["items"]}}
    if "contains" in node:
        yield {"type": "array", "items": {"not": node["contains"]}}
    if node.get("uniqueItems") is True:
        yield {"type": "array", "minItems": 2, "items": {"const": 0}}


def _bounds(node: dict[str, Any]) -> Iterator[Any]:
    for word, (turned, kind) in _TURNED.items():
        value = node.get(word)
        if not isinstance(value, bool) and isinstance(value, int | float | str):
            yield {"type": kind, turned: value}
    for low, high, kind in _LENGTHS:
        least, most = count(node, low), count(node, high)
        if least:
            yield {"type": kind, high: least - 1}
        if most is not None:
            yield {"type": kind, low: most + 1}
