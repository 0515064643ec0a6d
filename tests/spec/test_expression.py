"""Runtime expressions: the grammar of OAS 3.1 §4.8.20.4, and what they resolve to."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.model import MISSING
from mock_server.spec.expression import (
    Exchange,
    Expression,
    ExpressionError,
    Unresolved,
    at_pointer,
    parse_expression,
    parse_expressive,
    pointer_of,
)

EXCHANGE = Exchange(
    url="http://127.0.0.1:4010/subscribe/7?queryUrl=http%3A%2F%2Fclient%2Fq&list=1&list=2&empty=",
    method="POST",
    status=201,
    path={"eventType": "7"},
    query="queryUrl=http%3A%2F%2Fclient%2Fq&list=1&list=2&empty=",
    request_headers={"content-type": "application/json", "x-url": "http://client/h"},
    request_body={
        "failedUrl": "http://client/f",
        "successUrls": ["http://client/a", "http://client/b"],
        "a/b": {"m~n": 1},
        "list": [0, 1],
        "": "empty key",
        "n": None,
        "f": 1.5,
        "big": 10**30,
        "t": True,
        "10": "ten",
    },
    response_headers={"location": "http://server/subscription/1"},
    response_body=[{"id": 5}],
)


@pytest.mark.parametrize(
    "text, value",
    [
        ("$url", EXCHANGE.url),
        ("$method", "POST"),
        ("$statusCode", 201),
        ("$request.path.eventType", "7"),
        ("$request.query.queryUrl", "http://client/q"),
        ("$request.query.list", "1"),
        ("$request.query.empty", ""),
        ("$request.header.content-Type", "application/json"),
        ("$request.header.X-URL", "http://client/h"),
        ("$request.body", EXCHANGE.request_body),
        ("$request.body#", EXCHANGE.request_body),
        ("$request.body#/failedUrl", "http://client/f"),
        ("$request.body#/successUrls/1", "http://client/b"),
        ("$request.body#/a~1b/m~0n", 1),
        ("$request.body#/", "empty key"),
        ("$request.body#/n", None),
        ("$request.body#/t", True),
        ("$request.body#/f", 1.5),
        ("$request.body#/10", "ten"),
        ("$response.header.Location", "http://server/subscription/1"),
        ("$response.body#/0/id", 5),
        ("{$response.body#/0/id}", 5),
        ("id {$response.body#/0/id}", "id 5"),
        ("{$request.body#/t}{$request.body#/f}", "true1.5"),
        ("{$response.body}!", '[{"id":5}]!'),
        ("{$request.body#/big}", 10**30),
        ("id {$request.body#/big}", f"id {10**30}"),
        ("http://client/x", "http://client/x"),
        ("http://client?id={$request.body#/f}&email={$request.path.eventType}", "http://client?id=1.5&email=7"),
        ("", ""),
    ],
)
def test_an_expression_has_this_value_of_this_type(text: str, value: Any) -> None:
    found = parse_expressive(text).resolve(EXCHANGE)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text, why",
    [
        ("$request.path.other", "$request.path.other: the request has no path parameter 'other'"),
        ("$request.query.other", "$request.query.other: the request has no query parameter 'other'"),
        ("$request.query.QueryUrl", "$request.query.QueryUrl: the request has no query parameter 'QueryUrl'"),
        ("$request.header.other", "$request.header.other: the request has no header 'other'"),
        ("$request.body#/x/y", "$request.body#/x/y: the request's body has nothing at '/x/y'"),
        ("$request.body#/list/2", "$request.body#/list/2: the request's body has nothing at '/list/2'"),
        ("$request.body#/list/-", "$request.body#/list/-: the request's body has nothing at '/list/-'"),
        ("$request.body#/list/01", "$request.body#/list/01: the request's body has nothing at '/list/01'"),
        ("$request.body#/failedUrl/0", "$request.body#/failedUrl/0: the request's body has nothing at '/failedUrl/0'"),
        ("$response.header.x-none", "$response.header.x-none: the response has no header 'x-none'"),
        ("$response.query.a", "$response.query.a: a response has no query parameters"),
        ("$response.path.a", "$response.path.a: a response has no path parameters"),
        ("http://client/{$request.body#/n}", "$request.body#/n: the value is null"),
    ],
)
def test_what_is_not_there_is_said_and_never_empty(text: str, why: str) -> None:
    with pytest.raises(Unresolved) as caught:
        parse_expressive(text).resolve(EXCHANGE)
    assert str(caught.value) == why


def test_a_body_that_is_missing_is_said() -> None:
    with pytest.raises(Unresolved, match="the response's body has nothing"):
        parse_expression("$response.body").resolve(EXCHANGE._replace(response_body=MISSING))


@pytest.mark.parametrize(
    "text, why",
    [
        ("$urls", "'$urls' is no runtime expression; there are $url, $method, "),
        ("$request", "'$request' is no runtime expression; "),
        ("$request.", "'$request.' is no runtime expression; "),
        ("$request.cookie.a", "'$request.cookie.a' is no runtime expression; "),
        ("$request.body/a", "'$request.body/a' is no runtime expression; "),
        ("$Request.body", "'$Request.body' is no runtime expression; "),
        ("$request.header.", "'$request.header.': '' is no header's name"),
        ("$request.header.a b", "'$request.header.a b': 'a b' is no header's name"),
        ("$request.query.", "'$request.query.': the name of the parameter is missing"),
        ("$request.body#a", "'$request.body#a': a JSON pointer begins with '/'"),
        ("$request.body#/a~2", "'$request.body#/a~2': in a JSON pointer '~' is written ~0 and '/' ~1"),
        ("http://x/{$url", "'http://x/{$url': a '{' is never closed"),
        ("http://x/{id}", "'http://x/{id}': {id} is no runtime expression; an expression begins with '$'"),
        ("http://x/{$nothing}", "'$nothing' is no runtime expression; "),
    ],
)
def test_a_text_that_is_no_expression_says_why(text: str, why: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expressive(text)
    assert str(caught.value).startswith(why)


@given(st.lists(st.text(max_size=8), max_size=5))
def test_a_pointer_is_read_back_as_it_was_written(steps: list[str]) -> None:
    text = pointer_of(tuple(steps))
    parsed = parse_expression("$request.body#" + text)
    assert parsed == Expression(parsed.text, "request", "body", pointer=tuple(steps))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


def _everywhere(value: Any, steps: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found = [(steps, value)]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += _everywhere(inner, (*steps, str(key)))
    return found


@given(JSON)
def test_every_place_of_a_body_has_a_pointer(body: Any) -> None:
    for steps, value in _everywhere(body):
        assert at_pointer(body, steps) is value
        assert parse_expression("$request.body#" + pointer_of(steps)).resolve(
            EXCHANGE._replace(request_body=body)
        ) is value  # fmt: skip


@given(st.text(max_size=60) | st.text(alphabet="${}.#/~requstbodyhaqp ", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_expressive(text)
    except ExpressionError:
        return
    with suppress(Unresolved):
        assert found.is_whole or isinstance(found.resolve(EXCHANGE), str)
