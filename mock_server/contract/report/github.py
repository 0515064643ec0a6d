"""Annotations of GitHub Actions: a line of the log that GitHub shows beside the promise that was broken."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.report.shown import Shown, ShownFinding

_LEVELS = {"finding": "error", "assumption": "notice", "warning": "warning"}


def github_report(shown: Shown) -> str:
    """``::error file=openapi.yaml,line=41,title=…::…`` for each finding, and a notice with the verdict."""
    return "".join(f"{line}\n" for line in _lines(shown))


def _lines(shown: Shown) -> Iterator[str]:
    for finding in shown.findings:
        head = f"{_LEVELS[finding.group]} {_where(finding)}title={_property(finding.title)}"
        yield f"::{head}::{_data(_message(finding))}"
    level = "error" if shown.verdict == "not tested" else "notice"
    yield f"::{level} title=mock-server contract::{_data(shown.result.error or shown.headline)}"


def _where(finding: ShownFinding) -> str:
    return f"file={_property(finding.path)},line={finding.line}," if finding.path else ""


def _message(finding: ShownFinding) -> str:
    parts = [f"promised: {finding.promise} [{finding.level}]", f"where: {finding.source}", finding.detail]
    parts += [line for each in finding.exchanges[-1:] for line in (each.curl, each.answer)]
    return "\n".join(filter(None, parts))


def _data(text: str) -> str:
    """As GitHub's own toolkit escapes a message.

    >>> _data("100 %\\nnext")
    '100 %25%0Anext'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
