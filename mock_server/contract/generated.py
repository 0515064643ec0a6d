"""Generated requests that drift sends to both sides: what fuzzing is to a contract run."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.checks import Check
from mock_server.contract.good import GoodRequest, Unmakeable, good_request
from mock_server.contract.model import Finding, NotRun
from mock_server.contract.run import Run
from mock_server.errors import Broken
from mock_server.spec.generate import generate
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation

TIMES = {"quick": 5, "full": 25}


def generated(run: Run) -> Iterator[Finding | NotRun]:
    """To every operation requests that keep its schema, made from the seed. What they give is nobody's promise."""
    for operation in run.contract.operations:
        for number in range(1, TIMES[run.profile] + 1):
            request = _request(operation, run.seed + number)
            if request is not None:
                run.send(request.sent(run.target.base, run.target.tokens.good), operation)
    yield from ()


def _request(operation: Operation, seed: int) -> GoodRequest | None:
    try:
        request = good_request(operation, seed)
        media = next((each for each in operation.body.content if is_json(each.name)), None) if operation.body else None
        if media is not None and media.schema is not None:
            return request._replace(body=generate(operation.document, media.schema.pointer, seed))
    except (Unmakeable, Broken):
        return None
    return request


GENERATED = Check("fuzz", "fuzz", "a generated request", generated)
