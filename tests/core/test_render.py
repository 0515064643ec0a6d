"""Rendering: from a chosen response to bytes that never break the document silently."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mock_server.core.render import render
from mock_server.fixture.model import Response
from mock_server.fixture.response import with_encoding
from mock_server.fixture.template import compile_template
from mock_server.model import MISSING, Reason
from tests.core.pure import START, plan


class Known:
    """Facts that are simply given."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def get(self, where: tuple[str, ...]) -> Any:
        return self.values.get(where[-1], MISSING)


def response(status: int = 200, body: Any = None, media_type: str = "application/json", **headers: str) -> Response:
    return with_encoding(
        Response(
            "it",
            status,
            "assumed",
            None if body is None else compile_template(body),
            media_type,
            tuple((name.replace("_", "-"), compile_template(value)) for name, value in headers.items()),
        )
    )


def test_a_static_body_is_encoded_before_anybody_asks() -> None:
    made = response(body={"a": 1})
    assert made.encoded == b'{"a":1}'
    given = render(made, Known(), [])
    assert given.body is made.encoded
    assert dict(given.headers) == {b"content-type": b"application/json", b"content-length": b"7"}


@pytest.mark.parametrize(
    "body, values, wanted",
    [
        ({"id": "{{ body.id }}"}, {"id": 12847564034}, {"id": 12847564034}),
        ({"id": "n. {{ body.id }}"}, {"id": 7}, {"id": "n. 7"}),
        ({"all": "{{ body.id }}"}, {"id": {"deep": [1, None, True]}}, {"all": {"deep": [1, None, True]}}),
        ({"text": "is {{ body.id }}"}, {"id": [1, "a"]}, {"text": 'is [1,"a"]'}),
        (["{{ body.id }}", "{{ body.name }}"], {"id": 1, "name": "x"}, [1, "x"]),
        ({"text": "{{ body.id }}"}, {"id": "{{ body.name }}", "name": "twice"}, {"text": "{{ body.name }}"}),
    ],
)
def test_a_template_is_filled_once_and_keeps_the_type(body: Any, values: dict[str, Any], wanted: Any) -> None:
    assert orjson.loads(render(response(body=body), Known(**values), []).body) == wanted


def test_a_large_integer_keeps_its_last_digit() -> None:
    given = render(response(body={"id": "{{ body.id }}"}), Known(id=194785639383273121), [])
    assert given.body == b'{"id":194785639383273121}'


def test_what_the_client_left_out_is_null_and_the_reasons_say_so() -> None:
    reasons: list[Reason] = []
    assert render(response(body={"id": "{{ body.id }}"}), Known(), reasons).body == b'{"id":null}'
    assert [str(reason) for reason in reasons] == ["render: nothing to fill body.id with"]


@pytest.mark.parametrize(
    "value, sent",
    [
        ("a\r\nset-cookie: x=1", b"a  set-cookie: x=1"),
        ("a\x00\x1b[31m\x7f", b"a  [31m "),
        ("é", "é".encode("latin-1")),
        ("日本", b"??"),
        (7, b"7"),
        ({"a": "\n"}, b'{"a":"\\n"}'),
        ("x" * 5_000, b"x" * 1_000),
    ],
)
def test_a_value_cannot_split_a_header(value: Any, sent: bytes) -> None:
    given = render(response(x_echo="{{ body.it }}"), Known(it=value), [])
    assert (b"x-echo", sent) in given.headers
    assert not [line for line in given.headers if b"\r" in line[1] or b"\n" in line[1]]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_must_not_have_a_body_has_none(status: int) -> None:
    given = render(response(status, {"a": 1}, x_id="1"), Known(), [])
    assert given.body == b""
    assert given.headers == ((b"x-id", b"1"),)


def test_an_answer_without_a_body_says_its_length_and_no_type() -> None:
    assert render(response(), Known(), []).headers == ((b"content-length", b"0"),)


def test_a_text_is_sent_as_it_is_for_a_type_that_is_not_json() -> None:
    given = render(response(body="hello {{ body.id }}", media_type="text/plain"), Known(id=7), [])
    assert given.body == b"hello 7"
    assert (b"content-type", b"text/plain") in given.headers


BREAKS = {"status": 402, "message": "{{ body.note }}"}


def test_a_filled_body_that_breaks_the_document_is_marked() -> None:
    schema = plan(START).schemas["payment-required"]
    reasons: list[Reason] = []
    given = render(response(402, BREAKS), Known(note=5), reasons, schema)
    assert given.status == 402
    assert dict(given.headers)[b"mock-body-invalid"] == b'/message 5 is not of type "string"'
    assert str(reasons[-1]).startswith("render: the body breaks the document: /message")


def test_the_mark_cannot_be_split_by_what_it_quotes() -> None:
    schema = plan(START).schemas["payment-required"]
    given = render(response(402, BREAKS), Known(note=["a\r\nb", "é日"]), [], schema)
    assert all(byte >= 32 for byte in dict(given.headers)[b"mock-body-invalid"])


def test_under_strict_a_body_that_breaks_the_document_is_our_own_500() -> None:
    schema = plan(START).schemas["payment-required"]
    given = render(response(402, BREAKS), Known(note=5), [], schema, strict=True)
    assert given.status == 500
    problem = orjson.loads(given.body)
    assert (problem["code"], problem["response"]) == ("MS413", "it")
    assert (b"content-type", b"application/problem+json") in given.headers


def test_a_filled_body_that_keeps_the_document_is_sent_without_a_mark() -> None:
    schema = plan(START).schemas["payment-required"]
    for strict in (False, True):
        given = render(response(402, BREAKS), Known(note="fine"), [], schema, strict)
        assert given.status == 402
        assert b"mock-body-invalid" not in dict(given.headers)
