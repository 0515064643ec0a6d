"""What is written as YAML is read back as the same value, whatever it is, and looks as a person would write it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mock_server.source import Source, load
from mock_server.source.emit import emit

TRICKY = (
    "no", "Yes", "12:30", "2024-01-01", "{{ x }}", "a\nb", "a\n b\n", "", "~", "null", "0x1F", "0o7", "1e3", "-1", ".5",
    "- a", "a: b", "a #b", "---", "...", "\n", "a\n---\nb", "|", "'x'", " a", "a ", "%a", "@a", "`", "&a", "*a", "!a",
    "key:", "a\n\nb", "a\n\n", "\t", "\x00", "\x07", "\x7f", "\x85", "\u2028", "\ufeff", "\U0001f600", "a\r\nb", "#",
    "[", "y", "true", ".inf", ".nan", "=", "<<", "a\tb", "a\n\tb", "\n\na", "1_000", "0b1",
)  # fmt: skip
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(TRICKY)
SINGLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)


def back(text: str) -> Any:
    return load(Source("a.yaml", text)).data


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    written = emit({"x": value})
    assert repr(back(written)) == repr({"x": value}), written


@pytest.mark.parametrize("text", TRICKY)
def test_a_tricky_text_is_the_same_text_for_readers_of_yaml_1_1(text: str) -> None:
    assert yaml.safe_load(emit({"a": text, "b": [text]})) == {"a": text, "b": [text]}
    assert back(emit({text: text})) == {text: text}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": "two words", "c": None}, "a: 1\nb: two words\nc: null\n"),
        ({"200": {"ok": True}}, "200:\n  ok: true\n"),
        ({"list": [1, "two"], "deep": [{"a": 1}, [2]]}, "list: [1, two]\ndeep:\n  -\n    a: 1\n  - [2]\n"),
        ({"text": "one\n  two\n"}, "text: |\n  one\n    two\n"),
        ({"text": "one\ntwo"}, "text: |-\n  one\n  two\n"),
        ({"no": "12:30", "empty": {}, "none": []}, '"no": "12:30"\nempty: {}\nnone: []\n'),
        ({"id": 194785639383273120, "small": 1e-07}, "id: 194785639383273120\nsmall: 1e-07\n"),
    ],
)
def test_it_looks_as_a_person_would_write_it(value: Any, text: str) -> None:
    assert emit(value) == text


def test_a_key_longer_than_yaml_takes_on_one_line_is_read_back() -> None:
    value = {"k" * 5_000: {"a": 1}, "é" * 1_100: "x"}
    assert back(emit(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"x"])
def test_what_is_no_json_value_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is no JSON value"):
        emit({"a": value})
