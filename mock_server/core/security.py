"""Judging who asks: tokens, keys and scopes."""

from __future__ import annotations

from hashlib import sha256

from mock_server.core.parameters import cookie
from mock_server.core.plan import Plan
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Token
from mock_server.fixture.read import TOKEN_CHARS
from mock_server.model import MISSING, Request, Violation
from mock_server.spec.security import Requirement


def authorization_violations(plan: Plan, facts: Facts, token: Token | None, now: float) -> list[Violation]:
    """Why the request may not have this operation: none when one alternative of ``security`` is satisfied.

    Else what the alternative lacks that the client came nearest to: one whose credentials were sent
    before one of which nothing was, a missing scope before bad credentials.
    """
    nearest: list[Violation] = []
    distance = (True, True, 0)
    for alternative in plan.operation.security:
        found = [violation for each in alternative if (violation := _unmet(plan, each, facts, token, now))]
        if not found:
            return found
        rules = {each.rule for each in found}
        this = ("missing" in rules, rules != {"scope"}, len(found))
        if not nearest or this < distance:
            nearest, distance = found, this
    return sorted(nearest, key=_is_scope) if len(nearest) > 1 else nearest


def _is_scope(violation: Violation) -> bool:
    """Who has not shown all credentials yet is not told of scopes first."""
    return violation.rule == "scope"


def find_token(plan: Plan, request: Request) -> tuple[Token | None, str | None]:
    """The bearer token the request carries, and the reason there is none.

    Reasons: ``missing``, ``malformed``, ``unknown``.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None, "missing"
    scheme, _, text = header.partition(" ")
    text = text.strip(" ")
    house = plan.house
    if scheme.lower() != "bearer":
        return None, "malformed"
    if house.tokens and text in house.tokens:
        return house.tokens[text], None
    if not text or not TOKEN_CHARS.issuperset(text):
        return None, "malformed"
    if house.jwt:
        from mock_server.core.jwt import read_jwt  # only where the fixtures say so

        token = read_jwt(text, _unlisted_account(text))
        if token:
            return token, None
    if house.tokens is None or house.any_token:
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
_AUTHORIZATION = "header.authorization"


def _unmet(plan: Plan, requirement: Requirement, facts: Facts, token: Token | None, now: float) -> Violation | None:
    """Why one requirement is not met, or None."""
    kind = requirement.kind
    if kind == "bearer":
        return _bearer(plan, requirement, facts, token, now)
    if kind.startswith("apiKey:"):
        return _api_key(requirement, facts)
    return None if kind == "unjudged" else _http(requirement, facts)


def _bearer(plan: Plan, requirement: Requirement, facts: Facts, token: Token | None, now: float) -> Violation | None:
    if token is None:
        rule = find_token(plan, facts.request)[1] or "missing"
        return Violation(_AUTHORIZATION, rule, None, requirement.scheme, _MESSAGES[rule])
    if token.expires_at is not None and now >= token.expires_at:
        return Violation(_AUTHORIZATION, "expired", token.expires_at, now, _MESSAGES["expired"])
    if token.scopes is not None and not token.scopes.issuperset(requirement.scopes):
        wanted = " ".join(requirement.scopes)
        return Violation(_AUTHORIZATION, "scope", sorted(token.scopes), wanted, f"the token lacks the scope {wanted}")
    return None


def _http(requirement: Requirement, facts: Facts) -> Violation | None:
    """Another HTTP scheme: its name, which ignores case (RFC 9110 §11.1), and its form where that is known."""
    header = facts.request.headers.get("authorization")
    if not header:
        message = f"no {requirement.parameter} credentials: there is no Authorization header"
        return Violation(_AUTHORIZATION, "missing", None, requirement.scheme, message)
    scheme, _, text = header.partition(" ")
    if scheme.lower() != requirement.kind:
        fault: str | None = f"the Authorization header has no {requirement.parameter} credentials"
    else:
        from mock_server.core.credentials import JUDGES  # few documents have another scheme than Bearer

        judge = JUDGES.get(requirement.kind)
        fault = judge(text.strip(" ")) if judge else None
    return Violation(_AUTHORIZATION, "malformed", None, requirement.scheme, fault) if fault else None


def _api_key(requirement: Requirement, facts: Facts) -> Violation | None:
    """An API key is there or it is not; any text is one, ``Bearer x`` too."""
    location, name = requirement.kind.partition(":")[2], requirement.parameter
    if location == "cookie":
        value = cookie(facts, name)
    elif location == "header":
        name = name.lower()
        value = facts.request.headers.get(name, MISSING)
    else:
        value = facts.get((location, name))
    if value is not MISSING and value != "":
        return None
    message = f"the API key {requirement.parameter} ({location}) is missing"
    return Violation(f"{location}.{name}", "missing", None, requirement.scheme, message)
