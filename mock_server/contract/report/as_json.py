"""The report for programs. Its shape is described by ``docs/contract-report.schema.json``; ``format`` names it.

A new field may come with any version; one that goes, or changes its meaning, makes a new ``format``.
"""

from __future__ import annotations

import json
from typing import Any

from mock_server import __version__
from mock_server.contract.report.shown import Shown, ShownFinding

FORMAT = "mock-server-contract/1"


def json_report(shown: Shown) -> str:
    """The whole result as one JSON object and a line break."""
    return json.dumps(report_data(shown), indent=2, ensure_ascii=False) + "\n"


def report_data(shown: Shown) -> dict[str, Any]:
    """``{"format": "mock-server-contract/1", "verdict": "broken", "findings": […], "coverage": {…}, …}``"""
    result = shown.result
    return {
        "format": FORMAT,
        "version": __version__,
        "url": result.url,
        "verdict": shown.verdict,
        "headline": shown.headline,
        "error": result.error or None,
        "seed": result.seed,
        "profile": result.profile,
        "strict": result.strict,
        "interrupted": result.interrupted,
        "began_at": result.began_at,
        "seconds": round(result.seconds, 3),
        "requests": dict(result.requests),
        "findings": [_finding(each) for each in shown.findings],
        "passed": list(result.passed),
        "not_run": [{"why": why, "checks": list(checks)} for why, checks in shown.not_run],
        "coverage": {
            "reached": shown.reached,
            "documented": len(shown.coverage),
            "percent": round(shown.percent, 1),
            "rows": [each._asdict() for each in shown.coverage],
        },
    }


def _finding(finding: ShownFinding) -> dict[str, Any]:
    return {
        "title": finding.title,
        "group": finding.group,
        "operation": finding.operation or None,
        "check": finding.check,
        "severity": finding.severity,
        "promise": {
            "key": finding.key,
            "text": finding.promise,
            "level": finding.level,
            "source": finding.source,
            "path": finding.path or None,
            "line": finding.line or None,
        },
        "detail": finding.detail,
        "seed": finding.seed,
        "times": finding.times,
        "exchanges": [each._asdict() for each in finding.exchanges],
    }
