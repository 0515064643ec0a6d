"""Bytes: images, archives, sounds and whatever has no form that we know."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from mock_server.codec.json_text import write_json
from mock_server.codec.specimen import signature, specimen
from mock_server.later import regex
from mock_server.spec.media import MediaType, essence

_DATA_URL = regex(r"data:[^,]{0,200};base64,", re.IGNORECASE)


def read(data: bytes, media: MediaType, content_type: str) -> Any:
    """One character a byte, for JSON has no bytes: any bytes fit ``type: string, format: binary``."""
    return data.decode("latin-1")


def write(value: Any, media: MediaType, content_type: str) -> bytes:
    """A text is sent as it is, unless it cannot be a file of this type: then a tiny one that is.

    Examples of pictures are mostly words such as ``(binary)``; a client that decodes the answer wants a picture.
    """
    if value is None:
        return specimen(content_type)
    if not isinstance(value, str):
        return write_json(value)
    data = _bytes(value)
    known = signature(essence(content_type))
    if known is None:
        return data
    is_file = data.startswith(known) if known else not data.isascii()
    return data if is_file else specimen(content_type)


def _bytes(text: str) -> bytes:
    url = _DATA_URL.match(text)
    if url:
        try:
            return base64.b64decode(text[url.end() :], validate=True)
        except binascii.Error:
            return text.encode("utf-8", "replace")
    try:
        # "\x89PNG" is how YAML writes the byte 0x89.
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
