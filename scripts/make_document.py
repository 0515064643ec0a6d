"""Write an OpenAPI document of a given size, the same bytes at every run: ``make_document.py 1000 10 big.json``.

The arguments are the number of operations, the size in MB (10^6 bytes of JSON) and the file; ``.yaml`` is written
as YAML. Each resource has five operations over a schema with nested parts, so schemas refer to one another as they
do in documents of this size.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

METHODS = (("get", ""), ("post", ""), ("get", "/{id}"), ("put", "/{id}"), ("delete", "/{id}"))
WORDS = [
    "the",
    "account",
    "order",
    "invoice",
    "of",
    "a",
    "customer",
    "is",
    "shown",
    "with",
    "its",
    "current",
    "state",
    "and",
    "every",
    "change",
    "since",
    "it",
    "was",
    "made",
]
WORDS_EACH = 10
PARTS = 4
"""How many other schemas a resource's schema names."""


def prose(number: int, words: int) -> str:
    """Words that differ from place to place and never from run to run."""
    return " ".join(WORDS[(number * 7 + step * (number % 5 + 1)) % len(WORDS)] for step in range(words))


def make(operations: int, fields: int) -> dict[str, Any]:
    """A document of so many operations; ``fields`` is the number of properties of each resource."""
    resources = (operations + len(METHODS) - 1) // len(METHODS)
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {
        "Error": _object({"message": {"type": "string"}, "code": {"type": "integer"}}, WORDS_EACH)
    }
    for number in range(resources):
        schemas |= _schemas(number, resources, fields)
    for number in range(operations):
        method, suffix = METHODS[number % len(METHODS)]
        resource = number // len(METHODS)
        item = paths.setdefault(f"/area{resource % 20}/things{resource}{suffix}", {})
        item[method] = _operation(number, resource, method, suffix)
    return {
        "openapi": "3.0.3",
        "info": {"title": f"{operations} operations", "version": "1.0.0"},
        "servers": [{"url": "https://api.example.com/v1"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _object(properties: dict[str, Any], words: int) -> dict[str, Any]:
    return {
        "type": "object",
        "description": prose(1, words),
        "required": list(properties)[:2],
        "properties": properties,
    }


def _schemas(number: int, resources: int, fields: int) -> dict[str, Any]:
    properties: dict[str, Any] = {"id": {"type": "integer", "minimum": 1}}
    for field in range(fields):
        kind: dict[str, Any] = [
            {"type": "string", "minLength": 1, "maxLength": 200},
            {"type": "integer", "minimum": 0, "maximum": 10_000},
            {"type": "string", "format": "date-time", "nullable": True},
            {"type": "string", "enum": ["open", "paid", "late"]},
            {"type": "array", "items": {"type": "string", "pattern": "^[a-z]{2,8}$"}},
        ][field % 5]
        properties[f"field_{field}"] = {"description": prose(number + field, WORDS_EACH), **kind}
    for part in range(PARTS):
        properties[f"part_{part}"] = {"$ref": f"#/components/schemas/Part{(number * 3 + part) % resources}"}
    part = _object({"name": {"type": "string"}, "amount": {"type": "number", "minimum": 0}}, WORDS_EACH)
    if number % 3 == 0:  # trees: a part of parts
        part["properties"]["children"] = {"type": "array", "items": {"$ref": f"#/components/schemas/Part{number}"}}
    return {f"Thing{number}": _object(properties, WORDS_EACH), f"Part{number}": part}


def _operation(number: int, resource: int, method: str, suffix: str) -> dict[str, Any]:
    thing = {"$ref": f"#/components/schemas/Thing{resource}"}
    shown: dict[str, Any] = thing if suffix or method == "post" else {"type": "array", "items": thing}
    operation: dict[str, Any] = {
        "operationId": f"operation{number}",
        "summary": prose(number, 6),
        "description": prose(number, WORDS_EACH * 4),
        "parameters": [
            {
                "name": f"filter_{each}",
                "in": "query",
                "description": prose(each, WORDS_EACH),
                "schema": {"type": "string"},
            }
            for each in range(4)
        ],
        "responses": {
            "204" if method == "delete" else "200": {
                "description": prose(number, 5),
                **({} if method == "delete" else {"content": {"application/json": {"schema": shown}}}),
            },
            "default": {
                "description": "what went wrong",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if suffix:
        operation["parameters"].append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}})
    if method in ("post", "put"):
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": thing}}}
    return operation


def sized(operations: int, megabytes: float) -> dict[str, Any]:
    """A document of about that size: its resources have as many properties as it takes."""
    few, more = (len(json.dumps(make(operations, fields), indent=1)) for fields in (0, 10))
    return make(operations, max(0, round((megabytes * 1e6 - few) / (more - few) * 10)))


def main() -> None:
    operations, megabytes, path = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    document = sized(operations, megabytes)
    if path.suffix == ".json":
        path.write_text(json.dumps(document, indent=1), "utf-8")
    else:
        import yaml

        path.write_text(
            yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False), "utf-8"
        )


if __name__ == "__main__":
    main()
