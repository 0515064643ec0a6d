"""Making findings: what was seen against what was promised."""

from __future__ import annotations

from mock_server.contract.model import Exchange, Finding, Seen
from mock_server.contract.profile import Wanted
from mock_server.contract.run import Run
from mock_server.spec.operations import Operation


def told(seen: Seen) -> str:
    """A status, or why there is none: ``402`` or ``no answer (reset)``."""
    return str(seen.status) if seen.status else f"no answer ({seen.fault})"


def status_finding(
    run: Run, check: str, operation: Operation, wanted: Wanted, reason: str, *exchanges: Exchange
) -> Finding | None:
    """None when the last exchange has exactly the status that was promised."""
    seen = exchanges[-1].seen
    if seen.status == wanted.status and not seen.fault:
        return None
    shown = told(seen) if seen.status != wanted.status else f"{seen.status} with a broken body ({seen.fault})"
    return Finding(
        title=f"{operation.key} answers {shown} instead of {wanted.status}: {reason}",
        operation=operation.key,
        promise=wanted.promise,
        exchanges=exchanges,
        detail=f"seen {shown}, promised {wanted.status} for: {reason}",
        severity="error",
        check=check,
        seed=run.seed,
        shape=f"{shown} instead of {wanted.status}",
    )
