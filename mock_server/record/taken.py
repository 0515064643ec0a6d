"""What a recording keeps of one exchange: the operation, what the request said, how both sides break the document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from mock_server.core.answer import Reading, read, read_head, violations_of
from mock_server.core.answered import Departure, departures
from mock_server.core.refuse import is_authorization
from mock_server.core.route import Found
from mock_server.fixture.facts import Facts
from mock_server.mask import SECRET_HEADERS, Hidden
from mock_server.model import Request, Violation
from mock_server.named import NamedTuple
from mock_server.record.exchange import Exchange
from mock_server.record.hour import hour_template
from mock_server.record.secret import looks_secret
from mock_server.spec.operations import Operation
from mock_server.world import World

MAX_VALUE = 200
"""Characters of a text that a rule may ask for."""
MAX_DEPTH = 3
"""Levels of a body that rules ask about."""
MAX_FEATURES = 60
_STEP = re.compile(r"[^.\s{}]+\Z")


class Taken(NamedTuple):
    """``features`` are what rules could ask for: ``{"path.id": 7, "query.page": 2}``, no secrets."""

    at: float
    """Unix seconds of the answer, by the clock of who gave it where that is known."""
    operation: Operation
    exchange: Exchange
    facts: Facts
    features: Mapping[str, Any]
    violations: tuple[Violation, ...]
    departures: tuple[Departure, ...]

    @property
    def is_unauthorized(self) -> bool:
        return bool(self.violations) and is_authorization(self.violations[0])


def take(world: World, exchange: Exchange, at: float, bases: list[str]) -> Taken | None:
    """Read an exchange as the mock reads a request; None = no operation of the documents, or nothing to repeat.

    ``bases`` are paths below which the API may stand: ``""`` and what the documents do not name.
    """
    sent, seen = exchange.sent, exchange.seen
    path, _, query = sent.target.partition("?")
    for base in bases:
        if not path.startswith(f"{base}/"):
            continue
        found = world.router.find(sent.method, path[len(base) :])
        if isinstance(found, Found):
            break
    else:
        return None
    request = Request(sent.method, unquote(path), query, _joined(exchange), sent.body, exchange.origin)
    served, values, encoded = found.target, found.values, found.encoded
    if served.others and (other := served.of(request)) is not served:
        served, values = other, other.renamed(values)
        encoded = other.renamed(encoded) if encoded else None
    plan = served.plan
    reading = read(read_head(plan, request, values, served.base, encoded), request)
    return Taken(
        at=at,
        operation=plan.operation,
        exchange=exchange._replace(operation=plan.operation.key),
        facts=reading.facts,
        features=dict(_features(reading, world.hidden, at)),
        violations=tuple(violations_of(reading, at)),
        departures=tuple(departures(plan.operation, sent.method, seen.status, seen.headers, seen.body)),
    )


def _joined(exchange: Exchange) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in exchange.sent.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _features(reading: Reading, hidden: Hidden, at: float) -> Iterator[tuple[str, Any]]:
    """Likeliest first: what the path says, the query, the body, the headers that the operation describes."""
    facts = reading.facts
    described = [each.where[1] for each in reading.plan.operation.parameters if each.location == "header"]
    found: list[tuple[str, Any]] = []
    for root in ("path", "query"):
        found += _flat(root, facts.get((root,)), 1)
    found += _flat("body", facts.get(("body",)), 0)
    headers = {name: facts.get(("header", name)) for name in described if name not in SECRET_HEADERS | hidden.headers}
    found += _flat("header", headers, 1)
    secret_query = {f"query.{name}" for name in hidden.query}
    for where, value in found[:MAX_FEATURES]:
        if where.startswith("query.") and _is_hour(value, at):
            continue  # a number against caches: another one every time
        if where not in secret_query and not looks_secret(where.rpartition(".")[2], str(value)):
            yield where, value


def _is_hour(value: Any, at: float) -> bool:
    number = int(value) if isinstance(value, str) and re.match(r"[0-9]{10,13}\Z", value) else value
    return isinstance(number, int) and hour_template(number, at) is not None


def _flat(where: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """The single values at every place that a *where* can name."""
    if isinstance(value, dict) and depth <= MAX_DEPTH:
        for key, item in value.items():
            if _STEP.match(str(key)):
                yield from _flat(f"{where}.{key}", item, depth + 1)
    elif depth and (value is None or isinstance(value, bool | int | float | str)) and len(str(value)) <= MAX_VALUE:
        yield where, value
