"""Whether what was asked is what a test wants; and how the nearest entries differ."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.journal.entry import finder
from mock_server.journal.marks import mark
from mock_server.journal.verify import BadClaim, Known, read_claim, verify
from tests.core.pure import world
from tests.journal.told import Told, told

KEY = b"a key of this test"
JOURNAL: list[Told] = [
    told(1, body='{"datasource_id":"fb","validity_duration":300}',
         marks={"header.authorization": mark(KEY, "dev-token")}),
    told(2, body='{"datasource_id":"mysql"}', status=429, response="no-such-source", path="/api/oauth2?n=2"),
    told(3, path="/api/oauth2/credentials", operation="POST /oauth2/credentials", status=402, body='{"pull_id":"***"}',
         marks={"body.pull_id": mark(KEY, "the-pull-id")}, answer='{"status":402,"message":"consent is pending"}',
         answer_headers={"content-type": "application/json"}),
    told(4, body='{"datasource_id":"fb","ids":[1,2],"big":12345678901234567890123}', headers={"x-n": "7"}),
]  # fmt: skip
LISTS = Known(lists={"providers": ["fb", "google_ads"]})


def judged(claim: dict[str, Any]) -> dict[str, Any]:
    return verify(JOURNAL, read_claim(claim, LISTS), finder(world().router), KEY)


@pytest.mark.parametrize(
    "claim, count",
    [
        ({}, 4),
        ({"operation": "POST /oauth2"}, 3),
        ({"method": "post", "path": "/api/oauth2"}, 3),
        ({"path": "*/credentials"}, 1),
        ({"status": 402}, 1),
        ({"status": "4xx"}, 2),
        ({"status": [402, "429"]}, 2),
        ({"response": "no-such-source"}, 1),
        ({"where": {"body.datasource_id": "fb"}}, 2),
        ({"where": {"body.datasource_id": {"one_of": "providers"}}}, 2),
        ({"where": {"body.datasource_id": {"not_in": "providers", "present": True}}}, 1),
        ({"where": {"body.datasource_id": {"matches": "^my"}}}, 1),
        ({"where": {"body.validity_duration": {"above": 299, "below": 301}}}, 1),
        ({"where": {"body.validity_duration": {"present": False}}}, 3),
        ({"where": {"body.ids": {"contains": 2}}}, 1),
        ({"where": {"body.ids.1": 2}}, 1),
        ({"where": {"body.big": 12345678901234567890123}}, 1),
        ({"where": {"query.n": "2"}}, 1),
        ({"where": {"header.X-N": "7"}}, 1),
        ({"where": {"response.status": {"above": 400}}}, 2),
        ({"where": {"response.body.message": {"contains": "pending"}}}, 1),
        ({"where": {"request.method": "POST"}}, 4),
        ({"where": {"header.authorization": "dev-token"}}, 1),
        ({"where": {"header.authorization": "Bearer dev-token"}}, 1),
        ({"where": {"body.pull_id": "the-pull-id"}}, 1),
        ({"where": {"body.pull_id": {"one_of": ["the-pull-id", "another"]}}}, 1),
        ({"where": {"body.pull_id": {"not_in": ["another"]}}}, 4),
        ({"where": {"body.pull_id": {"present": True}}}, 1),
    ],
)
def test_a_claim_counts_what_fits_it(claim: dict[str, Any], count: int) -> None:
    found = judged({**claim, "times": count})
    assert found["verified"], found["message"]
    assert (found["count"], len(found["matched"])) == (count, count)
    assert not judged({**claim, "times": {"exactly": count + 1}})["verified"]


@pytest.mark.parametrize(
    "times, verified",
    [(2, True), (1, False), (0, False), ({"exactly": 2}, True), ({"at_least": 2}, True), ({"at_least": 3}, False),
     ({"at_most": 2}, True), ({"at_most": 1}, False), ({"at_least": 1, "at_most": 3}, True)],
)  # fmt: skip
def test_times_are_exactly_at_least_or_at_most(times: Any, verified: bool) -> None:
    assert judged({"where": {"body.datasource_id": "fb"}, "times": times})["verified"] is verified


def test_without_times_once_is_enough_and_never_is_a_claim() -> None:
    assert judged({"where": {"body.datasource_id": "fb"}})["verified"]
    assert not judged({"where": {"body.datasource_id": "nobody"}})["verified"]
    assert judged({"where": {"body.datasource_id": "nobody"}, "times": 0})["verified"]
    assert (
        verify([], read_claim({}))["message"]
        == "any request was seen 0 times, wanted at least 1 time; the journal is empty"
    )


def test_the_nearest_come_first_each_with_its_differences() -> None:
    found = judged(
        {"operation": "POST /oauth2", "where": {"body.datasource_id": "google_ads", "body.validity_duration": 300}}
    )
    assert not found["verified"]
    assert [each["entry"] for each in found["nearest"]] == ["abcdef-1", "abcdef-4", "abcdef-2", "abcdef-3"]
    assert found["nearest"][0]["differences"] == ['body.datasource_id: wanted "google_ads", was "fb"']
    assert found["nearest"][1]["differences"] == [
        'body.datasource_id: wanted "google_ads", was "fb"',
        "body.validity_duration: wanted 300, was not there",
    ]
    assert found["message"] == (
        'POST /oauth2 where body.datasource_id is "google_ads" and body.validity_duration is 300 was seen 0 times, '
        'wanted at least 1 time; nearest: abcdef-1 POST /api/oauth2: body.datasource_id: wanted "google_ads", was "fb"'
    )


def test_everything_that_a_pattern_says_is_told_when_it_differs() -> None:
    wanted = {
        "operation": "POST /other",
        "method": "GET",
        "path": "/x",
        "status": 200,
        "response": "y",
        "kind": "outgoing",
    }
    found = judged({**wanted, "where": {"body.pull_id": {"present": False}}})
    third = next(each for each in found["nearest"] if each["entry"] == "abcdef-3")
    assert third["differences"] == [
        "kind: wanted outgoing, was request",
        "operation: wanted POST /other, was POST /oauth2/credentials",
        "method: wanted GET, was POST",
        "path: wanted /x, was /api/oauth2/credentials",
        "status: wanted 200, was 402",
        "response: wanted y, was started",
        "body.pull_id: wanted nothing, was there",
    ]


def test_a_secret_is_compared_and_never_told() -> None:
    found = judged({"where": {"header.authorization": "Bearer another-token"}})
    text = str(found)
    assert "another-token" not in text
    assert "header.authorization: is not what is wanted, it is another one (hidden)" in text
    assert "it was not there" in text
    assert "without the store's key" in str(verify(JOURNAL, read_claim({"where": {"body.pull_id": "x"}})))


def test_patterns_come_in_order_with_others_between() -> None:
    start, collect = {"operation": "POST /oauth2"}, {"operation": "POST /oauth2/credentials"}
    good = judged({"in_order": [start, collect, start]})
    assert (good["verified"], good["matched"]) == (True, ["abcdef-1", "abcdef-3", "abcdef-4"])
    bad = judged({"in_order": [collect, {**start, "where": {"body.datasource_id": "mysql"}}]})
    assert (bad["verified"], bad["count"], bad["matched"]) == (False, 1, ["abcdef-3"])
    assert bad["message"] == (
        'number 2 of the order is missing after abcdef-3: POST /oauth2 where body.datasource_id is "mysql"; it was '
        "seen only before, as abcdef-2; nearest: abcdef-4 POST /api/oauth2: "
        'body.datasource_id: wanted "mysql", was "fb"'
    )


@pytest.mark.parametrize(
    "claim, why",
    [
        ([], "a claim is an object"),
        ({"operatoin": "x"}, "did you mean `operation`"),
        ({"operation": 1}, "`operation` is a text"),
        ({"where": []}, "`where` is an object"),
        ({"where": {"bdy.x": 1}}, "did you mean 'body'"),
        ({"where": {"body.x": {"equal": 1}}}, "'equal' is not a matcher"),
        ({"where": {"body.x": {}}}, "a matcher is missing"),
        ({"where": {"body.x": {"matches": "["}}}, "not a regular expression"),
        ({"where": {"body.x": {"one_of": "sources"}}}, "no list called"),
        ({"where": {"header.authorization": {"contains": "dev"}}}, "hidden in the journal"),
        ({"where": {"handshake.state": "granted"}}, "does not keep `handshake`"),
        ({"where": {"cookie.x": "1"}}, "does not keep `cookie`"),
        ({"status": "6xx"}, "`status` is a list"),
        ({"kind": "all"}, "`kind` is request or outgoing"),
        ({"times": "2"}, "`times` is a number"),
        ({"times": True}, "`exactly` is a whole number"),
        ({"times": -1}, "`exactly` is a whole number"),
        ({"times": {}}, "`times` is a number"),
        ({"times": {"exactly": 1, "at_most": 2}}, "`exactly` stands alone"),
        ({"times": {"at_least": 3, "at_most": 2}}, "never true"),
        ({"in_order": []}, "1 to 100"),
        ({"in_order": [{}], "times": 1}, "stands alone"),
        ({"in_order": [{"times": 1}]}, "not a word of a pattern"),
    ],
)
def test_a_claim_that_cannot_be_read_says_why(claim: Any, why: str) -> None:
    with pytest.raises(BadClaim, match=why.replace("[", r"\[").replace("`", "`")):
        read_claim(claim, LISTS)
