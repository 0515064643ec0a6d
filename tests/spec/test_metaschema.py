"""Where a document breaks the OAS meta-schema."""

from __future__ import annotations

import pytest

from mock_server.spec.metaschema import meta_problems, meta_schema
from tests.spec.documents import loaded, where


def found(text: str, version: str = "3.1.0") -> list[tuple[str, str]]:
    return [(where(problem), problem.message) for problem in meta_problems(loaded(text, version), version)]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_every_version_that_is_served_has_its_meta_schema(version: str) -> None:
    assert version[:3] in str(meta_schema(version)["description"])
    assert found("paths: {/a: {get: {responses: {200: {description: fine}}}}}", version) == []


@pytest.mark.parametrize(
    "text, version, place, message",
    [
        (
            "paths:\n  /a:\n    get:\n      responses: {200: {}}",
            "3.1.0",
            "openapi.yaml:6:24 /paths/~1a/get/responses/200",
            '"description" is a required property',
        ),
        ("paths: {/a: }", "3.1.0", "openapi.yaml:3:13 /paths/~1a", 'null is not of type "object"'),
        (
            "paths: {/a: {get: {parameters: [{name: x, in: body}], responses: {200: {description: d}}}}}",
            "3.1.0",
            "openapi.yaml:3:47 /paths/~1a/get/parameters/0/in",
            '"body" is not one of',
        ),
        (
            "paths: {/a: {post: {requestBody: {content: {a/b: {schema: 5}}}, responses: {200: {description: d}}}}}",
            "3.1.0",
            "openapi.yaml:3:59 /paths/~1a/post/requestBody/content/a~1b/schema",
            '5 is not of types "boolean", "object"',
        ),
        (
            "components: {schemas: {X: {type: banana}}}",
            "3.1.0",
            "openapi.yaml:3:34 /components/schemas/X/type",
            '"banana" fits none of the 2 alternatives; by the nearest: "banana" is not one of',
        ),
        (
            "paths: {/a: {get: {responses: {default: {description: d, content: {a/b: {schema: {minimum: x}}}}}}}}",
            "3.1.0",
            "openapi.yaml:3:92 /paths/~1a/get/responses/default/content/a~1b/schema/minimum",
            '"x" is not of type "number"',
        ),
        (
            "paths: {/a: {get: {responses: {200: {}}}}}",
            "3.0.3",
            "openapi.yaml:3:37 /paths/~1a/get/responses/200",
            '"description" is a required property',
        ),
        (
            "paths: {}\ncomponents: {schemas: {X: {properties: {a: {items: {type: banana}}}}}}",
            "3.0.3",
            "openapi.yaml:4:59 /components/schemas/X/properties/a/items/type",
            '"banana" is not one of',
        ),
    ],
)
def test_a_breach_is_told_with_its_place(text: str, version: str, place: str, message: str) -> None:
    ((seen, why),) = found(text, version)
    assert seen == f"MS202 {place}"
    assert why.startswith(message)


def test_all_breaches_are_told_together() -> None:
    text = "paths: {/a: {get: {responses: {200: {}}}, post: {responses: {200: {}}}}}\ncomponents: {schemas: {X: 5}}"
    assert len(found(text)) == 3


def test_a_message_stays_short_however_big_the_document_is() -> None:
    problems = list(meta_problems(loaded("x-big: " + "x" * 100_000), "3.1.0"))
    assert problems
    assert all(len(problem.message) <= 300 for problem in problems)


@pytest.mark.parametrize(
    "text",
    [
        "paths: {}\nx-note: {schema: {type: banana}}",
        "components: {schemas: {X: {default: {schema: {type: banana}}}}}",
        "components: {schemas: {X: {properties: {schema: {type: string}, type: {type: string}}}}}",
        "components: {examples: {schema: {value: {schema: {type: banana}}}}}",
        "paths: {/a: {post: {requestBody: {content: {a/b: {example: {schema: {type: banana}}}}}}}}",
    ],
)
def test_the_word_schema_in_the_users_own_data_is_no_schema(text: str) -> None:
    assert found(text) == []
