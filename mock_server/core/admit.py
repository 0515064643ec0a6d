"""Judging a request against the document: every violation, as values."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson

from mock_server.core.plan import Plan
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Token
from mock_server.fixture.read import TOKEN_CHARS
from mock_server.model import MISSING, Request, Violation
from mock_server.spec.operations import MediaType, Parameter, Requirement, is_json
from mock_server.spec.schema import Schema

MAX_JSON_DEPTH = 64
MAX_MESSAGE = 300
"""Characters; the validator's message quotes the whole value."""
_BRACKETS = (b"{", b"[")


def read_body(plan: Plan, request: Request) -> tuple[Any, Violation | None]:
    """The JSON body, strictly read (RFC 8259), or why it cannot be.

    A missing Content-Type is read as JSON; the vendor's own client sends none.
    """
    if not request.body:
        return MISSING, None
    content_type = _content_type(plan, request)
    if content_type and not is_json(content_type):
        return MISSING, None
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        return MISSING, Violation("body", "json", None, "JSON", f"not JSON: {error.msg} at byte {error.pos}")
    if sum(map(request.body.count, _BRACKETS)) > MAX_JSON_DEPTH and _is_deeper(body, MAX_JSON_DEPTH):
        return MISSING, Violation("body", "depth", None, MAX_JSON_DEPTH, f"nested deeper than {MAX_JSON_DEPTH}")
    return body, None


def _is_deeper(value: Any, limit: int) -> bool:
    """Whether containers are nested deeper than ``limit``; level by level, without recursion."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def body_violations(plan: Plan, request: Request, body: Any, unreadable: Violation | None) -> Iterator[Violation]:
    """What is wrong with the body."""
    described = plan.operation.body
    if described is None:
        return
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        yield Violation("header.content-encoding", "encoding", encoding, "identity", f"{encoding} is not read")
        return
    if unreadable:
        yield unreadable
        return
    content_type = _content_type(plan, request)
    media = _media_type(described.content, content_type)
    if media is None and content_type and request.body:
        wanted = ", ".join(each.name for each in described.content)
        yield Violation(
            "header.content-type",
            "content-type",
            content_type,
            wanted,
            f"{content_type!r} is not read here, {wanted} is",
        )
    elif body is MISSING and not request.body:
        if described.required:
            yield Violation("body", "required", None, "a body", "the body is missing")
    elif media and media.schema and body is not MISSING:
        yield from _breaches("body", media.schema, body)
        if plan.fixture.unknown_fields == "refuse" and isinstance(body, dict):
            for name in [each for each in body if each not in plan.fields]:
                yield Violation(
                    f"body.{name}", "unknown_fields", name, sorted(plan.fields), f"{name} is not a field here"
                )


def _content_type(plan: Plan, request: Request) -> str | None:
    """What the body is said to be; None = nothing, also when the fixture overlooks it."""
    return None if "header.content-type" in plan.fixture.overlook else request.headers.get("content-type") or None


def _media_type(content: tuple[MediaType, ...], content_type: str | None) -> MediaType | None:
    """The entry that describes a body of this type; JSON types stand in for one another."""
    if content_type is None:
        return next((each for each in content if is_json(each.name)), content[0] if content else None)
    essence = content_type.partition(";")[0].strip().lower()
    for each in content:
        name = each.name.partition(";")[0].strip().lower()
        if name in (essence, "*/*") or (name.endswith("/*") and essence.startswith(name[:-1])):
            return each
    return next((each for each in content if is_json(essence) and is_json(each.name)), None)


def _breaches(root: str, schema: Schema, value: Any) -> Iterator[Violation]:
    """The fast question first: most requests are good."""
    if schema.is_valid(value):
        return
    for breach in schema.breaches(value):
        path = list(breach.path)
        seen = _at(value, breach.path)
        if breach.keyword == "required":
            path.append(str(breach.wanted))
            seen = None
        where = ".".join([root, *map(str, path)])
        yield Violation(where, breach.keyword, seen, breach.wanted, breach.message[:MAX_MESSAGE])


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def parameter_violations(plan: Plan, facts: Facts) -> Iterator[Violation]:
    """What is wrong with path, query, header and cookie parameters (default styles)."""
    for parameter in plan.operation.parameters:
        where = (parameter.location, parameter.name.lower() if parameter.location == "header" else parameter.name)
        text = _cookie(facts, parameter.name) if parameter.location == "cookie" else facts.get(where)
        if text is MISSING:
            if parameter.required:
                place = ".".join(where)
                yield Violation(
                    place, "required", None, parameter.type, f"the {parameter.location} parameter is missing"
                )
        elif parameter.schema:
            yield from _breaches(".".join(where), parameter.schema, coerce(parameter, text))


def _cookie(facts: Facts, name: str) -> Any:
    for pair in facts.request.headers.get("cookie", "").split(";"):
        key, equals, value = pair.strip().partition("=")
        if equals and key == name:
            return value
    return MISSING


def coerce(parameter: Parameter, text: Any) -> Any:
    """A parameter's text as the value that its schema takes: as text, or as what JSON reads in it.

    ``1`` is the text ``"1"`` for a schema of strings and the number 1 for one of integers. Where neither
    fits, the JSON reading is given back, for it makes the better complaint.
    """
    schema = parameter.schema
    assert schema is not None
    tried = [text, _scalar(text)] if isinstance(text, str) else []
    if parameter.type == "array" or isinstance(text, list):
        items = text if isinstance(text, list) else str(text).split(",")
        joined = [part for item in items for part in item.split(",")]
        tried += [items, [_scalar(item) for item in items], joined, [_scalar(item) for item in joined]]
    fitting = next((value for value in tried if schema.is_valid(value)), None)
    if fitting is not None:
        return fitting
    if parameter.type == "array":
        return tried[-1]
    return None if schema.is_valid(None) and text == "null" else _scalar(text)


def _scalar(text: Any) -> Any:
    """The number, truth value or null that a text is in JSON, else the text."""
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        return text
    return text if isinstance(value, str | list | dict) else value


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
        return f"cookie.{requirement.parameter}", _cookie(facts, requirement.parameter)
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
