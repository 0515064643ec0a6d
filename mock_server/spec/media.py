"""What stands under a ``content``: media types, their schemas and examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.schema import Schema


@dataclass(frozen=True, slots=True)
class Example:
    """A named example of the document. The name is ``""`` for the nameless ``example``."""

    name: str
    value: Any
    pointer: Pointer
    provenance: str


@dataclass(frozen=True, slots=True)
class MediaType:
    """One entry of a ``content`` map."""

    name: str
    schema: Schema | None
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """The request body."""

    required: bool
    content: tuple[MediaType, ...]


def read_body(document: Document, node: dict[str, Any], pointer: Pointer) -> Body | None:
    if "requestBody" not in node:
        return None
    entry, at = document.follow(node["requestBody"], (*pointer, "requestBody"))
    return Body(bool(entry.get("required", False)), read_content(document, entry, at))


def read_content(document: Document, entry: dict[str, Any], at: Pointer) -> tuple[MediaType, ...]:
    found = []
    for name, media in (entry.get("content") or {}).items():
        media_at: Pointer = (*at, "content", name)
        schema = document.schema((*media_at, "schema")) if "schema" in media else None
        found.append(MediaType(name, schema, tuple(_examples(document, media, media_at))))
    return tuple(found)


def _examples(document: Document, media: dict[str, Any], at: Pointer) -> Iterator[Example]:
    if "example" in media:
        yield Example("", media["example"], (*at, "example"), str(media.get("x-provenance", "documented")))
    for name, raw in (media.get("examples") or {}).items():
        entry, entry_at = document.follow(raw, (*at, "examples", name))
        if "value" in entry:
            provenance = str(entry.get("x-provenance", "documented"))
            yield Example(name, entry["value"], (*entry_at, "value"), provenance)


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON, by name or by suffix (RFC 6839 §3.1)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/json", "text/json") or essence.endswith("+json")
