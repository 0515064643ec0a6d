"""A contract run from the question to the result: find the deployment, fuzz it, walk it, count what was reached."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from mock_server.contract.checks import Check, ProfileName, all_checks
from mock_server.contract.client import Client
from mock_server.contract.coverage import status_coverage, too_little, unreached_findings
from mock_server.contract.errors import CannotRun
from mock_server.contract.fuzz.findings import FuzzRecord, seen_statuses
from mock_server.contract.fuzz.process import Fuzz
from mock_server.contract.model import Finding, Headers, NotRun, Promise, Result
from mock_server.contract.own import own_mock
from mock_server.contract.profile import Contract, read_contract
from mock_server.contract.run import Ledger, Run, Tell, chosen, walk
from mock_server.contract.secret import Secrets
from mock_server.contract.target import Target, Tokens, is_our_mock, judge_probes, split_url
from mock_server.contract.walks.witness import Witness
from mock_server.settings import Settings
from mock_server.spec.operations import Operation
from mock_server.world import build_world, bundled

MAX_PROBES = 5
FUZZ = "fuzz"
GRACE_S = 60.0
"""How long the fuzzing goes on when the walks are done and have found defects, which may make it endless."""
ANY_TOKEN = "any-token-is-good"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Question:
    """What a run was asked. ``url`` None = start our own mock; ``specs`` empty = the bundled document."""

    url: str | None = None
    specs: tuple[Path | str, ...] = ()
    fixtures: Path | None = None
    tokens: Tokens = field(default_factory=Tokens)
    headers: Headers = ()
    consent: str = "visit"
    clock_url: str | None = None
    seed: int = 0
    profile: ProfileName = "quick"
    max_time_s: float | None = None
    rate: float | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    strict: bool = False
    require_coverage: float | None = None
    """Percent of the documented answers that must be reached, those counted that need what was not given."""
    allow_remote: tuple[str, ...] = ()
    max_response_s: float | None = None
    """``--max-response-time``: every answer comes within so many seconds."""


def prove(
    question: Question,
    tell: Tell = lambda _: None,
    ask: Tell = print,
    watch: Callable[[Secrets], None] = lambda _: None,
) -> Result:
    """Make the run. ``tell`` is told what is done now, ``watch`` gets the secrets that reports must hide.

    Raises ``CannotRun`` (exit 2 or 4), and ``Broken`` (exit 3) when document or fixtures cannot be read.
    """
    began = time.monotonic()
    deadline = began + question.max_time_s if question.max_time_s is not None else None
    tell("reading the document")
    world = build_world(Settings(specs=question.specs, fixtures=question.fixtures, allow_remote=question.allow_remote))
    operations = tuple(plan.operation for plan in world.plans.values())
    contract = read_contract(world.documents, operations, world.fixtures, time.time(), question.seed)
    _check_words(question, contract)
    with ExitStack() as stack:
        if question.url is None:
            tell("starting our own mock")
            address = stack.enter_context(own_mock(question.specs, question.fixtures, question.allow_remote))
            origin, base = address, _base(operations)
        else:
            origin, base = split_url(question.url)
        client = Client(origin, headers=question.headers, rate=question.rate, deadline=deadline)
        stack.callback(client.close)
        secrets = Secrets()
        secrets.learn(
            *(value for _, value in question.headers), *filter(None, question.tokens), *filter(None, contract.tokens)
        )
        watch(secrets)
        client.watchers.append(secrets.learn_exchange)
        target = _target(question, contract, client, base)
        if target.is_mock:
            client.headers = (*client.headers, ("Mock-Session", target.session))
        run = Run(target, contract, client, secrets, question.seed, question.profile, ask, question.max_response_s)
        run.witness = Witness(run)
        client.watchers.append(run.witness.watch)
        tell("looking at the deployment")
        _probe(run, question)
        ledger = Ledger()
        record = _fuzz_and_walk(run, question, ledger, stack, deadline, tell)
        return _result(run, question, ledger, record, began)


def _check_words(question: Question, contract: Contract) -> None:
    """``--only`` and ``--skip`` name operations, checks or families. Raises ``CannotRun`` (MS506)."""
    checks = all_checks()
    known = {FUZZ, *(each.name for each in checks), *(each.family for each in checks)}
    for word in (*question.only, *question.skip):
        if word not in known and contract.operation(word) is None:
            names = ", ".join(sorted({FUZZ, *(each.family for each in checks)}))
            hint = (
                f"families are {names}; operations are written as {contract.operations[0].key!r}"
                if contract.operations
                else names
            )
            raise CannotRun("MS506", f"{word!r} is no check, family or operation", hint)


def _base(operations: tuple[Operation, ...]) -> str:
    return operations[0].bases[0] if operations and operations[0].bases else ""


def _target(question: Question, contract: Contract, client: Client, base: str) -> Target:
    is_mock = is_our_mock(client)
    tokens = question.tokens
    if is_mock:  # its tokens are those of the fixtures; what was given comes first
        tokens = Tokens(*(given or own for given, own in zip(tokens, contract.tokens, strict=True)))
        if tokens.good is None and contract.fixtures.tokens is None:
            tokens = tokens._replace(good=ANY_TOKEN)  # where no file lists tokens any is good
    clock = question.clock_url or (f"{client.origin}/__mock/clock" if is_mock else None)
    session = f"contract-{question.seed % 10**9}-{time.time_ns() % 10**9}"
    return Target(client.origin, base, tokens, is_mock, clock, question.consent, session if is_mock else "")


def _probe(run: Run, question: Question) -> None:
    """Good requests to a few operations, those that begin a handshake and those without path ids first."""
    operations = [each for each in run.contract.operations if each.key in run.contract.requests]
    operations.sort(key=lambda each: (each != run.contract.start, "{" in each.path, each.method != "GET"))
    wants = [each for each in operations if each.security and all(each.security)]
    if wants and run.target.tokens.good is None and not question.headers and not run.target.is_mock:
        hint = "give --token TOKEN, or --header 'NAME: VALUE' for another way to be let in"
        raise CannotRun("MS505", f"{wants[0].key} wants authorization, and no token was given", hint)
    chosen_ones = operations[:1] if run.contract.start else operations[:MAX_PROBES]
    judge_probes([(each, run.good(each)) for each in chosen_ones], run.target.tokens.good)


def _fuzz_and_walk(
    run: Run, question: Question, ledger: Ledger, stack: ExitStack, deadline: float | None, tell: Tell
) -> FuzzRecord | None:
    """Fuzz in a process while we walk; one after the other where the rate is limited."""
    checks, left_out = chosen(all_checks(), _of_checks(question.only, run), _of_checks(question.skip, run))
    ledger.not_run += left_out
    fuzz = _start_fuzz(run, question, ledger)
    if fuzz is not None:
        stack.callback(fuzz.close)
    try:
        if fuzz is not None and question.rate is not None:
            tell("fuzzing")
            fuzz.wait(deadline)
        walk(run, checks, ledger, tell)
        for each in _witnessed(run, checks):
            ledger.take(each)
        if fuzz is None:
            return None
        if run.client.gave_up:
            fuzz.stop()
        if not ledger.interrupted:
            tell("fuzzing")
            enough = any(each.counts(strict=question.strict or run.target.is_mock) for each in ledger.findings.values())
            grace = time.monotonic() + GRACE_S if enough else None
            if not fuzz.wait(min(filter(None, (deadline, grace)), default=None)):
                spent = deadline is not None and time.monotonic() >= deadline
                why = "the time of the run (--max-time) is used up" if spent else "the walks have found defects already"
                ledger.take(NotRun(FUZZ, f"only a part of it: {why}"))
    except KeyboardInterrupt:
        ledger.interrupted = True
    if fuzz is None:
        return None
    if ledger.interrupted:
        fuzz.stop()
        ledger.take(NotRun(FUZZ, "only a part of it: interrupted"))
    assert run.witness is not None
    record = fuzz.record(run.witness.watch_fuzz)
    for found in (*fuzz_findings(record, run), *_witnessed(run, checks)):
        ledger.take(found)
    return record


def _witnessed(run: Run, checks: list[Check]) -> Iterator[Finding]:
    """What the witness has seen since its own checks were made, or in place of them."""
    assert run.witness is not None
    for check in checks:
        yield from run.witness.found(check.name)


def _of_checks(words: tuple[str, ...], run: Run) -> tuple[str, ...]:
    """The words that do not name an operation."""
    return tuple(word for word in words if run.contract.operation(word) is None)


def _selected(question: Question, contract: Contract) -> tuple[Operation, ...]:
    """The operations that ``--only`` and ``--skip`` leave."""
    only = {found.key for word in question.only if (found := contract.operation(word))}
    skip = {found.key for word in question.skip if (found := contract.operation(word))}
    return tuple(each for each in contract.operations if (not only or each.key in only) and each.key not in skip)


def _start_fuzz(run: Run, question: Question, ledger: Ledger) -> Fuzz | None:
    only, skip = _of_checks(question.only, run), _of_checks(question.skip, run)
    operations = _selected(question, run.contract)
    if (only and FUZZ not in only) or FUZZ in skip or not operations:
        ledger.take(NotRun(FUZZ, "left out by --only or --skip"))
        return None
    if len(run.contract.documents) != 1:
        ledger.take(NotRun(FUZZ, "several documents at once are not fuzzed; give one --spec"))
        return None
    spec = question.specs[0] if question.specs else bundled("openapi.yaml")
    shown = spec if isinstance(spec, str) else str(spec.resolve())
    return Fuzz(run, shown, operations, run.seed, rate=question.rate, max_response_s=question.max_response_s)


def fuzz_findings(record: FuzzRecord, run: Run) -> Iterator[Finding | NotRun]:
    """Its findings; its errors and warnings as ours; a run that came to nothing is never silent."""
    yield from record.findings
    for error in record.errors:
        title = str(error.get("title", "an error"))
        yield NotRun(FUZZ, f"Schemathesis could not test a part: {title}")
    for name, items in record.warnings.items():
        promise = Promise(name.replace("_", "-"), "the fuzzing tests what it should", "documented", "Schemathesis")
        severe = name == "missing_auth"
        title = f"Schemathesis warns: {name.replace('_', ' ')} ({len(items)})"
        detail = "; ".join(str(item) for item in items[:5])
        yield Finding(title, "", promise, (), detail, "error" if severe else "warning", "fuzz.warning", run.seed, name)
    if not record.requests and not record.findings:
        last = [line.strip() for line in record.output.splitlines() if line.strip()][-3:]
        yield NotRun(FUZZ, f"Schemathesis made no request: {' / '.join(last) or 'it said nothing'}")


def _result(run: Run, question: Question, ledger: Ledger, record: FuzzRecord | None, began: float) -> Result:
    keys = {each.key for each in run.contract.operations}
    statuses: Counter[tuple[str, int]] = Counter(run.client.statuses)
    statuses.update(seen_statuses(record, keys) if record else {})
    rows = status_coverage(run, statuses)
    selected = {each.key for each in _selected(question, run.contract)}
    whole = not (question.only or question.skip or ledger.interrupted or _cut_short(ledger))
    for finding in unreached_findings(run, rows) if whole else ():
        ledger.take(finding)
    if question.require_coverage is not None:
        for finding in too_little(run, rows, question.require_coverage):
            ledger.take(finding)
    findings = tuple(each for each in ledger.findings.values() if not each.operation or each.operation in selected)
    return Result(
        url=run.target.url,
        seed=run.seed,
        strict=question.strict or run.target.is_mock,
        findings=findings,
        not_run=tuple(ledger.not_run),
        coverage=tuple(row for row in rows if row.operation in selected),
        passed=tuple(ledger.passed),
        requests={"walks": run.client.sent_count, FUZZ: record.requests if record else 0},
        seconds=time.monotonic() - began,
        interrupted=ledger.interrupted,
    )


def _cut_short(ledger: Ledger) -> bool:
    return any("used up" in each.why for each in ledger.not_run)
