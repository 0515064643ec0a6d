"""Which examples, headers, ways of authorization, links and callbacks of the document a run has come by.

Every exchange is shown to it, those of the walks and those of the fuzzing. Statuses are counted in ``coverage.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from mock_server.contract.model import Exchange, Reached
from mock_server.contract.target import Tokens
from mock_server.errors import Broken
from mock_server.model import MISSING
from mock_server.spec.callbacks import read_callbacks
from mock_server.spec.expression import Exchange as Said
from mock_server.spec.expression import ExpressionError, Expressive, Unresolved, parse_expressive
from mock_server.spec.headers import read_headers
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation
from mock_server.spec.security import Requirement

MAX_VALUES = 10_000
"""Values of one link that are remembered."""


@dataclass(slots=True)
class Link:
    """One link: what of an answer goes into which operation's request."""

    name: str
    status: str
    target: str
    expressions: tuple[Expressive, ...]
    values: set[str] = field(default_factory=set)


class Reach:
    """What was come by, of these operations."""

    def __init__(self, operations: tuple[Operation, ...], tokens: Tokens) -> None:
        self.operations = {each.key: each for each in operations}
        self._tokens = tokens
        self._lock = threading.Lock()
        self._got: set[tuple[str, str, str]] = set()
        self._examples = {each.key: dict(_examples(each)) for each in operations}
        self._headers = {each.key: {at: _header_names(each, at) for at in each.responses} for each in operations}
        self._links = {each.key: list(_links(each, operations)) for each in operations}
        self._targets: dict[str, list[tuple[str, Link]]] = {}
        for key, links in self._links.items():
            for link in links:
                self._targets.setdefault(link.target, []).append((key, link))

    def see(self, exchange: Exchange) -> None:
        """Look at one exchange."""
        operation = self.operations.get(exchange.operation)
        if operation is None or not exchange.seen.status:
            return
        with self._lock:
            self._see_headers(operation, exchange)
            self._see_security(operation, exchange)
            if self._examples[operation.key] or self._links[operation.key] or operation.key in self._targets:
                self._see_bodies(operation, exchange, _json(exchange.sent.body))

    def _see_headers(self, operation: Operation, exchange: Exchange) -> None:
        entry = operation.documented(exchange.seen.status)
        for name in self._headers[operation.key].get(entry.status, ()) if entry else ():
            if exchange.seen.header(name) is not None:
                self._got.add((operation.key, "header", f"{entry.status} {name}" if entry else name))

    def _see_security(self, operation: Operation, exchange: Exchange) -> None:
        """An alternative is come by when a request that carries it, and nothing else, is let in."""
        if exchange.seen.status in (401, 403):
            return
        for alternative in operation.security:
            name = _alternative(alternative)
            if (operation.key, "security", name) not in self._got and _carries(exchange, alternative):
                self._got.add((operation.key, "security", name))

    def _see_bodies(self, operation: Operation, exchange: Exchange, body: Any) -> None:
        for name, value in self._examples[operation.key].items():
            if body is not MISSING and body == value:
                self._got.add((operation.key, "example", name))
        for source, link in self._targets.get(operation.key, ()):
            if link.values and not link.values.isdisjoint(_leaves(exchange, body)):
                self._got.add((source, "link", f"{link.status} {link.name}"))
        entry = operation.documented(exchange.seen.status)
        links = [each for each in self._links[operation.key] if entry and each.status == entry.status]
        if links:
            said = _said(exchange, body)
            for link in links:
                if len(link.values) < MAX_VALUES:
                    link.values.update(_values(link, said))

    def rows(self, operation: Operation) -> Iterator[Reached]:
        """A row for everything that the operation documents, but its statuses."""
        key = operation.key
        for name in self._examples[key]:
            yield self._row(key, "example", name)
        for status, names in self._headers[key].items():
            for name in names:
                yield self._row(key, "header", f"{status} {name}")
        for alternative in operation.security:
            name = _alternative(alternative)
            given = not alternative or self._tokens.good is not None
            yield self._row(key, "security", name, "" if given else "needs --token")
        for link in self._links[key]:
            yield self._row(key, "link", f"{link.status} {link.name}")
        for callback in read_callbacks(operation):
            yield self._row(key, "callback", callback.name, "needs a receiver of callbacks, which this command is not")

    def _row(self, key: str, kind: Any, name: str, missing: str = "") -> Reached:
        if (key, kind, name) in self._got:
            return Reached(key, kind, name, "reached")
        return Reached(key, kind, name, "not reachable" if missing else "not reached", missing)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body else MISSING
    except orjson.JSONDecodeError:
        return MISSING


def _examples(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Of JSON request bodies; a nameless one is called after its media type."""
    for media in operation.body.content if operation.body else ():
        if is_json(media.name):
            yield from ((each.name or media.name, each.value) for each in media.examples)


def _header_names(operation: Operation, status: str) -> tuple[str, ...]:
    return tuple(each.name for each in read_headers(operation.document, operation.responses[status].pointer))


def _alternative(alternative: tuple[Requirement, ...]) -> str:
    """``BearerToken``, ``Key + Session``, or ``none`` for the alternative of not asking."""
    return " + ".join(each.scheme for each in alternative) or "none"


def _carries(exchange: Exchange, alternative: tuple[Requirement, ...]) -> bool:
    """Whether the request has the credentials of this alternative; of none, when it has nothing that looks like one."""
    headers = {name.lower(): value for name, value in exchange.sent.headers}
    if not alternative:
        return "authorization" not in headers and "cookie" not in headers
    query = {name for name, _ in parse_qsl(exchange.sent.target.partition("?")[2], keep_blank_values=True)}
    cookies = {part.strip().partition("=")[0] for part in headers.get("cookie", "").split(";")}
    for need in alternative:
        match need.kind:
            case "apiKey:header":
                carried = need.parameter.lower() in headers
            case "apiKey:query":
                carried = need.parameter in query
            case "apiKey:cookie":
                carried = need.parameter in cookies
            case "unjudged":
                carried = False
            case scheme:
                carried = headers.get("authorization", "").partition(" ")[0].lower() == scheme
        if not carried:
            return False
    return True


def _links(operation: Operation, operations: tuple[Operation, ...]) -> Iterator[Link]:
    """Those that lead to an operation of the document and take something from the answer (OAS 3.1 §4.8.20)."""
    document = operation.document
    for status, entry in operation.responses.items():
        try:
            node, _ = document.at(entry.pointer, entry.pointer, "#")
            named = node.get("links") if isinstance(node, dict) else None
            for name, raw in named.items() if isinstance(named, dict) else ():
                link, _ = document.follow(raw, (*entry.pointer, "links", name))
                target = _target(link, operations) if isinstance(link, dict) else None
                if target:
                    taken = [link.get("requestBody"), *(link.get("parameters") or {}).values()]
                    yield Link(str(name), status, target, tuple(_expressions(taken)))
        except Broken:
            continue


def _target(link: dict[str, Any], operations: tuple[Operation, ...]) -> str | None:
    wanted = link.get("operationId")
    reference = link.get("operationRef")
    steps = str(reference).partition("#")[2].split("/")[1:] if isinstance(reference, str) else []
    if len(steps) == 3 and steps[0] == "paths":
        path = unquote(steps[1]).replace("~1", "/").replace("~0", "~")
        return next((each.key for each in operations if (each.path, each.method.lower()) == (path, steps[2])), None)
    return next((each.key for each in operations if wanted and each.operation_id == wanted), None)


def _expressions(nodes: list[Any]) -> Iterator[Expressive]:
    """Every text with an expression that asks the answer, at any depth."""
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
        elif isinstance(node, str) and "$response." in node:
            try:
                yield parse_expressive(node)
            except ExpressionError:
                continue


def _said(exchange: Exchange, body: Any) -> Said:
    sent, seen = exchange.sent, exchange.seen
    return Said(
        exchange.origin + sent.target, sent.method, seen.status, {}, sent.target.partition("?")[2],
        {name.lower(): value for name, value in sent.headers}, body,
        {name.lower(): value for name, value in seen.headers}, _json(seen.body),
    )  # fmt: skip


def _values(link: Link, said: Said) -> Iterator[str]:
    for expression in link.expressions:
        try:
            value = expression.resolve(said)
        except Unresolved:
            continue
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield str(value)


def _leaves(exchange: Exchange, body: Any) -> Iterator[str]:
    """Every text and number of a request: of its path, query, headers and JSON body."""
    path, _, query = exchange.sent.target.partition("?")
    yield from map(unquote, path.split("/"))
    yield from (value for _, value in parse_qsl(query))
    yield from (value for _, value in exchange.sent.headers)
    nodes = [body]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
        elif isinstance(node, str | int | float) and not isinstance(node, bool):
            yield str(node)
