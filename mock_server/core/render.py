"""From a chosen response to bytes: templates filled, the body checked against the document."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mock_server.codec.json_text import write_json
from mock_server.core.answers import breach_of
from mock_server.core.finish import header_text, message
from mock_server.core.problem import problem
from mock_server.fixture.facts import Asked, display
from mock_server.fixture.model import Response
from mock_server.fixture.response import encode
from mock_server.fixture.template import Template, Unfilled
from mock_server.model import MISSING, Answer, Reason
from mock_server.named import new
from mock_server.spec.schema import Schema


def render(
    response: Response, facts: Asked, reasons: list[Reason], schema: Schema | None = None, strict: bool = False
) -> Answer:
    """The answer on the wire. A filled body that breaks ``schema`` never leaves silently."""
    if response.whole is not None:
        return response.whole
    if response.unmade is not None:
        return _unmade(response, response.unmade, reasons)
    body, breach = response.encoded, response.invalid
    if body is None and response.body is not None:
        value = _filled(response.body, facts, reasons)
        if response.json_head is not None and (schema is None or schema.is_valid(value)):
            return _json_answer(response.status, response.json_head, value)
        breach = breach or breach_of(schema, value)
        body = encode(value, response.media_type, response.media)
    headers: list[tuple[bytes, bytes]] = []
    for name, template in response.headers:
        text = header_text(_filled(template, facts, reasons))
        if text:  # an empty value leaves the header away
            headers.append((name.encode(), text))
    if breach:
        reasons.append(Reason("render", "the body breaks the document: {}", (breach,)))
        if strict:
            detail = f"the response {response.name} breaks the document: {breach}"
            return problem("MS413", 500, detail, response=response.name)
        headers.append((b"mock-body-invalid", header_text(breach)))
    return message(response.status, headers, body, response.media_type)


def _unmade(response: Response, pointer: str, reasons: list[Reason]) -> Answer:
    """An empty 200 would be a lie: a success becomes 500. An error that was meant keeps its status."""
    reasons.append(Reason("render", "no body can be made for {} from the schema at {}", (response.name, pointer)))
    detail = (
        f"no body could be made for the response {response.name}: nothing that keeps the schema at {pointer} was found"
    )
    hint = (
        "mend the schema (`mock-server check` says what contradicts what), or give the response an example or a fixture"
    )
    status = response.status if response.status >= 400 else 500
    return problem("MS262", status, detail, response=response.name, pointer=pointer, hint=hint)


def _json_answer(status: int, head: tuple[tuple[bytes, bytes], ...], value: Any) -> Answer:
    body = write_json(value)
    return new(Answer, (status, _measured(head, len(body)), body))


@lru_cache(maxsize=1024)
def _measured(head: tuple[tuple[bytes, bytes], ...], length: int) -> tuple[tuple[bytes, bytes], ...]:
    """The headers with the length; the journal keeps them for each answer, and most are the same."""
    return (*head, (b"content-length", b"%d" % length))


def _filled(template: Template, facts: Asked, reasons: list[Reason]) -> Any:
    try:
        return template.fill(facts)
    except Unfilled:
        return template.fill(_Lenient(facts, reasons))


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
