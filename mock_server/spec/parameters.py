"""Parameters of path, query, header and cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.schema import Schema

_IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))
"""Parameters of these names are ignored (OAS 3.1 §4.8.12.2.1)."""
Location = Literal["path", "query", "header", "cookie"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; its schema is put before the decoded value."""

    name: str
    location: Location
    required: bool
    schema: Schema | None
    type: str
    """The schema's ``type``: how the text is read (``integer``, ``array``, … or ``""``)."""


def read_parameters(
    document: Document, item: dict[str, Any], at: Pointer, node: dict[str, Any], pointer: Pointer
) -> list[Parameter]:
    """The path's parameters, overridden by the operation's (OAS 3.1 §4.8.9)."""
    found: dict[tuple[str, str], Parameter] = {}
    for owner, place in ((item, at), (node, pointer)):
        for index, raw in enumerate(owner.get("parameters") or []):
            entry, entry_at = document.follow(raw, (*place, "parameters", index))
            schema, schema_at = document.follow(entry.get("schema", {}), (*entry_at, "schema"))
            kind = schema.get("type", "") if isinstance(schema, dict) else ""
            parameter = Parameter(
                name=str(entry.get("name", "")),
                location=entry.get("in", "query"),
                required=bool(entry.get("required", False)),
                schema=document.schema(schema_at) if "schema" in entry else None,
                type=kind if isinstance(kind, str) else "",
            )
            if not (parameter.location == "header" and parameter.name.lower() in _IGNORED_HEADERS):
                found[parameter.location, parameter.name] = parameter
    return list(found.values())
