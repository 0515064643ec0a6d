"""``mock-server record``: a real API is recorded by a real process, and what was recorded gives it back."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from click.testing import CliRunner
from starlette.testclient import TestClient

from mock_server.cli import group
from tests.record.shop import ACCESS, KEY, PASSWORD, PICTURE, SPEC, shop
from tests.support import ROOT, command, make_app, make_client

SIGNED = {"X-Shop-Key": KEY}
ASKED: list[tuple[str, str, Any]] = [
    ("GET", "/items", None),
    ("GET", "/items?page=2", None),
    ("GET", "/items/7", None),
    ("GET", "/items/8", None),
    ("GET", "/items/99", None),
    ("GET", "/items/98", None),
    ("GET", "/items/7/picture", None),
    ("POST", "/items", {"name": "desk", "note": "a"}),
    ("POST", "/items", {"name": "sofa"}),
    ("POST", "/items", {"name": "lamp"}),
    ("POST", "/items", {}),
    ("DELETE", "/items/8", None),
    ("DELETE", "/items/8", None),
    ("DELETE", "/items/97", None),
    ("POST", "/login", {"password": PASSWORD}),
    ("GET", "/broken", None),
    ("GET", "/unknown", None),
]


@dataclass
class Recorder:
    url: str
    process: subprocess.Popen[str]
    output: str = ""


@contextmanager
def recording(upstream: str, out: Path, *more: str, env: dict[str, str] | None = None) -> Iterator[Recorder]:
    """``mock-server record`` in a process of its own, ended by Ctrl-C unless it has ended by then."""
    document = () if "--spec" in more else ("--spec", str(SPEC))
    arguments = ("record", upstream, *document, "--out", str(out), "--port", "0", *more)
    process = subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=env
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    found = re.search(r"https?://\S+", first)
    assert found, first + process.communicate(timeout=60)[0]
    recorder = Recorder(found[0], process)
    try:
        yield recorder
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        recorder.output = process.communicate(timeout=60)[0]


@dataclass
class Recorded:
    folder: Path
    output: str
    answers: list[tuple[int, dict[str, str], bytes]]

    def fixture(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.folder / name).read_text())
        return found


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("recorded") / "fixtures"
    answers = []
    with shop() as real, recording(real.url, folder) as recorder:
        for method, path, body in ASKED:
            seen = httpx2.request(method, f"{recorder.url}/api{path}", json=body, headers=SIGNED, timeout=60)
            answers.append((seen.status_code, dict(seen.headers), seen.content))
    assert recorder.process.returncode == 0, recorder.output
    return Recorded(folder, recorder.output, answers)


@pytest.fixture(scope="module")
def replay(recorded: Recorded) -> TestClient:
    return make_client(make_app(SPEC, fixtures=recorded.folder))


def test_what_was_recorded_is_given_back(recorded: Recorded, replay: TestClient) -> None:
    last = {(method, path): index for index, (method, path, _) in enumerate(ASKED)}
    for index, (method, path, body) in enumerate(ASKED[:14]):
        status, headers, content = recorded.answers[index]
        if method == "DELETE" and path == "/items/8":
            status, headers, content = recorded.answers[last[method, path] - 1]  # a success, not what came after
        seen = replay.request(method, f"/api{path}", json=body, headers=SIGNED)
        assert seen.status_code == status, (method, path, seen.text)
        assert seen.headers.get("content-type") == headers.get("content-type"), (method, path)
        if method == "GET" and status == 200:
            assert seen.content == content or seen.json() == httpx2.Response(200, content=content).json()


def test_the_check_of_what_was_recorded_finds_no_error(recorded: Recorded) -> None:
    done = CliRunner().invoke(group, ["check", str(SPEC), "--fixtures", str(recorded.folder)])
    assert done.exit_code == 0, done.output
    assert "0 error(s), 0 warning(s)" in done.output
    assert re.search(r"provenance: 0 documented, 12 observed, 1 assumed", done.output)  # the one of /broken


def test_there_is_one_response_for_each_answer_and_rules_lead_to_them(recorded: Recorded) -> None:
    item = recorded.fixture("items/get-item.yaml")
    assert item["operation"] == "GET /items/{itemId}"
    assert {name: each["status"] for name, each in item["responses"].items()} == {
        "ok-itemid-7": 200, "ok-itemid-8": 200, "not-found": 404,
    }  # fmt: skip
    assert item["rules"] == [
        {"when": {"path.itemId": 7}, "respond": "ok-itemid-7"},
        {"when": {"path.itemId": 8}, "respond": "ok-itemid-8"},
        {"when": {"path.itemId": {"one_of": [99, 98]}}, "respond": "not-found"},
    ]
    made = recorded.fixture("items/create-item.yaml")
    assert list(made["responses"]) == ["created", "conflict", "invalid"]
    assert (made["rules"], made["otherwise"], made["invalid"]) == (
        [{"when": {"body.name": "lamp"}, "respond": "conflict"}], "created", "invalid",
    )  # fmt: skip


def test_what_the_request_said_is_said_by_a_template(recorded: Recorded, replay: TestClient) -> None:
    body = recorded.fixture("items/create-item.yaml")["responses"]["created"]["body"]
    assert body["name"] == "{{ body.name }}"
    assert replay.post("/api/items", json={"name": "bed"}, headers=SIGNED).json()["name"] == "bed"
    assert replay.get("/api/items/99", headers=SIGNED).json() == {"message": "item 99 not found"}
    assert replay.get("/api/items/12345", headers=SIGNED).json()["id"] == 12345


def test_no_secret_is_in_the_folder_or_on_the_terminal(recorded: Recorded) -> None:
    texts = [path.read_bytes() for path in recorded.folder.rglob("*") if path.is_file()]
    for secret in (KEY, PASSWORD, ACCESS, "0815-of-nobody"):
        assert not any(secret.encode() in text for text in texts)
        assert secret not in recorded.output
    login = recorded.fixture("session/login.yaml")["responses"]["ok"]
    # the document wants 20 characters, so the secret keeps its form
    assert login["body"] == {"access_token": "xxxxxxxxxx-xxxx-xxxxx-xxx-xxxx", "next": "/welcome?token=***"}
    assert "Set-Cookie" not in login.get("headers", {})


def test_bytes_go_into_a_file_beside_the_fixture(recorded: Recorded, replay: TestClient) -> None:
    picture = recorded.fixture("items/get-picture.yaml")["responses"]["ok"]
    assert (picture["media_type"], picture["body_file"]) == ("image/png", "items/get-picture-ok.png")
    assert replay.get("/api/items/7/picture", headers=SIGNED).content == PICTURE


def test_what_breaks_the_document_is_told_at_once_and_at_the_end(recorded: Recorded) -> None:
    live, end = recorded.output.split("17 exchanges seen, ")
    told = 'the body of 200 breaks its schema: it, required id: "id" is a required property'
    assert f"          answer: {told}" in live
    assert '          request: body.name "name" is a required property' in live
    assert end.startswith(f"6 fixtures written into {recorded.folder}\n")
    assert "  items/get-item.yaml: GET /items/{itemId}, 3 responses, 3 rules\n" in end
    assert f"Not written:\n  GET /broken: 200: {told}\n" in end
    assert "No operation of the document:\n  GET /api/unknown\n" in end
    assert not (recorded.folder / "broken").exists()


def test_a_killed_recorder_leaves_whole_files(tmp_path: Path) -> None:
    with shop() as real, recording(real.url, tmp_path / "out") as recorder:
        httpx2.get(f"{recorder.url}/api/items/7", headers=SIGNED, timeout=60)
        give_up = time.monotonic() + 60
        while not (found := list((tmp_path / "out").rglob("*.yaml"))):
            assert time.monotonic() < give_up
            time.sleep(0.02)
        recorder.process.kill()
    assert yaml.safe_load(found[0].read_text())["responses"]["ok"]["body"]["name"] == "lamp"


THEIRS = """\
# Ours, by hand.
operation: getItem
responses:
  found: {status: 200, source: assumed, body: {id: 7, name: by hand}}   # keep
rules:
  - when: {path.itemId: 7}
    respond: found
"""


@pytest.mark.parametrize("force", [False, True])
def test_a_file_that_is_there_is_left_alone_or_only_added_to(tmp_path: Path, force: bool) -> None:
    (tmp_path / "mine.yaml").write_text(THEIRS)
    with shop() as real, recording(real.url, tmp_path, *(["--force"] if force else [])) as recorder:
        for number in (7, 8, 99):
            httpx2.get(f"{recorder.url}/api/items/{number}", headers=SIGNED, timeout=60)
    text = (tmp_path / "mine.yaml").read_text()
    assert [path.name for path in tmp_path.rglob("*.yaml")] == ["mine.yaml"]
    if not force:
        assert text == THEIRS
        assert "GET /items/{itemId}: mine.yaml is there already (--force adds to it) (3 times)" in recorder.output
        return
    assert all(line in text.splitlines() for line in THEIRS.splitlines())
    client = make_client(make_app(SPEC, fixtures=tmp_path))
    names = [client.get(f"/api/items/{number}", headers=SIGNED).json().get("name") for number in (7, 8, 99)]
    assert names == ["by hand", "chair", None]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["http://169.254.169.254/x"], 2, "error MS495: 169.254.169.254 is 169.254.169.254, which is never called"),
        (
            ["no-url"],
            2,
            "error MS495: 'no-url' is no absolute http or https URL\n      hint: give the address of the API",
        ),
        (["http://127.0.0.1:9", "--spec", "missing.yaml"], 3, "MS101"),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_it_begins(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = CliRunner().invoke(group, ["record", *arguments, "--out", str(tmp_path), "--port", "0"])
    assert (done.exit_code, said in done.output) == (code, True), done.output


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "FILE").write_text("")
    done = CliRunner().invoke(group, ["record", "http://127.0.0.1:9", "--port", "0", "--out", str(file)])
    assert done.exit_code == 3
    assert f"error MS498: {file} is no folder\n      hint: give --out a folder" in done.output
    assert "--fixtures" not in done.output
