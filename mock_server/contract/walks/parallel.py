"""Many requests at once see one truth, and each gets its own answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.checks import Check
from mock_server.contract.consent import Wish, visit
from mock_server.contract.model import Exchange, Finding, NotRun
from mock_server.contract.profile import Wanted
from mock_server.contract.run import Run
from mock_server.contract.walks.exact import same_value
from mock_server.contract.walks.handshake import Began, begin, collect, collected
from mock_server.contract.walks.judge import broken, promise, status_finding
from mock_server.contract.walks.tale import Tale, walks_pages

Found = Iterator[Finding | NotRun]
AT_ONCE = 24
ROUNDS = {"quick": 2, "full": 8}
_ONE_TRUTH = promise("one-truth", "requests at the same time see the same state", "RFC 9110 §9.2")
_OWN = promise("own-answer", "every request gets the answer to itself", "RFC 9112 §9.3")
_BOTH: tuple[Wish, ...] = ("approve", "deny")
T = TypeVar("T")


def at_once(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """All of them at the same time; the results in their order. What one raises is raised."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [each.result() for each in [pool.submit(task) for task in tasks]]


def _single_use(run: Run) -> bool:
    assert run.contract.collect is not None
    where = run.contract.fixtures.operations[run.contract.collect.key].collect
    return bool(where and where.single_use)


def _read_again(state: str) -> str:
    """The state that counts where several collect at once: all but one of them come after another."""
    return "collected" if state == "granted" else state


def _granted(run: Run, check: str) -> tuple[Tale, list[Finding | NotRun]]:
    tale = Tale(run, check)
    return tale, list(tale.tell("begin approve"))


def collections(run: Run) -> Found:
    """24 collections of a pending handshake, then of a granted one: all alike, or one winner where one spends it."""
    check, operation = "parallel.collections", run.contract.collect
    assert operation is not None
    if walks_pages(run):
        yield NotRun(check, walks_pages(run))
        return
    for words in ("begin", "begin approve"):
        tale = Tale(run, check)
        found = list(tale.tell(words))
        yield from found
        told = tale.handshakes[0]
        if found:
            return
        state = told.state
        seen = at_once([lambda told=told: collect(run, told.began) for _ in range(AT_ONCE)])  # type: ignore[misc]
        if state == "granted" and _single_use(run):
            yield from _one_winner(run, check, seen)
            continue
        wanted = collected(run, _read_again(state))
        for exchange in seen if wanted else ():
            assert wanted is not None
            reason = f"one of {AT_ONCE} collections at once while it is {state}"
            finding = status_finding(run, check, operation, wanted, reason, exchange, provider=told.provider)
            if finding:
                yield finding
        if wanted is not None and state == "granted":
            yield from _all_alike(run, check, seen, wanted)


def _one_winner(run: Run, check: str, seen: list[Exchange]) -> Found:
    good = [each for each in seen if 200 <= each.seen.status < 300]
    if len(good) != 1:
        title = f"of {AT_ONCE} collections at once {len(good)} get what is given once"
        yield broken(run, check, run.contract.collect, _ONE_TRUTH, title, *good[:3], shape="not one winner")


def _all_alike(run: Run, check: str, seen: list[Exchange], wanted: Wanted) -> Found:
    """Credentials only: an error may tell the id of its request."""
    try:
        values = [read_strictly(each.seen.body) for each in seen]
    except NotStrict:
        return  # the witness says so
    other = next((index for index, value in enumerate(values) if not same_value(values[0], value)), None)
    if other is not None:
        title = f"of {AT_ONCE} collections at once not all give the same answer"
        told = wanted.promise._replace(key=_ONE_TRUTH.key, text=_ONE_TRUTH.text)
        yield broken(run, check, run.contract.collect, told, title, seen[0], seen[other])


def starts(run: Run) -> Found:
    """24 starts at once are 24 handshakes, each of which can be collected."""
    check, operation = "parallel.starts", run.contract.start
    begun = at_once([lambda: begin(run) for _ in range(AT_ONCE)])
    for name, values in (
        ("pull_id", [each.pull_id for each in begun]),
        ("auth_uri", [each.auth_uri for each in begun]),
    ):
        if len(set(values)) < len(values):
            title = f"{AT_ONCE} starts at once give the same {name} more than once"
            twice = {value for value, times in Counter(values).items() if times > 1}
            shown = [each.exchange for each, value in zip(begun, values, strict=True) if value in twice]
            yield broken(run, check, operation, _ONE_TRUTH, title, *shown[:3])
            return
    yield from _each_as(run, check, begun)


def _each_as(run: Run, check: str, begun: list[Began]) -> Found:
    provider = run.contract.provider()
    operation = run.contract.collect
    wanted = collected(run, "asked") if provider and provider.consent == "ask" else None
    assert operation is not None
    for each in begun if wanted else ():
        assert wanted is not None
        reason = f"begun with {AT_ONCE} others at once"
        found = status_finding(run, check, operation, wanted, reason, each.exchange, collect(run, each))
        if found:
            yield found


def decisions(run: Run) -> Found:
    """Approve and Deny at once: one of them wins, and it stays so."""
    check, operation = "parallel.decisions", run.contract.collect
    assert operation is not None
    provider = run.contract.provider()
    if run.target.consent != "visit" or provider is None or provider.consent != "ask":
        yield NotRun(check, "only where we walk the consent page (--consent visit)")
        return
    for _ in range(ROUNDS[run.profile]):
        began = begin(run)
        pages = [partial(visit, run.client, began.auth_uri, wish) for wish in _BOTH]
        both = at_once(pages)
        if not any(each.ok for each in both):
            yield NotRun(check, both[0].why)
            return
        first, second = collect(run, began), collect(run, began)
        if _single_use(run) or not run.target.stands_in:  # a second read is nobody's promise
            second = first
        if not _has_won(run, check, first, second):
            shown = f"{first.seen.status or first.seen.fault}, then {second.seen.status or second.seen.fault}"
            title = f"after Approve and Deny at once nobody has won: collecting answers {shown}"
            last = [each.exchanges[-1] for each in both if each.exchanges]
            yield broken(run, check, operation, _ONE_TRUTH, title, *last, first, second, shape="nobody has won")
            return


def _has_won(run: Run, check: str, *seen: Exchange) -> bool:
    """Whether all answers are those of one decision."""
    operation = run.contract.collect
    assert operation is not None
    for state in ("granted", "denied"):
        wanted = collected(run, state)
        if wanted and not any(status_finding(run, check, operation, wanted, state, each) for each in seen):
            return True
    return False


def mixed(run: Run) -> Found:
    """Requests of every kind at once, over and over: each gets its own answer, each handshake its own credentials."""
    check, start, operation = "parallel.mixed", run.contract.start, run.contract.collect
    assert start is not None
    assert operation is not None
    if walks_pages(run):
        yield NotRun(check, walks_pages(run))
        return
    tale = Tale(run, check)
    able = [each for each in run.contract.fixtures.providers.values() if each.oauth2 and each.consent == "ask"]
    usual = run.contract.provider()
    for index in range(6):
        tale.begin(able[index % len(able)] if run.target.is_mock and able else usual)
    yield from tale.tell("approve:0 approve:1 approve:2 deny:3")
    once = _single_use(run)
    for turn in range(ROUNDS[run.profile]):
        tasks: list[Callable[[], Exchange]] = []
        wanted: list[tuple[Wanted | None, int]] = []
        for number, told in enumerate(tale.handshakes):
            state = "spent" if once and turn and told.state in ("granted", "collected") else told.state
            repeats = 1 if once and state == "granted" else 3
            tasks += [lambda told=told: collect(run, told.began)] * repeats  # type: ignore[misc]
            wanted += [(collected(run, _read_again(state) if repeats > 1 else state), number)] * repeats
        for task in (lambda: run.good(start), lambda: collect(run, None, pull_id="contract-nobody-gave-this-out")):
            tasks += [task] * 2
            wanted += [(None, 0)] * 2
        for exchange, (each, number) in zip(at_once(tasks), wanted, strict=True):
            reason = f"among {len(tasks)} requests at once, of several handshakes"
            told = tale.handshakes[number]
            found = each and status_finding(run, check, operation, each, reason, exchange, provider=told.provider)
            if found:
                yield found._replace(promise=found.promise._replace(key=f"{_OWN.key}-{found.promise.key}"))
        for told in tale.handshakes:
            told.happens("collect")


CHECKS = (
    Check("parallel.starts", "parallel", "starts at once", starts, ("handshake",)),
    Check("parallel.collections", "parallel", "collections at once", collections, ("handshake", "consent")),
    Check("parallel.decisions", "parallel", "Approve and Deny at once", decisions, ("handshake", "consent")),
    Check("parallel.mixed", "parallel", "requests of every kind at once", mixed, ("handshake", "consent")),
)
