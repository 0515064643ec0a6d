"""The states of a handshake and the only ways between them, as a table.

``ASKED -open-> OPENED -approve-> APPROVED -grant-> GRANTED -collect-> COLLECTED`` is the good way.
*approve* is the person's word on the consent page; *grant* is the callback, after it redeemed the
code. Time is an argument: a handshake is expired, and an automatic decision is taken, when somebody
looks at it after the hour (:func:`settle`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal

from mock_server.handshake.ticket import same
from mock_server.named import NamedTuple

State = Literal[
    "asked", "opened", "approved", "granted", "collected", "denied", "failed", "abandoned", "expired"
]  # fmt: skip
Event = Literal["open", "approve", "grant", "collect", "deny", "fail", "abandon", "expire"]

TABLE: Final[Mapping[tuple[State, Event], State]] = {
    ("asked", "open"): "opened",
    ("opened", "open"): "opened",
    ("approved", "open"): "opened",
    ("asked", "approve"): "approved",
    ("opened", "approve"): "approved",
    ("asked", "grant"): "granted",
    ("opened", "grant"): "granted",
    ("approved", "grant"): "granted",
    ("granted", "collect"): "collected",
    ("collected", "collect"): "collected",
    ("asked", "deny"): "denied",
    ("opened", "deny"): "denied",
    ("asked", "fail"): "failed",
    ("opened", "fail"): "failed",
    ("approved", "fail"): "failed",
    ("asked", "abandon"): "abandoned",
    ("opened", "abandon"): "abandoned",
    ("asked", "expire"): "expired",
    ("opened", "expire"): "expired",
    ("approved", "expire"): "expired",
    ("granted", "expire"): "expired",
    ("collected", "expire"): "expired",
    ("abandoned", "expire"): "expired",
}

LIVE: Final[frozenset[State]] = frozenset(("asked", "opened", "approved", "granted", "collected", "abandoned"))
PENDING: Final[frozenset[State]] = frozenset(("asked", "opened", "approved"))

_DECISION_EVENTS: Final[Mapping[str, tuple[Event, ...]]] = {
    "approve": ("approve", "grant"),
    "deny": ("deny",),
    "fail": ("fail",),
    "unavailable": ("fail",),
    "abandon": ("abandon",),
    "expire": ("expire",),
}


class NotInTable(ValueError):
    """An event that the state does not know."""

    def __init__(self, state: State, event: str) -> None:
        self.state = state
        self.event = event
        super().__init__(f"a handshake that is {state} cannot {event}")


class Handshake(NamedTuple):
    """One OAuth2 connection attempt. Times are Unix seconds of the session's clock."""

    id: str
    session: str
    account: str
    provider: str
    state: State
    auth_uri: str
    redirect_uri: str
    pull_id: str
    state_ticket: str
    code_verifier: str
    client_id: str
    started_at: float
    expires_at: float
    changed_at: float
    decision: str | None = None
    decide_at: float | None = None
    failure: str | None = None


def step(handshake: Handshake, event: Event, now: float, failure: str | None = None) -> Handshake:
    """The handshake after the event. Raises ``NotInTable``."""
    state = TABLE.get((handshake.state, event))
    if state is None:
        raise NotInTable(handshake.state, event)
    if state == handshake.state:
        return handshake
    return handshake._replace(state=state, changed_at=now, failure=failure or handshake.failure)


def settle(handshake: Handshake, now: float) -> Handshake:
    """The handshake as it stands at ``now``: a due decision is taken, then time runs out.

    Valid while ``now < expires_at``.
    """
    due = handshake.decide_at
    if due is not None and due <= now and due < handshake.expires_at and handshake.state in PENDING:
        assert handshake.decision is not None
        with suppress(NotInTable):  # a person was faster: what they decided stands
            handshake = decide(handshake, handshake.decision, due)
    if now >= handshake.expires_at and handshake.state in LIVE:
        handshake = step(handshake, "expire", handshake.expires_at)
    return handshake


def decide(handshake: Handshake, decision: str, now: float) -> Handshake:
    """What a person would bring about with a browser, without one. Raises ``NotInTable``."""
    for event in _DECISION_EVENTS[decision]:
        failure = FAILURES.get(decision)
        if not (event == "approve" and handshake.state == "approved"):
            handshake = step(handshake, event, now, failure)
    return handshake


FAILURES: Final[Mapping[str, str]] = {
    "deny": "access_denied",
    "fail": "server_error",
    "unavailable": "temporarily_unavailable",
}
"""A decision -> the ``error`` of RFC 6749 §4.1.2.1 that the provider's redirect carries."""


def judge(handshake: Handshake | None, pull_id: object, auth_uri: object, account: str, single_use: bool) -> str:
    """The word that rules see as ``handshake.state`` when somebody collects.

    ``unknown forged foreign mismatched`` for a pull_id that opens nothing here, ``spent`` for a
    single-use one that was collected, else the state itself. ``auth_uri`` None = not sent.
    """
    if handshake is None:
        return "unknown"
    if not same(pull_id, handshake.pull_id):
        return "forged"
    if account != handshake.account:
        return "foreign"
    if auth_uri is not None and not same(auth_uri, handshake.auth_uri):
        return "mismatched"
    return "spent" if single_use and handshake.state == "collected" else handshake.state


def facts(handshake: Handshake | None, state: str, credentials: Any) -> dict[str, Any]:
    """What matchers and templates see under ``handshake``; secrets only for whoever may have them."""
    if handshake is None or state in ("unknown", "forged", "foreign", "mismatched"):
        return {"state": state}
    found: dict[str, Any] = {
        "state": state,
        "id": handshake.id,
        "auth_uri": handshake.auth_uri,
        "pull_id": handshake.pull_id,
        "provider": handshake.provider,
        "expires_at": int(handshake.expires_at),
    }
    if state in ("granted", "collected"):
        found["credentials"] = credentials
    return found
