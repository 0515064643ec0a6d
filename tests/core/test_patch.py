"""Merge patches by the table of RFC 7396, JSON patches by the rules of RFC 6902."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.patch import MAX_OPERATIONS, PatchError, json_patch, merge_patch

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab~/", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_what_the_table_of_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    before = deepcopy(target)
    assert merge_patch(target, patch) == result
    assert target == before


def step(op: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **more}


COPY = {"op": "copy", "from": "/a", "path": "/b"}


@pytest.mark.parametrize(
    ("target", "steps", "result"),
    [
        ({"a": 1}, [step("add", "/b", value=2)], {"a": 1, "b": 2}),
        ({"a": 1}, [step("add", "/a", value=2)], {"a": 2}),
        ([1, 3], [step("add", "/1", value=2)], [1, 2, 3]),
        ([1], [step("add", "/-", value=2)], [1, 2]),
        ({"a": 1}, [step("add", "", value=[0])], [0]),
        ({"a": {"b": 1}}, [step("remove", "/a/b")], {"a": {}}),
        ([1, 2], [step("remove", "/0")], [2]),
        ({"a": [1]}, [step("replace", "/a/0", value=9)], {"a": [9]}),
        ({"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}], {"b": 1}),
        ({"a": [1]}, [COPY, step("add", "/b/-", value=2)], {"a": [1], "b": [1, 2]}),
        ({"a/b": 1, "m~n": 2}, [step("remove", "/a~1b"), step("test", "/m~0n", value=2)], {"m~n": 2}),
        ({"": 1}, [step("replace", "/", value=2)], {"": 2}),
        ({"a": 1}, [step("test", "/a", value=1.0)], {"a": 1}),
        ({"a": None}, [step("replace", "/a", value=1)], {"a": 1}),
    ],
)  # fmt: skip
def test_a_json_patch_is_carried_out_in_order(target: Any, steps: Any, result: Any) -> None:
    before = deepcopy(target)
    assert json_patch(target, steps) == result
    assert target == before


@pytest.mark.parametrize(
    ("target", "steps", "malformed"),
    [
        ({"a": 1}, [step("test", "/a", value=True)], False),
        ({"a": [1]}, [step("test", "/a", value=[True])], False),
        ({}, [step("remove", "/a")], False),
        ({}, [step("replace", "/a", value=1)], False),
        ([], [step("add", "/1", value=1)], False),
        ([1], [step("replace", "/01", value=1)], False),
        ([1], [step("remove", "/-")], False),
        ({"a": 1}, [step("add", "/a/b", value=1)], False),
        ({"a": {}}, [{"op": "move", "from": "/a", "path": "/a/b"}], False),
        ({"a": 1}, [{"op": "copy", "from": "", "path": "/a"}] * 80, False),
        ({"a": [[[]]]}, [{"op": "copy", "from": "/a", "path": "/a/0/0/0"}] * 40, False),
        ({}, [step("add", "/a" * 65, value=1)], False),
        ({}, {"op": "add"}, True),
        ({}, ["add"], True),
        ({}, [step("add", "a", value=1)], True),
        ({}, [step("add", "/a")], True),
        ({}, [step("spin", "/a")], True),
        ({}, [{"op": "copy", "path": "/a"}], True),
        ({}, [step("test", "", value={})] * (MAX_OPERATIONS + 1), True),
    ],
)
def test_a_json_patch_that_cannot_be_carried_out_says_whose_fault_it_is(
    target: Any, steps: Any, malformed: bool
) -> None:
    with pytest.raises(PatchError) as error:
        json_patch(target, steps)
    assert error.value.malformed is malformed


@given(JSON, JSON)
def test_merging_twice_is_merging_once(target: Any, patch: Any) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


STEPS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        op=st.sampled_from(("add", "remove", "test", "move", "copy")),
        path=st.text("ab~/-01", max_size=5),
        value=JSON,
    ),
    max_size=4,
)


@given(JSON, STEPS)
def test_any_json_patch_gives_a_value_or_is_refused(target: Any, steps: Any) -> None:
    before = deepcopy(target)
    with suppress(PatchError):
        json_patch(target, steps)
    assert target == before
