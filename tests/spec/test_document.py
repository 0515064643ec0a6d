"""Opening a document, and following its references."""

from __future__ import annotations

import pytest

from mock_server.errors import Broken, Problem
from mock_server.source import Source, load
from mock_server.spec.document import MAX_REFERENCE_HOPS, open_document, parse_reference
from tests.spec.documents import document, problems_of, reference, where, with_schemas


def fault(text: str) -> Problem:
    with pytest.raises(Broken) as caught:
        open_document(load(Source("a.yaml", text)))
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    "text, message, place, hint",
    [
        ("- a", "an OpenAPI document is a mapping with `openapi` and `paths`", "a.yaml:1:1", None),
        ("", "an OpenAPI document is a mapping with `openapi` and `paths`", "a.yaml:1:1", None),
        (
            'info: {}\nswagger: "2.0"',
            "Swagger 2.0 is not read",
            "a.yaml:2:10",
            "convert it to OpenAPI 3, for instance with swagger2openapi",
        ),
        (
            "openapi: 3.3.0",
            "`openapi` must be a version 3.0 to 3.2, not '3.3.0'",
            "a.yaml:1:10",
            'start the document with `openapi: "3.1.0"`',
        ),
        (
            "openapi: 3.1",
            "`openapi` must be a version 3.0 to 3.2, not 3.1",
            "a.yaml:1:10",
            'start the document with `openapi: "3.1.0"`',
        ),
        (
            "paths: {}",
            "`openapi` must be a version 3.0 to 3.2, not None",
            "a.yaml:1:1",
            'start the document with `openapi: "3.1.0"`',
        ),
        ("openapi: 3.1.0\npaths: []", "`paths` must be a mapping of paths", "a.yaml:2:8", None),
    ],
)
def test_what_is_no_openapi_document_is_refused_with_the_reason(
    text: str, message: str, place: str, hint: str | None
) -> None:
    problem = fault(text)
    assert (problem.code, problem.message, str(problem.place), problem.hint) == ("MS201", message, place, hint)


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
            "the reference '#/components/responses/Nope' leads nowhere",
            "nothing is called 'responses' at #/components",
        ),
        "MS203 openapi.yaml:11:40 /paths/~1a/get/responses/default/content/application~1json/schema": (
            "the reference '#/components/schemas/Nope' leads nowhere",
            "nothing is called 'Nope' at #/components/schemas",
        ),
        "MS203 openapi.yaml:14:14 /components/schemas/example": (
            "the reference '#/nowhere/at/all' leads nowhere",
            "nothing is called 'nowhere' at #",
        ),
        "MS203 openapi.yaml:15:32 /components/schemas/List/items": (
            "the reference '#/components/schemas/List/items/5' leads nowhere",
            "nothing is called '5' at #/components/schemas/List/items",
        ),
    }


@pytest.mark.parametrize(
    "text",
    [
        "other.yaml#/components/schemas/X",
        "https://example.com/x.json",
        "file:///etc/passwd",
        "#anchor",
        "X",
        "",
    ],
)
def test_a_reference_that_leaves_the_document_is_refused_and_never_fetched(text: str) -> None:
    (problem,) = problems_of(f'components:\n  schemas:\n    X: {{$ref: "{text}"}}')
    assert where(problem) == "MS205 openapi.yaml:5:8 /components/schemas/X"
    assert problem.message == f"the reference {text!r} leaves the document"
    assert problem.hint == "only references inside the document (#/…) are followed"


def test_references_in_a_circle_are_told() -> None:
    problems = problems_of(
        "components:\n  schemas:\n"
        '    A: {$ref: "#/components/schemas/B"}\n'
        '    B: {$ref: "#/components/schemas/A"}\n'
        '    C: {$ref: "#/components/schemas/C"}\n'
    )
    assert sorted(where(problem) for problem in problems) == [
        "MS204 openapi.yaml:5:8 /components/schemas/A",
        "MS204 openapi.yaml:6:8 /components/schemas/B",
        "MS204 openapi.yaml:7:8 /components/schemas/C",
    ]
    assert {problem.message for problem in problems} == {"this reference leads in a circle"}


def test_a_chain_of_two_thousand_references_is_too_long() -> None:
    chain = {f"X{number}": reference(f"X{number + 1}") for number in range(2000)}
    with pytest.raises(Broken) as caught:
        with_schemas({**chain, "X2000": {"type": "integer"}})
    problems = caught.value.problems
    assert len(problems) == 2000 - MAX_REFERENCE_HOPS
    assert {(problem.code, problem.message) for problem in problems} == {("MS204", "this reference chain is too long")}


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
