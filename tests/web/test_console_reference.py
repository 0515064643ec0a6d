"""The reference works for any document: every operation of tricky ones, trees that end, samples that fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from mock_server.settings import Settings
from mock_server.spec.document import Document
from mock_server.web.console.sample import sample_of
from mock_server.web.console.schema_tree import MAX_BRANCHES, Branch, notes, tree, type_of
from mock_server.web.console.wording import prose
from mock_server.world import World, build_world
from tests.support import ROOT, make_app, make_client

HTML = {"Accept": "text/html"}
CASES = sorted((ROOT / "tests" / "conformance").glob("*.yaml"))


def world_of(folder: Path, document: dict[str, Any]) -> World:
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    return build_world(Settings(specs=(path,)))


def schema(folder: Path, **schemas: Any) -> Document:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}},
        "components": {"schemas": schemas},
    }
    return world_of(folder, document).documents[0]


def count(branch: Branch) -> int:
    return 1 + sum(map(count, branch.inner))


def test_every_operation_of_every_conformance_document_has_a_page(tmp_path: Path) -> None:
    shown = 0
    for case in CASES[::4]:
        text = yaml.safe_load(case.read_text("utf-8"))
        document = text.get("document")
        if not isinstance(document, dict):
            continue
        path = tmp_path / f"{case.stem}.json"
        path.write_text(json.dumps(document, default=str), "utf-8")
        app = make_app(path)
        client = make_client(app)
        for key in app.live.world.operations:
            answer = client.get(f"/__mock/console/reference/operation?operation={quote(key)}", headers=HTML)
            assert answer.status_code == 200, (case.name, key)
            shown += 1
    assert shown > 20


def test_a_schema_that_leads_back_to_itself_ends(tmp_path: Path) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}, "name": {"type": "string"}}}
    found = tree(schema(tmp_path, Node=node), ("components", "schemas", "Node"))
    assert [each.name for each in found.inner] == ["next", "name"]
    assert found.inner[0].notes == ("as above",)
    assert found.inner[0].model == "Node"


def test_a_schema_of_thousands_of_values_is_cut(tmp_path: Path) -> None:
    wide = {"type": "object", "properties": {f"p{n}": {"$ref": "#/components/schemas/B"} for n in range(100)}}
    inner = {"type": "object", "properties": {f"q{n}": {"type": "string"} for n in range(100)}}
    found = tree(schema(tmp_path, A=wide, B=inner), ("components", "schemas", "A"))
    assert count(found) <= 2 * MAX_BRANCHES
    assert any("more is left out here" in each.notes for each in found.inner)


def test_what_is_put_together_of_parts_is_shown_as_one(tmp_path: Path) -> None:
    document = schema(
        tmp_path,
        A={"allOf": [{"$ref": "#/components/schemas/B"}, {"type": "object", "properties": {"y": {"type": "integer"}}}]},
        B={"type": "object", "required": ["x"], "properties": {"x": {"oneOf": [{"type": "string"}, {"const": 1}]}}},
    )
    found = tree(document, ("components", "schemas", "A"))
    assert [(each.name, each.required, each.type) for each in found.inner] == [
        ("x", True, "exactly one of"), ("y", False, "integer"),
    ]  # fmt: skip
    assert [each.name for each in found.inner[0].inner] == ["or 1", "or 2"]


@pytest.mark.parametrize(
    ("node", "kind", "said"),
    [
        ({"type": "integer", "minimum": 300, "maximum": 43200}, "integer", ["≥ 300", "≤ 43200"]),
        ({"type": ["string", "null"], "format": "date"}, "string or null, date", []),
        ({"type": "array", "uniqueItems": True}, "list", ["no two alike"]),
        ({"enum": ["a", None, 1]}, "anything", ["one of a, null, 1"]),
        ({"const": "x"}, "string", ["always x"]),
        ({"const": 1.5}, "number", ["always 1.5"]),
        ({"const": True}, "boolean", ["always true"]),
        ({"const": None}, "null", ["always null"]),
        ({"const": [1]}, "list", ["always [1]"]),
        ({"type": "object", "additionalProperties": False, "readOnly": True}, "object", ["only in answers",
                                                                                         "no other names"]),
        ({"default": {"a": 1}, "pattern": "^x$"}, "anything", ["matches ^x$", 'default {"a": 1}']),
        ({}, "anything", []),
    ],
)  # fmt: skip
def test_a_schema_is_put_into_words(node: dict[str, Any], kind: str, said: list[str]) -> None:
    assert (type_of(node), notes(node)) == (kind, said)


def test_a_body_to_begin_with_keeps_the_document(tmp_path: Path) -> None:
    body = {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["id", "n"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "n": {"type": "integer", "minimum": 2**60},
                },
            }
        }
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {"/a": {"post": {"requestBody": {"content": body}, "responses": {"200": {"description": "ok"}}}}},
    }
    sample = sample_of(world_of(tmp_path, document).operations["POST /a"])
    assert sample is not None
    made = json.loads(sample.text)
    assert set(made) == {"n"}
    assert made["n"] >= 2**60


def test_a_form_with_a_file_to_begin_with_is_accepted(tmp_path: Path) -> None:
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    path = tmp_path / "openapi.json"
    operation = {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {"201": {"description": "ok"}},
    }
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/a": {"post": operation}}}
    path.write_text(json.dumps(document), "utf-8")
    app = make_app(path)
    sample = sample_of(app.live.world.operations["POST /a"])
    assert sample is not None
    headers = {"Content-Type": sample.media_type}
    assert make_client(app).post("/a", content=sample.text, headers=headers).status_code == 201


def test_backticks_are_code() -> None:
    assert prose("the `id` of") == [(False, "the "), (True, "id"), (False, " of")]
    assert prose("one ` alone") == [(False, "one ` alone")]
