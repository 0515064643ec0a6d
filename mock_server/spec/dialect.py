"""OpenAPI 3.0 schemas rewritten as JSON Schema 2020-12 (OAS 3.0.3 §4.7.24)."""

from __future__ import annotations

from typing import Any

_ONE = frozenset(("additionalProperties", "items", "not", "schema"))
_LISTED = frozenset(("allOf", "anyOf", "oneOf"))
_NAMED = frozenset(("properties", "patternProperties", "schemas"))
_LITERAL = frozenset(("example", "examples", "default", "enum", "value"))


def to_2020_12(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document whose schemas speak JSON Schema 2020-12.

    ``nullable: true`` becomes a type list with ``null``, ``exclusiveMinimum: true`` the number,
    and keywords beside a ``$ref`` are dropped, for 3.0 says they are ignored.
    """
    copy = _copy(document)
    assert isinstance(copy, dict)
    return copy


def _copy(node: Any) -> Any:
    """Walk the parts that are not schemas, looking for those that are."""
    if isinstance(node, list):
        return [_copy(item) for item in node]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key in _LITERAL or key.startswith("x-"):
            found[key] = value
        elif key == "schema":
            found[key] = _schema(value)
        elif key == "schemas" and isinstance(value, dict):
            found[key] = {name: _schema(schema) for name, schema in value.items()}
        else:
            found[key] = _copy(value)
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
