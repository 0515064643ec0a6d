"""The ladder: which answer is given, in which order, and the reasons it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.core.snapshot import Queued, Snapshot
from mock_server.core.wanted import Unmet
from mock_server.model import Wait
from tests.core.pure import COLLECT, NOW, START, ask, plan, request

GOOD = {"datasource_id": "fb", "validity_duration": 300}
NO_SOURCE = {"datasource_id": "mysql", "validity_duration": 300}
BAD = {"datasource_id": "mysql", "validity_duration": 299}
QUEUE = (Queued(START, "token-unknown", 1),)


@pytest.mark.parametrize(
    "prefer, queue, scenario, body, response, step",
    [
        ("response=rate-limited", QUEUE, "plan-does-not-allow", BAD, "rate-limited", "client"),
        (None, QUEUE, "plan-does-not-allow", BAD, "token-unknown", "queue"),
        (None, (), "plan-does-not-allow", BAD, "payment-required", "scenario"),
        (None, (), None, BAD, "invalid-parameter", "document"),
        (None, (), None, NO_SOURCE, "no-such-source", "rule"),
        (None, (), None, GOOD, "started", "otherwise"),
    ],
)
def test_the_first_step_of_the_ladder_that_hits_wins(
    prefer: str | None, queue: tuple[Queued, ...], scenario: str | None, body: Any, response: str, step: str
) -> None:
    headers = {"prefer": prefer} if prefer else {}
    outcome = ask(START, request(body, **headers), Snapshot("default", NOW, scenario, queue))
    assert outcome.response == response
    assert outcome.reasons[-1].step == step


def test_every_step_that_was_passed_leaves_its_reason() -> None:
    reasons = [line for reason in ask(START, request(NO_SOURCE)).reasons for line in reason.lines()]
    assert reasons == [
        "client: no preference",
        "queue: no answer queued",
        "scenario: none active",
        "document: the request keeps the document",
        "rule: the plan does not pay for OAuth2 does not fit: token.plan is 'paid', wanted equals 'unpaid'",
        "rule: not a source with OAuth2 answers no-such-source",
    ]


@pytest.mark.parametrize(
    "body, said",
    [
        (BAD, "document: body.validity_duration 299 is less than the minimum of 300"),
        (b"{", "document: body not JSON"),
        ({}, 'document: body.datasource_id "datasource_id" is a required property'),
    ],
)
def test_a_violation_says_where_and_what(body: Any, said: str) -> None:
    assert str(ask(START, request(body)).reasons[-1]).startswith(said)


def test_who_asks_is_judged_before_what_is_asked() -> None:
    outcome = ask(START, request(BAD, token=None))
    assert (outcome.answer.status, outcome.response) == (403, "token-missing")


def test_a_scenario_that_says_nothing_of_the_operation_lets_it_go_on() -> None:
    outcome = ask(COLLECT, request({"pull_id": "x"}), Snapshot("default", NOW, "rate-limited"))
    assert outcome.response == "no-such-process"
    assert "scenario: rate-limited says nothing of this operation" in map(str, outcome.reasons)


def test_a_queued_answer_is_for_its_own_operation_and_is_taken_once() -> None:
    queue = (Queued(COLLECT, "denied", 1), Queued(START, "rate-limited", 2), Queued(START, "payment-required", 1))
    outcome = ask(START, request(GOOD), Snapshot("default", NOW, queue=queue))
    assert outcome.response == "rate-limited"
    assert outcome.changes.queue == (queue[0], Queued(START, "rate-limited", 1), queue[2])
    last = ask(START, request(GOOD), Snapshot("default", NOW, queue=queue[2:]))
    assert (last.response, last.changes.queue) == ("payment-required", ())


def test_a_preference_leaves_the_queue_alone() -> None:
    outcome = ask(START, request(GOOD, prefer="code=402"), Snapshot("default", NOW, queue=QUEUE))
    assert outcome.changes.queue is None


@pytest.mark.parametrize(
    "prefer, response, applied",
    [
        ("code=402", "payment-required", b"code=402"),
        ("code=403", "token-missing", b"code=403"),
        ("code=429", "invalid-parameter", b"code=429"),
        ("code=200", "started", b"code=200"),
        ("response=rate-limited", "rate-limited", b"response=rate-limited"),
        ("example=rate-limited", "rate-limited", b"example=rate-limited"),
        ("example=plan-without-oauth2", "plan-without-oauth2", b"example=plan-without-oauth2"),
        ("response=rate-limited, code=200", "rate-limited", b"response=rate-limited"),
        ("scenario=rate-limited", "rate-limited", b"scenario=rate-limited"),
        ("wait=2, code=402", "payment-required", b"wait=2, code=402"),
        ("wait=2", "started", b"wait=2"),
        ("return=minimal, code=402", "payment-required", b"code=402"),
    ],
)
def test_what_was_honoured_is_said(prefer: str, response: str, applied: bytes) -> None:
    outcome = ask(START, request(GOOD, prefer=prefer))
    assert outcome.response == response
    assert dict(outcome.answer.headers)[b"preference-applied"] == applied


def test_without_a_preference_nothing_is_said_to_be_applied() -> None:
    for asked in (request(GOOD), request(GOOD, prefer="return=minimal")):
        assert b"preference-applied" not in dict(ask(START, asked).answer.headers)


@pytest.mark.parametrize(
    "prefer, preference",
    [
        ("code=418", "code=418"),
        ("code=", "code=true"),
        ("response=nothing", "response=nothing"),
        ("example=nothing", "example=nothing"),
        ("scenario=nothing", "scenario=nothing"),
        ("wait=soon", "wait=soon"),
        ("wait=-1, code=402", "wait=-1"),
    ],
)
def test_an_impossible_preference_is_refused_with_what_there_is(prefer: str, preference: str) -> None:
    with pytest.raises(Unmet) as refused:
        ask(START, request(GOOD, prefer=prefer))
    assert refused.value.preference == preference
    if not preference.startswith("wait"):
        assert refused.value.available["code"] == ["200", "402", "403", "429"]
        assert set(refused.value.available["response"]) == set(plan(START).responses)
        assert "consent-denied" in refused.value.available["scenario"]


def test_a_wait_is_an_effect_and_not_a_sleep() -> None:
    assert ask(START, request(GOOD, prefer="wait=2")).effects == (Wait(2.0),)
    assert ask(START, request(GOOD)).effects == ()


def test_only_a_success_changes_a_handshake() -> None:
    assert ask(START, request(GOOD)).changes.handshake is not None
    for asked in (request(GOOD, prefer="code=402"), request(BAD), request(GOOD, token=None)):
        assert not ask(START, asked).changes


@pytest.mark.parametrize(
    "token, error",
    [
        (None, None),
        ("tok en", b'error="invalid_request"'),
        ("nobody", b'error="invalid_token"'),
        ("expired-token", b'error="invalid_token"'),
        ("noscope-token", b'error="insufficient_scope", scope="connection:edit"'),
    ],
)
def test_a_refused_token_is_challenged_by_rfc_6750(token: str | None, error: bytes | None) -> None:
    challenge = dict(ask(START, request(GOOD, token=token)).answer.headers)[b"www-authenticate"]
    assert challenge.startswith(b'Bearer realm="mock-server"')
    assert (error in challenge) if error else b"error" not in challenge


@pytest.mark.parametrize(
    "body, readable",
    [
        (b"[" * 64 + b"]" * 64, True),
        (b"[" * 65 + b"]" * 65, False),
        (b'{"a":' * 64 + b"1" + b"}" * 64, True),
        (b'{"a":' * 65 + b"1" + b"}" * 65, False),
        (b'"' + b"[" * 1_000 + b'"', True),
        (b"[" + b",".join([b"[]"] * 1_000) + b"]", True),
    ],
)
def test_json_may_be_64_levels_deep(body: bytes, readable: bool) -> None:
    said = str(ask(START, request(body)).reasons[-1])
    assert ("nested deeper than 64" in said) is not readable
