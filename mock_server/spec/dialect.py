"""OpenAPI 3.0 schemas rewritten as JSON Schema 2020-12 (OAS 3.0.3 §4.7.24)."""

from __future__ import annotations

from typing import Any

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


def convert(schema: dict[str, Any]) -> None:
    """Make one schema object of 3.0 (or Swagger 2.0) mean the same in JSON Schema 2020-12, in place."""
    if schema.get("x-nullable") is True:
        schema["nullable"] = True
    if isinstance(schema.get("nullable"), bool):
        _nullable(schema)
    if "exclusiveMinimum" in schema or "exclusiveMaximum" in schema:
        _exclusive(schema)
    if schema.get("type") == "file":  # Swagger 2.0
        schema |= {"type": "string", "format": "binary"}
    if isinstance(schema.get("discriminator"), str):
        schema["discriminator"] = {"propertyName": schema["discriminator"]}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.pop("nullable", False) is not True:
        return schema
    if isinstance(schema.get("type"), str):
        # An enum beside it must list null itself (OAS 3.0 proposal "Clarify nullable", 2019).
        schema["type"] = [schema["type"], "null"]
    # By the letter a part that is not nullable still refuses null; nobody who writes it means that.
    if isinstance(schema.get("allOf"), list):
        parts = [{"allOf": schema.pop("allOf")}, {"type": "null"}]
        if "anyOf" in schema:
            schema["allOf"] = [{"anyOf": parts}]
        else:
            schema["anyOf"] = parts
    elif "type" not in schema:
        for word in ("anyOf", "oneOf"):
            if isinstance(schema.get(word), list):
                schema[word] = [*schema[word], {"type": "null"}]
    return schema


def _exclusive(schema: dict[str, Any]) -> dict[str, Any]:
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = schema.get(exclusive)
        if flag is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
        elif isinstance(flag, bool):
            del schema[exclusive]
    return schema
