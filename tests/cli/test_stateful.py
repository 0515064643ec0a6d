"""What the command line says of resources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mock_server.cli.banner import banner
from mock_server.cli.check import command
from mock_server.settings import Settings
from mock_server.world import build_world

ITEM = {"type": "object", "properties": {"id": {"type": "integer"}}}
ANSWER = {"description": "x", "content": {"application/json": {"schema": ITEM}}}
PATHS: dict[str, Any] = {
    "/things": {"post": {"responses": {"201": ANSWER}}},
    "/things/{id}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "get": {"responses": {"200": ANSWER}},
    },
}


def write(folder: Path, paths: dict[str, Any]) -> Path:
    spec = folder / "api.json"
    spec.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}))
    return spec


def test_check_shows_the_resources_that_are_asked_for(tmp_path: Path) -> None:
    spec = str(write(tmp_path, PATHS))
    assert "resource /things (id): make, read" in CliRunner().invoke(command, [spec, "--stateful"]).output.splitlines()
    assert "resource" not in CliRunner().invoke(command, [spec]).output
    report = json.loads(CliRunner().invoke(command, [spec, "--stateful", "--json"]).output)
    assert report["resources"] == ["/things (id): make, read"]


def test_a_document_without_a_resource_is_a_warning(tmp_path: Path) -> None:
    world = build_world(
        Settings(specs=(write(tmp_path, {"/x": {"get": {"responses": {"200": ANSWER}}}}),), stateful=True)
    )
    (warning,) = world.warnings
    assert (warning.code, warning.severity, warning.pointer) == ("MS329", "warning", "/paths")
    assert warning.message == "no resource is recognised, so nothing is remembered"


@pytest.mark.parametrize(
    ("scheme", "line"),
    [
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "curl -s http://h/x -H 'X-Key: any-key'"),
        ({"type": "apiKey", "in": "query", "name": "my key"}, "curl -s 'http://h/x?my%20key=any-key'"),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, "curl -s http://h/x -H 'Cookie: sid=any-key'"),
        ({"type": "http", "scheme": "basic"}, "curl -s http://h/x -H 'Authorization: Basic dXNlcjpwYXNzd29yZA=='"),
        ({"type": "http", "scheme": "bearer"}, "curl -s http://h/x -H 'Authorization: Bearer any-token'"),
        ({"type": "mutualTLS"}, "curl -s http://h/x"),
    ],
)
def test_the_line_of_the_banner_shows_what_the_document_asks_for(
    tmp_path: Path, scheme: dict[str, Any], line: str
) -> None:
    asked = {"security": [{"it": []}], "responses": {"200": ANSWER}}
    spec = write(tmp_path, {"/a/{id}": {"get": asked}, "/x": {"get": asked}})
    document = json.loads(spec.read_text("utf-8"))
    document["components"] = {"securitySchemes": {"it": scheme}}
    spec.write_text(json.dumps(document), "utf-8")
    said = banner(build_world(Settings(specs=(spec,))), "http://h")
    assert said.splitlines()[-1].strip() == line


def test_the_banner_counts_the_resources(tmp_path: Path) -> None:
    spec = write(tmp_path, PATHS)
    shown = banner(build_world(Settings(specs=(spec,), stateful=True)), "http://h")
    assert "  stateful    1 resource; `mock-server check --stateful` shows them" in shown.splitlines()
    assert "stateful" not in banner(build_world(Settings(specs=(spec,))), "http://h")
