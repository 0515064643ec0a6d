"""Two answers: what is a difference, and what differs by nature; what departs from the document."""

from __future__ import annotations

import json

import pytest

from mock_server.contract.compare import differences
from mock_server.contract.conform import departures
from mock_server.contract.model import Exchange, Seen, Sent
from mock_server.settings import Settings
from mock_server.spec.operations import Operation
from mock_server.world import build_world
from tests.contract.judging import ORIGIN, run_of_the_bundled_document

JSON = ("Content-Type", "application/json")


@pytest.fixture(scope="module")
def collect() -> Operation:
    return build_world(Settings()).operations["POST /oauth2/credentials"]


def seen(body: object, status: int = 200, *headers: tuple[str, str]) -> Seen:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Seen(status, headers or (JSON,), data, 0.01)


GOOD = {"access_token": "a", "message": "m", "userId": 1, "status": 200}


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (seen(GOOD), seen({**GOOD, "access_token": "b", "userId": 10**12}), []),
        (seen({**GOOD, "price": 10}), seen({**GOOD, "price": 10.5}), []),
        (seen({**GOOD, "next": None}), seen({**GOOD, "next": "x"}), []),
        (seen({**GOOD, "list": []}), seen({**GOOD, "list": [1]}), []),
        (seen({**GOOD, "days": {"2026-11-24": 1}}), seen({**GOOD, "days": {"2026-11-25": 1}}), []),
        (seen(GOOD), seen(GOOD, 200, ("content-type", "application/json; charset=utf-8"), ("date", "x")), []),
        (seen(GOOD), seen({**GOOD, "userId": "1"}), ["shape body.userId: number | string"]),
        (seen(GOOD), seen({**GOOD, "more": {"a": {"b": 1}}}), ["shape body.more: missing | object"]),
        (seen({**GOOD, "a": [{"b": 1}]}), seen({**GOOD, "a": [{}]}), ["shape body.a[].b: number | missing"]),
        (seen({**GOOD, "a": [1]}), seen({**GOOD, "a": ["1"]}), ["shape body.a[]: number | string"]),
        (seen(GOOD), seen([GOOD]), ["shape body: object | array"]),
        (seen(GOOD), seen(b"{"), ["shape body: JSON | not JSON"]),
        (seen({}, 402), seen({}, 409), ["status: 402 | 409"]),
        (seen({}, 402), Seen(0, (), b"", 0.1, "reset"), ["status: 402 | no answer (reset)"]),
        (seen(GOOD), seen(b"<p>", 200, ("Content-Type", "text/html")), ["media type: application/json | text/html"]),
        (seen({}, 429), seen({}, 429, JSON, ("Retry-After", "3")), ["header retry-after: missing | there"]),
        (seen({}, 402, JSON, ("X-Request-Id", "7")), seen({}, 402), []),
    ],
)
def test_what_differs(collect: Operation, one: Seen, other: Seen, wanted: list[str]) -> None:
    found = [
        f"{each.aspect} {each.where}".strip() + f": {each.one} | {each.other}"
        for each in differences(collect, one, other)
    ]
    assert found == wanted


@pytest.mark.parametrize(
    ("answer", "aspect", "shape"),
    [
        (seen({"message": "x"}, 418), "status", "418"),
        (seen({"message": "x"}, 200), "body", "required status"),
        (seen({**GOOD, "userId": "1"}), "body", "userId, type"),
        (seen(b"{"), "body", "the JSON of 200 is wrong"),
        (seen(GOOD, 200, ("Content-Type", "text/html")), "media type", "text/html"),
    ],
)
def test_what_departs_from_the_document(answer: Seen, aspect: str, shape: str) -> None:
    run = run_of_the_bundled_document()
    found = next(departures(run, exchange(answer)))
    assert found.aspect == aspect
    assert shape in found.text
    assert found.promise.level in ("documented", "standard")


@pytest.mark.parametrize("answer", [seen(GOOD), seen({"message": "x", "more": 1}, 402), Seen(0, (), b"", 1.0, "reset")])
def test_what_keeps_the_document(answer: Seen) -> None:
    assert list(departures(run_of_the_bundled_document(), exchange(answer))) == []


def exchange(answer: Seen) -> Exchange:
    return Exchange(ORIGIN, "POST /oauth2/credentials", Sent("POST", "/api/oauth2/credentials", (), b"{}"), answer)
