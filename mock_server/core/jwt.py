"""What a JSON Web Token says of itself (RFC 7519). Nothing is verified: a mock has no keys to trust."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from typing import Any

import orjson

from mock_server.fixture.model import Token
from mock_server.later import regex

_JWT = regex(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_SCOPE_CLAIMS = ("scope", "scp", "scopes")
"""RFC 8693 §4.2 and RFC 9068 §2.2.3 have ``scope``, a text; ``scp`` and ``scopes`` are what large providers send."""


def read_jwt(text: str, unnamed: str) -> Token | None:
    """The token with its claims ``sub`` (else ``unnamed``), ``exp`` and scopes; None when it is no JWT.

    A token without a claim for scopes has none: its claims say all that it may.
    """
    found = _JWT.fullmatch(text)
    header, claims = (_segment(found[1]), _segment(found[2])) if found else (None, None)
    if header is None or claims is None:
        return None
    expires_at, subject = claims.get("exp"), claims.get("sub")
    if expires_at is not None and (isinstance(expires_at, bool) or not isinstance(expires_at, int | float)):
        return None
    scopes: frozenset[str] = frozenset().union(*(_scopes(claims.get(name)) for name in _SCOPE_CLAIMS))
    return Token(
        token=text,
        account=subject if isinstance(subject, str) and subject else unnamed,
        scopes=scopes,
        expires_at=None if expires_at is None else float(expires_at),
    )


def _segment(text: str) -> dict[str, Any] | None:
    """One part: base64url without padding around a JSON object (RFC 7515 §2)."""
    try:
        value = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, orjson.JSONDecodeError):
        return None
    return value if isinstance(value, dict) else None


def _scopes(claim: object) -> frozenset[str]:
    """``"read write"`` or ``["read", "write"]``."""
    if isinstance(claim, str):
        return frozenset(claim.split())
    return frozenset(each for each in claim if isinstance(each, str)) if isinstance(claim, list) else frozenset()
