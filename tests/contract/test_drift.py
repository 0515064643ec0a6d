"""``mock-server drift``: silent for two that are alike, and a row for each way in which they are not."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mock_server.contract.drift import Drift, drift
from mock_server.contract.errors import CannotRun
from mock_server.contract.prove import Question
from mock_server.contract.report.drift import drift_report
from mock_server.contract.target import Tokens
from mock_server.record.secret import Secrets
from tests.contract.defects.front import correct, fronting
from tests.contract.defects.model import Middle, edit, put, restatus, spoiling, to
from tests.contract.switches import reference
from tests.contract.test_command import keeps_no_secret, run
from tests.support import ROOT, Server, running

TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token")


@contextmanager
def foreign(server: Server, make: Callable[[random.Random], Middle] = correct) -> Iterator[str]:
    """A deployment that is no mock: it has no control API and announces nothing."""
    with fronting(server.url, make(random.Random(1)), hide_control=True) as url:
        yield f"{url}/api"


def compared(real: str, mock: str, *only: str, strict: bool = False) -> Drift:
    return drift(Question(url=real, tokens=TOKENS, seed=3, only=only, strict=strict), mock)


def rows(found: Drift) -> list[tuple[str, str, str, str, str, str]]:
    return [(row.operation, row.aspect, row.where, row.mock, row.real, row.level) for row in found.rows]


def test_two_that_are_alike_are_silent(server: Server) -> None:
    with foreign(server) as url:
        only = [word for each in ("reasons", "boundaries", "collecting", "fuzz") for word in ("--only", each)]
        done = run("drift", "--mock", server.api, "--real", url, *tokens(), "--seed", "7", *only)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no difference" in done.stdout
    assert "documented  " not in done.stdout
    assert int(done.stdout.rpartition(" pairs of answers")[0].rpartition(" ")[2]) > 40
    keeps_no_secret(done.stdout + done.stderr)


def tokens() -> list[str]:
    names = ("--token", "--token-other", "--token-without-scope", "--token-unpaid")
    return [word for pair in zip(names, filter(None, TOKENS), strict=True) for word in pair]


PENDING = to("/oauth2/credentials", 402, "consent is pending")
PENDING_IS_409 = spoiling(PENDING, restatus(409))
PENDING_IS_403 = spoiling(PENDING, restatus(403))
IDS_ARE_TEXTS = spoiling(to("/oauth2/credentials", 200), edit(lambda body: {**body, "userId": str(body["userId"])}))
MORE_FIELDS = spoiling(lambda asked, given: given.status == 403, put(trace="8f14e45f"))
INVALID_IS_403 = spoiling(to("/oauth2", 429), restatus(403))

COLLECT = "POST /oauth2/credentials"


@pytest.mark.parametrize(
    ("make", "only", "row"),
    [
        (PENDING_IS_409, "collecting", (COLLECT, "status", "", "402", "409", "documented")),
        (PENDING_IS_403, "collecting", (COLLECT, "status", "", "402", "403", "assumed")),
        (IDS_ARE_TEXTS, "collecting", (COLLECT, "shape", "body.userId", "number", "string", "documented")),
        (MORE_FIELDS, "reasons", (COLLECT, "shape", "body.trace", "missing", "string", "assumed")),
        (INVALID_IS_403, "fuzz", ("POST /oauth2", "status", "", "429", "403", "assumed")),
        (INVALID_IS_403, "boundaries", ("POST /oauth2", "status", "", "429", "403", "documented")),
    ],
)
def test_a_difference_has_its_row(
    server: Server, make: Callable[[random.Random], Middle], only: str, row: tuple[str, str, str, str, str, str]
) -> None:
    with foreign(server, make) as url:
        found = compared(url, server.api, only)
    assert row in rows(found)
    assert {each[5] for each in rows(found)} <= {row[5], "assumed"}
    assert bool(found.result.counted) is (row[5] == "documented")


def test_the_reason_stands_in_the_row(server: Server) -> None:
    with foreign(server, PENDING_IS_403) as url:
        found = compared(url, server.api, "collecting.pending")
    assert [reason for row in found.rows for reason in row.reasons] == ["collected before anybody consented"]


def test_assumed_differences_fail_only_when_strict(server: Server) -> None:
    with foreign(server, PENDING_IS_403) as url:
        arguments = ("drift", "--mock", server.api, "--real", url, *tokens(), "--only", "collecting.pending")
        assert run(*arguments).returncode == 0
        done = run(*arguments, "--strict")
    assert done.returncode == 1
    assert "0 documented promises and 1 assumed differ" in done.stdout
    assert "$ curl -i -X POST" in done.stdout


def test_our_own_mock_is_started_and_differs_by_its_fixtures(tmp_path: Path) -> None:
    folder = tmp_path / "fixtures"
    shutil.copytree(ROOT / "fixtures", folder)
    file = folder / "oauth2" / "get-credentials.yaml"
    file.write_text(
        file.read_text().replace("body: {status: 402, message: consent is pending}", "body: {message: wait}")
    )
    with running("--fixtures", str(folder), "--quiet") as real, foreign(real) as url:
        done = run("drift", "--real", url, *tokens(), "--json", "--only", "collecting")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {(each["where"], each["mock"], each["real"]) for each in found["differences"]} == {
        ("body.status", "number", "missing")
    }
    assert found["format"] == "mock-server-drift/1"
    assert found["compared"] > 5
    keeps_no_secret(done.stdout + done.stderr)


def test_a_report_shows_both_requests_and_no_secret(server: Server) -> None:
    kept: list[Secrets] = []
    with foreign(server, PENDING_IS_409) as url:
        question = Question(url=url, tokens=TOKENS, seed=3, only=("collecting.pending",))
        found = drift(question, server.api, watch=lambda secrets, _: kept.append(secrets))
    text = drift_report(found, kept[0])
    assert text.count("$ curl -i -X POST") == 2
    assert "answers 409, which is not documented" in text
    keeps_no_secret(text)


def test_a_foreign_deployment_that_is_correct_differs_in_nothing_that_is_documented() -> None:
    """Every check that there is: of both sides' manners two differ, and nothing else."""
    with reference() as url:
        found = drift(Question(url=f"{url}/api", tokens=TOKENS, seed=3), None)
    assert not found.result.counted, [finding.title for finding in found.result.counted]
    assert found.compared > 500
    differing = {(row.aspect, row.where) for row in found.rows}
    assert differing == {("shape", "body.request"), ("header", "www-authenticate")}


def test_one_deployment_twice_is_refused(server: Server) -> None:
    with pytest.raises(CannotRun, match="MS531"):
        compared(server.api, server.api)


def test_a_silence_that_means_nothing_is_refused(server: Server) -> None:
    with foreign(server) as url, pytest.raises(CannotRun, match="MS532"):
        drift(Question(url=url, tokens=Tokens("dev-token"), only=("collecting.foreign",)), server.api)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--real", "http://127.0.0.1:1/api", "--token", "x"], 4, "error MS502: the real: http://127.0.0.1:1 gives no"),
        (["--real", "http://127.0.0.1:1/api"], 4, "hint: is it running, and is the URL of --real right?\n"),
        (["--mock", "http://127.0.0.1:1"], 2, "Missing option '--real'"),
        (["--real", "nowhere"], 2, "error MS501"),
    ],
)
def test_what_cannot_be_compared_is_said(arguments: list[str], code: int, text: str) -> None:
    done = run("drift", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert "Traceback" not in done.stderr
