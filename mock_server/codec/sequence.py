"""Bodies that are a sequence: JSON lines, JSON text sequences (RFC 7464) and server-sent events (WHATWG HTML §9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.codec.charset import decoded
from mock_server.codec.json_text import read_json, write_json
from mock_server.codec.scalar import text_of
from mock_server.codec.unreadable import Unreadable
from mock_server.later import regex
from mock_server.spec.family import EVENTS
from mock_server.spec.media import MediaType, essence
from mock_server.spec.shape import Shape

MAX_ITEMS = 50_000
_FIELD = regex(r"\ufeff?[\r\n]*(?:(?:data|event|id|retry)(?:[:\r\n]|\Z)|:)|\s*\Z")
"""How a stream of events begins: with a field, or a comment (WHATWG HTML §9.2.5)."""
_EVENT_FIELDS = ("event", "data", "id", "retry")


def item_shape(media: MediaType) -> Shape | None:
    """The form of one item: 3.2's ``itemSchema``, the items of a list, or the schema itself, as many write it."""
    if media.shape is None or (media.item_schema and not media.schema):
        return media.shape
    return media.shape.items if "array" in media.shape.kinds else media.shape


def is_each(media: MediaType) -> bool:
    """Whether the schema describes each item, and not the whole list."""
    return media.shape is not None and "array" not in media.shape.kinds


def read(data: bytes, media: MediaType, content_type: str) -> Any:
    """The list of items; the whole text where the schema takes only a text. Raises ``Unreadable``."""
    text = decoded(data, content_type)
    if media.shape is not None and not media.item_schema and media.shape.kinds == {"string"}:
        return text
    kind = essence(content_type)
    if kind == EVENTS:
        return [_payload(event, item_shape(media)) for event in _events(text)]
    separator = "\x1e" if kind.endswith("json-seq") else "\n"
    pieces = text.split(separator, MAX_ITEMS + 1)
    if len(pieces) > MAX_ITEMS:
        raise Unreadable("json", MAX_ITEMS, f"more than {MAX_ITEMS} items")
    found: list[Any] = []
    for piece in pieces:
        if piece.strip():
            try:
                found.append(read_json(piece.encode()))
            except Unreadable as error:
                raise Unreadable(error.rule, error.wanted, str(error), (len(found),)) from None
    return found


def _events(text: str) -> Iterator[dict[str, Any]]:
    """Each event as its fields; comments and an event that was not ended are passed over, as the standard has it."""
    event: dict[str, Any] = {}
    lines: list[str] = []
    for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if lines:
                yield {**event, "data": "\n".join(lines)}
            event, lines = {}, []
        elif name == "data":
            lines.append(value)
        elif name == "retry" and value.isascii() and value.isdigit():
            event[name] = int(value[:18])
        elif name in ("event", "id"):
            event[name] = value


def _payload(event: dict[str, Any], shape: Shape | None) -> Any:
    """The event (OAS 3.2 §4.14.4.3), or only its data where the schema describes that and no event."""
    if shape is None or "data" in shape.properties:
        return event
    try:
        return read_json(event["data"].encode()) if shape.kinds != {"string"} else event["data"]
    except Unreadable:
        return event["data"]


def write(value: Any, media: MediaType, content_type: str) -> bytes:
    """A list as one item a line, record or event; a text goes as it is, or as one event where it is none yet."""
    kind = essence(content_type)
    if isinstance(value, str) and (kind != EVENTS or _FIELD.match(value)):
        return value.encode("utf-8", "replace")
    items = value if isinstance(value, list) else [value]
    if kind == EVENTS:
        return b"".join(map(_event, items))
    if kind.endswith("json-seq"):
        return b"".join(b"\x1e" + write_json(item) + b"\n" for item in items)
    return b"".join(write_json(item) + b"\n" for item in items)


def _event(item: Any) -> bytes:
    is_event = isinstance(item, dict) and "data" in item and set(item) <= set(_EVENT_FIELDS)
    fields = {name: item[name] for name in _EVENT_FIELDS if name in item} if is_event else {"data": item}
    lines: list[str] = []
    for name, value in fields.items():
        text = write_json(value).decode() if isinstance(value, dict | list) else text_of(value)
        lines += [f"{name}: {line}" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")
