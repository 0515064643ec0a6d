"""Patterns of other dialects are read as ECMA-262 has them, and bodies keep them."""

from __future__ import annotations

import pytest

from mock_server.spec.generate import generate
from mock_server.spec.patterns import is_suspect, read_pattern
from mock_server.spec.schema import has_match, pattern_fault
from tests.spec.documents import with_schemas

AT = ("components", "schemas", "X")

FOREIGN = [
    (r"\A[a-z]+\z", "^[a-z]+$", "abc", "a1"),
    (r"\A[a-z]+\Z", "^[a-z]+$", "abc", "a1"),
    (r"^[[:alpha:]]+$", "^[A-Za-z]+$", "abC", "a1"),
    (r"^[[:alnum:]_-]{2,4}$", "^[A-Za-z0-9_-]{2,4}$", "a_-", "a!"),
    (r"^\p{Alnum}+$", "^[A-Za-z0-9]+$", "aZ9", "é"),
    (r"^[\p{Upper}_]+$", "^[A-Z_]+$", "A_B", "a"),
    (r"^\p{Punct}$", r"^[!-\/:-@\[-`{-~]$", "$", "a"),
    (r"^\h+$", r"^[ \t]+$", " \t", "a"),
    (r"^\Qa.b\E$", r"^a\.b$", "a.b", "axb"),
    (r"^(?>ab)+c$", "^(?:ab)+c$", "ababc", "ac"),
    (r"^a++b*+c?+$", "^a+b*c?$", "aab", "ba"),
    (r"^(?P<year>\d{4})-(?P=year)$", r"^(\d{4})-(?:\1)$", "2024-2024", "2024-2025"),
    (r"^a(?#a remark)b$", "^ab$", "ab", "a(?#a remark)b"),
    ("/^[a-z]+$/", "^[a-z]+$", "abc", "/abc/"),
    ("/^[a-z]+$/i", "(?i)^[a-z]+$", "ABC", "1"),
    (r"(?i)^abc$", "(?i)^abc$", "ABC", "x"),
]
LENIENT = [  # annex B and named groups: ECMA-262 knows them, the engine does not
    (r"^(?<n>a|b)-\k<n>$", r"^(a|b)-(?:\1)$", "b-b", "a-b"),
    (r"^(x)(?<n>a|b)\k<n>$", r"^(x)(a|b)(?:\2)$", "xaa", "xax"),
    (r"^[\w-.]+$", r"^[\w\-.]+$", "a-b.c", "a b"),
    ("^[^]$", r"^[\s\S]$", "\n", "ab"),
    ("^a{,3}$", r"^a\{,3\}$", "a{,3}", "aa"),
    ("^{id}$", r"^\{id\}$", "{id}", "id"),
    (r"^x{2$", r"^x\{2$", "x{2", "xx"),
]
UNDERSTOOD = [
    r"^\p{L}+$", r"^\p{Script=Greek}{2}$", r"^[\p{Lu}\d]+$", r"^\u{1F600}?a$", r"^\x41$", "^a{2,3}$", r"^\/[a-z]{2}\/$",
    r"^[a\]b]+$", r"^(?=.*\d)[a-z\d]{4}$", r"^(?<y>\d{4})$", r"^a{0,5000}$", r"^(?:a|^b$|c$)+$", r"(?<=\$)\d+", "a$|^b",
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "read", "good", "bad"), FOREIGN + LENIENT, ids=repr)
def test_a_pattern_of_another_dialect_is_rewritten(pattern: str, read: str, good: str, bad: str) -> None:
    assert read_pattern(pattern).pattern == read
    assert pattern_fault(read) is None
    assert has_match(read, good)
    assert not has_match(read, bad)
    assert bool(read_pattern(pattern).foreign) == ((pattern, read, good, bad) in FOREIGN)


@pytest.mark.parametrize("pattern", [row[0] for row in FOREIGN], ids=repr)
def test_what_is_foreign_is_suspected_and_told_of(pattern: str) -> None:
    assert is_suspect(pattern) or pattern_fault(pattern)
    problems = list(with_schemas({"X": {"type": "string", "pattern": pattern}}).problems())
    assert [(each.code, each.severity) for each in problems if each.code == "MS206"] == [("MS206", "warning")]


@pytest.mark.parametrize("pattern", [row[0] for row in LENIENT] + UNDERSTOOD, ids=repr)
def test_what_ecma_262_knows_is_served_without_a_word(pattern: str) -> None:
    problems = with_schemas({"X": {"type": "string", "pattern": pattern}}).problems()
    assert [each for each in problems if each.code == "MS206"] == []


@pytest.mark.parametrize("pattern", UNDERSTOOD, ids=repr)
def test_what_the_engine_knows_is_left_as_it_is(pattern: str) -> None:
    document = with_schemas({"X": {"type": "string", "pattern": pattern}})
    assert document.data["components"]["schemas"]["X"]["pattern"] == pattern


@pytest.mark.parametrize("pattern", [row[0] for row in FOREIGN + LENIENT] + UNDERSTOOD, ids=repr)
def test_a_body_keeps_the_pattern_of_any_dialect(pattern: str) -> None:
    document = with_schemas({"X": {"type": "string", "pattern": pattern}})
    kept = document.data["components"]["schemas"]["X"]["pattern"]
    for seed in range(4):
        assert has_match(kept, generate(document, AT, seed))


def test_the_names_of_open_properties_may_be_of_another_dialect_too() -> None:
    node = {
        "type": "object",
        "patternProperties": {r"\Ax-[[:digit:]]\z": {"type": "integer"}},
        "additionalProperties": False,
        "minProperties": 10,
    }
    assert sorted(generate(with_schemas({"X": node}), AT)) == [f"x-{digit}" for digit in range(10)]


def test_a_reference_below_a_rewritten_name_is_followed() -> None:
    node = {
        "type": "object",
        "patternProperties": {r"^[\w-.]+$": {"$ref": "#/components/schemas/Y"}},
        "minProperties": 1,
    }
    document = with_schemas({"X": {**node, "additionalProperties": False}, "Y": {"const": 7}})
    assert set(generate(document, AT).values()) == {7}


def test_what_is_no_pattern_in_any_dialect_is_left_out() -> None:
    document = with_schemas({"X": {"type": "string", "pattern": "*a("}})
    assert [each.code for each in document.problems() if each.code == "MS206"] == ["MS206"]
    assert isinstance(generate(document, AT), str)
