"""What stands under a ``content``: media types, their schemas, examples and encodings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.direction import Direction
from mock_server.spec.document import Document
from mock_server.spec.family import family
from mock_server.spec.schema import Schema
from mock_server.spec.shape import Shape
from mock_server.value import dataclass

MAX_PARAMETERS = 16
"""Of one media type; further ones are not looked at."""


@dataclass(frozen=True, slots=True)
class Example:
    """A named example of the document. The name is ``""`` for the nameless ``example``."""

    name: str
    value: Any
    pointer: Pointer
    provenance: str


class PartHeader(NamedTuple):
    """A header of a part, always in ``simple`` style."""

    required: bool
    explode: bool = False
    schema: Schema | None = None
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one property stands in a form or multipart body (OAS 3.1 §4.8.15). Empty = by the property's type."""

    content_type: str = ""
    style: str = ""
    explode: bool | None = None
    headers: Mapping[str, PartHeader] = field(default_factory=dict)
    """By their lower-case names."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """One entry of a ``content`` map."""

    name: str
    schema: Schema | None
    examples: tuple[Example, ...]
    encoding: Mapping[str, Encoding] = field(default_factory=dict)
    item_schema: Schema | None = None
    """3.2's ``itemSchema``: of each item of a body that is a sequence."""
    shape: Shape | None = field(default=None, compare=False, repr=False)
    """The form of the whole value: of ``schema``, or a list of ``itemSchema``."""


@dataclass(frozen=True, slots=True)
class Body:
    """The request body."""

    required: bool
    content: tuple[MediaType, ...]


def read_body(document: Document, node: dict[str, Any], pointer: Pointer, *, formats: bool = False) -> Body | None:
    if "requestBody" not in node:
        return None
    entry, at = document.follow(node["requestBody"], (*pointer, "requestBody"))
    return Body(bool(entry.get("required", False)), read_content(document, entry, at, "request", formats=formats))


def read_content(
    document: Document,
    entry: dict[str, Any],
    at: Pointer,
    direction: Direction = "response",
    *,
    formats: bool = False,
) -> tuple[MediaType, ...]:
    """The ``content`` map. Its schemas forgive what ``direction`` leaves out (``readOnly``, ``writeOnly``)."""
    found = []

    def read(at: Pointer) -> Schema:
        return document.schema(at, direction, formats=formats)

    for name, media in (entry.get("content") or {}).items():
        media_at: Pointer = (*at, "content", name)
        schema = read((*media_at, "schema")) if "schema" in media else None
        items = read((*media_at, "itemSchema")) if "itemSchema" in media else None
        word = "schema" if schema or not items else "itemSchema"
        shape = Shape(document, (*media_at, word), media[word]) if word in media else None
        found.append(
            MediaType(
                name,
                schema,
                tuple(_examples(document, media, media_at)),
                _encodings(document, media, media_at),
                items,
                shape,
            )
        )
    return tuple(found)


def _encodings(document: Document, media: dict[str, Any], at: Pointer) -> dict[str, Encoding]:
    given = media.get("encoding")
    found = {}
    for name, entry in given.items() if isinstance(given, dict) else ():
        if isinstance(entry, dict):
            explode = entry.get("explode")
            found[str(name)] = Encoding(
                content_type=str(entry.get("contentType", "")),
                style=_style(entry),
                explode=explode if isinstance(explode, bool) else None,
                headers=_part_headers(document, entry, (*at, "encoding", name)),
            )
    return found


def _style(entry: dict[str, Any]) -> str:
    """``tabDelimited`` is ours: the ``tsv`` of Swagger 2.0 has no style in OpenAPI 3."""
    return "tabDelimited" if entry.get("x-collectionFormat") == "tsv" else str(entry.get("style", ""))


def _part_headers(document: Document, entry: dict[str, Any], at: Pointer) -> dict[str, PartHeader]:
    """Content-Type is described by ``contentType`` and ignored here (OAS 3.1 §4.8.15.1)."""
    found = {}
    given = entry.get("headers")
    for name, raw in given.items() if isinstance(given, dict) else ():
        header, header_at = document.follow(raw, (*at, "headers", name))
        if name.lower() != "content-type" and isinstance(header, dict):
            pointer = (*header_at, "schema")
            shape = Shape(document, pointer, header["schema"]) if "schema" in header else None
            schema = document.schema(pointer, "request", formats=True) if shape else None
            found[name.lower()] = PartHeader(header.get("required") is True, bool(header.get("explode")), schema, shape)
    return found


def _examples(document: Document, media: dict[str, Any], at: Pointer) -> Iterator[Example]:
    if "example" in media:
        yield Example("", media["example"], (*at, "example"), str(media.get("x-provenance", "documented")))
    for name, raw in (media.get("examples") or {}).items():
        entry, entry_at = document.follow(raw, (*at, "examples", name))
        if "value" in entry:
            provenance = str(entry.get("x-provenance", "documented"))
            yield Example(name, entry["value"], (*entry_at, "value"), provenance)


def essence(media_type: str) -> str:
    """The type without its parameters, lower-case: ``text/plain`` of ``Text/Plain; charset=utf-8``."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON, by name or by suffix (RFC 6839 §3.1)."""
    kind = essence(media_type)
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def media_parameters(media_type: str) -> dict[str, str]:
    """The parameters of a media type, names lower-case: ``{"charset": "utf-8"}`` (RFC 9110 §8.3.1).

    A quoted value loses its quotes and backslashes; what is no ``name=value`` is passed over.
    """
    found: dict[str, str] = {}
    rest = media_type.partition(";")[2]
    for _ in range(MAX_PARAMETERS):
        name, equals, rest = rest.partition("=")
        if not equals:
            break
        key = name.rpartition(";")[2].strip().lower()
        rest = rest.lstrip()
        if rest.startswith('"'):
            value, rest = _quoted(rest)
        else:
            value, _, rest = rest.partition(";")
        found.setdefault(key, value.strip())
    return found


def _quoted(text: str) -> tuple[str, str]:
    """The text between the first quote and its partner, and what follows the next semicolon."""
    found: list[str] = []
    at = 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        found.append(text[at])
        at += 1
    return "".join(found), text[at + 1 :].partition(";")[2]


def is_checked(media: MediaType, content_type: str) -> bool:
    """Whether a body of this type can be held to its schema.

    A text or bytes that nobody takes apart (YAML, Protobuf) are one text to us, whatever the schema describes.
    """
    if media.shape is None or media.shape.kinds & {"string"}:
        return True
    kind = family(content_type)
    return kind != "binary" and not (kind == "text" and media.shape.kinds <= {"object", "array", "null"})


def best_match(content: tuple[MediaType, ...], content_type: str) -> MediaType | None:
    """The entry that describes a body of this type, the most specific one first (OAS 3.1 §4.8.14).

    ``text/plain`` before ``text/*`` before ``*/*``; parameters count only between entries of one type.
    JSON types stand in for one another.
    """
    kind = essence(content_type)
    exact = [each for each in content if essence(each.name) == kind]
    if len(exact) > 1:
        given = media_parameters(content_type)
        same = [each for each in exact if media_parameters(each.name).items() <= given.items()]
        exact = sorted(same, key=lambda each: -len(media_parameters(each.name))) or exact
    if exact:
        return exact[0]
    group = kind.partition("/")[0] + "/*"
    for wanted in (group, "*/*"):
        found = next((each for each in content if essence(each.name) == wanted), None)
        if found:
            return found
    return next((each for each in content if is_json(kind) and is_json(each.name)), None)
