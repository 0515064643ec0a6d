"""The bounds of the schemas on both sides and the values just outside, in bodies and in parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.codec.unreadable import Unreadable
from mock_server.contract.checks import Check
from mock_server.contract.good import GoodRequest, fits
from mock_server.contract.model import NotRun
from mock_server.contract.run import Run
from mock_server.contract.walks.expect import (
    Expect,
    Ground,
    accepted,
    body_rules,
    body_value,
    either,
    ground,
    overlooked,
    parameter_place,
    refused,
)
from mock_server.contract.walks.fields import ABSENT, fields, put_at
from mock_server.contract.walks.near import Near, near
from mock_server.contract.walks.pace import Found, Sender, some_operations, until_silent
from mock_server.contract.write import Unwritable
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter
from mock_server.spec.shape import Shape

BODY_CHECK, PARAMETER_CHECK = "boundaries.body", "boundaries.parameters"
_JUDGED_BY_OTHERS = ("format", "contentEncoding", "contentMediaType")
"""Words that a validator may look at or not (JSON Schema 2020-12 §7.2.1): texts under them are promised nothing."""


def _is_loose(shape: Shape, value: Any) -> bool:
    """Whether a server may refuse a value that the schema's validator takes."""
    return isinstance(value, str) and any(word in node for node, _ in shape.parts for word in _JUDGED_BY_OTHERS)


def body(run: Run) -> Found:
    """Every field's bounds, required fields left out, wrong types."""
    yield from until_silent(BODY_CHECK, _body(run))


def _body(run: Run) -> Found:
    sender = Sender(run, BODY_CHECK)
    for operation in some_operations(run, BODY_CHECK):
        if isinstance(operation, NotRun):
            yield operation
            continue
        request = run.contract.requests[operation.key]
        if request.media is None or request.media.shape is None or overlooked(run, operation, "body"):
            continue
        on = ground(run, operation)
        for reason, value, is_loose in _bodies(run, on):
            yield from _judged_body(run, sender, on, reason, value, is_loose=is_loose)


def _bodies(run: Run, on: Ground) -> Iterator[tuple[str, Any, bool]]:
    """``("validity_duration is 299", {…}, False)``"""
    shape = on.request.media.shape if on.request.media else None
    assert shape is not None
    if not isinstance(on.request.body, dict):
        for each in near(shape, run.seed):
            yield f"the body is {each.name}", each.value, _is_loose(shape, each.value)
        return
    for each in near(shape, run.seed):
        if isinstance(each.value, dict):
            yield f"a body {each.name}", each.value, False
    for field in fields(on):
        if overlooked(run, on.operation, field.place):
            continue
        yield f"{field.name} is missing", put_at(on.request.body, field, ABSENT), False
        for each in near(field.shape, run.seed):
            reason = f"{field.name} is {each.name}"
            yield reason, put_at(on.request.body, field, each.value), _is_loose(field.shape, each.value)


def _judged_body(run: Run, sender: Sender, on: Ground, reason: str, value: Any, *, is_loose: bool) -> Found:
    request = on.request
    try:
        data = request.written(value)
        rules = body_rules(on, data)
    except (ValueError, TypeError):  # this media type cannot write it
        return
    if not data:
        return
    if rules:
        expect = refused(run, on.operation, rules, reason)
    else:
        try:
            expect = accepted(run, on, reason, body_value(on, data))
        except Unreadable:
            return
        if is_loose and not expect.wanted:
            expect = either(run, expect, key="value", reason=reason)
    sent = request.raw(run.target.base, run.target.tokens.good, data)
    yield from sender.judged(on, sent, expect, reason)


def parameters(run: Run) -> Found:
    """The same for the parameters of path, query, header and cookie, and required ones left out."""
    yield from until_silent(PARAMETER_CHECK, _parameters(run))


def _parameters(run: Run) -> Found:
    sender = Sender(run, PARAMETER_CHECK)
    for operation in some_operations(run, PARAMETER_CHECK):
        if isinstance(operation, NotRun):
            yield operation
            continue
        if not operation.parameters:
            continue
        on = ground(run, operation)
        for parameter in operation.parameters:
            if not overlooked(run, operation, parameter_place(parameter)) and _stands_alone(operation, parameter):
                yield from _parameter(run, sender, on, parameter)


def _stands_alone(operation: Operation, parameter: Parameter) -> bool:
    """Whether what is sent for it is its own: an exploded object takes the names of others, a key is a token's."""
    is_key = any(
        need.kind == f"apiKey:{parameter.location}" and need.parameter.lower() == parameter.name.lower()
        for alternative in operation.security
        for need in alternative
    )
    kinds = parameter.shape.kinds if parameter.shape else frozenset[str]()
    is_spread = "object" in kinds and parameter.explode and parameter.style in ("form", "cookie")
    has_place = parameter.location != "path" or "{" + parameter.name + "}" in operation.path
    return not is_key and not is_spread and has_place and parameter.location != "querystring"


def _parameter(run: Run, sender: Sender, on: Ground, parameter: Parameter) -> Found:
    key = (parameter.location, parameter.name)
    token, base = run.target.tokens.good, run.target.base
    if parameter.required and parameter.location != "path":
        values = {each: value for each, value in on.request.values.items() if each != key}
        reason = f"{parameter_place(parameter)} is missing"
        request = on.request.with_values(values)
        expect = refused(run, on.operation, ("required",), reason)
        yield from sender.judged(on, request.sent(base, token), expect, reason)
    if parameter.shape is None or parameter.schema is None:
        return
    for each in near(parameter.shape, run.seed):
        reason = f"{parameter_place(parameter)} is {each.name}"
        values = {**on.request.values, key: each.value}
        try:
            request = on.request.with_values(values)
        except (Unwritable, ValueError):
            continue
        if parameter.location == "path" and not _leads_here(run, on.operation, request):
            continue
        bounded = _expected(run, on, parameter, each, values, reason)
        if bounded is not None:
            yield from sender.judged(on, request.sent(base, token), bounded, reason)


def _expected(
    run: Run, on: Ground, parameter: Parameter, each: Near, values: dict[tuple[str, str], Any], reason: str
) -> Expect | None:
    """None for what servers read in ways of their own: nothing where a value should be."""
    assert parameter.schema is not None
    assert parameter.shape is not None
    if each.value in ("", None, [], {}):
        return None
    rules = sorted({breach.keyword for breach in parameter.schema.breaches(each.value)})
    if rules:
        return refused(run, on.operation, tuple(rules), reason)
    expect = accepted(run, on, reason, values=values)
    if (_is_loose(parameter.shape, each.value) or parameter.location == "path") and not expect.wanted:
        return either(run, expect, key="value", reason=reason)
    return expect


def _leads_here(run: Run, operation: Operation, request: GoodRequest) -> bool:
    """Whether the path leads to this operation and to no other one."""
    if any(not segment.strip(".") for segment in request.path.split("/")[1:]):
        return False
    return not any(
        other.path != operation.path and other.method == operation.method and fits(other.path, request.path)
        for other in run.contract.operations
    )


CHECKS = (
    Check(BODY_CHECK, "boundaries", "bodies on the bounds of the schema, and just outside", body),
    Check(PARAMETER_CHECK, "boundaries", "parameters on the bounds of their schemas, and just outside", parameters),
)
