"""Forms and multipart whose ``encoding`` joins lists and takes objects apart, there and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.codec.table import read_value, write_value
from tests.codec.described import media

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=X"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "comma": {"type": "array", "items": {"type": "string"}},
        "space": {"type": "array", "items": {"type": "string"}},
        "pipe": {"type": "array", "items": {"type": "string"}},
        "deep": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}
ENCODING = {
    "comma": {"style": "form", "explode": False},
    "space": {"style": "spaceDelimited", "explode": False},
    "pipe": {"style": "pipeDelimited", "explode": False},
}
DEEP = {**ENCODING, "deep": {"style": "deepObject"}}
_ANY = st.text(st.characters(blacklist_categories=("Cs", "Cn")), min_size=1)
_WORD = st.text("abcé/=&%+", min_size=1)


def lists(text: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    listed = st.lists(text, min_size=1)
    return st.fixed_dictionaries({}, optional={"comma": listed, "pipe": listed, "space": listed})


@given(value=lists(_WORD), deep=st.dictionaries(st.text("abc", min_size=1), st.integers(), min_size=1))
def test_a_form_that_is_written_is_read_again(value: dict[str, Any], deep: dict[str, int]) -> None:
    described = media(FORM, SCHEMA, encoding=DEEP)
    assert read_value(write_value({**value, "deep": deep}, described), described, FORM) == {**value, "deep": deep}


@given(value=st.lists(_ANY, min_size=1))
def test_what_divides_a_list_may_be_in_its_items_in_a_form(value: list[str]) -> None:
    described = media(FORM, SCHEMA, encoding=ENCODING)
    assert read_value(write_value({"comma": value}, described), described, FORM) == {"comma": value}


@given(value=lists(_WORD))
def test_form_data_that_is_written_is_read_again(value: dict[str, Any]) -> None:
    described = media(PARTS, SCHEMA, encoding=ENCODING)
    assert read_value(write_value(value, described), described, PARTS) == value


@pytest.mark.parametrize("prefix", ["", "p"])
def test_a_wrapper_in_a_namespace_is_written_as_it_is_read(prefix: str) -> None:
    hints = {"wrapped": True, "namespace": "http://e/w", **({"prefix": prefix} if prefix else {})}
    schema = {"type": "object", "properties": {"l": {"type": "array", "xml": hints, "items": {"type": "integer"}}}}
    described = media("application/xml", schema)
    written = write_value({"l": [1, 2]}, described)
    assert b"http://e/w" in written
    assert read_value(written, described, "application/xml") == {"l": [1, 2]}
