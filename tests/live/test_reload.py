"""``serve --watch``: what is saved answers, what is broken is told, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support import ASK, ROOT, TOKEN, Server, running

GIVE_UP_S = 30
DOCUMENT = """\
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pet:
    get:
      responses:
        "200":
          description: A pet.
          content:
            application/json:
              schema: {$ref: "schemas/pet.yaml"}
"""
PET = "type: object\nrequired: [name]\nproperties: {name: {type: string, const: Rex}}\n"
FIXTURE = """\
operation: GET /pet
responses:
  found: {status: 200, source: assumed, media_type: application/json, body_file: pet.json}
otherwise: found
"""


def reloaded(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(server.url + "/__mock/ready").raise_for_status().json()["reload"]
    return found


def until(server: Server, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + GIVE_UP_S
    while not wanted(found := reloaded(server)):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def mended(server: Server, change: Callable[[], Any]) -> None:
    """Make a change after which there are no problems any more."""
    change()
    until(server, lambda each: not each["problems"])


def broken(server: Server, change: Callable[[], Any]) -> list[dict[str, Any]]:
    """Make a change; the problems that come of it."""
    change()
    problems: list[dict[str, Any]] = until(server, lambda each: bool(each["problems"]))["problems"]
    return problems


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled document and fixtures, to be edited."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "openapi.yaml", folder)
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    return folder


@pytest.fixture(scope="module")
def watched(house: Path) -> Iterator[Server]:
    with running("--watch", "--quiet", str(house / "openapi.yaml"), "--fixtures", str(house / "fixtures")) as found:
        yield found


@pytest.fixture
def denial(house: Path) -> Iterator[Path]:
    """A fixture that says what a caller without a token gets; as it was, afterwards."""
    path = house / "fixtures/oauth2/new-credentials.yaml"
    before = path.read_text()
    yield path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(before)


def words(path: Path, text: str) -> str:
    """The fixture with another message."""
    before = path.read_text()
    assert "too many requests" in before
    return before.replace("too many requests", text)


def said(server: Server) -> Any:
    return httpx2.post(server.api + "/oauth2", headers={"Prefer": "response=rate-limited"}).json()["message"]


def comes_to_say(server: Server, text: str) -> bool:
    """Whether the message is answered in the end; how often the world was swapped for it does not matter."""
    deadline = time.monotonic() + GIVE_UP_S
    while said(server) != text and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(said(server) == text)


def by_truncating(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text[:100])
        file.flush()
        file.write(text[100:])


def by_renaming(path: Path, text: str) -> None:
    """As vim, PyCharm and ``sed -i`` do."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text)
    os.replace(beside, path)


def by_deleting_first(path: Path, text: str) -> None:
    path.rename(path.with_name(path.name + "~"))
    path.write_text(text)


@pytest.mark.parametrize("save", [by_truncating, by_renaming, by_deleting_first])
def test_a_saved_fixture_answers_however_the_editor_saves(
    watched: Server, denial: Path, save: Callable[[Path, str], None]
) -> None:
    save(denial, words(denial, f"saved {save.__name__}"))
    assert comes_to_say(watched, f"saved {save.__name__}")


def test_a_handshake_from_before_is_collected_after(watched: Server, denial: Path) -> None:
    session = {**TOKEN, "Mock-Session": "kept"}
    started = httpx2.post(watched.api + "/oauth2", json=ASK, headers=session).json()
    httpx2.put(watched.url + "/__mock/scenario", json={"scenario": "rate-limited"}, headers={"Mock-Session": "kept"})
    by_truncating(denial, words(denial, "hush"))
    assert comes_to_say(watched, "hush")
    assert httpx2.post(watched.api + "/oauth2", json=ASK, headers=session).json() == {"status": 429, "message": "hush"}
    httpx2.put(watched.url + "/__mock/scenario", json={"scenario": None}, headers={"Mock-Session": "kept"})
    decide = f"{watched.url}/__mock/handshakes/{started['pull_id']}/decide"
    httpx2.post(decide, json={"decision": "approve"}, headers={"Mock-Session": "kept"}).raise_for_status()
    collected = httpx2.post(watched.api + "/oauth2/credentials", json={"pull_id": started["pull_id"]}, headers=session)
    assert collected.json()["clientId"] == 194785639383273120


def test_a_connection_that_is_known_by_its_head_gets_the_new_answer(watched: Server, denial: Path) -> None:
    with httpx2.Client(base_url=watched.api, headers={**TOKEN, "Prefer": "response=rate-limited"}) as client:
        for _ in range(4):
            client.post("/oauth2", content=b"{}")
        by_truncating(denial, words(denial, "new head"))
        assert comes_to_say(watched, "new head")
        assert [client.post("/oauth2", content=b"{}").json()["message"] for _ in range(4)] == ["new head"] * 4


def test_an_error_keeps_the_last_good_answers_until_it_is_mended(watched: Server, denial: Path) -> None:
    good = denial.read_text()
    assert comes_to_say(watched, "too many requests")
    (problem,) = broken(watched, lambda: by_renaming(denial, good.replace("otherwise:", "otherwisee:")))
    assert problem["code"] == "MS301"
    assert problem["path"].endswith("new-credentials.yaml")
    assert problem["line"]
    assert said(watched) == "too many requests"
    assert httpx2.get(watched.url + "/__mock/ready").json()["status"] == "ready"
    refused = httpx2.post(watched.url + "/__mock/reload")
    assert (refused.status_code, refused.json()["code"]) == (422, "MS487")
    assert any("otherwisee" in each for each in refused.json()["problems"])
    mended(watched, lambda: by_renaming(denial, good))
    assert comes_to_say(watched, "too many requests")


def test_a_folder_that_vanished_and_came_back_is_served_again(watched: Server, house: Path, denial: Path) -> None:
    text = words(denial, "back again")
    (problem,) = broken(watched, lambda: (house / "fixtures").rename(house / "elsewhere"))
    assert problem["code"] == "MS101"
    assert httpx2.post(watched.api + "/oauth2", json=ASK, headers=TOKEN).status_code == 200
    by_truncating(house / "elsewhere/oauth2/new-credentials.yaml", text)
    mended(watched, lambda: (house / "elsewhere").rename(house / "fixtures"))
    assert comes_to_say(watched, "back again")


def test_a_folder_that_was_deleted_and_checked_out_again_is_served_again(
    watched: Server, house: Path, denial: Path
) -> None:
    text = words(denial, "checked out")
    broken(watched, lambda: shutil.rmtree(house / "fixtures"))
    shutil.copytree(ROOT / "fixtures", house / "fixtures")
    by_truncating(denial, text)
    assert comes_to_say(watched, "checked out")


def test_new_and_removed_fixtures_count(watched: Server, house: Path) -> None:
    new = house / "fixtures/deeper/still/sunny.yaml"
    new.parent.mkdir(parents=True)
    headers = {"Mock-Session": "sunny"}

    def exists() -> bool:
        listed = httpx2.get(watched.url + "/__mock/scenario", headers=headers).json()["scenarios"]
        return "sunny" in [each["name"] for each in listed]

    new.write_text("scenario: sunny\ndescription: All is well.\n")
    until(watched, lambda _: exists())
    httpx2.put(watched.url + "/__mock/scenario", json={"scenario": "sunny"}, headers=headers).raise_for_status()
    new.unlink()
    until(watched, lambda _: not exists())
    assert httpx2.post(watched.api + "/oauth2", json=ASK, headers={**TOKEN, **headers}).status_code == 200


def test_a_session_of_requests_meets_no_gap_while_worlds_are_swapped(watched: Server, denial: Path) -> None:
    good = denial.read_text()
    statuses = set()
    with httpx2.Client(base_url=watched.api, headers={**TOKEN, "Mock-Session": "busy"}) as client:
        for number in range(3):
            by_renaming(denial, good.replace("too many requests", f"number {number}"))
            deadline = time.monotonic() + GIVE_UP_S
            while said(watched) != f"number {number}" and time.monotonic() < deadline:
                statuses |= {client.post("/oauth2", json=ASK).status_code for _ in range(10)}
            assert said(watched) == f"number {number}"
    assert statuses == {200}


def test_other_files_of_the_document_and_bodies_are_watched_too(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "api.yaml").write_text(DOCUMENT)
    (tmp_path / "schemas/pet.yaml").write_text(PET)
    (tmp_path / "fixtures/pet.yaml").write_text(FIXTURE)
    (tmp_path / "fixtures/pet.json").write_text('{"name": "Rex"}')
    arguments = ("--watch", str(tmp_path / "api.yaml"), "--fixtures", str(tmp_path / "fixtures"))
    with running(*arguments) as server:
        body, schema = tmp_path / "fixtures/pet.json", tmp_path / "schemas/pet.yaml"
        (problem,) = broken(server, lambda: body.write_text('{"name": "Ada"}'))
        assert problem["code"] == "MS308"
        mended(server, lambda: schema.write_text(PET.replace("Rex", "Ada")))
        assert httpx2.get(server.url + "/pet").json() == {"name": "Ada"}
        broken(server, lambda: by_renaming(tmp_path / "api.yaml", "nothing: at all\n"))
        by_renaming(tmp_path / "api.yaml", DOCUMENT.replace("/pet:", "/pets:"))
        until(server, lambda each: [problem["code"] for problem in each["problems"]] == ["MS304"])
        mended(server, lambda: by_renaming(tmp_path / "fixtures/pet.yaml", FIXTURE.replace("/pet", "/pets")))
        assert httpx2.get(server.url + "/pets").json() == {"name": "Ada"}
        assert httpx2.get(server.url + "/pet").status_code == 404
        assert server.process.stdout is not None
        server.process.terminate()
        told = server.process.stdout.read()
    assert "MS308" in told
    assert "what was good before goes on answering" in told
    assert "reloaded in " in told
    assert "Traceback" not in told


def test_each_of_several_workers_serves_what_was_saved_and_one_tells_it(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/pet.yaml").write_text(PET)
    document = tmp_path / "api.yaml"
    document.write_text(DOCUMENT)
    state = f"sqlite:{tmp_path / 'mock.db'}"
    with running("--watch", "--workers", "2", "--state", state, str(document)) as server:
        document.write_text(DOCUMENT.replace("/pet:", "/pets:"))
        deadline = time.monotonic() + GIVE_UP_S
        answered: set[int] = set()
        while answered != {200} and time.monotonic() < deadline:
            answered = {httpx2.get(server.url + "/pets").status_code for _ in range(20)}  # a connection each
        assert answered == {200}
        assert server.process.stdout is not None
        server.process.terminate()
        assert server.process.stdout.read().count("reloaded in ") == 1


def test_reload_on_demand_needs_no_watching(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    with running("--quiet", str(ROOT / "openapi.yaml"), "--fixtures", str(tmp_path / "fixtures")) as server:
        fixture = tmp_path / "fixtures/oauth2/new-credentials.yaml"
        fixture.write_text(words(fixture, "on demand"))
        assert said(server) == "too many requests"
        answered = httpx2.post(server.url + "/__mock/reload").raise_for_status().json()
        assert (answered["count"], answered["watching"], answered["problems"]) == (1, False, [])
        assert said(server) == "on demand"
