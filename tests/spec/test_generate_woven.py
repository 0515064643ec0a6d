"""Schemas woven around a value, so that they can surely be satisfied: a body is found for every one of them."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.errors import Broken
from mock_server.spec.generate import generate
from mock_server.spec.generate.judge import Judge, has_twins, type_of
from mock_server.spec.generate.shape import TYPES, Item
from mock_server.spec.schema import SchemaError
from tests.examples import examples
from tests.spec.documents import reference, with_schemas

AT = ("components", "schemas", "X")
NAMES = st.sampled_from(["a", "b", "kind", "x-y", "created_at", "$ref"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.integers(-400, 400).map(lambda number: number / 4)
    | st.text("abcXYZ019-_ é", max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def woven(draw: st.DrawFn, value: Any, depth: int = 0) -> Any:
    """A schema that the value keeps."""
    schema: dict[str, Any] = {}
    kind = type_of(value)
    if draw(st.booleans()):
        schema["type"] = draw(st.sampled_from([kind, [kind, "null"], [kind, "string"]]))
    match value:
        case dict():
            schema |= draw(_object(value, depth))
        case list():
            schema |= draw(_array(value, depth))
        case str():
            schema |= draw(_text(value))
        case int() | float() if not isinstance(value, bool):
            schema |= draw(_number(value))
        case _ if draw(st.booleans()):
            schema["enum"] = [value, "other"]
    return schema if depth > 3 else draw(_wrapped(schema, value, depth))


@st.composite
def _object(draw: st.DrawFn, value: dict[str, Any], depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    known = [name for name in value if draw(st.integers(0, 3))]
    schema["properties"] = {name: draw(woven(value[name], depth + 1)) for name in known}
    schema["required"] = [name for name in value if draw(st.booleans())]
    if draw(st.booleans()):
        schema["minProperties"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        schema["maxProperties"] = draw(st.integers(len(value), len(value) + 1))
    if len(known) == len(value) and draw(st.booleans()):
        schema[draw(st.sampled_from(["additionalProperties", "unevaluatedProperties"]))] = False
    if len(value) > 1 and draw(st.booleans()):
        schema["dependentRequired"] = {draw(st.sampled_from(sorted(value))): [draw(st.sampled_from(sorted(value)))]}
    if draw(st.booleans()):
        schema["propertyNames"] = draw(
            st.sampled_from([{"maxLength": 10}, {"pattern": "^[a-z$_-]+$"}, {"minLength": 1}])
        )
    if draw(st.booleans()):
        schema["not"] = {"required": ["absent"]}
    return schema


@st.composite
def _array(draw: st.DrawFn, value: list[Any], depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    parts: list[Any] = [draw(woven(each, depth + 1)) for each in value]
    if draw(st.booleans()):
        schema["prefixItems"] = parts
        rests: list[Any] = [False, True, {"type": "integer"}]
        schema["items"] = draw(st.sampled_from(rests))
    elif parts:
        schema["items"] = {"anyOf": parts}
    if draw(st.booleans()) and value:
        schema["contains"] = parts[draw(st.integers(0, len(parts) - 1))]
    if draw(st.booleans()):
        schema["minItems"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        schema["maxItems"] = draw(st.integers(len(value), len(value) + 2))
    if not has_twins(value) and draw(st.booleans()):
        schema["uniqueItems"] = True
    return schema


@st.composite
def _text(draw: st.DrawFn, value: str) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if draw(st.booleans()):
        schema["minLength"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        schema["maxLength"] = draw(st.integers(len(value), len(value) + 5))
    if draw(st.booleans()):
        classes = "".join(r"\d" if each in "0123456789" else re.sub("[a-z]", "[a-z]", each) for each in value)
        schema["pattern"] = draw(st.sampled_from([f"^{classes}$", f"^.{{{len(value)},}}$", "^[a-zA-Z0-9é _-]*$", ""]))
    if draw(st.integers(0, 3)) == 0:
        schema["format"] = draw(st.sampled_from(["date-time", "uuid", "email", "unheard-of"]))
    return schema


@st.composite
def _number(draw: st.DrawFn, value: float) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if draw(st.booleans()):
        schema["minimum"] = value - draw(st.integers(0, 3))
    if draw(st.booleans()):
        schema["exclusiveMaximum"] = value + draw(st.integers(1, 3)) / 2
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.sampled_from([0.25, abs(value) or 1]))
    return schema


@st.composite
def _wrapped(draw: st.DrawFn, schema: dict[str, Any], value: Any, depth: int) -> Any:
    kind = type_of(value)
    others = [each for each in TYPES if each != kind and not (kind == "integer" and each == "number")]
    other = {"type": draw(st.sampled_from(others))}
    match draw(st.integers(0, 11)):
        case 0:
            return {"allOf": [schema, draw(woven(value, depth + 2))]}
        case 1:
            return {"anyOf": draw(st.permutations([schema, other]))}
        case 2:
            return {"oneOf": draw(st.permutations([schema, {"allOf": [other, {"not": schema}]}]))}
        case 3:
            return {"allOf": [schema], "not": other}
        case 4:
            return {"if": {"type": kind}, "then": schema, "else": draw(st.sampled_from([False, other]))}
        case 5:
            return {"if": other, "then": False, "else": schema}
        case 6:
            return {"$ref": "#/components/schemas/Z", **schema}
        case 7:
            return {"const": value}
        case 8:
            return {"not": {"not": schema}}
    return schema


@given(st.data())
@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_a_schema_that_can_be_satisfied_has_a_body(data: st.DataObject) -> None:
    """The same ones in every run: among random ones there are some that the search does not solve (MS213)."""
    value = data.draw(VALUES)
    schema = data.draw(woven(value))
    document = with_schemas({"X": schema, "Z": {}, "Y": reference("X")})
    validator = document.schema(AT)
    assert validator.is_valid(value), "the weaving is wrong"
    assert validator.is_valid(generate(document, AT, data.draw(st.integers(0, 3))))


@given(st.data())
@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow])
def test_the_judge_and_the_validator_are_of_one_mind(data: st.DataObject) -> None:
    schema = data.draw(VALUES.flatmap(woven))
    value = data.draw(VALUES)
    document = with_schemas({"X": schema, "Z": {}})
    assert Judge(document).keeps(value, Item(schema, AT)) == document.schema(AT).is_valid(value)


@given(st.data())
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_schema_has_a_valid_body_or_none(data: st.DataObject) -> None:
    schema = data.draw(VALUES.flatmap(woven))
    if isinstance(schema, dict) and schema:
        word = data.draw(st.sampled_from(sorted(schema)))
        schema = {**schema, word: data.draw(st.sampled_from([None, 3, -1, "x", [], {}, [{}], False, True, {"a": 1}]))}
    document = with_schemas({"X": schema, "Z": {}})
    try:
        body = generate(document, AT, 1)
    except (Broken, SchemaError):
        return
    assert document.schema(AT).is_valid(body)
