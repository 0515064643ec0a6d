"""``contract --learn``: a foreign deployment is observed, and our mock answers as it does from then on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from mock_server.contract.learn.decide import Decided, Lead, Respond
from mock_server.contract.learn.rewrite import rewrite
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from mock_server.record.answer import Answer
from mock_server.settings import Settings
from mock_server.source import Source, load
from mock_server.world import build_world
from tests.contract.serving import serving
from tests.contract.switches import reference
from tests.contract.test_command import contract, keeps_no_secret, run
from tests.contract.test_drift import foreign as elsewhere
from tests.support import ROOT, TOKEN, running

TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token")
CHANGES = {
    "oauth2/get-credentials.yaml": (
        ("status: 402\n    source: assumed\n    body: {status: 402, message: consent is pending}",
         "status: 409\n    source: assumed\n    body: {status: 409, message: not yet}"),
        ("body: {status: 402, message: consent was denied}",
         'body: {status: 402, message: refused, at: "2026-01-01T00:00:00Z"}'),
        ("body: {status: 403, message: no such OAuth2 process}",
         "body: {status: 403, message: gone}"),
        ("one_of: [unknown, forged, foreign, mismatched]", "one_of: [unknown, forged, mismatched]"),
        ("  - when: {handshake.state: denied}",
         "  - when: {handshake.state: foreign}\n    respond: token-unknown\n  - when: {handshake.state: denied}"),
    ),
    "oauth2/new-credentials.yaml": (
        ("the plan of this account does not include OAuth2 connections", "pay first"),
    ),
}  # fmt: skip
"""Another deployment of the API: what nobody documented is different there."""


AIMS = ("--only", "reasons", "--only", "collecting")
"""What asks for every answer that is different there. All that can be learnt, by a whole walk: the reference, below."""


@contextmanager
def foreign(folder: Path, spec: Path) -> Iterator[str]:
    """It is no mock to whoever asks: nothing of ours is seen."""
    shutil.copytree(ROOT / "fixtures", folder)
    for name, pairs in CHANGES.items():
        text = (folder / name).read_text()
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        (folder / name).write_text(text)
    with running(str(spec), "--fixtures", str(folder), "--quiet") as server, elsewhere(server) as url:
        yield url


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The bundled one, which does not know 409."""
    path = tmp_path / "openapi.yaml"
    path.write_text((ROOT / "openapi.yaml").read_text())
    return path


def with_409(document: Path, snippet: str) -> None:
    """Put what the hint says where the hint says."""
    text = document.read_text()
    start, end = text.index("operationId: getOAuth2Credentials"), text.index("\ncomponents:")
    changed = text[start:end].replace("      responses:\n", f"      responses:\n{snippet}\n")
    document.write_text(text[:start] + changed + text[end:])


def test_what_was_learnt_is_served_and_the_deployment_keeps_it_even_when_strict(tmp_path: Path, document: Path) -> None:
    learnt = tmp_path / "learnt"
    arguments = [word for pair in zip(("--token", "--token-other", "--token-without-scope", "--token-unpaid"),
                                      filter(None, TOKENS), strict=True) for word in pair]  # fmt: skip
    with foreign(tmp_path / "theirs", document) as url:
        given = ("--spec", str(document), "--seed", "5", *AIMS, *arguments)
        first = contract(url, "--fixtures", str(ROOT / "fixtures"), "--learn", str(learnt), *given)
        assert "pending is 409, was 402 (collected before anybody consented)" in first.stderr, (
            first.stdout + first.stderr
        )
        assert "POST /oauth2/credentials answers 409, which is not documented; add below" in first.stderr
        keeps_no_secret(first.stdout + first.stderr)
        snippet = first.stderr.partition("which is not documented; add below")[2].partition("\n")[2]
        snippet = "\n".join(line for line in snippet.splitlines() if line.startswith("        "))
        with_409(document, snippet)
        second = contract(url, "--fixtures", str(learnt), "--strict", *given)
    assert second.returncode == 0, second.stdout
    assert "keeps the contract" in second.stdout

    checked = run("check", str(document), "--fixtures", str(learnt))
    assert checked.returncode == 0, checked.stdout
    assert "observed" in checked.stdout
    own = contract("--spec", str(document), "--fixtures", str(learnt), "--seed", "5", *AIMS)
    assert own.returncode == 0, own.stdout + own.stderr

    world = build_world(Settings(specs=(document,), fixtures=learnt))
    responses = world.fixtures.operations["POST /oauth2/credentials"].responses
    assert {name: responses[name].status for name in ("pending", "no-such-process", "no-such-process-foreign")} == {
        "pending": 409, "no-such-process": 403, "no-such-process-foreign": 403,
    }  # fmt: skip
    assert {responses[name].source for name in ("pending", "denied", "no-such-process")} == {"observed"}
    assert json.loads(responses["pending"].encoded or b"") == {"status": 409, "message": "not yet"}
    assert json.loads(responses["denied"].encoded or b"")["at"] == "2026-01-01T00:00:00Z"
    assert json.loads(responses["no-such-process-foreign"].encoded or b"")["message"] == "the token is not known"
    assert responses["credentials"].source == "documented"
    text = (learnt / "oauth2" / "get-credentials.yaml").read_text()
    assert "# true: a second read is answered with `already-collected`" in text
    assert "observed: collected with the token of another account" in text
    assert (learnt / "tokens.yaml").read_bytes() == (ROOT / "fixtures" / "tokens.yaml").read_bytes()


def test_a_deployment_of_somebody_else_is_learnt_but_for_what_fixtures_cannot_say(tmp_path: Path) -> None:
    learnt = tmp_path / "learnt"
    with reference() as url:
        first = prove(Question(url=f"{url}/api", tokens=TOKENS, seed=3, skip=("fuzz",), learn=learnt))
        again = prove(Question(url=f"{url}/api", tokens=TOKENS, seed=4, skip=("fuzz",), fixtures=learnt, strict=True))
    assert first.learnt is not None
    assert len(first.learnt.changes) == 17
    assert first.learnt.kept == ()
    assert [each.title for each in again.counted] == []
    with serving(ROOT / "openapi.yaml", fixtures=learnt) as mock:
        answer = httpx2.post(f"{mock}/api/oauth2", json={"datasource_id": "mysql"}, headers=TOKEN)
    assert answer.status_code == 429
    assert answer.json()["message"] == "Invalid param: datasource_id is not one of ours"


def test_a_broken_documented_promise_is_a_finding_and_is_not_learnt(tmp_path: Path, document: Path) -> None:
    theirs = tmp_path / "theirs"
    with foreign(theirs, document) as url:
        pass
    file = theirs / "oauth2" / "new-credentials.yaml"
    text = file.read_text()
    file.write_text(text.replace("  scope-missing:\n    status: 403", "  scope-missing:\n    status: 402"))
    with running(str(document), "--fixtures", str(theirs), "--quiet") as server, elsewhere(server) as url:
        question = Question(
            url=url, specs=(document,), fixtures=ROOT / "fixtures", tokens=TOKENS, skip=("fuzz",),
            learn=tmp_path / "learnt", only=("reasons.scope",),
        )  # fmt: skip
        result = prove(question)
    assert result.counted
    assert result.learnt is not None
    assert "POST /oauth2: the token lacks the scope: 402 instead of the documented 403" in result.learnt.kept
    assert not [each for each in result.learnt.changes if "scope-missing is 402" in each]


def test_fixtures_are_changed_in_place_when_they_are_named_twice(tmp_path: Path, document: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(ROOT / "fixtures", mine)
    with foreign(tmp_path / "theirs", document) as url:
        question = Question(
            url=url, specs=(document,), fixtures=mine, tokens=TOKENS, only=("reasons.unpaid",), learn=mine
        )  # fmt: skip
        result = prove(question)
    assert result.learnt is not None
    assert "+    body: {status: 402, message: pay first}" in result.learnt.diff
    assert "message: pay first" in (mine / "oauth2" / "new-credentials.yaml").read_text()
    assert (mine / "oauth2" / "get-credentials.yaml").read_bytes() == (
        ROOT / "fixtures" / "oauth2" / "get-credentials.yaml"
    ).read_bytes()


@pytest.mark.parametrize(
    ("make", "arguments", "text"),
    [
        (lambda folder: (folder / "x").write_text("mine"), [], "is not empty"),
        (lambda folder: (folder.rmdir(), folder.write_text("mine")), [], "is no folder"),
        (lambda folder: None, ["--spec", "openapi.yaml"], "without fixtures nothing is assumed"),
    ],
)
def test_nothing_is_ever_overwritten(tmp_path: Path, make: object, arguments: list[str], text: str) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    assert callable(make)
    make(folder)
    before_run = sorted(tmp_path.rglob("*"))
    done = contract("--learn", str(folder), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error MS530" in done.stderr
    assert text in done.stderr
    assert sorted(tmp_path.rglob("*")) == before_run


ANSWER = Answer(409, "application/json", {"message": "no"}, True, (("retry-after", "3"),))


def rewritten(text: str, *changes: Respond | Lead) -> tuple[dict[str, object], bool]:
    respond = tuple(each for each in changes if isinstance(each, Respond))
    lead = tuple(each for each in changes if isinstance(each, Lead))
    made = rewrite(text, Decided("POST /a", respond, lead, ()))
    data = load(Source("x", made.text)).data
    assert isinstance(data, dict)
    assert "# kept" in made.text
    return data, made.comments_kept


BLOCK = """\
# kept
operation: POST /a
responses:
  gone:
    status: 402
    source: assumed
    headers: {X-A: "1"}
    wait: 1s
invalid: gone
rules:
  - when: {handshake.state: {one_of: [denied, failed]}, token.plan: paid}
    respond: gone
otherwise: gone
"""
FLOW = """\
# kept
operation: POST /a
responses: {gone: {status: 402, source: assumed, wait: 1s, headers: {X-A: "1"}}}
invalid: gone
rules: [{when: {handshake.state: {one_of: [denied, failed]}, token.plan: paid}, respond: gone}]
otherwise: gone
"""


@pytest.mark.parametrize(("text", "by_lines"), [(BLOCK, True), (FLOW, False)])
def test_a_response_changes_and_keeps_what_is_not_its_answer(text: str, by_lines: bool) -> None:
    data, comments_kept = rewritten(text, Respond("gone", ANSWER, "r"))
    assert data["responses"] == {
        "gone": {
            "status": 409, "source": "observed", "wait": "1s", "headers": {"Retry-After": "3"},
            "body": {"message": "no"},
        }
    }  # fmt: skip
    assert comments_kept is by_lines


@pytest.mark.parametrize("text", [BLOCK, FLOW])
def test_one_reason_of_several_gets_a_response_and_a_rule_of_its_own(text: str) -> None:
    new = Respond("gone-denied", ANSWER, "r", like="gone")
    data, _ = rewritten(text, new, Lead("rules", "", 0, ("denied",), "gone-denied", "collected after deny"))
    assert data["rules"] == [
        {
            "name": "observed: collected after deny",
            "when": {"token.plan": "paid", "handshake.state": "denied"},
            "respond": "gone-denied",
        },
        {"when": {"handshake.state": {"one_of": ["denied", "failed"]}, "token.plan": "paid"}, "respond": "gone"},
    ]
    assert isinstance(data["responses"], dict)
    assert list(data["responses"]) == ["gone", "gone-denied"]


@pytest.mark.parametrize("text", [BLOCK, FLOW])
def test_one_rule_of_invalid_gets_a_row(text: str) -> None:
    new = Respond("gone-minimum", ANSWER, "r", like="gone")
    data, _ = rewritten(text, new, Lead("invalid", "minimum", None, (), "gone-minimum", "x is 1"))
    assert data["invalid"] == {"minimum": "gone-minimum", "*": "gone"}


def test_a_state_that_no_rule_names_gets_the_last_rule() -> None:
    new = Respond("gone-granted", ANSWER, "r", like="gone")
    data, kept = rewritten(BLOCK, new, Lead("otherwise", "", None, ("granted", "collected"), "gone-granted", "r"))
    assert isinstance(data["rules"], list)
    assert data["rules"][-1]["when"] == {"handshake.state": {"one_of": ["granted", "collected"]}}
    assert kept
