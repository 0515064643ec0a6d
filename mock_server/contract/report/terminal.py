"""The report that a person reads: plain lines, which ``live.py`` colours on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mock_server.contract.model import Reached
from mock_server.contract.report.shown import Shown, ShownExchange, ShownFinding, plural, short
from mock_server.mask import printable

MAX_BODY = 400
MAX_EXCHANGES = 3
MAX_DETAIL_LINES = 6
KINDS = {"status": "statuses", "example": "examples", "header": "headers", "security": "security alternatives",
         "link": "links", "callback": "callbacks"}  # fmt: skip


def plain_report(shown: Shown) -> str:
    """The verdict, findings, what differs from our assumptions, warnings, what was not run, what was reached."""
    blocks = ["\n".join(lines) for lines in _blocks(shown) if lines]
    return "\n\n".join(printable_lines(block) for block in blocks) + "\n"


def printable_lines(text: str) -> str:
    """Nothing from outside writes to a terminal but text."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _blocks(shown: Shown) -> Iterator[list[str]]:
    yield [shown.headline]
    for number, finding in enumerate(shown.of_group("finding"), 1):
        yield _numbered(f"{number}. ", finding)
    for group, title in (
        ("assumption", "Differs from what we assumed (fails with --strict):"),
        ("warning", "Warnings:"),
    ):
        found = shown.of_group(group)
        if found:
            yield [title]
        for finding in found:
            yield _numbered("- ", finding)
    if shown.not_run:
        yield ["Not run:", *(f"   {checks}: {why}" for checks, why in shown.left_out())]
    yield list(coverage_lines(shown))
    yield [last_line(shown)]


def _numbered(mark: str, finding: ShownFinding) -> list[str]:
    first, *rest = finding_lines(finding)
    return [mark + first, *rest]


def finding_lines(finding: ShownFinding) -> Iterator[str]:
    """Title, promise with its place, what was seen, and lines that show it again."""
    yield finding.title
    yield f"   promised   {finding.promise} [{finding.level}]"
    yield f"   where      {finding.source}"
    seed = f", seed {finding.seed}" if finding.seed is not None else ""
    times = f", seen {finding.times} times" if finding.times > 1 else ""
    yield f"   check      {finding.check}{seed}{times}"
    lines = finding.detail.splitlines()
    shown = lines if len(lines) <= MAX_DETAIL_LINES else [*lines[: MAX_DETAIL_LINES - 1], "…"]
    for index, line in enumerate(shown):
        yield f"   {'detail' if not index else '':<10} {line}".rstrip()
    for exchange in finding.exchanges[-MAX_EXCHANGES:]:
        yield from _exchange(exchange)


def _exchange(exchange: ShownExchange) -> Iterator[str]:
    yield f"   $ {exchange.curl}"
    yield f"   < {short(exchange.answer, MAX_BODY)}"


def coverage_lines(shown: Shown) -> Iterator[str]:
    """A line for each status, and for the rest a line a kind; what was not reached is named."""
    if shown.coverage:
        yield "Documented answers:"
    for operation, rows in groupby(shown.coverage, key=lambda row: row.operation):
        yield f"   {operation}"
        by_kind: dict[str, list[Reached]] = {}
        for row in rows:
            by_kind.setdefault(row.kind, []).append(row)
        yield from (f"      {row_text(row)}" for row in by_kind.pop("status", []))
        for kind, of_kind in by_kind.items():
            reached = sum(row.state == "reached" for row in of_kind)
            yield f"      {KINDS[kind]}: {reached} of {len(of_kind)} reached"
            yield from (f"         {row_text(row)}" for row in of_kind if row.state != "reached")


def row_text(row: Reached) -> str:
    """``402      not reachable: needs --token-unpaid``"""
    return f"{row.name:<8} {row.state}{f': {row.how}' if row.how else ''}"


def last_line(shown: Shown) -> str:
    """What was done, and how it ended: the line that is left when all else has scrolled away."""
    result = shown.result
    if result.error:
        return result.error
    total = sum(result.requests.values())
    return (
        f"{shown.headline}. {plural(total, 'request')} in {result.seconds:.1f} s, "
        f"{len(result.passed)} checks passed, {len(result.not_run)} not run, "
        f"{shown.reached} of {len(shown.coverage)} documented things reached, seed {result.seed}"
    )
