"""Schemas built around a witness, formats asserted: a body is found, is valid, and is the same by its seed."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.spec.generate import generate, unsatisfiable
from mock_server.spec.generate.judge import has_twins, type_of
from tests.examples import examples
from tests.spec.documents import with_schemas

AT = ("components", "schemas", "X")
OF_FORMAT = {
    "2021-03-04": "date",
    "2020-01-02T03:04:05Z": "date-time",
    "10:11:12Z": "time",
    "PT5M": "duration",
    "ann@example.com": "email",
    "a.example.org": "hostname",
    "10.1.2.3": "ipv4",
    "2001:db8::7": "ipv6",
    "https://a.example/x?y=1": "uri",
    "/things/7": "uri-reference",
    "2927856d-4c21-43d1-80b3-82bf4208218f": "uuid",
    "/a/0": "json-pointer",
}
NAMES = st.sampled_from(["id", "kind", "x-a", "x-b", "created_at", "Z9"])
TEXTS = st.sampled_from(list(OF_FORMAT)) | st.text("abXY01-_ .", max_size=9)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.integers(-900, 900).map(lambda each: each / 8)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def around(draw: st.DrawFn, value: Any, depth: int = 0) -> dict[str, Any]:
    """A schema that the value keeps."""
    plain: dict[str, Any] = {"type": type_of(value)} if draw(st.integers(0, 3)) else {}
    match value:
        case dict():
            plain |= draw(_object(value, depth))
        case list():
            plain |= draw(_array(value, depth))
        case str():
            plain |= draw(_text(value))
        case int() | float() if not isinstance(value, bool):
            plain |= draw(_number(value))
        case _:
            plain |= draw(st.sampled_from([{}, {"const": value}, {"enum": [value, "another"]}]))
    return draw(_composed(plain, value, depth)) if depth < 3 else plain


@st.composite
def _text(draw: st.DrawFn, value: str) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if value in OF_FORMAT and draw(st.booleans()):
        schema["format"] = OF_FORMAT[value]
    if draw(st.integers(0, 2)) == 0:
        schema["minLength"] = draw(st.integers(0, len(value)))
    if draw(st.integers(0, 2)) == 0:
        schema["maxLength"] = draw(st.integers(len(value), len(value) + 6))
    cut = draw(st.integers(0, len(value)))
    head, tail = re.escape(value[:cut]), re.escape(value[cut:])
    shape = "".join(f"[{kind}]" for kind in map(_kind, value))
    patterns = ["", f"^{head}", f"{tail}$", f"^{shape}$", f"^(?:{head}.*|none)$", f"^(?!none$).{{{len(value)}}}"]
    if draw(st.booleans()):
        schema["pattern"] = draw(st.sampled_from(patterns)).replace(r"\-", "-").replace(r"\ ", " ")
    return schema


def _kind(char: str) -> str:
    return "0-9" if char.isdigit() else "a-z" if char.islower() else "A-Z" if char.isupper() else "^a-zA-Z0-9"


@st.composite
def _number(draw: st.DrawFn, value: float) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = value - draw(st.integers(1, 4)) / 4
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = value + draw(st.integers(1, 4)) / 4
    if draw(st.integers(0, 2)) == 0:
        schema["multipleOf"] = draw(st.sampled_from([0.125, abs(value) or 1]))
    return schema


@st.composite
def _array(draw: st.DrawFn, value: list[Any], depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    closing = draw(st.sampled_from(["items", "unevaluatedItems"]))
    parts: list[Any] = [draw(around(each, depth + 1)) for each in value]
    form = draw(st.integers(0, 3))
    if form == 0 and parts:
        schema |= {"prefixItems": parts, closing: False}
    elif form == 1 and parts:
        schema["items"] = {"anyOf": parts}
    elif form == 2:
        schema["prefixItems"] = parts[:1] or [{}]
    if bool(value) and draw(st.booleans()):
        schema |= {"contains": {"const": value[0]}, "minContains": draw(st.integers(0, 1))}
        if draw(st.booleans()):
            schema["maxContains"] = len(value)
    if draw(st.booleans()):
        schema["minItems"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        schema["maxItems"] = draw(st.integers(len(value), len(value) + 2))
    if not has_twins(value) and draw(st.booleans()):
        schema["uniqueItems"] = True
    return schema


@st.composite
def _object(draw: st.DrawFn, value: dict[str, Any], depth: int) -> dict[str, Any]:
    parts = {name: draw(around(each, depth + 1)) for name, each in value.items()}
    schema: dict[str, Any] = {"properties": parts, "required": [name for name in value if draw(st.booleans())]}
    if draw(st.booleans()):
        closing = st.sampled_from(["additionalProperties", "unevaluatedProperties"])
        rests: list[Any] = [False, {"type": "integer"}]
        schema[draw(closing)] = draw(st.sampled_from(rests))
    if draw(st.booleans()):
        schema["minProperties"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        schema["maxProperties"] = draw(st.integers(len(value), len(value) + 1))
    extra = draw(st.integers(0, 5))
    if extra == 0:
        kinds = {type_of(each) for name, each in value.items() if name[:2] == "x-"}
        schema["patternProperties"] = {"^x-": {"type": sorted(kinds) or ["null"]}}
    elif extra == 1:
        schema["propertyNames"] = {"enum": [*value, "zeta", "eta"]}
    elif extra == 2:
        schema["propertyNames"] = {"pattern": "^[A-Za-z]", "maxLength": 12}
    elif extra == 3 and value:
        schema["dependentRequired"] = {next(iter(value)): list(value)}
    elif extra == 4 and value:
        schema["dependentSchemas"] = {next(iter(value)): {"minProperties": len(value)}, "absent": False}
    return schema


@st.composite
def _composed(draw: st.DrawFn, schema: dict[str, Any], value: Any, depth: int) -> dict[str, Any]:
    kinds = ("object", "array", "string", "boolean", "null")
    other = {"type": draw(st.sampled_from([kind for kind in kinds if kind != type_of(value)]))}
    elses: list[Any] = [False, schema, other]
    match draw(st.integers(0, 13)):
        case 0:
            return {"allOf": [schema, draw(around(value, depth + 2))]}
        case 1:
            return {"anyOf": draw(st.permutations([schema, other, {"const": 7.5}]))}
        case 2:
            return {"oneOf": draw(st.permutations([schema, {"allOf": [other, {"not": schema}]}]))}
        case 3:
            return {"oneOf": [{"allOf": [schema, {"const": value}]}, {"not": schema}]}
        case 4:
            return {**schema, "not": draw(st.sampled_from([other, {"const": "never"}, {"enum": [0.5, "x"]}]))}
        case 5:
            return {"if": {"const": value}, "then": schema, "else": draw(st.sampled_from(elses))}
        case 6:
            return {"$ref": "#/components/schemas/Z", **schema}
        case 7:
            return {"allOf": [{"$ref": "#/components/schemas/Z"}, schema, {"not": other}]}
    return schema


@given(st.data())
@settings(max_examples=examples(250), suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_a_schema_around_a_witness_has_a_body_of_its_formats(data: st.DataObject) -> None:
    witness = data.draw(VALUES)
    schema = data.draw(around(witness))
    document = with_schemas({"X": schema, "Z": {"title": "anything"}})
    strict = jsonschema_rs.Draft202012Validator(
        {**document.data, "$ref": "#/components/schemas/X"},
        validate_formats=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(),
    )
    assert strict.is_valid(witness), "the witness does not keep its schema"
    assert [each for each in unsatisfiable(document, [AT]) if each.severity == "error"] == []
    seed = data.draw(st.integers(0, 3))
    body = generate(document, AT, seed)
    assert strict.is_valid(body), body
    assert generate(with_schemas({"X": schema, "Z": {"title": "anything"}}), AT, seed) == body
