"""From an answer that a walk saw to what the fixture's response becomes."""

from __future__ import annotations

from mock_server.contract.conform import departures
from mock_server.contract.observe import Observation
from mock_server.contract.run import Run
from mock_server.fixture.model import Response
from mock_server.record.answer import (
    Answer,
    Unlearnable,
    Way,
    body_value,
    echoes,
    field_names,
    kept_headers,
    old_tree,
    written,
)
from mock_server.spec.media import essence
from mock_server.spec.operations import Operation

MAX_BODY_BYTES = 64 * 1024


def answer_of(run: Run, operation: Operation, seen: Observation, old: Response) -> Answer:
    """What the fixture's response should be to answer so. Raises ``Unlearnable``."""
    got = seen.exchange.seen
    if not got.status or got.fault:
        raise Unlearnable(f"there was no whole answer ({got.fault})")
    if got.status >= 500 or got.status < 200:
        raise Unlearnable(f"{got.status} is a failure, no answer to repeat")
    if (got.status < 400) != (old.status < 400):
        raise Unlearnable(f"{got.status} where the fixtures have {old.status}: write by hand what that means")
    for departure in departures(run, seen.exchange):
        if departure.aspect != "status":
            raise Unlearnable(departure.text)
    kind = essence(got.header("content-type") or "") if got.body else ""
    headers = tuple(kept_headers(operation, seen.exchange, run.secrets, [name for name, _ in old.headers]))
    if not got.body:
        return Answer(got.status, "", None, False, headers)
    if len(got.body) > MAX_BODY_BYTES:
        raise Unlearnable(f"its body has {len(got.body)} bytes")
    value = body_value(got.body, kind)
    fields = field_names(operation) if seen.wanted.cell and seen.wanted.cell.group == "invalid" else ()
    way = Way(dict(echoes(operation, seen.exchange)), fields)
    return Answer(got.status, kind, written(run.secrets, value, way, old_tree(old)), True, headers)
