"""Opening a document, and following its references."""

from __future__ import annotations

import pytest

from mock_server.errors import Broken, Problem
from mock_server.source import Source, load
from mock_server.spec.document import MAX_REFERENCE_HOPS, open_document, parse_reference
from mock_server.spec.operations import read_operations
from tests.spec.documents import document, operations, problems_of, reference, where, with_schemas


def fault(text: str) -> Problem:
    with pytest.raises(Broken) as caught:
        open_document(load(Source("a.yaml", text)))
    (problem,) = caught.value.problems
    return problem


HINT = 'start the document with `openapi: "3.1.0"`'


@pytest.mark.parametrize(
    "text, message, place, hint",
    [
        (
            "- a",
            "an OpenAPI document is a mapping with `openapi` and `paths`",
            "a.yaml:1:1",
            "give the file that begins with `openapi:` or `swagger:`",
        ),
        (
            "",
            "an OpenAPI document is a mapping with `openapi` and `paths`",
            "a.yaml:1:1",
            "give the file that begins with `openapi:` or `swagger:`",
        ),
        (
            'info: {}\nswagger: "1.2"',
            "Swagger 1.2 is not read",
            "a.yaml:2:10",
            "documents of Swagger 2.0 and OpenAPI 3 are served",
        ),
        ("openapi: 4.0.0", "`openapi` must be a version of 3, not '4.0.0'", "a.yaml:1:10", HINT),
        ("openapi: 1.0", "`openapi` must be a version of 3, not 1.0", "a.yaml:1:10", HINT),
        ("openapi: [3]", "`openapi` must be a version of 3, not [3]", "a.yaml:1:10", HINT),
        ("openapi: true", "`openapi` must be a version of 3, not True", "a.yaml:1:10", HINT),
        ("openapi: latest", "`openapi` must be a version of 3, not 'latest'", "a.yaml:1:10", HINT),
        ("paths: {}", "the document has no `openapi`", "a.yaml:1:1", HINT),
        (
            "openapi: 3.1.0\npaths: []",
            "`paths` must be a mapping of paths",
            "a.yaml:2:8",
            "write `paths: {}` where there is none",
        ),
        (
            "openapi: 3.1.0\npaths: no",
            "`paths` must be a mapping of paths",
            "a.yaml:2:8",
            "write `paths: {}` where there is none",
        ),
    ],
)
def test_what_is_no_openapi_document_is_refused_with_the_reason(
    text: str, message: str, place: str, hint: str | None
) -> None:
    problem = fault(text)
    assert (problem.code, problem.message, str(problem.place), problem.hint) == ("MS201", message, place, hint)
    assert problem.severity == "error"


@pytest.mark.parametrize(
    "text, shown, read_as, hint",
    [
        ("3.0", "3.0", "3.0", "3.0.4"),
        ('"3.0"', "'3.0'", "3.0", "3.0.4"),
        ("3.1", "3.1", "3.1", "3.1.2"),
        ("3", "3", "3.0", "3.0.4"),
        ("3.1.99", "'3.1.99'", "3.1", "3.1.2"),
        ("3.0.0-rc1", "'3.0.0-rc1'", "3.0", "3.0.4"),
        ("3.2.7", "'3.2.7'", "3.2", "3.2.0"),
        ("3.3.0", "'3.3.0'", "3.2", "3.2.0"),
    ],
)
def test_a_version_that_was_never_published_is_read_as_the_nearest(
    text: str, shown: str, read_as: str, hint: str
) -> None:
    found = open_document(load(Source("a.yaml", f"openapi: {text}\ninfo: {{}}\n")))
    (problem,) = found.problems()
    assert where(problem) == "MS216 a.yaml:1:10 /openapi"
    assert problem.message == f"the version {shown} is none that was published; it is read as {read_as}"
    assert problem.hint == f'write `openapi: "{hint}"`'
    assert found.version == f"{read_as}.0"


def test_a_document_without_info_and_operations_is_served_with_a_warning_for_each() -> None:
    found = open_document(load(Source("a.yaml", "openapi: 3.1.0\npaths:\n")))
    assert read_operations(found) == []
    assert [(where(each), each.message) for each in found.problems()] == [
        (
            "MS215 a.yaml:2:7 /paths",
            "`paths` must be a mapping, not null; it is left out",
        ),
        ("MS217 a.yaml:1:1 ", "the document has no `info`"),
        ("MS217 a.yaml:2:1 /paths", "the document has no operations"),
    ]


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.2.0"])
def test_every_version_from_3_0_to_3_2_is_opened(version: str) -> None:
    assert document("paths: {}", version).version == version


def test_a_document_knows_its_title() -> None:
    assert document("paths: {}").title == "t"
    assert open_document(load(Source("a.yaml", "openapi: 3.1.0"))).title == ""


DANGLING = """\
paths:
  /a:
    get:
      responses:
        "200": {$ref: "#/components/responses/Nope"}
        default:
          description: d
          content:
            application/json: {schema: {$ref: "#/components/schemas/Nope"}}
components:
  schemas:
    example: {$ref: "#/nowhere/at/all"}
    List: {type: array, items: {$ref: "#/components/schemas/List/items/5"}}
"""


def test_every_dangling_reference_is_told_with_its_place_and_what_is_missing() -> None:
    found = {where(problem): (problem.message, problem.hint) for problem in problems_of(DANGLING)}
    assert found == {
        "MS203 openapi.yaml:7:16 /paths/~1a/get/responses/200": (
            "the reference '#/components/responses/Nope' leads nowhere; this response is left out",
            "nothing is called 'responses' at #/components",
        ),
        "MS203 openapi.yaml:11:40 /paths/~1a/get/responses/default/content/application~1json/schema": (
            "the reference '#/components/schemas/Nope' leads nowhere; anything fits here",
            "nothing is called 'Nope' at #/components/schemas",
        ),
        "MS203 openapi.yaml:14:14 /components/schemas/example": (
            "the reference '#/nowhere/at/all' leads nowhere; anything fits here",
            "nothing is called 'nowhere' at #",
        ),
        "MS203 openapi.yaml:15:32 /components/schemas/List/items": (
            "the reference '#/components/schemas/List/items/5' leads nowhere; anything fits here",
            "nothing is called '5' at #/components/schemas/List/items",
        ),
    }
    (operation,) = operations(DANGLING)
    assert list(operation.responses) == ["default"]
    schema = operation.responses["default"].content[0].schema
    assert schema is not None
    assert schema.is_valid({"any": ["thing"]})


@pytest.mark.parametrize(
    "text, code, message, hint",
    [
        (
            "other.yaml#/components/schemas/X",
            "MS205",
            "the reference 'other.yaml#/components/schemas/X' cannot be followed: "
            "/other.yaml lies outside the folder of the document",
            "move it there, or allow its folder: --allow-folder /",
        ),
        (
            "https://example.com/x.json",
            "MS205",
            "the reference 'https://example.com/x.json' cannot be followed: https://example.com/x.json is not fetched",
            "allow its host with --allow-remote example.com",
        ),
        (
            "file:///etc/passwd",
            "MS205",
            "the reference 'file:///etc/passwd' cannot be followed: "
            "/etc/passwd lies outside the folder of the document",
            "move it there, or allow its folder: --allow-folder /etc",
        ),
        (
            "ftp://example.com/x",
            "MS205",
            "the reference 'ftp://example.com/x' cannot be followed: "
            "'ftp://example.com/x' is no file and no http address",
            "copy it into the document",
        ),
        (
            "#anchor",
            "MS203",
            "the reference '#anchor' leads nowhere",
            "an anchor is written `$anchor`; a pointer begins with #/",
        ),
        ("#X", "MS203", "the reference '#X' leads nowhere", "did you mean #/components/schemas/X?"),
        ("http://[", "MS203", "the reference 'http://[' is no address", None),
        ("", "MS203", "the reference '' leads to a document, where a schema is wanted", None),
        (
            "#/components/parameters/P",
            "MS203",
            "the reference '#/components/parameters/P' leads to a parameter, where a schema is wanted",
            None,
        ),
        (
            "#/info/title",
            "MS203",
            "the reference '#/info/title' leads to something that is not a schema",
            None,
        ),
    ],
)
def test_a_reference_that_cannot_be_followed_is_told_and_nothing_is_fetched(
    text: str, code: str, message: str, hint: str | None
) -> None:
    (problem,) = problems_of(
        f'components:\n  schemas:\n    X: {{$ref: "{text}"}}\n  parameters: {{P: {{name: p, in: query}}}}'
    )
    assert where(problem) == f"{code} openapi.yaml:5:8 /components/schemas/X"
    assert (problem.message, problem.hint) == (f"{message}; anything fits here", hint)


def test_references_in_a_circle_are_told_where_the_circle_is_cut() -> None:
    problems = problems_of(
        "components:\n  schemas:\n"
        '    A: {$ref: "#/components/schemas/B"}\n'
        '    B: {$ref: "#/components/schemas/A"}\n'
        '    C: {$ref: "#/components/schemas/C"}\n'
    )
    assert sorted(where(problem) for problem in problems) in (
        ["MS204 openapi.yaml:5:8 /components/schemas/A", "MS204 openapi.yaml:7:8 /components/schemas/C"],
        ["MS204 openapi.yaml:6:8 /components/schemas/B", "MS204 openapi.yaml:7:8 /components/schemas/C"],
    )
    assert {problem.message for problem in problems} == {"this reference leads in a circle; anything fits here"}
    assert {problem.hint for problem in problems} == {"let it end at the thing itself"}


def test_a_chain_of_two_thousand_references_is_cut_where_it_is_too_long() -> None:
    chain = {f"X{number}": reference(f"X{number + 1}") for number in range(2000)}
    found = with_schemas({**chain, "X2000": {"type": "integer"}})
    problems = [problem for problem in found.problems() if problem.code == "MS204"]
    assert len(problems) == 2000 // (MAX_REFERENCE_HOPS + 1)
    assert {problem.message for problem in problems} == {"this reference chain is too long; anything fits here"}
    assert found.schema(("components", "schemas", "X0")).is_valid("anything")
    assert not found.schema(("components", "schemas", "X1999")).is_valid("text")


def test_a_chain_as_long_as_allowed_is_followed() -> None:
    chain = {f"X{number}": reference(f"X{number + 1}") for number in range(MAX_REFERENCE_HOPS)}
    found = with_schemas({**chain, f"X{MAX_REFERENCE_HOPS}": {"type": "integer"}})
    node, pointer = found.follow(reference("X1"), ())
    assert node == {"type": "integer"}
    assert pointer == ("components", "schemas", f"X{MAX_REFERENCE_HOPS}")


@pytest.mark.parametrize(
    "text",
    [
        "paths: {/a: {get: {responses: {200: {description: d, content: {a/b: {example: {$ref: '#/nope'}}}}}}}}",
        "paths: {/a: {get: {responses: {200: {description: d, content: {a/b: {examples: {"
        "one: {value: {$ref: '#/nope'}}}}}}}}}}",
        "components: {schemas: {X: {example: {$ref: '#/nope'}}}}",
        "components: {schemas: {X: {examples: [{$ref: '#/nope'}]}}}",
        "components: {schemas: {X: {default: {$ref: '#/nope'}}}}",
        "components: {schemas: {X: {enum: [{$ref: '#/nope'}]}}}",
        "components: {schemas: {X: {const: {$ref: '#/nope'}}}}",
        "components: {schemas: {X: {properties: {default: {default: {$ref: '#/nope'}}}}}}",
        "x-anything: {$ref: '#/nope'}",
    ],
)
def test_a_reference_inside_an_example_is_data(text: str) -> None:
    assert document(text)


def test_a_reference_to_a_named_example_is_followed() -> None:
    (problem,) = problems_of(
        "paths: {/a: {get: {responses: {200: {description: d, content: {a/b: {examples: {\n"
        "  value: {$ref: '#/nope'}}}}}}}}}"
    )
    assert where(problem).startswith("MS203 openapi.yaml:4:10 ")


@pytest.mark.parametrize("name", ["default", "example", "const", "enum", "value", "x-mine", "properties", "examples"])
def test_a_property_may_be_named_like_a_word_of_the_schema_language(name: str) -> None:
    problems = problems_of(f"components: {{schemas: {{X: {{properties: {{{name}: {{$ref: '#/nope'}}}}}}}}}}")
    assert [problem.code for problem in problems] == ["MS203"]


def test_a_property_called_ref_is_a_property() -> None:
    found = with_schemas({"X": {"type": "object", "properties": {"$ref": {"type": "integer"}}}})
    schema = found.schema(("components", "schemas", "X"))
    assert schema.is_valid({"$ref": 5})
    assert not schema.is_valid({"$ref": "#/nope"})


@pytest.mark.parametrize(
    "text, pointer",
    [
        ("#", ()),
        ("#/a/b", ("a", "b")),
        ("#/paths/~1a~1{id}/get", ("paths", "/a/{id}", "get")),
        ("#/A~01B", ("A~1B",)),
        ("#/A%20B/%C3%A4", ("A B", "ä")),
        ("#/a//b", ("a", "", "b")),
        ("#anchor", None),
        ("other.yaml", None),
        ("other.yaml#/a", None),
    ],
)
def test_a_reference_is_read_as_a_json_pointer_in_a_uri_fragment(text: str, pointer: tuple[str, ...] | None) -> None:
    assert parse_reference(text) == pointer
