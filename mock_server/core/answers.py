"""The answers of one operation by name: the fixture's own, and those of the document.

A document's answer is made when it is first asked for (its body may have to be generated), and then kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mock_server.core.finish import finished
from mock_server.core.headers import documented_headers
from mock_server.errors import Broken
from mock_server.fixture.model import Response
from mock_server.fixture.response import blank
from mock_server.fixture.template import Template
from mock_server.source import Pointer, pointer_text
from mock_server.spec.document import Document
from mock_server.spec.drawn import Drawn, Offer, draw
from mock_server.spec.generate import generate_content, is_described
from mock_server.spec.media import MediaType, essence, is_json
from mock_server.spec.operations import Operation
from mock_server.spec.schema import Schema, SchemaError

JSON = "application/json"
_TOO_LATE = "the example's file cannot be read"
_ANYTHING = Template({}, frozenset())
ReadFile = Callable[[Document, Pointer, str], bytes]
"""The bytes of a file that is named in the value at a pointer of the document; raises ``Broken``."""


def no_files(document: Document, at: Pointer, name: str) -> bytes:
    raise Broken([])


class Answers(Mapping[str, Response]):
    """``answers["200"]`` is the response in its usual media type; the same object every time."""

    __slots__ = ("_made", "_read_file", "_seed", "_siblings", "_variants", "drawn", "operation", "own")

    def __init__(
        self,
        operation: Operation,
        own: Mapping[str, Response],
        siblings: Mapping[str, Operation],
        read_file: ReadFile = no_files,
        seed: int = 0,
    ) -> None:
        self.operation = operation
        self.own = own
        self.drawn = {name: each for name, each in draw(operation).items() if name not in own}
        self._siblings = siblings
        self._read_file = read_file
        self._seed = seed
        self._made: dict[str, Response] = dict(own)
        self._variants: dict[tuple[str, int], Response] = {}

    def __getitem__(self, name: str) -> Response:
        return self._made.get(name) or self._make(name)

    def __contains__(self, name: object) -> bool:
        return name in self._made or name in self.drawn

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from self.drawn

    def __len__(self) -> int:
        return len(self.own) + len(self.drawn)

    def statuses(self) -> dict[str, int]:
        """Name -> status, without making any body."""
        own = {name: response.status for name, response in self.own.items()}
        return own | {name: each.status for name, each in self.drawn.items()}

    def by_status(self) -> list[tuple[int, list[str]]]:
        """``[(200, ["one", "two"]), (404, ["404"])]``, without making any body."""
        found: dict[int, list[str]] = {}
        for name, status in self.statuses().items():
            found.setdefault(status, []).append(name)
        return sorted(found.items())

    def offered(self, name: str) -> list[str]:
        """The media types that the answer can go out in, the usual one first; empty = it has no body."""
        drawn = self.drawn.get(name)
        if drawn is not None:
            return [offer.media_type for offer in drawn.offers]
        response = self.own[name]
        return [response.media_type] if response.body is not None or response.encoded is not None else []

    def variant(self, name: str, index: int) -> Response:
        """The answer in the media type of that index in ``offered``."""
        if index == 0:
            return self[name]
        drawn = self.drawn[name]
        made = self._variants.get((name, index))
        if made is None:
            made = self._variants[name, index] = self._response(drawn, drawn.offers[index])
        return made

    def generated(self, name: str, index: int, seed: int, media_type: str | None = None) -> Response | None:
        """The answer with a body newly made from its schema; None when it has no schema or none can be made."""
        drawn = self.drawn.get(name)
        like = self.variant(name, index)
        if drawn is not None and not drawn.offers:
            return None
        media = drawn.offers[index].media if drawn else _body_media(self.operation, like)
        if media is None or not is_described(media):
            return None
        try:
            body = Template(generate_content(self.operation.document, media, seed), frozenset())
        except (Broken, SchemaError):
            return None
        made = replace(like, name="generated", source="assumed", body=body, encoded=None, invalid=None, unmade=None)
        return finished(replace(made, media_type=media_type) if media_type else made)

    def _make(self, name: str) -> Response:
        drawn = self.drawn[name]
        made = self._made[name] = self._response(drawn, drawn.offers[0] if drawn.offers else None)
        return made

    def _response(self, drawn: Drawn, offer: Offer | None) -> Response:
        """The answer in one media type: its body, what is wrong with that, and its headers."""
        kind, media = (offer.media_type, offer.media) if offer else (JSON, None)
        response = Response(drawn.name, drawn.status, drawn.source, None, kind, media=media)
        if offer is not None:
            response = self._with_body(response, drawn, offer)
        own = tuple(documented_headers(self.operation, drawn.entry.pointer, response, self._siblings, self._seed))
        if len(drawn.offers) > 1:
            own = _varying(own)
        return finished(replace(response, headers=own))

    def _with_body(self, response: Response, drawn: Drawn, offer: Offer) -> Response:
        example, schema = offer.example, offer.media.schema
        if example is None:
            return self._generated(response, drawn, offer.media)
        if example.external is not None:
            return self._from_file(response, drawn, offer, example.pointer, example.external)
        if example.serialized is not None:
            return with_bytes(response, example.serialized.encode("utf-8", "replace"), schema)
        if example.value is None and schema is not None and not _is_valid(schema, None):
            return self._generated(replace(response, source="assumed"), drawn, offer.media)  # `example:` left empty
        value = _as_meant(example.value, response.media_type, schema)
        return judged(replace(response, body=Template(value, frozenset())), schema)

    def _generated(self, response: Response, drawn: Drawn, media: MediaType) -> Response:
        """A body made from the schema. One that cannot be made is told of in place of the answer."""
        if not is_described(media):  # anything is right; what a client can read is better than nothing
            if is_json(response.media_type):
                return replace(response, body=_ANYTHING)
            return replace(response, encoded=blank(response.media_type) or b"")
        try:
            body = generate_content(self.operation.document, media, self._seed)
        except Broken as broken:
            return replace(response, unmade=next((each.pointer for each in broken.problems), None) or "")
        except SchemaError:
            return replace(response, unmade=pointer_text(drawn.entry.pointer))
        if media.schema is not None:
            from mock_server.core.links import linked  # bodies are made when they are asked for

            body = linked(self.operation, drawn.entry.pointer, body, media.schema, self._siblings)
        return replace(response, body=Template(body, frozenset()))

    def _from_file(self, response: Response, drawn: Drawn, offer: Offer, at: Pointer, name: str) -> Response:
        try:
            data = self._read_file(self.operation.document, at, name)
        except Broken as broken:
            why = broken.problems[0].message if broken.problems else name
            made = self._generated(response, drawn, offer.media)
            return replace(made, source="assumed", invalid=f"{_TOO_LATE}: {why}")
        if offer.range:
            from mock_server.codec.specimen import kind_of

            response = replace(response, media_type=kind_of(data, offer.range) or response.media_type)
        return with_bytes(response, data, offer.media.schema)


def _varying(headers: tuple[tuple[str, Template], ...]) -> tuple[tuple[str, Template], ...]:
    """With ``Vary: Accept`` (RFC 9110 §12.5.5), beside what the document has there."""
    vary = next((str(value.tree) for name, value in headers if name == "vary"), "")
    said = [each.strip().lower() for each in vary.split(",")]
    if "accept" in said or "*" in said:
        return headers
    others = tuple(each for each in headers if each[0] != "vary")
    return (*others, ("vary", Template(f"{vary}, Accept" if vary else "Accept", frozenset())))


def _as_meant(value: Any, media_type: str, schema: Schema | None) -> Any:
    """The JSON in a text, where the schema wants that and not a text (OAS 3.1 §4.8.14 allows to write it so)."""
    if not isinstance(value, str) or schema is None or not is_json(media_type) or _is_valid(schema, value):
        return value
    read = read_json(value.encode("utf-8", "replace"))
    return read[0] if read and _is_valid(schema, read[0]) else value


def _is_valid(schema: Schema, value: Any) -> bool:
    try:
        return schema.is_valid(value)
    except SchemaError:
        return True  # a schema that cannot be compiled allows anything


def read_json(data: bytes) -> tuple[Any] | None:
    """The value in a tuple, None when it is no JSON."""
    try:
        return (json.loads(data),)
    except (ValueError, RecursionError):
        return None


def with_bytes(response: Response, data: bytes, schema: Schema | None) -> Response:
    """The answer with a body that stands written already, held to the schema when it is JSON."""
    response = replace(response, encoded=data)
    if schema is None or not is_json(response.media_type):
        return response
    read = read_json(data)
    return replace(response, invalid=breach_of(schema, read[0]) if read else "the body is not JSON")


def judged(response: Response, schema: Schema | None) -> Response:
    """With what is wrong with a body that is always the same: such a one is never sent silently."""
    if schema is None or response.invalid or response.body is None or not response.body.is_static:
        return response
    if not is_json(response.media_type):
        return response
    breach = breach_of(schema, response.body.tree)
    return replace(response, invalid=breach) if breach else response


def breach_of(schema: Schema | None, value: Any) -> str | None:
    """The first way in which a body breaks its schema: ``/message 5 is not of type "string"``."""
    try:
        if schema is None or schema.is_valid(value):
            return None
        first = next(schema.breaches(value), None)
    except SchemaError:
        return None
    return f"{pointer_text(first.path)} {first.message}" if first else None


def body_schema(operation: Operation, response: Response) -> Schema | None:
    """The schema that the document has for the response's JSON body."""
    media = _body_media(operation, response) if is_json(response.media_type) else None
    return media.schema if media else None


def _body_media(operation: Operation, response: Response) -> MediaType | None:
    """What the document says of the response's body: under its very media type, or under another one of JSON."""
    entry = operation.documented(response.status)
    if entry is None:
        return None
    kind = essence(response.media_type)
    exact = [media for media in entry.content if essence(media.name) == kind]
    like = [media for media in entry.content if is_json(media.name)] if kind == JSON else []
    return next(iter((*exact, *like)), None)
