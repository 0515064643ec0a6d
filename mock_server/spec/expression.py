"""Runtime expressions: what a callback's URL takes from the request and the answer (OAS 3.1 §4.8.20.4).

``$request.body#/url`` alone keeps the type of what it names; ``{$request.body#/url}`` inside a text
becomes a part of the text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

from mock_server.later import regex
from mock_server.model import MISSING
from mock_server.named import NamedTuple
from mock_server.value import dataclass

Whole = Literal["url", "method", "statusCode"]
Side = Literal["request", "response"]
Part = Literal["header", "query", "path", "body"]

_TOKEN = regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
"""``token`` of RFC 9110 §5.6.2."""
_BAD_ESCAPE = regex(r"~(?![01])")
_INDEX = regex(r"(?:0|[1-9][0-9]*)\Z")
_SHOWN = 120


class ExpressionError(ValueError):
    """A text that is no runtime expression; the message says why."""


class Unresolved(Exception):
    """An expression whose value is not there this time; the message says which and why."""


class Exchange(NamedTuple):
    """What expressions may ask about. ``Exchange("http://127.0.0.1:4010/orders?x=1", "POST", …)``

    Header names are lower-case. The bodies are parsed, or ``MISSING``; a body that is no JSON may be a text.
    """

    url: str
    method: str
    status: int
    path: Mapping[str, Any]
    query: str
    request_headers: Mapping[str, str]
    request_body: Any
    response_headers: Mapping[str, str]
    response_body: Any


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression. ``Expression("$request.body#/a~1b", "request", "body", "", ("a/b",))``"""

    text: str
    side: Side | Whole
    part: Part | None = None
    name: str = ""
    """Of a header (lower-case), query or path parameter."""
    pointer: tuple[str, ...] | None = None
    """Steps into the body; None = the body as a whole."""

    def resolve(self, exchange: Exchange) -> Any:
        """The value, with its type. Raises ``Unresolved``."""
        match self.side:
            case "url":
                return exchange.url
            case "method":
                return exchange.method
            case "statusCode":
                return exchange.status
        value = self._value(exchange)
        if value is MISSING:
            raise Unresolved(f"{self.text[:_SHOWN]}: {self._absent()}")
        return value

    def _value(self, exchange: Exchange) -> Any:
        asked = self.side == "request"
        match self.part:
            case "header":
                headers = exchange.request_headers if asked else exchange.response_headers
                return headers.get(self.name, MISSING)
            case "path" if asked:
                return exchange.path.get(self.name, MISSING)
            case "query" if asked:
                found = (
                    value for name, value in parse_qsl(exchange.query, keep_blank_values=True) if name == self.name
                )
                return next(found, MISSING)
            case "body":
                body = exchange.request_body if asked else exchange.response_body
                return body if self.pointer is None else at_pointer(body, self.pointer)
        return MISSING

    def _absent(self) -> str:
        if self.never:
            return self.never
        if self.part == "body":
            where = "" if self.pointer is None else f" at {pointer_of(self.pointer)!r}"
            return f"the {self.side}'s body has nothing{where}"
        kind = "header" if self.part == "header" else f"{self.part} parameter"
        return f"the {self.side} has no {kind} {self.name!r}"

    @property
    def never(self) -> str | None:
        """Why it can never be resolved: the grammar knows a response's query and path, but there are none."""
        if self.side == "response" and self.part in ("query", "path"):
            return f"a response has no {self.part} parameters"
        return None


@dataclass(frozen=True, slots=True)
class Expressive:
    """A text with expressions in it, or one that is an expression as a whole."""

    text: str
    parts: tuple[str | Expression, ...]
    is_whole: bool

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(part for part in self.parts if isinstance(part, Expression))

    def resolve(self, exchange: Exchange) -> Any:
        """The value: of a whole expression with its type, else a text. Raises ``Unresolved``."""
        if self.is_whole:
            return self.expressions[0].resolve(exchange)
        return "".join(part if isinstance(part, str) else _embedded(part, exchange) for part in self.parts)


def _embedded(expression: Expression, exchange: Exchange) -> str:
    """As a part of a text: JSON writes what is no text. Null stands for nothing, so it is not written."""
    value = expression.resolve(exchange)
    if value is None:
        raise Unresolved(f"{expression.text[:_SHOWN]}: the value is null")
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def parse_expressive(text: str) -> Expressive:
    """A whole expression, or a text with ``{$…}`` in it. Raises ``ExpressionError``.

    The first ``}`` ends an embedded expression.

    >>> parse_expressive("http://example.com/{$request.path.id}").parts
    ('http://example.com/', Expression(text='$request.path.id', side='request', part='path', name='id', pointer=None))
    """
    if text.startswith("$"):
        return Expressive(text, (parse_expression(text),), True)
    parts: list[str | Expression] = []
    rest = text
    while rest:
        before, brace, after = rest.partition("{")
        if before:
            parts.append(before)
        if not brace:
            break
        inner, closed, rest = after.partition("}")
        if not closed:
            raise ExpressionError(f"{text[:_SHOWN]!r}: a '{{' is never closed")
        if not inner.startswith("$"):
            hint = "an expression begins with '$', as in {$request.body#/url}"
            raise ExpressionError(f"{text[:_SHOWN]!r}: {{{inner[:_SHOWN]}}} is no runtime expression; {hint}")
        parts.append(parse_expression(inner))
    # The usual way to write a callback's address is one expression in braces and nothing else.
    return Expressive(text, tuple(parts), len(parts) == 1 and isinstance(parts[0], Expression))


def parse_expression(text: str) -> Expression:
    """One expression by the grammar of OAS 3.1 §4.8.20.4. Raises ``ExpressionError``.

    >>> parse_expression("$request.header.X-Url").name
    'x-url'
    """
    match text:
        case "$url":
            return Expression(text, "url")
        case "$method":
            return Expression(text, "method")
        case "$statusCode":
            return Expression(text, "statusCode")
    side, dot, source = text[1:].partition(".")
    if not text.startswith("$") or side not in ("request", "response") or not dot:
        raise ExpressionError(_unknown(text))
    chosen: Side = "request" if side == "request" else "response"
    if source == "body":
        return Expression(text, chosen, "body")
    if source.startswith("body#"):
        return Expression(text, chosen, "body", pointer=_pointer(text, source.removeprefix("body#")))
    part, _, name = source.partition(".")
    match part:
        case "header":
            if not _TOKEN.match(name):
                raise ExpressionError(f"{text[:_SHOWN]!r}: {name!r} is no header's name")
            return Expression(text, chosen, "header", name.lower())
        case "query" | "path":
            if not name:
                raise ExpressionError(f"{text[:_SHOWN]!r}: the name of the parameter is missing")
            return Expression(text, chosen, "query" if part == "query" else "path", name)
    raise ExpressionError(_unknown(text))


def _unknown(text: str) -> str:
    forms = (
        "$url, $method, $statusCode, $request.header.NAME, $request.query.NAME, $request.path.NAME, "
        "$request.body#/POINTER, $response.header.NAME, $response.body#/POINTER"
    )
    return f"{text[:_SHOWN]!r} is no runtime expression; there are {forms}"


def _pointer(text: str, pointer: str) -> tuple[str, ...]:
    """The steps of a JSON pointer (RFC 6901 §3); ``""`` is the whole document."""
    if pointer and not pointer.startswith("/"):
        raise ExpressionError(f"{text[:_SHOWN]!r}: a JSON pointer begins with '/'")
    if _BAD_ESCAPE.search(pointer):
        raise ExpressionError(f"{text[:_SHOWN]!r}: in a JSON pointer '~' is written ~0 and '/' ~1")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def pointer_of(steps: tuple[str, ...]) -> str:
    """The text of a JSON pointer (RFC 6901 §3)."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def at_pointer(value: Any, steps: tuple[str, ...]) -> Any:
    """What stands there in a JSON value, or ``MISSING`` (RFC 6901 §4)."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and len(step) < 10 and _INDEX.match(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value
