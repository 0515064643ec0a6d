"""A mock is held to the document and the fixtures that it says it serves."""

from __future__ import annotations

import socket
import time
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
        result = prove(Question(url=server.api, skip=("fuzz",), seed=3))
        assert [each.title for each in result.counted] == []
        told = prove(Question(url=server.api, skip=("fuzz",), seed=3, fixtures=ROOT / "fixtures"))
        assert told.counted


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


@pytest.mark.parametrize("told", ["--any-token", "--strict-query", "--no-formats"])
def test_a_mock_says_how_it_keeps_them(told: str) -> None:
    with running("--quiet", told) as server:
        result = prove(Question(url=server.api, skip=("fuzz",), seed=4))
    assert [each.title for each in result.findings] == []
