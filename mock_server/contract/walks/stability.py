"""The same call again and again: an answer that differs, a drop now and then, a deployment that grows slow.

A failure that comes with the rate q is missed by n calls with the probability (1 - q)^n; 299 calls miss one
in a hundred with p = 0.05. The numbers of calls below are chosen by that, and told in a finding.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.checks import Check
from mock_server.contract.model import Exchange, Finding, NotRun, Promise
from mock_server.contract.profile import Wanted
from mock_server.contract.run import Run
from mock_server.contract.walks.exact import same_value
from mock_server.contract.walks.handshake import begin, collect, collected, good_start, start_request
from mock_server.contract.walks.judge import broken, promise, status_finding, told
from mock_server.contract.walks.tale import Tale, walks_pages
from mock_server.contract.walks.timing import is_busy
from mock_server.spec.operations import Operation

Found = Iterator[Finding | NotRun]
CALLS = {"quick": 60, "full": 460}
"""Of a good request: 460 miss a failure of one in a hundred with p = 0.01."""
OTHER_CALLS = {"quick": 30, "full": 150}
BUDGET_S = {"quick": 5.0, "full": 25.0}
"""A slow deployment gets fewer calls."""
ALL_CALLS = {"quick": 240, "full": 2400}
"""Where a document has many operations they share these."""
MISSED_WITH = 0.05
SLOWER = 5.0
SLOWER_BY_S = 0.05
_SAME = promise("same-answer-to-same-call", "the same call gets the same kind of answer every time", "RFC 9110 §9.2.1")
_STEADY = promise("no-growing-slow", "answers do not grow slower while a run goes on", "--max-response-time", "assumed")
_VOLATILE = frozenset(("date", "content-length", "connection", "keep-alive", "age", "etag", "set-cookie"))
_TELLING = frozenset(("content-type", "retry-after", "www-authenticate", "location", "allow"))
"""Of a foreign deployment only these count: what stands before it may add others now and then."""


def rate_that_would_show(calls: int) -> float:
    """The least rate of failure that so many calls miss with p = 0.05 at most.

    >>> round(rate_that_would_show(299), 3)
    0.01
    """
    return 1 - math.exp(math.log(MISSED_WITH) / calls) if calls else 1.0


@dataclass(slots=True)
class Kind:
    """One call that is made again and again. ``exact`` = the same value and headers, else the same shape.

    ``begins`` = it gives new ids when it is good.
    """

    name: str
    operation: Operation
    make: Callable[[], Exchange]
    calls: int
    wanted: Wanted | None = None
    exact: bool = False
    begins: bool = False
    promise: Promise = _SAME
    seconds: list[float] = field(default_factory=list)
    first: Exchange | None = None
    odd: Counter[str] = field(default_factory=Counter)
    shown: dict[str, Exchange] = field(default_factory=dict)
    made: int = 0

    def call(self) -> None:
        """Once more; what differs from the first is counted."""
        exchange = self.make()
        self.made += 1
        self.seconds.append(exchange.seen.seconds)
        if self.first is None:
            self.first = exchange
        # A good answer to a start gives new ids every time.
        exact = self.exact and (not self.begins or self.first.seen.status >= 400)
        differs = _differs(self.first, exchange, exact)
        if differs:
            self.odd[differs] += 1
            self.shown.setdefault(differs, exchange)


def _differs(one: Exchange, other: Exchange, exact: bool) -> str:
    """How the two answers differ, ``""`` when they do not."""
    if one.seen.status != other.seen.status:
        return f"{told(other.seen)} instead of {told(one.seen)}"
    if one.seen.fault != other.seen.fault:
        return f"a broken body ({other.seen.fault or one.seen.fault})"
    names = [{name.lower() for name, _ in each.seen.headers} - _VOLATILE for each in (one, other)]
    if not exact:
        names = [each & _TELLING for each in names]
    if names[0] != names[1]:
        return f"other headers ({', '.join(sorted(names[0] ^ names[1]))[:60]})"
    kinds = [(each.seen.header("content-type") or "").lower().replace(" ", "") for each in (one, other)]
    if kinds[0] != kinds[1]:
        return "another Content-Type"
    try:
        values = [read_strictly(each.seen.body) for each in (one, other)]
    except NotStrict:
        return "" if not exact or one.seen.body == other.seen.body else "another body"
    if exact:
        return "" if same_value(*values) else "another body"
    return "" if _shape(values[0]) == _shape(values[1]) else "a body of another shape"


def _shape(value: Any) -> Any:
    """Names and types. Lists count as what they hold, since how much there is may change."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return ["list"]
    return type(value).__name__


def handshake_calls(run: Run) -> Found:
    """Both operations in every state, one after the other, over and over."""
    kinds, found = _handshake_kinds(run)
    yield from found
    for kind in kinds:
        kind.exact, kind.begins = run.target.is_mock, kind.operation == run.contract.start
    yield from _repeat(run, "stability.handshake", kinds)


def _handshake_kinds(run: Run) -> tuple[list[Kind], list[Finding | NotRun]]:
    start, other, check = run.contract.start, run.contract.collect, "stability.handshake"
    assert start is not None
    assert other is not None
    many, few = CALLS[run.profile], OTHER_CALLS[run.profile]
    base, good = run.target.base, run.target.tokens.good
    first = begin(run)
    request = start_request(run)
    kinds = [
        Kind("a good start", start, lambda: run.send(request.sent(base, good), start), many, good_start(run)),
        Kind("a start without a token", start, lambda: run.send(request.sent(base, None), start), few),
        Kind("a start that is no JSON", start, lambda: run.send(request.raw(base, good, b'{"'), start), few),
        Kind("an unknown pull_id", other, lambda: collect(run, None, pull_id="contract-nobody-gave-this-out"), few),
        Kind("collected without a token", other, lambda: _without_token(run, first.pull_id), few),
    ]
    provider = run.contract.provider()
    if provider is not None and provider.consent == "ask":
        kinds.append(Kind("pending", other, lambda: collect(run, first), many // 2, collected(run, "asked")))
    single = run.contract.fixtures.operations[other.key].collect
    if walks_pages(run) or (single and single.single_use):
        return kinds, []
    tale = Tale(run, check)
    found = list(tale.tell("begin approve"))
    told_one = tale.handshakes[0]
    if not found:
        wanted = collected(run, told_one.state)
        granted = Kind("granted", other, lambda: collect(run, told_one.began), many, wanted)
        again = collected(run, "collected")
        granted.promise = _SAME._replace(level=again.promise.level) if again else _SAME
        kinds.append(granted)
    return kinds, found


def _without_token(run: Run, pull_id: str) -> Exchange:
    from mock_server.contract.walks.handshake import collect_request

    operation = run.contract.collect
    assert operation is not None
    return run.send(collect_request(run, pull_id).sent(run.target.base, None), operation)


def any_calls(run: Run) -> Found:
    """A good request of every other operation, over and over; those that change nothing or may be sent again."""
    handshake = (run.contract.start, run.contract.collect)
    able = [
        each
        for each in run.contract.operations
        if each not in handshake and each.key in run.contract.requests and each.method in ("GET", "HEAD", "OPTIONS")
    ]
    if not able:
        return
    calls = max(2, min(CALLS[run.profile], ALL_CALLS[run.profile] // len(able)))
    kinds = [Kind("a good request", each, lambda each=each: run.good(each), calls) for each in able]  # type: ignore[misc]
    yield from _repeat(run, "stability.calls", kinds)


def _repeat(run: Run, check: str, kinds: list[Kind]) -> Found:
    """In turns, so that an answer to one that is given to another is seen."""
    ends = time.monotonic() + BUDGET_S[run.profile]
    most = max(kind.calls for kind in kinds)
    limited: Exchange | None = None
    for turn in range(most):
        for kind in kinds:
            if turn * kind.calls // most < (turn + 1) * kind.calls // most:
                kind.call()
                limited = limited or _rate_limited(run, kind)
        if time.monotonic() > ends or limited is not None:
            break
    if limited is not None:
        yield NotRun(check, f"{limited.operation} limits how often it is called (429 with Retry-After): --rate-limit")
        return
    for kind in kinds:
        yield from _judge(run, check, kind)
        if kind.made < kind.calls and not run.target.is_mock:
            rate = 100 * rate_that_would_show(kind.made)
            why = f"a failure of less than {rate:.1f} % may be missed (p = {MISSED_WITH:g}): it was called"
            yield NotRun(check, f"{kind.operation.key}, {kind.name}: {why} {kind.made} of {kind.calls} times")


def _rate_limited(run: Run, kind: Kind) -> Exchange | None:
    """A real rate limit is no defect, and no news about this call."""
    for exchange in kind.shown.values():
        if exchange.seen.status == 429 and exchange.seen.header("retry-after") and not run.target.is_mock:
            return exchange
    return None


def _judge(run: Run, check: str, kind: Kind) -> Found:
    assert kind.first is not None
    rate = 100 * rate_that_would_show(kind.made)
    for differs, times in kind.odd.items():
        detail = f"{times} of {kind.made} calls; so many calls miss a failure of {rate:.1f} % with p = {MISSED_WITH:g}"
        title = f"{kind.operation.key} answers the same call in different ways ({kind.name}): {differs}"
        found = broken(run, check, kind.operation, kind.promise, title, kind.first, kind.shown[differs], shape=differs)
        yield found._replace(detail=detail)
    if kind.wanted is not None and not kind.odd:
        wrong = status_finding(run, check, kind.operation, kind.wanted, kind.name, kind.first)
        if wrong:
            yield wrong
    third = len(kind.seconds) // 3
    if third >= 10:
        early, late = median(kind.seconds[:third]), median(kind.seconds[-third:])
        if late > SLOWER * early + SLOWER_BY_S and not is_busy():
            title = (
                f"{kind.operation.key} grows slower: from {early * 1000:.0f} ms to {late * 1000:.0f} ms ({kind.name})"
            )
            yield broken(run, check, kind.operation, _STEADY, title, kind.first, shape="grows slower")


CHECKS = (
    Check("stability.handshake", "stability", "the same call gets the same answer", handshake_calls, ("handshake",)),
    Check("stability.calls", "stability", "so it does in every operation that only reads", any_calls),
)
