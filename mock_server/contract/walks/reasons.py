"""Exactly which status for which reason: not just some 4xx, but the one that was promised.

Every cell has a fresh handshake. What is promised comes from the fixtures (``unauthorized:``,
``invalid:``, ``rules:``); a reason that they say nothing about is listed as not run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from mock_server.contract.checks import Check
from mock_server.contract.model import Finding, Headers, NotRun, Sent
from mock_server.contract.profile import Wanted
from mock_server.contract.run import Run
from mock_server.contract.walks.handshake import (
    BEGIN,
    begin,
    good_start,
    not_promised,
    start_request,
)
from mock_server.contract.walks.judge import status_finding
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation

Found = Iterator[Finding | NotRun]


def _operations(run: Run) -> Iterator[Operation]:
    """Those that fixtures promise something about and that a good request can be made for."""
    for operation in run.contract.operations:
        if operation.key in run.contract.fixtures.operations and operation.key in run.contract.requests:
            yield operation


def _without_authorization(sent: Sent, *instead: tuple[str, str]) -> Sent:
    kept: Headers = tuple(pair for pair in sent.headers if pair[0].lower() != "authorization")
    return sent._replace(headers=(*kept, *instead))


def good_start_answers(run: Run) -> Found:
    """A good request to begin, with the good token."""
    begin(run)
    yield from ()


def token(run: Run) -> Found:
    """No token, a broken one, one that nobody knows, one that has expired."""
    check = "reasons.token"
    for operation in run.contract.operations:
        if operation.key not in run.contract.requests or not operation.security or not all(operation.security):
            continue  # open to all, or an alternative is
        missing = run.contract.violated(operation, "unauthorized", "missing", "no token")
        if missing:
            exchange = run.send(run.contract.requests[operation.key].sent(run.target.base, None), operation)
            found = status_finding(run, check, operation, missing, "no token", exchange)
            if found:
                yield found
        promised = operation.key in run.contract.fixtures.operations
        if not promised or not any(need.kind == "bearer" for need in operation.security[0]):
            continue
        good = run.contract.requests[operation.key].sent(run.target.base, run.target.tokens.good)
        stranger = f"contract-{run.chance.getrandbits(64):016x}"
        cells: list[tuple[str, str, tuple[tuple[str, str], ...]]] = [
            ("malformed", "a scheme without a token", (("Authorization", "Bearer"),)),
            ("malformed", "a scheme that is not Bearer", (("Authorization", f"Token {stranger}"),)),
            ("unknown", "a token that nobody knows", (("Authorization", f"Bearer {stranger}"),)),
        ]
        if run.target.tokens.expired:
            cells.append(
                ("expired", "a token that has expired", (("Authorization", f"Bearer {run.target.tokens.expired}"),))
            )
        for rule, reason, header in cells:
            wanted = run.contract.violated(operation, "unauthorized", rule, reason)
            if wanted is None:
                yield not_promised(check, operation, reason)
                continue
            exchange = run.send(_without_authorization(good, *header), operation)
            found = status_finding(run, check, operation, wanted, reason, exchange)
            if found:
                yield found


def scope(run: Run) -> Found:
    """A token that lacks the scope."""
    check = "reasons.scope"
    for operation in _operations(run):
        wanted = run.contract.violated(operation, "unauthorized", "scope", "the token lacks the scope")
        if not any(need.scopes for need in (operation.security[0] if operation.security else ())):
            continue
        if wanted is None:
            yield not_promised(check, operation, "the token lacks the scope")
            continue
        exchange = run.good(operation, run.target.tokens.without_scope)
        found = status_finding(run, check, operation, wanted, "the token lacks the scope", exchange)
        if found:
            yield found


def unpaid(run: Run) -> Found:
    """A token whose plan does not pay for it."""
    operation = run.contract.start
    assert operation is not None
    wanted = good_start(run, "unpaid")
    if wanted is None or wanted == good_start(run):
        yield not_promised("reasons.unpaid", operation, "the plan does not pay")
        return
    exchange = run.send(start_request(run).sent(run.target.base, run.target.tokens.unpaid), operation)
    found = status_finding(run, "reasons.unpaid", operation, wanted, "the plan does not pay", exchange)
    if found:
        yield found


class Change(NamedTuple):
    """One thing done to a good body. ``rule`` is the keyword that it breaks, ``""`` for none."""

    rule: str
    reason: str
    body: bytes


def body_changes(operation: Operation, good: dict[str, Any]) -> Iterator[Change]:
    """Bounds on both sides, required fields left out, wrong types: from the operation's own schema."""
    schema = _schema(operation)
    properties = schema.get("properties") or {}
    for name in schema.get("required") or []:
        yield Change("required", f"{name} is missing", _dump({key: good[key] for key in good if key != name}))
    for name, raw in properties.items():
        node, _ = operation.document.follow(raw, operation.pointer)
        if not isinstance(node, dict):
            continue
        kind = node.get("type")
        if isinstance(kind, str) and kind in _WRONG:
            yield Change("type", f"{name} is {json.dumps(_WRONG[kind])}", _dump({**good, name: _WRONG[kind]}))
        if kind == "integer":
            for keyword, step in (("minimum", -1), ("maximum", 1)):
                bound = node.get(keyword)
                if isinstance(bound, int) and not isinstance(bound, bool):
                    yield Change("", f"{name} is {bound}", _dump({**good, name: bound}))
                    yield Change(keyword, f"{name} is {bound + step}", _dump({**good, name: bound + step}))
    yield Change("json", "the body is not JSON", b'{"datasource_id":')


_WRONG = {"string": 7, "integer": "300", "number": "1.5", "boolean": "true", "array": {}, "object": []}
"""A value of another type, for each type."""


def _schema(operation: Operation) -> dict[str, Any]:
    for media in operation.body.content if operation.body else ():
        if is_json(media.name) and media.schema is not None:
            node, _ = operation.document.at(media.schema.pointer, operation.pointer, "#")
            node, _ = operation.document.follow(node, media.schema.pointer)
            return node if isinstance(node, dict) else {}
    return {}


def _dump(value: object) -> bytes:
    return json.dumps(value).encode()


def invalid(run: Run) -> Found:
    """Just outside the bounds and just inside, fields left out, wrong types, no JSON."""
    check = "reasons.invalid"
    for operation in _operations(run):
        request = run.contract.requests[operation.key]
        if operation == run.contract.start:
            request = start_request(run)
        if not isinstance(request.body, dict):
            continue
        for change in body_changes(operation, request.body):
            wanted = _wanted_of(run, operation, change)
            if wanted is None:
                yield not_promised(check, operation, change.reason)
                continue
            sent = request.raw(run.target.base, run.target.tokens.good, change.body)
            found = status_finding(run, check, operation, wanted, change.reason, run.send(sent, operation))
            if found:
                yield found


def _wanted_of(run: Run, operation: Operation, change: Change) -> Wanted | None:
    if change.rule:
        return run.contract.violated(operation, "invalid", change.rule, change.reason)
    facts = {"body": json.loads(change.body), "token": run.contract.token_facts("good")}
    state = {"handshake": {"state": "unknown"}} if operation == run.contract.collect else {}
    return run.contract.ruled(operation, {**facts, **state}, change.reason)


def unknown_provider(run: Run) -> Found:
    """A source that nobody knows, and those that have no OAuth2."""
    operation = run.contract.start
    assert operation is not None
    where = run.contract.fixtures.operations[operation.key].start
    if where is None or len(where.provider) != 2 or where.provider[0] != "body":
        yield NotRun("reasons.provider", "the provider does not stand in a field of the body")
        return
    names = ["no-such-source", *(each.id for each in run.contract.fixtures.providers.values() if not each.oauth2)]
    for name in names:
        request = start_request(run, **{where.provider[1]: name})
        reason = f"{where.provider[1]} is {name}"
        wanted = run.contract.ruled(
            operation, {"body": request.body, "token": run.contract.token_facts("good")}, reason
        )
        if wanted is None:
            yield not_promised("reasons.provider", operation, reason)
            continue
        exchange = run.send(request.sent(run.target.base, run.target.tokens.good), operation)
        found = status_finding(run, "reasons.provider", operation, wanted, reason, exchange)
        if found:
            yield found


CHECKS = (
    Check(BEGIN, "reasons", "a good request begins a handshake", good_start_answers, ("handshake",)),
    Check("reasons.token", "reasons", "missing, broken, unknown and expired tokens", token, ("token",)),
    Check("reasons.scope", "reasons", "a token without the scope", scope, ("token-without-scope",)),
    Check("reasons.unpaid", "reasons", "an account that does not pay", unpaid, ("handshake", "token-unpaid")),
    Check("reasons.invalid", "reasons", "bodies just inside and just outside of the schema", invalid),
    Check("reasons.provider", "reasons", "a source that has no OAuth2", unknown_provider, ("handshake",)),
)
