"""Whether credentials of an HTTP scheme have its form. Whose they are a mock cannot know.

Each judge takes what stands behind the scheme's name and says what is wrong with it, or None.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping

from mock_server.later import regex

_CONTROL = regex(rb"[\x00-\x1f\x7f]")
_PARAMETER = regex(r'[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^", \t]+)[ \t]*(?:,|\Z)')
"""auth-param of RFC 9110 §11.2 and the comma behind it."""
_HEX = regex(r"[0-9a-fA-F]+\Z")
_DIGEST_REQUIRED = ("realm", "nonce", "uri", "response")


def basic_fault(text: str) -> str | None:
    """RFC 7617 §2: ``user:password`` in base64, without control characters."""
    try:
        pair = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "what follows `Basic` is not base64"
    if b":" not in pair:
        return "what follows `Basic` is not the base64 of user:password"
    return "the user or password has a control character" if _CONTROL.search(pair) else None


def digest_fault(text: str) -> str | None:
    """RFC 7616 §3.4: the parameters that must be there, and a response in hexadecimal digits."""
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if not found:
            return f"what follows `Digest` is no list of name=value at character {at}"
        values[found[1].lower()] = found[2].strip('"')
        at = found.end()
    lacks = [name for name in _DIGEST_REQUIRED if name not in values]
    if "username" not in values and "username*" not in values:
        lacks.insert(0, "username")
    if lacks:
        return f"the Digest credentials lack {', '.join(lacks)}"
    return None if _HEX.match(values["response"]) else "the Digest response is not hexadecimal"


JUDGES: Mapping[str, Callable[[str], str | None]] = {"basic": basic_fault, "digest": digest_fault}
