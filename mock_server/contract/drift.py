"""Drift: the same requests to a mock and to the real deployment, and where the two answer differently.

Each side walks its own handshakes with every check of the contract, so ids are never carried over: what one side gave
stands in its requests where the other's stands in the other's. Answers are matched by check, operation and reason.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from mock_server.contract.checks import HOW_TO_GIVE, Check, all_checks
from mock_server.contract.client import Client
from mock_server.contract.compare import differences
from mock_server.contract.differ import judged
from mock_server.contract.errors import CannotRun, OutOfTime
from mock_server.contract.generated import GENERATED
from mock_server.contract.model import Exchange, Finding, Level, NotRun, Promise, Result
from mock_server.contract.observe import Observation
from mock_server.contract.own import own_mock
from mock_server.contract.profile import Contract, read_contract
from mock_server.contract.prove import Question, check_words, common_base, find_target, narrowed, probe, words_of_checks
from mock_server.contract.run import Ledger, Run, Tell, chosen, guarded
from mock_server.contract.target import NOBODY_THERE, Tokens, split_url
from mock_server.named import NamedTuple
from mock_server.record.secret import Secrets
from mock_server.spec.operations import Operation
from mock_server.world import build_world

ALONE = frozenset(("stability", "parallel", "witness", "secrets", "sequences.explored"))
"""Families, and one check, that judge one side by itself; there is nothing in them to compare."""
Key = tuple[str, ...]


class Row(NamedTuple):
    """One difference, however many requests show it. Statuses differ for a reason; all else is one row for all reasons.

    ``Row("POST /oauth2/credentials", ("collected before anybody consented",), "status", "", "402", "402", "409",
    "assumed", 1)``
    """

    operation: str
    reasons: tuple[str, ...]
    aspect: str
    where: str
    status: str
    """Of the answers whose shape or headers differ; of the mock's where the statuses do."""
    mock: str
    real: str
    level: Level
    times: int

    @property
    def reason(self) -> str:
        """The first, and how many more there are."""
        more = len(self.reasons) - 1
        return self.reasons[0] + (f" (and {more} more)" if more else "")

    @property
    def what(self) -> str:
        """``status``, or ``shape body.userId of 200``."""
        return self.aspect if self.aspect == "status" else f"{f'{self.aspect} {self.where}'.strip()} of {self.status}"


class Drift(NamedTuple):
    """What a comparison found. ``result`` is the same as findings, for the reports; ``compared`` counts pairs."""

    rows: tuple[Row, ...]
    compared: int
    result: Result


@dataclass(slots=True)
class Side:
    """One of the two deployments."""

    name: str
    run: Run
    seen: list[Exchange] = field(default_factory=list)


@dataclass(slots=True)
class Pairs:
    """The differences so far, and how many pairs were compared."""

    rows: dict[Key, tuple[Row, Finding]] = field(default_factory=dict)
    compared: int = 0
    clients: list[Client] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Of both sides, while it goes on."""
        return sum(each.sent_count for each in self.clients)

    @property
    def found(self) -> int:
        """How many differences so far."""
        return len(self.rows)


def drift(
    question: Question,
    mock_url: str | None,
    tell: Tell = lambda _: None,
    ask: Tell = print,
    watch: Callable[[Secrets, Pairs], None] = lambda _, __: None,
) -> Drift:
    """Compare ``question.url``, the real deployment, with a mock; ``mock_url`` None = our own is started.

    Tokens, headers, consent and clock of the question are the real deployment's. Raises as ``prove`` does.
    """
    assert question.url is not None
    began = time.monotonic()
    deadline = began + question.max_time_s if question.max_time_s is not None else None
    tell("reading the document")
    world = build_world(question.settings)
    operations = tuple(plan.operation for plan in world.plans.values())
    contract = read_contract(world.documents, operations, world.fixtures, time.time(), question.seed)
    check_words(question, contract)
    contract, allowed = narrowed(question, contract)
    secrets, pairs = Secrets(), Pairs()
    watch(secrets, pairs)
    with ExitStack() as stack:
        real = _side("real", question, question.url, contract, secrets, deadline, stack, ask)
        mock_question = replace(question, headers=(), rate=None, clock_url=None)
        if mock_url is None:
            tell("starting our own mock")
            mock_url = stack.enter_context(own_mock(question.specs, question.fixtures, question.allow_remote))
            mock_url += common_base(operations)
        mock = _side("mock", mock_question, mock_url, contract, secrets, deadline, stack, ask)
        if (mock.run.target.origin, mock.run.target.base) == (real.run.target.origin, real.run.target.base):
            hint = "give --mock and --real two URLs, or leave --mock out: then our own is started"
            raise CannotRun("MS531", "both sides are the same deployment", hint)
        _level(mock.run, real.run)
        pairs.clients += [mock.run.client, real.run.client]
        for side in (mock, real):
            tell(f"looking at the {side.name}")
            side.run.client.allowed = allowed
            with _naming(side.name):
                probe(side.run, question)
        ledger = Ledger()
        _walk_both(mock, real, question, ledger, pairs, tell)
        if not pairs.compared and not ledger.interrupted:
            hint = "see --only, --skip and --max-time; without fixtures only what the document shows is sent"
            raise CannotRun("MS532", "no request could be compared", hint)
        return _result(mock, real, question, ledger, pairs, began)


def _side(
    name: str,
    question: Question,
    url: str,
    contract: Contract,
    secrets: Secrets,
    deadline: float | None,
    stack: ExitStack,
    ask: Tell,
) -> Side:
    origin, base = split_url(url)
    client = Client(origin, headers=question.headers, rate=question.rate, deadline=deadline)
    stack.callback(client.close)
    secrets.learn(
        *(value for _, value in question.headers), *filter(None, question.tokens), *filter(None, contract.tokens)
    )
    client.watchers.append(secrets.learn_exchange)
    with _naming(name):
        target = find_target(question, contract, client, base)
    if target.is_mock:
        client.headers = (*client.headers, ("Mock-Session", target.session))
        if name == "mock":  # it knows its own tokens and no others
            target = target._replace(tokens=Tokens(*(own or given for own, given in _both(contract, question))))
    side = Side(name, Run(target, contract, client, secrets, question.seed, question.profile, ask))
    client.watchers.append(side.seen.append)
    return side


@contextmanager
def _naming(side: str) -> Iterator[None]:
    """An error says which of the two it is about."""
    try:
        yield
    except CannotRun as error:
        hint = f"is it running, and is the URL of --{side} right?" if error.hint == NOBODY_THERE else error.hint
        raise CannotRun(error.code, f"the {side}: {error.message}", hint, error.exit_code) from None


def _both(contract: Contract, question: Question) -> Iterator[tuple[str | None, str | None]]:
    return zip(contract.tokens, question.tokens, strict=True)


def _level(mock: Run, real: Run) -> None:
    """A part that one side has no token for is played on neither; so with the clock."""
    both = [
        one is not None and other is not None for one, other in zip(mock.target.tokens, real.target.tokens, strict=True)
    ]
    for run in (mock, real):
        tokens = Tokens(*(token if kept else None for token, kept in zip(run.target.tokens, both, strict=True)))
        run.target = run.target._replace(tokens=tokens)
    if mock.target.clock_url is None or real.target.clock_url is None:
        mock.target, real.target = mock.target._replace(clock_url=None), real.target._replace(clock_url=None)
    if real.target.consent == "none":
        mock.target = mock.target._replace(consent="none")
    elif mock.target.is_mock:
        mock.target = mock.target._replace(consent="visit")


def _walk_both(mock: Side, real: Side, question: Question, ledger: Ledger, pairs: Pairs, tell: Tell) -> None:
    only, skip = (words_of_checks(words, real.run) for words in (question.only, question.skip))
    able = [each for each in (GENERATED, *all_checks()) if not {each.family, each.name} & ALONE]
    checks, left_out = chosen(able, only, skip, starts=real.run.contract.start in real.run.contract.operations)
    ledger.not_run += left_out
    for index, check in enumerate(checks):
        tell(f"{check.family}: {check.name}")
        try:
            _walk_one(mock, real, check, ledger, pairs)
        except (OutOfTime, KeyboardInterrupt) as error:
            ledger.interrupted = isinstance(error, KeyboardInterrupt)
            why = "interrupted" if ledger.interrupted else "the time of the run (--max-time) is used up"
            ledger.not_run += [NotRun(each.name, why) for each in checks[index:]]
            return


def _walk_one(mock: Side, real: Side, check: Check, ledger: Ledger, pairs: Pairs) -> None:
    if real.run.profile not in check.profiles:
        ledger.take(NotRun(check.name, "only in --profile full"))
        return
    missing = next((need for need in check.needs if not (mock.run.has(need) and real.run.has(need))), None)
    if missing:
        ledger.take(NotRun(check.name, HOW_TO_GIVE[missing]))
        return
    made = [_made(side, check) for side in (mock, real)]
    for each in (made[0][1], made[1][1]):
        for not_run in each:
            ledger.take(not_run)
    before = pairs.compared
    _compare(check, mock, real, made[0][0], made[1][0], pairs)
    if pairs.compared > before:
        ledger.passed.append(check.name)


def _made(side: Side, check: Check) -> tuple[dict[Key, tuple[Exchange, Observation | None]], list[NotRun]]:
    """What the check asked and got, by a key that is the same on both sides."""
    run = side.run
    run.chance = random.Random(f"{run.seed} {check.name}")  # noqa: S311
    run.observations.clear()
    side.seen.clear()
    not_run = [each for each in guarded(run, check) if isinstance(each, NotRun)]
    judged = {id(each.exchange): each for each in run.observations}
    found: dict[Key, tuple[Exchange, Observation | None]] = {}
    times: Counter[Key] = Counter()
    for exchange in side.seen:
        if not exchange.operation:
            continue
        observed = judged.get(id(exchange))
        key = (exchange.operation, observed.reason) if observed else _signature(run, exchange)
        times[key] += 1
        found[*key, str(times[key])] = exchange, observed
    return found, not_run


def _signature(run: Run, exchange: Exchange) -> Key:
    """The request without what each side has of its own: ids, tokens, host and session."""
    sent = exchange.sent
    headers = sorted(name.lower() for name, _ in sent.headers if name.lower() != "mock-session")
    target = sent.target.removeprefix(run.target.base)
    body = run.secrets.scrub_body(sent.body)
    return exchange.operation, "", sent.method, run.secrets.scrub(target), body, " ".join(dict.fromkeys(headers))


def _compare(
    check: Check,
    mock: Side,
    real: Side,
    ours: dict[Key, tuple[Exchange, Observation | None]],
    theirs: dict[Key, tuple[Exchange, Observation | None]],
    pairs: Pairs,
) -> None:
    for key, (one, observed) in ours.items():
        if key not in theirs:
            continue
        other, observed_there = theirs[key]
        pairs.compared += 1
        operation = real.run.contract.operation(one.operation) or _means(real.run.contract, one.operation)
        reason = observed.reason if observed else check.summary
        for each in differences(operation, one.seen, other.seen):
            level, promise = judged(real.run, operation, each, one, other, (observed, observed_there), reason)
            status = str(one.seen.status)
            row = Row(operation.key, (reason,), each.aspect, each.where, status, each.one, each.other, level, 1)
            _take(pairs, row, promise, check, (one, other), real.run.seed)


def _means(contract: Contract, key: str) -> Operation:
    assert contract.start is not None
    assert contract.start.key == key
    return contract.start


def _take(
    pairs: Pairs, row: Row, promise: Promise, check: Check, exchanges: tuple[Exchange, Exchange], seed: int
) -> None:
    reason = row.reasons[0] if row.aspect == "status" else ""
    key = (row.operation, reason, *row[2:-1])
    if key in pairs.rows:
        before, finding = pairs.rows[key]
        reasons = before.reasons if row.reasons[0] in before.reasons else (*before.reasons, *row.reasons)
        pairs.rows[key] = before._replace(times=before.times + 1, reasons=reasons), finding
        return
    title = f"{row.operation}: {row.reason}: {row.what} is {row.mock} on the mock, {row.real} on the real deployment"
    finding = Finding(
        title, row.operation, promise, exchanges, promise.text, "error", f"drift.{check.name}", seed, " ".join(key)
    )  # fmt: skip
    pairs.rows[key] = row, finding


def _result(mock: Side, real: Side, question: Question, ledger: Ledger, pairs: Pairs, began: float) -> Drift:
    result = Result(
        url=f"{real.run.target.url} beside {mock.run.target.url}",
        seed=question.seed,
        strict=question.strict,
        findings=tuple(finding for _, finding in pairs.rows.values()),
        not_run=tuple(ledger.not_run),
        coverage=(),
        passed=tuple(ledger.passed),
        requests={side.name: side.run.client.sent_count for side in (mock, real)},
        seconds=time.monotonic() - began,
        interrupted=ledger.interrupted,
    )
    rows = [row for row, _ in pairs.rows.values()]
    return Drift(tuple(_sorted(rows, real.run.contract.operations)), pairs.compared, result)


def _sorted(rows: Sequence[Row], operations: Sequence[Operation]) -> Iterator[Row]:
    """By operation as the document has them, what is documented first."""
    by_operation: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_operation[row.operation].append(row)
    for key in dict.fromkeys((*(each.key for each in operations), *by_operation)):
        yield from sorted(by_operation.get(key, []), key=lambda row: (row.level == "assumed", row.aspect != "status"))
