"""Error bodies of the document's shape that tell the truth."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.told import MAX_ENTRIES, Fault, Truth, tell

FAULT = Fault("body.items.0.name", "minLength", "too short")
TWO = Truth(422, [FAULT, Fault("query.n", "type", "no number")])
DETAIL = "body.items.0.name: too short"


def anything(_: Any) -> bool:
    return True


@pytest.mark.parametrize(
    "body, told",
    [
        ({"message": "string", "status": 0}, {"message": DETAIL, "status": 422}),
        ({"Status_Code": "0", "errorMessage": ""}, {"Status_Code": "422", "errorMessage": DETAIL}),
        ({"error": "string"}, {"error": DETAIL}),
        # As Spring has it: the phrase beside the message.
        ({"error": "string", "message": "string"}, {"error": "Unprocessable Content", "message": DETAIL}),
        # RFC 6749 §5.2
        ({"error": "x", "error_description": "x"}, {"error": "invalid_request", "error_description": DETAIL}),
        ({"error": {"code": 7, "message": "string"}}, {"error": {"code": 422, "message": DETAIL}}),
        ({"code": "string", "title": "string"}, {"code": "minLength", "title": "Unprocessable Content"}),
        ({"message": None, "success": True, "id": "7"}, {"message": DETAIL, "success": False, "id": "7"}),
        ({"errors": ["string"]}, {"errors": [DETAIL, "query.n: no number"]}),
        ({"errors": []}, {"errors": [DETAIL, "query.n: no number"]}),
        (
            {"errors": [{"field": "string", "message": "string"}]},
            {"errors": [{"field": "items.0.name", "message": "too short"}, {"field": "n", "message": "no number"}]},
        ),
        (
            {"detail": [{"loc": ["string"], "msg": "string", "type": "string"}]},
            {
                "detail": [
                    {"loc": ["body", "items", 0, "name"], "msg": "too short", "type": "minLength"},
                    {"loc": ["query", "n"], "msg": "no number", "type": "type"},
                ]
            },
        ),
        (
            {"errors": [{"status": "0", "title": "", "source": {"pointer": "/"}}]},
            {
                "errors": [
                    {"status": "422", "title": "Unprocessable Content", "source": {"pointer": "/items/0/name"}},
                    {"status": "422", "title": "Unprocessable Content", "source": {"pointer": "/n"}},
                ]
            },
        ),
        ([{"message": "string"}], [{"message": "too short"}, {"message": "no number"}]),
        ("string", DETAIL),
        (7, 7),
        (None, None),
        ({"data": {"message": "string"}, "count": 3}, {"data": {"message": "string"}, "count": 3}),
    ],
)
def test_fields_with_names_that_everybody_uses_tell_what_is_wrong(body: Any, told: Any) -> None:
    before = deepcopy(body)
    assert tell(body, TWO, anything) == told
    assert body == before


def test_a_field_keeps_what_it_has_where_the_schema_allows_nothing_else() -> None:
    body = {"status": "error", "message": "m", "code": 1}

    def is_valid(value: Any) -> bool:
        return bool(value["status"] == "error" and len(value["message"]) < 10 and value["code"] in (1, 422))

    assert tell(body, TWO, is_valid) == {"status": "error", "message": "too short", "code": 422}


def test_a_list_that_may_hold_one_entry_holds_the_first() -> None:
    assert tell({"errors": ["x"]}, TWO, lambda value: len(value["errors"]) == 1) == {"errors": [DETAIL]}


def test_a_list_is_bounded() -> None:
    told = tell({"errors": ["x"]}, Truth(400, [FAULT] * 1_000), anything)
    assert len(told["errors"]) == MAX_ENTRIES


NAMES = st.sampled_from(["message", "error", "errors", "detail", "status", "code", "loc", "source", "success", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 999) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(body=JSON, allowed=st.sets(st.integers(0, 30)))
def test_whatever_the_schema_allows_the_result_is_valid_and_the_body_untouched(body: Any, allowed: set[int]) -> None:
    """A schema is any predicate that the body itself fits: here by the length of the text it makes."""
    before = orjson.dumps(body)

    def is_valid(value: Any) -> bool:
        text = orjson.dumps(value)
        return text == before or len(text) % 31 in allowed

    assert is_valid(tell(body, TWO, is_valid))
    assert orjson.dumps(body) == before
