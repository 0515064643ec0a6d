"""From a chosen response to bytes: templates filled, the body checked against the document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mock_server.core.answers import breach_of
from mock_server.core.choose import is_authorization, told
from mock_server.core.finish import header_text, message
from mock_server.core.problem import problem
from mock_server.fixture.facts import Asked, display
from mock_server.fixture.model import Response
from mock_server.fixture.response import encode
from mock_server.mask import MASK, is_secret_where
from mock_server.model import MISSING, Answer, Reason, Violation
from mock_server.spec.schema import Schema


def render(
    response: Response, facts: Asked, reasons: list[Reason], schema: Schema | None = None, strict: bool = False
) -> Answer:
    """The answer on the wire. A filled body that breaks ``schema`` never leaves silently."""
    if response.whole is not None:
        return response.whole
    lenient = _Lenient(facts, reasons)
    headers: list[tuple[bytes, bytes]] = []
    for name, template in response.headers:
        text = header_text(template.fill(lenient))
        if text:  # an empty value leaves the header away
            headers.append((name.encode(), text))
    body, breach = response.encoded, response.invalid
    if body is None and response.body is not None:
        value = response.body.fill(lenient)
        breach = breach or breach_of(schema, value)
        body = encode(value, response.media_type)
    if breach:
        reasons.append(Reason("render", "the body breaks the document: {}", (breach,)))
        if strict:
            detail = f"the response {response.name} breaks the document: {breach}"
            return problem("MS413", 500, detail, response=response.name)
        headers.append((b"mock-body-invalid", header_text(breach)))
    return message(response.status, headers, body, response.media_type)


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


def challenge(violation: Violation) -> tuple[bytes, bytes]:
    """``WWW-Authenticate`` by RFC 6750 §3: no error code when no credentials were sent."""
    text = 'Bearer realm="mock-server"'
    if violation.rule == "scope":
        text += f', error="insufficient_scope", scope="{violation.wanted}"'
    elif violation.rule in ("unknown", "expired"):
        text += f', error="invalid_token", error_description="{violation.message}"'
    elif violation.rule == "malformed":
        text += ', error="invalid_request"'
    return b"www-authenticate", header_text(text)


def refusal(violations: Sequence[Violation]) -> Answer:
    """Our problem+json for violations that neither fixture nor document has a body for."""
    first = violations[0]
    listed = [
        {
            "where": each.where,
            "rule": each.rule,
            "seen": MASK if is_secret_where(each.where) else each.seen,
            "wanted": each.wanted,
            "message": told(each),
        }
        for each in violations[:20]
    ]
    return problem("MS406", _refusal_status(first), f"{first.where}: {told(first)}", violations=listed)


def _refusal_status(violation: Violation) -> int:
    if is_authorization(violation):
        return 403 if violation.rule == "scope" else 401
    if violation.rule in ("content-type", "encoding"):
        return 415
    return 422
