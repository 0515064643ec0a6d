"""Reading and judging the body of a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from mock_server.core.breach import breaches
from mock_server.core.plan import Plan
from mock_server.model import MISSING, Request, Violation
from mock_server.spec.media import MediaType, is_json

MAX_JSON_DEPTH = 64
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
        yield from breaches("body", media.schema, body)
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
