"""What a document sends by itself: the callbacks of an operation (OAS 3.1 §4.8.18) and its webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Any

from mock_server.errors import Broken, Problem
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.expression import ExpressionError, Expressive, parse_expressive
from mock_server.spec.grammar import METHODS
from mock_server.spec.media import Body, MediaType, is_json, read_body
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter, read_parameters
from mock_server.value import dataclass

_WEBHOOKS = ("webhooks", "x-webhooks")
"""3.1 has ``webhooks``; documents of 3.0 write them under Redocly's word."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One request that the API makes: a method of a callback, or of a webhook.

    ``name`` is ``onEvent``, ``expression`` the text its URL is made from (``""`` for a webhook).
    """

    name: str
    expression: str
    url: Expressive | None
    """None for a webhook, and for a callback whose expression cannot be read; ``unreadable`` then says why."""
    unreadable: str
    method: str
    summary: str
    body: Body | None
    parameters: tuple[Parameter, ...]
    statuses: frozenset[str]
    """What the document lets the other side answer: ``{"200", "4XX"}``; empty = nothing is said."""
    pointer: Pointer
    document: Document = field(compare=False, repr=False)

    @property
    def media(self) -> MediaType | None:
        """The body's media type: JSON where there is a choice."""
        content = self.body.content if self.body else ()
        return next((each for each in content if is_json(each.name)), content[0] if content else None)


def read_callbacks(operation: Operation, broken: list[Problem] | None = None) -> tuple[Callback, ...]:
    """The callbacks of an operation, in the document's order.

    One with a reference that cannot be followed is left out, and its problems go into ``broken``, where
    ``check`` looks: it costs itself and not the operation.
    """
    document = operation.document
    node, _ = document.at(operation.pointer, operation.pointer, "#")
    named = node.get("callbacks")
    found: list[Callback] = []
    for name, raw in named.items() if isinstance(named, dict) else ():
        with _costing_itself(broken):
            entry, at = document.follow(raw, (*operation.pointer, "callbacks", name))
            for expression, item in entry.items() if isinstance(entry, dict) else ():
                if not expression.startswith("x-"):
                    with _costing_itself(broken):
                        found += _callbacks(document, name, expression, item, (*at, expression))
    return tuple(found)


def _callbacks(document: Document, name: str, expression: str, item: Any, pointer: Pointer) -> list[Callback]:
    url, unreadable = None, ""
    try:
        url = parse_expressive(expression)
    except ExpressionError as error:
        unreadable = str(error)
    return list(_requests(document, name, item, pointer, expression, url, unreadable))


def read_webhooks(document: Document, broken: list[Problem] | None = None) -> dict[str, tuple[Callback, ...]]:
    """The webhooks of a document by name, each with its methods; ``broken`` as for callbacks."""
    found: dict[str, tuple[Callback, ...]] = {}
    for word in _WEBHOOKS:
        named = document.data.get(word)
        for name, item in named.items() if isinstance(named, dict) else ():
            with _costing_itself(broken):
                found.setdefault(name, tuple(_requests(document, name, item, (word, name))))
    return {name: callbacks for name, callbacks in found.items() if callbacks}


@contextmanager
def _costing_itself(broken: list[Problem] | None) -> Iterator[None]:
    try:
        yield
    except Broken as error:
        if broken is not None:
            broken += [replace(problem, severity="warning") for problem in error.problems]


def _requests(
    document: Document,
    name: str,
    raw: Any,
    pointer: Pointer,
    expression: str = "",
    url: Expressive | None = None,
    unreadable: str = "",
) -> Iterator[Callback]:
    """One for each method of a path item."""
    item, at = document.follow(raw, pointer)
    for method in METHODS if isinstance(item, dict) else ():
        node = item.get(method)
        if not isinstance(node, dict):
            continue
        here: Pointer = (*at, method)
        responses = node.get("responses")
        yield Callback(
            name=name,
            expression=expression,
            url=url,
            unreadable=unreadable,
            method=method.upper(),
            summary=str(node.get("summary", "")),
            body=read_body(document, node, here),
            parameters=tuple(read_parameters(document, item, at, node, here)),
            statuses=frozenset(responses) if isinstance(responses, dict) else frozenset(),
            pointer=here,
            document=document,
        )


def callback_problems(operation: Operation) -> Iterator[Problem]:
    """Callbacks that can never be sent (MS248, MS249), as warnings: the operation itself is served."""
    loaded = operation.document.loaded
    seen: set[Pointer] = set()
    broken: list[Problem] = []
    callbacks = read_callbacks(operation, broken)
    yield from broken
    for callback in callbacks:
        where = callback.pointer[:-1]
        if where in seen:
            continue
        seen.add(where)
        if callback.unreadable:
            yield loaded.problem(
                "MS248",
                f"the callback {callback.name!r} cannot be sent: {callback.unreadable}",
                where,
                "write its URL as '{$request.body#/callbackUrl}', or give it a `url` in the operation's fixture",
                at="key",
                severity="warning",
            )
        for expression in callback.url.expressions if callback.url else ():
            if never := expression.never or _undeclared(operation, expression.part, expression.name):
                yield loaded.problem(
                    "MS249",
                    f"the callback {callback.name!r} can never be sent: {expression.text}: {never}",
                    where,
                    "name something that the request or the response has",
                    at="key",
                    severity="warning",
                )


def _undeclared(operation: Operation, part: str | None, name: str) -> str | None:
    """A path parameter that the path does not have can have no value."""
    if part == "path" and "{" + name + "}" not in operation.path:
        return f"{operation.path} has no parameter {name!r}"
    return None
