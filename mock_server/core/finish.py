"""What of an answer can be written before anybody asks for it: its bytes, its headers, or all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mock_server.codec.charset import is_utf8
from mock_server.codec.json_text import write_json
from mock_server.fixture.model import Response
from mock_server.fixture.response import encode
from mock_server.model import Answer
from mock_server.spec.media import is_json

NO_BODY = frozenset((204, 205, 304))  # RFC 9110 §15.3.5, §15.3.6, §15.4.5
_CONTROL = str.maketrans(dict.fromkeys(map(chr, (*range(32), 127)), " "))


def finished(response: Response) -> Response:
    """The response with all of its answer written when nothing in it depends on the request."""
    if response.body is not None and response.body.is_static and response.encoded is None:
        response = replace(response, encoded=encode(response.body.tree, response.media_type, response.media))
    if (
        response.invalid
        or response.unmade is not None
        or not all(template.is_static for _, template in response.headers)
    ):
        return response  # every answer that breaks the document leaves a reason of its own
    headers = [(name.encode(), text) for name, value in response.headers if (text := header_text(value.tree))]
    made = replace(response)
    if response.body is not None and response.encoded is None:  # its body is a template
        if is_json(response.media_type) and is_utf8(response.media_type) and response.status not in NO_BODY:
            kind = (b"content-type", content_type(response.media_type, b""))
            object.__setattr__(made, "json_head", (*headers, kind))
        return made
    whole = message(response.status, headers, response.encoded, response.media_type)
    object.__setattr__(made, "whole", whole)  # no field of `replace`, so that it never outlives what it was made of
    return made


def with_status(response: Response, status: int) -> Response:
    """The same answer under another status, for ``4XX`` and ``default``."""
    return response if response.status == status else finished(replace(response, status=status))


def message(status: int, headers: list[tuple[bytes, bytes]], body: bytes | None, media_type: str) -> Answer:
    """Headers and body as they go out: a body has a type and a length, and some statuses have no body."""
    if status in NO_BODY:
        return Answer(status, tuple(headers), b"")
    if body is None:
        body = b""
    else:
        headers = [*headers, (b"content-type", content_type(media_type, body))]
    return Answer(status, (*headers, (b"content-length", str(len(body)).encode())), body)


def content_type(media_type: str, body: bytes) -> bytes:
    """The media type; a text that is not ASCII says that it is UTF-8, which clients would not guess."""
    if media_type[:10].lower() == "multipart/":
        from mock_server.codec.multipart import sent_as

        media_type = sent_as(media_type)
    if media_type.startswith("text/") and "charset" not in media_type.lower() and not body.isascii():
        media_type = f"{media_type}; charset=utf-8"
    return header_text(media_type)


def header_text(value: Any) -> bytes:
    """A header's value as it may be sent: no control characters that would split it (RFC 9110 §5.5)."""
    text = value if isinstance(value, str) else write_json(value).decode()
    return text.translate(_CONTROL).encode("latin-1", "replace")[:1000]
