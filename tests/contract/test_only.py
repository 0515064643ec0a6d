"""``--only`` and ``--skip`` of an operation: nothing is sent to what they leave out."""

from __future__ import annotations

import random

import pytest

from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from tests.contract.defects.front import fronting
from tests.contract.defects.model import Asked, Given, Send, restatus, spoiling, to
from tests.support import Server

START, COLLECT = "POST /oauth2", "POST /oauth2/credentials"


TOKENS = Tokens("dev-token")


def sent_to(server: Server, only: tuple[str, ...], skip: tuple[str, ...]) -> tuple[Result, set[str]]:
    """What came of a run, and every path that something was sent to."""
    targets: set[str] = set()

    def note(asked: Asked, send: Send) -> Given:
        targets.add(asked.target.partition("?")[0])
        return send(asked)

    with fronting(server.url, note) as url:
        result = prove(Question(url=f"{url}/api", tokens=TOKENS, seed=1, only=only, skip=("fuzz", *skip)))
    return result, targets


def test_with_only_the_start_no_check_sends_to_another_operation_or_is_made_for_it(server: Server) -> None:
    result, targets = sent_to(server, (START,), ())
    assert result.findings == ()
    assert "/api/oauth2" in targets
    assert "/api/oauth2/credentials" not in targets
    assert "boundaries.body" in result.passed
    why = {each.check: each.why for each in result.not_run}
    assert why["collecting.pending"] == f"it sends {COLLECT}, which --only or --skip leaves out"
    assert {row.operation for row in result.coverage} == {START}


@pytest.mark.parametrize(
    ("only", "skip", "never", "wanted"),
    [
        (("reasons", "examples", "collecting"), (COLLECT,), "/api/oauth2/credentials", "reasons.provider"),
        ((COLLECT, "collecting"), (), "", "collecting.pending"),
    ],
)
def test_only_what_is_left_is_sent_to(
    server: Server, only: tuple[str, ...], skip: tuple[str, ...], never: str, wanted: str
) -> None:
    """``--skip`` of the one leaves the same as ``--only`` the other, which the test above makes every check with."""
    result, targets = sent_to(server, only, skip)
    assert result.findings == ()
    assert never not in targets
    assert "/api/oauth2" in targets
    assert wanted in result.passed


def test_checks_about_the_start_alone_are_left_out_with_it_though_their_family_is_named(server: Server) -> None:
    only = (COLLECT, "reasons", "collecting.granted")
    result = prove(Question(url=server.api, seed=1, only=only, skip=("fuzz",)))
    why = {each.check: each.why for each in result.not_run}
    assert why["reasons.provider"] == why["reasons.unpaid"] == "left out by --only or --skip"
    assert "reasons.token" in result.passed
    assert "collecting.granted" in result.passed


def test_what_keeps_us_from_an_operation_is_found_even_when_only_that_one_is_asked_about(server: Server) -> None:
    with fronting(server.url, spoiling(to("/oauth2"), restatus(500))(random.Random())) as url:
        question = Question(url=f"{url}/api", tokens=TOKENS, seed=1, only=(COLLECT,), skip=("fuzz",))
        result = prove(question)
    assert f"{START} answers 500 instead of 200: a good request" in [each.title for each in result.counted]
