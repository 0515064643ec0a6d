"""The fuzzing of one contract run: a process of Schemathesis for each document, and what came of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from mock_server.contract.fuzz.findings import FuzzRecord, Reader
from mock_server.contract.fuzz.kept import KeptReport, keep_reports
from mock_server.contract.fuzz.opinion import Opinion
from mock_server.contract.fuzz.process import Fuzz
from mock_server.contract.fuzz.untested import why_untested
from mock_server.contract.model import Exchange, Finding, NotRun, Promise
from mock_server.contract.profile import rule_statuses
from mock_server.contract.run import Run
from mock_server.named import NamedTuple
from mock_server.spec.operations import Operation

FUZZ = "fuzz"
REFUSED = frozenset((401, 403, 404))
UNTESTED = {
    "missing_deserializer": "bodies of a media type that it cannot read",
    "unsupported_regex": "patterns that it cannot read",
    "unresolvable_reference": "references that it cannot follow",
    "unmatched_filter": "operations of OpenAPI 3.2 or with paths that it does not know",
    "missing_test_data": "operations for which it had no data that the deployment knows",
    "rate_limited": "requests that the deployment refused with 429",
    "timeout_units": "",
    "constants_extraction": "",
    "dictionary_mismatch": "",
}
"""Warning of Schemathesis -> what it leaves untested: listed as not run. ``""`` = says nothing about the deployment."""
NO_ANSWER = re.compile(
    r"Connect|Timeout|Chunked|SSL|ContentDecoding|InvalidHeader|Network|Unavailable|Unhealthy|Unrespons"
)
"""In the name of an error: the deployment gave no answer, or half of one."""


class Job(NamedTuple):
    """One document to fuzz, at its own URL."""

    spec: str
    operations: tuple[Operation, ...]
    url: str


class Fuzzing:
    """Begins with the first document at once; the others follow in ``wait``, one after the other."""

    def __init__(
        self,
        run: Run,
        jobs: Sequence[Job],
        opinion: Opinion,
        see: Callable[[Exchange], None],
        *,
        rate: float | None = None,
        max_response_s: float | None = None,
        kept: Sequence[KeptReport] = (),
    ) -> None:
        self._run = run
        self._waiting = list(jobs)
        self._reader = Reader(run.contract, run.seed, opinion, see)
        self._rate = rate
        self._max_response_s = max_response_s
        self._kept = tuple(kept)
        self._current: Fuzz | None = None
        self._count = 0
        self.record = FuzzRecord()
        self.failed: list[str] = []
        """Which of its own reports could not be kept, and why."""
        self._begin()

    def _begin(self) -> None:
        job = self._waiting.pop(0)
        self._count += 1
        self._current = Fuzz(
            self._run,
            job.spec,
            job.operations,
            self._run.seed,
            rate=self._rate,
            max_response_s=self._max_response_s,
            url=job.url,
            keep=[each.format for each in self._kept],
        )

    def sent_so_far(self) -> int:
        """Requests up to now."""
        current = self._current
        return self.record.requests + (current.sent_so_far() if current else 0)

    def wait(self, deadline: float | None) -> bool:
        """Until every document is done, or the deadline (of ``time.monotonic``): then False."""
        while self._current is not None:
            ended = self._current.wait(deadline)
            self._take()
            if not ended:
                return False
            if self._waiting:
                self._begin()
        return True

    def stop(self) -> None:
        """Read what the one that runs has done; the others are left."""
        if self._current is not None:
            self._current.stop()
            self._take()

    def _take(self) -> None:
        current = self._current
        assert current is not None
        try:
            self._reader.read(current.reports, self.record)
            self.record.output += current.said()
            for line in keep_reports(self._kept, current.reports, self._count, self._run.secrets):
                self.failed.append(line)
        finally:
            self._current = None
            current.close()

    def close(self) -> None:
        """Nothing is left running, and no file with secrets lies about."""
        if self._current is not None:
            self._current.close()
            self._current = None


def fuzz_findings(record: FuzzRecord, run: Run, *, whole: bool) -> Iterator[Finding | NotRun]:
    """Its findings; its errors and warnings as ours. A run that came to nothing is never silent.

    ``whole``: nobody stopped it.
    """
    yield from record.findings
    yield from _silent(record, run)
    for (kind, label), said in record.errors.items():
        yield _error(kind, label, said, run)
    for name, items in record.warnings.items():
        if items:
            yield from _warning(name, items, run)
    if whole:
        yield from _came_to_nothing(record, run)


def _silent(record: FuzzRecord, run: Run) -> Iterator[Finding]:
    """One warning for all operations: a document is rarely silent in one place only."""
    if not record.silent:
        return
    said = ", ".join(f"{operation} {status}" for operation, status in sorted(record.silent))
    promise = Promise(
        "refusals-are-documented", "the document names the answers to bad requests", "documented", "OAS 3.1 §4.8.16"
    )
    yield Finding(
        title="requests are refused with a status that the document does not name",
        operation="",
        promise=promise,
        exchanges=tuple(record.silent.values())[:1],
        detail=f"the document says nothing about how these refuse bad requests: {said}",
        severity="warning",
        check="fuzz.status_code_conformance",
        seed=run.seed,
        shape="silent",
    )


def _error(kind: str, label: str, said: list[str], run: Run) -> Finding | NotRun:
    operation = run.contract.operation(label)
    if not NO_ANSWER.search(kind):
        return NotRun(FUZZ, why_untested(kind, label, said, run))
    promise = Promise("every-request-is-answered", "every request gets a whole answer", "standard", "RFC 9110 §3.4")
    return Finding(
        title=f"{label or 'the deployment'}: no whole answer while fuzzing",
        operation=operation.key if operation else "",
        promise=promise,
        exchanges=(),
        detail="\n".join(dict.fromkeys([f"{kind}, {len(said)} times", *said[:3]])),
        severity="error",
        check="fuzz.no_answer",
        seed=run.seed,
        shape=kind,
    )


def _refuses_good_data(label: object, run: Run) -> bool:
    """Whether the fixtures have an operation refuse what keeps its schema, such as ids that nobody gave out."""
    fixture = run.contract.fixtures.operations.get(str(label))
    return fixture is not None and max(rule_statuses(fixture, run.contract.token_facts("good")), default=0) >= 400


def _warning(name: str, items: list[object], run: Run) -> Iterator[Finding | NotRun]:
    if name == "validation_mismatch":
        items = [item for item in items if not _refuses_good_data(item, run)]
        if not items:
            return
    shown = "; ".join(str(item) for item in items[:5])
    if name in UNTESTED:
        if UNTESTED[name]:
            yield NotRun(FUZZ, f"Schemathesis left out {UNTESTED[name]}: {shown}")
        return
    promise = Promise(name.replace("_", "-"), "the fuzzing tests what it should", "documented", "Schemathesis")
    title = f"Schemathesis warns: {name.replace('_', ' ')} ({len(items)})"
    severity = "error" if name == "missing_auth" else "warning"
    yield Finding(title, "", promise, (), shown, severity, "fuzz.warning", run.seed, name)  # type: ignore[arg-type]


def _came_to_nothing(record: FuzzRecord, run: Run) -> Iterator[Finding]:
    """No request, none that got behind the door, or an end before the end: none of that proves anything."""
    statuses = {status for _, status in record.statuses}
    lines = [line.strip() for line in record.output.splitlines() if line.strip()]
    last = lines[-1:] if any(line.startswith("Traceback ") for line in lines) else lines[-3:]
    if not record.requests:
        title = "the fuzzing made no request"
        why = [why_untested(kind, label, said, run) for (kind, label), said in record.errors.items()]
        detail = "\n".join(why[:3]) or f"Schemathesis said: {' / '.join(last) or 'nothing'}"
    elif statuses and statuses <= REFUSED and not _may_only_refuse(run):
        title = f"every answer to the fuzzing was {' or '.join(map(str, sorted(statuses)))}"
        detail = "nothing was tested behind that: check the token, its scopes and the base path of the URL"
    elif not record.complete:
        title = "the fuzzing broke off"
        detail = f"Schemathesis said: {' / '.join(last) or 'nothing'}"
    else:
        return
    promise = Promise("fuzzing-reaches-the-api", "the fuzzing reaches the operations", "standard", "mock-server")
    yield Finding(title, "", promise, (), detail, "error", "fuzz.nothing", run.seed, "nothing")


def _may_only_refuse(run: Run) -> bool:
    """Whether no operation documents a success: then there is none to be seen."""
    return not any(
        status[:1] in "123" or status == "default" for each in run.contract.operations for status in each.responses
    )
