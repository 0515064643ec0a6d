"""A contract run from the question to the result: find the deployment, fuzz it, walk it, count what was reached."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from mock_server.contract.checks import Check, ProfileName, all_checks, recording_checks
from mock_server.contract.client import Client
from mock_server.contract.coverage import coverage_rows, too_little, unreached_findings
from mock_server.contract.errors import EXIT_INVALID, CannotRun
from mock_server.contract.fuzz.findings import FuzzRecord, seen_statuses
from mock_server.contract.fuzz.kept import KeptReport
from mock_server.contract.fuzz.opinion import Opinion
from mock_server.contract.fuzz.phase import FUZZ, Fuzzing, Job, fuzz_findings
from mock_server.contract.impossible import tell_of_the_document
from mock_server.contract.learn.folder import check_destination, learnt
from mock_server.contract.model import Exchange, Finding, Headers, NotRun, Result
from mock_server.contract.own import own_mock
from mock_server.contract.profile import Contract, read_contract
from mock_server.contract.progress import Progress
from mock_server.contract.reach import Reach
from mock_server.contract.recorded import Recording, read_recorded
from mock_server.contract.run import Ledger, Run, Tell, chosen, walk
from mock_server.contract.serving import as_served
from mock_server.contract.target import ANY_TOKEN, Target, Tokens, is_our_mock, judge_probes, split_url
from mock_server.contract.walks.witness import Witness
from mock_server.record.secret import Secrets
from mock_server.settings import Settings
from mock_server.spec.operations import Operation
from mock_server.world import World, build_world, bundled

MAX_PROBES = 5
GRACE_S = 60.0
"""How long the fuzzing goes on when the walks are done and have found defects, which may make it endless."""


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
    """Percent of what is documented that must be reached, that counted which needs what was not given."""
    allow_remote: tuple[str, ...] = ()
    any_token: bool = False
    """Whether any token is as good as another, as for ``serve --any-token``; so with the next two."""
    formats: bool = True
    strict_query: bool = False
    max_response_s: float | None = None
    """``--max-response-time``: every answer comes within so many seconds."""
    schemathesis_reports: tuple[KeptReport, ...] = ()
    recorded: tuple[Path, ...] = ()
    """HTTP Archives of another deployment, which is judged as well and compared."""
    learn: Path | None = None
    """A folder for a copy of the fixtures with what was observed."""

    @property
    def settings(self) -> Settings:
        """What is promised, as the world is built from it."""
        return Settings(
            specs=self.specs,
            fixtures=self.fixtures,
            allow_remote=self.allow_remote,
            any_token=self.any_token,
            formats=self.formats,
            strict_query=self.strict_query,
        )


def prove(
    question: Question,
    tell: Tell = lambda _: None,
    ask: Tell = print,
    watch: Callable[[Secrets, Progress], None] = lambda _, __: None,
) -> Result:
    """Make the run. ``tell`` is told what is done now, ``watch`` gets the secrets that
    reports must hide, and what counts requests and findings.

    Raises ``CannotRun`` (exit 2 or 4), and ``Broken`` (exit 3) when document or fixtures cannot be read.
    """
    began, began_at = time.monotonic(), time.time()
    deadline = began + question.max_time_s if question.max_time_s is not None else None
    tell("reading the document")
    question = as_served(question, deadline)
    world = build_world(question.settings)
    operations = tuple(plan.operation for plan in world.plans.values())
    if not operations:
        hint = "is it the whole document? `mock-server check` says what of it cannot be used"
        raise CannotRun("MS536", "the document has no operation: there is nothing to be tested", hint, EXIT_INVALID)
    fixtures = replace(world.fixtures, tokens=None) if question.any_token else world.fixtures
    contract = read_contract(world.documents, operations, fixtures, time.time(), question.seed)
    contract = contract._replace(strict_query=question.strict_query)
    check_words(question, contract)
    recording = None
    if question.recorded:
        bases = {base for each in operations for base in each.bases} | {_base_of(question)}
        recording = Recording(read_recorded(question.recorded, world.router, bases), world.router, question.strict)
    if question.learn is not None:
        check_destination(question.learn, question.settings)
    contract, allowed = narrowed(question, contract)
    with ExitStack() as stack:
        if question.url is None:
            tell("starting our own mock")
            address = stack.enter_context(own_mock(question.specs, question.fixtures, question.allow_remote))
            origin, base = address, common_base(operations)
        else:
            origin, base = split_url(question.url)
        client = Client(origin, headers=question.headers, rate=question.rate, deadline=deadline)
        stack.callback(client.close)
        secrets = Secrets()
        secrets.learn(
            *(value for _, value in question.headers), *filter(None, question.tokens), *filter(None, contract.tokens)
        )
        ledger = Ledger()
        progress = Progress(client, ledger)
        watch(secrets, progress)
        client.watchers.append(secrets.learn_exchange)
        target = find_target(question, contract, client, base)
        if target.is_mock:
            client.headers = (*client.headers, ("Mock-Session", target.session))
        run = Run(target, contract, client, secrets, question.seed, question.profile, ask, question.max_response_s)
        run.witness = Witness(run)
        run.recording = recording
        for each in recording.exchanges if recording else ():
            secrets.learn_exchange(each.exchange)
        client.watchers.append(run.witness.watch)
        tell("looking at the deployment")
        client.allowed = allowed
        probe(run, question)
        reach = Reach(operations, target.tokens)
        client.watchers.append(reach.see)
        record = _fuzz_and_walk(_Course(run, question, world, ledger, progress, reach, deadline, tell), stack)
        result = _result(run, question, ledger, record, reach, began)
        if question.learn is not None:
            result = result._replace(learnt=learnt(run, question.learn, question.settings))
        return result._replace(profile=question.profile, began_at=began_at, times=dict(ledger.times))


def check_words(question: Question, contract: Contract) -> None:
    """``--only`` and ``--skip`` name operations, checks or families. Raises ``CannotRun`` (MS506)."""
    checks = (*all_checks(), *recording_checks())
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


def _base_of(question: Question) -> str:
    """Below which path the deployment has the API; a recording may be of another one like it."""
    return split_url(question.url)[1] if question.url is not None else ""


def common_base(operations: Sequence[Operation]) -> str:
    """The base path that all have; a mock answers at the root as well, where they differ."""
    bases = {each.bases[0] if each.bases else "" for each in operations}
    return bases.pop() if len(bases) == 1 else ""


def find_target(question: Question, contract: Contract, client: Client, base: str) -> Target:
    is_mock = is_our_mock(client)
    tokens = question.tokens
    if is_mock:  # its tokens are those of the fixtures; what was given comes first
        tokens = Tokens(*(given or own for given, own in zip(tokens, contract.tokens, strict=True)))
        if tokens.good is None and contract.fixtures.tokens is None:
            tokens = tokens._replace(good=ANY_TOKEN)  # where no file lists tokens any is good
    clock = question.clock_url or (f"{client.origin}/__mock/clock" if is_mock else None)
    session = f"contract-{question.seed % 10**9}-{time.time_ns() % 10**9}"
    known = tokens.good in (contract.fixtures.tokens or {})
    if known:  # of an expired token it is enough that nobody is let in with it, known or not
        tokens = tokens._replace(expired=tokens.expired or contract.tokens.expired)
    return Target(client.origin, base, tokens, is_mock, clock, question.consent, session if is_mock else "", known)


def probe(run: Run, question: Question) -> None:
    """Good requests to a few operations, those that begin a handshake and those without path ids first."""
    start = run.contract.start
    able = [*run.contract.operations, *([start] if start and start not in run.contract.operations else [])]
    operations = [each for each in able if each.key in run.contract.requests]
    operations.sort(key=lambda each: (each != start, "{" in each.path, each.method != "GET"))
    wants = [each for each in operations if each.security and all(each.security)]
    if wants and run.target.tokens.good is None and not question.headers and not run.target.is_mock:
        hint = "give --token TOKEN, or --header 'NAME: VALUE' for another way to be let in"
        raise CannotRun("MS505", f"{wants[0].key} wants authorization, and no token was given", hint)
    chosen_ones = operations[:1] if start else operations[:MAX_PROBES]
    judge_probes([(each, run.good(each)) for each in chosen_ones], run.target.tokens.good)


@dataclass(frozen=True, slots=True)
class _Course:
    """What the phases of one run share."""

    run: Run
    question: Question
    world: World
    ledger: Ledger
    progress: Progress
    reach: Reach
    deadline: float | None
    tell: Tell


def _fuzz_and_walk(course: _Course, stack: ExitStack) -> FuzzRecord | None:
    """Fuzz in a process while we walk; one after the other where the rate is limited."""
    run, question, ledger, tell = course.run, course.question, course.ledger, course.tell
    only, skip = words_of_checks(question.only, run), words_of_checks(question.skip, run)
    able = (*all_checks(), *(recording_checks() if run.recording else ()))
    starts = run.contract.start in run.contract.operations or (
        run.contract.start is None and run.client.allowed is None
    )
    checks, left_out = chosen(able, only, skip, starts=starts)
    ledger.not_run += left_out
    fuzz = _start_fuzz(course)
    whole, why = True, "the time of the run (--max-time) is used up"
    if fuzz is not None:
        stack.callback(fuzz.close)
        course.progress.fuzzed = fuzz.sent_so_far
    try:
        if fuzz is not None and question.rate is not None:
            tell("fuzzing")
            whole = fuzz.wait(course.deadline)
        walk(run, checks, ledger, tell)
        for each in _witnessed(run, checks):
            ledger.take(each)
        if fuzz is not None and run.client.gave_up:
            fuzz.stop()
            why, whole = "the deployment was given up", False
        if fuzz is not None and not ledger.interrupted:
            tell("fuzzing")
            enough = any(
                each.counts(strict=question.strict or run.target.stands_in) for each in ledger.findings.values()
            )
            grace = time.monotonic() + GRACE_S if enough else None
            if not fuzz.wait(min(filter(None, (course.deadline, grace)), default=None)):
                whole = False
                if course.deadline is None or time.monotonic() < course.deadline:
                    why = "the walks have found defects already"
    except KeyboardInterrupt:
        ledger.interrupted = True
    if fuzz is None:
        return None
    if ledger.interrupted:
        fuzz.stop()
        ledger.take(NotRun(FUZZ, "only a part of it: interrupted"))
    elif not whole:
        ledger.take(NotRun(FUZZ, f"only a part of it: {why}"))
    for found in (*fuzz_findings(fuzz.record, run, whole=whole and not ledger.interrupted), *_witnessed(run, checks)):
        ledger.take(found)
    for line in fuzz.failed:
        ledger.take(NotRun(FUZZ, line))
    return fuzz.record


def _witnessed(run: Run, checks: list[Check]) -> Iterator[Finding]:
    """What the witness has seen since its own checks were made, or in place of them."""
    assert run.witness is not None
    for check in checks:
        yield from run.witness.found(check.name)


def words_of_checks(words: tuple[str, ...], run: Run) -> tuple[str, ...]:
    """The words that do not name an operation."""
    return tuple(word for word in words if run.contract.operation(word) is None)


def _selected(question: Question, contract: Contract) -> tuple[Operation, ...]:
    """The operations that ``--only`` and ``--skip`` leave."""
    only = {found.key for word in question.only if (found := contract.operation(word))}
    skip = {found.key for word in question.skip if (found := contract.operation(word))}
    return tuple(each for each in contract.operations if (not only or each.key in only) and each.key not in skip)


def narrowed(question: Question, contract: Contract) -> tuple[Contract, frozenset[str] | None]:
    """The contract of the operations that are left, and the keys of those that may be sent to (None = all).

    The operation that begins a handshake is still sent to where the one that collects is left: it is the way there.
    """
    selected = _selected(question, contract)
    if len(selected) == len(contract.operations):
        return contract, None
    start = contract.start if contract.start in selected or contract.collect in selected else None
    keys = frozenset(each.key for each in (*selected, start) if each)
    return contract._replace(operations=selected, start=start), keys


def _start_fuzz(course: _Course) -> Fuzzing | None:
    run, question = course.run, course.question
    only, skip = words_of_checks(question.only, run), words_of_checks(question.skip, run)
    jobs = list(_jobs(run, question, _selected(question, run.contract)))
    if (only and FUZZ not in only) or FUZZ in skip or not jobs:
        course.ledger.take(NotRun(FUZZ, "left out by --only or --skip"))
        return None

    def see(exchange: Exchange) -> None:
        run.secrets.learn_exchange(exchange)
        course.reach.see(exchange)
        assert run.witness is not None
        run.witness.watch_fuzz(exchange)

    opinion = Opinion(run, course.world.router)
    return Fuzzing(
        run,
        jobs,
        opinion,
        see,
        rate=question.rate,
        kept=question.schemathesis_reports,
        max_response_s=question.max_response_s,
    )


def _jobs(run: Run, question: Question, selected: tuple[Operation, ...]) -> Iterator[Job]:
    """Each document with those of its operations that are selected."""
    specs: tuple[Path | str, ...] = question.specs or (bundled("openapi.yaml"),)
    for spec, document in zip(specs, run.contract.documents, strict=True):
        operations = tuple(each for each in selected if each.document is document)
        if operations:
            base = run.target.base if question.url is not None else common_base(operations)
            yield Job(spec if isinstance(spec, str) else str(spec.resolve()), operations, run.target.origin + base)


def _result(
    run: Run, question: Question, ledger: Ledger, record: FuzzRecord | None, reach: Reach, began: float
) -> Result:
    keys = {each.key for each in run.contract.operations}
    statuses: Counter[tuple[str, int]] = Counter(run.client.statuses)
    statuses.update(seen_statuses(record, keys) if record else {})
    rows = coverage_rows(run, statuses, reach)
    selected = {each.key for each in _selected(question, run.contract)}
    whole = not (question.only or question.skip or ledger.interrupted or run.client.gave_up or _cut_short(ledger))
    for finding in unreached_findings(run, rows) if whole else ():
        ledger.take(finding)
    if question.require_coverage is not None:
        for finding in too_little(run, rows, question.require_coverage):
            ledger.take(finding)
    tell_of_the_document(run, ledger)
    if run.contract.start:
        selected.add(run.contract.start.key)  # only what keeps us from getting any further
    findings = tuple(each for each in ledger.findings.values() if not each.operation or each.operation in selected)
    return Result(
        url=run.target.url,
        seed=run.seed,
        strict=question.strict or run.target.stands_in,
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
