"""Something to begin with when an operation is tried: its parameters, and a body that keeps the document."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import quote

from mock_server.codec.multipart import sent_as
from mock_server.codec.table import write_value
from mock_server.codec.unreadable import Unreadable
from mock_server.errors import Broken
from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.generate import generate, generate_content, is_described
from mock_server.spec.media import MediaType, is_json
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter
from mock_server.spec.schema import SchemaError
from mock_server.spec.security import credentials
from mock_server.web.console.page import Visit
from mock_server.web.wire import BASE


class Field(NamedTuple):
    """A parameter as a field to fill in."""

    name: str
    location: str
    required: bool
    type: str
    description: str
    notes: tuple[str, ...]
    value: str
    """What is sent unless it is changed; ``""`` for what need not be sent."""


class Sample(NamedTuple):
    """A body to send."""

    media_type: str
    text: str


def sample_of(operation: Operation) -> Sample | None:
    """The first media type's example, else one made from its schema. A body that is no text is left empty."""
    for media in operation.body.content if operation.body else ():
        kind = "application/octet-stream" if media.name.startswith("*") else media.name
        return Sample(sent_as(kind), _text(operation, media))
    return None


def _text(operation: Operation, media: MediaType) -> str:
    try:
        if media.examples:
            value: Any = media.examples[0].value
        elif is_described(media):
            value = generate_content(operation.document, media, 0, "request")
        else:
            return ""
        if is_json(media.name):
            return json.dumps(value, indent=2, ensure_ascii=False, default=str)
        return write_value(value, media).decode()
    except (Broken, SchemaError, Unreadable, UnicodeDecodeError, ValueError, TypeError):
        return ""  # nothing can be made, or nothing that a text field could hold: whoever tries it writes one


def curl_line(visit: Visit, operation: Operation) -> str:
    """A line for a shell that asks the operation in the visit's session, with all that it wants as far as is known."""
    parts = ["curl", "-s", *([] if operation.method == "GET" else ["-X", operation.method])]
    headers, query = credentials(operation.security, next(iter(visit.live.world.fixtures.tokens or ()), "any-token"))
    parts.append(f"{visit.url}{operation.bases[0] if operation.bases else ''}{_filled(operation)}{query}")
    for header in headers:
        parts += ["-H", header]
    if visit.session != DEFAULT_SESSION and not visit.request.scope.get(BASE):
        parts += ["-H", f"Mock-Session: {visit.session}"]
    if sample := sample_of(operation):
        text = json.dumps(json.loads(sample.text), separators=(",", ":")) if _is_json(sample) else sample.text
        parts += ["-H", f"Content-Type: {sample.media_type}", "-d", text]
    return shlex.join(parts)


def _is_json(sample: Sample) -> bool:
    return is_json(sample.media_type) and bool(sample.text)


def _filled(operation: Operation) -> str:
    """The path with a value for each of its parameters."""
    path = operation.path
    for each in operation.parameters:
        if each.location == "path":
            value = value_for(operation.document, each, {}, each.schema.pointer if each.schema else None)
            path = path.replace("{" + each.name + "}", quote(value or "1", safe=""))
    return path


def value_for(document: Document, parameter: Parameter, node: dict[str, Any], schema_at: Pointer | None) -> str:
    """A value for a parameter: its example, else the schema's, else one that is made."""
    found = node.get("example")
    for each in (node.get("examples") or {}).values() if isinstance(node.get("examples"), dict) else ():
        found = each.get("value") if found is None and isinstance(each, dict) else found
    if found is None and schema_at is not None:
        try:
            found = generate(document, schema_at, 0, "request")
        except (Broken, SchemaError):
            return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, list):
        return ",".join(map(str, found))
    return "" if found is None or isinstance(found, dict) else str(found)
