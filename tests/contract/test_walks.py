"""Each walk finds the defect that it is there for, and nothing on a correct deployment.

Whole runs are those before the correct one, and before one that fails at every start.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from tests.contract.deployment import Asked, Breaker, Given, before
from tests.support import Server

START, COLLECT = "/api/oauth2", "/api/oauth2/credentials"


def walked(url: str, *only: str, seed: int = 1, **changes: object) -> Result:
    question = Question(url=url, tokens=Tokens("dev-token"), seed=seed, skip=("fuzz",), only=only)
    return prove(question)


def said(given: Given) -> str:
    return str(json.loads(given.body).get("message", "")) if given.body[:1] == b"{" else ""


def instead(target: str, status: int, when: Callable[[Asked, Given], bool]) -> Breaker:
    """Another status for some answers of an operation."""

    def breaker(asked: Asked, given: Given) -> Given:
        return given._replace(status=status) if asked.target == target and when(asked, given) else given

    return breaker


def has(text: str) -> Callable[[Asked, Given], bool]:
    return lambda asked, given: text in said(given)


DEFECTS: dict[str, tuple[str, Breaker, str]] = {
    "299 is accepted": (
        "boundaries.body",
        instead(START, 200, lambda asked, given: b": 299" in asked.body),
        "POST /oauth2 answers 200 instead of 429: validity_duration is 299",
    ),
    "43200 is refused": (
        "boundaries.body",
        instead(START, 429, lambda asked, given: b": 43200" in asked.body),
        "POST /oauth2 answers 429 instead of 200: validity_duration is 43200",
    ),
    "an invalid parameter is a 403": (
        "boundaries.body",
        instead(START, 403, has("validity_duration")),
        "POST /oauth2 answers 403 instead of 429: validity_duration is",
    ),
    "no token is a 429": (
        "reasons.token",
        instead(START, 429, has("no token was sent")),
        "POST /oauth2 answers 429 instead of 403: no token",
    ),
    "an unknown token is let in": (
        "reasons.token",
        instead(COLLECT, 402, has("the token is not known")),
        "POST /oauth2/credentials answers 402 instead of 403: a token that nobody knows",
    ),
    "an expired token is let in": (
        "reasons.token",
        instead(COLLECT, 200, has("the token has expired")),
        "POST /oauth2/credentials answers 200 instead of 403: a token that has expired",
    ),
    "the scope is not looked at": (
        "reasons.scope",
        instead(START, 200, has("lacks the scope")),
        "POST /oauth2 answers 200 instead of 403: the token lacks the scope",
    ),
    "the plan is not looked at": (
        "reasons.unpaid",
        instead(START, 403, has("plan of this account")),
        "POST /oauth2 answers 403 instead of 402: the plan does not pay",
    ),
    "pending is a 403": (
        "collecting.pending",
        instead(COLLECT, 403, has("consent is pending")),
        "POST /oauth2/credentials answers 403 instead of 402: collected before anybody consented",
    ),
    "granted is a 402": (
        "collecting.granted",
        instead(COLLECT, 402, lambda asked, given: given.status == 200),
        "POST /oauth2/credentials answers 402 instead of 200: collected after consent",
    ),
    "denied is a 200": (
        "collecting.denied",
        instead(COLLECT, 200, has("consent was denied")),
        "POST /oauth2/credentials answers 200 instead of 402: collected after deny",
    ),
    "an unknown id is a 402": (
        "collecting.unknown",
        instead(COLLECT, 402, has("no such OAuth2 process")),
        "POST /oauth2/credentials answers 402 instead of 403: a pull_id that was never given out",
    ),
    "nothing expires": (
        "collecting.expired",
        instead(COLLECT, 200, has("has expired")),
        "POST /oauth2/credentials answers 200 instead of 402: collected after it expired",
    ),
    "a source without OAuth2 begins": (
        "reasons.provider",
        instead(START, 200, lambda asked, given: b"mysql" in asked.body),
        "POST /oauth2 answers 200 instead of 429: datasource_id is mysql",
    ),
    "the connection is closed": (
        "collecting.pending",
        lambda asked, given: Given(0) if given.status == 402 and asked.target == COLLECT else given,
        "POST /oauth2/credentials gives no answer (reset) instead of 402",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_walk_finds_its_defect(server: Server, defect: str) -> None:
    check, breaker, title = DEFECTS[defect]
    with before(server.url, breaker) as url:
        result = walked(f"{url}/api", check)
    assert any(finding.title.startswith(title) for finding in result.counted), [each.title for each in result.findings]
    assert {each.check for each in result.counted} == {check}


@pytest.mark.parametrize("seed", range(2))
def test_a_correct_deployment_has_no_finding(server: Server, seed: int) -> None:
    """More seeds: ``benchmarks.false_alarms --views mock --name "as bundled" --seeds 0,1,2,3,4``."""
    result = walked(server.api, seed=seed)
    assert result.findings == ()
    assert [each.check for each in result.not_run] == ["fuzz"]


def test_the_same_defect_is_one_finding(server: Server) -> None:
    with before(server.url, instead(START, 500, lambda asked, given: True)) as url:
        result = walked(f"{url}/api")
    assert len({each.fingerprint for each in result.findings}) == len(result.findings)
    blocked = "it builds upon what is broken: POST /oauth2 answers 500 instead of 200: a good request"
    assert [each.check for each in result.findings if "a good request" in each.title] == ["reasons.good-start"]
    assert "collecting.pending" in {each.check for each in result.not_run if each.why == blocked}
    assert not {each for each in result.passed if each.startswith("collecting.")}


def test_a_finding_says_where_its_promise_stands(server: Server) -> None:
    check, breaker, _ = DEFECTS["pending is a 403"]
    with before(server.url, breaker) as url:
        result = walked(f"{url}/api", check)
    (finding,) = result.counted
    assert "get-credentials.yaml:" in finding.promise.source
    assert finding.promise.source.endswith("(rule 'nobody has decided yet, or ever will')")
    assert finding.promise.level == "assumed"
    assert finding.seed == 1
    assert [each.operation for each in finding.exchanges] == ["POST /oauth2", "POST /oauth2/credentials"]
