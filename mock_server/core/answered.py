"""How somebody else's answer departs from the document: its status, media type, body and headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.codec.table import judged, read_value
from mock_server.codec.unreadable import Unreadable
from mock_server.named import NamedTuple
from mock_server.spec.headers import DocumentedHeader, read_headers
from mock_server.spec.media import MediaType, best_match, is_json, media_parameters
from mock_server.spec.operations import DocumentedResponse, Operation

NO_BODY = (204, 205, 304)
OF_THE_WIRE = frozenset((405, 408, 411, 413, 414, 417, 421, 426, 431, 501, 505))
"""What any server may say before it knows which operation is meant (RFC 9110 §15.5, RFC 6585)."""
MAX_DEPARTURES = 20
Aspect = Literal["status", "media type", "body", "header"]
Headers = tuple[tuple[str, str], ...]


class Departure(NamedTuple):
    """One way: ``Departure("body", "the body of 200 breaks its schema: id, type", '"7" is not of type "integer"')``."""

    aspect: Aspect
    title: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title


def departures(
    operation: Operation, method: str, status: int, headers: Headers, body: bytes | None
) -> Iterator[Departure]:
    """Nothing for an answer that keeps the document. ``body`` None = it was too long to be looked at."""
    entry = operation.documented(status)
    if entry is None:
        if operation.responses and status not in OF_THE_WIRE:
            known = ", ".join(operation.responses)
            yield Departure("status", f"{status} is not documented", f"documented are {known}")
        return
    yield from (Departure("header", title) for _, title in wrong_headers(operation, entry, status, headers))
    if body is None or not body or method == "HEAD" or status in NO_BODY:
        return
    content_type = _header(headers, "content-type") or ""
    wrong = wrong_media_type(entry, status, content_type)
    if wrong:
        yield Departure("media type", wrong)
    media = best_match(entry.content, content_type) if content_type else None
    if media is not None and not wrong:
        yield from _wrong_body(media, status, content_type, body)


def _header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)


def _wrong_body(media: MediaType, status: int, content_type: str, body: bytes) -> Iterator[Departure]:
    try:
        value = read_strictly(body) if is_json(content_type) else read_value(body, media, content_type)
    except (NotStrict, Unreadable) as error:
        yield Departure("body", f"the body of {status} cannot be read", str(error))
        return
    for number, (title, detail) in enumerate(wrong_body(media, status, content_type, value)):
        if number == MAX_DEPARTURES:
            return
        yield Departure("body", title, detail)


def wrong_media_type(entry: DocumentedResponse, status: int, content_type: str) -> str:
    """Why an answer with a body may not come so; ``""`` = it may."""
    if not entry.content:
        return ""
    if not content_type:
        return f"{status} comes without a Content-Type"
    if best_match(entry.content, content_type) is None or _is_another_json(entry, status, content_type):
        return f"{status} comes as {content_type.partition(';')[0][:60]}, which is not documented"
    return ""


def wrong_charset(content_type: str) -> str:
    """The charset that JSON names and may not (RFC 8259 §8.1); ``""`` = none."""
    charset = media_parameters(content_type).get("charset", "utf-8").lower() if is_json(content_type) else "utf-8"
    return "" if charset in ("utf-8", "utf8") else charset


def _is_another_json(entry: DocumentedResponse, status: int, content_type: str) -> bool:
    """``text/json`` for what is documented as ``application/json``; errors may be problems (RFC 9457)."""
    kind = content_type.partition(";")[0].strip().lower()
    is_problem = status >= 400 and kind == "application/problem+json"
    names = [media.name.partition(";")[0].strip().lower() for media in entry.content]
    return is_json(kind) and not is_problem and kind not in names and not any("*" in name for name in names)


def wrong_body(media: MediaType, status: int, content_type: str, value: Any) -> Iterator[tuple[str, str]]:
    """What breaks the schema: ``("the body of 200 breaks its schema: id, type", "…")``; the title has no values."""
    for where, compiled, part in judged(media, value, content_type):
        if compiled.is_valid(part):
            continue
        for breach in compiled.breaches(part):
            names = [str(step) for step in (*where, *breach.path) if isinstance(step, str)]
            missing = f" {breach.wanted}" if breach.keyword == "required" else ""
            title = f"the body of {status} breaks its schema: {'.'.join(names) or 'it'}, {breach.keyword}{missing}"
            yield title, "" if "pattern" in breach.keyword else breach.message


def wrong_headers(
    operation: Operation, entry: DocumentedResponse, status: int, headers: Headers
) -> Iterator[tuple[str, str]]:
    """Required headers that are missing, and those that break their schema: ``("x-total", "…")``."""
    node, at = operation.document.at(entry.pointer, entry.pointer, "#")
    for header in read_headers(operation.document, entry.pointer):
        text = _header(headers, header.name)
        named = {str(name).lower(): raw for name, raw in node["headers"].items()}
        raw, _ = operation.document.follow(named[header.name], (*at, "headers", header.name))
        if text is None and isinstance(raw, dict) and raw.get("required") is True:
            yield header.name, f"{status} comes without the header {header.name}"
        elif text is not None and not _header_fits(header, text):
            yield header.name, f"the header {header.name} of {status} breaks its schema"


def _header_fits(header: DocumentedHeader, text: str) -> bool:
    """Any way to read it will do: what a text in style ``simple`` means follows from the schema alone."""
    if header.schema is None:
        return True
    readings: list[Any] = [text, [part.strip() for part in text.split(",")]]
    for part in (text, f"[{text}]"):
        try:
            readings.append(json.loads(part))
        except (ValueError, RecursionError):
            continue
    parts = [part.partition("=") for part in text.split(",")]
    readings.append({name: value for name, equals, value in parts if equals})
    flat = text.split(",")
    readings.append(dict(zip(flat[::2], flat[1::2], strict=False)))
    return any(header.schema.is_valid(each) for each in readings)
