"""What a person reads of a value that breaks its schema."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.spec.wording import MAX_SHOWN, shown
from tests.spec.documents import reference, schema

CAT = {"type": "object", "required": ["kind", "lives"], "properties": {"lives": {"type": "integer"}}}
DOG = {"type": "object", "required": ["kind", "bark"]}
PETS = [reference("Cat"), reference("Dog")]
MAPPED = {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}}


def said(node: Any, value: Any) -> list[str]:
    return [breach.message for breach in schema(node, others={"Cat": CAT, "Dog": DOG}).breaches(value)]


@pytest.mark.parametrize(
    ("node", "value", "message"),
    [
        (
            {"oneOf": PETS},
            {"kind": "c", "lives": "x"},
            '{"kind":"c","lives":"x"} fits none of "Cat", "Dog"; by "Cat", the nearest: lives: "x" is not of type '
            '"integer"',
        ),
        (
            {"oneOf": PETS, "discriminator": MAPPED},
            {"kind": "dog"},
            '{"kind":"dog"} fits none of "Cat", "Dog"; by "Dog", which kind names: "bark" is a required property',
        ),
        ({"oneOf": PETS, "discriminator": MAPPED}, {"kind": "cow"}, 'kind: "cow" names none of "cat", "dog"'),
        (
            {"oneOf": PETS, "discriminator": MAPPED},
            {},
            '"kind" is missing, which says which of "cat", "dog" it is',
        ),
        ({"oneOf": PETS}, 5, '5 is not of type "object"'),
        ({"anyOf": [{"type": "integer"}, {"type": "array"}]}, "x", '"x" is not of types "array", "integer"'),
        (
            {"anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}]},
            {},
            '{} fits none of the 2 alternatives; by the nearest: "a" is a required property',
        ),
        ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, 3, '3 fits "integer", "alternative 2"; only one may fit'),
        ({"anyOf": [reference("Dog"), {"type": "null"}]}, {"kind": "d"}, '"bark" is a required property'),
        ({"const": {"a": 1}}, 5, '5 is not {"a":1}'),
        ({"not": {"type": "string"}}, "x", '"x" is what the schema excludes by `not`: {"type":"string"}'),
        (
            {"additionalProperties": False, "properties": {"name": {}}},
            {"nme": 1},
            'no schema describes "nme", and further properties are not allowed; there are "name"',
        ),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, 'the name is not allowed: "ab" is longer than 1 character'),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, '"b" is a required property, for what it belongs to is there'),
        ({"properties": {"a": False}}, {"a": 1}, "nothing may stand here, and 1 does"),
        ({"uniqueItems": True}, [1, 1], "[1,1] has the same item twice"),
        ({"maxLength": 3}, "x" * 500, f'"{"x" * (MAX_SHOWN - 2)}… is longer than 3 characters'),
        ({"maximum": 1}, 10**300, "an integer of more than 40 digits (997 bits) is greater than the maximum of 1"),
    ],
)
def test_a_breach_is_told_in_words_to_act_on(node: Any, value: Any, message: str) -> None:
    assert said(node, value) == [message]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": "é"}, '{"a":"é"}'),
        ([1] * 300, "a list of 300"),
        (dict.fromkeys(map(str, range(300))), "an object of 300"),
    ],
)
def test_a_value_is_shown_short(value: Any, text: str) -> None:
    assert shown(value) == text


def test_an_integer_that_python_does_not_print_is_shown_all_the_same() -> None:
    assert shown(10**5000) == "an integer of more than 40 digits (16610 bits)"
    assert shown([10**5000]) == "a value with an integer of thousands of digits"


def test_alternatives_within_alternatives_end() -> None:
    node: Any = {"type": "integer"}
    for _ in range(12):
        node = {"anyOf": [{"required": ["a"], "type": "object"}, {"oneOf": [node, {"type": "boolean"}]}]}
    (message,) = said(node, "x")
    assert len(message) < 5_000
