"""The documented headers of an answer, each with a value that its schema allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mock_server.errors import Broken
from mock_server.fixture.model import Response
from mock_server.fixture.template import Slot, Template, Text
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.generate import generate
from mock_server.spec.headers import NOTHING, DocumentedHeader, read_headers
from mock_server.spec.operations import Operation
from mock_server.spec.schema import Schema, SchemaError

_RATE_LIMIT = "ratelimit"
SENSIBLE: Mapping[str, tuple[Any, ...]] = {
    "etag": ('"mock-1"',),
    "last-modified": ("Wed, 31 Jan 2024 09:30:00 GMT",),
    "expires": ("Thu, 01 Dec 2044 16:00:00 GMT",),
    "retry-after": (1, "1"),
    "set-cookie": ("session=mock; Path=/; HttpOnly; SameSite=Lax",),
    "cache-control": ("no-store",),
    "vary": ("Accept",),
    "content-language": ("en",),
    "content-disposition": ('attachment; filename="mock"',),
    "content-range": ("items 0-0/1",),
    "accept-ranges": ("none", "bytes"),
    "allow": ("GET, HEAD",),
    "location": ("/",),  # of a redirect; no loop
    "content-location": ("/",),
    "link": ('</>; rel="self"',),
    "www-authenticate": ('Bearer realm="mock-server"',),
    "server": ("mock-server",),
}
"""Values that a client can use; the first that the schema allows is sent."""
SENSIBLE_LIMITS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("remaining", (99, "99")),
    ("reset", (60, "60")),
    ("limit", (100, "100")),
)
"""By the last part of ``RateLimit-…`` and ``X-Rate-Limit-…``."""


def documented_headers(
    operation: Operation, at: Pointer, response: Response, siblings: Mapping[str, Operation], seed: int
) -> Iterator[tuple[str, Template]]:
    """Name and value of each header that the document has for the response at ``at``."""
    document = operation.document
    for header in read_headers(document, at):
        if header.name == "location" and 200 <= response.status <= 299 and not _is_given(document, header):
            yield header.name, _location(operation, response, siblings)
            continue
        value = _value(document, header, seed)
        text = header.text(value) if value is not NOTHING else ""
        if text:  # an empty header says nothing
            yield header.name, Template(text, frozenset())


def _is_given(document: Document, header: DocumentedHeader) -> bool:
    """Whether the document says the value, beside the schema or in it."""
    return header.given is not NOTHING or (header.schema is not None and _says_itself(document, header.schema))


def _value(document: Document, header: DocumentedHeader, seed: int) -> Any:
    """The document's own, else a sensible one, else one made from the schema; ``NOTHING`` when none can be made."""
    if header.given is not NOTHING:
        return header.given
    if header.schema is None:
        return next(iter(_sensible(header.name)), "mock")
    if not _says_itself(document, header.schema):
        for value in _sensible(header.name):
            if _allows(header.schema, value):
                return value
    try:
        return generate(document, header.schema.pointer, seed)
    except (Broken, SchemaError):
        return NOTHING


def _sensible(name: str) -> tuple[Any, ...]:
    if name in SENSIBLE:
        return SENSIBLE[name]
    if _RATE_LIMIT in name.replace("-", ""):
        return next((values for word, values in SENSIBLE_LIMITS if name.endswith(word)), ())
    return ()


def _says_itself(document: Document, schema: Schema) -> bool:
    """Whether the schema names a value: that one is better than ours."""
    try:
        node, _ = document.follow(document.at(schema.pointer, schema.pointer, "#")[0], schema.pointer)
    except Broken:
        return False
    return isinstance(node, dict) and any(word in node for word in ("example", "examples", "default", "const", "enum"))


def _allows(schema: Schema, value: Any) -> bool:
    try:
        return schema.is_valid(value)
    except SchemaError:
        return True


def _location(operation: Operation, response: Response, siblings: Mapping[str, Operation]) -> Template:
    """Where what was made can be got: ``/things`` has ``/things/{id}``, and the body says the id; else where we are.

    It begins with the request's own URL, so that host, base path and the ids of outer resources are right.
    """
    url = Slot(("request", "url"))
    item = _item_id(_item_parameter(operation, siblings), response.body.tree if response.body else None)
    if isinstance(item, Slot):  # a fixture's body may take the id from the request
        return Template(Text((url, "/", item)), frozenset((url.where, item.where)))
    if item is None:
        return Template(url, frozenset((url.where,)))
    return Template(Text((url, f"/{quote(str(item), safe='')}")), frozenset((url.where,)))


def _item_id(key: str | None, body: Any) -> str | int | Slot | None:
    """What stands in the body for ``{thingId}`` of ``/things``: ``thingId``, ``id`` or ``thing_id``."""
    if key is None or not isinstance(body, dict):
        return None
    plain = key.lower().replace("_", "")
    names = (key, "id", *(name for name in body if name.lower().replace("_", "") == plain))
    values = (body[name] for name in names if isinstance(body.get(name), str | int | Slot))
    return next((value for value in values if not isinstance(value, bool) and value != ""), None)


def _item_parameter(operation: Operation, siblings: Mapping[str, Operation]) -> str | None:
    """``id`` when ``GET /things/{id}`` stands beside ``POST /things``."""
    start = f"{operation.path.rstrip('/')}/{{"
    beside = (each.path for each in siblings.values() if each.method == "GET" and each.document is operation.document)
    found = [path[len(start) : -1] for path in beside if path.startswith(start) and path.endswith("}")]
    return next((name for name in found if not {"/", "{", "}"} & set(name)), None)
