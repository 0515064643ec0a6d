"""``application/x-www-form-urlencoded`` (WHATWG URL §5, OAS 3.1 §4.8.14.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

from mock_server.codec.json_text import read_json, write_json
from mock_server.codec.percent import decode_query, pairs_of
from mock_server.codec.scalar import text_of
from mock_server.codec.style import Maker, deep_object, maker_of, pairs, repeated, split
from mock_server.codec.unreadable import Unreadable
from mock_server.spec.media import Encoding, MediaType, is_json

MAX_PAIRS = 10_000
_PLAIN = Encoding()
_JOINED = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}


def read(data: bytes, media: MediaType, content_type: str) -> dict[str, Any]:
    """The fields as an object, each as its property and its ``encoding`` take it. Raises ``Unreadable``."""
    given = pairs_of(data.decode("latin-1"))
    if len(given) > MAX_PAIRS:
        raise Unreadable("form", MAX_PAIRS, f"more than {MAX_PAIRS} fields")
    raw: dict[str, list[str]] = {}
    for name, value in given:
        raw.setdefault(decode_query(name), []).append(value)
    maker = maker_of(media.shape)
    found: dict[str, Any] = {}
    for name, encoding in media.encoding.items():
        taken = _taken(name, encoding, maker.property(name), raw)
        try:
            if taken and encoding.style == "deepObject":
                found[name] = deep_object(_decoded(taken), name, maker.property(name))
            elif taken:
                found[name] = maker.property(name).object(_decoded(taken))
        except Unreadable as error:
            raise error.below(name) if error.path[:1] != (name,) else error from None
        raw = {key: texts for key, texts in raw.items() if key not in taken}
    for name, texts in raw.items():
        try:
            found[name] = _field(name, texts, maker.property(name), media.encoding.get(name, _PLAIN))
        except Unreadable as error:
            raise error.below(name) if error.path[:1] != (name,) else error from None
    return found


def _taken(name: str, encoding: Encoding, maker: Maker, raw: dict[str, list[str]]) -> dict[str, list[str]]:
    """The fields that are parts of one property: ``filter[age]`` of a deep object, ``age`` of an exploded one."""
    if encoding.style == "deepObject":
        return {key: texts for key, texts in raw.items() if key.startswith(name + "[")}
    if encoding.style == "form" and encoding.explode is not False and maker.form == "object" and maker.shape:
        return {key: raw[key] for key in maker.shape.properties if key in raw}
    return {}


def _decoded(fields: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, decode_query(text)) for key, texts in fields.items() for text in texts]


def _field(name: str, texts: list[str], maker: Maker, encoding: Encoding) -> Any:
    """One property out of its texts, which are still encoded."""
    if maker.form == "object" and not encoding.style:
        # OAS 3.1 §4.8.14.4: without a style a complex value is written by its content type, JSON.
        if len(texts) > 1:
            raise repeated(name, (name,))
        return read_json(decode_query(texts[0]).encode())
    if is_json(encoding.content_type) and not encoding.style:
        values = [read_json(decode_query(text).encode()) for text in texts]
        return values if maker.form == "array" and not isinstance(values[0], list) else values[0]
    if maker.form == "object":
        return maker.object(pairs(texts[0], encoding.style, False, decode_query))
    if maker.form == "array" and encoding.explode is False and len(texts) == 1:
        return maker.array(split(texts[0], encoding.style or "form", False, decode_query))
    decoded = [decode_query(text) for text in texts]
    if maker.form == "array" and maker.shape is not None and "object" in maker.shape.items.kinds:
        kinds = maker.shape.items.kinds
        if kinds != {"object"}:
            return maker.array(decoded)
        read_items = [read_json(text.encode()) for text in decoded]
        # Many clients write the whole list as one text of JSON.
        return read_items[0] if len(read_items) == 1 and isinstance(read_items[0], list) else read_items
    return maker.value(decoded, name)


def write(value: Any, media: MediaType, content_type: str) -> bytes:
    """An object as fields: lists repeat the name, objects are JSON, unless ``encoding`` says otherwise."""
    if not isinstance(value, dict):
        return text_of(value).encode("utf-8", "replace")
    fields: list[tuple[str, str]] = []
    for name, item in value.items():
        fields += _fields(name, item, media.encoding.get(name, _PLAIN))
    return "&".join(f"{_quoted(name)}={text}" for name, text in fields).encode()


def _fields(name: str, value: Any, encoding: Encoding) -> Iterator[tuple[str, str]]:
    """Names, and texts that are encoded already: what divides a list must not be (RFC 6570 §3.2.1)."""
    if encoding.style == "deepObject" and isinstance(value, dict | list):
        yield from _deep(name, value)
    elif isinstance(value, list) and not is_json(encoding.content_type):
        texts = [_quoted(_text(item)) for item in value]
        if encoding.explode is False:
            yield name, _JOINED.get(encoding.style or "form", ",").join(texts)
        else:
            yield from ((name, text) for text in texts)
    elif isinstance(value, dict) and encoding.style:
        if encoding.explode is False:
            pieces = [_quoted(_text(part)) for pair in value.items() for part in pair]
            yield name, _JOINED.get(encoding.style, ",").join(pieces)
        else:
            yield from ((key, _quoted(_text(item))) for key, item in value.items())
    else:
        yield name, _quoted(_text(value))


def _deep(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for key, item in value.items() if isinstance(value, dict) else (("", item) for item in value):
        inner = f"{name}[{key}]"
        if isinstance(item, dict | list):
            yield from _deep(inner, item)
        else:
            yield inner, _quoted(_text(item))


def _text(value: Any) -> str:
    return write_json(value).decode() if isinstance(value, dict | list) else text_of(value)


def _quoted(text: str) -> str:
    return quote_plus(text, errors="replace")
