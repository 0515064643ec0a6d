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
    dead = _dead(result)
    by_cause: dict[Cause, list[Finding]] = {}
    for each in result.findings:
        cause = _cause(each, dead)
        if cause is not None:
            by_cause.setdefault(cause, []).append(each)
    folded: list[Told] = []
    gone: set[tuple[str, ...]] = set()
    for cause, findings in by_cause.items():
        is_dead = cause.kind == "fails" and (not cause.operation or cause.operation in dead)
        counted = [each for each in findings if each.counts(strict=result.strict)]
        if counted and len(findings) >= (2 if is_dead else ALIKE):
            gone |= {each.fingerprint for each in findings}
            checks = tuple(dict.fromkeys(each.check for each in findings))
            times = sum(result.times.get(each.fingerprint, 1) for each in findings)
            folded.append(Told(_finding(cause, findings, checks, is_dead=is_dead), times, checks))
    rest = (each for each in result.findings if each.fingerprint not in gone)
    return folded + [Told(each, result.times.get(each.fingerprint, 1), (each.check,)) for each in rest]


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
    return None


def _finding(cause: Cause, findings: list[Finding], checks: tuple[str, ...], *, is_dead: bool) -> Finding:
    operations = {each.operation for each in findings}
    operation = cause.operation or (operations.pop() if len(operations) == 1 else "")
    lines = ["none of the documented answers was seen"] if is_dead else []
    titles = list(dict.fromkeys(each.title for each in findings))
    lines += titles[:MAX_SAID]
    if len(titles) > MAX_SAID:
        lines.append(f"and {len(titles) - MAX_SAID} more of the kind, found by {', '.join(checks)}")
    return findings[0]._replace(
        title=_title(cause, operation, findings, is_dead=is_dead),
        operation=operation,
        promise=_NEVER_FAILS if cause.kind == "fails" else _ANSWERED,
        exchanges=tuple(each.exchanges[-1] for each in findings if each.exchanges)[:MAX_SAID],
        detail="\n".join(lines),
        severity="error",
        shape=" ".join(cause),
    )


def _title(cause: Cause, operation: str, findings: list[Finding], *, is_dead: bool) -> str:
    who = operation or "the deployment"
    if cause.kind == "fails":
        return f"{who} answers {cause.what} whatever it is asked" if is_dead else f"{who} fails with {cause.what}"
    if cause.kind == "broken":
        return f"{who} sends answers that are not whole ({cause.what})"
    faults = dict.fromkeys(each.exchanges[-1].seen.fault for each in findings if each.exchanges)
    return f"{who} leaves requests without an answer ({', '.join(filter(None, faults)) or 'while fuzzing'})"
