"""Tickets: unguessable texts that also say where the thing they open is kept.

``3kQ9x0bP1TzY~alice.Zm9v…`` is the handshake ``3kQ9x0bP1TzY`` of the session ``alice`` and a secret of
192 bits. The part before the dot finds the record in one look-up; only the whole text opens it.
"""

from __future__ import annotations

import hmac

from mock_server.later import regex
from mock_server.named import NamedTuple

DEFAULT_SESSION = "default"
SESSION_NAME = regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}\Z")
_ID = regex(r"[A-Za-z0-9_-]{12}(?:~([A-Za-z0-9_-][A-Za-z0-9._-]{0,63}))?\Z")
ID_CHARS = 12
SECRET_CHARS = 32
SECRET_BYTES = 24
ID_BYTES = 9


class Reference(NamedTuple):
    """What a ticket claims: ``id`` names a record, ``session`` the world it lives in."""

    id: str
    session: str


def record_id(random: str, session: str) -> str:
    """The id of a record: random text, and the session unless it is the default one."""
    return random if session == DEFAULT_SESSION else f"{random}~{session}"


def ticket(record: str, secret: str) -> str:
    return f"{record}.{secret}"


def read_ticket(text: object) -> Reference | None:
    """What the ticket claims, or None when it is not of our form. Nothing is proven by it."""
    if not isinstance(text, str) or len(text) > 200:
        return None
    record, dot, _ = text.rpartition(".")
    return read_id(record) if dot else None


def read_id(record: str) -> Reference | None:
    """A record's id taken apart, or None when it is not of our form."""
    found = _ID.match(record)
    return Reference(record, found[1] or DEFAULT_SESSION) if found else None


def same(one: object, other: str) -> bool:
    """Equality in constant time, for secrets."""
    return isinstance(one, str) and hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
