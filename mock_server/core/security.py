"""Judging who asks: tokens, keys and scopes."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from mock_server.core.parameters import cookie
from mock_server.core.plan import Plan
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Token
from mock_server.fixture.read import TOKEN_CHARS
from mock_server.model import MISSING, Request, Violation
from mock_server.spec.security import Requirement


def authorization_violations(plan: Plan, facts: Facts, token: Token | None, now: float) -> list[Violation]:
    """Why the request may not have this operation: the alternatives of ``security``, tried in order."""
    if not plan.operation.security:
        return []
    first: list[Violation] = []
    for alternative in plan.operation.security:
        found = [violation for each in alternative if (violation := _unmet(plan, each, facts, token, now))]
        if not found:
            return []
        first = first or found
    return first


def find_token(plan: Plan, request: Request) -> tuple[Token | None, str | None]:
    """The bearer token the request carries, and the reason there is none.

    Reasons: ``missing``, ``malformed``, ``unknown``.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None, "missing"
    scheme, _, text = header.partition(" ")
    text = text.strip(" ")
    tokens = plan.house.tokens
    if scheme.lower() != "bearer":
        return None, "malformed"
    if tokens and text in tokens:
        return tokens[text], None
    if not text or not TOKEN_CHARS.issuperset(text):
        return None, "malformed"
    if tokens is None or plan.house.any_token:
        return Token(text, _unlisted_account(text), None), None
    return None, "unknown"


def _unlisted_account(token: str) -> str:
    """One account a token, named so that the token cannot be read from it."""
    return "any:" + sha256(token.encode()).hexdigest()[:12]


_MESSAGES = {
    "missing": "no Authorization header",
    "malformed": "the Authorization header is not `Bearer <token>`",
    "unknown": "the token is not known",
    "expired": "the token has expired",
}


def _unmet(plan: Plan, requirement: Requirement, facts: Facts, token: Token | None, now: float) -> Violation | None:
    """Why one requirement is not met, or None."""
    if requirement.kind == "bearer":
        return _bearer(plan, requirement, facts, token, now)
    where, value = _credential(requirement, facts)
    if value is MISSING:
        return Violation(where, "missing", None, requirement.scheme, f"no {requirement.scheme} credentials")
    if requirement.kind in ("basic", "digest") and str(value).partition(" ")[0].lower() != requirement.kind:
        return Violation(where, "malformed", None, requirement.kind, f"not {requirement.kind} credentials")
    return None


def _credential(requirement: Requirement, facts: Facts) -> tuple[str, Any]:
    kind, _, location = requirement.kind.partition(":")
    if kind != "apiKey":
        return "header.authorization", facts.get(("header", "authorization"))
    if location == "cookie":
        return f"cookie.{requirement.parameter}", cookie(facts, requirement.parameter)
    name = requirement.parameter.lower() if location == "header" else requirement.parameter
    return f"{location}.{name}", facts.get((location, name))


def _bearer(plan: Plan, requirement: Requirement, facts: Facts, token: Token | None, now: float) -> Violation | None:
    where = "header.authorization"
    if token is None:
        rule = find_token(plan, facts.request)[1] or "missing"
        return Violation(where, rule, None, requirement.scheme, _MESSAGES[rule])
    if token.expires_at is not None and now >= token.expires_at:
        return Violation(where, "expired", token.expires_at, now, _MESSAGES["expired"])
    if token.scopes is not None and not token.scopes.issuperset(requirement.scopes):
        wanted = " ".join(requirement.scopes)
        return Violation(where, "scope", sorted(token.scopes), wanted, f"the token lacks the scope {wanted}")
    return None
