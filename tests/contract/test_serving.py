"""A mock is held to the document and the fixtures that it says it serves."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from mock_server.contract.errors import OutOfTime
from mock_server.contract.prove import Question, prove
from mock_server.contract.serving import as_served
from tests.contract.deployment import Given, answering
from tests.support import ROOT, Server, running


def changed_fixtures(folder: Path) -> Path:
    """The bundled ones, but pending is 403 instead of 402."""
    copytree(ROOT / "fixtures", folder)
    path = folder / "oauth2" / "get-credentials.yaml"
    text = path.read_text("utf-8")
    changed = text.replace("  pending:\n    status: 402", "  pending:\n    status: 403")
    assert changed != text
    path.write_text(changed.replace("status: 402, message: consent is pending", "status: 403, message: wait"), "utf-8")
    return folder


def test_a_mock_of_changed_fixtures_keeps_its_contract_without_being_told_of(tmp_path: Path) -> None:
    with running("--quiet", "--fixtures", str(changed_fixtures(tmp_path / "fixtures"))) as server:
        question = Question(url=server.api, only=("reasons", "collecting"), seed=3)
        assert [each.title for each in prove(question).counted] == []
        told = prove(replace(question, only=("collecting.pending",), fixtures=ROOT / "fixtures"))
        assert [each.title for each in told.counted] == [
            "POST /oauth2/credentials answers 403 instead of 402: collected before anybody consented"
        ]


def test_what_was_given_is_not_asked_for(server: Server) -> None:
    question = Question(url=server.api, fixtures=ROOT / "fixtures")
    assert as_served(question) is question
    assert as_served(Question()) == Question()


def test_the_bundled_files_are_told(server: Server) -> None:
    found = as_served(Question(url=server.api))
    assert found.specs == ((ROOT / "openapi.yaml").resolve(),)
    assert found.fixtures == (ROOT / "fixtures").resolve()


def test_a_deployment_that_says_nothing_is_asked_no_longer_than_the_run_may_take() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        question = Question(url=f"http://127.0.0.1:{silent.getsockname()[1]}/api")
        with pytest.raises(OutOfTime):
            as_served(question, deadline=time.monotonic() + 0.2)


def test_another_server_and_files_of_another_machine_change_nothing() -> None:
    for body in (b"", b"[]", b'{"specs": 1}', b'{"specs": ["/nowhere/a.yaml"], "fixtures": null}'):
        with answering(lambda asked, body=body: Given(200, (), body)) as url:  # type: ignore[misc]
            question = Question(url=url)
            assert as_served(question) is question


DAYS = """\
openapi: 3.1.0
info: {title: Days, version: "1"}
paths:
  /days:
    post:
      requestBody:
        required: true
        content:
          application/json: {schema: {type: object, required: [day], properties: {day: {type: string, format: date}}}}
      responses: {"204": {description: Kept.}, "400": {description: No.}}
"""


@pytest.mark.parametrize(
    ("flag", "only", "title"),
    [
        ("--any-token", ("reasons", "authorization", "collecting"),
         "POST /oauth2 answers 200 instead of 403: a token that nobody knows"),
        ("--strict-query", ("protocol.request", "edges.elsewhere"),
         "POST /oauth2 answers 429 instead of 200: an unknown query"),
        ("--no-formats", ("fuzz",), "POST /days: schema-violating request accepted (204)"),
    ],
)  # fmt: skip
def test_a_mock_says_how_it_keeps_them(tmp_path: Path, flag: str, only: tuple[str, ...], title: str) -> None:
    """Of all that it says, only ``flag`` is unknown to the second run: there it is a defect."""
    spec, fixtures = ROOT / "openapi.yaml", ROOT / "fixtures"
    if flag == "--no-formats":
        spec, fixtures = tmp_path / "days.yaml", tmp_path / "none"
        spec.write_text(DAYS)
        fixtures.mkdir()
    with running("--quiet", str(spec), "--fixtures", str(fixtures), flag) as server:
        question = Question(url=f"{server.url}{'/api' if flag != '--no-formats' else ''}", only=only, seed=4)
        assert [each.title for each in prove(question).findings] == []
        untold = prove(replace(question, specs=(spec,), fixtures=fixtures))
    assert title in [each.title for each in untold.counted]
