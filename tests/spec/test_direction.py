"""What a property that goes one way only means for `required`."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.spec.direction import Direction, differs, directed
from mock_server.spec.schema import SchemaBook

READ = {"readOnly": True}
WRITE = {"writeOnly": True}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], Direction, bool]] = [
    ("own", {"required": ["id"], "properties": {"id": READ}}, {}, "request", True),
    ("own, the other way", {"required": ["id"], "properties": {"id": READ}}, {}, "response", False),
    ("secret", {"required": ["pin"], "properties": {"pin": WRITE}}, {}, "response", True),
    ("secret, the other way", {"required": ["pin"], "properties": {"pin": WRITE}}, {}, "request", False),
    ("by reference", {"required": ["id"], "properties": {"id": {"$ref": "#/x/Id"}}}, {}, "request", True),
    ("part of the whole", {"required": ["id"], "allOf": [{"properties": {"id": READ}}]}, {}, "request", True),
    ("whole of the part", {"properties": {"id": READ}, "allOf": [{"required": ["id"]}]}, {}, "request", True),
    ("referred part", {"required": ["id"], "allOf": [{"$ref": "#/x/Base"}]}, {}, "request", True),
    ("deep", {"properties": {"a": {"required": ["id"], "properties": {"id": READ}}}}, {"a": {}}, "request", True),
    ("another name", {"required": ["n"], "properties": {"id": READ}}, {}, "request", False),
    ("a name like the word", {"required": ["readOnly"], "properties": {"readOnly": {}}}, {}, "request", False),
    ("sent all the same", {"required": ["id"], "properties": {"id": READ}}, {"id": 1}, "request", True),
]  # fmt: skip


@pytest.mark.parametrize("_, schema, value, direction, fits", CASES, ids=[case[0] for case in CASES])
def test_a_direction_demands_only_what_goes_its_way(
    _: str, schema: dict[str, Any], value: Any, direction: Direction, fits: bool
) -> None:
    shared = {"Id": {"type": "integer", "readOnly": True}, "Base": {"properties": {"id": READ}}}
    book = SchemaBook({"x": shared, "y": schema})
    assert book.at(("y",), direction).is_valid(value) is fits


def test_schemas_that_lead_in_circles_come_to_an_end() -> None:
    data = {"A": {"allOf": [{"$ref": "#/A"}, {"$ref": "#/B"}, {"$ref": "#/A"}], "required": ["id"]}}
    data["B"] = {"allOf": [{"$ref": "#/A"}, {"$ref": "#/B"}], "properties": {"id": {"$ref": "#/B"}}, **READ}
    assert directed(data, "request")["A"]["required"] == []


def test_a_document_without_such_properties_is_not_copied() -> None:
    data = {"a": [{"required": ["x"], "properties": {"x": {}}}]}
    assert not differs(data, "request")
    assert directed(data, "request") is data


def test_data_of_the_user_is_left_alone() -> None:
    data = {"properties": {"id": READ}, "example": {"required": ["id"], "properties": {"id": READ}}}
    assert directed(data, "request") == data
