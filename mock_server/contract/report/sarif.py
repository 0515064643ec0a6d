"""SARIF 2.1.0 (OASIS), which code scanning of GitHub and Azure and many editors read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from mock_server import __version__
from mock_server.contract.report.shown import Shown, ShownFinding
from mock_server.contract.report.terminal import finding_lines

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"finding": "error", "assumption": "note", "warning": "warning"}


def sarif_report(shown: Shown) -> str:
    """One run; a rule for each check, a result for each finding, placed where its promise stands."""
    rules = list(dict.fromkeys(finding.check for finding in shown.findings))
    done = not shown.result.interrupted and not shown.result.error
    invocation: dict[str, Any] = {"executionSuccessful": done}
    if shown.result.error:
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": shown.result.error}}]
    driver = {
        "name": "mock-server contract",
        "version": __version__,
        "rules": [{"id": rule, "name": rule, "shortDescription": {"text": rule}} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(each, rules) for each in shown.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(finding: ShownFinding, rules: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": rules.index(finding.check),
        "level": _LEVELS[finding.group],
        "message": {"text": "\n".join(finding_lines(finding))},
        "partialFingerprints": {"defect/v1": f"{finding.check}|{finding.operation}|{finding.key}|{finding.title}"},
    }
    if finding.path:
        region = {"startLine": finding.line}
        place = {"artifactLocation": {"uri": quote(finding.path)}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    return result
