"""Texts of any kind: ``text/plain``, CSV, HTML, JavaScript; a schema of numbers takes a number."""

from __future__ import annotations

from typing import Any

from mock_server.codec.charset import decoded, encoded
from mock_server.codec.json_text import write_json
from mock_server.codec.scalar import scalar_reader, text_of
from mock_server.spec.media import MediaType, essence


def read(data: bytes, media: MediaType, content_type: str) -> Any:
    """The text, or the number, truth value or null that the schema takes it for. Raises ``Unreadable``."""
    return scalar_reader(media.shape)(decoded(data, content_type))


def write(value: Any, media: MediaType, content_type: str) -> bytes:
    if isinstance(value, list | dict):
        rows = _rows(value) if essence(content_type) == "text/csv" else None
        return encoded(rows if rows is not None else write_json(value).decode(), content_type)
    return encoded(text_of(value), content_type)


def _rows(value: Any) -> str | None:
    """A list of objects or lists as CSV (RFC 4180); None for what is no table."""
    rows = value if isinstance(value, list) else [value]
    if rows and all(isinstance(row, dict) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        rows = [names, *([row.get(name) for name in names] for row in rows)]
    if not all(isinstance(row, list) for row in rows):
        return None
    return "".join(",".join(map(_cell, row)) + "\r\n" for row in rows)


def _cell(value: Any) -> str:
    text = text_of(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text
