"""What is assumed fails only who was set up from the fixtures; what the document says fails everybody.

A run here makes the checks that see the switch or the defect; whole runs before every switch that nobody told of are
``python -m benchmarks.false_alarms --views foreign``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from tests.contract.defects import ALL
from tests.contract.defects.front import fronting
from tests.contract.defects.model import Middle
from tests.contract.switches import MANNERS, REAL, own_tokens, switched
from tests.support import Server, running

FIXTURE_TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
OWN_TOKENS = Tokens(*(f"{REAL}{each}" for each in FIXTURE_TOKENS))
SECOND_READ = "second read"
ASSUMED = {
    SECOND_READ: ("collecting", "callback", "parallel", "sequences.decided", "sequences.anew"),
    "consent is given at once": ("authorization", "boundaries", "bodies", "collecting", "sequences.decided"),
}
"""A switch that is only assumed to be as it is, and checks that see it."""


def nothing() -> Middle:
    return MANNERS["nothing"](random.Random(1))


@contextmanager
def deployment(upstream: str, middle: Middle) -> Iterator[str]:
    """Somebody else's, which has tokens of its own."""
    with fronting(upstream, own_tokens(middle), hide_control=True) as url:
        yield f"{url}/api"


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A mock that gives what was granted only once."""
    with running("--quiet", "--fixtures", str(switched(tmp_path_factory.mktemp("once"), SECOND_READ))) as server:
        yield server


def proven(url: str, *only: str, tokens: Tokens = OWN_TOKENS, strict: bool = False) -> Result:
    return prove(Question(url=url, tokens=tokens, seed=1, skip=("fuzz",), only=only, strict=strict))


def is_told_and_fails_nobody(result: Result) -> bool:
    assert [each.title for each in result.counted] == []
    return any(each.promise.level == "assumed" for each in result.findings)


def test_a_second_read_that_nobody_told_of_is_told_and_fails_no_foreign_deployment(read_once: Server) -> None:
    with deployment(read_once.url, nothing()) as url:
        assert is_told_and_fails_nobody(proven(url, *ASSUMED[SECOND_READ]))


def test_a_consent_at_once_that_nobody_told_of_is_told_and_fails_no_foreign_deployment(tmp_path: Path) -> None:
    switch = "consent is given at once"
    fixtures = switched(tmp_path, switch)
    with running("--quiet", "--fixtures", str(fixtures)) as server, deployment(server.url, nothing()) as url:
        assert is_told_and_fails_nobody(proven(url, *ASSUMED[switch]))


def test_with_strict_it_counts(read_once: Server) -> None:
    with deployment(read_once.url, nothing()) as url:
        result = proven(url, "collecting", strict=True)
    assert [each.check for each in result.counted] == ["collecting.granted"]


def test_who_lets_in_a_token_of_the_fixtures_was_set_up_from_them(read_once: Server) -> None:
    with fronting(read_once.url, nothing(), hide_control=True) as url:
        result = proven(f"{url}/api", "collecting", tokens=FIXTURE_TOKENS)
    assert result.strict
    assert [each.check for each in result.counted] == ["collecting.granted"]


@pytest.mark.parametrize(
    ("defect", "only", "check"),
    [
        ("299-accepted", ("boundaries",), "boundaries.body"),
        ("error-bom", ("reasons", "witness"), "witness.json"),
        ("405-without-allow", ("protocol",), "protocol.method"),
        ("pull-id-counter", ("bodies",), "bodies.ids"),
    ],
)
def test_what_is_documented_fails_a_foreign_deployment(
    server: Server, defect: str, only: tuple[str, ...], check: str
) -> None:
    with deployment(server.url, ALL[defect].make(random.Random(1))) as url:
        assert {each.check for each in proven(url, *only).counted} == {check}
