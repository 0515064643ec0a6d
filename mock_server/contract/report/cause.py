"""Findings of one cause are told as one: what fails, hangs up or breaks off does so whatever it is asked."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.contract.model import Finding, Promise, Result
from mock_server.named import NamedTuple

ALIKE = 4
"""So many findings of one cause are one."""
MAX_SAID = 3
_NEVER_FAILS = Promise("no-server-error", "no request makes the server fail", "standard", "RFC 9110 §15.6")
_ANSWERED = Promise("every-request-is-answered", "every request gets a whole answer", "standard", "RFC 9110 §3.4")

_STRICT = "start it without --no-errors: its Mock-Violations say that it has seen what is wrong"


class Told(NamedTuple):
    """A finding as it is told; ``checks`` are all whose findings it stands for."""

    finding: Finding
    times: int
    checks: tuple[str, ...]


class Cause(NamedTuple):
    """``Cause("fails", "POST /oauth2", "500")``; without an operation it is the whole deployment."""

    kind: str
    operation: str = ""
    what: str = ""


def told(result: Result) -> list[Told]:
    """All findings, those of one cause as one, which come first."""
    dead, lenient = _dead(result), any(_is_let_pass(each) for each in result.findings)
    by_cause: dict[Cause, list[Finding]] = {}
    for each in result.findings:
        is_let_pass = lenient and (_violations(each) or each.check == "coverage.status")
        cause = Cause("lenient") if is_let_pass else _cause(each, dead)
        if cause is not None:
            by_cause.setdefault(cause, []).append(each)
    folded: list[Told] = []
    gone: set[tuple[str, ...]] = set()
    for cause, findings in by_cause.items():
        is_dead = cause.kind == "fails" and (not cause.operation or cause.operation in dead)
        counted = [each for each in findings if each.counts(strict=result.strict)]
        if counted and len(findings) >= (2 if is_dead else 1 if cause.kind == "lenient" else ALIKE):
            gone |= {each.fingerprint for each in findings}
            checks = tuple(dict.fromkeys(each.check for each in findings))
            times = sum(result.times.get(each.fingerprint, 1) for each in findings)
            folded.append(Told(_finding(cause, findings, checks, is_dead=is_dead), times, checks))
    rest = (each for each in result.findings if each.fingerprint not in gone)
    return folded + [Told(each, result.times.get(each.fingerprint, 1), (each.check,)) for each in rest]


def _violations(finding: Finding) -> bool:
    """Whether a mock has said itself what was wrong with the request (``Mock-Violations``)."""
    return bool(finding.exchanges) and finding.exchanges[-1].seen.header("mock-violations") is not None


def _is_let_pass(finding: Finding) -> bool:
    """Whether it did so and answered well all the same: it was started with ``--no-errors``."""
    return _violations(finding) and 200 <= finding.exchanges[-1].seen.status < 300


def _dead(result: Result) -> Mapping[str, str]:
    """Operations none of whose documented answers came, and the 5xx that came instead."""
    reached: dict[str, bool] = {}
    for row in result.coverage:
        if row.kind == "status":
            reached[row.operation] = reached.get(row.operation, False) or row.state == "reached"
    dead: dict[str, str] = {}
    for each in result.findings:
        status = each.exchanges[-1].seen.status if each.exchanges else 0
        if status >= 500 and reached.get(each.operation) is False:
            dead.setdefault(each.operation, str(status))
    whole = set(dead) == set(reached) and len(reached) > 1 and len(set(dead.values())) == 1
    return {**dead, "": next(iter(dead.values()))} if whole else dead


def _cause(finding: Finding, dead: Mapping[str, str]) -> Cause | None:
    if finding.check == "fuzz.no_answer":
        return Cause("silent")
    if finding.check == "coverage.status" and finding.operation in dead:
        return Cause("fails", "" if "" in dead else finding.operation, dead[finding.operation])
    if not finding.exchanges:
        return None
    seen = finding.exchanges[-1].seen
    if not seen.status:
        return Cause("silent")
    if seen.fault:
        return Cause("broken", what=seen.fault)
    if seen.status >= 500:
        is_whole = dead.get("") == str(seen.status)
        return Cause("fails", "" if is_whole else finding.operation, str(seen.status))
    # A page or an earlier call that got no answer is why the last one is another than it should be.
    return Cause("silent") if any(not each.seen.status for each in finding.exchanges) else None


def _finding(cause: Cause, findings: list[Finding], checks: tuple[str, ...], *, is_dead: bool) -> Finding:
    operations = {each.operation for each in findings}
    operation = cause.operation or (operations.pop() if len(operations) == 1 else "")
    lines = ["none of the documented answers was seen"] if is_dead else []
    lines += [_STRICT] if cause.kind == "lenient" else []
    titles = list(dict.fromkeys(each.title for each in findings))
    lines += titles[:MAX_SAID]
    if len(titles) > MAX_SAID:
        families = dict.fromkeys(each.partition(".")[0] for each in checks)
        lines.append(f"and {len(titles) - MAX_SAID} more of the kind, found by {', '.join(families)}")
    return findings[0]._replace(
        title=_title(cause, operation, findings, is_dead=is_dead),
        operation=operation,
        promise={"fails": _NEVER_FAILS, "lenient": findings[0].promise}.get(cause.kind, _ANSWERED),
        exchanges=tuple(each.exchanges[-1] for each in findings if each.exchanges)[:MAX_SAID],
        detail="\n".join(lines),
        severity="error",
        shape=" ".join(cause),
    )


def _title(cause: Cause, operation: str, findings: list[Finding], *, is_dead: bool) -> str:
    who = operation or "the deployment"
    if cause.kind == "fails":
        return f"{who} answers {cause.what} whatever it is asked" if is_dead else f"{who} fails with {cause.what}"
    if cause.kind == "lenient":
        return "the mock answers bad requests as good ones (serve --no-errors)"
    if cause.kind == "broken":
        return f"{who} sends answers that are not whole ({cause.what})"
    faults = dict.fromkeys(each.exchanges[-1].seen.fault for each in findings if each.exchanges)
    return f"{who} leaves requests without an answer ({', '.join(filter(None, faults)) or 'while fuzzing'})"
