"""What HTTP says of every operation: methods, unknown paths, headers, framing, connections that stay open."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.checks import Check
from mock_server.contract.good import fits
from mock_server.contract.model import Exchange, Finding, Level, NotRun, Promise, Sent
from mock_server.contract.profile import Wanted, place_of
from mock_server.contract.run import Run
from mock_server.contract.walks.authorization import stripped
from mock_server.contract.walks.expect import Expect, Ground, accepted, ground, robust
from mock_server.contract.walks.judge import answers, told
from mock_server.contract.walks.pace import Found, Sender, some_operations, until_silent
from mock_server.contract.walks.protocol_rows import METHODS, PATHS, ROWS, Row
from mock_server.contract.walks.wire import Answer, Wire
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation

REQUEST, METHOD, PATH, CONNECTION = (f"protocol.{word}" for word in ("request", "method", "path", "connection"))
UNAUTHORIZED = (401, 403)
UNCOMMON = ("FOO", "TRACE")


def requests(run: Run) -> Found:
    """Headers, queries and framings that must change nothing, and some that may."""
    yield from until_silent(REQUEST, _requests(run))


def _requests(run: Run) -> Found:
    sender = Sender(run, REQUEST)
    for operation in some_operations(run, REQUEST):
        if isinstance(operation, NotRun):
            yield operation
            continue
        on = ground(run, operation)
        for row in ROWS:
            if (row.body and not on.request.has_body) or not _means_nothing(on, row):
                continue
            yield from sender.judged(on, _changed(run, on, row), _expected(run, on, row), row.name)


def _means_nothing(on: Ground, row: Row) -> bool:
    """Whether the document says nothing about what the row sends."""
    sent = {name.lower() for name, _ in row.headers}
    taken = {each.name.lower() for each in on.operation.parameters if each.location == "header"}
    cookies = any(each.location == "cookie" for each in on.operation.parameters)
    keys = {need.kind for alternative in on.operation.security for need in alternative}
    if "cookie" in sent and (cookies or "apiKey:cookie" in keys):
        return False
    return not sent & taken


def _changed(run: Run, on: Ground, row: Row) -> Sent:
    sent = on.request.sent(run.target.base, run.target.tokens.good)
    out = {*row.without, *(name.lower() for name, _ in row.headers)}
    kept = tuple(pair for pair in sent.headers if pair[0].lower() not in out)
    target = sent.target + ("&" if "?" in sent.target else "?") + row.query if row.query else sent.target
    body = row.body(sent.body) if row.body else sent.body
    return sent._replace(target=target, headers=(*kept, *row.headers), body=body)


def _expected(run: Run, on: Ground, row: Row) -> Expect:
    whole_query = any(each.location in ("query", "querystring") for each in on.operation.parameters)
    speaks_json = _speaks_json(on)
    level: Level | None = row.level
    asks_more = row.query and (whole_query or run.contract.strict_query)
    is_free = row.outcome == "open" or asks_more or (not speaks_json and _is_accept(row))
    if is_free or (level == "assumed" and not run.target.stands_in):
        return robust(row.name, "request")
    expect = accepted(run, on, row.name, key=f"request:{row.name}", level=level)
    if row.also and expect.wanted:
        first = expect.wanted[0]
        expect = expect._replace(wanted=(*expect.wanted, *(Wanted(status, first.promise) for status in row.also)))
    elif row.also:
        return robust(row.name, "request")
    return expect._replace(severity="warning") if row.is_warning else expect


def _is_accept(row: Row) -> bool:
    return any(name == "Accept" for name, _ in row.headers)


def _speaks_json(on: Ground) -> bool:
    """Whether everything that is documented for the good answer is JSON, or nothing at all."""
    entry = on.operation.documented(on.seen.status)
    return entry is not None and all(is_json(media.name) for media in entry.content)


def methods(run: Run) -> Found:
    """Methods that are not documented: 405 with a right ``Allow`` (RFC 9110 §15.5.6)."""
    yield from until_silent(METHOD, _methods(run))


def _paths(run: Run) -> Iterator[tuple[Operation, frozenset[str]]]:
    """An operation of each path, and the methods that are documented for whatever its path fits."""
    seen: set[str] = set()
    for operation in run.contract.operations:
        if operation.key not in run.contract.requests or operation.path in seen:
            continue
        seen.add(operation.path)
        path = run.contract.requests[operation.key].path
        yield operation, frozenset(each.method for each in run.contract.operations if fits(each.path, path))


def _methods(run: Run) -> Found:
    sender = Sender(run, METHOD)
    for operation, documented in _paths(run):
        request = run.contract.requests[operation.key]
        sent = request.sent(run.target.base, run.target.tokens.good)
        answers: dict[str, Exchange] = {}
        for method in METHODS:
            if method in documented or (method == "HEAD" and "GET" in documented):
                continue
            if method == "TRACE" and not run.target.stands_in:
                continue
            bare = sent._replace(method=method)
            if method in ("GET", "HEAD", "OPTIONS", "DELETE", "FOO", "TRACE"):
                bare = bare._replace(body=b"", headers=_untyped(bare))
            answers[method] = run.send(bare)
            sender.count(answers[method])
        if "POST" in documented and "GET" not in documented:
            override = ("X-HTTP-Method-Override", "POST")
            exchange = run.send(sent._replace(method="GET", headers=(*sent.headers, override)))
            yield from _method_findings(run, operation, "GET", exchange, documented, " that says it is POST")
        for method, exchange in answers.items():
            yield from _method_findings(run, operation, method, exchange, documented)
        yield from _allowed_and_refused(run, operation, answers)


def _untyped(sent: Sent) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in sent.headers if pair[0].lower() != "content-type")


def _method_findings(
    run: Run, operation: Operation, method: str, exchange: Exchange, documented: frozenset[str], how: str = ""
) -> Iterator[Finding]:
    status = exchange.seen.status
    if method == "OPTIONS" and (200 <= status < 300 or status in UNAUTHORIZED or status in (404, 501)):
        return  # RFC 9110 §9.3.7: a server may answer it for every path
    if method in UNCOMMON and status in (400, 501):
        return  # RFC 9110 §15.6.2: a server need not know every method
    source = f"RFC 9110 §15.5.6; {place_of(operation)}"
    if status != 405 or exchange.seen.fault:
        promise = Promise("method", "a method that is not documented is answered with 405", "standard", source)
        title = f"{operation.path} {answers(exchange.seen)} instead of 405 to {method}{how}"
        shape = f"{method if status < 300 else 'method'}: {told(exchange.seen)} instead of 405"
        yield _finding(run, METHOD, operation, promise, exchange, title, shape)
        return
    allow = _allow(exchange)
    lacks = sorted(documented - (allow or set()))
    if allow is None or lacks:
        promise = Promise("allow", "a 405 lists the methods that there are", "standard", source)
        what = "no Allow" if allow is None else f"an Allow without {', '.join(lacks)}"
        yield _finding(
            run, METHOD, operation, promise, exchange, f"{operation.path} answers {method} with {what}", what
        )


def _allowed_and_refused(run: Run, operation: Operation, answers: dict[str, Exchange]) -> Iterator[Finding]:
    """What ``Allow`` lists must not be answered with 405."""
    refused = {method for method, exchange in answers.items() if exchange.seen.status == 405}
    for exchange in answers.values():
        wrong = sorted((_allow(exchange) or set()) & refused)
        if wrong:
            promise = Promise("allow-is-true", "Allow lists methods that there are", "standard", "RFC 9110 §10.2.1")
            title = f"{operation.path} lists {', '.join(wrong)} in Allow and answers it with 405"
            yield _finding(run, METHOD, operation, promise, exchange, title, f"{wrong[0]} allowed and refused")
            return


def _allow(exchange: Exchange) -> set[str] | None:
    values = [value for name, value in exchange.seen.headers if name.lower() == "allow"]
    return {word.strip() for value in values for word in value.split(",") if word.strip()} if values else None


def paths(run: Run) -> Found:
    """Paths where nothing is documented, near those where something is: 404 (RFC 9110 §15.5.5)."""
    yield from until_silent(PATH, _unknown_paths(run))


def _unknown_paths(run: Run) -> Found:
    sender = Sender(run, PATH)
    for operation, _ in _paths(run):
        request = run.contract.requests[operation.key]
        good = request.sent(run.target.base, run.target.tokens.good)
        stranger = stripped(request.raw(run.target.base, None, good.body))
        for row in PATHS:
            path = row.change(request.path)
            if not path.strip("/") or path == request.path or _is_documented(run, path):
                continue
            for sent, also in ((good, ()), (stranger, UNAUTHORIZED)):
                changed = sent._replace(
                    target=sent.target.replace(run.target.base + request.path, run.target.base + path, 1)
                )
                exchange = run.send(changed)
                sender.count(exchange)
                found = _path_finding(run, operation, exchange, row.name, row.level, also)
                if found:
                    yield found


def _is_documented(run: Run, path: str) -> bool:
    """Whether some operation may answer there, below the base or from the root."""
    return any(fits(base + each.path, path) for each in run.contract.operations for base in ("", *each.bases))


def _path_finding(
    run: Run, operation: Operation, exchange: Exchange, name: str, level: Level, also: tuple[int, ...]
) -> Finding | None:
    seen = exchange.seen
    strict = level == "standard" or run.target.is_mock
    fine = seen.status in (404, *also) if strict else 0 < seen.status < 500
    if fine and not seen.fault:
        return None
    promise = Promise(f"path:{level}", "a path that is not documented is answered with 404", level, "RFC 9110 §15.5.5")
    title = f"{operation.path} {answers(seen)} instead of 404: {name}"
    return _finding(run, PATH, operation, promise, exchange, title, f"{told(seen)} instead of 404")


def connections(run: Run) -> Found:
    """Three requests on one connection, the second one an error; and nothing behind any answer."""
    for operation in some_operations(run, CONNECTION):
        if isinstance(operation, NotRun):
            yield operation
            continue
        request = run.contract.requests[operation.key]
        good = request.sent(run.target.base, run.target.tokens.good)
        sents = [good, good._replace(target=good.target.replace(request.path, "/contract-nothing-here", 1)), good]
        if request.has_body:
            sents.insert(1, good._replace(body=b'{"contract":'))
        sents.insert(1, stripped(request.raw(run.target.base, None, good.body)))
        if operation.method == "GET":
            sents.insert(1, good._replace(method="HEAD"))
        else:  # no answer to HEAD has a body, not even a 405 (RFC 9110 §9.3.2)
            sents.insert(1, good._replace(method="HEAD", body=b"", headers=_untyped(good)))
        # A server may close an idle connection in the very moment: a defect shows twice.
        found = _on_one_connection(run, operation, sents)
        if found and _on_one_connection(run, operation, sents):
            yield found


def _on_one_connection(run: Run, operation: Operation, sents: list[Sent]) -> Finding | None:
    try:
        with Wire(run) as wire:
            before: Answer | None = None
            for sent in sents:
                answer = wire.ask(sent)
                found = _wire_finding(run, operation, answer, before)
                if found or not answer.is_open:
                    return found
                before = answer
            return None
    except OSError:
        return None  # no connection at all: every other check says so


def _wire_finding(run: Run, operation: Operation, answer: Answer, before: Answer | None) -> Finding | None:
    seen = answer.exchange.seen
    status = seen.status
    if answer.left:
        promise = Promise("framing", "an answer ends where its header says", "standard", "RFC 9112 §6.3")
        title = f"{operation.key} sends {len(answer.left)} bytes behind its {status} to {answer.exchange.sent.method}"
        return _finding(run, CONNECTION, operation, promise, answer.exchange, title, f"bytes behind {status}")
    if status == 0 and before is not None:
        promise = Promise(
            "keep-alive", "a connection that is not said to be closed stays open", "standard", "RFC 9112 §9.3, §9.6"
        )
        title = f"{operation.key}: after a {before.exchange.seen.status} the connection gives no answer ({seen.fault})"
        shape = f"{seen.fault} after {before.exchange.seen.status}"
        return _finding(run, CONNECTION, operation, promise, answer.exchange, title, shape)
    if status == 0:
        promise = Promise("answers", "a good request is answered", "standard", "RFC 9112 §9.3")
        title = f"{operation.key} gives no answer ({seen.fault})"
        return _finding(run, CONNECTION, operation, promise, answer.exchange, title, seen.fault)
    return None


def _finding(
    run: Run, check: str, operation: Operation, promise: Promise, exchange: Exchange, title: str, shape: str
) -> Finding:
    return Finding(title, operation.key, promise, (exchange,), title, "error", check, run.seed, shape)


CHECKS = (
    Check(REQUEST, "protocol", "headers, queries and framings that must change nothing", requests),
    Check(METHOD, "protocol", "405 and Allow for methods that are not documented", methods),
    Check(PATH, "protocol", "404 for paths that are not documented", paths),
    Check(CONNECTION, "protocol", "connections that stay open, answers that end where they say", connections),
)
