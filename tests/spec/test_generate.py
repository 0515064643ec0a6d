"""Bodies made from schemas: each keeps its schema, and none takes forever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.errors import Broken
from mock_server.spec.direction import Direction
from mock_server.spec.generate import generate
from mock_server.spec.generate.arrays import MAX_ITEMS
from mock_server.spec.generate.sample import MAX_TEXT
from mock_server.spec.schema import SchemaError
from tests.spec.documents import reference, with_schemas

AT = ("components", "schemas", "X")


def make(node: Any, version: str = "3.1.0", seed: int = 0) -> Any:
    document = with_schemas({"X": node, "Y": {"type": "integer"}}, version)
    value = generate(document, AT, seed)
    assert document.schema(AT).is_valid(value)
    return value


@pytest.mark.parametrize(
    "node",
    [
        True,
        {},
        {"type": "string", "minLength": 5, "maxLength": 5},
        {"type": "string", "maxLength": 0},
        {"type": "string", "minLength": MAX_TEXT},
        {"type": "string", "format": "date-time", "minLength": 20},
        {"type": "string", "format": "date-time", "maxLength": 3},
        {"type": "string", "pattern": "^a*$"},
        {"type": "integer", "minimum": 300, "maximum": 300},
        {"type": "integer", "minimum": 1.5, "maximum": 2.5},
        {"type": "integer", "maximum": -5},
        {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
        {"type": "integer", "multipleOf": 7, "minimum": 100, "maximum": 110},
        {"type": "integer", "minimum": 2**63},
        {"type": "integer", "minimum": 10**30},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "number", "minimum": 1.1, "maximum": 1.9},
        {"type": "number", "minimum": 1e308},
        {"type": "number", "multipleOf": 0.01, "minimum": 0.5, "maximum": 0.7},
        {"type": ["integer", "null"], "minimum": 5},
        {"const": None},
        {"enum": [None]},
        {"type": "string", "enum": [5, "a"]},
        {"type": "integer", "example": "breaks it"},
        {"type": "integer", "default": "breaks it"},
        {"type": "integer", "examples": ["breaks it", 5]},
        {"type": "array", "minItems": 3, "items": {"type": "string"}},
        {"type": "array", "maxItems": 0, "items": {"type": "integer"}},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "integer"}},
        {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"enum": ["a", "b"]}},
        {"type": "array", "minItems": MAX_ITEMS, "items": {"type": "integer"}},
        {"type": "array", "items": False},
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "integer"}}},
        {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        {"type": "object", "properties": {"never": False, "b": {"type": "integer"}}},
        {"type": "object", "properties": {"optional": {"type": "string", "pattern": "^zz$"}}},
        {"type": "object", "properties": {"$ref": {"type": "string"}}, "required": ["$ref"]},
        {"type": "object", "properties": {"a/b~c%": {"type": "integer"}}, "required": ["a/b~c%"]},
        {"type": "object", "dependentRequired": {"a": ["b"]}, "properties": {"a": {}, "b": {}}},
        {"allOf": [{"minimum": 5}, {"maximum": 9}], "type": "integer"},
        {"allOf": [{"required": ["a"], "properties": {"a": reference("Y")}}, {"required": ["b"]}], "type": "object"},
        {"allOf": [True, {"type": "integer"}]},
        {"anyOf": [False, {"type": "integer"}]},
        {"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"},
        {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 2}]},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {**reference("Y"), "minimum": 5},
        {"unevaluatedProperties": False, "allOf": [{"properties": {"a": reference("Y")}}], "type": "object"},
        {
            "type": "object",
            "properties": {"kind": {"enum": ["a", "b"]}, "x": {"type": "integer"}},
            "if": {"properties": {"kind": {"const": "a"}}},
            "then": {"required": ["x"]},
        },
    ],
    ids=repr,
)
def test_a_generated_body_keeps_its_schema(node: Any) -> None:
    make(node)


@pytest.mark.parametrize(
    "node",
    [
        {"type": "integer", "minimum": 5, "exclusiveMinimum": True, "maximum": 6},
        {"type": "number", "minimum": 0, "maximum": 1, "exclusiveMinimum": True, "exclusiveMaximum": True},
        {"type": "string", "nullable": True, "enum": ["a"]},
        {"nullable": True},
        {"allOf": [reference("Y")], "nullable": True},
    ],
    ids=repr,
)
def test_a_generated_body_keeps_its_schema_of_3_0(node: Any) -> None:
    make(node, "3.0.3")


@pytest.mark.parametrize(
    "node, value",
    [
        ({"const": 5}, 5),
        ({"type": "integer", "example": 7, "minimum": 5}, 7),
        ({"type": "integer", "default": 8}, 8),
        ({"enum": ["b", "a"]}, "b"),
        (
            {
                "type": "object",
                "properties": {"a": {"const": 1}},
                "required": ["b"],
                "additionalProperties": {"const": 2},
            },
            {"a": 1, "b": 2},
        ),
        ({"type": "array", "items": {"const": 1}}, [1]),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
    ],
    ids=repr,
)
def test_the_likeliest_value_comes_first(node: Any, value: object) -> None:
    assert make(node) == value


def test_the_same_seed_gives_the_same_body_and_another_seed_another() -> None:
    node = {"type": "object", "properties": {name: {"type": "integer"} for name in "abcdef"}}
    assert make(node, seed=1) == make(node, seed=1)
    assert make(node, seed=1) != make(node, seed=2)


@pytest.mark.parametrize(
    "node",
    [
        {"type": "object", "properties": {name: reference("X") for name in "abcdefgh"}},
        {"type": "object", "required": ["kids"], "properties": {"kids": {"type": "array", "items": reference("X")}}},
        {
            "type": "object",
            "required": ["a", "b", "c"],
            "properties": {name: {"type": "array", "items": reference("X")} for name in "abc"},
        },
        {
            "type": "object",
            "required": ["left", "right"],
            "properties": {name: {"oneOf": [reference("X"), {"type": "null"}]} for name in ("left", "right")},
        },
        {"type": "array", "items": reference("X")},
        {"type": "object", "additionalProperties": reference("X"), "required": []},
    ],
    ids=["optional", "list of itself", "lists of itself", "itself or null", "list", "map"],
)
def test_a_recursive_schema_ends_in_a_body_of_moderate_size(node: Any) -> None:
    assert len(repr(make(node))) < 5_000


@pytest.mark.parametrize(
    "node",
    [
        False,
        {"not": {}},
        {"enum": []},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "object", "required": ["next"], "properties": {"next": reference("X")}},
        {"oneOf": [reference("X"), reference("X"), reference("X")]},
        {"type": "array", "minItems": 10**12},
        {"type": "string", "minLength": 10**12},
    ],
    ids=repr,
)
def test_a_schema_that_nothing_can_be_made_for_is_told_and_never_hangs(node: Any) -> None:
    with pytest.raises(Broken) as caught:
        make(node)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("MS213", "no valid body could be made from this schema")
    assert problem.hint == "give the response an example, or a fixture"
    assert problem.pointer == "/components/schemas/X"


NUMBERS = st.integers(-10, 10) | st.floats(-10, 10) | st.sampled_from([10**20, 1e300])
NAMES = st.sampled_from(["a", "b", "$ref", "a/b", ""])


def bounds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas that may contradict themselves: what matters is that nothing wrong comes out."""
    subschema = inner | st.just(reference("X")) | st.just(reference("Y"))
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
            | st.lists(st.sampled_from(["object", "array", "string", "null"]), min_size=1, unique=True),
            "properties": st.dictionaries(NAMES, subschema, max_size=3),
            "required": st.lists(NAMES, max_size=3, unique=True),
            "additionalProperties": st.booleans() | subschema,
            "items": subschema,
            "minItems": st.integers(0, 4),
            "uniqueItems": st.booleans(),
            "minLength": st.integers(0, 30),
            "maxLength": st.integers(0, 30),
            "pattern": st.sampled_from(["^a", "b$", "^$", "("]),
            "format": st.sampled_from(["date", "uuid", "email", "unknown"]),
            "minimum": NUMBERS,
            "exclusiveMaximum": NUMBERS,
            "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 7]),
            "allOf": st.lists(subschema, min_size=1, max_size=2),
            "oneOf": st.lists(subschema, min_size=1, max_size=3),
            "anyOf": st.lists(subschema, min_size=1, max_size=3),
            "not": subschema,
            "enum": st.lists(st.integers() | st.text(max_size=3), max_size=3),
            "default": st.integers() | st.none(),
        },
    )


@given(st.recursive(st.booleans() | st.just({}), bounds, max_leaves=6), st.integers(0, 3))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_of_any_schema_comes_a_valid_body_or_the_one_error(node: Any, seed: int) -> None:
    try:
        make(node, seed=seed)
    except SchemaError:
        return  # such as the pattern "(": the document is refused before anything is made
    except Broken as broken:
        found = broken.problems
    else:
        return
    assert {problem.code for problem in found} <= {"MS204", "MS213"}


SECRETIVE = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "password": {"type": "string", "writeOnly": True},
        "account": {"$ref": "#/components/schemas/Y"},
    },
    "example": {"id": 1, "name": "a", "password": "b"},
}


@pytest.mark.parametrize(
    ("direction", "wanted"), [("response", {"id": 1, "name": "a"}), ("request", {"name": "a", "password": "b"})]
)
def test_a_body_has_the_members_of_its_direction(direction: Direction, wanted: object) -> None:
    document = with_schemas({"X": SECRETIVE, "Y": {"type": "integer"}})
    assert generate(document, AT, 0, direction) == wanted
    invented = generate(document, AT, 1, direction)
    assert not {"password" if direction == "response" else "id"} & set(invented)


def test_the_plain_body_has_everything_optional_but_what_is_deprecated() -> None:
    node = {"type": "object", "properties": {**{name: {} for name in "abc"}, "old": {"deprecated": True}}}
    assert list(make(node)) == ["a", "b", "c"]


def test_other_seeds_leave_out_lengthen_and_choose() -> None:
    node = {
        "type": "object",
        "properties": {
            "a": {"enum": ["x", "y", "z"]},
            "list": {"type": "array", "items": {"type": "integer"}},
            "n": {"type": "integer"},
        },
    }
    bodies = [make(node, seed=seed) for seed in range(1, 40)]
    assert {frozenset(body) for body in bodies} > {frozenset(("a", "list", "n"))}
    assert {body.get("a") for body in bodies} >= {"x", "y", "z"}
    assert len({len(body.get("list", [])) for body in bodies}) >= 3


def test_bodies_stay_small_however_much_the_schema_offers() -> None:
    schemas: dict[str, Any] = {"X": reference("L0"), "L9": {"type": "string"}}
    for level in range(9):
        inner = reference(f"L{level + 1}")
        schemas[f"L{level}"] = {"type": "object", "properties": {f"p{index}": inner for index in range(9)}}
    assert len(repr(generate(with_schemas(schemas), AT))) < 200_000


def test_a_chain_deeper_than_any_body_is_refused_without_a_stack_overflow() -> None:
    schemas: dict[str, Any] = {"X": reference("S0"), "S299": {"type": "integer"}}
    for index in range(299):
        schemas[f"S{index}"] = {
            "type": "object",
            "required": ["in"],
            "properties": {"in": {"allOf": [reference(f"S{index + 1}")]}},
        }
    with pytest.raises(Broken):
        generate(with_schemas(schemas), AT)
