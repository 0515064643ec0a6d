"""Swapping the world of an application in this process: what is kept, what goes, what is never shown."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mock_server.server.run import make_server
from mock_server.web import reload
from mock_server.world import World
from tests.support import ROOT, make_app, make_client

KEYED = """\
openapi: 3.1.0
info: {title: Keys, version: "1"}
security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
paths: {/pet: {get: {responses: {"204": {description: Nothing.}}}}}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "api.yaml"
    path.write_text(KEYED)
    return path


def again(client: TestClient) -> int:
    return client.post("/__mock/reload").status_code


def test_a_name_that_was_hidden_stays_hidden_in_the_journal_of_before(document: Path) -> None:
    client = make_client(make_app(document))
    assert client.get("/pet", headers={"X-Key": "very-secret"}).status_code == 204
    document.write_text(KEYED.replace("X-Key", "X-Other"))
    assert again(client) == 200
    assert client.get("/pet", headers={"X-Other": "quite-secret"}).status_code == 204
    journal = client.get("/__mock/journal").text
    assert "very-secret" not in journal
    assert "quite-secret" not in journal


def test_an_old_world_is_forgotten_by_everybody(document: Path) -> None:
    app = make_app(document)
    make_server(app, lambda: None)  # its memory of heads
    client = make_client(app)
    gc.collect()
    before = sum(isinstance(each, World) for each in gc.get_objects())
    for number in range(3):
        client.get("/pet", headers={"X-Key": "a"})
        document.write_text(KEYED.replace("Nothing.", f"Nothing {number}."))
        assert again(client) == 200
    gc.collect()
    assert sum(isinstance(each, World) for each in gc.get_objects()) == before


def test_our_own_failure_while_reading_is_told_and_the_next_try_counts(
    document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_client(make_app(document))

    def fail(*given: object) -> World:
        raise RuntimeError("out of luck")

    with monkeypatch.context() as patch:
        patch.setattr(reload, "build_world", fail)
        refused = client.post("/__mock/reload")
    assert (refused.status_code, refused.json()["code"]) == (422, "MS487")
    assert client.get("/__mock/ready").json()["reload"]["problems"][0]["code"] == "MS488"
    assert "out of luck" in capsys.readouterr().err
    assert client.get("/pet", headers={"X-Key": "a"}).status_code == 204
    assert again(client) == 200
    assert client.get("/__mock/ready").json()["reload"]["problems"] == []


def test_an_example_file_that_is_read_at_the_first_request_is_watched_from_then_on(tmp_path: Path) -> None:
    text = KEYED.replace("security: [{key: []}]\n", "").replace(
        '"204": {description: Nothing.}',
        '"200": {description: A., content: {application/json: {examples: {a: {externalValue: a.json}}}}}',
    )
    (tmp_path / "api.yaml").write_text(text)
    (tmp_path / "a.json").write_text('{"a": 1}')
    app = make_app(tmp_path / "api.yaml")
    client = make_client(app)
    assert again(client) == 200
    assert client.get("/pet").json() == {"a": 1}
    (tmp_path / "a.json").write_text('{"a": 22}')
    assert app.live.reload.ledger.changed()
    assert again(client) == 200
    assert client.get("/pet").json() == {"a": 22}


def test_scenarios_and_queued_answers_that_no_longer_exist_wait(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    path, scenario = tmp_path / "fixtures/oauth2/new-credentials.yaml", tmp_path / "fixtures/scenarios/odd.yaml"
    plain = path.read_text()
    odd = plain.replace(
        "responses:", "responses:\n  odd: {status: 402, source: assumed, body: {status: 402, message: odd}}", 1
    )
    path.write_text(odd)
    scenario.write_text("scenario: odd\nrespond: {POST /oauth2: odd}\n")
    client = make_client(make_app(ROOT / "openapi.yaml", fixtures=tmp_path / "fixtures"))
    assert client.put("/__mock/scenario", json={"scenario": "odd"}).status_code == 200
    assert client.post("/__mock/next", json={"operation": "POST /oauth2", "response": "odd"}).status_code == 200
    assert client.post("/api/oauth2").status_code == 402  # the queued one
    client.post("/__mock/next", json={"operation": "POST /oauth2", "response": "odd"})
    path.write_text(plain)
    scenario.unlink()
    assert again(client) == 200
    assert client.post("/api/oauth2").status_code == 403
    path.write_text(odd)
    scenario.write_text("scenario: odd\nrespond: {POST /oauth2: odd}\n")
    assert again(client) == 200
    assert [client.post("/api/oauth2").status_code for _ in range(2)] == [402, 402]
