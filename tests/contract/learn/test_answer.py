"""What a fixture says of an answer that was seen: templates where they fit, no secrets, no ids of one day."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mock_server.contract.learn.answer import answer_of
from mock_server.contract.model import Exchange, Promise, Seen, Sent
from mock_server.contract.observe import Observation
from mock_server.contract.profile import Cell, Wanted
from mock_server.fixture.model import Response
from mock_server.fixture.template import compile_template
from mock_server.record.answer import Answer, Unlearnable, passing_fields
from tests.contract.judging import run_of_the_bundled_document

RUN = run_of_the_bundled_document()
START, COLLECT = RUN.contract.operations
ASKED = {"pull_id": "a-pull-id-of-this-run", "note": "from-me"}


def learnt(body: object, old: object = None, *, status: int = 402, group: Any = "rules", **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"content_type": "application/json"} if data else {}
    pairs = tuple((name.replace("_", "-"), value) for name, value in {**kind, **headers}.items())
    sent = Sent("POST", "/api/oauth2/credentials", (), json.dumps(ASKED).encode())
    exchange = Exchange("https://real.example", COLLECT.key, sent, Seen(status, pairs, data, 0.1))
    RUN.secrets.learn_exchange(exchange)
    cell = Cell("x", group)
    wanted = Wanted(402, Promise("k", "t", "assumed", "s"), cell=cell)
    before = Response("x", 402, "assumed", compile_template(old) if old is not None else None, "application/json")
    operation = START if group == "invalid" else COLLECT
    return answer_of(RUN, operation, Observation("c", operation.key, "r", wanted, exchange, False), before)


@pytest.mark.parametrize(
    ("body", "old", "wanted"),
    [
        ({"message": "wait"}, {"message": "consent is pending"}, {"message": "wait"}),
        ({"message": "x", "code": 7, "list": [1, None]}, None, {"message": "x", "code": 7, "list": [1, None]}),
        # a template stays where it could have made the value
        ({"message": "no body.x"}, {"message": "no {{ path.id }}"}, {"message": "no {{ path.id }}"}),
        ({"message": "other words"}, {"message": "no {{ path.id }}"}, {"message": "other words"}),
        ({"message": "m", "id": 7}, {"id": "{{ handshake.id }}"}, {"message": "m", "id": "{{ handshake.id }}"}),
        # what the request said is said again
        ({"message": "from-me"}, None, {"message": "{{ body.note }}"}),
        ({"message": "m", "pull_id": "a-pull-id-of-this-run"}, None, {"message": "m", "pull_id": "{{ body.pull_id }}"}),
        # secrets
        ({"message": "m", "access_token": "s3cr3t-s3cr3t"}, None, {"message": "m", "access_token": "redacted"}),
        ({"message": "id a-pull-id-of-this-run is bad"}, None, {"message": "id *** is bad"}),
        # other ones every time
        (
            {"message": "m", "trace": "8f14e45f-ceea-467f-a8f0-8f14e45fceea"},
            None,
            {"message": "m", "trace": "00000000-0000-4000-8000-000000000000"},
        ),
    ],
)
def test_a_body_is_written_as_a_fixture_has_it(body: object, old: object, wanted: object) -> None:
    found = learnt(body, old)
    assert (found.status, found.media_type, found.body) == (402, "application/json", wanted)


def test_the_place_of_a_violation_is_a_template() -> None:
    found = learnt({"message": "bad body.validity_duration"}, status=429, group="invalid")
    assert found.body == {"message": "bad {{ violation.where }}"}


def test_headers_that_a_client_acts_upon_are_learnt_and_no_others() -> None:
    found = learnt(
        {"message": "m"}, Retry_After="3", Date="x", Set_Cookie="a=b", X_Trace="7", Location="https://real.example/next"
    )  # fmt: skip
    assert found.headers == (("retry-after", "3"), ("location", "/next"))


def test_dates_and_ids_make_no_other_answer() -> None:
    one, other = (learnt({"message": "m", "at": at}) for at in ("2026-11-24T03:00:00Z", "2026-11-25T04:00:01.5+01:00"))
    assert one != other
    assert one.gist() == other.gist()
    assert one.gist() != learnt({"message": "n", "at": "2026-11-24"}).gist()


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"message": "m"}, 500, "500 is a failure"),
        (b"{", 402, "JSON of 402 is wrong"),
        ({"status": 402}, 402, "breaks its schema"),
        ({"message": "a {{ b"}, 402, "takes for a template"),
        ({"message": "m" * 70_000}, 402, "its body has"),
    ],
)
def test_what_no_fixture_should_repeat_is_not_learnt(body: object, status: int, why: str) -> None:
    with pytest.raises(Unlearnable, match=why):
        learnt(body, status=status)


def test_an_answer_without_a_body_has_none() -> None:
    found = learnt(b"", {"message": "m"}, status=409)
    assert (found.status, found.has_body, found.media_type) == (409, False, "")


def test_a_field_that_is_always_another_one_makes_no_other_answer() -> None:
    found = [learnt({"message": "m", "request": {"id": f"r{n}"}}) for n in range(4)]
    assert passing_fields(found) == {"body.request.id"}
    assert len({each.gist(passing_fields(found)) for each in found}) == 1
    assert passing_fields(found[:3]) == frozenset()
    assert passing_fields([*found, found[0]]) == frozenset()
