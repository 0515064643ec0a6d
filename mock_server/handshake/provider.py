"""The simulated OAuth2 provider: RFC 6749 §4.1, PKCE by RFC 7636, ``iss`` by RFC 9207, hardened as RFC 9700 asks.

Pure: every function takes the time and chance it needs and returns what is to be kept and answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from mock_server.fixture.model import Client, Provider
from mock_server.handshake.machine import FAILURES
from mock_server.handshake.start import code_challenge
from mock_server.handshake.ticket import ID_BYTES, ID_CHARS, SECRET_BYTES, SECRET_CHARS, record_id, same, ticket
from mock_server.later import regex
from mock_server.model import Chance
from mock_server.named import NamedTuple
from mock_server.value import dataclass

CODE_LIVES_S: Final = 60.0
"""RFC 6749 §4.1.2 recommends ten minutes at most; a mock is quicker."""
PAGE_LIVES_S: Final = 3600.0
_CHALLENGE = regex(r"[A-Za-z0-9._~-]{43,128}\Z")
_VERIFIER = _CHALLENGE

Choice = Literal["approve", "deny", "fail", "unavailable", "fail-token", "slow", "abandon"]
CHOICES: Final[Mapping[Choice, str]] = {
    "approve": "Approve",
    "deny": "Deny",
    "fail": "Provider fails (server_error)",
    "unavailable": "Provider is unavailable (temporarily_unavailable)",
    "fail-token": "Approve, but the token endpoint fails",
    "slow": "Approve after 5 slow seconds",
    "abandon": "Walk away and never answer",
}
"""What a tester can do on the consent page."""

Parameters = Mapping[str, Sequence[str]]
"""A parsed query or form: ``{"state": ["abc"]}``."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The provider's own record of one authorization request."""

    id: str
    session: str
    provider: str
    client_id: str
    client_name: str
    redirect_uri: str
    scope: str
    state: str
    challenge: str
    page_ticket: str
    expires_at: float
    stage: Literal["asked", "coded", "redeemed", "closed"] = "asked"
    code: str = ""
    sent_to: str = ""
    """Where the browser was sent with the code: a second click on the same page goes there again."""
    token_fails: bool = False
    version: int = 0


class Refusal(NamedTuple):
    """Told to the person, never redirected: the client or its redirect_uri is not trusted."""

    message: str


class Redirect(NamedTuple):
    """Back to the client."""

    uri: str


class TokenAnswer(NamedTuple):
    """What the token endpoint says; ``body`` is JSON."""

    status: int
    body: dict[str, Any]


def authorize(
    query: Parameters,
    provider: Provider,
    clients: Sequence[Client],
    session: str,
    issuer: str,
    now: float,
    chance: Chance,
) -> Grant | Redirect | Refusal:
    """The authorization request (RFC 6749 §4.1.1). A ``Grant`` means: show the consent page.

    The client and its exact redirect_uri are judged before anything is ever redirected (§4.1.2.1,
    RFC 9700 §4.1.3).
    """
    if repeated := [name for name, values in query.items() if len(values) > 1]:
        return Refusal(f"The parameter {repeated[0]} is given twice (RFC 6749 §3.1).")
    asked = {name: values[0] for name, values in query.items()}
    client = next((each for each in clients if each.id == asked.get("client_id")), None)
    if client is None:
        return Refusal("The client_id is not registered with this provider.")
    redirect_uri = asked.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        return Refusal("The redirect_uri is not one that this client has registered, to the letter.")
    if error := _request_error(asked, provider):
        state = {"state": asked["state"]} if "state" in asked else {}
        return Redirect(_with_query(redirect_uri, {**error, **state, "iss": issuer}))
    random = chance.token(ID_BYTES + SECRET_BYTES)
    identity = record_id(random[:ID_CHARS], session)
    return Grant(
        id=identity,
        session=session,
        provider=provider.id,
        client_id=client.id,
        client_name=client.name or client.id,
        redirect_uri=redirect_uri,
        scope=asked.get("scope", " ".join(provider.scopes)),
        state=asked.get("state", ""),
        challenge=asked["code_challenge"],
        page_ticket=ticket(identity, random[ID_CHARS : ID_CHARS + SECRET_CHARS]),
        expires_at=now + PAGE_LIVES_S,
    )


def _request_error(asked: Mapping[str, str], provider: Provider) -> dict[str, str] | None:
    """The error parameters of RFC 6749 §4.1.2.1, or None."""
    if asked.get("response_type") != "code":
        return _error(
            "unsupported_response_type" if "response_type" in asked else "invalid_request", "use response_type=code"
        )
    if asked.get("code_challenge_method", "plain") != "S256" or not _CHALLENGE.match(asked.get("code_challenge", "")):
        return _error("invalid_request", "PKCE with code_challenge_method=S256 is required")  # RFC 7636 §4.4.1
    unknown = set(asked.get("scope", "").split()) - set(provider.scopes)
    if unknown:
        return _error("invalid_scope", "the provider knows the scopes: " + " ".join(provider.scopes))
    return None


def _error(code: str, description: str) -> dict[str, str]:
    return {"error": code, "error_description": description}


def choose(grant: Grant, choice: Choice, issuer: str, now: float, chance: Chance) -> tuple[Grant, Redirect | None]:
    """The person's choice on the page: the grant as it is then, and where the browser goes.

    None = nowhere: the person walked away. The caller has checked the page's ticket.
    """
    if choice == "abandon":
        return replace(grant, stage="closed"), None
    state = {"state": grant.state} if grant.state else {}
    if choice in FAILURES:
        error = {"error": FAILURES[choice], **state, "iss": issuer}
        return replace(grant, stage="closed"), Redirect(_with_query(grant.redirect_uri, error))
    code = ticket(grant.id, chance.token(SECRET_BYTES))
    uri = _with_query(grant.redirect_uri, {"code": code, **state, "iss": issuer})
    lives_until, fails = now + CODE_LIVES_S, choice == "fail-token"
    coded = replace(grant, stage="coded", code=code, sent_to=uri, expires_at=lives_until, token_fails=fails)
    return coded, Redirect(uri)


def redeem(
    form: Parameters,
    credentials: tuple[str, str] | None,
    grant: Grant | None,
    clients: Sequence[Client],
    provider: Provider,
    now: float,
) -> tuple[Grant | None, TokenAnswer]:
    """The token request (RFC 6749 §4.1.3, RFC 7636 §4.5). ``credentials`` come from HTTP Basic.

    The first value is the grant to keep, None when nothing changes: a wrong try burns nothing.
    """
    if repeated := [name for name, values in form.items() if len(values) > 1]:
        return None, _token_error(400, "invalid_request", f"{repeated[0]} is given twice")
    asked = {name: values[0] for name, values in form.items()}
    client = _authenticate(asked, credentials, clients)
    if client is None:
        return None, _token_error(401, "invalid_client", "unknown client or wrong secret")
    if asked.get("grant_type") != "authorization_code":
        code = "unsupported_grant_type" if "grant_type" in asked else "invalid_request"
        return None, _token_error(400, code, "use grant_type=authorization_code")
    if grant is None or not _code_fits(asked, grant, client, provider, now):
        return None, _token_error(400, "invalid_grant", "the code is wrong, used, expired, or not this client's")
    if grant.token_fails:
        return replace(grant, stage="closed"), _token_error(503, "temporarily_unavailable", "the provider is down")
    return replace(grant, stage="redeemed"), TokenAnswer(200, _token(provider, grant))


def _authenticate(
    asked: Mapping[str, str], credentials: tuple[str, str] | None, clients: Sequence[Client]
) -> Client | None:
    """RFC 6749 §2.3.1: HTTP Basic or the form, not both; a public client sends its id alone."""
    if credentials and "client_secret" in asked:
        return None
    identity, secret = credentials or (asked.get("client_id", ""), asked.get("client_secret", ""))
    client = next((each for each in clients if each.id == identity), None)
    if client is None:
        return None
    return client if same(secret, client.secret or "") else None


def _code_fits(asked: Mapping[str, str], grant: Grant, client: Client, provider: Provider, now: float) -> bool:
    """Every binding of a code: stage, time, client, provider, redirect_uri and PKCE verifier."""
    verifier = asked.get("code_verifier", "")
    return (
        grant.stage == "coded"
        and now < grant.expires_at
        and same(asked.get("code"), grant.code)
        and grant.client_id == client.id
        and grant.provider == provider.id
        and asked.get("redirect_uri") == grant.redirect_uri
        and _VERIFIER.match(verifier) is not None
        and same(code_challenge(verifier), grant.challenge)
    )


def _token(provider: Provider, grant: Grant) -> dict[str, Any]:
    """RFC 6749 §5.1. The access token is the one the provider's credentials carry."""
    credentials = provider.credentials if isinstance(provider.credentials, dict) else {}
    access_token = credentials.get("access_token")
    return {
        "access_token": access_token if isinstance(access_token, str) else grant.id,
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": grant.scope,
    }


def _token_error(status: int, code: str, description: str) -> TokenAnswer:
    return TokenAnswer(status, _error(code, description))


def metadata(issuer: str, provider: Provider) -> dict[str, Any]:
    """Authorization server metadata (RFC 8414 §2)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "scopes_supported": list(provider.scopes),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def _with_query(uri: str, parameters: Mapping[str, str]) -> str:
    """Add to the query that the registered URI may already have (RFC 6749 §3.1.2)."""
    parts = urlsplit(uri)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))
