"""The headers of a documented response, and how their values are written (OAS 3.1 §4.8.21)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mock_server.errors import Broken
from mock_server.later import regex
from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.schema import Schema

_NAME = regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}\Z")
NOT_SENT = frozenset(
    (
        "content-type",  # OAS 3.1 §4.8.17: SHALL be ignored
        "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te",  # the server's
        "proxy-connection", "date", "preference-applied",
        "content-encoding",  # our bodies are never compressed
        "alt-svc", "strict-transport-security", "clear-site-data",  # would outlive the mock in a browser
    )
)  # fmt: skip
"""Headers that a document may describe and that are not sent for it."""
NOTHING = object()


class DocumentedHeader(NamedTuple):
    """One header of a response. ``given`` is the document's own value, ``NOTHING`` without one."""

    name: str
    given: Any
    schema: Schema | None
    explode: bool
    as_json: bool
    """Whether it is described by ``content``, so that the value is written as JSON."""

    def text(self, value: Any) -> str:
        """The value as it is sent."""
        if self.as_json:
            return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return simple(value, explode=self.explode)


def read_headers(document: Document, response: Pointer) -> list[DocumentedHeader]:
    """The headers of the response at that pointer that a mock may send; what cannot be read is left out."""
    node, _ = document.at(response, response, "#")
    named = node.get("headers") if isinstance(node, dict) else None
    found: dict[str, DocumentedHeader] = {}
    for name, raw in named.items() if isinstance(named, dict) else ():
        lower = str(name).lower()
        if not _NAME.match(lower) or lower in NOT_SENT or lower.startswith(("mock-", "access-control-", ":")):
            continue
        try:
            header = _read(document, lower, raw, (*response, "headers", name))
        except Broken:
            continue
        if header:
            found.setdefault(lower, header)
    return list(found.values())


def _read(document: Document, name: str, raw: Any, at: Pointer) -> DocumentedHeader | None:
    node, at = document.follow(raw, at)
    if not isinstance(node, dict):
        return None
    content = node.get("content")
    if isinstance(content, dict) and content:
        media = next(iter(content))
        inner, inner_at = document.follow(content[media], (*at, "content", media))
        if not isinstance(inner, dict):
            return None
        schema = document.schema((*inner_at, "schema")) if "schema" in inner else None
        return DocumentedHeader(name, _given(document, inner, inner_at), schema, False, True)
    schema = document.schema((*at, "schema")) if "schema" in node else None
    return DocumentedHeader(name, _given(document, node, at), schema, node.get("explode") is True, False)


def _given(document: Document, node: dict[str, Any], at: Pointer) -> Any:
    """The value of ``example``, else of the first of ``examples``."""
    if "example" in node:
        return node["example"]
    named = node.get("examples")
    for name, raw in named.items() if isinstance(named, dict) else ():
        entry, _ = document.follow(raw, (*at, "examples", name))
        for word in ("serializedValue", "dataValue", "value"):
            if isinstance(entry, dict) and word in entry:
                return entry[word]
    return NOTHING


def simple(value: Any, *, explode: bool = False) -> str:
    """Style ``simple`` (OAS 3.1 §4.8.12.3, RFC 6570 §3.2.2), which is the only one of headers.

    >>> simple(["a", "b"]), simple({"R": 100, "G": 200}), simple({"R": 100, "G": 200}, explode=True)
    ('a,b', 'R,100,G,200', 'R=100,G=200')
    """
    if isinstance(value, dict):
        pairs = [(str(key), _one(item)) for key, item in value.items()]
        return ",".join(f"{key}={item}" for key, item in pairs) if explode else ",".join(_flat(pairs))
    if isinstance(value, list):
        return ",".join(map(_one, value))
    return _one(value)


def _flat(pairs: list[tuple[str, str]]) -> Iterator[str]:
    for pair in pairs:
        yield from pair


def _one(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
