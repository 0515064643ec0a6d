"""``contract --recorded``: a recorded deployment is judged and compared in the run of the mock."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from mock_server.codec.har import read_har
from mock_server.contract.client import Client
from mock_server.contract.consent import visit
from mock_server.contract.errors import CannotRun
from mock_server.contract.model import Finding, Result
from mock_server.contract.prove import Question, prove
from tests.contract.archive import archive, entry
from tests.contract.defects.front import correct, fronting
from tests.contract.defects.model import Middle, put, restatus, spoiling, to
from tests.contract.switches import REAL, own_tokens
from tests.contract.test_command import keeps_no_secret, run
from tests.support import Server, running

PENDING = spoiling(lambda asked, given: b"consent is pending" in given.body, restatus(409))
MORE_FIELDS = spoiling(to("/oauth2/credentials", 200), put(trace="8f14e45f"))
ACCEPTS_299 = spoiling(to("/oauth2", 429), restatus(200))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--quiet") as server:
        yield server


def walk(url: str, **keeping: bool) -> list[dict[str, Any]]:
    """Begin, ask too early, consent, collect, and one bad request, as a browser's network tab has them."""
    entries = []
    with httpx.Client(base_url=f"{url}/api", headers={"Authorization": f"Bearer {REAL}dev-token"}) as client:
        began = client.post("/oauth2", json={"datasource_id": "fb", "validity_duration": 300})
        entries.append(entry(began, **keeping))
        ids = began.json()
        entries.append(entry(client.post("/oauth2/credentials", json={"pull_id": ids["pull_id"]}), **keeping))
        with Client(url) as browser:
            assert visit(browser, ids["auth_uri"]).ok
        entries.append(entry(client.post("/oauth2/credentials", json=ids), **keeping))
        bad = client.post("/oauth2", json={"datasource_id": "fb", "validity_duration": 299})
        entries.append(entry(bad, **keeping))
        entries.append(entry(client.get("/elsewhere"), **keeping))
    return entries


@contextmanager
def elsewhere(server: Server, make: Callable[[random.Random], Middle]) -> Iterator[str]:
    """A deployment with tokens of its own."""
    with fronting(server.url, own_tokens(make(random.Random(1))), hide_control=True) as url:
        yield url


def recorded(server: Server, folder: Path, make: Callable[[random.Random], Middle], **keeping: bool) -> Path:
    with elsewhere(server, make) as url:
        return archive(folder / "real.har", walk(url, **keeping))


def judged(server: Server, file: Path, **changes: Any) -> Result:
    return prove(Question(url=server.api, seed=1, only=("recording",), recorded=(file,), **changes))


def told(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{each.check} {each.severity}: {each.title}" for each in findings]


@pytest.mark.parametrize("keeping", [{}, {"keep_token": False}])
def test_a_recording_of_a_deployment_that_keeps_its_word_is_silent(
    server: Server, tmp_path: Path, keeping: dict[str, bool]
) -> None:
    result = judged(server, recorded(server, tmp_path, correct, **keeping))
    assert told(result.findings) == []
    assert {"recording.answers", "recording.requests", "recording.alike"} <= set(result.passed)


def test_an_undocumented_status_fails_and_is_seen_to_differ(server: Server, tmp_path: Path) -> None:
    result = judged(server, recorded(server, tmp_path, PENDING))
    assert told(result.counted) == [
        "recording.answers error: POST /oauth2/credentials, recorded: answers 409, which is not documented",
        "recording.alike error: POST /oauth2/credentials: status is 402 here, 409 in the recording",
    ]


def test_what_only_differs_is_a_warning_unless_strict(server: Server, tmp_path: Path) -> None:
    file = recorded(server, tmp_path, MORE_FIELDS)
    title = "POST /oauth2/credentials: shape body.trace of 200 is missing here, string in the recording"
    assert told(judged(server, file).findings) == [f"recording.alike warning: {title}"]
    assert [each.title for each in judged(server, file, strict=True).counted] == [title]


def test_a_bad_request_that_was_accepted_is_told(server: Server, tmp_path: Path) -> None:
    titles = told(judged(server, recorded(server, tmp_path, ACCEPTS_299)).counted)
    assert [
        each
        for each in titles
        if each.startswith("recording.requests error: POST /oauth2, recorded: accepted with 200")
    ]


def test_bodies_that_were_not_kept_are_not_held_against_anybody(server: Server, tmp_path: Path) -> None:
    result = judged(server, recorded(server, tmp_path, correct, keep_body=False))
    assert told(result.findings) == []
    assert [each.why for each in result.not_run if each.check.startswith("recording.")] == [
        "only the status of 4 of 4 recorded answers: they have no body",
        "from real.har, entry 1 on: its answer has no body, so the ids that it gave are not known",
    ]


def test_both_are_in_one_report_and_no_secret_is(server: Server, tmp_path: Path) -> None:
    file = recorded(server, tmp_path, PENDING)
    done = run(
        "contract", server.api, "--recorded", str(file), "--only", "collecting", "--only", "recording", "--seed", "1"
    )
    assert done.returncode == 1
    assert "answers 409, which is not documented" in done.stdout
    keeps_no_secret(done.stdout + done.stderr)
    for each in read_har(file.read_bytes()):
        for value in json.loads(each.answer or b"{}").values():
            assert not isinstance(value, str) or len(value) < 30 or value not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("<html>", "MS533", "it is no JSON"),
        ("[]", "MS533", "no list at /log/entries"),
        ('{"log": {"entries": [1]}}', "MS533", "/log/entries/0 has no request and response"),
        ('{"log": {"entries": [{"request": {}, "response": {}}]}}', "MS533", "/log/entries/0 has no method, url"),
        ("[" * 5000, "MS533", "it is no JSON"),
        ('{"log": {"entries": []}}', "MS535", "nothing in the recording is of this API"),
    ],
)
def test_what_is_no_recording_of_this_api_is_told(
    server: Server, tmp_path: Path, text: str, code: str, said: str
) -> None:
    file = tmp_path / "real.har"
    file.write_text(text)
    with pytest.raises(CannotRun, match=said) as caught:
        judged(server, file)
    assert caught.value.code == code


def test_a_recording_that_is_not_there_is_told(server: Server, tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="cannot be read"):
        judged(server, tmp_path / "nothing.har")
