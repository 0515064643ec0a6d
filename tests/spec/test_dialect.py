"""OpenAPI 3.0 schemas as JSON Schema 2020-12."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mock_server.source import Source, load
from mock_server.spec.document import open_document
from tests.spec.documents import operations, reference, schema, with_schemas


@pytest.mark.parametrize(
    "node, value, valid",
    [
        ({"type": "string", "nullable": True}, None, True),
        ({"type": "string", "nullable": True}, "x", True),
        ({"type": "string", "nullable": True}, 5, False),
        ({"type": "string", "nullable": False}, None, False),
        ({"type": "string"}, None, False),
        ({"type": "object", "properties": {"a": {"type": "integer", "nullable": True}}}, {"a": None}, True),
        ({"type": "array", "items": {"type": "integer", "nullable": True}}, [None, 1], True),
        ({"additionalProperties": {"type": "integer", "nullable": True}}, {"x": None}, True),
        ({"allOf": [{"type": "integer", "nullable": True}]}, None, True),
        ({"not": {"type": "integer", "nullable": True}}, None, False),
        ({"type": "string", "nullable": True, "enum": ["a"]}, None, False),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, None, True),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 5, False),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6, True),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": False}, 5, True),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": True}, 5, False),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": True}, 4, True),
        ({"type": "integer", "exclusiveMaximum": True}, 10**9, True),
        ({**reference("Y"), "minimum": 100}, 5, True),
        ({"properties": {"nullable": {"type": "string"}}}, {"nullable": "x"}, True),
        ({"properties": {"default": {"type": "string", "nullable": True}}}, {"default": None}, True),
    ],
)
def test_a_schema_of_3_0_means_what_3_0_says(node: dict[str, Any], value: object, valid: bool) -> None:
    assert schema(node, "3.0.3", {"Y": {"type": "integer"}}).is_valid(value) is valid


def test_words_beside_a_reference_count_in_3_1_and_are_dropped_in_3_0() -> None:
    node = {**reference("Y"), "minimum": 100}
    assert schema(node, "3.0.3", {"Y": {"type": "integer"}}).is_valid(5)
    assert not schema(node, "3.1.0", {"Y": {"type": "integer"}}).is_valid(5)


@pytest.mark.parametrize("status", ["200", "default"])
def test_schemas_under_every_response_are_converted(status: str) -> None:
    (operation,) = operations(
        f"paths: {{/a: {{get: {{responses: {{{status}: {{description: d,"
        " content: {application/json: {schema: {type: string, nullable: true}}}}}}}}",
        "3.0.3",
    )
    (media,) = operation.responses[status].content
    assert media.schema is not None
    assert media.schema.is_valid(None)


@pytest.mark.parametrize("name", ["example", "default", "value", "schema", "schemas", "x-mine"])
def test_a_component_may_have_any_name(name: str) -> None:
    found = with_schemas({name: {"type": "string", "nullable": True}}, "3.0.3")
    assert found.schema(("components", "schemas", name)).is_valid(None)


@pytest.mark.parametrize("section", ["responses", "requestBodies", "parameters", "headers"])
@pytest.mark.parametrize("name", ["example", "default", "schema"])
def test_schemas_inside_a_component_of_any_name_are_converted(section: str, name: str) -> None:
    inner: dict[str, Any] = {"name": "q", "in": "query", "schema": {"type": "string", "nullable": True}}
    entry = inner if section in ("parameters", "headers") else {"content": {"a/b": inner}}
    data = {"openapi": "3.0.3", "info": {}, "components": {section: {name: entry}}}
    found = open_document(load(Source("a.json", json.dumps(data)))).data["components"][section][name]
    found = found if section in ("parameters", "headers") else found["content"]["a/b"]
    assert found["schema"] == {"type": ["string", "null"]}


def test_examples_are_left_as_they_are() -> None:
    media: dict[str, Any] = {
        "schema": {
            "type": "string",
            "nullable": True,
            "example": {"schema": {"nullable": True}},
            "default": {"nullable": True},
            "enum": [{"nullable": True}],
        },
        "example": {"schema": {"nullable": True}},
        "examples": {"schema": {"value": {"schema": {"nullable": True}}}},
    }
    response = {"description": "d", "content": {"application/json": media}}
    data = {"openapi": "3.0.3", "info": {}, "paths": {"/a": {"get": {"responses": {"200": response}}}}}
    data["x-note"] = {"schema": {"nullable": True}}
    found = open_document(load(Source("a.json", json.dumps(data)))).data
    schema = {key: value for key, value in media["schema"].items() if key != "nullable"}
    assert found["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"] == {
        **media,
        "schema": {**schema, "type": ["string", "null"]},
    }
    assert found["x-note"] == data["x-note"]
