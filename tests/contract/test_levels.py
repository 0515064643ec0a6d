"""What is assumed fails only who was set up from the fixtures; what the document says fails everybody."""

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
from tests.contract.switches import MANNERS, REAL, own_tokens, switched
from tests.support import running

FIXTURE_TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
OWN_TOKENS = Tokens(*(f"{REAL}{each}" for each in FIXTURE_TOKENS))
ASSUMED = ("second read", "consent is given at once")


@contextmanager
def deployment(folder: Path, switch: str, defect: str = "") -> Iterator[str]:
    """Somebody else's, which has tokens of its own."""
    middle = ALL[defect].make(random.Random(1)) if defect else MANNERS["nothing"](random.Random(1))
    with (
        running("--quiet", "--fixtures", str(switched(folder, switch))) as server,
        fronting(server.url, own_tokens(middle), hide_control=True) as url,
    ):
        yield f"{url}/api"


def proven(url: str, tokens: Tokens = OWN_TOKENS, **changes: object) -> Result:
    return prove(Question(url=url, tokens=tokens, seed=1, skip=("fuzz",), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("switch", ASSUMED)
def test_a_switch_that_nobody_told_of_is_told_and_fails_no_foreign_deployment(tmp_path: Path, switch: str) -> None:
    with deployment(tmp_path, switch) as url:
        result = proven(url)
    assert [each.title for each in result.counted] == []
    assert [each.title for each in result.findings if each.promise.level == "assumed"]


def test_with_strict_it_counts(tmp_path: Path) -> None:
    with deployment(tmp_path, "second read") as url:
        result = proven(url, strict=True, only=("collecting",))
    assert [each.check for each in result.counted] == ["collecting.granted"]


def test_who_lets_in_a_token_of_the_fixtures_was_set_up_from_them(tmp_path: Path) -> None:
    with (
        running("--quiet", "--fixtures", str(switched(tmp_path, "second read"))) as server,
        fronting(server.url, MANNERS["nothing"](random.Random(1)), hide_control=True) as url,
    ):
        result = proven(f"{url}/api", FIXTURE_TOKENS, only=("collecting",))
    assert result.strict
    assert [each.check for each in result.counted] == ["collecting.granted"]


@pytest.mark.parametrize("defect", ["299-accepted", "error-bom", "405-without-allow", "pull-id-counter"])
def test_what_is_documented_fails_a_foreign_deployment(tmp_path: Path, defect: str) -> None:
    with deployment(tmp_path, "as bundled", defect) as url:
        assert proven(url).counted
