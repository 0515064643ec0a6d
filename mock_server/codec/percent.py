"""Percent-encoding (RFC 3986 §2.1), read strictly: a mistake is told and not passed over."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from mock_server.codec.unreadable import Unreadable
from mock_server.later import regex

_MISTAKE = regex(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)


def decode(text: str) -> str:
    """The text that an encoded one stands for. A character of ``text`` is a byte of the request (Latin-1).

    Raises ``Unreadable`` for ``%zz``, a lone ``%`` and bytes that are not UTF-8.
    """
    if "%" not in text:
        if text.isascii():
            return text
        raw = text.encode("latin-1", "replace")
    else:
        mistake = _MISTAKE.search(text)
        if mistake:
            message = f"{mistake[0]!r} is not percent-encoding: two hexadecimal digits follow a %"
            raise Unreadable("percent-encoding", "%XX", message)
        raw = unquote_to_bytes(text.encode("latin-1", "replace"))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        message = f"the bytes are not UTF-8 from byte {error.start} on"
        raise Unreadable("percent-encoding", "UTF-8", message) from None


def decode_path(text: str) -> str:
    """The same for a part of a path, whose bare UTF-8 is text already."""
    return text if "%" not in text else decode("".join(map(chr, text.encode("utf-8", "surrogatepass"))))


def decode_query(text: str) -> str:
    """The same for a part of a query, where a ``+`` is a space (WHATWG URL §5.1)."""
    return decode(text.replace("+", " "))


def pairs_of(query: str) -> list[tuple[str, str]]:
    """The names and values of a query or form, still encoded: ``a=1&b`` is ``[("a", "1"), ("b", "")]``."""
    found = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((name, value))
    return found
