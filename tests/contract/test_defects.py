"""Of the deployments that break one thing: each breaks something, and a few of each class are found here.

The whole score is ``python -m benchmarks.defects``; false alarms are ``python -m benchmarks.false_alarms``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from tests.contract.defects import ALL
from tests.contract.defects.front import correct, fronting
from tests.contract.defects.tour import WALKS, shows, steps
from tests.contract.deployment import before
from tests.contract.switches import reference, switched
from tests.support import ROOT, Server, running

TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
SAMPLE = (
    "credentials-client-id-rounded",
    "pull-id-counter",
    "405-without-allow",
    "status-pending-403",
    "text-time-accepted",
    "nul-500",
    "suffix-accepted",
    "auth-after-validation",
    "reset-on-invalid",
    "500-in-5-percent",
    "wrong-token-burns",
    "token-in-403",
)


class Always(random.Random):
    """What happens now and then happens every time."""

    def random(self) -> float:
        return 0.0


@pytest.fixture(scope="module")
def large() -> Iterator[Server]:
    """A mock that many tours fit in."""
    with running("--quiet", "--max-handshakes", "1000000") as server:
        yield server


@pytest.fixture(scope="module")
def plain(large: Server) -> dict[str, list[str]]:
    """What the correct mock answers on the tour, walk by walk."""
    with fronting(large.url, correct(random.Random())) as url:
        return {walk: [line for _, line in steps(url, [walk])] for walk in WALKS}


@pytest.mark.parametrize("table", sorted({defect.kind for defect in ALL.values()}))
def test_every_defect_changes_an_answer(large: Server, plain: dict[str, list[str]], table: str) -> None:
    empty = []
    for name, defect in ALL.items():
        if defect.kind != table:
            continue
        waited: list[float] = []
        with fronting(large.url, defect.make(Always()), pause=waited.append) as url:
            changed = any(
                waited or line != right
                for walk in shows(table)
                for line, right in zip_longest((line for _, line in steps(url, [walk])), plain[walk])
            )
        if not changed and not waited:
            empty.append(name)
    assert not empty


def test_there_are_enough_of_every_class() -> None:
    kinds = [defect.kind for defect in ALL.values()]
    assert len(ALL) >= 500
    assert {kind for kind in kinds if kinds.count(kind) < 20} == set()
    assert [name for name in SAMPLE if name not in ALL] == []


def proven(url: str, seed: int) -> Result:
    return prove(Question(url=f"{url}/api", tokens=TOKENS, seed=seed, skip=("fuzz",)))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_defect_is_found(large: Server, name: str) -> None:
    with fronting(large.url, ALL[name].make(random.Random(1))) as url:
        result = proven(url, 1)
    assert result.counted, f"{name}: {ALL[name].says}"


@pytest.mark.parametrize("hide_control", [False, True])
def test_nothing_is_found_before_the_correct_mock(large: Server, hide_control: bool) -> None:
    with fronting(large.url, correct(random.Random(1)), hide_control=hide_control) as url:
        result = proven(url, 2)
    assert [each.title for each in result.findings] == []


FOREIGN = (
    "pull-id-counter",
    "type-good-text-plain",
    "error-bom",
    "299-accepted",
    "suffix-accepted",
    "second-read-empty",
)


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """The reference deployment in a process of its own."""
    with reference() as url:
        yield url


def test_nothing_is_found_before_the_reference_deployment(foreign: str) -> None:
    question = Question(url=f"{foreign}/api", tokens=TOKENS, seed=3, skip=("fuzz",), strict=True)
    assert [each.title for each in prove(question).counted] == []


@pytest.mark.parametrize("name", FOREIGN)
def test_a_defect_before_the_reference_deployment_is_found(foreign: str, name: str) -> None:
    with fronting(foreign, ALL[name].make(random.Random(1))) as url:
        result = prove(Question(url=f"{url}/api", tokens=TOKENS, seed=1, skip=("fuzz",), strict=True))
    assert result.counted, f"{name}: {ALL[name].says}"


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("credentials-in-start", "secrets.credentials"),
        ("credentials-in-start-by-another-name", "secrets.start"),
        ("pull-id-on-page", "pages.pull-id"),
        ("pull-id-in-hidden-field", "pages.pull-id"),
        ("pull-id-in-script", "pages.pull-id"),
        ("pull-id-in-redirect", "pages.pull-id"),
        ("pull-id-in-cookie", "pages.pull-id"),
        ("pull-id-on-last-page", "pages.pull-id"),
    ],
)
def test_what_the_reference_deployment_gives_too_early_is_found(foreign: str, name: str, check: str) -> None:
    with fronting(foreign, ALL[name].make(random.Random(1))) as url:
        result = prove(Question(url=f"{url}/api", tokens=TOKENS, seed=1, only=("reasons", "pages", "secrets")))
    assert [each.check for each in result.counted] == [check], [each.title for each in result.findings]


@pytest.mark.parametrize(
    "name",
    [
        "401 for every bad token",
        "consent is given at once",
        "second read",
        "invalid request 1 that is not JSON",
        "pull_id unknown, forged, foreign, mismatched",
    ],
)
def test_a_switch_that_is_told_is_no_defect(tmp_path: Path, name: str) -> None:
    fixtures = switched(tmp_path, name)
    with running("--quiet", "--fixtures", str(fixtures)) as server:
        question = Question(url=server.api, specs=(ROOT / "openapi.yaml",), fixtures=fixtures, seed=4, skip=("fuzz",))
        assert [each.title for each in prove(question).findings] == []


def test_nothing_is_found_behind_a_proxy_that_passes_one_header_of_a_name_on(large: Server) -> None:
    with before(large.url, lambda asked, given: given) as url:
        question = Question(url=f"{url}/api", tokens=TOKENS, seed=5, only=("authorization", "reasons"))
        assert [each.title for each in prove(question).counted] == []
