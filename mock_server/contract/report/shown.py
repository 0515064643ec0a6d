"""What every report shows of a result: texts without secrets, made in this one place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from mock_server.contract.model import Exchange, Reached, Result
from mock_server.contract.report.cause import Told, told
from mock_server.named import NamedTuple
from mock_server.record.secret import Secrets

MAX_BODY = 2000
MAX_DETAIL = 4000
MAX_EXCHANGES = 6
Verdict = Literal["kept", "kept as far as it was tested", "broken", "interrupted", "not tested"]
_PLACE = re.compile(r"^(?P<path>[^\s#]+\.[A-Za-z]+):(?P<line>\d+)(?::\d+)?(?:\s|$)")


class ShownExchange(NamedTuple):
    """One request and its answer: ``curl -i …`` and ``402 {"status":402}``."""

    curl: str
    status: int
    answer: str
    seconds: float


class ShownFinding(NamedTuple):
    """A finding as reports print it. ``path`` and ``line`` are those of the promise, when a file holds it."""

    title: str
    operation: str
    check: str
    counts: bool
    severity: str
    level: str
    promise: str
    key: str
    source: str
    path: str
    line: int
    detail: str
    seed: int | None
    times: int
    exchanges: tuple[ShownExchange, ...]
    checks: tuple[str, ...] = ()
    """All whose findings it stands for, its own first."""

    @property
    def group(self) -> str:
        """``finding`` fails the run, ``assumption`` differs from what was assumed, ``warning`` is neither."""
        if self.counts:
            return "finding"
        return "warning" if self.severity == "warning" else "assumption"


class Shown(NamedTuple):
    """A whole result without secrets."""

    result: Result
    verdict: Verdict
    headline: str
    findings: tuple[ShownFinding, ...]
    """Those that count first."""
    not_run: tuple[tuple[str, tuple[str, ...]], ...]
    """``(why, checks)``."""
    coverage: tuple[Reached, ...]
    reached: int

    @property
    def percent(self) -> float:
        """How much of what is documented was reached; nothing documented is wholly covered."""
        return 100 * self.reached / len(self.coverage) if self.coverage else 100.0

    def left_out(self) -> list[tuple[str, str]]:
        """``("protocol, edges.twice", "why")``: a family by its name where nothing else became of any of its checks."""
        of_family: dict[str, set[str]] = {}
        for name in (check for _, checks in self.not_run for check in checks):
            of_family.setdefault(name.partition(".")[0], set()).add(name)
        for name in (*self.result.passed, *(each.check for each in self.result.findings)):
            of_family.pop(name.partition(".")[0], None)
        found = []
        for why, checks in self.not_run:
            whole = {family for family, names in of_family.items() if names <= set(checks) and len(names) > 1}
            shown = (check.partition(".")[0] if check.partition(".")[0] in whole else check for check in checks)
            found.append((", ".join(dict.fromkeys(shown)), why))
        return found

    def of_group(self, group: str) -> tuple[ShownFinding, ...]:
        return tuple(each for each in self.findings if each.group == group)


def show(result: Result, secrets: Secrets) -> Shown:
    """The result as any report may print it."""
    findings = sorted(
        (_finding(each, result, secrets) for each in told(result)),
        key=lambda each: ("finding", "assumption", "warning").index(each.group),
    )
    findings = _merged(findings)
    by_why: dict[str, list[str]] = {}
    for each in result.not_run:
        by_why.setdefault(secrets.scrub(each.why), []).append(each.check)
    coverage = tuple(
        each._replace(name=secrets.scrub(each.name), how=secrets.scrub(each.how)) for each in result.coverage
    )
    return Shown(
        result._replace(error=secrets.scrub(result.error)),
        verdict_of(result),
        _headline(result, tuple(findings)),
        tuple(findings),
        tuple((why, tuple(checks)) for why, checks in by_why.items()),
        coverage,
        sum(each.state == "reached" for each in coverage),
    )


def _merged(findings: list[ShownFinding]) -> list[ShownFinding]:
    """What one place promises and is broken in one way is told once, with every occasion.

    Walks look at each reason by itself: an operation that answers 400 instead of 429 does so for all of them.
    """
    first: dict[tuple[str, ...], ShownFinding] = {}
    occasions: dict[tuple[str, ...], list[str]] = {}
    for each in findings:
        said, colon, occasion = each.title.partition(": ")
        key: tuple[str, ...] = (each.group, each.check, each.operation, each.source, said if colon else each.title)
        if "instead of" not in said:
            key = (*key, each.title, each.key)
        if key not in first:
            first[key] = each
        elif "instead of" in said:
            first[key] = first[key]._replace(times=first[key].times + each.times)
            occasions.setdefault(key, []).append(occasion)
    for key, more in occasions.items():
        detail = f"{first[key].detail}\nthe same for: {'; '.join(dict.fromkeys(more))}"
        first[key] = first[key]._replace(detail=short(detail, MAX_DETAIL))
    return list(first.values())


def verdict_of(result: Result) -> Verdict:
    """One of five words. Findings are told even when the run was interrupted."""
    if result.error:
        return "not tested"
    if result.counted:
        return "broken"
    if result.interrupted:
        return "interrupted"
    return "kept as far as it was tested" if result.not_run else "kept"


def _headline(result: Result, findings: tuple[ShownFinding, ...]) -> str:
    """The sentence that stands first."""
    counts = Counter(each.group for each in findings)
    said = {
        "not tested": f"{result.url} was not tested",
        "broken": f"{result.url} breaks the contract: {plural(counts['finding'], 'finding')}",
        "interrupted": f"{result.url}: interrupted, no finding so far",
        "kept as far as it was tested": f"{result.url} keeps the contract as far as it was tested",
        "kept": f"{result.url} keeps the contract",
    }[verdict_of(result)]
    more = [f"{plural(counts['assumption'], 'difference')} from what we assumed"] if counts["assumption"] else []
    more += [plural(counts["warning"], "warning")] if counts["warning"] else []
    interrupted = ["interrupted"] if result.interrupted and result.counted else []
    return ", ".join([said, *more, *interrupted])


def plural(count: int, word: str) -> str:
    """
    >>> plural(1, "finding"), plural(0, "finding")
    ('1 finding', '0 findings')
    """
    return f"{count} {word}{'' if count == 1 else 's'}"


def _finding(told_of: Told, result: Result, secrets: Secrets) -> ShownFinding:
    finding = told_of.finding
    promise = finding.promise
    place = _PLACE.match(promise.source)
    return ShownFinding(
        title=secrets.scrub(finding.title),
        operation=finding.operation,
        check=finding.check,
        counts=finding.counts(strict=result.strict),
        severity=finding.severity,
        level=promise.level,
        promise=secrets.scrub(promise.text),
        key=promise.key,
        source=secrets.scrub(promise.source),
        path=place["path"] if place else "",
        line=int(place["line"]) if place else 0,
        detail=short(secrets.scrub(finding.detail).strip(), MAX_DETAIL),
        seed=finding.seed,
        times=told_of.times,
        exchanges=tuple(_exchanges(finding.exchanges[-MAX_EXCHANGES:], secrets)),
        checks=told_of.checks,
    )


def _exchanges(exchanges: tuple[Exchange, ...], secrets: Secrets) -> Iterator[ShownExchange]:
    for exchange in exchanges:
        seen = exchange.seen
        state = str(seen.status or "no answer") + (f" ({seen.fault})" if seen.fault else "")
        body = short(secrets.scrub_body(seen.body), MAX_BODY)
        yield ShownExchange(secrets.curl(exchange), seen.status, f"{state} {body}".rstrip(), seen.seconds)


def short(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"
