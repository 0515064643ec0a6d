"""How one answer departs from what the document says of it: status, media type, body, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.contract.model import Seen
from mock_server.contract.profile import place_of
from mock_server.spec.headers import read_headers
from mock_server.spec.media import best_match, is_checked, is_json
from mock_server.spec.operations import DocumentedResponse, Operation

Aspect = Literal["status", "media type", "body", "header"]
MAX_BREACHES = 5


class Departure(NamedTuple):
    """One way; ``shape`` is the same for every answer that departs in the same way.

    ``Departure("body", "the body breaks its schema at /userId: …", "/userId type", "openapi.yaml:41 #/…")``
    """

    aspect: Aspect
    text: str
    shape: str
    source: str


def departures(operation: Operation, seen: Seen) -> Iterator[Departure]:
    """Nothing for an answer that keeps the document, or that the document says nothing about."""
    if not operation.responses or not seen.status:
        return
    entry = operation.documented(seen.status)
    if entry is None:
        known = ", ".join(operation.responses)
        text = f"the status {seen.status} is not documented; documented are {known}"
        yield Departure("status", text, str(seen.status), place_of(operation, "responses"))
        return
    yield from _headers(operation, entry, seen)
    if entry.content and seen.status not in (204, 205, 304) and operation.method != "HEAD":
        yield from _body(operation, entry, seen)


def _headers(operation: Operation, entry: DocumentedResponse, seen: Seen) -> Iterator[Departure]:
    node, _ = operation.document.at(entry.pointer, entry.pointer, "#")
    named = node.get("headers") or {}
    required = set()
    for name, raw in named.items():
        header, _ = operation.document.follow(raw, (*entry.pointer, "headers", name))
        if isinstance(header, dict) and header.get("required") is True:
            required.add(str(name).lower())
    for documented in read_headers(operation.document, entry.pointer):
        if documented.name in required and seen.header(documented.name) is None:
            text = f"the header {documented.name} is required and is missing"
            yield Departure("header", text, f"no {documented.name}", _place(operation, entry))


def _body(operation: Operation, entry: DocumentedResponse, seen: Seen) -> Iterator[Departure]:
    kind = seen.header("content-type") or ""
    media = best_match(entry.content, kind) if kind else None
    if media is None:
        known = ", ".join(each.name for each in entry.content)
        shown = kind.partition(";")[0] or "no media type"
        text = f"{shown} is not documented for {entry.status}; documented are {known}"
        yield Departure("media type", text, shown, _place(operation, entry))
        return
    if media.schema is None or not is_json(kind) or not is_checked(media, kind):
        return
    try:
        value = read_json(seen.body)
    except (Unreadable, UnicodeError, RecursionError) as error:
        yield Departure("body", f"the body is no JSON: {error}", "no JSON", _place(operation, entry))
        return
    for number, breach in enumerate(media.schema.breaches(value)):
        if number == MAX_BREACHES:
            break
        where = "".join(f"/{re.sub('^[0-9]+$', '[]', str(step))}" for step in breach.path)
        text = f"the body breaks its schema at {where or '/'}: {breach.message}"
        yield Departure("body", text, f"{where} {breach.keyword}", _place(operation, entry))


def _place(operation: Operation, entry: DocumentedResponse) -> str:
    return place_of(operation, "responses", entry.status)
