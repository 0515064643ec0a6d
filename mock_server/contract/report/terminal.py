"""The report that a person reads: plain text, without colour, the same on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mock_server.contract.model import Exchange, Finding, Reached, Result
from mock_server.contract.secret import Secrets
from mock_server.mask import printable

MAX_BODY = 400
MAX_EXCHANGES = 3


def plain_report(result: Result, secrets: Secrets) -> str:
    """Findings first, then what differs from our assumptions, what was not run, what was reached, the verdict."""
    blocks = [*_findings(result, secrets), *_not_run(result), *_coverage(result), verdict(result)]
    return "\n\n".join(printable_lines(block) for block in blocks) + "\n"


def printable_lines(text: str) -> str:
    """Nothing from outside writes to a terminal but text."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _findings(result: Result, secrets: Secrets) -> Iterator[str]:
    counted = [each for each in result.findings if each.counts(strict=result.strict)]
    assumed = [each for each in result.findings if each not in counted and each.severity == "error"]
    warnings = [each for each in result.findings if each.severity == "warning"]
    for number, finding in enumerate(counted, 1):
        yield f"{number}. " + finding_text(finding, secrets)
    if assumed:
        yield "Differs from what we assumed (fails with --strict):"
    yield from (finding_text(finding, secrets) for finding in assumed)
    if warnings:
        yield "Warnings:"
    yield from (finding_text(finding, secrets) for finding in warnings)


def finding_text(finding: Finding, secrets: Secrets) -> str:
    """Title, promise with its place, what was seen, and lines that show it again."""
    promise = finding.promise
    lines = [
        secrets.scrub(finding.title),
        f"   promised   {promise.text} [{promise.level}]",
        f"   where      {promise.source}",
        f"   check      {finding.check}" + (f", seed {finding.seed}" if finding.seed is not None else ""),
    ]
    detail = secrets.scrub(finding.detail).strip()
    lines += [f"   {'detail' if not index else '':<10} {line}" for index, line in enumerate(detail.splitlines()[:6])]
    for exchange in finding.exchanges[-MAX_EXCHANGES:]:
        lines += exchange_lines(exchange, secrets)
    return "\n".join(lines)


def exchange_lines(exchange: Exchange, secrets: Secrets) -> Iterator[str]:
    """The curl line, and the answer in short."""
    yield f"   $ {secrets.curl(exchange)}"
    seen = exchange.seen
    body = secrets.scrub_body(seen.body)
    short = body if len(body) <= MAX_BODY else body[:MAX_BODY] + "…"
    yield f"   < {seen.status or 'no answer'}{f' ({seen.fault})' if seen.fault else ''} {short}".rstrip()


def _not_run(result: Result) -> Iterator[str]:
    by_why: dict[str, list[str]] = {}
    for each in result.not_run:
        by_why.setdefault(each.why, []).append(each.check)
    if by_why:
        yield "\n".join(["Not run:", *(f"   {', '.join(checks)}: {why}" for why, checks in by_why.items())])


def _coverage(result: Result) -> Iterator[str]:
    lines = ["Documented answers:"]
    for operation, rows in groupby(result.coverage, key=lambda row: row.operation):
        lines.append(f"   {operation}")
        lines += [f"      {_row(row)}" for row in rows]
    if result.coverage:
        yield "\n".join(lines)


def _row(row: Reached) -> str:
    return f"{row.name:<8} {row.state}{f': {row.how}' if row.how else ''}"


def verdict(result: Result) -> str:
    """The last line: what was done, and how it ended."""
    counted = len(result.counted)
    reached = sum(row.state == "reached" for row in result.coverage)
    total = sum(result.requests.values())
    whole = "keeps the contract" if not result.not_run else "keeps the contract as far as it was tested"
    said = f"{counted} finding{'' if counted == 1 else 's'}" if counted else whole
    ended = "interrupted, " if result.interrupted else ""
    return (
        f"{result.url}: {ended}{said}. {total} requests in {result.seconds:.1f} s, "
        f"{len(result.passed)} checks passed, {len(result.not_run)} not run, "
        f"{reached} of {len(result.coverage)} documented answers reached, seed {result.seed}"
    )
