"""A second opinion on what Schemathesis complains about: a finding is one only when our own reading agrees.

Schemathesis judges the value it meant to send; a server sees what went over the wire. An array that is empty,
``null`` in a path or a form without fields look different there, and so does data that was broken on purpose
and came out good. Our reader of requests knows what stands on the wire. Where a document is silent about how
bad requests are refused, a refusal is no broken word either, whatever its status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from mock_server.codec.table import judged, read_value
from mock_server.codec.unreadable import Unreadable
from mock_server.contract.conform import departures
from mock_server.contract.model import Exchange, Sent
from mock_server.contract.run import Run
from mock_server.contract.target import ANY_TOKEN
from mock_server.core.answer import read, read_head
from mock_server.core.route import Found, Router, WrongMethod
from mock_server.errors import Broken
from mock_server.model import Request, Violation
from mock_server.spec.family import family
from mock_server.spec.operations import Operation
from mock_server.world import Served

Weight = Literal["holds", "silent", "refuted"]
"""``silent``: the document says nothing about it; told once, as a warning."""

INVALID = frozenset((400, 406, 411, 413, 414, 415, 416, 417, 422, 431))
CLOSED = frozenset((401, 403))
ABSENT = frozenset((404, 410))
LATER = frozenset((408, 409, 412, 423, 425, 428, 429))
"""By the state of the world, not by the request: what a document says nothing about may come any time."""

COMMON = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
REFUSES_PATCH = frozenset((400, 409, 422))
MAX_LINE = 8000
MAX_BODY = 1_000_000


class Opinion:
    """Reads requests as our own server does, and weighs failures by what they say."""

    def __init__(self, run: Run, router: Router[Served]) -> None:
        self._run = run
        self._router = router

    def violations(self, sent: Sent) -> tuple[Violation, ...] | None:
        """What is wrong with parameters and body; None = it goes to no operation."""
        base = self._run.target.base
        path, _, query = sent.target.partition("?")
        if base and path.startswith(base + "/"):
            path = path[len(base) :]
        found = self._router.find(sent.method, path)
        if not isinstance(found, Found):
            return None
        headers: dict[str, str] = {}
        for name, value in sent.headers:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        request = Request(sent.method, path, query, headers, sent.body, self._run.target.origin)
        head = read_head(found.target.plan, request, found.values, "", found.encoded)
        return (*head.parameters, *read(head, request).body)

    def weigh(self, check: str, title: str, exchange: Exchange) -> Weight:
        """Whether a failure of one of Schemathesis' checks is a broken promise."""
        operation = self._run.contract.operation(exchange.operation)
        if _over_a_limit(exchange) or (exchange.seen.status == 406 and operation and _sends_any_accept(operation)):
            return "silent" if check == "status_code_conformance" else "refuted"
        if exchange.seen.status == 501 and exchange.sent.method not in COMMON:
            return "refuted"  # RFC 9110 §15.6.2: a server need not know every method
        if _is_patch(exchange) and exchange.seen.status in REFUSES_PATCH:
            return "silent" if check == "status_code_conformance" else "refuted"
        match check:
            case "positive_data_acceptance":
                return "refuted" if self.violations(exchange.sent) else "holds"
            case "negative_data_rejection":
                # An empty tuple: whatever was broken did not survive on the wire.
                return "refuted" if self.violations(exchange.sent) == () else "holds"
            case "missing_required_header":
                return "refuted" if self.violations(exchange.sent) == () else "holds"
            case "status_code_conformance":
                return self._status(operation, exchange) if operation else "holds"
            case "allow_header_conformance":
                return self._allow(exchange)
            case "unsupported_method":
                # Path items beside a `$ref`, and paths that differ in the names of their parameters only.
                return "refuted" if self.violations(exchange.sent) is not None else "holds"
            case "response_headers_conformance":
                # A documented Content-Type shall be ignored (OAS 3.1 §4.8.17), and lengths are the server's to say.
                told = operation and any(each.aspect == "header" for each in departures(self._run, exchange))
                return "holds" if told or operation is None else "refuted"
            case "response_schema_conformance":
                return "refuted" if operation and _keeps_its_schema(operation, exchange) else "holds"
            case "use_after_free" | "ensure_resource_availability":
                # A mock remembers nothing by itself. Whoever empties a collection does not remove it.
                emptied = check == "use_after_free" and operation and not operation.path.endswith("}")
                return "refuted" if self._run.target.is_mock or emptied else "holds"
            case "ignored_auth":
                # A mock without a list of tokens takes every token; one that takes none at all it must not.
                any_token = self._run.target.is_mock and self._run.target.tokens.good == ANY_TOKEN
                return "refuted" if any_token and "invalid authentication" in title.lower() else "holds"
        return "holds"

    def _status(self, operation: Operation, exchange: Exchange) -> Weight:
        """An undocumented 4xx, where the document names no answer to such a request."""
        status = exchange.seen.status
        fixture = self._run.contract.fixtures.operations.get(operation.key)
        if fixture is not None and any(each.status == status for each in fixture.responses.values()):
            return "refuted"  # the fixtures have such an answer, though the document does not
        names = operation.responses
        if status in INVALID and self.violations(exchange.sent):
            told = bool(fixture and fixture.invalid) or _names(names, "400", "415", "422")
        elif status in CLOSED and operation.security:
            told = bool(fixture and fixture.unauthorized) or _names(names, "401", "403")
        elif status in ABSENT and "{" in operation.path:
            told = _names(names, "404", "410")
        elif status in LATER:
            told = bool(fixture) or _names(names, str(status))
        else:
            told = True
        return "holds" if told else "silent"

    def _allow(self, exchange: Exchange) -> Weight:
        """Schemathesis knows the methods of OAS 3.1 only. HEAD and OPTIONS go without saying."""
        path = urlsplit(exchange.sent.target).path
        base = self._run.target.base
        found = self._router.find("", path[len(base) :] if base and path.startswith(base + "/") else path)
        if not isinstance(found, WrongMethod):
            return "holds"
        said = {each.strip() for each in (exchange.seen.header("allow") or "").split(",")}
        free = {"HEAD", "OPTIONS"}
        return "refuted" if said - free == set(found.allowed) - free else "holds"


def _is_patch(exchange: Exchange) -> bool:
    """Whether the body is a patch: it may keep its schema and not fit what it is to change (RFC 5789 §2.2)."""
    kinds = [value for name, value in exchange.sent.headers if name.lower() == "content-type"]
    return any(kind.partition(";")[0].strip().lower() == "application/json-patch+json" for kind in kinds)


def _keeps_its_schema(operation: Operation, exchange: Exchange) -> bool:
    """Of a body that is no JSON: whether our own reading of its media type finds nothing wrong.

    A sequence (events, JSON lines) may have one schema for the whole of it or for each item (OAS 3.2 §4.14).
    """
    kind = exchange.seen.header("content-type") or ""
    name = kind.partition(";")[0].strip().lower()
    entry = operation.documented(exchange.seen.status)
    content = entry.content if entry else ()
    media = next((each for each in content if each.name.partition(";")[0].strip().lower() == name), None)
    if media is None or family(name) in ("json", "binary"):
        return False
    try:
        value = read_value(exchange.seen.body, media, kind)
    except Unreadable:
        return False
    return all(schema.is_valid(part) for _, schema, part in judged(media, value, kind))


def _sends_any_accept(operation: Operation) -> bool:
    """Whether the document has ``Accept`` as a parameter: it shall be ignored (OAS 3.1 §4.8.12.2), but is fuzzed."""
    document = operation.document
    for pointer in (operation.pointer, operation.pointer[:-1]):
        node, _ = document.at(pointer, pointer, "#")
        listed = node.get("parameters") if isinstance(node, dict) else None
        for index, raw in enumerate(listed if isinstance(listed, list) else ()):
            try:
                entry, _ = document.follow(raw, (*pointer, "parameters", index))
            except Broken:
                continue
            if isinstance(entry, dict) and entry.get("in") == "header" and str(entry.get("name")).lower() == "accept":
                return True
    return False


def _over_a_limit(exchange: Exchange) -> bool:
    """Whether a request was refused for its size, and is larger than every server must take (RFC 9110 §4.1: 8,000)."""
    sent, status = exchange.sent, exchange.seen.status
    headers = sum(len(name) + len(value) for name, value in sent.headers)
    return (
        (status == 414 and len(sent.target) > MAX_LINE)
        or (status == 431 and headers + len(sent.target) > MAX_LINE)
        or (status == 413 and len(sent.body) > MAX_BODY)
    )


def _names(responses: Mapping[str, Any], *statuses: str) -> bool:
    return any(status in responses for status in (*statuses, "4XX", "default"))
