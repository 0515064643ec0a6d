"""Exactly which status for which reason: not just some 4xx, but the one that was promised.

Every cell has a fresh handshake. What is promised comes from the fixtures (``unauthorized:``,
``invalid:``, ``rules:``); a reason that they say nothing about is listed as not run.
"""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.checks import Check
from mock_server.contract.model import Finding, Headers, NotRun, Sent
from mock_server.contract.run import Run
from mock_server.contract.walks.authorization import is_closed, lacks_scope
from mock_server.contract.walks.expect import knows_tokens
from mock_server.contract.walks.handshake import (
    BEGIN,
    begin,
    good_start,
    not_promised,
    start_request,
)
from mock_server.contract.walks.judge import status_finding
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
        if operation.key not in run.contract.requests or not is_closed(run, operation):
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
        ]
        if knows_tokens(run.contract, is_mock=run.target.is_mock):
            cells.append(("unknown", "a token that nobody knows", (("Authorization", f"Bearer {stranger}"),)))
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
        if not operation.security or not lacks_scope(run, operation):
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


def unknown_provider(run: Run) -> Found:
    """A source that nobody knows, and those that have no OAuth2."""
    operation = run.contract.start
    assert operation is not None
    where = run.contract.fixtures.operations[operation.key].start
    if where is None or len(where.provider) != 2 or where.provider[0] != "body":
        yield NotRun("reasons.provider", "the provider does not stand in a field of the body")
        return
    names = ["no-such-source", *(each.id for each in run.contract.fixtures.providers.values() if not each.oauth2)]
    known = {each.id for each in run.contract.fixtures.providers.values()}
    near = [
        change
        for name in sorted(known)[:2]
        for change in (name.upper(), f" {name} ", f"{name}\0")
        if change not in known
    ]
    for name in (*names, *near):
        request = start_request(run, **{where.provider[1]: name})
        reason = f"{where.provider[1]} is {name}"
        wanted = run.contract.ruled(
            operation, {"body": request.body, "token": run.contract.token_facts("good")}, reason
        )
        if wanted is None:
            yield not_promised("reasons.provider", operation, reason)
            continue
        if name in near:  # that capitals and blanks count is stated nowhere
            wanted = wanted._replace(promise=wanted.promise._replace(level="assumed"), cell=None)
        exchange = run.send(request.sent(run.target.base, run.target.tokens.good), operation)
        found = status_finding(run, "reasons.provider", operation, wanted, reason, exchange)
        if found:
            yield found


CHECKS = (
    Check(BEGIN, "reasons", "a good request begins a handshake", good_start_answers, ("handshake",), about="start"),
    Check("reasons.token", "reasons", "missing, broken, unknown and expired tokens", token, ("token",)),
    Check("reasons.scope", "reasons", "a token without the scope", scope, ("token-without-scope",)),
    Check(
        "reasons.unpaid",
        "reasons",
        "an account that does not pay",
        unpaid,
        ("handshake", "token-unpaid"),
        about="start",
    ),
    Check(
        "reasons.provider", "reasons", "a source that has no OAuth2", unknown_provider, ("handshake",), about="start"
    ),
)
