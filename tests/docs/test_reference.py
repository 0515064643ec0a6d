"""docs/fixtures.md and its neighbours name every word, and each of their fixtures and switches works."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import click
import pytest
import yaml
from starlette.testclient import TestClient

from mock_server.cli.serve import command
from mock_server.fixture import facts, match, model, read
from mock_server.fixture.node import Node
from mock_server.fixture.operation import AUTHORIZATION_RULES
from mock_server.handshake.machine import TABLE
from mock_server.model import PROVENANCES
from mock_server.settings import Settings
from mock_server.web.control import control_document
from mock_server.world import build_world
from tests.docs.pages import blocks
from tests.support import ASK, ROOT, TOKEN, make_app, make_client, start

FIXTURES_PAGE = ROOT / "docs" / "fixtures.md"
LANGUAGE = FIXTURES_PAGE.read_text("utf-8")
SPEC = ROOT / "openapi.yaml"
_FILE = re.compile(r"# file: (\S+\.yaml)\n")
_ROW = re.compile(r"^\| (.+?) \| .+? \| (?:`(\S+\.yaml)`|a new file) \| `(.+)` \|$", re.MULTILINE)
Check = Callable[[TestClient], bool]


def page_folder(folder: Path) -> Path:
    """The whole fixture files that the page shows, as one folder."""
    for block in blocks(FIXTURES_PAGE, "yaml"):
        if named := _FILE.match(block.text):
            path = folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            assert not path.exists(), named[1]
            path.write_text(block.text, "utf-8")
    return folder


def test_the_fixture_files_of_the_page_load_without_a_complaint(tmp_path: Path) -> None:
    world = build_world(Settings(specs=(SPEC,), fixtures=page_folder(tmp_path)))
    assert not world.warnings
    assert world.fixtures.files == len(list(tmp_path.rglob("*.yaml"))) >= 6


def test_every_yaml_block_of_the_page_is_yaml() -> None:
    for block in blocks(FIXTURES_PAGE, "yaml"):
        assert isinstance(yaml.safe_load(block.text), dict), str(block)


def test_the_page_names_every_word_that_a_reader_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words are taken from the ``words(…)`` calls while the page's own files are read."""
    accepted: set[str] = set()
    reached: set[tuple[str, int]] = set()
    original = Node.words

    def spy(self: Node, *allowed: str, required: Any = ()) -> None:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        reached.add((Path(frame.f_back.f_code.co_filename).name, frame.f_back.f_lineno))
        accepted.update(allowed)
        original(self, *allowed, required=required)

    folder = page_folder(tmp_path)
    by_rule = '{missing: refused, "*": refused}'
    start_file = folder / "tasks" / "start.yaml"
    text = start_file.read_text("utf-8").replace("unauthorized: refused", f"unauthorized: {by_rule}")
    start_file.write_text(text.replace("handshake: start", "handshake: {start: {}}"), "utf-8")
    monkeypatch.setattr(Node, "words", spy)
    build_world(Settings(specs=(SPEC,), fixtures=folder))

    for file in ("operation.py", "read.py"):
        tree = ast.parse((ROOT / "mock_server" / "fixture" / file).read_text())
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "words":
                lines = range(call.lineno, (call.end_lineno or call.lineno) + 1)
                assert any((file, line) in reached for line in lines), f"{file}:{call.lineno} was never asked"
    assert unnamed(accepted) == []
    shown = "".join(block.text for block in blocks(FIXTURES_PAGE, "yaml"))
    assert [word for word in accepted if not re.search(rf'(?<![\w-]){re.escape(word)}"?:', shown)] == []


def unnamed(words: Any, text: str = LANGUAGE) -> list[str]:
    return [word for word in words if f"`{word}`" not in text and f'`"{word}"`' not in text]


def test_the_page_names_every_closed_list_of_the_language() -> None:
    assert unnamed(match.WORDS) == []
    assert unnamed(match.TYPES) == []
    assert unnamed(facts.HANDSHAKE_STATES) == []
    assert unnamed(facts.ROOTS) == []
    assert unnamed(f"{root}.{word}" for root, words in facts.KNOWN.items() for word in words) == []
    assert unnamed((*read.KINDS, *read.UNROUTED)) == []
    assert unnamed((*model.CONSENTS, *model.GROUPS, *AUTHORIZATION_RULES, *PROVENANCES)) == []


def test_every_state_of_the_table_may_be_seen_by_rules() -> None:
    assert {state for pair in TABLE.items() for state in (pair[0][0], pair[1])} <= set(facts.HANDSHAKE_STATES)


def test_every_matcher_on_the_page_is_one_that_loads() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| `(.+)` \|$", LANGUAGE, re.MULTILINE)
    examples = {word: example for word, example in rows if word in match.WORDS}
    assert list(examples) == list(match.WORDS)
    for word, example in examples.items():
        ((where, matcher),) = yaml.safe_load(example).items()
        assert list(matcher) == [word]
        match.compile_matcher(facts.split_where(where), word, matcher[word], {"providers": ["fb"]})


def test_every_option_of_serve_is_on_its_page_with_its_default() -> None:
    page = (ROOT / "docs" / "serve.md").read_text("utf-8")
    shown = {row[0].split()[0]: row[1] for row in re.findall(r"^\| `(--.+?)` \| (.*?) \|", page, re.MULTILINE)}
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert shown.keys() == {each.opts[0] for each in options} | {"--help"}
    for each in options:
        if each.show_default:
            assert shown[each.opts[0]] == f"`{each.default}`"


def test_every_endpoint_of_the_control_api_has_a_heading_with_a_command() -> None:
    page = (ROOT / "docs" / "control-api.md").read_text("utf-8")
    endpoints = {
        f"{method.upper()} {path}"
        for path, item in control_document()["paths"].items()
        for method in item
        if method != "parameters"
    }
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")}
    assert endpoints == {heading for heading in sections if "/" in heading}
    assert all("$ curl " in sections[endpoint] for endpoint in endpoints)


# --- switches: the YAML of each row is merged into the bundled file, and the answer is another one then


def ask(client: TestClient, body: Any = ASK, headers: Mapping[str, str] = TOKEN) -> Any:
    return client.post("/api/oauth2", json=body, headers=headers)


def ask_raw(client: TestClient, body: bytes, headers: Mapping[str, str]) -> Any:
    return client.post("/api/oauth2", content=body, headers=headers)


def collect(client: TestClient, **body: Any) -> Any:
    return client.post("/api/oauth2/credentials", json=body, headers=TOKEN)


def decided(client: TestClient, decision: str) -> str:
    pull_id = start(client)["pull_id"]
    assert client.post(f"/__mock/handshakes/{pull_id}/decide", json={"decision": decision}).status_code == 200
    return pull_id


def lives_s(client: TestClient, body: Any) -> float:
    ask(client, body).raise_for_status()
    newest = client.get("/__mock/handshakes").json()["handshakes"][0]
    lives: float = newest["expires_at"] - newest["started_at"]
    return lives


def read_twice(client: TestClient) -> list[int]:
    pull_id = decided(client, "approve")
    return [collect(client, pull_id=pull_id).status_code for _ in range(2)]


NO_DURATION = {"datasource_id": "fb"}
FLOAT = b'{"datasource_id": "fb", "validity_duration": 300.0}'
PLAIN = {**TOKEN, "Content-Type": "text/plain"}
EXPIRED = "the OAuth2 process has expired"
SWITCHES: dict[str, Check] = {
    "error body": lambda c: (
        ask(c, {}).json() == {"message": "no: body.datasource_id", "reason": "parameter", "status": 429}
    ),
    "order of checks": lambda c: ask(c, {}, {}).status_code == 429,
    "status without a good token": lambda c: ask(c, headers={}).status_code == 401,
    "one message for each fault of a token": lambda c: ask(c, headers={}).json()["message"] == "the token is not known",
    "authorization at all": lambda c: ask(c, headers={}).status_code == 200,
    "invalid request 1": lambda c: ask(c, {}).headers.get("retry-after") == "1",
    "invalid request 1 that is not JSON": lambda c: ask_raw(c, b"{", TOKEN).status_code == 402,
    "unknown `datasource_id`": lambda c: ask(c, {"datasource_id": "nobody"}).status_code == 403,
    "real rate limiting": lambda c: "retry-after" in ask(c, {"datasource_id": "google_ads"}).headers,
    "`validity_duration` missing": lambda c: lives_s(c, NO_DURATION) == 12 * 3600,
    "`validity_duration` missing, refused": lambda c: ask(c, NO_DURATION).status_code == 429,
    "the number `300.0`": lambda c: ask_raw(c, FLOAT, TOKEN).status_code == 429,
    'the text `"300"`': lambda c: ask(c, {**ASK, "validity_duration": "300"}).status_code == 200,
    "request 2 without `auth_uri`": lambda c: collect(c, pull_id=decided(c, "approve")).status_code == 403,
    "request 2 with another `auth_uri`": lambda c: (
        collect(c, pull_id=decided(c, "approve"), auth_uri="http://other").status_code == 200
    ),
    "pull_id unknown, forged, foreign, mismatched": lambda c: collect(c, pull_id="x").json()["message"] == EXPIRED,
    "invalid request 2": lambda c: collect(c).json()["message"] == EXPIRED,
    "consent pending": lambda c: collect(c, **start(c)).status_code == 403,
    "consent denied, provider failed, expired": lambda c: (
        collect(c, pull_id=decided(c, "deny")).json()["message"] == EXPIRED
    ),
    "second read": lambda c: read_twice(c) == [200, 402],
    "expiry": lambda c: lives_s(c, ASK) == 30 * 86400,
    "Content-Type absent": lambda c: ask_raw(c, b'{"datasource_id": "fb"}', TOKEN).status_code == 429,
    "Content-Type that is not JSON": lambda c: ask_raw(c, b'{"datasource_id": "fb"}', PLAIN).status_code == 200,
    "more fields than documented": lambda c: ask(c, {**ASK, "more": 1}).status_code == 429,
    "callback": lambda c: "%2Fdone%2Ffb" in ask(c).json()["auth_uri"] and c.get("/api/done/fb").status_code == 400,
    "unknown path, wrong method": lambda c: c.get("/api/nowhere").json() == {"error": "nothing here"},
}
ROWS = {row[0]: (row[1], row[2]) for row in _ROW.findall(LANGUAGE[LANGUAGE.index("## Switches") :])}


def merged(old: Any, new: Any) -> Any:
    """Mappings are merged; anything else takes the old one's place."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}


def test_every_switch_of_the_page_is_tried() -> None:
    assert list(ROWS) == list(SWITCHES)


@pytest.mark.parametrize("question", SWITCHES)
def test_a_switch_changes_the_answer(question: str, tmp_path: Path) -> None:
    file, patch = ROWS[question]
    folder = tmp_path / "fixtures"
    copytree(ROOT / "fixtures", folder)
    assert not SWITCHES[question](make_client()), "the default answers so already"
    path = folder / (file or "new.yaml")
    old = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(yaml.safe_dump(merged(old, yaml.safe_load(patch)), sort_keys=False), "utf-8")
    assert SWITCHES[question](make_client(make_app(SPEC, fixtures=folder)))
