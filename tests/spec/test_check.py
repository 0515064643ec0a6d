"""What is wrong with a document beyond what keeps it from being served."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.errors import Problem
from mock_server.spec.check import (
    document_problems,
    schema_problems,
    thorough_problems,
)
from mock_server.spec.digits import unsafe_integers, unsafe_message
from mock_server.spec.document import Document
from mock_server.spec.generate import generate_content
from mock_server.spec.media import MediaType
from mock_server.spec.operations import read_operations
from tests.spec.documents import document, where


def thorough(text: str, version: str = "3.1.0") -> list[Problem]:
    return list(thorough_problems(document(text, version)))


def response(content: str, more: str = "") -> str:
    return (
        "paths:\n"
        "  /a:\n"
        "    get:\n"
        "      operationId: getA\n"
        "      responses:\n"
        '        "200":\n'
        "          description: fine\n"
        f"          content: {content}\n{more}"
    )


def test_an_example_that_breaks_its_schema_is_told_at_the_very_value() -> None:
    problems = thorough(
        response(
            "{application/json: {schema: {type: array, items: {type: integer}}, examples: {good: {value: [1]}, "
            "bad: {value: [1, x, y]}}}}"
        )
    )
    assert [(where(problem), problem.message, problem.severity) for problem in problems] == [
        (
            "MS207 openapi.yaml:10:135 /paths/~1a/get/responses/200/content/application~1json/examples/bad/value/1",
            'the example bad breaks its schema: "x" is not of type "integer"',
            "warning",
        ),
        (
            "MS207 openapi.yaml:10:138 /paths/~1a/get/responses/200/content/application~1json/examples/bad/value/2",
            'the example bad breaks its schema: "y" is not of type "integer"',
            "warning",
        ),
    ]


def test_a_nameless_example_and_the_examples_of_requests_are_checked_too() -> None:
    problems = thorough(
        "paths: {/a: {post: {requestBody: {content: {a/b: {schema: {type: integer}, example: x}}}, responses: {}}}}"
    )
    assert [problem.message for problem in problems] == [
        'the example here breaks its schema: "x" is not of type "integer"',
        "bodies of a/b are not checked",
    ]


def test_an_integer_that_javascript_cannot_hold_is_a_warning_at_its_place() -> None:
    (problem,) = thorough(response("{application/json: {example: {id: [9007199254740991, 9007199254740993]}}}"))
    assert where(problem) == (
        "MS209 openapi.yaml:10:73 /paths/~1a/get/responses/200/content/application~1json/example/id/1"
    )
    assert problem.severity == "warning"
    assert problem.hint == "a client in JavaScript must parse it as text or BigInt"


@pytest.mark.parametrize(
    "value, found",
    [
        (2**53 - 1, []),
        (-(2**53) + 1, []),
        (2**53, [((), 2**53)]),
        (-(2**53), [((), -(2**53))]),
        ({"a": [1, {"b": 2**60}]}, [(("a", 1, "b"), 2**60)]),
        (1e300, []),
        (True, []),
        (str(2**60), []),
    ],
)
def test_unsafe_integers_are_those_beyond_2_to_the_53(value: object, found: list[object]) -> None:
    assert list(unsafe_integers(value)) == found


@pytest.mark.parametrize(
    "number, neighbour",
    [
        (2**53, 2**53 + 1),
        (2**53 + 1, 2**53),
        (194785639383273120, 194785639383273121),
        (194785639383273121, 194785639383273120),
        (-(2**53) - 1, -(2**53)),
    ],
)
def test_an_unsafe_integer_is_told_with_one_that_javascript_takes_it_for(number: int, neighbour: int) -> None:
    assert float(number) == float(neighbour)
    assert unsafe_message(number) == f"{number} is beyond 2^53-1, where JavaScript cannot tell it from {neighbour}"


@pytest.mark.parametrize(
    "number, said", [(2**53 + 2, "cannot tell integers apart"), (10**400, "has no number but Infinity")]
)
def test_any_integer_has_something_to_be_said_of_it(number: int, said: str) -> None:
    assert unsafe_message(number).endswith(said)


def test_a_link_to_an_operation_that_does_not_exist_is_an_error() -> None:
    links = (
        "          links:\n"
        "            good: {operationId: getA}\n"
        "            bad: {operationId: getB}\n"
        '            goodRef: {operationRef: "#/paths/~1a/get"}\n'
        '            badRef: {operationRef: "#/paths/~1b/get"}\n'
        "            remote: {operationRef: https://example.com/}\n"
        '            again: {$ref: "#/components/links/L"}\n'
        "components: {links: {L: {operationId: getC}}}\n"
    )
    problems = thorough(response("{}", links))
    at = "/paths/~1a/get/responses/200/links"
    assert [(where(problem), problem.message, problem.hint) for problem in problems] == [
        (
            f"MS210 openapi.yaml:13:32 {at}/bad/operationId",
            "the link 'bad' leads to 'getB', which is no operation",
            "the operationIds are getA",
        ),
        (
            f"MS203 openapi.yaml:15:36 {at}/badRef/operationRef",
            "the reference '#/paths/~1b/get' leads nowhere",
            "nothing is called '/b' at #/paths",
        ),
        (
            "MS210 openapi.yaml:18:39 /components/links/L/operationId",
            "the link 'again' leads to 'getC', which is no operation",
            "the operationIds are getA",
        ),
    ]


def test_a_path_template_and_its_parameters_must_agree() -> None:
    problems = thorough(
        "paths:\n"
        "  /a/{id}/{part}.{kind}:\n"
        "    get:\n"
        "      parameters:\n"
        "        - {name: id, in: path, required: true, schema: {}}\n"
        "        - {name: other, in: path, required: true, schema: {}}\n"
        "        - {name: part, in: query, schema: {}}\n"
        "      responses: {}\n"
    )
    assert [(where(problem), problem.message, problem.severity) for problem in problems] == [
        ("MS211 openapi.yaml:6:7 /paths/~1a~1{id}~1{part}.{kind}/get", "{kind}: no parameter describes it", "warning"),
        (
            "MS211 openapi.yaml:6:7 /paths/~1a~1{id}~1{part}.{kind}/get",
            "{other}: the path does not have it",
            "warning",
        ),
        ("MS211 openapi.yaml:6:7 /paths/~1a~1{id}~1{part}.{kind}/get", "{part}: no parameter describes it", "warning"),
    ]


def test_a_response_that_no_body_can_be_made_for_is_a_warning_unless_it_has_an_example() -> None:
    impossible = "{application/json: {schema: {type: string, pattern: '^([a-z]{3})\\1(?<=xyz)$'}%s}}"
    (problem,) = thorough(response(impossible % ""))
    assert where(problem) == "MS213 openapi.yaml:10:48 /paths/~1a/get/responses/200/content/application~1json/schema"
    assert problem.severity == "warning"
    assert thorough(response(impossible % ", example: xyzxyz")) == []


def test_a_pattern_that_is_no_regular_expression_is_told_wherever_it_stands_and_left_out() -> None:
    found = document(
        "paths:\n"
        "  /a:\n"
        "    post:\n"
        "      parameters: [{name: q, in: query, schema: {type: string, pattern: '('}}]\n"
        "      requestBody: {content: {a/b: {schema: {pattern: '['}}}}\n"
        "      responses: {200: {description: d, content: {a/b: {schema: {patternProperties: {'*': {}}}}}}}\n"
    )
    assert list(schema_problems(found, read_operations(found))) == []
    assert sorted((str(problem.place), problem.message) for problem in found.problems()) == [
        ("openapi.yaml:6:73", 'the pattern "(" is no regular expression: "(" is not a "regex"; it is left out'),
        ("openapi.yaml:7:55", 'the pattern "[" is no regular expression: "[" is not a "regex"; it is left out'),
        ("openapi.yaml:8:91", 'the pattern "*" is no regular expression: "*" is not a "regex"; it is left out'),
    ]


def test_a_schema_that_cannot_be_compiled_takes_anything_and_check_says_so() -> None:
    found = document(
        "paths: {/a: {get: {responses: {200: {description: d, content: {a/b: {schema: {$dynamicRef: '#nope'}}}}}}}}\n"
    )
    (problem,) = schema_problems(found, read_operations(found))
    assert where(problem) == "MS206 openapi.yaml:3:78 /paths/~1a/get/responses/200/content/a~1b/schema"
    assert problem.message == ("the schema cannot be compiled, so it takes anything: Anchor 'nope' does not exist")
    assert problem.severity == "warning"


def test_a_document_that_breaks_the_meta_schema_says_so() -> None:
    problems = document_problems(document("paths: {/a: {get: {responses: {200: {}}}}}"))
    assert [problem.code for problem in problems] == ["MS202"]


def test_a_good_document_has_no_problems() -> None:
    assert thorough(response("{application/json: {schema: {type: integer}, example: 5}}")) == []


@pytest.mark.parametrize(
    "operation, message, pointer",
    [
        (
            "requestBody: {content: {application/yaml: {schema: {type: object}}}}",
            "bodies of application/yaml are not checked",
            "/paths/~1a/post/requestBody/content/application~1yaml/schema",
        ),
    ],
)
def test_what_the_mock_does_not_act_on_is_a_warning(operation: str, message: str, pointer: str) -> None:
    (problem,) = thorough(f"paths: {{/a: {{post: {{{operation}, responses: {{}}}}}}}}")
    assert (problem.code, problem.severity, problem.message, problem.pointer) == ("MS212", "warning", message, pointer)


def callbacks(url: str, content: str = "{}") -> list[Problem]:
    item = f"{{post: {{requestBody: {{content: {content}}}, responses: {{default: {{description: d}}}}}}}}"
    return thorough(f"paths: {{/a/b: {{post: {{callbacks: {{done: {{'{url}': {item}}}}}, responses: {{}}}}}}}}")


@pytest.mark.parametrize(
    "url, code, message",
    [
        (
            "http://x/{id}",
            "MS248",
            "the callback 'done' cannot be sent: 'http://x/{id}': {id} is no runtime expression",
        ),
        (
            "{$request.bdy}",
            "MS248",
            "the callback 'done' cannot be sent: '$request.bdy' is no runtime expression; there are",
        ),
        (
            "{$response.query.a}",
            "MS249",
            "the callback 'done' can never be sent: $response.query.a: a response has no query parameters",
        ),
        (
            "{$request.path.id}",
            "MS249",
            "the callback 'done' can never be sent: $request.path.id: /a/b has no parameter 'id'",
        ),
    ],
)
def test_a_callback_that_cannot_be_sent_is_a_warning(url: str, code: str, message: str) -> None:
    (problem,) = callbacks(url)
    assert (problem.code, problem.severity) == (code, "warning")
    assert problem.message.startswith(message)
    assert problem.pointer is not None
    assert problem.pointer.startswith("/paths/~1a~1b/post/callbacks/done/")


def test_what_callbacks_and_webhooks_would_send_is_checked() -> None:
    impossible = "{type: string, minLength: 3, maxLength: 2}"
    (problem,) = callbacks("{$url}", f"{{application/json: {{schema: {impossible}}}}}")
    assert problem.code == "MS249"
    assert problem.message == "no valid body can be made for POST of 'done', so it is not sent"
    (problem,) = callbacks("{$url}", "{application/json: {schema: {type: integer}, example: x}}")
    assert problem.code == "MS207"
    content = "{application/json: {schema: {type: integer}, example: x}}"
    hook = f"{{post: {{requestBody: {{content: {content}}}, responses: {{}}}}}}"
    (problem,) = thorough(f"paths: {{}}\nwebhooks: {{hook: {hook}}}")
    assert (problem.code, problem.pointer) == (
        "MS207",
        "/webhooks/hook/post/requestBody/content/application~1json/example",
    )


def test_a_good_callback_has_no_problems() -> None:
    assert callbacks("{$request.body#/url}", "{application/json: {schema: {type: integer}, example: 1}}") == []


@pytest.mark.parametrize(
    "parameter, code, message, hint",
    [
        (
            "{name: q, in: header, style: form, schema: {type: object}}",
            "MS240",
            "a parameter in header has no style 'form'; it is read as simple",
            "the styles of a parameter in header are simple",
        ),
        (
            "{name: q, in: query, style: deepObject, schema: {type: integer}}",
            "MS241",
            "the style deepObject is for values of type array or object only",
            "give it another style, or another schema (OAS 3.1 §4.8.12.3)",
        ),
    ],
)
def test_a_style_in_the_wrong_place_is_a_warning(parameter: str, code: str, message: str, hint: str) -> None:
    (problem,) = thorough(f"paths: {{/a: {{post: {{parameters: [{parameter}], responses: {{}}}}}}}}")
    assert (problem.code, problem.severity, problem.message, problem.hint) == (code, "warning", message, hint)
    assert problem.pointer == "/paths/~1a/post/parameters/0/style"


@pytest.mark.parametrize(
    "parameter",
    [
        "{name: q, in: query, content: {application/json: {schema: {}}}}",
        "{name: q, in: query, style: deepObject, schema: {type: object}}",
        "{name: q, in: query, style: pipeDelimited, schema: {type: array}}",
        "{name: q, in: query, style: deepObject, schema: {}}",
    ],
)
def test_every_style_in_its_place_is_acted_on(parameter: str) -> None:
    assert thorough(f"paths: {{/a: {{post: {{parameters: [{parameter}], responses: {{}}}}}}}}") == []


def test_an_example_that_is_xml_already_is_not_held_to_the_schema_of_its_value() -> None:
    assert thorough(response("{application/xml: {schema: {type: object}, example: <a/>}}")) == []


def test_a_schema_that_many_responses_share_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counting(given: Document, media: MediaType) -> Any:
        made.append(media.name)
        return generate_content(given, media)

    monkeypatch.setattr("mock_server.spec.check.generate_content", counting)
    content = "{application/json: {schema: {$ref: '#/components/schemas/X'}}}"
    shared = "{$ref: '#/components/responses/R'}"
    paths = "\n".join(
        f"  /p{number}: {{get: {{responses: {{'200': {{description: d, content: {content}}}, '404': {shared}}}}}}}"
        for number in range(50)
    )
    components = (
        f"components:\n  schemas: {{X: {{type: object}}}}\n  responses: {{R: {{description: d, content: {content}}}}}"
    )
    assert thorough(f"paths:\n{paths}\n{components}\n") == []
    assert made == ["application/json"]


def test_an_item_schema_that_nobody_can_satisfy_and_a_parameter_are_told() -> None:
    items = "{application/jsonl: {itemSchema: {type: integer, minimum: 5, maximum: 3}}}"
    parameters = "      parameters: [{name: n, in: query, schema: {type: string, pattern: a^}}]\n"
    problems = [each for each in thorough(response(items, parameters), "3.2.0") if each.code == "MS245"]
    assert [(each.severity, each.pointer, each.message) for each in problems] == [
        (
            "error",
            "/paths/~1a/get/responses/200/content/application~1jsonl/itemSchema",
            "the minimum 5 is above the maximum 3",
        ),
        ("warning", "/paths/~1a/get/parameters/0/schema", "no text matches a^"),
    ]
