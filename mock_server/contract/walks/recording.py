"""What a recording tells: does the recorded deployment keep the document, and does the one under test answer alike?

The first needs nobody to be there. For the second the recorded requests are sent again, in their order, with a token of
the deployment under test, and with the ids that *it* gave in place of the recorded ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mock_server.contract.checks import Check
from mock_server.contract.compare import differences
from mock_server.contract.differ import judged
from mock_server.contract.fuzz.opinion import INVALID, Opinion
from mock_server.contract.model import Exchange, Finding, Level, NotRun, Promise, Sent
from mock_server.contract.profile import place_of
from mock_server.contract.recorded import Recorded, Recording
from mock_server.contract.run import Run
from mock_server.contract.walks import answers
from mock_server.contract.walks.again import Again
from mock_server.contract.walks.scene import Judge, Scene
from mock_server.contract.walks.secrets import Genuine
from mock_server.contract.walks.timing import Pace

ANSWERS, REQUESTS, ALIKE = "recording.answers", "recording.requests", "recording.alike"
JUDGES: tuple[Judge, ...] = (
    answers.status, answers.media_type, answers.json, answers.schema, answers.headers, answers.status_field,
    answers.leak,
)  # fmt: skip


def recorded_answers(run: Run) -> Iterator[Finding | NotRun]:
    """Every recorded answer against the document, as the witness judges those that we see ourselves."""
    recorded = _recording(run).exchanges
    for each in recorded:
        there = _there(run, each)
        scene = Scene.of(there, each.exchange, Genuine(), Pace())
        for judge in JUDGES if each.whole else JUDGES[:1]:
            for seen in judge(scene):
                title = f"{each.operation.key}, recorded: {seen.title}"
                detail = f"{seen.detail or seen.promise.text} ({each.where})"
                yield _finding(run, ANSWERS, title, seen.promise, detail, seen.shape or seen.title, each.exchange)
    bare = sum(not each.whole for each in recorded)
    if bare:
        yield NotRun(ANSWERS, f"only the status of {bare} of {len(recorded)} recorded answers: they have no body")


def recorded_requests(run: Run) -> Iterator[Finding | NotRun]:
    """Good recorded requests were not refused as malformed, and bad ones not accepted."""
    router = _recording(run).router
    for each in _recording(run).exchanges:
        status = each.exchange.seen.status
        violations = Opinion(_there(run, each), router).violations(each.exchange.sent)
        if violations is None or _is_redacted(each.exchange.sent):
            continue
        if violations and status < 300:
            text = "what breaks the document is refused"
            promise = Promise("bad-request-refused", text, "documented", place_of(each.operation))
            title = f"{each.operation.key}, recorded: accepted with {status}, though {violations[0].message}"
            yield _finding(run, REQUESTS, title, promise, each.where, violations[0].where, each.exchange)
        elif not violations and status in INVALID:
            text = "what keeps the document is accepted"
            promise = Promise("good-request-accepted", text, "documented", place_of(each.operation))
            title = f"{each.operation.key}, recorded: refused with {status}, though the request keeps the document"
            yield _finding(run, REQUESTS, title, promise, each.where, str(status), each.exchange)


def alike(run: Run) -> Iterator[Finding | NotRun]:
    """The deployment under test answers the recorded requests as the recorded one did."""
    again = Again(run)
    for each in _recording(run).exchanges:
        if not each.whole:
            yield NotRun(ALIKE, f"from {each.where} on: its answer has no body, so the ids that it gave are not known")
            return
        exchange = again.send(each)
        for different in differences(each.operation, exchange.seen, each.exchange.seen):
            level, promise = judged(run, each.operation, different, exchange, each.exchange, (), each.where)
            status = "" if different.aspect == "status" else f" of {each.exchange.seen.status}"
            what = f"{different.aspect} {different.where}".strip() + status
            title = f"{each.operation.key}: {what} is {different.one} here, {different.other} in the recording"
            shape = f"{different.aspect} {different.where} {different.one} {different.other}"
            yield _finding(run, ALIKE, title, promise, each.where, shape, each.exchange, exchange, level=level)


def _there(run: Run, each: Recorded) -> Run:
    """The run as if the recorded deployment were tested."""
    target = run.target._replace(origin=each.exchange.origin, base=each.base, is_mock=False, knows_fixtures=False)
    return replace(run, target=target, observations=[], witness=None)


def _recording(run: Run) -> Recording:
    assert run.recording is not None
    return run.recording


def _finding(
    run: Run, check: str, title: str, promise: Promise, detail: str, shape: str, *exchanges: Exchange,
    level: Level | None = None,
) -> Finding:  # fmt: skip
    """What is only assumed is told as a warning: the recorded deployment never promised it to us."""
    promise = promise._replace(level=level or promise.level)
    counts = promise.level != "assumed" or _recording(run).strict
    operation = exchanges[0].operation
    return Finding(
        title, operation, promise, exchanges, detail, "error" if counts else "warning", check, None, shape
    )  # fmt: skip


def _is_redacted(sent: Sent) -> bool:
    return b"***" in sent.body


CHECKS = (
    Check(ANSWERS, "recording", "recorded answers keep the document", recorded_answers),
    Check(REQUESTS, "recording", "recorded requests were judged as the document says", recorded_requests),
    Check(ALIKE, "recording", "the deployment answers recorded requests as the recorded one did", alike),
)
"""Made only when there is a recording (``--recorded``)."""
