"""The OAS meta-schemas, read out of the installed openapi-spec-validator package.

Only its data files are used. Importing the package would cost 0.3 s, so its folder is found
without executing it, and jsonschema-rs does the work in milliseconds.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mock_server.errors import Problem
from mock_server.source import Loaded, Pointer, read_bytes
from mock_server.spec.dialect import NAMING, holds_data
from mock_server.spec.schema import Breach, json_schema_breaches, meta_breaches


def meta_schema(version: str) -> dict[str, Any]:
    """The meta-schema of an OpenAPI version such as ``"3.1.0"``."""
    found = importlib.util.find_spec("openapi_spec_validator")
    assert found is not None, "openapi-spec-validator is a dependency"
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "resources" / "schemas" / f"v{version[:3]}"
    schema: dict[str, Any] = json.loads(read_bytes(folder / "schema.json"))
    return schema


def meta_problems(loaded: Loaded, version: str) -> Iterator[Problem]:
    """Where the document breaks the OAS meta-schema (MS202), the deepest complaints only.

    The meta-schema of 3.1 leaves the schemas themselves to their dialect, so those are put
    before JSON Schema 2020-12's own meta-schema.
    """
    breaches = _deepest(list(meta_breaches(meta_schema(version), loaded.data)))
    found = [(breach.path, breach.message[:300]) for breach in breaches]
    if not version.startswith("3.0"):
        for pointer, schema in _schemas(loaded.data):
            inner = json_schema_breaches(schema)
            found += [((*pointer, *breach.path), breach.message[:300]) for breach in inner]
    for path, message in dict.fromkeys(found):  # each vocabulary complains of what is no schema at all
        yield loaded.problem("MS202", message, path)


def _deepest(breaches: list[Breach]) -> list[Breach]:
    """Drop a complaint about a node when there is one about something inside it."""
    paths = {breach.path for breach in breaches}
    return [
        one for one in breaches if not any(path != one.path and path[: len(one.path)] == one.path for path in paths)
    ]


def _schemas(data: dict[str, Any]) -> Iterator[tuple[Pointer, Any]]:
    """Every outermost schema: under ``components/schemas`` and wherever a key is ``schema``."""
    components = data.get("components")
    named = components.get("schemas") if isinstance(components, dict) else None
    if isinstance(named, dict):
        yield from ((("components", "schemas", name), schema) for name, schema in named.items())
    stack: list[tuple[Any, Pointer, bool]] = [(data, (), False)]
    while stack:
        node, pointer, names = stack.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "schema" and isinstance(value, dict | bool) and not names:
                    yield (*pointer, key), value
                elif names or not (key == "schemas" or holds_data(key, value, is_name=False)):
                    stack.append((value, (*pointer, key), key in NAMING and not names))
        elif isinstance(node, list):
            stack.extend((value, (*pointer, index), False) for index, value in enumerate(node))
