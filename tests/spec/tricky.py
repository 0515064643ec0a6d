"""Schemas that generators stumble over: recursive, contradictory at first sight, taken from shapes of real APIs."""

# ruff: noqa: E501 (one line, one schema)
from __future__ import annotations

from typing import Any

from tests.spec.documents import reference

X, Y, Z = reference("X"), reference("Y"), reference("Z")
TEXT: dict[str, Any] = {"type": "string"}
INT: dict[str, Any] = {"type": "integer"}


def obj(required: str = "", more: dict[str, Any] | None = None, /, **properties: Any) -> dict[str, Any]:
    """An object schema; ``required`` names the members that must be there, with spaces between."""
    return {"type": "object", "properties": properties, "required": required.split(), **(more or {})}


def array(items: Any, **words: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **words}


def text(pattern: str, **words: Any) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, **words}


POSITION = array({"type": "number"}, minItems=2, maxItems=3)
RING = array(POSITION, minItems=4)

TRICKY: dict[str, tuple[Any, dict[str, Any]]] = {
    "a tree": (obj("value kids", value=INT, kids=array(X)), {}),
    "a tree of optional kids": (obj("value", value=INT, kids=array(X)), {}),
    "a linked list ended by null": (obj("next", next={"anyOf": [X, {"type": "null"}]}), {}),
    "a linked list ended by leaving out": (obj("value", value=TEXT, next=X), {}),
    "mutual recursion": (obj("y", y={"oneOf": [Y, TEXT]}), {"Y": obj("x", x=X)}),
    "three in a ring": (obj("y", y=array(Y)), {"Y": obj("z", z=array(Z)), "Z": obj("x", x=array(X))}),
    "an expression language": (
        {"oneOf": [obj("op left right", op={"enum": ["+", "-"]}, left=X, right=X), {"type": "number"}]}, {}),
    "recursion through a map": (obj("kids", kids={"type": "object", "additionalProperties": X}), {}),
    "recursion through a map that must not be empty": (
        {"type": "object", "additionalProperties": {"oneOf": [X, INT]}, "minProperties": 1}, {}),
    "recursion through allOf": ({"allOf": [Y, obj("own", own=INT)]}, {"Y": obj("kids", kids=array(X))}),
    "recursion through prefixItems": (
        {"type": "array", "prefixItems": [INT, {"anyOf": [X, {"type": "null"}]}], "minItems": 2}, {}),
    "JSON itself": (
        {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, array(X), {"type": "object", "additionalProperties": X}]},
        {}),
    "a tree that is three deep at least": (
        obj("a", a=Y), {"Y": obj("b", b=Z), "Z": obj("c", c=array(X, maxItems=0))}),
    "mandatory kids of another kind": (
        obj("kids", kids=array({"oneOf": [X, Y]}, minItems=2)), {"Y": obj("leaf", leaf={"const": True})}),
    "a bound of two allOf": ({"allOf": [{"type": "integer", "minimum": 5}, {"maximum": 5}]}, {}),
    "enums that meet in one value": ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {}),
    "number and integer": ({"allOf": [{"type": "number"}, {"type": "integer"}], "minimum": 0.5, "maximum": 1.5}, {}),
    "types that meet": ({"allOf": [{"type": ["string", "null"]}, {"type": ["null", "integer"]}]}, {}),
    "allOf that closes": (
        {"allOf": [obj("a", {"additionalProperties": False}, a=INT, b=INT), {"required": ["b"]}]}, {}),
    "a property narrowed by allOf": (
        {"allOf": [obj("kind", kind=TEXT), obj("", kind={"const": "cat"})]}, {}),
    "three levels of allOf": ({"allOf": [Y, obj("x", x=INT)]}, {
        "Y": {"allOf": [Z, obj("y", y=INT)]}, "Z": obj("z", z=INT)}),
    "a diamond of allOf": ({"allOf": [Y, Z]}, {
        "Y": {"allOf": [reference("W"), obj("y", y=INT)]}, "Z": {"allOf": [reference("W"), obj("z", z=INT)]},
        "W": obj("w", w=TEXT)}),
    "oneOf with a branch inside the other": ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, {}),
    "oneOf of objects that differ by what is required": (
        {"oneOf": [obj("a", a=TEXT, b=TEXT), obj("b", a=TEXT, b=TEXT)]}, {}),
    "oneOf where the optional member decides": (
        {"oneOf": [obj("a", a=TEXT), obj("a b", a=TEXT, b=INT)]}, {}),
    "oneOf of three that overlap": (
        {"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}, {"multipleOf": 5}], "type": "integer", "minimum": 1}, {}),
    "oneOf beside properties": (
        obj("id", {"oneOf": [{"required": ["card"]}, {"required": ["iban"]}]}, id=INT, card=TEXT, iban=TEXT), {}),
    "anyOf beside oneOf": (
        {"anyOf": [{"minimum": 3}, {"maximum": -3}], "oneOf": [{"multipleOf": 2}, {"multipleOf": 7}], "type": "integer"}, {}),
    "oneOf with one branch nobody can be in": ({"oneOf": [{"type": "integer", "minimum": 5, "maximum": 4}, TEXT]}, {}),
    "not a type": ({"not": {"type": "string"}}, {}),
    "not an enum": ({"type": "string", "enum": ["a", "b"], "not": {"enum": ["a"]}}, {}),
    "not required": (obj("", {"not": {"required": ["secret"]}}, secret=TEXT, open=TEXT), {}),
    "not with properties": (
        obj("kind", {"not": {"properties": {"kind": {"const": "a"}}}}, kind={"enum": ["a", "b"]}), {}),
    "not not": ({"not": {"not": {"type": "integer", "minimum": 3}}}, {}),
    "not anyOf": ({"not": {"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}]}}, {}),
    "not a pattern": ({"type": "string", "not": {"pattern": "^[a-z]"}, "minLength": 3}, {}),
    "not short": ({"type": "string", "not": {"maxLength": 9}}, {}),
    "not a reference": ({"type": ["integer", "string"], "not": Y}, {"Y": {"type": "integer"}}),
    "if then else": (
        obj("kind", {"if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]}},
            kind={"enum": ["a", "b"]}, x=INT, y=INT), {}),
    "if with a then that is impossible": (
        obj("kind", {"if": {"properties": {"kind": {"const": "a"}}}, "then": False}, kind={"enum": ["a", "b"]}), {}),
    "if with an else that is impossible": ({"type": "integer", "if": {"minimum": 100}, "else": False}, {}),
    "two ifs": ({"type": "integer", "allOf": [
        {"if": {"minimum": 10}, "then": {"multipleOf": 7}}, {"if": {"maximum": 9}, "then": False}]}, {}),
    "a password": (text(r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[!@#$])[A-Za-z\d!@#$]{8,20}$"), {}),
    "a name that is not reserved": (text(r"^(?!admin$|root$)[a-z]{4,5}$"), {}),
    "two patterns": ({"allOf": [text("^[a-z]+$"), {"pattern": "x{3}"}, {"minLength": 8}]}, {}),
    "a pattern and a length": (text("^[A-Z]{2}[0-9]*$", minLength=12, maxLength=12), {}),
    "a pattern without anchors and a length": (text("ab", minLength=10, maxLength=10), {}),
    "a pattern of alternatives": (text("^(GET|POST|DELETE)$", minLength=5), {}),
    "a pattern of Unicode": (text(r"^\p{Lu}\p{Ll}+$"), {}),
    "a pattern of code points": (text(r"^[\u00e0-\u00ff]{3}$"), {}),
    "a pattern of everything but": (text(r"^[^\s@]+@[^\s@]+\.[^\s@]{2,}$"), {}),
    "a pattern of a version": (text(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$"), {}),
    "a pattern of an address": (text(r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)$"), {}),
    "a pattern of a resource name": (text(r"^arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d{12}:[^\s]{1,64}$"), {}),
    "a pattern of Kubernetes": (text(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", maxLength=253), {}),
    "a pattern of FHIR": (text(r"^[A-Za-z0-9\-\.]{1,64}$"), {}),
    "a pattern that could blow up": (text(r"^(a+)+b$"), {}),
    "a lazy pattern": (text(r"^\d{1,3}?(?:,\d{3})*$"), {}),
    "a format and a pattern": ({"type": "string", "format": "date", "pattern": "^20"}, {}),
    "a format and a length": ({"type": "string", "format": "email", "maxLength": 40, "minLength": 6}, {}),
    "a long text": ({"type": "string", "minLength": 5_000}, {}),
    "cents": ({"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0, "maximum": 0.05}, {}),
    "two steps": ({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer", "minimum": 1, "maximum": 12}, {}),
    "a narrow gap": ({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.001}, {}),
    "int64 from above": ({"type": "integer", "format": "int64", "minimum": 9_223_372_036_854_775_806}, {}),
    "both booleans": (array({"type": "boolean"}, uniqueItems=True, minItems=2), {}),
    "a whole enum": (array({"enum": ["a", "b", "c"]}, uniqueItems=True, minItems=3), {}),
    "unique objects": (array(obj("on", on={"type": "boolean"}), uniqueItems=True, minItems=2), {}),
    "unique small integers": (array({"type": "integer", "minimum": 1, "maximum": 5}, uniqueItems=True, minItems=5), {}),
    "contains": (array({"type": "integer", "maximum": 10}, contains={"minimum": 9}, minContains=2), {}),
    "contains at most": (array({"type": "integer"}, contains={"minimum": 5}, maxContains=1, minItems=3), {}),
    "contains a const beside others": ({"type": "array", "contains": {"const": "a"}, "minItems": 3, "items": TEXT}, {}),
    "a closed tuple": ({"type": "array", "prefixItems": [TEXT, INT, {"type": "boolean"}], "items": False, "minItems": 3}, {}),
    "a tuple with a rest": ({"type": "array", "prefixItems": [TEXT], "items": INT, "minItems": 3}, {}),
    "unevaluated items": ({"allOf": [{"prefixItems": [INT]}], "unevaluatedItems": False, "type": "array", "minItems": 1}, {}),
    "names by pattern": ({"type": "object", "patternProperties": {"^x-": INT}, "additionalProperties": False, "minProperties": 2}, {}),
    "names with a length": ({"type": "object", "propertyNames": {"minLength": 8, "pattern": "^[a-z]+$"}, "minProperties": 3}, {}),
    "names out of an enum": ({"type": "object", "propertyNames": {"enum": ["a", "b"]}, "minProperties": 2}, {}),
    "three of four": (obj("", {"minProperties": 3, "maxProperties": 3, "additionalProperties": False}, a=INT, b=INT, c=INT, d=INT), {}),
    "with this that": (obj("card", {"dependentRequired": {"card": ["billing"]}, "maxProperties": 2}, card=INT, billing=TEXT, more=INT), {}),
    "with this a whole schema": (
        obj("card", {"dependentSchemas": {"card": {"required": ["cvc"], "properties": {"cvc": text("^[0-9]{3}$")}}}}, card=INT), {}),
    "with this nothing": (obj("", {"dependentSchemas": {"a": False}}, a=INT, b=INT), {}),
    "closed over allOf": ({"allOf": [obj("a", a=INT), obj("b", b=INT)], "unevaluatedProperties": False}, {}),
    "closed over oneOf": ({"type": "object", "oneOf": [obj("a", a=INT), obj("b", b=INT)], "unevaluatedProperties": False}, {}),
    "unevaluated of a type": ({"allOf": [obj("a", a=TEXT)], "unevaluatedProperties": INT, "minProperties": 3}, {}),
    "beside a reference": ({**Y, "required": ["more"], "properties": {"more": INT}}, {"Y": obj("a", a=TEXT)}),
    "definitions of its own": ({"$ref": "#/components/schemas/X/$defs/part", "$defs": {"part": obj("n", n=INT)}}, {}),
    "anchored": ({"$defs": {"part": {"$anchor": "part", **obj("n", n=INT)}}, "type": "array", "items": Y}, {"Y": INT}),
    "true, false and nothing": (obj("any", any=True, never=False, free={}), {}),
    "JSON in a text": ({"type": "string", "contentMediaType": "application/json", "contentEncoding": "base64",
                        "contentSchema": obj("n", n=INT)}, {}),
    "JSON:API": (obj("data", {"additionalProperties": False}, jsonapi=obj("version", version={"const": "1.1"}),
        data={"oneOf": [Y, array(Y, uniqueItems=True), {"type": "null"}]}, included=array(Y), links=Z, meta={"type": "object"}), {
        "Y": obj("type id", {"additionalProperties": False}, type=text("^[a-z]+$"), id=TEXT,
                 attributes={"type": "object", "not": {"anyOf": [{"required": ["relationships"]}, {"required": ["links"]}]}},
                 relationships={"type": "object", "additionalProperties": obj("data", data={"oneOf": [
                     {"type": "null"}, obj("type id", type=TEXT, id=TEXT)]})}),
        "Z": {"type": "object", "additionalProperties": {"oneOf": [{"type": "string", "format": "uri-reference"},
                                                                  obj("href", href=TEXT, meta={"type": "object"})]}}}),
    "GeoJSON": ({"oneOf": [
        obj("type coordinates", type={"const": "Point"}, coordinates=POSITION),
        obj("type coordinates", type={"const": "LineString"}, coordinates=array(POSITION, minItems=2)),
        obj("type coordinates", type={"const": "Polygon"}, coordinates=array(RING)),
        obj("type geometries", type={"const": "GeometryCollection"}, geometries=array(X))]}, {}),
    "GeoJSON without the types": ({"oneOf": [
        obj("coordinates", coordinates=POSITION), obj("coordinates", coordinates=RING), obj("geometries", geometries=array(X))]}, {}),
    "FHIR": (obj("resourceType", {"additionalProperties": False}, resourceType={"const": "Bundle"}, id=text(r"^[A-Za-z0-9\-\.]{1,64}$"),
        contained=array(X), extension=array(Y), birthDate=text(r"^\d{4}(-\d{2}(-\d{2})?)?$"), active={"type": "boolean"}), {
        "Y": obj("url", {"oneOf": [{"required": ["valueString"]}, {"required": ["valueInteger"]}, {"required": ["extension"]}]},
                 url=TEXT, valueString=TEXT, valueInteger=INT, extension=array(Y))}),
    "GraphQL over HTTP": ({"type": "object", "anyOf": [{"required": ["data"]}, {"required": ["errors"]}],
        "properties": {"data": {"type": ["object", "null"]}, "errors": array(obj("message", message=TEXT, path=array(
            {"type": ["string", "integer"]}), locations=array(obj("line column", line={"type": "integer", "minimum": 1}, column=INT))),
            minItems=1), "extensions": {"type": "object", "additionalProperties": True}}}, {}),
    "what Stripe expands": (obj("id object customer", id={"type": "string", "maxLength": 5000}, object={"enum": ["charge"]},
        customer={"anyOf": [{"type": "string", "maxLength": 5000}, Y, Z]}, metadata={"type": "object", "additionalProperties": TEXT}), {
        "Y": obj("id object charges", id=TEXT, object={"enum": ["customer"]}, charges=obj("data has_more object url",
            data=array(X), has_more={"type": "boolean"}, object={"enum": ["list"]}, url=TEXT)),
        "Z": obj("id object deleted", id=TEXT, object={"enum": ["customer"]}, deleted={"enum": [True]})}),
    "a resource definition of Kubernetes": (obj("apiVersion kind spec", apiVersion={"const": "v1"}, kind=TEXT, metadata=obj(
        "name", name=text(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength=63), labels={"type": "object", "additionalProperties": TEXT}),
        spec=obj("versions", versions=array(obj("name schema", name=text("^v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?$"),
            schema=Y), minItems=1), port={"anyOf": [INT, TEXT]})), {
        "Y": obj("", type=TEXT, properties={"type": "object", "additionalProperties": Y}, items={"oneOf": [Y, array(Y)]},
                 allOf=array(Y), **{"not": Y})}),
    "a discriminator": ({"oneOf": [Y, Z], "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Y",
        "dog": "Z"}}}, {"Y": obj("kind", kind=TEXT, meows={"type": "boolean"}), "Z": obj("kind barks", kind=TEXT, barks={"type": "boolean"})}),
    "a page": ({"allOf": [obj("items", items=array(Y)), obj("total", total={"type": "integer", "minimum": 0})]}, {
        "Y": obj("id", id={"type": "string", "format": "uuid"})}),
    "problem+json": (obj("", {"additionalProperties": True}, type={"type": "string", "format": "uri-reference", "default": "about:blank"},
        status={"type": "integer", "minimum": 100, "maximum": 599}, errors=array(obj("pointer", pointer=text("^#?(/[^/]*)*$")))), {}),
    "SCIM": (obj("schemas", schemas=array(text("^urn:ietf:params:scim:[A-Za-z0-9:.]+$"), minItems=1, uniqueItems=True), Resources=array(
        obj("id", id=TEXT, members=array({"anyOf": [X, obj("value", value=TEXT)]})))), {}),
    "HAL": (obj("_links", _links=obj("self", {"additionalProperties": {"oneOf": [Y, array(Y)]}}, self=Y), _embedded={
        "type": "object", "additionalProperties": array(X)}), {"Y": obj("href", href={"type": "string", "format": "uri-template"})}),
    "OData": (obj("value", {"patternProperties": {"^@odata\\.": TEXT}, "additionalProperties": False}, value=array(X)), {}),
}  # fmt: skip
