"""Which pairs of paths are resources, and where the resource stands in their bodies."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.source import Loaded, Source
from mock_server.spec.document import Document, open_document
from mock_server.spec.operations import read_operations
from mock_server.spec.outline import Outline, find_list, identity, outline_at, singular
from mock_server.spec.resources import Resource, find_resources

OBJECT = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
LIST = {"type": "array", "items": OBJECT}


def operation(status: str, schema: Any = None, media: str = "application/json") -> dict[str, Any]:
    content = {"content": {media: {"schema": schema}}} if schema is not None else {}
    return {"responses": {status: {"description": "x", **content}}}


def find(paths: dict[str, Any]) -> list[Resource]:
    data = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    return find_resources(read_operations(open_document(Loaded(Source("a.yaml", ""), data))))


GET, POST, DELETE = operation("200", OBJECT), operation("201", OBJECT), operation("204")


@pytest.mark.parametrize(
    ("paths", "described"),
    [
        ({"/a": {"post": POST}, "/a/{id}": {"get": GET}}, ["/a (id): make, read"]),
        ({"/a": {"get": operation("200", LIST)}, "/a/{id}": {"delete": DELETE}}, ["/a (id): list, remove"]),
        ({"/a/{id}": {"get": GET, "put": GET}}, ["/a (id): read, replace"]),
        ({"/a/": {"post": POST}, "/a/{id}/": {"get": GET}}, ["/a (id): make, read"]),
        ({"/u/{x}/a": {"post": POST}, "/u/{y}/a/{id}": {"get": GET}}, ["/u/{x}/a (id): make, read"]),
        ({"/a": {"post": POST}, "/a/{id}": {"get": GET}, "/a/{id}/b": {"post": POST}}, ["/a (id): make, read"]),
        # what is none: nothing to write, nothing to read, no last parameter of its own, no literal before it
        ({"/a": {"get": operation("200", LIST)}, "/a/{id}": {"get": GET}}, []),
        ({"/a": {"post": POST}, "/a/{id}": {"delete": DELETE}}, []),
        ({"/a": {"post": POST}, "/a/{id}.json": {"get": GET}}, []),
        ({"/a": {"post": POST}, "/a/{id}:cancel": {"post": GET}}, []),
        ({"/{a}": {"post": POST}, "/{a}/{id}": {"get": GET}}, []),
        ({"/{id}": {"get": GET, "delete": DELETE}}, []),
        # what is not JSON, or no object, cannot be remembered
        ({"/a": {"post": POST}, "/a/{id}": {"get": operation("200", OBJECT, "text/csv")}}, []),
        ({"/a": {"post": POST}, "/a/{id}": {"get": operation("200", {"type": "string"})}}, []),
        ({"/a": {"post": POST}, "/a/{id}": {"get": operation("200")}}, []),
        ({"/a": {"get": operation("200", {"type": "object"})}, "/a/{id}": {"delete": DELETE}}, []),
    ],
)
def test_a_pair_of_paths_that_reads_and_writes_is_a_resource(paths: dict[str, Any], described: list[str]) -> None:
    assert [each.describe() for each in find(paths)] == described


X = ("components", "schemas", "x")


def holding(schema: Any) -> Document:
    """A document with nothing but this schema, at ``X``."""
    head = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}
    return open_document(Loaded(Source("a.yaml", ""), {**head, "components": {"schemas": {"x": schema}}}))


def shape(*names: str, **schemas: Any) -> Outline:
    return outline_at(holding({"properties": {**{name: {"type": "string"} for name in names}, **schemas}}), X)


@pytest.mark.parametrize(
    ("parameter", "collection", "names", "found"),
    [
        ("id", "things", ("id", "name"), "id"),
        ("thingId", "things", ("id", "thing_id"), "thing_id"),
        ("thing_id", "things", ("name", "id"), "id"),
        ("thing", "things", ("name", "id"), "id"),
        ("id", "categories", ("categoryId", "name"), "categoryId"),
        ("slug", "posts", ("id", "slug"), "slug"),
        ("username", "users", ("id", "username"), "username"),
        ("userUuid", "users", ("uuid", "name"), "uuid"),
        ("petId", "pets", ("color",), None),
        ("x", "pets", ("name",), "name"),
    ],
)
def test_the_last_parameter_names_the_key(
    parameter: str, collection: str, names: tuple[str, ...], found: str | None
) -> None:
    assert identity(shape(*names), parameter, collection) == found


def test_an_object_is_no_key() -> None:
    assert identity(shape("id", user={"type": "object"}), "user", "users") == "id"


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (LIST, ()),
        ({"properties": {"things": LIST, "other": LIST}}, ("things",)),
        ({"properties": {"data": LIST, "included": LIST}}, ("data",)),
        ({"properties": {"tags": {"type": "array", "items": {"type": "string"}}, "stuff": LIST}}, ("stuff",)),
        ({"properties": {"_embedded": {"properties": {"things": LIST}}}}, ("_embedded", "things")),
        ({"allOf": [{"properties": {"total": {"type": "integer"}}}, {"properties": {"items": LIST}}]}, ("items",)),
        ({"properties": {"one": LIST, "two": LIST}}, None),
        ({"type": "object"}, None),
        ({"type": "string"}, None),
    ],
)
def test_the_list_is_found_by_the_schema(schema: Any, place: tuple[str, ...] | None) -> None:
    found = find_list(holding(schema), X, "things")
    assert (found[0] if found else None) == place


def test_a_schema_that_holds_itself_has_a_shape() -> None:
    itself = {"$ref": "#/components/schemas/x"}
    assert list(outline_at(holding({"allOf": [itself, {"properties": {"x": itself}}]}), X).properties) == ["x"]


@pytest.mark.parametrize(
    ("many", "one"),
    [("things", "thing"), ("categories", "category"), ("addresses", "address"), ("s", "s"), ("data", "data")],
)
def test_names_are_compared_in_the_singular(many: str, one: str) -> None:
    assert singular(many) == one
