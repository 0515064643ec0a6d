"""Reading and judging the body of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mock_server.codec.json_text import read_json
from mock_server.codec.table import judged, reader
from mock_server.codec.unreadable import Unreadable
from mock_server.model import MISSING, Request, Violation
from mock_server.named import NamedTuple
from mock_server.spec.family import family
from mock_server.spec.media import Body, MediaType, best_match, is_checked, is_json
from mock_server.spec.schema import Schema

if TYPE_CHECKING:
    from mock_server.core.plan import Plan


class Way(NamedTuple):
    """How bodies of one Content-Type are read: found once for each operation and type."""

    media: MediaType
    kind: str
    read: Callable[[bytes], Any]
    """Raises ``Unreadable``."""
    schema: Schema | None
    """What the whole value has to keep, and all that it has to; None = there is more to look at."""


MAX_WAYS = 32
"""Content-Types remembered for one operation: a client must not fill the memory with others."""


def take_body(plan: Plan, request: Request) -> tuple[Any, tuple[Violation, ...]]:
    """The value of the body (``MISSING`` = there is none, or none that could be read) and what is wrong with it.

    A missing Content-Type is read as JSON; the vendor's own client sends none.
    """
    described = plan.operation.body
    headers = request.headers
    content_type = headers.get("content-type") or None
    if content_type and "header.content-type" in plan.fixture.overlook:
        content_type = None
    if described is None:
        return _undescribed(request.body, content_type), ()
    if "content-encoding" in headers:
        coding = headers["content-encoding"].strip().lower()
        if coding not in ("", "identity"):
            message = f"{coding[:60]} is not read"
            return MISSING, (Violation("header.content-encoding", "encoding", coding, "identity", message),)
    if not request.body:
        missing = Violation("body", "required", None, "a body", "the body is missing")
        return MISSING, (missing,) if described.required else ()
    way = plan.ways.get(content_type) or _way(plan, described, content_type, request.body)
    if way is None:
        return MISSING, (_wrong_type(content_type, described.content),) if content_type else ()
    return read_by(way, plan, request.body, content_type)


def read_by(way: Way, plan: Plan, data: bytes, content_type: str | None) -> tuple[Any, tuple[Violation, ...]]:
    """The same of bytes that are there, when it is known how they are read."""
    try:
        body = way.read(data)
    except Unreadable as error:
        violation = error.violation("body")
        if error.rule == "content-type":
            violation = violation._replace(where="header.content-type", seen=content_type)
        return MISSING, (violation,)
    if way.schema is not None and way.schema.is_valid(body):
        return body, ()
    return body, tuple(_breaches(plan, way.media, body, way.kind))


def way_of(plan: Plan, headers: Mapping[str, str]) -> Way | None:
    """How every body under these headers is read; None = the body has a say too, or the headers are to be refused."""
    described, content_type = plan.operation.body, headers.get("content-type")
    if described is None or not content_type or "content-encoding" in headers:
        return None
    if "header.content-type" in plan.fixture.overlook:
        return None
    return plan.ways.get(content_type) or _way(plan, described, content_type, b"")


def _way(plan: Plan, described: Body, content_type: str | None, body: bytes) -> Way | None:
    media = _media_type(described.content, content_type)
    if media is None:
        return None
    kind = content_type or _assumed(media, body)
    whole = is_checked(media, kind) and media.item_schema is None and family(kind) != "sequence"
    is_all = whole and plan.fixture.unknown_fields == "accept"
    way = Way(media, kind, reader(media, kind), media.schema if is_all else None)
    if len(plan.ways) < MAX_WAYS and (content_type or "*" not in media.name):
        plan.ways[content_type] = way
    return way


def _undescribed(body: bytes, content_type: str | None) -> Any:
    """The JSON of a body that the document does not ask for; rules may look at it."""
    if not body or (content_type and not is_json(content_type)):
        return MISSING
    try:
        return read_json(body)
    except Unreadable:
        return MISSING


def _assumed(media: MediaType, body: bytes) -> str:
    """The type of a body that names none (RFC 9110 §8.3): the described one; of a range JSON, if it looks so."""
    if "*" not in media.name:
        return media.name
    return "application/json" if body.lstrip()[:1] in (b"{", b"[") else "application/octet-stream"


def _breaches(plan: Plan, media: MediaType, body: Any, content_type: str) -> Iterator[Violation]:
    from mock_server.core.breach import breaches

    for path, schema, value in judged(media, body, content_type):
        yield from breaches(".".join(["body", *map(str, path)]), schema, value)
    if plan.fixture.unknown_fields == "refuse" and media.schema and isinstance(body, dict):
        for name in [each for each in body if each not in plan.fields]:
            message = f"{name} is not a field here"
            yield Violation(f"body.{name}", "unknown_fields", name, sorted(plan.fields), message)


def _wrong_type(content_type: str | None, content: tuple[MediaType, ...]) -> Violation:
    wanted = ", ".join(each.name for each in content)
    message = f"{content_type!r} is not read here, {wanted or 'nothing'} is"
    return Violation("header.content-type", "content-type", content_type, wanted, message)


def _media_type(content: tuple[MediaType, ...], content_type: str | None) -> MediaType | None:
    """The entry that describes a body of this type."""
    if content_type is not None:
        return best_match(content, content_type)
    return next((each for each in content if is_json(each.name)), content[0] if content else None)
