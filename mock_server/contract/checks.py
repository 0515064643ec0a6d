"""The table of all checks: what each is called, which family it belongs to, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mock_server.contract.model import Finding, NotRun

if TYPE_CHECKING:
    from mock_server.contract.run import Run

Need = Literal["handshake", "token", "token-other", "token-without-scope", "token-unpaid", "clock", "consent"]
ProfileName = Literal["quick", "full"]
Function = Callable[["Run"], Iterator[Finding | NotRun]]

HOW_TO_GIVE: dict[Need, str] = {
    "handshake": "needs fixtures that say which operation starts a handshake and which collects it (--fixtures)",
    "token": "needs --token",
    "token-other": "needs --token-other, a token of another account",
    "token-without-scope": "needs --token-without-scope",
    "token-unpaid": "needs --token-unpaid",
    "clock": "needs --clock, a URL that moves the deployment's time",
    "consent": "needs consent (--consent visit, ask or command:CMD)",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``needs`` that are not met make it *not run*, with what to give."""

    name: str
    family: str
    summary: str
    function: Function
    needs: tuple[Need, ...] = ()
    profiles: tuple[ProfileName, ...] = ("quick", "full")
    about: Literal["", "start"] = ""
    """``start`` = about the operation that begins a handshake and no other, so ``--only`` another leaves it out."""


def recording_checks() -> tuple[Check, ...]:
    """What is asked of a recording, and made only where there is one (``--recorded``)."""
    from mock_server.contract.walks import recording

    return recording.CHECKS


def all_checks() -> tuple[Check, ...]:
    """Every walk, in the order in which they are made. Add the table of a new family here."""
    from mock_server.contract.walks import (
        authorization,
        bodies,
        boundaries,
        callback,
        collecting,
        edges,
        elsewhere,
        examples,
        explore,
        pages,
        parallel,
        protocol,
        reasons,
        secrets,
        sequences,
        stability,
        witness,
    )

    return (
        *reasons.CHECKS,
        *authorization.CHECKS,
        *boundaries.CHECKS,
        *edges.CHECKS,
        *elsewhere.CHECKS,
        *examples.CHECKS,
        *protocol.CHECKS,
        *bodies.CHECKS,
        *sequences.CHECKS,
        *explore.CHECKS,
        *callback.CHECKS,
        *pages.CHECKS,
        *secrets.CHECKS,
        *parallel.CHECKS,
        *stability.CHECKS,
        *collecting.CHECKS,
        *sequences.LAST,
        *witness.CHECKS,
    )
