"""Texts keep their format beside lengths, patterns, enums and examples; judged by checks written from the RFCs."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest

from mock_server.spec.generate import generate
from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.grammar import GRAMMARS, is_of_format, pattern_of
from mock_server.spec.generate.sample import samples
from tests.spec.documents import with_schemas
from tests.spec.formats import CHECKS

AT = ("components", "schemas", "X")
SEEDS = range(6)


def made(node: dict[str, Any], seed: int = 0) -> Any:
    """A body that keeps its schema with formats asserted, as the validator of Schemathesis does."""
    value = generate(with_schemas({"X": node}), AT, seed)
    assert jsonschema_rs.Draft202012Validator(
        node, validate_formats=True, pattern_options=jsonschema_rs.FancyRegexOptions()
    ).is_valid(value), value
    return value


@pytest.mark.parametrize("name", CHECKS)
def test_a_text_is_of_its_format(name: str) -> None:
    for seed in SEEDS:
        text = made({"type": "string", "format": name}, seed)
        assert CHECKS[name](text), text


@pytest.mark.parametrize("name", sorted(CHECKS.keys() & GRAMMARS.keys()))
def test_the_grammar_of_a_format_allows_nothing_else(name: str) -> None:
    texts = [text for seed in range(40) for text in samples(pattern_of(name) or "", Draw(seed, name), 0, 40)]
    told = [text for text in texts if is_of_format(name, text)]
    assert len(told) > len(texts) // 2, "most of what a grammar gives passes the check of lengths"
    assert [text for text in told if not CHECKS[name](text)] == []


@pytest.mark.parametrize("least", [0, 12, 30, 41, 60])
@pytest.mark.parametrize(
    "name",
    ["email", "hostname", "uri", "uri-reference", "uri-template", "json-pointer", "byte", "base64url", "html", "regex"],
)
def test_a_text_of_a_format_is_as_long_as_it_must_be(name: str, least: int) -> None:
    for seed in SEEDS:
        text = made({"type": "string", "format": name, "minLength": least, "maxLength": least + 20}, seed)
        assert CHECKS[name](text), text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("email", {"maxLength": 8}),
        ("email", {"maxLength": 6}),
        ("email", {"minLength": 250}),
        ("email", {"pattern": r"@corp\.com$"}),
        ("email", {"pattern": r"^[a-z]+@[a-z]+\.[a-z]{2,3}$", "maxLength": 10}),
        ("uri", {"maxLength": 12}),
        ("uri", {"minLength": 5000}),
        ("uri", {"pattern": "^ftp://"}),
        ("uri", {"pattern": "^spotify:track:[0-9A-Za-z]{22}$"}),
        ("uri", {"pattern": r"\.pdf$"}),
        ("ipv4", {"pattern": r"^10\."}),
        ("ipv4", {"maxLength": 7}),
        ("ipv6", {"pattern": "^fe80:"}),
        ("hostname", {"pattern": r"\.local$"}),
        ("hostname", {"minLength": 200}),
        ("hostname", {"maxLength": 2}),
        ("date", {"pattern": "^2019"}),
        ("date", {"pattern": "-31$"}),
        ("date-time", {"pattern": "^2019.*Z$"}),
        ("date-time", {"pattern": r"\+02:00$"}),
        ("date-time", {"pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"}),
        ("date-time", {"minLength": 30}),
        ("time", {"pattern": "^1[0-9]:00:00"}),
        ("duration", {"minLength": 10}),
        ("duration", {"pattern": "^P[0-9]+D$"}),
        ("uuid", {"pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-1"}),
        ("uuid", {"pattern": "^[A-F0-9-]+$"}),
        ("byte", {"maxLength": 6}),
        ("byte", {"minLength": 41, "maxLength": 44}),
        ("json-pointer", {"minLength": 30}),
    ],
    ids=repr,
)
def test_a_format_holds_beside_pattern_and_length(name: str, words: dict[str, Any]) -> None:
    for seed in SEEDS:
        text = made({"type": "string", "format": name, **words}, seed)
        assert CHECKS[name](text), text
        assert re.search(words.get("pattern", ""), text)


def test_a_value_of_an_enum_that_is_of_the_format_is_taken() -> None:
    for seed in SEEDS:
        assert made({"type": "string", "format": "date", "enum": ["soon", "2020-01-01", "later"]}, seed) == "2020-01-01"


@pytest.mark.parametrize("word", ["example", "default"])
def test_an_example_that_is_not_of_the_format_is_passed_over(word: str) -> None:
    assert made({"type": "string", "format": "date", word: "2020-01-01T00:00:00Z"}) != "2020-01-01T00:00:00Z"
    assert made({"type": "string", "format": "date", word: "2020-01-01"}) == "2020-01-01"


def test_an_example_of_an_object_with_a_broken_format_inside_is_passed_over() -> None:
    node = {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}, "example": {"at": "now"}}
    assert CHECKS["date-time"](made(node)["at"])


@pytest.mark.parametrize("name", ["date", "ipv4", "uuid", "email", "byte", "int32"])
def test_hundreds_of_texts_of_a_format_differ(name: str) -> None:
    node = {"type": "array", "items": {"type": "string", "format": name}, "uniqueItems": True, "minItems": 300}
    found = made(node)
    assert len(set(found)) >= 300
    assert all(map(CHECKS[name], found))


@pytest.mark.parametrize("names", [("date", "date-time"), ("ipv4", "ipv6"), ("uuid", "email")])
def test_branches_that_differ_by_format_alone_have_a_body(names: tuple[str, str]) -> None:
    node = {"oneOf": [{"type": "string", "format": name} for name in names]}
    assert any(CHECKS[name](made(node)) for name in names)


def test_names_of_a_format_are_of_it() -> None:
    node = {"type": "object", "propertyNames": {"format": "uuid"}, "minProperties": 5}
    assert all(map(CHECKS["uuid"], made(node)))


def test_a_format_that_cannot_be_so_long_gives_way_to_the_length() -> None:
    assert len(generate(with_schemas({"X": {"type": "string", "format": "uuid", "minLength": 40}}), AT)) >= 40
