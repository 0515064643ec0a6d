"""Opening a handshake: the ids, the PKCE pair and the ``auth_uri`` that a browser will open."""

from __future__ import annotations

from binascii import b2a_base64
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from mock_server.handshake.machine import Handshake, settle
from mock_server.handshake.ticket import ID_BYTES, ID_CHARS, SECRET_BYTES, SECRET_CHARS, record_id
from mock_server.model import Chance
from mock_server.named import NamedTuple, new

PROVIDER_ROOT = "/__provider"
_VERIFIER_BYTES = 33


class Opening(NamedTuple):
    """What every handshake that one operation opens with one provider has in common.

    ``redirect_uri`` is absolute; ``prefix`` is the part of ``auth_uri`` that is always the same.
    """

    provider: str
    client_id: str
    redirect_uri: str
    prefix: str


@lru_cache(maxsize=1024)
def opening(provider: str, scopes: tuple[str, ...], client_id: str, origin: str, callback: str) -> Opening:
    """``callback`` is the path template below ``origin``: ``/api/oauthcallback/{provider}``."""
    redirect_uri = origin + callback.replace("{provider}", provider)
    query = f"response_type=code&client_id={quote(client_id, safe='')}&redirect_uri={quote(redirect_uri, safe='')}"
    if scopes:
        query += f"&scope={quote(' '.join(scopes), safe='')}"
    return Opening(provider, client_id, redirect_uri, f"{issuer(origin, provider)}/authorize?{query}")


def open_handshake(
    opening: Opening,
    now: float,
    chance: Chance,
    *,
    session: str,
    account: str,
    valid_for_s: float,
    decision: str | None = None,
    decide_after_s: float = 0.0,
) -> Handshake:
    """A new handshake, asked at ``now``; a decision that is due at once is already taken."""
    random = chance.token(ID_BYTES + 2 * SECRET_BYTES + _VERIFIER_BYTES)
    verifier = random[_VERIFIER_AT:]
    identity = record_id(random[:ID_CHARS], session)
    state = f"{identity}.{random[ID_CHARS:_PULL_ID_AT]}"
    fields = (
        identity,
        session,
        account,
        opening.provider,
        "asked",
        f"{opening.prefix}&state={state}&code_challenge={code_challenge(verifier)}&code_challenge_method=S256",
        opening.redirect_uri,
        f"{identity}.{random[_PULL_ID_AT:_VERIFIER_AT]}",
        state,
        verifier,
        opening.client_id,
        now,
        now + valid_for_s,
        now,
        decision,
        None if decision is None else now + decide_after_s,
        None,
    )
    handshake = new(Handshake, fields)
    return handshake if decision is None else settle(handshake, now)


_PULL_ID_AT = ID_CHARS + SECRET_CHARS
_VERIFIER_AT = _PULL_ID_AT + SECRET_CHARS


def code_challenge(verifier: str) -> str:
    """S256 of RFC 7636 §4.2.

    >>> code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return b2a_base64(sha256(verifier.encode()).digest())[:43].translate(_URL_SAFE).decode()


_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648 §5


def issuer(origin: str, provider: str) -> str:
    """The provider's issuer identifier (RFC 8414 §2, RFC 9207 §2)."""
    return f"{origin}{PROVIDER_ROOT}/{quote(provider, safe='')}"
