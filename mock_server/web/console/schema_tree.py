"""A schema as a tree that a person can read: what is called how, of which type, and what must hold."""

from __future__ import annotations

import json
from typing import Any

from mock_server.errors import Broken
from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.shape import kind_of

MAX_DEPTH = 8
MAX_BRANCHES = 300
"""Of one tree; what lies beyond is told to be left out."""
_BOUNDS = (
    ("minimum", "≥ {}"), ("maximum", "≤ {}"), ("exclusiveMinimum", "> {}"), ("exclusiveMaximum", "< {}"),
    ("multipleOf", "a multiple of {}"), ("minLength", "at least {} long"), ("maxLength", "at most {} long"),
    ("minItems", "at least {} items"), ("maxItems", "at most {} items"), ("minProperties", "at least {} properties"),
    ("maxProperties", "at most {} properties"), ("pattern", "matches {}"), ("contentEncoding", "encoded as {}"),
    ("contentMediaType", "holds {}"),
)  # fmt: skip
_ONE_OF = (("oneOf", "exactly one of"), ("anyOf", "any of"))
_LISTS = {"array": "list"}
_SHOWN = 120


class Branch(NamedTuple):
    """One value that the schema speaks of; ``name`` is a property's, ``[]`` for items, ``""`` for the whole."""

    name: str
    type: str
    required: bool
    notes: tuple[str, ...]
    description: str
    inner: tuple[Branch, ...]
    model: str = ""
    """The name under ``components/schemas`` that it refers to."""


def tree(document: Document, pointer: Pointer) -> Branch:
    """The schema at the pointer. Where it comes back to itself the tree ends."""
    return _Growing(document).branch("", pointer, False, ())


class _Growing:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.left = MAX_BRANCHES

    def branch(self, name: str, pointer: Pointer, required: bool, above: tuple[Pointer, ...]) -> Branch:
        self.left -= 1
        try:
            raw, _ = self.document.at(pointer, pointer, "#")
            node, at = self.document.follow(raw, pointer)
        except Broken:
            return Branch(name, "anything", required, ("its description cannot be found",), "", ())
        model = str(at[-1]) if at != pointer and "schemas" in at else ""
        if not isinstance(node, dict):
            return Branch(name, "nothing" if node is False else "anything", required, (), "", (), model)
        siblings = raw if isinstance(raw, dict) and raw is not node else {}
        described = str(siblings.get("description") or node.get("description") or node.get("title") or "")
        if at in above:
            return Branch(name, type_of(node), required, ("as above",), described, (), model)
        if len(above) >= MAX_DEPTH or self.left <= 0:
            return Branch(name, type_of(node), required, ("more is left out here",), described, (), model)
        inner = tuple(self._inner(node, at, (*above, at)))
        return Branch(name, type_of(node), required, tuple(notes(node)), described, inner, model)

    def _inner(self, node: dict[str, Any], at: Pointer, above: tuple[Pointer, ...]) -> list[Branch]:
        found: list[Branch] = []
        for index, _ in enumerate(_list(node.get("allOf"))):
            part = self.branch("", (*at, "allOf", index), False, above)
            found += part.inner if not part.notes else (part._replace(name="and"),)
        required = node.get("required")
        names = required if isinstance(required, list) else []
        for name in _map(node.get("properties")):
            found.append(self.branch(name, (*at, "properties", name), name in names, above))
        for word in ("items", "additionalProperties", "contains", "not"):
            if isinstance(node.get(word), dict) and node[word]:
                label = {"items": "[]", "additionalProperties": "any other name", "contains": "one item", "not": "not"}
                found.append(self.branch(label[word], (*at, word), False, above))
        for index, _ in enumerate(_list(node.get("prefixItems"))):
            found.append(self.branch(f"[{index}]", (*at, "prefixItems", index), False, above))
        for pattern in _map(node.get("patternProperties")):
            found.append(self.branch(f"names like {pattern}", (*at, "patternProperties", pattern), False, above))
        for word, _ in _ONE_OF:
            for index, _ in enumerate(_list(node.get(word))):
                found.append(self.branch(f"or {index + 1}", (*at, word, index), False, above))
        return found


def type_of(node: dict[str, Any]) -> str:
    """``integer``, ``string or null``, ``list of string``, ``exactly one of``."""
    kinds = node.get("type")
    named = [str(each) for each in (kinds if isinstance(kinds, list) else [kinds] if kinds else [])]
    if not named:
        for word, text in _ONE_OF:
            if node.get(word):
                return text
        if "properties" in node or "allOf" in node:
            return "object"
        if "items" in node or "const" not in node:
            return "list" if "items" in node else "anything"
        named = [kind_of(node["const"])]
    text = " or ".join(_LISTS.get(each, each) for each in named)
    if node.get("nullable") is True and "null" not in named:
        text += " or null"
    return f"{text}, {node['format']}" if isinstance(node.get("format"), str) else text


def notes(node: dict[str, Any]) -> list[str]:
    """What must hold besides the type: ``["≥ 300", "≤ 43200", "default 300"]``."""
    found = [text.format(_short(node[word])) for word, text in _BOUNDS if word in node]
    if "enum" in node:
        values = _list(node["enum"])
        more = f" and {len(values) - 20} more" if len(values) > 20 else ""
        found.append("one of " + ", ".join(map(_short, values[:20])) + more)
    if "const" in node:
        found.append(f"always {_short(node['const'])}")
    if "default" in node:
        found.append(f"default {_short(node['default'])}")
    flags = (("uniqueItems", "no two alike"), ("readOnly", "only in answers"), ("writeOnly", "only in requests"),
             ("deprecated", "deprecated"))  # fmt: skip
    found += [text for word, text in flags if node.get(word) is True]
    if node.get("additionalProperties") is False or node.get("unevaluatedProperties") is False:
        found.append("no other names")
    if isinstance(node.get("x-provenance"), str):
        found.append(str(node["x-provenance"]))
    examples = _list(node.get("examples")) or ([node["example"]] if "example" in node else [])
    found += [f"for example {_short(each)}" for each in examples[:1]]
    return found


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
