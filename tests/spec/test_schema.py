"""Putting values before the schemas of a document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.spec.schema import Breach, SchemaError, compile_schema
from tests.spec.documents import reference, schema, with_schemas


def test_a_schema_is_compiled_when_it_is_first_used_and_one_that_cannot_be_takes_anything() -> None:
    document = with_schemas({"Bad": {"$dynamicRef": "#nope"}, "Good": {"type": "string"}})
    told: list[object] = []
    document.schemas.tell = lambda pointer, reason: told.append((pointer, reason))
    bad = document.schema(("components", "schemas", "Bad"))
    assert document.schema(("components", "schemas", "Good")).is_valid("x")
    assert told == []
    for _ in range(2):
        assert bad.is_valid("x")
        assert list(bad.breaches("x")) == []
    assert told == [(("components", "schemas", "Bad"), "Anchor 'nope' does not exist")], "it is told once"
    with pytest.raises(SchemaError, match="Anchor 'nope' does not exist"):
        bad.compile()


def test_schemas_that_are_the_same_reference_are_compiled_once() -> None:
    document = with_schemas({"A": reference("C"), "B": reference("A"), "C": {"type": "string"}})
    a, b, c = (document.schema(("components", "schemas", name)).compile() for name in "ABC")
    assert a is b is c


def test_one_pointer_has_one_schema() -> None:
    document = with_schemas({"X": {}})
    assert document.schema(("components", "schemas", "X")) is document.schema(("components", "schemas", "X"))


def test_a_breach_says_where_by_which_keyword_and_what_is_wanted() -> None:
    found = schema(
        {
            "type": "object",
            "required": ["name"],
            "properties": {"items": {"type": "array", "items": {"type": "integer", "maximum": 43200}}},
        }
    )
    assert set(found.breaches({"items": [1, 43201]})) == {
        Breach((), "required", '"name" is a required property', "name"),
        Breach(("items", 1), "maximum", "43201 is greater than the maximum of 43200", 43200),
    }


@pytest.mark.parametrize(
    "value, path", [({"200": 5}, ("200",)), ({"a": ["x", 5]}, ("a", 1)), ({"a": {"0": [5]}}, ("a", "0", 0))]
)
def test_the_path_of_a_breach_tells_keys_from_indexes(value: object, path: tuple[str | int, ...]) -> None:
    found = schema(
        {"type": ["object", "array", "string"], "additionalProperties": reference("X"), "items": reference("X")}
    )
    assert [breach.path for breach in found.breaches(value)] == [path]


KEYS = st.sampled_from(["0", "1", "200", "-1", "a", "a/b", "long name"])
VALUES = st.recursive(st.integers() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(VALUES)
def test_the_path_of_a_breach_always_leads_somewhere(value: Any) -> None:
    node = {
        "type": ["object", "array", "string"],
        "maxProperties": 2,
        "propertyNames": {"maxLength": 3},
        "dependentRequired": {"0": ["200"]},
        "patternProperties": {"^-": {"type": "string"}},
        "additionalProperties": reference("X"),
        "items": reference("X"),
        "uniqueItems": True,
    }
    for breach in schema(node).breaches(value):
        inner = value
        for step in breach.path:
            inner = inner[step]


def test_a_breach_below_an_empty_key_is_told() -> None:
    """jsonschema-rs leaves the key out of the path; that must not be more than a pity."""
    assert len(list(schema({"additionalProperties": {"items": {"type": "string"}}}).breaches({"": [5, 5]}))) == 2


@pytest.mark.parametrize(
    "value, valid",
    [(300, True), (300.0, True), (300.5, False), ("300", False), (True, False), (None, False), (10**30, True)],
)
def test_an_integer_is_what_json_schema_says_it_is(value: object, valid: bool) -> None:
    assert schema({"type": "integer"}).is_valid(value) is valid


def test_integers_past_64_bit_are_compared_exactly() -> None:
    found = schema({"type": "integer", "maximum": 10**20})
    assert found.is_valid(10**20)
    assert not found.is_valid(10**20 + 1)


@pytest.mark.parametrize("value", ["\ud800", {1: 2}, {1, 2}, float("nan")])
def test_a_value_that_is_no_json_breaks_every_schema_and_raises_nothing(value: Any) -> None:
    found = schema({"type": ["string", "object", "number", "array"]})
    assert not found.is_valid(value)
    assert list(found.breaches(value))


@pytest.mark.parametrize(
    "pattern, text, valid",
    [
        ("^(a+)+$", "a" * 50_000 + "!", False),
        ("^(a+)+$", "a" * 50_000, True),
        ("^(a|aa)+$", "a" * 50_000 + "!", False),
        ("^(?!b)(a+)+$", "a" * 60 + "!", False),
        ("^(?!b)(a+)+$", "a" * 60, True),
        (r"^(a+)+\1$", "a" * 5_000 + "!", False),
        (r"^\d{3}$", "123", True),
        ("b", "abc", True),
    ],
)
def test_a_pattern_is_answered_however_catastrophic_it_is(pattern: str, text: str, valid: bool) -> None:
    """A backtracking engine would need longer than the universe has existed for some of these."""
    found = schema({"type": "string", "pattern": pattern})
    assert found.is_valid(text) is valid
    assert bool(list(found.breaches(text))) is not valid


@pytest.mark.parametrize(
    "node",
    [
        {"type": "nonsense"},
        {"type": "string", "pattern": "("},
        {"type": "string", "pattern": "(a{1000}){1000}{1000}"},
        {"minimum": "five"},
    ],
)
def test_a_schema_that_cannot_be_compiled_says_why_in_one_line(node: dict[str, Any]) -> None:
    with pytest.raises(SchemaError) as caught:
        compile_schema(node)
    assert len(str(caught.value).splitlines()) == 1


def test_a_recursive_schema_judges_every_level() -> None:
    tree = schema({"type": "object", "properties": {"kids": {"type": "array", "items": reference("X")}}})
    assert tree.is_valid({"kids": [{"kids": []}, {}]})
    (breach,) = tree.breaches({"kids": [{"kids": [5]}]})
    assert breach.path == ("kids", 0, "kids", 0)


@pytest.mark.parametrize(
    "node", [{"allOf": [reference("X")]}, {"anyOf": [reference("X"), reference("X")]}, {"not": reference("X")}]
)
def test_a_schema_that_speaks_only_of_itself_does_not_hang(node: dict[str, Any]) -> None:
    assert schema(node).is_valid(1) in (True, False)


def test_a_value_nested_five_thousand_deep_is_judged() -> None:
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    assert schema({"type": "array", "items": reference("X")}).is_valid(value) in (True, False)


@pytest.mark.parametrize("name", ["A/B", "A~B", "A B", "ä", "100%", "a#b?c", '"quoted"', "~1"])
def test_a_schema_is_found_under_any_name(name: str) -> None:
    document = with_schemas({name: {"type": "integer"}})
    found = document.schema(("components", "schemas", name))
    assert found.is_valid(5)
    assert not found.is_valid("5")


def test_a_reference_with_escapes_leads_to_the_same_schema() -> None:
    found = schema({"$ref": "#/components/schemas/A~1B%20C"}, others={"A/B C": {"type": "integer"}})
    assert found.is_valid(5)
    assert not found.is_valid("5")


def test_boolean_schemas_accept_all_or_nothing() -> None:
    assert schema(True).is_valid(None)
    assert not schema(False).is_valid(None)


def test_formats_are_notes_and_no_rules() -> None:
    """JSON Schema 2020-12 §7.2.1: ``format`` is an annotation unless somebody asks for more."""
    assert schema({"type": "string", "format": "date-time"}).is_valid("yesterday")


def test_a_schema_of_our_own_is_compiled_without_a_document() -> None:
    assert compile_schema({"type": "string", "pattern": "^a"}).is_valid("ab")
    with pytest.raises(SchemaError):
        compile_schema({"type": 5})
