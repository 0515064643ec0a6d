"""A good document spoilt at random places is served with warnings or refused with problems, and no more."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.errors import Broken
from mock_server.settings import Settings
from mock_server.source import load, read_source
from mock_server.spec.check import every_problem
from mock_server.world import World, build_world
from tests.examples import examples
from tests.property.asgi import InProcess
from tests.support import ROOT, make_app

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "minimum": 1, "readOnly": True},
        "tag": {"type": "string", "pattern": "^a+$", "nullable": True, "enum": ["a", "aa"]},
        "kids": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}, "maxItems": 2},
        "kind": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"type": "string"}]},
    },
    "additionalProperties": False,
}
GOOD: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://h/{v}", "variables": {"v": {"default": "v1", "enum": ["v1", "v2"]}}}],
    "security": [{"Key": []}],
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "operationId": "getPet",
                "parameters": [{"$ref": "#/components/parameters/Page"}, {"name": "h", "in": "header", "content": {}}],
                "responses": {
                    "200": {
                        "description": "d",
                        "headers": {"X-A": {"schema": {"type": "integer"}}},
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Pet"},
                                "examples": {"one": {"value": {"id": 1}}, "two": {"$ref": "#/components/examples/E"}},
                            }
                        },
                        "links": {"l": {"operationId": "getPet", "parameters": {"id": "$response.body#/id"}}},
                    },
                    "default": {"$ref": "#/components/responses/Error"},
                },
            },
            "put": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": SCHEMA, "example": {}}}},
                "responses": {"204": {"description": "done"}},
                "security": [{"Key": []}, {"Auth": ["read"]}],
                "callbacks": {"c": {"{$request.body#/url}": {"post": {"responses": {"200": {"description": "d"}}}}}},
            },
        },
        "/other": {"$ref": "#/components/pathItems/Other"},
    },
    "components": {
        "schemas": {"Pet": SCHEMA, "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}]}},
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "array", "items": {}}}},
        "responses": {"Error": {"description": "e", "content": {"a/b": {"schema": {"type": "string"}}}}},
        "examples": {"E": {"value": {"id": 2}}},
        "pathItems": {"Other": {"post": {"responses": {"201": {"description": "made"}}}}},
        "securitySchemes": {
            "Key": {"type": "apiKey", "name": "k", "in": "query"},
            "Auth": {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "/a", "scopes": {"read": "r"}}}},
        },
    },
}
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "t", "version": "1"},
    "host": "h",
    "basePath": "/v1",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "securityDefinitions": {"Basic": {"type": "basic"}, "O": {"type": "oauth2", "flow": "implicit", "scopes": {}}},
    "parameters": {"P": {"name": "p", "in": "query", "type": "array", "items": {"type": "string"}}},
    "responses": {"R": {"description": "r", "schema": {"$ref": "#/definitions/D"}, "examples": {"text/plain": "x"}}},
    "definitions": {"D": {"type": "object", "properties": {"d": {"$ref": "#/definitions/D"}}, "discriminator": "d"}},
    "paths": {
        "/a/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "integer", "exclusiveMinimum": True}],
            "post": {
                "parameters": [{"$ref": "#/parameters/P"}, {"name": "b", "in": "body", "schema": {"type": "object"}}],
                "responses": {"200": {"$ref": "#/responses/R"}, "default": {"description": "d", "headers": {"X": {}}}},
                "security": [{"Basic": []}],
            },
            "put": {
                "consumes": ["multipart/form-data"],
                "parameters": [{"name": "f", "in": "formData", "type": "file"}],
                "responses": {"200": {"description": "d"}},
            },
        }
    },
}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(
        [
            *(
                "",
                "#",
                "#/",
                "#/components/schemas/Pet",
                "#/paths",
                "#/components/responses/Error",
                "#anchor",
                "http://[",
            ),
            *("other.yaml", "../x.yaml#/a", "https://example.com/", "yes", "3.9", "string", "(", "{", "/", "x-a"),
        ]
    ),
    st.builds(list),
    st.lists(st.none() | st.integers() | st.text(max_size=3) | st.builds(dict), max_size=3),
    st.dictionaries(
        st.sampled_from(["$ref", "type", "x", "schema", "/a", "200", "get"]), st.text(max_size=4), max_size=3
    ),
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for key, value in inside for found in places(value, (*path, key)))]


@st.composite
def spoilt(draw: st.DrawFn, good: dict[str, Any]) -> Any:
    """The document with one to four places dropped, replaced, moved to another or renamed."""
    data = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 4))):
        known = [path for path in places(data) if path]
        if not known:
            break
        path = draw(st.sampled_from(known))
        owner = data
        for step in path[:-1]:
            owner = owner[step]
        key = path[-1]
        what = draw(st.sampled_from(["drop", "junk", "swap", "rename"]))
        if what == "drop":
            del owner[key]
        elif what == "junk":
            owner[key] = draw(JUNK)
        elif what == "rename" and isinstance(owner, dict):
            owner[draw(st.sampled_from(["$ref", "type", "x-a", "get", "/b", "schema", "default"]))] = owner.pop(key)
        else:
            inner: Any = data
            for step in draw(st.sampled_from(known)):
                inner = inner[step]
            owner[key] = copy.deepcopy(inner)
    return data


def built(path: Path) -> World | Broken:
    try:
        return build_world(Settings(specs=(path,)))
    except Broken as broken:
        return broken


def survives(data: Any, folder: Path) -> None:
    path = folder / "openapi.json"
    path.write_text(json.dumps(data))
    world = built(path)
    if isinstance(world, Broken):
        assert world.problems
        assert all(problem.place and problem.message for problem in world.problems)
        return
    assert world.warning_count == len(world.warnings)
    for problem in world.warnings:
        assert problem.severity == "warning"
        assert problem.place is not None
    for document in world.documents:
        assert all(each.severity == "warning" or each.code == "MS245" for each in every_problem(document))
    client = InProcess(make_app(path))
    try:
        for plan in world.plans.values():
            if plan.operation.method.isalpha():
                client(plan.operation.method, plan.operation.path.replace("{", "").replace("}", ""), b"{}", [])
    finally:
        client.close()


CHECKED = settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(data=spoilt(GOOD))
@CHECKED
def test_a_spoilt_document_is_served_with_warnings_or_refused_with_problems(data: Any, tmp_path: Path) -> None:
    survives(data, tmp_path)


@given(data=spoilt({**GOOD, "openapi": "3.1.0"}))
@CHECKED
def test_a_spoilt_document_of_3_1_is_too(data: Any, tmp_path: Path) -> None:
    survives(data, tmp_path)


@given(data=spoilt(SWAGGER))
@CHECKED
def test_a_spoilt_document_of_swagger_is_too(data: Any, tmp_path: Path) -> None:
    survives(data, tmp_path)


@given(data=spoilt(load(read_source(ROOT / "openapi.yaml")).data))
@CHECKED
def test_the_bundled_document_spoilt_is_too(data: Any, tmp_path: Path) -> None:
    survives(data, tmp_path)


@pytest.mark.parametrize("good", [GOOD, {**GOOD, "openapi": "3.1.0"}, SWAGGER], ids=["3.0", "3.1", "2.0"])
def test_the_documents_to_spoil_are_good(good: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(good))
    world = build_world(Settings(specs=(path,)))
    assert world.warnings == ()
    assert len(world.plans) >= 2
