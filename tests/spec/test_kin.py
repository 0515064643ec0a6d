"""Bodies held to the child that a discriminator names, where child and parent are tied by ``allOf``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.spec.kin import SECTION, Kin
from mock_server.spec.schema import Schema
from tests.examples import examples
from tests.spec.documents import reference, with_schemas

PET = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}, "friend": reference("Pet"), "herd": {"items": reference("Pet")}},
    "discriminator": {"propertyName": "kind", "mapping": {"kitty": "#/components/schemas/Cat"}},
}
SCHEMAS: dict[str, Any] = {
    "Pet": PET,
    "Cat": {"allOf": [reference("Pet"), {"required": ["lives"], "properties": {"lives": {"type": "integer"}}}]},
    "Mammal": {"allOf": [reference("Pet"), {"required": ["legs"]}]},
    "Dog": {"allOf": [{"allOf": [reference("Mammal")]}, {"required": ["bark"]}]},
    "Owner": {"properties": {"pet": {"allOf": [reference("Pet")], "description": "3.0 has no words beside a $ref"}}},
}


def asked(name: str) -> Schema:
    return with_schemas(SCHEMAS, "3.0.3").schema(("components", "schemas", name), "request")


@pytest.mark.parametrize(
    ("name", "value", "missing"),
    [
        ("Pet", {"kind": "Cat"}, "lives"),
        ("Pet", {"kind": "kitty"}, "lives"),
        ("Pet", {"kind": "Cat", "lives": 9}, None),
        ("Pet", {"kind": "Dog", "bark": 1}, "legs"),
        ("Pet", {"kind": "Dog", "legs": 4}, "bark"),
        ("Pet", {"kind": "Dog", "legs": 4, "bark": 1}, None),
        ("Pet", {"kind": "Cow"}, None),
        ("Pet", {}, "kind"),
        ("Pet", {"kind": "Cow", "friend": {"kind": "Cat"}}, "lives"),
        ("Pet", {"kind": "Cow", "herd": [{"kind": "Cow"}, {"kind": "Mammal"}]}, "legs"),
        ("Pet", {"kind": "Cat", "lives": 1, "friend": {"kind": "Cat", "lives": 1, "friend": {"kind": "Cat"}}}, "lives"),
        ("Mammal", {"kind": "Dog", "legs": 4}, "bark"),
        ("Mammal", {"kind": "Cat", "legs": 4}, None),
        ("Cat", {"kind": "Dog", "lives": 1}, None),
        ("Owner", {"pet": {"kind": "Cat"}}, "lives"),
    ],
)
def test_the_child_that_is_named_has_to_be_kept(name: str, value: Any, missing: str | None) -> None:
    found = {breach.wanted for breach in asked(name).breaches(value)}
    assert found == ({missing} if missing else set())
    assert asked(name).is_valid(value) is (missing is None)


def test_an_answer_is_judged_by_its_own_schema_alone() -> None:
    schema = with_schemas(SCHEMAS, "3.0.3").schema(("components", "schemas", "Pet"))
    assert schema.is_valid({"kind": "Cat"})


def test_what_stands_in_an_example_is_no_reference() -> None:
    kin = Kin({"components": {"schemas": {**SCHEMAS, "X": {"example": reference("Pet"), "items": reference("Pet")}}}})
    changed = kin.tree()["components"]["schemas"]["X"]
    assert changed == {"example": reference("Pet"), "items": {"$ref": f"#/{SECTION}/Pet"}}


@pytest.mark.parametrize(
    "pet",
    [
        {"oneOf": [reference("Cat")], "discriminator": {"propertyName": "kind"}},
        {"discriminator": {}},
        {"discriminator": {"propertyName": "kind", "mapping": {"a": "#/components/schemas/Pet", "b": "#/nowhere"}}},
        {},
    ],
)
def test_a_schema_that_is_no_parent_has_no_twin(pet: Any) -> None:
    others = {"Cat": {"required": ["lives"]}}
    assert Kin({"components": {"schemas": {"Pet": pet, **others}}}).twins == {}


NAMES = "ABCDE"


@settings(max_examples=examples(50))
@given(
    st.fixed_dictionaries(
        {
            name: st.fixed_dictionaries(
                {
                    "allOf": st.lists(
                        st.sampled_from([reference(each) for each in NAMES if each > name] + [{}]), min_size=1
                    )
                },
                optional={"discriminator": st.just({"propertyName": "kind"})},
            )
            for name in NAMES
        }
    ),
    st.sampled_from(NAMES),
)
def test_families_of_any_shape_are_judged_and_end(schemas: dict[str, Any], kind: str) -> None:
    for name in NAMES:
        schema = with_schemas(schemas).schema(("components", "schemas", name), "request")
        assert schema.is_valid({"kind": kind})
