"""YAML 1.2 core schema and JSON, and the place and excerpt of every fault."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.errors import Broken, Place, Problem
from mock_server.source import Source, load
from mock_server.source.tree import MAX_ALIASED_NODES, MAX_DEPTH

LIBYAML_DEPTH = 1_000


def read(text: str, path: str = "a.yaml") -> Any:
    return load(Source(path, text)).data


def fault(text: str, path: str = "a.yaml") -> Problem:
    with pytest.raises(Broken) as caught:
        read(text, path)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def place(problem: Problem) -> Place:
    assert problem.place is not None
    return problem.place


@pytest.mark.parametrize(
    "text, value",
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("NO", "NO"),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("false", False),
        ("null", None),
        ("Null", None),
        ("~", None),
        ("", None),
        ("nULL", "nULL"),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("2024-01-31", "2024-01-31"),
        ("1_000", "1_000"),
        ("300", 300),
        ("+12", 12),
        ("-7", -7),
        ("012", 12),
        ("0o17", 15),
        ("0o18", "0o18"),
        ("0x1F", 31),
        ("-0x1F", "-0x1F"),
        ("0b101", "0b101"),
        ("194785639383273120", 194785639383273120),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E-2", -0.015),
        (".", "."),
        ("1e", "1e"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.Inf", math.inf),
        ("inf", "inf"),
        ("NaN", "NaN"),
        ("=", "="),
        ("'300'", "300"),
        ('"true"', "true"),
        ("!!str 300", "300"),
        ("|\n  300\n", "300\n"),
    ],
)
def test_a_scalar_is_read_by_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = read(f"key: {text}")["key"]
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_number_in_yaml() -> None:
    assert math.isnan(read(".nan"))


@pytest.mark.parametrize(
    "text, key",
    [
        ("200: x", "200"),
        ("true: x", "true"),
        ("~: x", "~"),
        ("1.0: x", "1.0"),
        ("no: x", "no"),
        ("'a b': x", "a b"),
        ("<<: x", "<<"),
    ],
)
def test_a_key_is_always_a_text(text: str, key: str) -> None:
    assert read(text) == {key: "x"}


def test_an_integer_too_long_for_any_machine_stays_a_text() -> None:
    assert read("n: " + "9" * 5000) == {"n": "9" * 5000}


def test_an_anchor_is_repeated_by_its_alias_and_merge_keys_are_plain_keys() -> None:
    assert read("a: &it {x: 1}\nb: *it\nc: {<<: *it}") == {"a": {"x": 1}, "b": {"x": 1}, "c": {"<<": {"x": 1}}}


def test_an_empty_text_is_nothing() -> None:
    assert read("") is None
    assert read("# only a remark\n") is None


def test_windows_line_ends_and_a_byte_order_mark_are_read_over() -> None:
    assert read("a: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}
    assert read("\ufeffa: 1") == {"a": 1}


FAULTS = [
    # text, code, message, line, column, excerpt
    ("a: 1\nb: 2\na: 3", "MS103", "the key 'a' is written twice", 3, 1, "a: 3"),
    ("x: {a: 1, a: 2}", "MS103", "the key 'a' is written twice", 1, 11, "x: {a: 1, a: 2}"),
    ('200: x\n"200": y', "MS103", "the key '200' is written twice", 2, 1, '"200": y'),
    (
        "a: !!python/object:os.system ls",
        "MS104",
        "the tag tag:yaml.org,2002:python/object:os.system is not supported",
        1,
        4,
        "a: !!python/object:os.system ls",
    ),
    ("a: !!binary aGk=", "MS104", "the tag tag:yaml.org,2002:binary is not supported", 1, 4, "a: !!binary aGk="),
    ("a: !!set {b}", "MS104", "the tag tag:yaml.org,2002:set is not supported", 1, 4, "a: !!set {b}"),
    ("a: !mine [b]", "MS104", "the tag !mine is not supported", 1, 4, "a: !mine [b]"),
    ("!mine a: b", "MS104", "the tag !mine is not supported", 1, 1, "!mine a: b"),
    ("a: 1\n---\nb: 2", "MS104", "a second document after ---", 2, 1, "---"),
    ("? [a]\n: b", "MS104", "a key must be a plain word, not a list or a mapping", 1, 3, "? [a]"),
    ("a: &x 1\n*x : 2", "MS104", "an alias cannot be a key", 2, 1, "*x : 2"),
    ("a: &x [*x]", "MS104", "the alias *x has no finished anchor before it", 1, 8, "a: &x [*x]"),
    ("a: *nobody", "MS104", "the alias *nobody has no finished anchor before it", 1, 4, "a: *nobody"),
    (
        "a:\n\tb: 1",
        "MS102",
        "not valid YAML: found character that cannot start any token while scanning for the next token",
        2,
        1,
        "\tb: 1",
    ),
    ("a: b: c", "MS102", "not valid YAML: mapping values are not allowed in this context", 1, 5, "a: b: c"),
    (
        "a:\n  - [b, c\n",
        "MS102",
        "not valid YAML: did not find expected ',' or ']' while parsing a flow sequence",
        2,
        10,
        "  - [b, c",
    ),
    ("a: ä \x07", "MS102", "not valid YAML: control characters are not allowed", 1, 6, "a: ä \x07"),
    ("a: 1\nb: \x00", "MS102", "not valid YAML: control characters are not allowed", 2, 4, "b: \x00"),
]


@pytest.mark.parametrize("text, code, message, line, column, excerpt", FAULTS)
def test_a_fault_has_its_code_line_column_and_excerpt(
    text: str, code: str, message: str, line: int, column: int, excerpt: str
) -> None:
    problem = fault(text)
    assert (problem.code, problem.message) == (code, message)
    assert problem.place == Place("a.yaml", line, column, excerpt)
    assert problem.severity == "error"


@pytest.mark.parametrize(
    "text, hint",
    [
        ("a:\n\tb: 1", "indent with spaces, not tabs"),
        ("a: b: c", "quote a value that contains ': '"),
        ("a: [b", "quote a text that holds one of [ ] { } , inside brackets"),
        ("a: 1\na: 2", "keep one of the two"),
        ("a: !x 1", "leave the tag out"),
        ("a: 1\n---\n", "keep one document a file"),
    ],
)
def test_a_fault_says_what_to_do(text: str, hint: str) -> None:
    assert fault(text).hint == hint


def test_a_fault_is_shown_with_its_line_and_a_caret_under_it() -> None:
    assert fault("a: 1\nb: {c: 1, c: 2}").as_text() == (
        "a.yaml:2:11: error MS103: the key 'c' is written twice\n"
        "    2 | b: {c: 1, c: 2}\n"
        "      |           ^\n"
        "      hint: keep one of the two"
    )


def test_a_fault_far_to_the_right_of_a_long_line_is_told_without_the_line() -> None:
    text = '{"x": "' + "x" * 10_000 + '", "a": 2, "a": 3}'
    problem = fault(text)
    assert place(problem).column == 10_019
    assert problem.as_text() == (
        "a.yaml:1:10019: error MS103: the key 'a' is written twice\n      hint: keep one of the two"
    )


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    problem = fault("\n".join(lines))
    assert (problem.code, problem.message) == ("MS105", f"aliases repeat more than {MAX_ALIASED_NODES} nodes")
    assert place(problem).line == 5


def test_many_aliases_of_something_small_are_fine() -> None:
    assert len(read("a: &a 1\nb: [" + ", ".join(["*a"] * 10_000) + "]")["b"]) == 10_000


@pytest.mark.parametrize(
    "text, line, column",
    [
        ("\n".join(" " * n + "a:" for n in range(3000)), MAX_DEPTH + 1, MAX_DEPTH + 1),
        ("- " * 3000, 1, 2 * MAX_DEPTH + 1),
        ("a: " + "[" * 3000 + "]" * 3000, 1, MAX_DEPTH + 3),
        ("[" * 3000 + "]" * 3000, 1, MAX_DEPTH + 1),
        ("[" * 100_000, 1, MAX_DEPTH + 1),
        ('{"a": ' * 3000 + "1" + "}" * 3000, 1, 6 * MAX_DEPTH + 1),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), 1, MAX_DEPTH + 1),
    ],
    ids=["block mapping", "block list", "flow in block", "json", "json, never closed", "json objects", "one too many"],
)
def test_nesting_is_bounded(text: str, line: int, column: int) -> None:
    problem = fault(text)
    assert (problem.code, problem.message) == ("MS105", f"nested deeper than {MAX_DEPTH}")
    assert place(problem).line == line
    # Of brackets libyaml 0.2.6 reads a thousand ahead and gives up by itself, so the place is where it stopped.
    assert place(problem).column in (column, column - MAX_DEPTH + LIBYAML_DEPTH)


@pytest.mark.parametrize("text", ["[" * MAX_DEPTH + "]" * MAX_DEPTH, "- " * MAX_DEPTH])
def test_nesting_up_to_the_bound_is_read(text: str) -> None:
    found, depth = read(text), 0
    while isinstance(found, list):
        found, depth = found[0] if found else None, depth + 1
    assert depth == MAX_DEPTH


def test_a_json_document_is_read_as_json() -> None:
    assert read('{"a": [1, 2.5, true, null, "no", "\\ud83d\\ude00"]}', "a.json") == {
        "a": [1, 2.5, True, None, "no", "😀"]
    }


@pytest.mark.parametrize(
    "text, code, line, column",
    [
        ('{"a": 1,\n "a": 2}', "MS103", 2, 2),
        ('{"a": {"b": 1, "b": 2}}', "MS103", 1, 16),
        ('{"a": 1', "MS102", 1, 8),
        ('{"a": "\\ud800"}', "MS102", 1, 10),
        ('{"a": \x01}', "MS102", 1, 7),
    ],
)
@pytest.mark.parametrize("path", ["a.json", "a.yaml"])
def test_broken_json_is_told_with_its_place(path: str, text: str, code: str, line: int, column: int) -> None:
    problem = fault(text, path)
    assert problem.code == code
    assert (place(problem).line, place(problem).column) == (line, column)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_an_error_in_a_json_file_and_a_word_in_yaml(word: str) -> None:
    problem = fault(f'{{"a": {word}}}', "a.json")
    assert (problem.code, problem.message) == ("MS102", f"not valid JSON: {word} is not JSON (RFC 8259 §6)")
    assert read(f"{{a: {word}}}", "a.yaml") == {"a": word}


@pytest.mark.parametrize("text, line, column", [('{"a": no}', 1, 7), ('{"a": 1,\n}', 2, 1), ("{'a': 1}", 1, 2)])
def test_yaml_in_a_json_file_is_an_error(text: str, line: int, column: int) -> None:
    problem = fault(text, "a.json")
    assert problem.code == "MS102"
    assert (place(problem).line, place(problem).column) == (line, column)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_every_json_value_is_read_as_what_it_is(value: object) -> None:
    assert read(json.dumps({"a": value})) == {"a": value}


@given(st.text())
def test_any_text_is_a_value_or_a_problem_with_a_place(text: str) -> None:
    try:
        read(text)
    except Broken as broken:
        (problem,) = broken.problems
        assert place(problem).line >= 1
        assert place(problem).column >= 1
