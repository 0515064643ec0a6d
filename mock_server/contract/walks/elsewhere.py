"""Fields of a body in other places and by other names: what the document does not name there is not taken for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from mock_server.contract.checks import Check
from mock_server.contract.model import NotRun, Sent
from mock_server.contract.run import Run
from mock_server.contract.walks.edges import grounds
from mock_server.contract.walks.expect import Ground, accepted, overlooked, refused
from mock_server.contract.walks.fields import ABSENT, Field, current, fields, put_at
from mock_server.contract.walks.pace import Found, Sender, until_silent
from mock_server.named import NamedTuple

CHECK = "edges.elsewhere"
_NAMED = re.compile(r"`([A-Za-z_][\w-]{1,60})`")
"""A name in a description: ``The prose once calls it `datasource_type` ``."""


class Moved(NamedTuple):
    """A good request from which a required field was moved away: ``without`` it, and something instead."""

    reason: str
    body: Any
    query: str = ""
    header: tuple[str, str] | None = None


def elsewhere(run: Run) -> Found:
    """A required field in the query, in a header or by another name is missing; a query changes no field."""
    yield from until_silent(CHECK, _elsewhere(run))


def _elsewhere(run: Run) -> Found:
    sender = Sender(run, CHECK)
    for on in grounds(run, CHECK):
        if isinstance(on, NotRun):
            yield on
            continue
        for field in _outer(on):
            if overlooked(run, on.operation, field.place):
                continue
            without = put_at(on.request.body, field, ABSENT)
            if not _is_good(on, without):
                for moved in _moved(on, field, without):
                    expect = refused(run, on.operation, ("required",), moved.reason)
                    yield from sender.judged(on, _sent(run, on, moved), expect, moved.reason)
            if run.target.stands_in and not run.contract.strict_query and not _in_query(on):
                reason = f"a query that says {field.name} is something else"
                moved = Moved(reason, on.request.body, f"{_quoted(field.name)}=contract-elsewhere")
                expect = accepted(run, on, reason, level="assumed")
                yield from sender.judged(on, _sent(run, on, moved), expect, reason)


def _outer(on: Ground) -> Iterator[Field]:
    yield from (field for field in fields(on) if len(field.path) == 1)


def _is_good(on: Ground, body: Any) -> bool:
    media = on.request.media
    return media is None or media.schema is None or media.schema.is_valid(body)


def _in_query(on: Ground) -> bool:
    return any(each.location in ("query", "querystring") for each in on.operation.parameters)


def _moved(on: Ground, field: Field, without: Any) -> Iterator[Moved]:
    value, name = current(on.request.body, field), field.name
    shape = on.request.media.shape if on.request.media else None
    if value is ABSENT or shape is None:
        return
    for other in dict.fromkeys(_names(field)):
        body = {**without, other: value}
        if other not in shape.properties and not _is_good(on, body):
            yield Moved(f"{name} is called {other}", body)
    if not isinstance(value, str | int | float):
        return
    taken = {each.name.lower() for each in on.operation.parameters}
    if name.lower() not in taken and not _in_query(on):
        yield Moved(f"{name} stands in the query", without, f"{_quoted(name)}={_quoted(value)}")
    if name.lower() not in taken and isinstance(value, str) and value.isascii() and value.isprintable():
        yield Moved(f"{name} stands in a header", without, header=(f"X-{name.replace('_', '-')}", value))


def _names(field: Field) -> Iterator[str]:
    """What it might be called by mistake, and what its description calls it besides."""
    name = field.name
    head, *rest = re.split(r"[_-]", name)
    yield from (name.upper(), head + "".join(part.capitalize() for part in rest), name.replace("_", "-"))
    for node, _ in field.shape.parts:
        yield from _NAMED.findall(str(node.get("description", "")))


def _quoted(value: object) -> str:
    return quote(str(value), safe="")


def _sent(run: Run, on: Ground, moved: Moved) -> Sent:
    sent = on.request.raw(run.target.base, run.target.tokens.good, on.request.written(moved.body))
    if moved.query:
        sent = sent._replace(target=sent.target + ("&" if "?" in sent.target else "?") + moved.query)
    return sent._replace(headers=(*sent.headers, moved.header)) if moved.header else sent


CHECKS = (Check(CHECK, "edges", "fields in other places and by other names", elsewhere),)
