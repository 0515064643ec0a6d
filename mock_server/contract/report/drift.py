"""What a comparison of mock and real deployment prints: a table by operation and reason, then lines to send again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from mock_server.contract.drift import Drift, Row
from mock_server.contract.report.shown import show
from mock_server.contract.report.terminal import finding_lines, printable_lines
from mock_server.record.secret import Secrets

FORMAT = "mock-server-drift/1"
HEADS = ("level", "reason", "what", "mock", "real", "times")
MAX_REASON = 60


def drift_report(found: Drift, secrets: Secrets) -> str:
    """The table, every documented difference with its requests, what was not compared, the verdict."""
    blocks = [*_tables(found, secrets), *_details(found, secrets), *_not_compared(found), drift_verdict(found)]
    return "\n\n".join(printable_lines(block) for block in blocks) + "\n"


def _tables(found: Drift, secrets: Secrets) -> Iterator[str]:
    for operation, rows in groupby(found.rows, key=lambda row: row.operation):
        cells = [HEADS, *(_cells(row, secrets) for row in rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
        yield "\n".join([operation, *(f"   {line.rstrip()}" for line in lines)])


def _cells(row: Row, secrets: Secrets) -> tuple[str, ...]:
    reason = row.reason if len(row.reason) <= MAX_REASON else row.reason[: MAX_REASON - 1] + "…"
    return (row.level, secrets.scrub(reason), secrets.scrub(row.what), row.mock, row.real, str(row.times))


def _details(found: Drift, secrets: Secrets) -> Iterator[str]:
    shown = show(found.result, secrets)
    for number, finding in enumerate(shown.of_group("finding"), 1):
        yield f"{number}. " + "\n".join(finding_lines(finding))


def _not_compared(found: Drift) -> Iterator[str]:
    by_why: dict[str, list[str]] = {}
    for each in found.result.not_run:
        by_why.setdefault(each.why, []).append(each.check)
    if by_why:
        yield "\n".join(["Not compared:", *(f"   {', '.join(names)}: {why}" for why, names in by_why.items())])


def drift_verdict(found: Drift) -> str:
    """The last line, and the only one when nothing differs and everything was compared."""
    counted = sum(row.level != "assumed" for row in found.rows)
    assumed = len(found.rows) - counted
    said = "no difference"
    if found.rows:
        said = f"{counted} documented promise{'' if counted == 1 else 's'} and {assumed} assumed differ"
    ended = "interrupted, " if found.result.interrupted else ""
    return (
        f"{found.result.url}: {ended}{said}. {found.compared} pairs of answers compared in "
        f"{found.result.seconds:.1f} s, seed {found.result.seed}"
    )


def drift_data(found: Drift, secrets: Secrets) -> dict[str, Any]:
    """``{"format": "mock-server-drift/1", "compared": 182, "differences": [{"operation": …, "reasons": […], "aspect":
    "status", "where": "", "status": "402", "mock": "402", "real": "409", "level": "assumed", "times": 1}], …}``"""
    result = found.result
    return {
        "format": FORMAT,
        "url": result.url,
        "seed": result.seed,
        "strict": result.strict,
        "interrupted": result.interrupted,
        "seconds": round(result.seconds, 3),
        "requests": dict(result.requests),
        "compared": found.compared,
        "failed": bool(result.counted),
        "differences": [_scrubbed(row, secrets) for row in found.rows],
        "not_compared": [each._asdict() for each in result.not_run],
    }


def _scrubbed(row: Row, secrets: Secrets) -> dict[str, Any]:
    return {name: secrets.scrub(value) if isinstance(value, str) else value for name, value in row._asdict().items()}


def drift_json(found: Drift, secrets: Secrets) -> str:
    """One JSON object and a line break."""
    return json.dumps(drift_data(found, secrets), indent=2, ensure_ascii=False) + "\n"
