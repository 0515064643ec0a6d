"""Sending many requests: which operations, and giving up on a deployment that no longer answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mock_server.contract.model import Exchange, Finding, NotRun, Sent
from mock_server.contract.run import Run
from mock_server.contract.walks.expect import Expect, Ground, verdict
from mock_server.spec.operations import Operation

Found = Iterator[Finding | NotRun]
MAX_SILENT = 4
"""Requests of one check that may go without an answer: each may cost the whole timeout."""
MANY = 12
"""Operations that the quick profile walks in one check."""


class GaveUp(Exception):
    """The deployment gives no answers any more."""


class Sender:
    """Sends the requests of one check and judges each."""

    def __init__(self, run: Run, check: str) -> None:
        self.run = run
        self.check = check
        self._silent = 0

    def judged(self, on: Ground, sent: Sent, expect: Expect, reason: str) -> Iterator[Finding]:
        """Send it; a finding when the answer is not what was expected. Raises ``GaveUp``.

        Only what was promised a status counts for the operation: of the rest nobody documents the answer.
        """
        exchange = self.run.send(sent, on.operation if expect.kind != "open" else None)
        found = verdict(self.run, self.check, on, expect, reason, exchange)
        if found:
            yield found
        self.count(exchange)

    def count(self, exchange: Exchange) -> None:
        """Raises ``GaveUp`` when too many were not answered."""
        if exchange.seen.status == 0:
            self._silent += 1
            if self._silent >= MAX_SILENT:
                raise GaveUp


def some_operations(run: Run, check: str) -> Iterator[Operation | NotRun]:
    """Those that a good request can be made for; in the quick profile a few of many, others with another seed."""
    able = [each for each in run.contract.operations if each.key in run.contract.requests]
    if run.deep or len(able) <= MANY:
        yield from able
        return
    chosen = {each.key for each in run.chance.sample(able, MANY)}
    yield from (each for each in able if each.key in chosen)
    yield NotRun(check, f"for {len(able) - MANY} of {len(able)} operations: --profile full walks them all")


def until_silent(check: str, found: Iterable[Finding | NotRun]) -> Found:
    """The findings, until the deployment gives no answers any more."""
    try:
        yield from found
    except GaveUp:
        yield NotRun(check, f"its rest: {MAX_SILENT} requests got no answer")
