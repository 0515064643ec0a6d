"""What is wrong with a document and what to do about it: the exact texts, one kind of fault a row."""

from __future__ import annotations

import pytest

from mock_server.errors import Broken, Place, Problem
from mock_server.source import Source, load, tree
from mock_server.spec.document import Document, open_document
from mock_server.spec.operations import read_operations

Row = tuple[str, str, str, str, str | None]


def opened(text: str) -> Document:
    found = open_document(load(Source("a.yaml", text)))
    read_operations(found)
    return found


def told(problem: Problem) -> Row:
    return (problem.code, f"{problem.place}"[7:], problem.pointer or "", problem.message, problem.hint)


HEAD = 'openapi: 3.1.0\ninfo: {title: t, version: "1"}\n'
OPERATION = HEAD + "paths:\n  /a:\n    get:\n      responses: {204: {description: d}}\n"
G = "/paths/~1a/get"
NOTHING = "leave the word out where there is nothing to say"

OPERATION_ROWS: list[tuple[str, Row]] = [
    (
        "parameters: null",
        ("MS215", "7:19", f"{G}/parameters", "`parameters` must be a list, not null; it is left out", NOTHING),
    ),
    (
        "parameters: {q: {}}",
        ("MS215", "7:19", f"{G}/parameters", '`parameters` must be a list, not {"q": {}}; it is left out', None),
    ),
    (
        "parameters: [5]",
        ("MS215", "7:20", f"{G}/parameters/0", "item 0 must be a mapping, not 5; it is left out", None),
    ),
    (
        "parameters: [{in: query}]",
        ("MS215", "7:20", f"{G}/parameters/0", "a parameter without a `name`; it is left out", "give it a `name`"),
    ),
    (
        "parameters: [{name: q, in: body}]",
        (
            "MS215",
            "7:20",
            f"{G}/parameters/0",
            "the parameter 'q' has no `in` that is known; it is left out",
            "`in` is one of path, query, header, cookie, querystring",
        ),
    ),
    (
        'parameters: [{name: q, in: query, required: "yes"}]',
        (
            "MS215",
            "7:51",
            f"{G}/parameters/0/required",
            '`required` must be true or false, not "yes"; it is left out',
            "write true or false without quotes",
        ),
    ),
    (
        'parameters: [{$ref: "#/components/parameters/P"}]',
        (
            "MS203",
            "7:20",
            f"{G}/parameters/0",
            "the reference '#/components/parameters/P' leads nowhere; this parameter is left out",
            "nothing is called 'components' at #",
        ),
    ),
    (
        "parameters: [{$ref: 5, name: q, in: query}]",
        ("MS215", "7:27", f"{G}/parameters/0/$ref", "`$ref` must be a text, not 5; it is left out", None),
    ),
    (
        "operationId: [a]",
        ("MS215", "7:20", f"{G}/operationId", '`operationId` must be a text, not ["a"]; it is left out', None),
    ),
    (
        "requestBody: text",
        ("MS215", "7:20", f"{G}/requestBody", '`requestBody` must be a mapping, not "text"; it is left out', None),
    ),
    (
        "requestBody: {$ref: x.yaml}",
        (
            "MS205",
            "7:20",
            f"{G}/requestBody",
            "the reference 'x.yaml' cannot be followed: /x.yaml lies outside the folder of the document; "
            "this request body is left out",
            "move it there, or allow its folder: --allow-folder /",
        ),
    ),
    (
        "requestBody: {content: [text/plain]}",
        (
            "MS215",
            "7:30",
            f"{G}/requestBody/content",
            '`content` must be a mapping, not ["text/plain"]; it is left out',
            None,
        ),
    ),
    (
        "requestBody: {content: {text/plain: null}}",
        (
            "MS215",
            "7:43",
            f"{G}/requestBody/content/text~1plain",
            "`text/plain` must be a mapping, not null; it is left out",
            NOTHING,
        ),
    ),
    (
        "security: {Key: []}",
        ("MS215", "7:17", f"{G}/security", '`security` must be a list, not {"Key": []}; it is left out', None),
    ),
    (
        "security: [{Key: []}]",
        (
            "MS214",
            "7:18",
            f"{G}/security/0",
            "the security scheme 'Key' is not defined; it is not asked for",
            "define it under components/securitySchemes",
        ),
    ),
    (
        "servers: https://h/",
        ("MS215", "7:16", f"{G}/servers", '`servers` must be a list, not "https://h/"; it is left out', None),
    ),
    (
        "servers: [{url: /v1, variables: {v: {enum: []}}}]",
        (
            "MS215",
            "7:50",
            f"{G}/servers/0/variables/v/enum",
            "`enum` must be a list of texts, not []; it is left out",
            None,
        ),
    ),
    (
        "callbacks: []",
        ("MS215", "7:18", f"{G}/callbacks", "`callbacks` must be a mapping, not []; it is left out", None),
    ),
]
S = "/components/schemas/X"
SCHEMA_ROWS: list[tuple[str, Row]] = [
    (
        "{type: strnig}",
        (
            "MS215",
            "7:24",
            f"{S}/type",
            "`type` must be one of array, boolean, integer, null, number, object, string, or a list of them, "
            'not "strnig"; it is left out',
            None,
        ),
    ),
    (
        "{required: true}",
        (
            "MS215",
            "7:28",
            f"{S}/required",
            "`required` must be a list of the names of properties, not true; it is left out",
            None,
        ),
    ),
    (
        "{properties: [a]}",
        ("MS215", "7:30", f"{S}/properties", '`properties` must be a mapping, not ["a"]; it is left out', None),
    ),
    (
        "{properties: {a: text}}",
        (
            "MS215",
            "7:34",
            f"{S}/properties/a",
            '`a` must be a schema (a mapping, true or false), not "text"; it is left out',
            None,
        ),
    ),
    (
        '{additionalProperties: "no"}',
        (
            "MS215",
            "7:40",
            f"{S}/additionalProperties",
            '`additionalProperties` must be a schema (a mapping, true or false), not "no"; it is left out',
            "write true or false without quotes",
        ),
    ),
    (
        "{minLength: -1}",
        ("MS215", "7:29", f"{S}/minLength", "`minLength` must be a whole number from 0, not -1; it is left out", None),
    ),
    (
        "{multipleOf: 0}",
        ("MS215", "7:30", f"{S}/multipleOf", "`multipleOf` must be a number above 0, not 0; it is left out", None),
    ),
    (
        "{maximum: .inf}",
        ("MS215", "7:27", f"{S}/maximum", "`maximum` must be a number, not Infinity; it is left out", None),
    ),
    ("{enum: a}", ("MS215", "7:24", f"{S}/enum", '`enum` must be a list, not "a"; it is left out', None)),
    (
        "{oneOf: []}",
        ("MS215", "7:25", f"{S}/oneOf", "`oneOf` must be a list of at least one schema, not []; it is left out", None),
    ),
    (
        "{allOf: [5, {}]}",
        (
            "MS215",
            "7:26",
            f"{S}/allOf/0",
            "item 0 must be a schema (a mapping, true or false), not 5; it is left out",
            None,
        ),
    ),
    (
        "{pattern: '['}",
        (
            "MS206",
            "7:27",
            f"{S}/pattern",
            'the pattern "[" is no regular expression: "[" is not a "regex"; it is left out',
            "patterns are those of ECMA-262",
        ),
    ),
    (
        "{$schema: 'http://json-schema.org/draft-04/schema#'}",
        (
            "MS212",
            "7:27",
            f"{S}/$schema",
            "the dialect 'http://json-schema.org/draft-04/schema#' is read as JSON Schema 2020-12",
            None,
        ),
    ),
    (
        "{discriminator: {propertyName: k, mapping: {a: Nope}}}",
        (
            "MS203",
            "7:64",
            f"{S}/discriminator/mapping/a",
            "no schema is called 'Nope'; the mapping is not used",
            "write a name, or a reference with `#/`",
        ),
    ),
    (
        "{discriminator: {propertyName: k, mapping: {a: 5}}}",
        (
            "MS215",
            "7:64",
            f"{S}/discriminator/mapping/a",
            "`a` must be the name of a schema or a reference, not 5; it is not used",
            None,
        ),
    ),
    (
        "{$ref: '#/components/schemas/X'}",
        ("MS204", "7:17", S, "this reference leads in a circle; anything fits here", "let it end at the thing itself"),
    ),
]


@pytest.mark.parametrize("words, row", OPERATION_ROWS, ids=[words for words, _ in OPERATION_ROWS])
def test_a_fault_in_an_operation_is_told_and_the_operation_is_served(words: str, row: Row) -> None:
    found = opened(OPERATION + f"      {words}\n")
    assert [told(each) for each in found.problems()] == [row]
    assert [each.key for each in read_operations(found)] == ["GET /a"]


@pytest.mark.parametrize("schema, row", SCHEMA_ROWS, ids=[schema for schema, _ in SCHEMA_ROWS])
def test_a_fault_in_a_schema_is_told_and_the_rest_of_it_judges(schema: str, row: Row) -> None:
    found = opened(OPERATION + f"components: {{schemas: {{\n{'':13}X: {schema}}}}}\n".replace("\n" + " " * 13, "", 1))
    (problem,) = found.problems()
    code, _, pointer, message, hint = told(problem)
    assert (code, pointer, message, hint) == (row[0], *row[2:])
    assert problem.place is not None
    assert problem.place.line == 7
    found.schema(("components", "schemas", "X")).compile()


OTHER_ROWS: list[tuple[str, Row]] = [
    (
        HEAD + "paths: {a/b: {get: {}}, /c: {get: {}}}",
        (
            "MS211",
            "3:9",
            "/paths/a~1b",
            "the path 'a/b' does not begin with `/`; it is left out",
            "write '/a/b'",
        ),
    ),
    (
        HEAD + "paths: {/a: {get: {}}, /b: what}",
        ("MS215", "3:28", "/paths/~1b", '`/b` must be a mapping, not "what"; it is left out', None),
    ),
    (
        HEAD + "paths: {/a: {get: {}, put: []}}",
        ("MS215", "3:28", "/paths/~1a/put", "`put` must be a mapping, not []; it is left out", None),
    ),
    (
        HEAD + 'paths: {/a: {get: {}}, /b: {$ref: "#/components/pathItems/B"}}',
        (
            "MS203",
            "3:28",
            "/paths/~1b",
            "the reference '#/components/pathItems/B' leads nowhere; this path item is left out",
            "nothing is called 'components' at #",
        ),
    ),
    (
        HEAD + "paths: {'/a/{x}': {get: {}}, '/a/{y}': {get: {}}}",
        (
            "MS208",
            "3:30",
            "/paths/~1a~1{y}",
            "GET /a/{y} answers to the same requests as /a/{x}, so it is never used",
            "give the two one path, or one of them another method",
        ),
    ),
    (
        HEAD + "paths: {/a: {get: {}}}\ncomponents: []",
        ("MS215", "4:13", "/components", "`components` must be a mapping, not []; it is left out", None),
    ),
    (
        "openapi: 3.1.0\npaths: {/a: {get: {}}}",
        ("MS217", "1:1", "", "the document has no `info`", "give it `info` with `title` and `version`"),
    ),
    (
        HEAD + "paths: {}",
        ("MS217", "3:1", "/paths", "the document has no operations", "describe them under `paths`"),
    ),
    (
        'swagger: "2.0"\ninfo: {}\npaths: {/a: {post: {parameters: [{in: body, name: a}, {in: body, name: b}]}}}',
        (
            "MS221",
            "3:55",
            "/paths/~1a/post/parameters/1",
            "an operation has one body; this parameter is left out",
            "put all of the body into one parameter",
        ),
    ),
    (
        "swagger: 2.0\ninfo: {}\npaths: {/a: {get: {responses: {}}}}",
        ("MS216", "1:10", "/swagger", "the version 2.0 is read as 2.0", 'write `swagger: "2.0"`'),
    ),
]


@pytest.mark.parametrize("text, row", OTHER_ROWS, ids=[row[1][3] for row in OTHER_ROWS])
def test_a_fault_is_told_with_its_place_and_what_to_do(text: str, row: Row) -> None:
    assert [told(each) for each in opened(text).problems()] == [row]


def test_each_fault_is_told_once_however_often_the_document_is_read() -> None:
    found = opened(HEAD + "paths: {b: {}}")
    before = list(found.problems())
    read_operations(found)
    assert list(found.problems()) == before


@pytest.mark.parametrize(
    "text", ["[" + "0," * 2_000_000 + "0]", "[" + "[]," * 1_000_001 + "[]]"], ids=["numbers", "lists"]
)
@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_a_document_of_two_million_values_is_refused(text: str, name: str) -> None:
    with pytest.raises(Broken) as caught:
        load(Source(name, text))
    (problem,) = caught.value.problems
    assert (problem.code, problem.message, problem.hint) == ("MS105", "more than 2000000 values", "divide the file")


def test_commas_in_texts_are_no_values() -> None:
    assert len(load(Source("a.json", '["' + "," * 2_000_001 + '"]')).data[0]) == 2_000_001


@pytest.mark.parametrize("item", ["- 0\n", "-\n", "-\t0\r\n", "a:\r", "? a\n: b\n", "- &a {b: c}\n", "[],"], ids=repr)
def test_a_yaml_document_of_far_too_many_values_is_refused_before_it_is_parsed(
    item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree._Constructor, "build", None)
    with pytest.raises(Broken) as caught:
        load(Source("a.yaml", "a: b\nb: " + item * 2_000_001))
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint, problem.place) == ("MS105", "divide the file", Place("a.yaml", 1, 1, "a: b"))


def test_a_yaml_document_of_too_many_values_is_refused_at_the_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_EVENTS", 10)
    with pytest.raises(Broken) as caught:
        load(Source("a.yaml", "- 0\n" * 20))
    assert str(caught.value).splitlines()[0] == "a.yaml:8:3: error MS105: more than 2000000 values"
