"""Who is let in: the matrix of tokens and keys for every secured operation, and what is looked at first."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from mock_server.contract.checks import Check
from mock_server.contract.good import OWN_TYPE
from mock_server.contract.model import Exchange, Finding, Headers, NotRun, Promise, Sent
from mock_server.contract.profile import place_of
from mock_server.contract.run import Run
from mock_server.contract.target import first_alternative
from mock_server.contract.walks.authorization_rows import BAD_BODIES, BEARER, KEYS, Bearer
from mock_server.contract.walks.expect import (
    Expect,
    Ground,
    accepted,
    fixture_of,
    ground,
    knows_tokens,
    overlooked,
    refused,
)
from mock_server.contract.walks.pace import Found, Sender, some_operations, until_silent
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation

UNAUTHORIZED = (401, 403)
MATRIX, ROLES, ORDER, CHALLENGE, KEY = (
    f"authorization.{word}" for word in ("matrix", "roles", "order", "challenge", "keys")
)


def _secured(run: Run, check: str, kind: str) -> Iterator[Operation | NotRun]:
    """Operations that are open to nobody without credentials, and take them in one way only."""
    for operation in some_operations(run, check):
        if isinstance(operation, NotRun):
            yield operation
        elif is_closed(run, operation):
            needs = [need for alternative in operation.security for need in alternative]
            if len(operation.security) == 1 and len(needs) == 1 and needs[0].kind.startswith(kind):
                yield operation


def is_closed(run: Run, operation: Operation) -> bool:
    """Whether nobody is let in without credentials."""
    return (
        bool(operation.security) and all(operation.security) and not overlooked(run, operation, "header.authorization")
    )


def lacks_scope(run: Run, operation: Operation) -> bool:
    """Whether the token without scopes lacks one of this operation's."""
    token = run.target.tokens.without_scope
    scopes = {scope for need in first_alternative(operation) for scope in need.scopes}
    if token is None or not scopes:
        return False
    known = (run.contract.fixtures.tokens or {}).get(token)
    return known is None or (known.scopes is not None and not known.scopes >= scopes)


def stripped(request_sent: Sent, *instead: tuple[str, str]) -> Sent:
    """Without Authorization, with these headers."""
    kept: Headers = tuple(pair for pair in request_sent.headers if pair[0].lower() != "authorization")
    cookies = [value for name, value in (*kept, *instead) if name == "Cookie"]
    headers = (*kept, *instead)
    if len(cookies) > 1:
        headers = (*(pair for pair in headers if pair[0] != "Cookie"), ("Cookie", "; ".join(cookies)))
    return request_sent._replace(headers=headers)


def _asked(sent: Sent, query: str) -> Sent:
    return sent._replace(target=sent.target + ("&" if "?" in sent.target else "?") + query) if query else sent


def matrix(run: Run) -> Found:
    """Every row of ``BEARER`` for every operation that wants a bearer token."""
    yield from until_silent(MATRIX, _matrix(run))


def _matrix(run: Run) -> Found:
    sender = Sender(run, MATRIX)
    token = run.target.tokens.good
    assert token is not None
    known = knows_tokens(run.contract, is_mock=run.target.is_mock)
    others = {*filter(None, run.target.tokens), *(run.contract.fixtures.tokens or {})}
    for operation in _secured(run, MATRIX, "bearer"):
        if isinstance(operation, NotRun):
            yield operation
            continue
        on = ground(run, operation)
        for row in BEARER:
            headers = row.headers(token)
            if row.needs_known and (not known or any(value.partition(" ")[2] in others for _, value in headers[:1])):
                continue  # a token of digits has no capitals: the row says nothing new
            data = _body(on)
            if row.in_body:
                if not isinstance(on.request.body, dict) or not is_json(on.request.content_type):
                    continue
                fields = {"access_token": token, "token": token, "authorization": f"Bearer {token}"}
                data = on.request.written({**on.request.body, **fields})
            sent = stripped(on.request.raw(run.target.base, None, data), *headers)
            yield from sender.judged(on, _asked(sent, row.query(token)), _expected(run, on, row, known=known), row.name)


def _body(on: Ground) -> bytes:
    return on.request.written(on.request.body) if on.request.has_body else b""


def _expected(run: Run, on: Ground, row: Bearer, *, known: bool) -> Expect:
    if not row.rules:
        return accepted(run, on, row.name, key=f"token:{row.name}", level=row.level)
    rules = row.rules if known else tuple(rule for rule in row.rules if rule != "unknown") or ("malformed",)
    expect = refused(run, on.operation, rules, row.name, group="unauthorized", level=row.level)
    # Of two headers a server may take the one or the other, and a proxy passes only one on (RFC 9110 §5.3 forbids
    # the client to send them): it is told, and fails no run.
    if len(row.headers("a-token")) > 1:
        return expect._replace(severity="warning")
    is_ours = run.target.is_mock or row.level != "assumed"
    return expect if expect.wanted or is_ours else expect._replace(severity="warning")


def roles(run: Run) -> Found:
    """Every token that was given, on every operation: which account, which scope, which plan."""
    yield from until_silent(ROLES, _roles(run))


def _roles(run: Run) -> Found:
    sender = Sender(run, ROLES)
    tokens = run.target.tokens
    for operation in _secured(run, ROLES, "bearer"):
        if isinstance(operation, NotRun):
            yield operation
            continue
        on = ground(run, operation)
        for role, rule, token in (
            ("expired", "expired", tokens.expired),
            ("without_scope", "scope" if lacks_scope(run, operation) else "", tokens.without_scope),
            ("other", "", tokens.other),
            ("unpaid", "", tokens.unpaid),
        ):
            if token is None or (role != "expired" and not rule and fixture_of(run, operation) is None):
                continue
            if role == "without_scope" and not rule:
                continue
            reason = f"the {role.replace('_', ' ')} token"
            if rule:
                expect = refused(run, operation, (rule,), reason, group="unauthorized")
            else:
                expect = accepted(run, on, reason, key=f"role:{role}", role=role)
            yield from sender.judged(on, on.request.sent(run.target.base, token), expect, reason)


def keys(run: Run) -> Found:
    """API keys and Basic: absent, empty, in another place."""
    yield from until_silent(KEY, _keys(run))


def _keys(run: Run) -> Found:
    sender = Sender(run, KEY)
    token = run.target.tokens.good
    assert token is not None
    for operation in _secured(run, KEY, "apiKey:"):
        if isinstance(operation, NotRun):
            yield operation
            continue
        on = ground(run, operation)
        need = operation.security[0][0]
        location = need.kind.partition(":")[2]
        for where, row in KEYS:
            if where not in ("any", location):
                continue
            if need.parameter.lower() in (name.lower() for name, _ in row.headers("", token)):
                continue  # the key's own header: any text in it is a key
            sent = stripped(on.request.raw(run.target.base, None, _body(on)), *row.headers(need.parameter, token))
            expect = refused(run, operation, ("missing",), row.name, group="unauthorized")
            yield from sender.judged(on, _asked(sent, row.query(need.parameter, token)), expect, row.name)
    for operation in _secured(run, KEY, "basic"):
        if isinstance(operation, NotRun):
            continue
        on = ground(run, operation)
        pair = base64.b64encode(b"no colon").decode()
        for name, rule, value in (
            ("no credentials", "missing", None),
            ("Basic without credentials", "malformed", "Basic"),
            ("Basic that is no base64", "malformed", "Basic ~~~"),
            ("Basic without a colon", "malformed", f"Basic {pair}"),
            ("a bearer token", "malformed", f"Bearer {token}"),
        ):
            headers = (("Authorization", value),) if value is not None else ()
            sent = stripped(on.request.raw(run.target.base, None, _body(on)), *headers)
            expect = refused(run, operation, (rule,), name, group="unauthorized")
            yield from sender.judged(on, sent, expect, name)


def order(run: Run) -> Found:
    """Who is not let in learns nothing: the answer is the same whatever the body is."""
    yield from until_silent(ORDER, _order(run))


def _order(run: Run) -> Found:
    sender = Sender(run, ORDER)
    tokens = run.target.tokens
    known = knows_tokens(run.contract, is_mock=run.target.is_mock)
    for operation in _secured(run, ORDER, "bearer"):
        if isinstance(operation, NotRun):
            yield operation
            continue
        fixture = fixture_of(run, operation)
        if fixture is not None and fixture.order[0] != "authorization":
            continue
        on = ground(run, operation)
        strangers: list[tuple[str, str, str | None]] = [("no token", "missing", None)]
        if known:
            strangers.append(("an unknown token", "unknown", f"contract-{run.chance.getrandbits(64):016x}"))
        if lacks_scope(run, operation):
            strangers.append(("a token without the scope", "scope", tokens.without_scope))
        for who, rule, token in strangers:
            for what, data, kind in BAD_BODIES if operation.body else ():
                reason = f"{who}, and {what} as the body"
                sent = on.request.raw(run.target.base, token, data, kind if data else OWN_TYPE)
                # Which of the two is looked at first stands in no document.
                expect = refused(run, operation, (rule,), reason, group="unauthorized").assumed
                yield from sender.judged(on, sent, expect, reason)


def challenge(run: Run) -> Found:
    """A 401 says how one may identify oneself (RFC 9110 §15.5.2); our mock says it with a 403, too (RFC 6750 §3)."""
    for operation in some_operations(run, CHALLENGE):
        if isinstance(operation, NotRun):
            yield operation
            continue
        if not is_closed(run, operation):
            continue
        request = run.contract.requests[operation.key]
        body = request.written(request.body) if request.has_body else b""
        exchange = run.send(stripped(request.raw(run.target.base, None, body)), operation)
        found = _unchallenged(run, operation, exchange)
        if found:
            yield found


_SCHEMES = frozenset(("bearer", "basic", "digest"))


def _misled(run: Run, operation: Operation, exchange: Exchange, kinds: set[str], value: str) -> Finding | None:
    """A challenge names a scheme that the document knows, whatever others it names (RFC 9110 §11.6.1)."""
    if {word.lower() for word in re.findall(r"(?:^|,)\s*([\w-]+)(?=\s|,|$)", value)} & kinds:
        return None
    known = " or ".join(sorted(each.capitalize() for each in kinds))
    promise = Promise("challenge-is-true", f"WWW-Authenticate asks for {known}", "standard", "RFC 9110 §11.6.1")
    title = f"{operation.key} answers {exchange.seen.status} with a challenge for another scheme than {known}"
    return Finding(title, operation.key, promise, (exchange,), value[:80], "error", CHALLENGE, run.seed, "other scheme")


def _unchallenged(run: Run, operation: Operation, exchange: Exchange) -> Finding | None:
    """None when the answer has a challenge, or needs none."""
    status, value = exchange.seen.status, exchange.seen.header("www-authenticate")
    kinds = {need.kind for alternative in operation.security for need in alternative}
    is_ours = status == 403 and run.target.is_mock and "bearer" in kinds
    if value and value.strip() and status in UNAUTHORIZED and kinds and kinds <= _SCHEMES:
        return _misled(run, operation, exchange, kinds, value)
    if (status != 401 and not is_ours) or (value or "").strip():
        return None
    if status == 401 and kinds == {"unjudged"}:
        return None
    source = "RFC 9110 §15.5.2" if status == 401 else f"RFC 6750 §3; {place_of(operation)}"
    promise = Promise(
        "challenge", "who has not identified himself is told how", "standard" if status == 401 else "assumed", source
    )
    return Finding(
        title=f"{operation.key} answers {status} without WWW-Authenticate",
        operation=operation.key,
        promise=promise,
        exchanges=(exchange,),
        detail="a client learns from WWW-Authenticate which credentials are wanted",
        severity="error",
        check=CHALLENGE,
        seed=run.seed,
        shape=f"{status} without a challenge",
    )


CHECKS = (
    Check(MATRIX, "authorization", "tokens that are absent, broken, changed, in another place", matrix, ("token",)),
    Check(ROLES, "authorization", "tokens of another account, scope or plan", roles, ("token",)),
    Check(KEY, "authorization", "API keys and Basic: absent, empty, in another place", keys, ("token",)),
    Check(ORDER, "authorization", "who is not let in learns nothing of the body", order, ("token",)),
    Check(CHALLENGE, "authorization", "a 401 has a challenge", challenge),
)
