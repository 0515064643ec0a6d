"""Schemas that nobody can satisfy are named by the pointer of the very schema that contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.spec.generate import generate, unsatisfiable
from tests.spec.documents import reference, with_schemas

AT = ("components", "schemas", "X")
X, Y = reference("X"), reference("Y")
HERE = "/components/schemas/X"


def told(node: Any, others: dict[str, Any] | None = None, version: str = "3.1.0") -> list[tuple[str, str, str]]:
    document = with_schemas({"X": node, **(others or {})}, version)
    problems = list(unsatisfiable(document, [AT, AT]))
    assert {problem.code for problem in problems} <= {"MS245"}
    return [(problem.pointer or "", problem.severity, problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"type": "integer", "minimum": 5, "maximum": 3}, "the minimum 5 is above the maximum 3"),
        ({"type": "number", "minimum": 5, "exclusiveMaximum": 5}, "the minimum 5 is above the maximum 5"),
        ({"type": "integer", "exclusiveMinimum": 5, "maximum": 5.5}, "no integer lies between 5 and 5.5"),
        ({"type": "integer", "multipleOf": 7, "minimum": 1, "maximum": 6}, "no multiple of 7 lies between 1 and 6"),
        ({"enum": []}, "`enum` has no value, or none that all its parts allow"),
        ({"type": "string", "enum": [1]}, "no value of `enum` or `const` keeps the words beside it"),
        ({"type": "integer", "const": "a"}, "no value of `enum` or `const` keeps the words beside it"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "minLength 3 is above maxLength 2"),
        ({"type": "array", "minItems": 3, "maxItems": 2}, "at least 3 items, but maxItems is 2"),
        ({"type": "array", "minItems": 1, "items": False}, "an item is needed at index 0, and its schema is false"),
        ({"type": "array", "contains": {}, "maxItems": 0}, "at least 1 items, but maxItems is 0"),
        (
            {"type": "object", "required": ["a", "b"], "maxProperties": 1},
            "at least 2 properties, but maxProperties is 1",
        ),
        (
            {"type": "object", "required": ["a"], "properties": {"a": False}},
            "'a' is required, and its schema is false",
        ),
        (
            {"type": "object", "required": ["a"], "additionalProperties": False},
            "'a' is required, and its schema is false",
        ),
        (
            {"type": "object", "required": ["x"], "properties": {"x": X}},
            "it requires itself without an end: no value is ever complete",
        ),
        (
            {"oneOf": [{"type": "integer"}, {"type": "integer", "description": "the same"}]},
            "what keeps one branch of `oneOf` keeps another of them too",
        ),
        (
            {
                "oneOf": [
                    {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
                    {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}, "title": "twin"},
                    {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}, "b": {}}},
                ]
            },
            "what keeps one branch of `oneOf` keeps another of them too",
        ),
        ({"not": {}}, "`not` refuses every value that the words beside it allow"),
        ({"not": True}, "`not` refuses every value that the words beside it allow"),
        ({"not": {"description": "anything"}}, "`not` refuses every value that the words beside it allow"),
        ({"type": "integer", "not": {"type": ["number"]}}, "`not` refuses every value that the words beside it allow"),
        ({"type": "string", "pattern": "^a{3}$", "maxLength": 2}, "no text of 2 characters or fewer matches ^a{3}$"),
        ({"type": "string", "pattern": "^a$", "minLength": 2}, "no text of 2 characters or more matches ^a$"),
        ({"type": "string", "pattern": "a^"}, "no text matches a^"),
        ({"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "^b"}]}, "no text matches ^a and ^b"),
        (
            {"type": "object", "required": ["ab"], "propertyNames": {"maxLength": 1}},
            "'ab' is required, and `propertyNames` refuses this name",
        ),
        (
            {"type": "object", "required": ["a"], "properties": {"b": {}}, "unevaluatedProperties": False},
            "'a' is required, and `unevaluatedProperties` refuses it",
        ),
        (
            {"type": "array", "items": {"type": ["boolean", "null"]}, "minItems": 4, "uniqueItems": True},
            "at least 4 items, but only 3 differ from each other",
        ),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "the types of its parts exclude each other"),
        (
            {"type": "string", "pattern": "^a{3}$", "minLength": 4},
            "no text of 4 characters or more matches ^a{3}$",
        ),
        (
            {"type": "string", "pattern": "abc", "maxLength": 2},
            "no text of 2 characters or fewer matches abc",
        ),
        (
            {"type": "string", "pattern": "^(ab)+$", "minLength": 3, "maxLength": 3},
            "no text of exactly 3 characters matches ^(ab)+$",
        ),
        (
            {"type": "string", "pattern": "^(abc)+$", "minLength": 4, "maxLength": 5},
            "no text of 4 to 5 characters matches ^(abc)+$",
        ),
        ({"type": "string", "pattern": "[^\\s\\S]"}, "no text matches [^\\s\\S]"),
        ({"type": "string", "enum": ["a"], "pattern": "^b"}, "no value of `enum` or `const` keeps the words beside it"),
        (
            {"type": "array", "items": {"type": "string"}, "contains": {"type": "integer"}},
            "`contains` wants an item that `items` does not allow: the types of its parts exclude each other",
        ),
        (
            {"type": "array", "contains": {"enum": []}},
            "`contains` wants what nobody can satisfy: `enum` has no value, or none that all its parts allow",
        ),
        (
            {"type": "array", "uniqueItems": True, "items": {"type": "boolean"}, "minItems": 3},
            "at least 3 items, but only 2 differ from each other",
        ),
        (
            {"type": "array", "uniqueItems": True, "items": {"enum": [1, 1.0, 2]}, "minItems": 3},
            "at least 3 items, but only 2 differ from each other",
        ),
        (
            {
                "type": "array",
                "uniqueItems": True,
                "items": {"type": "integer", "minimum": 1, "maximum": 3},
                "minItems": 4,
            },
            "at least 4 items, but only 3 differ from each other",
        ),
        (
            {"type": "object", "properties": {"a": {}}, "additionalProperties": False, "minProperties": 2},
            "at least 2 properties, but no more than 1 names are allowed",
        ),
        (
            {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "minProperties": 3},
            "at least 3 properties, but no more than 2 names are allowed",
        ),
        (
            {"type": "object", "required": ["B"], "propertyNames": {"pattern": "^[a-z]+$"}},
            "'B' is required, and `propertyNames` refuses this name",
        ),
        (
            {
                "type": "object",
                "allOf": [{"properties": {"t": {"type": "string"}}}, {"properties": {"t": {"type": "integer"}}}],
                "required": ["t"],
            },
            "'t' is required: the types of its parts exclude each other",
        ),
    ],
    ids=repr,
)
def test_a_contradiction_is_an_error_at_its_place(node: Any, message: str) -> None:
    assert told(node) == [(HERE, "error", message)]


def test_the_innermost_schema_is_named_not_those_around_it() -> None:
    node = {"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "minItems": 1, "items": Y}}}
    found = told(node, {"Y": {"type": "integer", "minimum": 2, "maximum": 1}})
    assert found == [("/components/schemas/Y", "error", "the minimum 2 is above the maximum 1")]


def test_a_part_that_a_body_can_do_without_is_a_warning() -> None:
    node = {"type": "object", "properties": {"a": {"type": "string", "enum": [1]}, "b": {"type": "integer"}}}
    ((pointer, severity, _),) = told(node)
    assert (pointer, severity) == (HERE + "/properties/a", "warning")


@pytest.mark.parametrize(
    "node",
    [
        {"minimum": 5, "maximum": 3},
        {"type": ["integer", "null"], "minimum": 5, "maximum": 3},
        {"type": "array", "items": False},
        {"type": "object", "properties": {"x": X}},
        {"type": "object", "required": ["x"], "properties": {"x": {"oneOf": [X, {"type": "null"}]}}},
        {"oneOf": [False, {"type": "integer"}]},
        {"not": {"type": "string"}},
        {"type": "array", "items": X},
    ],
    ids=repr,
)
def test_what_some_value_keeps_is_no_contradiction(node: Any) -> None:
    assert [each for each in told(node) if each[1] == "error"] == []
    generate(with_schemas({"X": node}), AT)


def test_bounds_of_3_0_contradict_each_other_too() -> None:
    node = {"type": "integer", "minimum": 5, "exclusiveMinimum": True, "maximum": 5}
    assert told(node, version="3.0.3") == [(HERE, "error", "the minimum 5 is above the maximum 5")]


@pytest.mark.parametrize(
    "branches",
    [
        [{"type": "integer"}, {"type": "integer", "minimum": 1}],  # 0 keeps the first alone
        [{"required": ["a"]}, {"required": ["a", "b"]}],
        [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "integer"}}}],
        [{"type": "object", "additionalProperties": False}, {"type": "object"}],
    ],
)
def test_branches_of_which_one_asks_for_less_are_no_contradiction(branches: list[Any]) -> None:
    assert told({"oneOf": branches}) == []


@pytest.mark.parametrize(
    "node",
    [
        {"type": "string", "pattern": "(?m)a$\\n^b"},
        {"type": "string", "pattern": "^(a|b)*$", "minLength": 1000},
        {"type": "string", "pattern": "^$"},
        {"allOf": [{"type": "string", "pattern": "^\\p{L}$"}, {"pattern": "^[\u0416]$"}]},
        {"type": "string", "pattern": "x", "minLength": 5, "maxLength": 5},
        {"type": "string", "pattern": "\\bfoo\\b"},
        {"type": "string", "pattern": "^(?=.{3}$)[a-z]+$"},
        {"type": "string", "pattern": "^(a+)b\\1$", "minLength": 9},
        {"type": "string", "pattern": "^a{2,5000}$", "minLength": 4000},
        {"type": ["string", "null"], "pattern": "a^"},
        {"pattern": "a^"},
        {
            "type": "array",
            "prefixItems": [{"type": "null"}],
            "items": {"type": "boolean"},
            "uniqueItems": True,
            "minItems": 3,
        },
        {"type": "array", "contains": {"type": "integer"}, "minContains": 0, "items": {"type": "string"}},
        {"type": "array", "contains": {"type": "integer"}, "prefixItems": [{}], "items": {"type": "string"}},
        {"type": "array", "uniqueItems": True, "items": {"type": "number", "minimum": 1, "maximum": 3}, "minItems": 4},
        {"type": "object", "additionalProperties": False, "patternProperties": {"^a": {}}, "minProperties": 3},
        {
            "type": "object",
            "allOf": [{"properties": {"t": {"type": "string"}}}, {"properties": {"t": {"type": "null"}}}],
        },
    ],
    ids=repr,
)
def test_what_can_be_satisfied_is_never_called_impossible(node: Any) -> None:
    assert told(node) == []
    document = with_schemas({"X": node})
    assert document.schema(AT).is_valid(generate(document, AT))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"format": "uuid", "minLength": 40}, "no text of 40 characters or more is of the format uuid"),
        ({"format": "date", "maxLength": 8}, "no text of 8 characters or fewer is of the format date"),
        (
            {"format": "ipv4", "minLength": 16, "maxLength": 16},
            "no text of exactly 16 characters is of the format ipv4",
        ),
    ],
)
def test_a_format_that_cannot_be_so_long_is_a_warning(words: dict[str, Any], message: str) -> None:
    problems = list(unsatisfiable(with_schemas({"X": {"type": "string", **words}}), [AT]))
    assert [(each.code, each.severity, each.message) for each in problems] == [("MS265", "warning", message)]
