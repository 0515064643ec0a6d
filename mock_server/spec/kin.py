"""Bodies held to the schema that their discriminator names, where parent and children are tied by ``allOf``.

OAS 3.0.3 §4.7.24 "Models with Polymorphism Support": ``Pet`` has the discriminator, ``Cat`` is ``allOf: [Pet, …]``,
and a body described by ``Pet`` whose ``petType`` is ``Cat`` has to keep ``Cat``. JSON Schema sees nothing of that,
for ``Pet`` does not refer to ``Cat``. So each such parent gets a twin beside it: the parent, and for each child
``if petType is Cat then Cat``. Whatever refers to the parent as a whole is made to refer to the twin; the children go
on referring to the parent.

A name that leads to no child is left to the parent's own schema: real mappings are seldom complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mock_server.source import Pointer
from mock_server.spec.dialect import NAMING, holds_data
from mock_server.spec.reference import fragment, parse_reference

SECTION: Final = "x-mock-server-kin"
_SECTIONS: Final = (("components", "schemas"), ("definitions",))
_IN_PLACE_LISTS: Final = ("allOf", "anyOf", "oneOf")
_IN_PLACE: Final = ("not", "if", "then", "else")
MAX_STEPS = 10_000
"""Schemas looked at for the children of one document."""


class Kin:
    """The parents and children of one document; ``twins`` is empty where it has none."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._names = {name: schema for section in _SECTIONS for name, schema in _schemas(data, section).items()}
        self._home = next((each for each in _SECTIONS if _schemas(data, each)), _SECTIONS[0])
        self.twins: dict[Pointer, dict[str, Any]] = {}
        """The pointer of a parent -> its twin."""
        self._kept: set[int] = set()
        """The references, by ``id``, that stay with the parent: those of its own children."""
        parents = [name for name, each in self._names.items() if isinstance(each, dict) and _is_parent(each)]
        if parents:
            self._find(parents)

    def _find(self, parents: list[str]) -> None:
        ancestors = {name: self._ancestors(schema) for name, schema in self._names.items()}
        for parent in parents:
            word = self._names[parent]["discriminator"]
            below = [name for name, found in ancestors.items() if id(self._names[parent]) in found and name != parent]
            cases = {name: self._reference(name) for name in below}
            mapping = word.get("mapping")
            cases |= {
                value: reference
                for value, reference in (mapping.items() if isinstance(mapping, dict) else ())
                if isinstance(reference, str) and self._at(reference) not in (None, self._names[parent])
            }
            for target in cases.values():
                self._keep(self._at(target))
            for name in (parent, *below):
                self._twin(name, word["propertyName"], cases, ancestors)

    def _twin(self, name: str, key: str, cases: dict[str, str], ancestors: dict[str, set[int]]) -> None:
        schema = self._names[name]
        ids = {id(each): found for each, found in zip(self._names.values(), ancestors.values(), strict=True)}
        is_root = "discriminator" in schema
        found = {
            value: target
            for value, target in cases.items()
            if self._at(target) is not schema and (is_root or id(schema) in ids.get(id(self._at(target)), ()))
        }
        if not found:
            return
        branches = [
            {
                "if": {"type": "object", "properties": {key: {"const": value}}, "required": [key]},
                "then": {"$ref": target},
            }
            for value, target in found.items()
        ]
        twin = {"allOf": [{"$ref": self._reference(name)}, *branches]}
        for section in _SECTIONS:
            self.twins[*section, name] = twin

    def _reference(self, name: str) -> str:
        return f"#{fragment((*self._home, name))}"

    def _at(self, reference: str) -> Any:
        node: Any = self._data
        for step in parse_reference(reference) or ("",):
            node = node.get(step) if isinstance(node, dict) else None
        return node

    def _in_place(self, schema: Any) -> Iterator[dict[str, Any]]:
        """The schema and all that judge the same value as it does."""
        seen: set[int] = set()
        stack = [schema]
        while stack and len(seen) < MAX_STEPS:
            node = stack.pop()
            if not isinstance(node, dict) or id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            if isinstance(node.get("$ref"), str):
                stack.append(self._at(node["$ref"]))
            for word in _IN_PLACE_LISTS:
                stack += node[word] if isinstance(node.get(word), list) else []
            stack += [node[word] for word in _IN_PLACE if word in node]
            dependent = node.get("dependentSchemas")
            stack += dependent.values() if isinstance(dependent, dict) else []

    def _ancestors(self, schema: Any) -> set[int]:
        """All that the schema is made of by ``allOf``, by ``id``."""
        found: set[int] = set()
        stack = [schema]
        while stack:
            node = stack.pop()
            if not isinstance(node, dict) or id(node) in found:
                continue
            found.add(id(node))
            if isinstance(node.get("$ref"), str):
                stack.append(self._at(node["$ref"]))
            stack += node["allOf"] if isinstance(node.get("allOf"), list) else []
        return found

    def _keep(self, child: Any) -> None:
        """A child that referred to the twin would ask itself what it is, without an end."""
        self._kept |= {id(node) for node in self._in_place(child) if "$ref" in node}

    def address(self, pointer: Pointer) -> Pointer:
        """Where a schema is judged: at its twin, or where it stands."""
        return (SECTION, pointer[-1]) if pointer in self.twins else pointer

    def tree(self) -> dict[str, Any]:
        """The document with the twins in it; what does not change is shared."""
        changed: dict[str, Any] = self._walk(self._data, names=False)
        return {**changed, SECTION: {pointer[-1]: twin for pointer, twin in self.twins.items()}}

    def _walk(self, node: Any, *, names: bool) -> Any:
        if isinstance(node, list):
            items = [self._walk(item, names=False) for item in node]
            return items if any(new is not old for new, old in zip(items, node, strict=True)) else node
        if not isinstance(node, dict):
            return node
        found = {
            key: value
            if holds_data(key, value, is_name=names)
            else self._walk(value, names=key in NAMING and not names)
            for key, value in node.items()
        }
        reference = node.get("$ref")
        if isinstance(reference, str) and not names and id(node) not in self._kept:
            target = parse_reference(reference)
            if target in self.twins:
                found["$ref"] = f"#{fragment(self.address(target))}"
        return found if any(found[key] is not value for key, value in node.items()) else node


def _schemas(data: dict[str, Any], section: Pointer) -> dict[str, Any]:
    node: Any = data
    for step in section:
        node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def _is_parent(schema: dict[str, Any]) -> bool:
    word = schema.get("discriminator")
    is_named = isinstance(word, dict) and isinstance(word.get("propertyName"), str)
    return is_named and "oneOf" not in schema and "anyOf" not in schema
