"""OpenAPI 3.0 schemas rewritten as JSON Schema 2020-12 (OAS 3.0.3 §4.7.24)."""

from __future__ import annotations

from typing import Any

_ONE = frozenset(("additionalProperties", "items", "not", "schema"))
_LISTED = frozenset(("allOf", "anyOf", "oneOf"))
_NAMED = frozenset(("properties", "patternProperties", "schemas"))
LITERALS = frozenset(("example", "default", "enum", "const", "value"))
"""Words under which data of the user's stands, in which ``$ref`` and ``schema`` are words like any other."""
NAMING = frozenset(
    (
        *("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
        *("schemas", "responses", "parameters", "examples", "requestBodies", "headers", "securitySchemes"),
        *("links", "callbacks", "pathItems", "paths", "webhooks", "content", "encoding"),
    )
)
"""Words whose keys are names that people chose: a response called ``default``, a property ``example``."""


def holds_data(key: str, value: object, *, is_name: bool) -> bool:
    """Whether what stands under ``key`` is the user's data and no part of the document's own language."""
    if is_name:
        return False
    return key in LITERALS or key.startswith("x-") or (key == "examples" and isinstance(value, list))


def to_2020_12(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document whose schemas speak JSON Schema 2020-12.

    ``nullable: true`` becomes a type list with ``null``, ``exclusiveMinimum: true`` the number,
    and keywords beside a ``$ref`` are dropped, for 3.0 says they are ignored.
    """
    copy = _copy(document)
    assert isinstance(copy, dict)
    return copy


def _copy(node: Any, names: bool = False) -> Any:
    """Walk the parts that are not schemas, looking for those that are; ``names``: the keys are names."""
    if isinstance(node, list):
        return [_copy(item) for item in node]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for key, value in node.items():
        if holds_data(key, value, is_name=names):
            found[key] = value
        elif key == "schema" and not names:
            found[key] = _schema(value)
        elif key == "schemas" and isinstance(value, dict) and not names:
            found[key] = {name: _schema(schema) for name, schema in value.items()}
        else:
            found[key] = _copy(value, key in NAMING and not names)
    return found


def _schema(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {"$ref": node["$ref"]}
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key in _ONE:
            found[key] = _schema(value)
        elif key in _LISTED and isinstance(value, list):
            found[key] = [_schema(item) for item in value]
        elif key in _NAMED and isinstance(value, dict):
            found[key] = {name: _schema(schema) for name, schema in value.items()}
        else:
            found[key] = value
    return _exclusive(_nullable(found))


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.pop("nullable", False) is not True:
        return schema
    if isinstance(schema.get("type"), str):
        # An enum beside it must list null itself (OAS 3.0 proposal "Clarify nullable", 2019).
        schema["type"] = [schema["type"], "null"]
    return schema


def _exclusive(schema: dict[str, Any]) -> dict[str, Any]:
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = schema.get(exclusive)
        if flag is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
        elif isinstance(flag, bool):
            del schema[exclusive]
    return schema
