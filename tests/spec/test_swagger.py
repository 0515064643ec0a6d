"""Swagger 2.0 read as OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.source import Source, load
from mock_server.spec.check import every_problem
from mock_server.spec.document import Document, open_document
from mock_server.spec.operations import Operation, read_operations
from mock_server.spec.schema import Schema
from mock_server.spec.security import Requirement

TEXT = """\
swagger: "2.0"
info: {title: Pets, version: "1"}
host: api.example.com
basePath: /v2/
schemes: [https, http]
consumes: [application/json]
produces: [application/json, application/xml]
parameters:
  Limit: {name: limit, in: query, type: integer, minimum: 0, exclusiveMinimum: true}
paths:
  /pets:
    parameters:
      - $ref: "#/parameters/Limit"
      - {name: trace, in: header, type: string}
    get:
      parameters:
        - {name: trace, in: header, type: integer}
      responses:
        200:
          description: all
          schema: {type: array, items: {$ref: "#/definitions/Pet"}}
          examples: {application/json: [{name: Rex}], text/csv: Rex}
          headers: {X-Total: {type: integer, description: how many}}
        default: {$ref: "#/responses/Bad"}
    post:
      schemes: [http]
      parameters:
        - {name: pet, in: body, required: true, schema: {$ref: "#/definitions/Pet"}}
      responses: {201: {description: made}}
  /upload:
    post:
      consumes: [multipart/form-data]
      parameters:
        - {name: photo, in: formData, type: file, required: true}
        - {name: tags, in: formData, type: array, items: {type: string, maxLength: 3}, collectionFormat: pipes}
      responses: {204: {description: d}}
responses:
  Bad: {description: bad, schema: {type: string, x-nullable: true}}
definitions:
  Pet:
    type: object
    required: [name]
    properties: {name: {type: string, x-nullable: true}}
    discriminator: name
securityDefinitions:
  B: {type: basic}
  K: {type: apiKey, name: key, in: query}
  O: {type: oauth2, flow: accessCode, authorizationUrl: https://a/x, tokenUrl: https://a/t, scopes: {r: read}}
security: [{B: []}, {O: [r], K: []}]
"""


@pytest.fixture(scope="module")
def document() -> Document:
    return open_document(load(Source("s.yaml", TEXT)))


@pytest.fixture(scope="module")
def operations(document: Document) -> dict[str, Operation]:
    return {each.key: each for each in read_operations(document)}


def judge(schema: Schema | None) -> Schema:
    assert schema is not None
    return schema


def place(operation: Operation, schema: Schema | None) -> str:
    return str(operation.document.loaded.place(judge(schema).pointer))


def test_a_converted_document_has_no_faults_of_its_own(document: Document) -> None:
    read_operations(document)
    assert list(document.problems()) == []
    assert {problem.code for problem in every_problem(document)} <= {"MS212"}


def test_servers_come_of_schemes_host_and_base_path(operations: dict[str, Operation]) -> None:
    assert {each.bases for each in operations.values()} == {("/v2",)}
    assert operations["POST /pets"].document.data["servers"] == [
        {"url": "https://api.example.com/v2"},
        {"url": "http://api.example.com/v2"},
    ]
    node, _ = operations["POST /pets"].document.at(operations["POST /pets"].pointer, (), "#")
    assert node["servers"] == [{"url": "http://api.example.com/v2"}]


def test_parameters_keep_their_places_and_the_operation_overrides_the_path(operations: dict[str, Operation]) -> None:
    operation = operations["GET /pets"]
    found = {each.name: (each.location, each.type, place(operation, each.schema)) for each in operation.parameters}
    assert found == {"limit": ("query", "integer", "s.yaml:9:10"), "trace": ("header", "integer", "s.yaml:17:11")}
    limit = judge(next(each.schema for each in operation.parameters if each.name == "limit"))
    assert [limit.is_valid(value) for value in (1, 0)] == [True, False]


def test_the_body_parameter_is_the_request_body(operations: dict[str, Operation]) -> None:
    operation = operations["POST /pets"]
    assert operation.body is not None
    assert operation.body.required
    (media,) = operation.body.content
    assert media.name == "application/json"
    assert place(operation, media.schema) == "s.yaml:28:57"
    assert judge(media.schema).is_valid({"name": None})
    assert not judge(media.schema).is_valid({"name": 5})


def test_parameters_of_a_form_are_the_properties_of_the_body(operations: dict[str, Operation]) -> None:
    operation = operations["POST /upload"]
    assert operation.body is not None
    (media,) = operation.body.content
    assert media.name == "multipart/form-data"
    assert judge(media.schema).is_valid({"photo": "bytes", "tags": ["abc"]})
    assert {each.keyword for each in judge(media.schema).breaches({"tags": ["abcd"]})} == {"maxLength", "required"}
    node, _ = operation.document.at((*operation.pointer, "requestBody", "content", media.name), (), "#")
    assert node["encoding"] == {"tags": {"style": "pipeDelimited", "explode": False}}
    tags = (*judge(media.schema).pointer, "properties", "tags", "maxLength")
    assert str(operation.document.loaded.place(tags)) == "s.yaml:35:11"


def test_responses_have_the_media_types_that_are_produced_and_those_of_examples(
    operations: dict[str, Operation],
) -> None:
    operation = operations["GET /pets"]
    fine, bad = operation.responses["200"], operation.responses["default"]
    assert [media.name for media in fine.content] == ["application/json", "application/xml", "text/csv"]
    assert [[each.value for each in media.examples] for media in fine.content] == [[[{"name": "Rex"}]], [], ["Rex"]]
    assert place(operation, fine.content[0].schema) == "s.yaml:21:19"
    assert str(operation.document.loaded.place(fine.content[0].examples[0].pointer)) == "s.yaml:22:40"
    assert [media.name for media in bad.content] == ["application/json", "application/xml"]
    assert bad.description == "bad"
    assert judge(bad.content[0].schema).is_valid(None)
    assert place(operation, bad.content[0].schema) == "s.yaml:38:35"
    node, _ = operation.document.at(fine.pointer, (), "#")
    assert node["headers"] == {"X-Total": {"description": "how many", "schema": {"type": "integer"}}}


def test_security_definitions_are_security_schemes(operations: dict[str, Operation], document: Document) -> None:
    assert operations["GET /pets"].security == (
        (Requirement("B", "basic", "basic", ()),),
        (Requirement("O", "bearer", "Bearer", ("r",)), Requirement("K", "apiKey:query", "key", ())),
    )
    assert document.data["components"]["securitySchemes"]["O"] == {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "https://a/x",
                "tokenUrl": "https://a/t",
                "scopes": {"r": "read"},
            }
        },
    }


def test_schemas_are_found_under_components_too(document: Document) -> None:
    schema = document.schema(("components", "schemas", "Pet"))
    assert not schema.is_valid({})
    assert str(document.loaded.place(schema.pointer)) == "s.yaml:41:5"
    assert document.data["definitions"]["Pet"]["discriminator"] == {"propertyName": "name"}


@pytest.mark.parametrize(
    "word, style",
    [
        ("csv", {"style": "form", "explode": False}),
        ("ssv", {"style": "spaceDelimited", "explode": False}),
        ("pipes", {"style": "pipeDelimited", "explode": False}),
        ("multi", {"style": "form", "explode": True}),
        ("tsv", {"style": "form", "explode": False, "x-collectionFormat": "tsv"}),
    ],
)
def test_a_collection_format_is_a_style(word: str, style: dict[str, Any]) -> None:
    found = open_document(
        load(
            Source(
                "s.yaml",
                'swagger: "2.0"\ninfo: {}\npaths: {/a: {get: {parameters: [{name: q, in: query, type: array,'
                f" items: {{type: string}}, collectionFormat: {word}}}]}}}}}}",
            )
        )
    )
    (parameter,) = found.data["paths"]["/a"]["get"]["parameters"]
    assert {key: value for key, value in parameter.items() if key not in ("name", "in", "schema")} == style


def test_a_path_item_of_another_path_is_converted_once() -> None:
    found = open_document(
        load(
            Source(
                "s.yaml",
                'swagger: "2.0"\ninfo: {}\npaths:\n'
                "  /a: {post: {responses: {}, parameters: [{in: body, name: b, schema: {type: integer}}]}}\n"
                '  /b: {$ref: "#/paths/~1a"}\n',
            )
        )
    )
    for operation in read_operations(found):
        assert operation.body is not None
        assert not judge(operation.body.content[0].schema).is_valid("x")
    assert list(found.problems()) == []
