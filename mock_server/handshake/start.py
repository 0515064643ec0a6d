"""Opening a handshake: the ids, the PKCE pair and the ``auth_uri`` that a browser will open."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from mock_server.fixture.model import Provider
from mock_server.handshake.machine import Handshake, settle
from mock_server.handshake.ticket import ID_BYTES, ID_CHARS, SECRET_BYTES, SECRET_CHARS, record_id, ticket
from mock_server.model import Chance

PROVIDER_ROOT = "/__provider"
_VERIFIER_BYTES = 33


class Opening(NamedTuple):
    """Everything that decides what a new handshake looks like."""

    provider: Provider
    account: str
    session: str
    client_id: str
    origin: str
    redirect_uri: str
    valid_for_s: float
    decision: str | None
    decide_after_s: float


def open_handshake(opening: Opening, now: float, chance: Chance) -> Handshake:
    """A new handshake, asked at ``now``; a decision that is due at once is already taken."""
    random = chance.token(ID_BYTES + 2 * SECRET_BYTES + _VERIFIER_BYTES)
    rest = random[ID_CHARS + 2 * SECRET_CHARS :]
    identity = record_id(random[:ID_CHARS], opening.session)
    state = ticket(identity, random[ID_CHARS : ID_CHARS + SECRET_CHARS])
    challenge = code_challenge(rest)
    scope = " ".join(opening.provider.scopes)
    prefix = _authorize_prefix(opening.origin, opening.provider.id, opening.client_id, opening.redirect_uri, scope)
    handshake = Handshake(
        id=identity,
        session=opening.session,
        account=opening.account,
        provider=opening.provider.id,
        state="asked",
        auth_uri=f"{prefix}&state={state}&code_challenge={challenge}&code_challenge_method=S256",
        redirect_uri=opening.redirect_uri,
        pull_id=ticket(identity, random[ID_CHARS + SECRET_CHARS : ID_CHARS + 2 * SECRET_CHARS]),
        state_ticket=state,
        code_verifier=rest,
        client_id=opening.client_id,
        started_at=now,
        expires_at=now + opening.valid_for_s,
        changed_at=now,
        decision=opening.decision,
        decide_at=None if opening.decision is None else now + opening.decide_after_s,
    )
    return handshake if opening.decision is None else settle(handshake, now)


def code_challenge(verifier: str) -> str:
    """S256 of RFC 7636 §4.2.

    >>> code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def issuer(origin: str, provider: str) -> str:
    """The provider's issuer identifier (RFC 8414 §2, RFC 9207 §2)."""
    return f"{origin}{PROVIDER_ROOT}/{quote(provider, safe='')}"


@lru_cache(maxsize=256)
def _authorize_prefix(origin: str, provider: str, client_id: str, redirect_uri: str, scope: str) -> str:
    """The part of ``auth_uri`` that is the same for every handshake with a provider."""
    query = f"response_type=code&client_id={quote(client_id, safe='')}&redirect_uri={quote(redirect_uri, safe='')}"
    if scope:
        query += f"&scope={quote(scope, safe='')}"
    return f"{issuer(origin, provider)}/authorize?{query}"
