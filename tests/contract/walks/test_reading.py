"""What the walks judge by: strict JSON, fixtures to the letter, formats, and how much chance is in an id."""

from __future__ import annotations

import random
import secrets
import time
import uuid
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.model import Seen
from mock_server.contract.walks.exact import difference, same_value
from mock_server.contract.walks.guess import why_guessable
from mock_server.contract.walks.stability import rate_that_would_show
from mock_server.fixture.model import Provider, Response
from mock_server.fixture.template import compile_template
from mock_server.settings import Settings
from mock_server.spec.answer_formats import wrong_formats
from mock_server.world import build_world

NOT_STRICT = {
    "a BOM": (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
    "latin-1": (b'{"a": "\xe9"}', "UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "UTF-8"),
    "a key twice": (b'{"a": 1, "a": 2}', "twice"),
    "a key twice inside": (b'[{"b": {"a": 1, "a": 1}}]', "twice"),
    "NaN": (b'{"a": NaN}', "NaN"),
    "minus infinity": (b"[-Infinity]", "-Infinity"),
    "something behind": (b'{"a": 1}{}', "follows"),
    "a comma too many": (b'{"a": 1,}', "not JSON"),
    "cut off": (b'{"a": 1', "not JSON"),
    "nothing": (b"", "empty"),
    "blanks": (b"  \n", "empty"),
    "deep": (b"[" * 200_000, "deep"),
    "single quotes": (b"{'a': 1}", "not JSON"),
}


@pytest.mark.parametrize("name", NOT_STRICT)
def test_json_is_read_strictly(name: str) -> None:
    body, why = NOT_STRICT[name]
    with pytest.raises(NotStrict, match=why):
        read_strictly(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda kids: st.lists(kids) | st.dictionaries(st.text(), kids),
    )
)
@settings(max_examples=40)
def test_what_is_strict_json_is_read(value: Any) -> None:
    import json

    try:
        body = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert same_value(read_strictly(body), value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (1, 1.0, False),
        (1, True, False),
        (0, None, False),
        ([1, 2], [2, 1], False),
        (194785639383273120, 194785639383273121, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": None}, {}, False),
    ],
)
def test_values_are_compared_with_their_types(one: Any, other: Any, same: bool) -> None:
    assert same_value(one, other) is same


CREDENTIALS = {"access_token": "abc", "clientId": 194785639383273120, "status": 200}
GRANTED = b'{"access_token": "abc", "clientId": 194785639383273120, "status": 200}'
PROVIDER = Provider("fb", "Facebook", "documented", credentials=CREDENTIALS)
HEADERS = (("content-type", "application/json"),)


def answer(body: Any, **headers: str) -> Response:
    found = tuple((name.replace("_", "-"), compile_template(value)) for name, value in headers.items())
    return Response("good", 200, "documented", compile_template(body), "application/json", found)


@pytest.mark.parametrize(
    ("wanted", "body", "differs"),
    [
        ({"message": "no"}, b'{"message": "no"}', ""),
        ({"message": "no"}, b'{"message": "yes"}', "message is another"),
        ({"message": "no"}, b"{}", "message is missing"),
        ({"message": "no"}, b'{"message": "no", "trace": 1}', "'trace' is more than there should be"),
        ({"message": "no"}, b'"no"', "the body is a text instead of an object"),
        ({"status": 402}, b'{"status": "402"}', "status is a text instead of an integer"),
        ({"status": 402}, b'{"status": 402.0}', "status is a number with a point instead of an integer"),
        ({"id": "{{ handshake.pull_id }}"}, b'{"id": "anything"}', ""),
        ({"message": "invalid: {{ violation.where }}!"}, b'{"message": "invalid: body.a!"}', ""),
        ({"message": "invalid: {{ violation.where }}!"}, b'{"message": "good: body.a!"}', "message is another"),
        ("{{ handshake.credentials }}", GRANTED, ""),
        ("{{ handshake.credentials }}", GRANTED.replace(b"3120", b"3000"), "clientId is another"),
        ("{{ handshake.credentials }}", GRANTED.replace(b"120,", b"120.0,"), "clientId is a number with a point instead of an integer"),  # noqa: E501
    ],
)  # fmt: skip
def test_an_answer_is_held_to_its_fixture(wanted: Any, body: bytes, differs: str) -> None:
    assert difference(answer(wanted), Seen(200, HEADERS, body, 0.0), PROVIDER) == differs


def test_a_header_of_the_fixture_is_part_of_the_answer() -> None:
    limited = answer({}, retry_after="10")
    assert difference(limited, Seen(429, HEADERS, b"{}", 0.0), None) == "the header retry-after is missing"
    assert difference(limited, Seen(429, (*HEADERS, ("Retry-After", "9")), b"{}", 0.0), None) == (
        "the header retry-after is another"
    )
    assert difference(limited, Seen(429, (*HEADERS, ("Retry-After", "10")), b"{}", 0.0), None) == ""


GUESSABLE: dict[str, Callable[[int], str]] = {
    "one for all": lambda number: "constant-constant-constant",
    "a counter": lambda number: f"pull-{number:032d}",
    "a counter in base 16": lambda number: f"{number:032x}",
    "milliseconds": lambda number: f"{time.time_ns() // 10**6 + number * 3}",
    "a clock and a counter": lambda number: f"{1_700_000_000 + number // 7}-{number:04d}",
    "four digits": lambda number: f"{random.Random(number).randrange(10**4):04d}",
    "eight letters of base 16": lambda number: secrets.token_hex(4),
    "time first": lambda number: str(uuid.uuid1(node=1, clock_seq=1)),
    "a hashed counter": lambda number: md5(str(number).encode(), usedforsecurity=False).hexdigest(),
}
UNGUESSABLE: dict[str, Callable[[int], str]] = {
    "128 bits in base 16": lambda number: secrets.token_hex(16),
    "192 bits in base 64": lambda number: f"{secrets.token_urlsafe(9)}.{secrets.token_urlsafe(24)}",
    "a random UUID": lambda number: str(uuid.uuid4()),
    "a common head": lambda number: f"eyJhbGciOiJIUzI1NiJ9.{number:06d}.{secrets.token_urlsafe(20)}",
    "of different lengths": lambda number: secrets.token_hex(16 + number % 3),
}


@pytest.mark.parametrize("how", GUESSABLE)
def test_ids_that_can_be_guessed_are_told(how: str) -> None:
    assert why_guessable([GUESSABLE[how](number) for number in range(50)])


@pytest.mark.parametrize("how", UNGUESSABLE)
def test_random_ids_are_never_found_fault_with(how: str) -> None:
    for _ in range(20):
        assert not why_guessable([UNGUESSABLE[how](number) for number in range(50)])


@pytest.mark.parametrize(("calls", "percent"), [(299, 1.0), (59, 4.95), (460, 0.65), (1, 95.0)])
def test_how_rare_a_failure_may_be_is_told_by_the_number_of_calls(calls: int, percent: float) -> None:
    assert 100 * rate_that_would_show(calls) == pytest.approx(percent, abs=0.02)


DOCUMENT = """\
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /a:
    get:
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                allOf: [{$ref: "#/components/schemas/Dated"}]
                properties:
                  id: {type: string, format: uuid}
                  link: {type: string, format: uri}
                  mail: {type: string, format: email}
                  small: {type: integer, format: int32}
                  big: {type: integer, format: int64}
                  hosts: {type: array, items: {type: string, format: ipv4}}
                  free: {type: string, format: anything}
components:
  schemas:
    Dated: {type: object, properties: {on: {type: string, format: date}, at: {type: string, format: date-time}}}
"""


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"at": "2024-02-29T23:59:60Z", "on": "2024-02-29"}, []),
        ({"at": "2024-02-29 23:59:59.5+01:00"}, []),
        ({"at": "2023-02-29T00:00:00Z"}, ["at"]),
        ({"at": "2024-01-01T24:00:00Z"}, ["at"]),
        ({"at": "2024-01-01T00:00:00"}, ["at"]),
        ({"on": "20240101"}, ["on"]),
        ({"id": "8c2b3b0e-5c4f-4d0c-9d3a-3a2d8f1f2b3c"}, []),
        ({"id": "8c2b3b0e5c4f4d0c9d3a3a2d8f1f2b3c"}, ["id"]),
        ({"link": "https://a.example/x?y=1"}, []),
        ({"link": "/relative"}, ["link"]),
        ({"mail": "a@b.example"}, []),
        ({"mail": "nobody"}, ["mail"]),
        ({"small": 2**31 - 1, "big": 2**63 - 1}, []),
        ({"small": 2**31, "big": -(2**63) - 1}, ["small", "big"]),
        ({"hosts": ["127.0.0.1", "1.2.3"]}, ["items"]),
        ({"free": ""}, []),
        ([], []),
    ],
)
def test_formats_of_one_clear_meaning_are_held(tmp_path: Path, value: Any, wrong: list[str]) -> None:
    (tmp_path / "a.yaml").write_text(DOCUMENT)
    world = build_world(Settings(specs=(tmp_path / "a.yaml",)))
    pointer = ("paths", "/a", "get", "responses", "200", "content", "application/json", "schema")
    assert sorted(name for name, _ in wrong_formats(world.documents[0], pointer, value)) == sorted(wrong)
