"""Big demands, narrow ones, and items that have to differ when there are no more than that many."""

from __future__ import annotations

from itertools import product
from time import process_time
from typing import Any

import pytest

from mock_server.errors import Broken
from mock_server.spec.generate import generate
from tests.spec.documents import with_schemas

AT = ("components", "schemas", "X")
INT: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}
BOTH = {"enum": [1, 2]}


def unique(items: Any, least: int) -> dict[str, Any]:
    return {"type": "array", "uniqueItems": True, "items": items, "minItems": least}


PAIR = {
    "type": "object", "required": ["a", "b"], "properties": {"a": BOTH, "b": {"enum": [1, 2, 3]}},
    "additionalProperties": False,
}  # fmt: skip


@pytest.mark.parametrize(
    "node",
    [
        {"type": "array", "items": INT, "minItems": 3000},
        {"type": "array", "items": {"type": "object", "required": ["id"], "properties": {"id": INT}}, "minItems": 1200},
        unique(INT, 1500),
        unique(TEXT, 1500),
        unique({"type": "object", "required": ["id"], "properties": {"id": INT}}, 1500),
        unique({}, 2000),
        {"type": "object", "additionalProperties": INT, "minProperties": 2000},
        {"type": "object", "required": [f"k{number}" for number in range(1500)]},
        {
            "type": "object",
            "patternProperties": {"^[a-z]{3}$": INT},
            "additionalProperties": False,
            "minProperties": 3000,
        },
        {"type": "string", "minLength": 200_000},
        {"type": "string", "minLength": 150_000, "maxLength": 150_000, "pattern": "^[a-z]+$"},
        {"type": "string", "pattern": "^(a|b){10000}$"},
        {"type": "number", "multipleOf": 0.01, "minimum": 1e6, "maximum": 1e6 + 1},
        {"type": "number", "multipleOf": 1e-9},
        {"type": "number", "multipleOf": 0.00001, "exclusiveMinimum": 0, "maximum": 0.00001},
        {"type": "number", "exclusiveMinimum": 1.0, "exclusiveMaximum": 1.0000000000000004},
        {"type": "number", "exclusiveMinimum": 1.7e308},
        {"type": "number", "exclusiveMaximum": -1.7e308},
        {"type": "number", "minimum": 1e-320, "maximum": 1e-310},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "integer", "minimum": 2**63, "maximum": 2**63},
        {"type": "integer", "maximum": -(2**65)},
        {"type": "array", "items": BOTH, "not": {"uniqueItems": True}},
        {"type": "array", "prefixItems": [TEXT], "contains": INT, "unevaluatedItems": False, "minItems": 3},
    ],
    ids=lambda node: str(node)[:70],
)
def test_a_demand_is_met_soon(node: Any) -> None:
    document = with_schemas({"X": node})
    start = process_time()
    for seed in range(3):
        assert document.schema(AT).is_valid(generate(document, AT, seed))
    assert process_time() - start < 6


@pytest.mark.parametrize(
    ("items", "all_of_them"),
    [
        ({"enum": ["a", "b", "c"]}, ["a", "b", "c"]),
        ({"type": "boolean"}, [False, True]),
        ({"type": "integer", "minimum": 1, "maximum": 40}, list(range(1, 41))),
        ({"type": "string", "pattern": "^[0-9]{2}$"}, [f"{number:02}" for number in range(100)]),
        ({"type": "string", "pattern": "^(?:[ab]{2}|c?)$"}, ["", "aa", "ab", "ba", "bb", "c"]),
        (
            {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 2},
            [list(pair) for pair in product([False, True], repeat=2)],
        ),
        (
            {"type": "array", "prefixItems": [BOTH, BOTH], "minItems": 2, "items": False},
            [list(pair) for pair in product([1, 2], repeat=2)],
        ),
        (PAIR, [{"a": one, "b": other} for one in (1, 2) for other in (1, 2, 3)]),
    ],
    ids=repr,
)
def test_where_there_are_just_so_many_values_each_is_there_once(items: Any, all_of_them: list[Any]) -> None:
    document = with_schemas({"X": unique(items, len(all_of_them))})
    for seed in range(4):
        assert sorted(map(repr, generate(document, AT, seed))) == sorted(map(repr, all_of_them))


@pytest.mark.parametrize(
    "node",
    [
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "object", "minProperties": 10**9},
        {"type": "array", "minItems": 20_000, "items": {"type": "array", "minItems": 20_000}},
        {"type": "array", "minItems": 20_000, "items": {"type": "string", "minLength": 900_000}},
    ],
    ids=repr,
)
def test_what_would_fill_the_memory_is_refused_soon(node: Any) -> None:
    start = process_time()
    with pytest.raises(Broken, match="MS213"):
        generate(with_schemas({"X": node}), AT)
    assert process_time() - start < 6


def test_one_of_many_overlapping_branches_is_told_from_all_the_others() -> None:
    shared = dict.fromkeys(("status", "message", "link", "method"), TEXT)
    branches = [
        {"type": "object", "required": ["status"], "properties": {**shared, f"own{number}": {"type": "boolean"}}}
        for number in range(6)
    ]
    document = with_schemas({"X": {"oneOf": branches}})
    for seed in range(4):
        assert document.schema(AT).is_valid(generate(document, AT, seed))
