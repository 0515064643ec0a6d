"""The table of styles (OAS 3.1 §4.8.12.3) and all that surrounds it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.codec.unreadable import Unreadable
from mock_server.model import MISSING
from tests.codec.described import read_parameter

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
COLOUR = {"type": "object", "properties": {name: {"type": "integer"} for name in "RGB"}}
RGB = {"R": 100, "G": 200, "B": 150}
LIST = ["blue", "black", "brown"]
STYLES: list[tuple[str, str, bool, str, Any, Any]] = [
    # the rows of the specification's table: location, style, explode, text, schema, value
    ("path", "matrix", False, ";c", TEXT, ""),
    ("path", "matrix", False, ";c=blue", TEXT, "blue"),
    ("path", "matrix", False, ";c=blue,black,brown", TEXTS, LIST),
    ("path", "matrix", False, ";c=R,100,G,200,B,150", COLOUR, RGB),
    ("path", "matrix", True, ";c=blue;c=black;c=brown", TEXTS, LIST),
    ("path", "matrix", True, ";R=100;G=200;B=150", COLOUR, RGB),
    ("path", "label", False, ".", TEXT, ""),
    ("path", "label", False, ".blue", TEXT, "blue"),
    ("path", "label", False, ".blue,black,brown", TEXTS, LIST),
    ("path", "label", False, ".R,100,G,200,B,150", COLOUR, RGB),
    ("path", "label", True, ".blue.black.brown", TEXTS, LIST),
    ("path", "label", True, ".R=100.G=200.B=150", COLOUR, RGB),
    ("path", "simple", False, "blue", TEXT, "blue"),
    ("path", "simple", False, "blue,black,brown", TEXTS, LIST),
    ("path", "simple", False, "R,100,G,200,B,150", COLOUR, RGB),
    ("path", "simple", True, "blue,black,brown", TEXTS, LIST),
    ("path", "simple", True, "R=100,G=200,B=150", COLOUR, RGB),
    ("query", "form", False, "c=", TEXT, ""),
    ("query", "form", False, "c=blue", TEXT, "blue"),
    ("query", "form", False, "c=blue,black,brown", TEXTS, LIST),
    ("query", "form", False, "c=", TEXTS, []),
    ("query", "form", False, "c=R,100,G,200,B,150", COLOUR, RGB),
    ("query", "form", True, "c=blue&c=black&c=brown", TEXTS, LIST),
    ("query", "form", True, "R=100&G=200&B=150", COLOUR, RGB),
    ("query", "form", True, "x=1", COLOUR, MISSING),
    ("query", "form", True, "x=1", TEXTS, MISSING),
    ("query", "spaceDelimited", False, "c=blue%20black%20brown", TEXTS, LIST),
    ("query", "spaceDelimited", False, "c=R%20100%20G%20200%20B%20150", COLOUR, RGB),
    ("query", "spaceDelimited", True, "c=blue&c=black&c=brown", TEXTS, LIST),
    ("query", "pipeDelimited", False, "c=blue%7Cblack%7Cbrown", TEXTS, LIST),
    ("query", "pipeDelimited", False, "c=R%7C100%7CG%7C200%7CB%7C150", COLOUR, RGB),
    ("query", "deepObject", True, "c%5BR%5D=100&c%5BG%5D=200&c%5BB%5D=150", COLOUR, RGB),
    ("query", "deepObject", True, "c=1", COLOUR, MISSING),
    ("header", "simple", False, "blue", TEXT, "blue"),
    ("header", "simple", False, "blue, black,brown", TEXTS, LIST),
    ("header", "simple", False, "R,100,G,200,B,150", COLOUR, RGB),
    ("header", "simple", True, "R=100, G=200, B=150", COLOUR, RGB),
    ("cookie", "form", True, "a=1; c=blue", TEXT, "blue"),
    ("cookie", "form", False, "c=blue,black,brown", TEXTS, LIST),
    ("cookie", "form", False, "c=R,100,G,200,B,150", COLOUR, RGB),
    ("cookie", "form", True, "R=100; G=200; B=150", COLOUR, RGB),
    ("cookie", "form", True, "d=blue", TEXT, MISSING),
]


@pytest.mark.parametrize("location, style, explode, text, schema, value", STYLES)
def test_each_style_reads_what_the_specifications_table_shows(
    location: str, style: str, explode: bool, text: str, schema: Any, value: Any
) -> None:
    assert read_parameter(location, schema, text, style=style, explode=explode) == value


SCALARS: list[tuple[Any, str, Any]] = [
    ({"type": "integer"}, "-5", -5),
    ({"type": "integer"}, "1.0", 1.0),
    ({"type": "integer"}, "0x10", "0x10"),
    ({"type": "integer"}, "1_000", "1_000"),
    ({"type": "integer"}, "٣", "٣"),
    ({"type": "integer"}, "9" * 30, int("9" * 30)),
    ({"type": "integer"}, "9" * 500, "9" * 500),
    ({"type": "number"}, "1e3", 1000.0),
    ({"type": "number"}, "1e999", "1e999"),
    ({"type": "number"}, "NaN", "NaN"),
    ({"type": "number"}, "Infinity", "Infinity"),
    ({"type": "boolean"}, "yes", "yes"),
    ({"type": ["integer", "null"]}, "", None),
    ({"type": ["string", "null"]}, "", ""),
    ({"type": ["string", "null"]}, "null", None),
    ({"enum": [1, 2]}, "1", 1),
    ({"enum": ["1", "2"]}, "1", "1"),
    ({"const": True}, "true", True),
    ({"anyOf": [{"type": "boolean"}, {"type": "string"}]}, "true", True),
    ({"type": ["integer", "string"], "pattern": "^0"}, "07", "07"),
    ({"oneOf": [{"type": "string", "format": "date"}, {"type": "integer", "minimum": 10}]}, "5", "5"),
    ({}, "5", "5"),
    (True, "5", "5"),
]


@pytest.mark.parametrize("schema, text, value", SCALARS)
def test_a_text_is_the_value_that_its_schema_takes(schema: Any, text: str, value: Any) -> None:
    found = read_parameter("header", schema, text)
    assert (found, type(found)) == (value, type(value))


FAULTS: list[tuple[str, Any, str, dict[str, Any], str]] = [
    ("path", TEXT, "blue", {"style": "label"}, "style"),
    ("path", TEXT, ";d=1", {"style": "matrix"}, "style"),
    ("path", COLOUR, "R,1,G", {}, "style"),
    ("path", COLOUR, "R", {"explode": True}, "style"),
    ("path", TEXT, "%", {}, "percent-encoding"),
    ("path", TEXT, "%C3%28", {}, "percent-encoding"),
    ("query", TEXT, "c=1&c=2", {}, "repeated"),
    ("query", TEXTS, "c=1&c=2", {"explode": False}, "repeated"),
    ("query", COLOUR, "c[R]=1&c[R]=2", {"style": "deepObject"}, "repeated"),
    ("query", COLOUR, "c[R=1", {"style": "deepObject"}, "style"),
    ("query", {"type": "object"}, "c[a]=1&c[a][b]=2", {"style": "deepObject"}, "style"),
    ("query", {"type": "object"}, "c[a][b]=2&c[a]=1", {"style": "deepObject"}, "style"),
    ("query", {"type": "object"}, "c" + "[a]" * 50 + "=1", {"style": "deepObject"}, "style"),
    ("query", TEXT, "c=%u0041", {}, "percent-encoding"),
]


@pytest.mark.parametrize("location, schema, text, more, rule", FAULTS)
def test_what_is_not_written_in_its_style_is_refused_with_the_rule(
    location: str, schema: Any, text: str, more: dict[str, Any], rule: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read_parameter(location, schema, text, **more)
    assert caught.value.rule == rule


def test_lists_of_objects_in_a_deep_object_may_be_indexed() -> None:
    items = {"type": "object", "properties": {"x": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"l": {"type": "array", "items": items}}}
    assert read_parameter("query", schema, "c[l][0][x]=1&c[l][1][x]=2", style="deepObject") == {
        "l": [{"x": 1}, {"x": 2}]
    }


def test_a_list_in_deep_object_style_is_a_list() -> None:
    assert read_parameter("query", TEXTS, "c[]=a&c[]=b", style="deepObject") == ["a", "b"]
    assert read_parameter("query", TEXTS, "c[0]=a&c[1]=b", style="deepObject") == ["a", "b"]


def test_recursive_schemas_are_read_as_deep_as_the_request_goes() -> None:
    node = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "next": {"$ref": "#/paths/~1t/post/parameters/0/schema"}},
    }
    given = read_parameter("query", node, "c[next][next][n]=5", style="deepObject")
    assert given == {"next": {"next": {"n": 5}}}


_SCHEMAS = st.sampled_from(
    [TEXT, TEXTS, COLOUR, {}, {"type": "integer"}, {"type": ["array", "string"]}, {"type": "object"}]
)
_WAYS = st.sampled_from(sorted({(row[0], row[1]) for row in STYLES}))
_TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255)) | st.text("c[]=&,.;%|+ 0RG", max_size=30)


@given(_WAYS, st.booleans(), _SCHEMAS, _TEXT)
def test_no_text_does_worse_than_being_refused(way: tuple[str, str], explode: bool, schema: Any, text: str) -> None:
    with suppress(Unreadable):
        read_parameter(way[0], schema, text, style=way[1], explode=explode)
