"""The document's own examples: as requests they must be accepted, as answers they must keep their schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.codec.multipart import sent_as
from mock_server.codec.unreadable import Unreadable
from mock_server.contract.checks import Check
from mock_server.contract.good import GoodRequest, is_good_body
from mock_server.contract.model import Finding, NotRun, Promise
from mock_server.contract.run import Run
from mock_server.contract.walks.expect import Ground, accepted, ground, overlooked
from mock_server.contract.walks.pace import Found, Sender, some_operations, until_silent
from mock_server.contract.write import Unwritable
from mock_server.errors import Broken
from mock_server.source import pointer_text
from mock_server.spec.media import Example, MediaType, is_json
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter

REQUEST, RESPONSE = "examples.request", "examples.response"


def requests(run: Run) -> Found:
    """Every documented example of a body and of a parameter, replayed."""
    yield from until_silent(REQUEST, _requests(run))


def _requests(run: Run) -> Found:
    sender = Sender(run, REQUEST)
    for operation in some_operations(run, REQUEST):
        if isinstance(operation, NotRun):
            yield operation
            continue
        shown = [*_bodies(run, operation), *_parameters(run, operation)]
        on = ground(run, operation) if shown else None
        for reason, request in shown:
            assert on is not None
            expect = accepted(run, _on(on, request), reason, key="example", values=request.values)
            sent = request.sent(run.target.base, run.target.tokens.good)
            yield from sender.judged(on, sent, expect, reason)


def _on(on: Ground, request: GoodRequest) -> Ground:
    return on._replace(request=request)


def _bodies(run: Run, operation: Operation) -> Iterator[tuple[str, GoodRequest]]:
    """Those that keep their schema; of the others ``check`` tells."""
    request = run.contract.requests[operation.key]
    if overlooked(run, operation, "body"):
        return
    for media in operation.body.content if operation.body else ():
        if "*" in media.name:
            continue
        kind = sent_as(media.name)
        for example in media.examples:
            made = request._replace(body=example.value, has_body=True, media=media, content_type=kind)
            if _is_good(made, example, media, kind):
                yield f"the example {_named(example)}", made


def _is_good(made: GoodRequest, example: Example, media: MediaType, kind: str) -> bool:
    try:
        return is_good_body(made.written(example.value), media, kind)
    except (ValueError, TypeError, Unreadable):
        return False


def _named(example: Example) -> str:
    return repr(example.name) if example.name else f"of #{pointer_text(example.pointer)}"


def _parameters(run: Run, operation: Operation) -> Iterator[tuple[str, GoodRequest]]:
    request = run.contract.requests[operation.key]
    for parameter in operation.parameters:
        for name, value in parameter_examples(operation, parameter):
            if parameter.schema is not None and not parameter.schema.is_valid(value):
                continue
            values = {**request.values, (parameter.location, parameter.name): value}
            try:
                made = request.with_values(values)
            except (Unwritable, ValueError):
                continue
            yield f"{parameter.location}.{parameter.name} as in the example {name}", made


def parameter_examples(operation: Operation, parameter: Parameter) -> Iterator[tuple[str, Any]]:
    """``example`` and ``examples`` of the parameter itself (OAS 3.1 §4.8.12.2): ``("'first'", 3)``."""
    if parameter.shape is None:
        return
    at = parameter.shape.pointer[:-1]
    try:
        node, _ = operation.document.at(at, at, "#")
        if not isinstance(node, dict):
            return
        if "example" in node:
            yield repr(node["example"]), node["example"]
        named = node.get("examples")
        for name, raw in named.items() if isinstance(named, dict) else ():
            entry, _ = operation.document.follow(raw, (*at, "examples", name))
            if isinstance(entry, dict) and "value" in entry:
                yield repr(name), entry["value"]
    except Broken:
        return


def responses(run: Run) -> Found:
    """Documented answers that break their own schema: a warning, for no deployment can keep both."""
    for operation in run.contract.operations:
        for entry in operation.responses.values():
            for media in entry.content:
                for example in media.examples:
                    if media.schema is None or media.schema.is_valid(example.value):
                        continue
                    if isinstance(example.value, str) and not is_json(media.name):
                        continue  # XML or a form as it is written
                    place = operation.document.loaded.place(example.pointer)
                    source = f"{place.path}:{place.line} #{pointer_text(example.pointer)}"
                    promise = Promise("example-is-valid", "an example keeps its schema", "documented", source)
                    breach = next(iter(media.schema.breaches(example.value)), None)
                    title = (
                        f"{operation.key}: the documented example {_named(example)} of {entry.status} breaks its schema"
                    )
                    detail = breach.message[:300] if breach else "it breaks its schema"
                    shape = f"{entry.status} {example.name}"
                    yield Finding(title, operation.key, promise, (), detail, "warning", RESPONSE, run.seed, shape)


CHECKS = (
    Check(REQUEST, "examples", "the document's examples, replayed as requests", requests),
    Check(RESPONSE, "examples", "the document's example answers keep their schemas", responses),
)
