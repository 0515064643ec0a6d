"""Callbacks: from a request and its answer to what is sent afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.core.sent import Sent, Unmakeable, sent_parameters, with_query
from mock_server.errors import Broken
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import CallbackFixture
from mock_server.fixture.template import Template, Unfilled, write_json
from mock_server.model import MISSING, Answer, Reason, Request, Send
from mock_server.source import pointer_text
from mock_server.spec.callbacks import Callback, read_callbacks
from mock_server.spec.expression import Exchange, Unresolved
from mock_server.spec.generate import generate
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation
from mock_server.spec.schema import SchemaError
from mock_server.value import dataclass

DEPTH_HEADER = "mock-callback-depth"
MAX_DEPTH = 3
"""A callback may cause a callback of its own, which may cause another: then it is a circle (MS429)."""
_PATH_SAFE = "/!$&'()*+,;=:@~%"
_FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class PlannedCallback:
    """A callback and what the fixture says of it. What never changes is made once, on first use."""

    callback: Callback
    fixture: CallbackFixture
    _fixed: tuple[bytes, str] | None = None
    _sent: Sent | None = None

    def follows(self, status: int, response: str) -> bool:
        """Whether it is sent after this answer: one that is listed, else every 2xx."""
        listed = self.fixture.responses
        return response in listed if listed else 200 <= status <= 299

    def fixed(self) -> tuple[bytes, str]:
        """Body and media type as the document has them. Raises ``Unmakeable``."""
        if self._fixed is None:
            self._fixed = _own_body(self)
        return self._fixed

    def sent(self) -> Sent:
        """The parameters that the document requires. Raises ``Unmakeable``."""
        if self._sent is None:
            self._sent = sent_parameters(self.callback)
        return self._sent


def plan_callbacks(operation: Operation, fixtures: Mapping[str, CallbackFixture]) -> tuple[PlannedCallback, ...]:
    """The callbacks of an operation, with what the fixture says of each."""
    found = read_callbacks(operation)
    return tuple(PlannedCallback(each, fixtures.get(each.name) or CallbackFixture(each.name)) for each in found)


def calls_after(
    planned: Sequence[PlannedCallback],
    request: Request,
    facts: Facts,
    answer: Answer,
    response: str,
    reasons: list[Reason],
) -> tuple[Send, ...]:
    """What is to be sent now that ``answer``, the one called ``response``, is known."""
    due = [each for each in planned if each.follows(answer.status, response)]
    if not due:
        return ()
    exchange = _exchange(request, facts, answer)
    facts.roots["response"] = {
        "status": answer.status,
        "body": exchange.response_body,
        "header": exchange.response_headers,
    }
    found = []
    for each in due:
        if each.fixture.drop:
            reasons.append(Reason("callback", "{} is dropped by the fixture", (each.callback.name,)))
        else:
            found.append(_send(each, exchange, facts, request.headers.get(DEPTH_HEADER, "")))
    return tuple(found)


def _send(planned: PlannedCallback, exchange: Exchange, facts: Facts, depth_text: str) -> Send:
    callback, fixture = planned.callback, planned.fixture
    send = Send(
        callback.name,
        callback.method,
        callback.expression,
        delay_s=fixture.delay_s,
        retries=fixture.retries,
        backoff_s=fixture.backoff_s,
        times=fixture.times,
        statuses=callback.statuses,
    )
    depth = int(depth_text) if depth_text.isascii() and depth_text.isdecimal() and len(depth_text) < 4 else 0
    if depth >= MAX_DEPTH:
        message = f"the request was itself caused by {depth} callbacks, one after the other"
        return send._replace(refused=("MS429", message))
    try:
        send = send._replace(url=_url(callback, fixture, exchange, facts))
        headers, query = planned.sent()
        send = send._replace(url=with_query(send.url, query))
        body, media_type, note = _content(planned, facts)
    except (Unresolved, Unfilled, Unmakeable) as error:
        return send._replace(refused=("MS425", str(error)))
    own = {name: _text(template.fill(facts)) for name, template in fixture.headers}
    merged = {
        **dict(headers),
        **({"content-type": media_type} if body else {}),
        **own,
        DEPTH_HEADER: str(depth + 1),
    }
    return send._replace(headers=tuple(merged.items()), body=body, note=note)


def _url(callback: Callback, fixture: CallbackFixture, exchange: Exchange, facts: Facts) -> str:
    """Raises ``Unresolved``, ``Unfilled`` and ``Unmakeable``; an address is never made up or empty."""
    if fixture.url is not None:
        return _address(fixture.url.fill(facts), "the fixture's url")
    if callback.url is None:
        raise Unmakeable(callback.unreadable)
    return _address(callback.url.resolve(exchange), callback.expression)


def _address(value: Any, source: str) -> str:
    if not isinstance(value, str):
        raise Unmakeable(f"{source} is {write_json(value).decode()[:100]}, which is no URL")
    if not value.strip():
        raise Unmakeable(f"{source} is empty")
    return value


def _content(planned: PlannedCallback, facts: Facts) -> tuple[bytes, str, str]:
    """Body, media type, and how a filled body breaks the document."""
    template = planned.fixture.body
    if template is None or template.is_static:
        return (*planned.fixed(), "")
    media_type = _media_type(planned.callback)
    value = template.fill(facts)
    return encode_body(value, media_type), media_type, broken_rule(planned.callback, value)


def broken_rule(callback: Callback, value: Any) -> str:
    """How a body breaks the document's schema for it, or ``""``."""
    media = callback.media
    if media is None or media.schema is None or not is_json(media.name):
        return ""
    try:
        if media.schema.is_valid(value):
            return ""
        first = next(media.schema.breaches(value), None)
    except SchemaError:
        return ""  # what cannot be compiled is told at the start or by `check`
    return f"{pointer_text(first.path) or '/'} {first.message}" if first else ""


def _media_type(callback: Callback) -> str:
    name = callback.media.name if callback.media else "application/json"
    return "application/json" if "*" in name else name


def _own_body(planned: PlannedCallback) -> tuple[bytes, str]:
    """Of a fixture without templates, else of the document: its example, else one made from the schema."""
    template: Template | None = planned.fixture.body
    media_type = _media_type(planned.callback)
    if template is not None:
        return encode_body(template.tree, media_type), media_type
    value = document_body(planned.callback)
    return (b"" if value is MISSING else encode_body(value, media_type)), media_type


def document_body(callback: Callback) -> Any:
    """The document's example, else a value made from its schema; ``MISSING`` when it wants no body.

    Raises ``Unmakeable``.
    """
    media = callback.media
    if media is None:
        return MISSING
    if media.examples:
        return media.examples[0].value
    if media.schema is None:
        return MISSING
    try:
        return generate(callback.document, media.schema.pointer, direction="request")
    except (Broken, SchemaError):
        raise Unmakeable(f"no valid body can be made for {callback.method} of {callback.name!r}") from None


def encode_body(value: Any, media_type: str) -> bytes:
    """The body on the wire. Raises ``Unmakeable`` for a media type that values cannot be written in."""
    if is_json(media_type):
        return write_json(value)
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and media_type.partition(";")[0].strip().lower() == _FORM:
        texts = {key: item if isinstance(item, str) else write_json(item).decode() for key, item in value.items()}
        return urlencode(texts).encode()
    raise Unmakeable(f"a body of {media_type} must be a text; give the callback a `body` in a fixture")


def _text(value: Any) -> str:
    """A header's value. One that would split the header is refused by whoever writes it (RFC 9110 §5.5)."""
    return value if isinstance(value, str) else write_json(value).decode()


def _exchange(request: Request, facts: Facts, answer: Answer) -> Exchange:
    body = facts.get(("body",))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
    query = f"?{request.query}" if request.query else ""
    return Exchange(
        url=request.origin + quote(request.path, safe=_PATH_SAFE) + query,
        method=request.method,
        status=answer.status,
        path=facts.roots.get("path", {}),
        query=request.query,
        request_headers=request.headers,
        request_body=_parsed(request.body, request.headers.get("content-type", "")) if body is MISSING else body,
        response_headers=headers,
        response_body=_parsed(answer.body, headers.get("content-type", "")),
    )


def _parsed(body: bytes, media_type: str) -> Any:
    """JSON and forms where they are said to be, else the text; ``MISSING`` when there is no body."""
    if not body:
        return MISSING
    if is_json(media_type):
        try:
            return read_json(body)
        except Unreadable:
            return MISSING
    text = body.decode("utf-8", "replace")
    if media_type.partition(";")[0].strip().lower() == _FORM:
        return dict(reversed(parse_qsl(text, keep_blank_values=True)))  # of a repeated field the first
    return text
