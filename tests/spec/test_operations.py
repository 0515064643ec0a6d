"""The operations of a document as values."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.spec.operations import Operation, base_paths
from mock_server.spec.security import Requirement
from tests.spec.documents import operations, problems_of, where


def only(text: str, version: str = "3.1.0") -> Operation:
    (operation,) = operations(text, version)
    return operation


def test_the_operations_come_in_the_order_of_the_document_with_their_names() -> None:
    found = operations(
        "paths:\n"
        "  x-note: {}\n"
        "  /b: {post: {operationId: makeB, summary: Makes b, responses: {}}, get: {responses: {}}}\n"
        "  /a: {delete: {responses: {}}}\n"
    )
    assert [(each.key, each.operation_id, each.summary) for each in found] == [
        ("GET /b", "", ""),
        ("POST /b", "makeB", "Makes b"),
        ("DELETE /a", "", ""),
    ]
    assert found[1].pointer == ("paths", "/b", "post")


def test_parameters_of_the_path_belong_to_each_operation_which_may_override_them() -> None:
    operation = only(
        "paths:\n"
        "  /a/{id}:\n"
        "    parameters:\n"
        "      - {name: id, in: path, required: true, schema: {type: string}}\n"
        "      - {name: page, in: query, schema: {type: integer}}\n"
        "      - {name: page, in: header, schema: {type: string}}\n"
        "    get:\n"
        "      parameters:\n"
        '        - {$ref: "#/components/parameters/Page"}\n'
        "      responses: {}\n"
        "components: {parameters: {Page: {name: page, in: query, required: true, schema: {type: array}}}}\n"
    )
    assert {(each.location, each.name): (each.required, each.type) for each in operation.parameters} == {
        ("path", "id"): (True, "string"),
        ("query", "page"): (True, "array"),
        ("header", "page"): (False, "string"),
    }


def test_a_path_item_may_be_a_reference() -> None:
    operation = only(
        'paths: {/a: {$ref: "#/components/pathItems/A"}}\n'
        "components: {pathItems: {A: {get: {responses: {200: {description: yes}}}}}}\n"
    )
    assert (operation.key, operation.pointer) == ("GET /a", ("components", "pathItems", "A", "get"))


def test_bodies_responses_and_examples_are_read_through_references() -> None:
    operation = only(
        "paths:\n"
        "  /a:\n"
        "    post:\n"
        '      requestBody: {$ref: "#/components/requestBodies/B"}\n'
        '      responses: {200: {$ref: "#/components/responses/R"}, x-note: {}}\n'
        "components:\n"
        "  requestBodies: {B: {required: true, content: {text/plain: {example: hello}}}}\n"
        "  responses:\n"
        "    R:\n"
        "      description: fine\n"
        "      content:\n"
        "        application/json:\n"
        "          examples:\n"
        "            one: {value: 1, x-provenance: observed}\n"
        '            two: {$ref: "#/components/examples/Two"}\n'
        "            elsewhere: {externalValue: https://example.com}\n"
        "  examples: {Two: {value: null}}\n"
    )
    assert operation.body is not None
    assert operation.body.required
    assert [(each.name, each.examples[0].value) for each in operation.body.content] == [("text/plain", "hello")]
    assert list(operation.responses) == ["200"]
    (media,) = operation.responses["200"].content
    assert operation.responses["200"].description == "fine"
    assert media.schema is None
    assert [(each.name, each.value, each.provenance) for each in media.examples] == [
        ("one", 1, "observed"),
        ("two", None, "documented"),
    ]
    assert media.examples[1].pointer == ("components", "examples", "Two", "value")


@pytest.mark.parametrize(
    "status, entry", [(200, "200"), (204, "2XX"), (404, "4XX"), (410, "4XX"), (500, "default"), (301, "default")]
)
def test_a_status_is_documented_by_itself_its_range_or_default(status: int, entry: str) -> None:
    operation = only(
        "paths: {/a: {get: {responses: {200: {description: a}, 2XX: {description: b},"
        " 4XX: {description: c}, default: {description: d}}}}}"
    )
    documented = operation.documented(status)
    assert documented is not None
    assert documented.status == entry


def test_a_status_without_any_entry_is_not_documented() -> None:
    assert only("paths: {/a: {get: {responses: {200: {description: a}}}}}").documented(404) is None


@pytest.mark.parametrize(
    "server, bases",
    [
        ({"url": "https://api.example.com"}, [""]),
        ({"url": "https://api.example.com/v1/"}, ["/v1"]),
        ({"url": "/v1"}, ["/v1"]),
        ({"url": "v1"}, ["/v1"]),
        ({"url": "./v1"}, ["/v1"]),
        ({"url": "."}, [""]),
        ({"url": "/"}, [""]),
        ({}, [""]),
        ({"url": "//host/p"}, ["/p"]),
        ({"url": "https://h/p?q#f"}, ["/p"]),
        ({"url": "http://[broken/api"}, [""]),
        (
            {
                "url": "https://{region}.example.com/api",
                "variables": {"region": {"enum": ["us", "eu"], "default": "us"}},
            },
            ["/api"],
        ),
        (
            {"url": "https://h/{v}/x", "variables": {"v": {"enum": ["v1", "v2"], "default": "v2"}}},
            ["/v1/x", "/v2/x"],
        ),
        ({"url": "{scheme}://h/p", "variables": {"scheme": {"default": "https"}}}, ["/p"]),
    ],
)
def test_a_server_gives_a_base_path_for_each_choice_in_its_path(server: dict[str, Any], bases: list[str]) -> None:
    assert base_paths(server) == bases


def test_the_servers_of_the_operation_go_before_those_of_the_path_and_of_the_document() -> None:
    found = operations(
        "servers: [{url: https://h/doc}, {url: https://other/doc}]\n"
        "paths:\n"
        "  /a:\n"
        "    servers: [{url: /path}]\n"
        "    get: {responses: {}}\n"
        "    post: {servers: [{url: /one}, {url: /two}], responses: {}}\n"
        "  /b: {get: {responses: {}}}\n"
    )
    assert {each.key: each.bases for each in found} == {
        "GET /a": ("/path",),
        "POST /a": ("/one", "/two"),
        "GET /b": ("/doc",),
    }


SCHEMES = """\
components:
  securitySchemes:
    Token: {type: http, scheme: Bearer}
    Basic: {type: http, scheme: basic}
    Key: {type: apiKey, in: query, name: api_key}
    Cookie: {type: apiKey, in: cookie, name: sid}
    OAuth: {type: oauth2, flows: {}}
    Alias: {$ref: "#/components/securitySchemes/Token"}
"""


@pytest.mark.parametrize(
    "name, kind, parameter",
    [
        ("Token", "bearer", "Bearer"),
        ("Basic", "basic", "basic"),
        ("Key", "apiKey:query", "api_key"),
        ("Cookie", "apiKey:cookie", "sid"),
        ("OAuth", "bearer", "Bearer"),
        ("Alias", "bearer", "Bearer"),
    ],
)
def test_a_security_scheme_says_where_its_credentials_travel(name: str, kind: str, parameter: str) -> None:
    operation = only(f"security: [{{{name}: [read, write]}}]\npaths: {{/a: {{get: {{responses: {{}}}}}}}}\n{SCHEMES}")
    assert operation.security == ((Requirement(name, kind, parameter, ("read", "write")),),)


def test_security_has_alternatives_each_of_which_may_want_several_schemes() -> None:
    found = operations(
        "security: [{Token: []}]\n"
        "paths:\n"
        "  /a: {get: {responses: {}}}\n"
        "  /b: {get: {security: [], responses: {}}}\n"
        "  /c: {get: {security: [{Token: [x], Key: []}, {Basic: []}, {}], responses: {}}}\n" + SCHEMES
    )
    names = {each.key: [[one.scheme for one in alternative] for alternative in each.security] for each in found}
    assert names == {"GET /a": [["Token"]], "GET /b": [], "GET /c": [["Token", "Key"], ["Basic"], []]}


def test_a_security_scheme_that_is_not_defined_is_told_for_every_operation_that_wants_it() -> None:
    problems = problems_of(
        "security: [{Nope: []}]\n"
        "paths:\n"
        "  /a: {get: {responses: {}}}\n"
        "  /b: {get: {security: [{}, {Other: []}], responses: {}}}\n"
    )
    assert [(where(problem), problem.message) for problem in problems] == [
        ("MS214 openapi.yaml:3:12 /security/0", "the security scheme 'Nope' is not defined; it is not asked for"),
        (
            "MS214 openapi.yaml:6:29 /paths/~1b/get/security/1",
            "the security scheme 'Other' is not defined; it is not asked for",
        ),
    ]
    assert problems[0].hint == "define it under components/securitySchemes"


def test_of_two_operations_that_answer_to_the_same_requests_the_first_is_served_and_the_second_is_told() -> None:
    text = (
        "paths:\n"
        "  /a/{id}: {get: {responses: {}}, post: {responses: {}}}\n"
        "  /a/{name}: {get: {responses: {}}, put: {responses: {}}}\n"
        "  /a/{id}/b: {get: {responses: {}}}\n"
    )
    keys = [operation.key for operation in operations(text)]
    assert keys == ["GET /a/{id}", "POST /a/{id}", "PUT /a/{name}", "GET /a/{id}/b"]
    (problem,) = problems_of(text)
    assert where(problem) == "MS208 openapi.yaml:5:3 /paths/~1a~1{name}"
    assert problem.message == "GET /a/{name} answers to the same requests as /a/{id}, so it is never used"
    assert problem.hint == "give the two one path, or one of them another method"


def test_a_path_with_a_query_is_told() -> None:
    (problem,) = problems_of("paths:\n  /a?x=1: {get: {responses: {}}}\n")
    assert where(problem) == "MS212 openapi.yaml:4:3 /paths/~1a?x=1"
    assert problem.severity == "warning"
