"""Edge values for every field, and everything that can be done to a whole body, from the tables of ``edge_rows``.

Bodies are put before the schema as they are sent, so what each must give is never guessed: what keeps the
schema is judged by the fixtures' rules, what breaks it by ``invalid:``. What nobody promises (a name twice,
UTF-16, a lone surrogate) is judged for robustness only: an answer, no 5xx.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mock_server.contract.checks import Check
from mock_server.contract.good import OWN_TYPE
from mock_server.contract.model import NotRun, Sent
from mock_server.contract.run import Run
from mock_server.contract.walks.edge_rows import NOT_JSON_VALUES, VALUES, WHOLE, Row, Value, twisted
from mock_server.contract.walks.expect import (
    Expect,
    Ground,
    accepted,
    body_rules,
    body_value,
    either,
    fixture_of,
    ground,
    overlooked,
    refused,
)
from mock_server.contract.walks.fields import Field, current, fields, put_at
from mock_server.contract.walks.pace import Found, Sender, some_operations, until_silent
from mock_server.fixture.model import OperationFixture
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation

VALUE_CHECK, BODY_CHECK, TWICE_CHECK = "edges.values", "edges.body", "edges.twice"
_HERE = "contract-put-here"


def grounds(run: Run, check: str) -> Iterator[Ground | NotRun]:
    """Of each operation that takes a JSON object, and whose bodies are looked at."""
    for operation in some_operations(run, check):
        if isinstance(operation, NotRun):
            yield operation
            continue
        request = run.contract.requests[operation.key]
        if isinstance(request.body, dict) and is_json(request.content_type) and not overlooked(run, operation, "body"):
            yield ground(run, operation)


def expected(run: Run, on: Ground, data: bytes, reason: str, *, is_odd: bool = False) -> Expect:
    """What the schema and the fixtures say of a JSON body."""
    rules = body_rules(on, data)
    unknown = _unknown_fields(run, on, data) if not rules else ()
    if rules or unknown:
        expect = refused(run, on.operation, rules or unknown, reason)
        if not is_odd:
            return expect
        return either(run, expect, accepted(run, on, reason), key="odd", reason=reason)
    body = body_value(on, data)
    expect = accepted(run, on, reason, body)
    if is_odd:
        return either(run, expect, refused(run, on.operation, ("json",), reason), key="odd", reason=reason)
    if not expect.wanted:  # who wrote the document may mean less than its schema says: not promised in so many words
        return either(run, expect, key="value", reason=reason)
    return expect


def _unknown_fields(run: Run, on: Ground, data: bytes) -> tuple[str, ...]:
    """Where a fixture refuses fields that the document does not know, these break that rule."""
    fixture: OperationFixture | None = fixture_of(run, on.operation)
    media = on.request.media
    if fixture is None or fixture.unknown_fields != "refuse" or media is None or media.shape is None:
        return ()
    body = body_value(on, data)
    known = media.shape.properties
    return ("unknown_fields",) if isinstance(body, dict) and any(name not in known for name in body) else ()


def _spliced(on: Ground, field: Field, value: Value) -> bytes:
    """The good body with a text of the table where the field's value stands."""
    body = put_at(on.request.body, field, _HERE)
    return json.dumps(body).encode().replace(json.dumps(_HERE).encode(), value.text.encode("utf-8", "surrogatepass"))


def _sent(run: Run, on: Ground, data: bytes, kind: Any = OWN_TYPE) -> Sent:
    return on.request.raw(run.target.base, run.target.tokens.good, data, kind)


def values(run: Run) -> Found:
    """Every edge value in every field."""
    yield from until_silent(VALUE_CHECK, _values(run))


def _values(run: Run) -> Found:
    sender = Sender(run, VALUE_CHECK)
    for on in grounds(run, VALUE_CHECK):
        if isinstance(on, NotRun):
            yield on
            continue
        for field in fields(on):
            if overlooked(run, on.operation, field.place):
                continue
            for value in (*VALUES, *twisted(current(on.request.body, field))):
                if value.deep_only and not run.deep:
                    continue
                data = _spliced(on, field, value)
                reason = f"{field.name} is {value.name}"
                expect = expected(run, on, data, reason, is_odd=value.is_odd)
                yield from sender.judged(on, _sent(run, on, data), expect, reason)
            for value in NOT_JSON_VALUES:
                data = _spliced(on, field, value)
                if not body_rules(on, data):  # nothing between two brackets is an empty list
                    continue
                reason = f"{field.name} is {value.name}, which is no JSON"
                expect = refused(run, on.operation, ("json",), reason)
                yield from sender.judged(on, _sent(run, on, data), expect, reason)


def bodies(run: Run) -> Found:
    """Everything that is done to a whole body and its Content-Type."""
    yield from until_silent(BODY_CHECK, _bodies(run))


def _bodies(run: Run) -> Found:
    sender = Sender(run, BODY_CHECK)
    for on in grounds(run, BODY_CHECK):
        if isinstance(on, NotRun):
            yield on
            continue
        for row in WHOLE:
            data = row.edit(on.request.written(on.request.body))
            expect = _expected_of(run, on, row, data)
            if expect is None:
                continue
            kind = OWN_TYPE if row.content_type == "=" else row.content_type
            sent = _sent(run, on, data, kind)
            sent = sent._replace(headers=(*sent.headers, *row.headers))
            yield from sender.judged(on, sent, expect, row.name)


def _asks_type(run: Run, operation: Operation) -> bool:
    """Whether a rule of the fixture looks at the Content-Type."""
    fixture = run.contract.fixtures.operations.get(operation.key)
    where = ("header", "content-type")
    return fixture is not None and any(each.where == where for rule in fixture.rules for each in rule.when)


def _expected_of(run: Run, on: Ground, row: Row, data: bytes) -> Expect | None:
    """None when the document describes what the row takes for wrong."""
    operation = on.operation
    kinds = tuple(media.name for media in operation.body.content) if operation.body else ()
    foreign = row.content_type not in ("=", None) and overlooked(run, operation, "header.content-type")
    match row.outcome:
        case "same":
            if row.content_type not in ("=", None) and on.request.content_type.lower() != "application/json":
                return None
            expect = accepted(run, on, row.name, level=row.level)
            # A body without a type is read by what the document describes: with several types that is a guess.
            if row.content_type is None and (len(kinds) > 1 or not expect.wanted or _asks_type(run, operation)):
                return either(run, expect, key="type", reason=row.name)
            return expect
        case "required":
            if not (operation.body and operation.body.required):
                return None
            return refused(run, operation, ("required",), row.name)
        case "json":
            rules = body_rules(on, data)
            if not rules:  # a body without texts has no quotes to be changed
                return None
            # What is too deep and no JSON either may be refused for the one or the other.
            rules = ("depth", "json") if "depth" in rules else ("json",)
            return refused(run, operation, rules, row.name, level=row.level)
        case "content-type":
            if foreign or len(kinds) > 1 or any("*" in kind for kind in kinds):
                return None
            expect = refused(run, operation, ("content-type",), row.name, level=row.level)
            return expect if expect.wanted else either(run, expect, key="type", reason=row.name)
        case "schema":
            expect = expected(run, on, data, row.name)
            # That a schema does not forbid more fields is no promise that they are welcome.
            return expect.assumed if expect.kind == "accepted" else expect
        case "either":
            every = (accepted(run, on, row.name), refused(run, operation, ("json",), row.name))
            return either(run, *every, key="body", reason=row.name)


def twice(run: Run) -> Found:
    """A name that stands twice in a body, in both orders: RFC 8259 §4 leaves open which counts."""
    yield from until_silent(TWICE_CHECK, _twice(run))


def _twice(run: Run) -> Found:
    sender = Sender(run, TWICE_CHECK)
    for on in grounds(run, TWICE_CHECK):
        if isinstance(on, NotRun):
            yield on
            continue
        for name in on.request.body:
            good = json.dumps(on.request.body[name])
            rest = json.dumps({key: item for key, item in on.request.body.items() if key != name})[1:-1]
            for order, first, second in (
                ("", good, good),
                (", the first one bad", "[]", good),
                (", the second one bad", good, "[]"),
            ):
                members = [f"{json.dumps(name)}: {first}", f"{json.dumps(name)}: {second}", *filter(None, [rest])]
                reason = f"{name} stands twice{order}"
                yield from sender.judged(
                    on, _sent(run, on, ("{" + ", ".join(members) + "}").encode()), _either_way(run, on, reason), reason
                )
            escaped = "".join(f"\\u{ord(char):04x}" for char in name) if name.isascii() else name
            members = [f'"{escaped}": {good}', *filter(None, [rest])]
            reason = f"the name {name} written with escapes"
            expect = accepted(run, on, reason)
            yield from sender.judged(on, _sent(run, on, ("{" + ", ".join(members) + "}").encode()), expect, reason)


def _either_way(run: Run, on: Ground, reason: str) -> Expect:
    """Our mock refuses it, and is held to that; elsewhere it may be refused or taken for one of the two."""
    refusal = refused(run, on.operation, ("json",), reason, level="assumed")
    if refusal.wanted and run.target.is_mock:
        return refusal
    return either(run, refusal, accepted(run, on, reason), key="twice", reason=reason)


CHECKS = (
    Check(VALUE_CHECK, "edges", "every edge value in every field of a JSON body", values),
    Check(BODY_CHECK, "edges", "bodies that are empty, cut off, no JSON, of another type or encoding", bodies),
    Check(TWICE_CHECK, "edges", "names that stand twice, or are written with escapes", twice),
)
