"""The handshake's states: the whole table, time, and what somebody who collects is told."""

from __future__ import annotations

from typing import get_args

import pytest

from mock_server.fixture.facts import HANDSHAKE_STATES
from mock_server.handshake.machine import (
    LIVE,
    PENDING,
    TABLE,
    Event,
    Handshake,
    NotInTable,
    State,
    decide,
    facts,
    judge,
    settle,
    step,
)

STATES: tuple[State, ...] = get_args(State)
EVENTS: tuple[Event, ...] = get_args(Event)

# Read it as: in this state (row), this event (column) leads there; a dot is no way at all.
GRID = """
            open     approve   grant    collect    deny    fail    abandon    expire
asked       opened   approved  granted  .          denied  failed  abandoned  expired
opened      opened   approved  granted  .          denied  failed  abandoned  expired
approved    opened   .         granted  .          .       failed  .          expired
granted     .        .         .        collected  .       .       .          expired
collected   .        .         .        collected  .       .       .          expired
denied      .        .         .        .          .       .       .          .
failed      .        .         .        .          .       .       .          .
abandoned   .        .         .        .          .       .       .          expired
expired     .        .         .        .          .       .       .          .
"""


def grid() -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in GRID.strip().splitlines()]
    return {(row[0], event): to for row in rows for event, to in zip(head, row[1:], strict=True)}


def handshake(state: State = "asked", decision: str | None = None, decide_at: float | None = None) -> Handshake:
    """Asked at 1000, valid until 1300."""
    return Handshake(
        id="abcdefghijkl",
        session="default",
        account="acme",
        provider="fb",
        state=state,
        auth_uri="http://127.0.0.1/authorize?x",
        redirect_uri="http://127.0.0.1/cb",
        pull_id="abcdefghijkl.pull",
        state_ticket="abcdefghijkl.state",
        code_verifier="v" * 44,
        client_id="data-integration",
        started_at=1000,
        expires_at=1300,
        changed_at=1000,
        decision=decision,
        decide_at=decide_at,
    )


def test_the_grid_of_this_file_names_every_state_and_event() -> None:
    assert set(grid()) == {(state, event) for state in STATES for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_every_pair_of_state_and_event_is_in_the_table_or_refused(state: State, event: Event) -> None:
    wanted = grid()[state, event]
    before = handshake(state)
    if wanted == ".":
        assert (state, event) not in TABLE
        with pytest.raises(NotInTable, match=f"a handshake that is {state} cannot {event}") as refused:
            step(before, event, 1100)
        assert (refused.value.state, refused.value.event) == (state, event)
    else:
        after = step(before, event, 1100)
        assert after.state == wanted
        assert after.changed_at == (1000 if wanted == state else 1100)
        assert after._replace(state=state, changed_at=1000) == before


def test_a_failure_is_kept_with_the_state_it_led_to() -> None:
    assert step(handshake(), "fail", 1100, "server_error").failure == "server_error"


def test_live_is_what_time_can_end_and_pending_is_what_a_person_can() -> None:
    assert {state for state in STATES if grid()[state, "expire"] != "."} == LIVE
    assert {state for state in STATES if grid()[state, "grant"] != "."} == PENDING


@pytest.mark.parametrize("state", sorted(LIVE))
@pytest.mark.parametrize("now, expired", [(1299.999, False), (1300, True), (1e12, True)])
def test_a_handshake_is_valid_while_now_is_before_its_end(state: State, now: float, expired: bool) -> None:
    settled = settle(handshake(state), now)
    assert settled.state == ("expired" if expired else state)
    assert settled.changed_at == (1300 if expired else 1000)


@pytest.mark.parametrize("state", sorted(set(STATES) - LIVE))
def test_time_does_not_touch_what_has_ended(state: State) -> None:
    assert settle(handshake(state), 1e12) == handshake(state)


@pytest.mark.parametrize(
    "now, state, changed_at",
    [(1019.999, "asked", 1000), (1020, "granted", 1020), (1200, "granted", 1020), (1300, "expired", 1300)],
)
def test_a_decision_is_taken_when_it_is_due(now: float, state: State, changed_at: float) -> None:
    settled = settle(handshake(decision="approve", decide_at=1020), now)
    assert (settled.state, settled.changed_at) == (state, changed_at)


@pytest.mark.parametrize("decide_at", [1300, 1301])
def test_a_decision_that_is_due_at_the_end_or_later_is_never_taken(decide_at: float) -> None:
    assert settle(handshake(decision="approve", decide_at=decide_at), 1299).state == "asked"
    for now in (1300, 1301, 2000):
        assert settle(handshake(decision="approve", decide_at=decide_at), now).state == "expired"


def test_a_decision_that_was_due_before_the_end_stands_even_when_nobody_looked() -> None:
    assert settle(handshake(decision="deny", decide_at=1299), 9999).state == "denied"


@pytest.mark.parametrize("decision", ["approve", "deny", "fail", "unavailable", "abandon"])
@pytest.mark.parametrize("state", STATES)
def test_a_due_decision_never_breaks_whatever_a_person_did_before(state: State, decision: str) -> None:
    settled = settle(handshake(state, decision, 1020), 1100)
    if state not in PENDING:
        assert settled.state == state


@pytest.mark.parametrize("decision, state", [("deny", "approved"), ("abandon", "approved"), ("approve", "granted")])
def test_a_person_who_approved_is_not_overruled_by_a_later_decision(decision: str, state: State) -> None:
    assert settle(handshake("approved", decision, 1020), 1100).state == state


@pytest.mark.parametrize(
    "decision, state, failure",
    [
        ("approve", "granted", None),
        ("deny", "denied", "access_denied"),
        ("fail", "failed", "server_error"),
        ("unavailable", "failed", "temporarily_unavailable"),
        ("abandon", "abandoned", None),
    ],
)
@pytest.mark.parametrize("before", ["asked", "opened"])
def test_a_decision_does_what_a_person_would(before: State, decision: str, state: State, failure: str | None) -> None:
    decided = decide(handshake(before), decision, 1100)
    assert (decided.state, decided.failure) == (state, failure)


@pytest.mark.parametrize("state", ["granted", "collected", "denied", "failed", "abandoned", "expired"])
@pytest.mark.parametrize("decision", ["approve", "deny", "fail", "unavailable", "abandon"])
def test_what_is_decided_cannot_be_decided_again(state: State, decision: str) -> None:
    with pytest.raises(NotInTable):
        decide(handshake(state), decision, 1100)


PULL_ID = "abcdefghijkl.pull"
AUTH_URI = "http://127.0.0.1/authorize?x"


@pytest.mark.parametrize(
    "pull_id, auth_uri, account, word",
    [
        (PULL_ID, AUTH_URI, "acme", "granted"),
        (PULL_ID, None, "acme", "granted"),
        ("abcdefghijkl.pulL", AUTH_URI, "acme", "forged"),
        ("abcdefghijkl.", AUTH_URI, "acme", "forged"),
        (PULL_ID + "x", AUTH_URI, "acme", "forged"),
        ("", None, "acme", "forged"),
        (None, None, "acme", "forged"),
        (7, None, "acme", "forged"),
        ([PULL_ID], None, "acme", "forged"),
        ("\ud800", None, "acme", "forged"),
        (PULL_ID, AUTH_URI, "globex", "foreign"),
        (PULL_ID, AUTH_URI, "", "foreign"),
        (PULL_ID, AUTH_URI + "&", "acme", "mismatched"),
        (PULL_ID, "", "acme", "mismatched"),
        (PULL_ID, 7, "acme", "mismatched"),
        # What is not theirs tells them nothing about what else is wrong.
        ("abcdefghijkl.pulL", "", "globex", "forged"),
        (PULL_ID, "", "globex", "foreign"),
    ],
)
def test_whoever_collects_is_judged(pull_id: object, auth_uri: object, account: str, word: str) -> None:
    assert judge(handshake("granted"), pull_id, auth_uri, account, single_use=False) == word


def test_no_handshake_is_unknown() -> None:
    assert judge(None, PULL_ID, AUTH_URI, "acme", single_use=False) == "unknown"


def test_single_use_makes_the_second_read_spent() -> None:
    assert judge(handshake("collected"), PULL_ID, None, "acme", single_use=True) == "spent"
    assert judge(handshake("collected"), PULL_ID, None, "acme", single_use=False) == "collected"
    assert judge(handshake("granted"), PULL_ID, None, "acme", single_use=True) == "granted"


@pytest.mark.parametrize("state", STATES)
def test_credentials_are_a_fact_only_once_they_are_granted(state: State) -> None:
    known = facts(handshake(state), state, {"access_token": "x"})
    assert ("credentials" in known) is (state in ("granted", "collected"))


@pytest.mark.parametrize("word", ["unknown", "forged", "foreign", "mismatched"])
def test_nothing_but_the_word_is_a_fact_for_those_it_does_not_belong_to(word: str) -> None:
    assert facts(handshake("granted"), word, {"access_token": "x"}) == {"state": word}


def test_the_fixture_language_knows_every_word_that_a_judge_can_say() -> None:
    assert set(HANDSHAKE_STATES) == {*STATES, "spent", "unknown", "forged", "foreign", "mismatched"}
