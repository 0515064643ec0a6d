"""From a chosen response to bytes: templates filled, the body checked against the document."""

from __future__ import annotations

from typing import Any

from mock_server.codec.multipart import sent_as
from mock_server.core.problem import problem
from mock_server.fixture.facts import Asked, display
from mock_server.fixture.model import Response
from mock_server.fixture.response import encode
from mock_server.fixture.template import write_json
from mock_server.model import MISSING, Answer, Reason
from mock_server.spec.schema import Schema

_NO_BODY = frozenset((204, 205, 304))  # RFC 9110 §15.3.5, §15.3.6, §15.4.5
_CONTROL = str.maketrans(dict.fromkeys(map(chr, (*range(32), 127)), " "))


def render(
    response: Response, facts: Asked, reasons: list[Reason], schema: Schema | None = None, strict: bool = False
) -> Answer:
    """The answer on the wire. A filled body that breaks ``schema`` never leaves silently."""
    lenient = _Lenient(facts, reasons)
    headers: list[tuple[bytes, bytes]] = []
    for name, template in response.headers:
        text = header_text(template.fill(lenient))
        if text:  # an empty value leaves the header away
            headers.append((name.encode(), text))
    body, breach = response.encoded, response.invalid
    if body is None and response.body is not None:
        value = response.body.fill(lenient)
        breach = breach or _breach(schema, value)
        body = encode(value, response.media_type, response.media)
    if breach:
        reasons.append(Reason("render", "the body breaks the document: {}", (breach,)))
        if strict:
            detail = f"the response {response.name} breaks the document: {breach}"
            return problem("MS413", 500, detail, response=response.name)
        headers.append((b"mock-body-invalid", header_text(breach)))
    if body is None or response.status in _NO_BODY:
        body = b""
    else:
        headers.append((b"content-type", header_text(sent_as(response.media_type))))
    if response.status not in _NO_BODY:
        headers.append((b"content-length", str(len(body)).encode()))
    return Answer(response.status, tuple(headers), body)


def _breach(schema: Schema | None, value: Any) -> str | None:
    if schema is None or schema.is_valid(value):
        return None
    first = next(schema.breaches(value), None)
    return f"/{'/'.join(map(str, first.path))} {first.message}" if first else None


def header_text(value: Any) -> bytes:
    """A header's value as it may be sent: no control characters that would split it (RFC 9110 §5.5)."""
    text = value if isinstance(value, str) else write_json(value).decode()
    return text.translate(_CONTROL).encode("latin-1", "replace")[:1000]


class _Lenient:
    """Facts in which a value the client left out is null, and the journal says so."""

    __slots__ = ("facts", "reasons")

    def __init__(self, facts: Asked, reasons: list[Reason]) -> None:
        self.facts = facts
        self.reasons = reasons

    def get(self, where: tuple[str, ...]) -> Any:
        value = self.facts.get(where)
        if value is MISSING:
            self.reasons.append(Reason("render", "nothing to fill {} with", (display(where),)))
            return None
        return value
