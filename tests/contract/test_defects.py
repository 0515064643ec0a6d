"""Of the deployments that break one thing: a few of each class change an answer, and a few of them are found here.

The whole score, and that every one of them changes an answer, is ``python -m benchmarks.defects``; false alarms are
``python -m benchmarks.false_alarms``. A run here makes the check that is there for the defect, but for one whole run
before each deployment.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from tests.contract.defects import ALL
from tests.contract.defects.empty import Answers, is_empty, right_answers
from tests.contract.defects.front import correct, fronting
from tests.contract.defects.model import Defect
from tests.contract.deployment import before
from tests.contract.switches import reference, switched
from tests.support import ROOT, Server, running

TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
START, COLLECT = "POST /oauth2", "POST /oauth2/credentials"
SAMPLE: dict[str, tuple[str, str]] = {
    "credentials-client-id-rounded": (
        "bodies.credentials",
        f"{COLLECT} answers 200 with another body than credentials: collected after approve",
    ),
    "pull-id-counter": ("bodies.ids", "pull_id can be guessed: "),
    "status-pending-403": (
        "collecting.pending",
        f"{COLLECT} answers 403 instead of 402: collected before anybody consented",
    ),
    "text-time-accepted": ("boundaries.body", f'{START} answers 200 instead of 429: validity_duration is "300"'),
    "nul-500": (
        "sequences.false-ids",
        f"{COLLECT} answers 500 instead of 403: collected with a pull_id with NUL and more behind",
    ),
    "suffix-accepted": ("authorization.matrix", f"{START} answers 200 instead of 403: the token and a word"),
    "auth-after-validation": (
        "authorization.order",
        f"{START} answers 429 instead of 403: no token, and no JSON as the body",
    ),
    "reset-on-invalid": (
        "boundaries.body",
        f"{START} gives no answer (reset) instead of 429: a body without datasource_id",
    ),
    "500-in-5-percent": ("stability.handshake", f"{START} answers the same call in different ways (a good start): 500"),
    "wrong-token-burns": (
        "sequences.burns-nothing",
        f"{COLLECT} answers 403 instead of 200: collected after begin approve changed truncated collect-as-other",
    ),
    "token-in-403": ("secrets.echo", f"{START}: an error answer (403) repeats the token"),
}
"""Defect -> the check that is there for it, and how the title of its finding begins."""
FOREIGN: dict[str, tuple[str, str]] = {
    "pull-id-counter": SAMPLE["pull-id-counter"],
    "type-good-text-plain": ("witness.media-type", ""),
    "299-accepted": ("boundaries.body", f"{START} answers 200 instead of 429: validity_duration is 299"),
    "suffix-accepted": SAMPLE["suffix-accepted"],
    "second-read-empty": ("collecting.granted", f"{COLLECT} answers "),
}
"""The same before the reference deployment."""
ONLOOKERS = {"secrets.echo": ("reasons.token",), "witness.media-type": ("collecting.granted",)}
"""What makes the exchanges for a check that only looks on."""
EVERY = 15
"""Of each class so many-th is taken on the tour here."""


@pytest.fixture(scope="module")
def large() -> Iterator[Server]:
    """A mock that many tours fit in."""
    with running("--quiet", "--max-handshakes", "1000000") as server:
        yield server


@pytest.fixture(scope="module")
def right(large: Server) -> Answers:
    """What the correct mock answers on the tour."""
    return right_answers(large.url)


@pytest.mark.parametrize("table", sorted({defect.kind for defect in ALL.values()}))
def test_a_defect_changes_an_answer(large: Server, right: Answers, table: str) -> None:
    """A few of each class; ``benchmarks.defects`` begins with all of those that it is to score."""
    sample = [defect for defect in ALL.values() if defect.kind == table][::EVERY]
    assert len(sample) >= 2
    assert [defect.name for defect in sample if is_empty(large.url, defect, right)] == []


def test_what_breaks_nothing_is_told_from_a_defect(large: Server, right: Answers) -> None:
    assert is_empty(large.url, Defect("nothing", "state", "nothing is broken", correct), right)


def test_there_are_enough_of_every_class() -> None:
    kinds = [defect.kind for defect in ALL.values()]
    assert len(ALL) >= 500
    assert {kind for kind in kinds if kinds.count(kind) < 20} == set()
    assert {ALL[name].kind for name in (*SAMPLE, WHOLE)} == set(kinds)


def proven(url: str, seed: int, *only: str, strict: bool = False) -> Result:
    return prove(Question(url=f"{url}/api", tokens=TOKENS, seed=seed, skip=("fuzz",), only=only, strict=strict))


def said(result: Result) -> list[tuple[str, str]]:
    return [(each.check, each.title) for each in result.counted]


def aimed(check: str) -> tuple[str, ...]:
    return (check, *ONLOOKERS.get(check, ()))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_defect_is_found(large: Server, name: str) -> None:
    check, title = SAMPLE[name]
    with fronting(large.url, ALL[name].make(random.Random(1))) as url:
        found = said(proven(url, 1, *aimed(check)))
    assert [each for each in found if each[0] == check and each[1].startswith(title)], (ALL[name].says, found)


WHOLE = "405-without-allow"


def test_of_a_whole_run_a_defect_is_all_that_is_found(large: Server) -> None:
    with fronting(large.url, ALL[WHOLE].make(random.Random(1))) as url:
        found = said(proven(url, 1))
    assert found == [
        ("protocol.method", "/oauth2 answers GET with no Allow"),
        ("protocol.method", "/oauth2/credentials answers GET with no Allow"),
    ]


def test_the_checks_that_find_them_find_nothing_behind_a_front_that_breaks_nothing(large: Server) -> None:
    checks = {each for check, _ in (*SAMPLE.values(), *FOREIGN.values()) for each in aimed(check)}
    with fronting(large.url, correct(random.Random(1))) as url:
        result = proven(url, 2, *checks)
    assert [each.title for each in result.findings] == []
    assert checks <= set(result.passed)


def test_a_whole_run_finds_nothing_where_our_control_api_is_hidden(large: Server) -> None:
    with fronting(large.url, correct(random.Random(1)), hide_control=True) as url:
        result = proven(url, 2)
    assert [each.title for each in result.findings] == []


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """The reference deployment in a process of its own."""
    with reference() as url:
        yield url


def test_a_whole_run_finds_nothing_before_the_reference_deployment(foreign: str) -> None:
    assert [title for _, title in said(proven(foreign, 3, strict=True))] == []


def test_of_a_whole_run_before_the_reference_deployment_a_defect_is_all_that_is_found(foreign: str) -> None:
    with fronting(foreign, ALL["error-bom"].make(random.Random(1))) as url:
        found = said(proven(url, 1, strict=True))
    assert {check for check, _ in found} == {"witness.json"}
    assert all("byte order mark" in title for _, title in found)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_defect_before_the_reference_deployment_is_found(foreign: str, name: str) -> None:
    check, title = FOREIGN[name]
    with fronting(foreign, ALL[name].make(random.Random(1))) as url:
        found = said(proven(url, 1, *aimed(check), strict=True))
    assert [each for each in found if each[0] == check and each[1].startswith(title)], (ALL[name].says, found)


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


SWITCHES: dict[str, tuple[str, ...]] = {
    "401 for every bad token": ("reasons", "authorization", "witness"),
    "consent is given at once": (
        "authorization.matrix", "protocol.request", "bodies", "sequences.pending", "sequences.decided",
        "parallel.starts", "collecting",
    ),
    "second read": ("sequences.decided", "sequences.anew", "callback", "parallel", "collecting"),
    "invalid request 1 that is not JSON": ("edges.values", "edges.body"),
    "pull_id unknown, forged, foreign, mismatched": ("examples", "sequences.false-ids", "collecting"),
}  # fmt: skip
"""Switch -> the checks that see it when nobody tells of it."""


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_that_is_told_is_no_defect(tmp_path: Path, name: str) -> None:
    """All of them in whole runs: ``benchmarks.false_alarms``."""
    fixtures = switched(tmp_path, name)
    with running("--quiet", "--fixtures", str(fixtures)) as server:
        only, specs = SWITCHES[name], (ROOT / "openapi.yaml",)
        question = Question(url=server.api, specs=specs, fixtures=fixtures, seed=4, skip=("fuzz",), only=only)
        assert [each.title for each in prove(question).findings] == []


def test_nothing_is_found_behind_a_proxy_that_passes_one_header_of_a_name_on(large: Server) -> None:
    with before(large.url, lambda asked, given: given) as url:
        question = Question(url=f"{url}/api", tokens=TOKENS, seed=5, only=("authorization", "reasons"))
        assert [each.title for each in prove(question).counted] == []
