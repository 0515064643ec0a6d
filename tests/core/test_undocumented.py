"""Query parameters that nobody described, under ``--strict-query``."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.core.undocumented import MAX_TOLD, undocumented
from tests.codec.described import operation

PAGE = {"name": "page", "in": "query", "schema": {"type": "integer"}}
OPEN = {"name": "o", "in": "query", "schema": {"type": "object", "additionalProperties": {"type": "string"}}}
SPREAD = {"name": "o", "in": "query", "schema": {"type": "object", "properties": {"a": {}, "b": {}}}}
DEEP = {"name": "f", "in": "query", "style": "deepObject", "schema": {"type": "object"}}
EITHER = {"name": "e", "in": "query", "schema": {"anyOf": [{"type": "string"}, {"type": "object"}]}}
WHOLE = {"name": "q", "in": "querystring", "content": {"application/x-www-form-urlencoded": {"schema": {}}}}
HEADER = {"name": "x", "in": "header", "schema": {}}


@pytest.mark.parametrize(
    ("parameters", "sent", "refused"),
    [
        ([], ["a"], ["a"]),
        ([PAGE], ["page", "pge", "Page"], ["pge", "Page"]),
        ([PAGE, HEADER], ["x"], ["x"]),
        ([PAGE], ["__code", "__wait"], []),
        ([SPREAD], ["a", "b", "c"], ["c"]),
        ([OPEN], ["anything"], []),
        ([DEEP], ["f[a]", "f[]", "f", "fa", "g[a]"], ["fa", "g[a]"]),
        ([EITHER], ["e", "z"], ["z"]),
        ([WHOLE], ["anything"], []),
        ([PAGE], ["z", "z"], ["z"]),
    ],
)
def test_names_that_are_not_described_are_refused(parameters: Any, sent: list[str], refused: list[str]) -> None:
    find = undocumented(operation("3.2.0", parameters=parameters))
    found = list(find([(name, "") for name in sent]))
    assert [each.where for each in found] == [f"query.{name}" for name in refused]
    assert {each.rule for each in found} <= {"undocumented"}


def test_the_nearest_name_is_told() -> None:
    (found,) = undocumented(operation(parameters=[PAGE]))([("pge", "1")])
    assert found.message == "pge is no query parameter of this operation; did you mean page?"
    assert found.wanted == ["page"]


def test_a_thousand_names_are_not_all_told() -> None:
    assert len(list(undocumented(operation())([(str(name), "") for name in range(1_000)]))) == MAX_TOLD
