"""Formats of what comes in: those with one standard are judged, and nothing that keeps it is refused."""

from __future__ import annotations

import base64
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.spec.formats import RANGE, RANGES, TEXTS, WRITTEN
from tests.spec.documents import operations

GOOD = {
    "date-time": "2024-02-29T23:59:59Z 2024-01-01t00:00:00z 2016-12-31T23:59:60Z 1990-12-31T15:59:60-08:00 "
    "2024-01-01T00:00:00.123456789+14:00",
    "date": "2024-02-29 0001-01-01",
    "time": "00:00:00Z 12:00:00 23:59:60Z 15:59:60-08:00 12:00:00.5z",
    "duration": "P1D PT1S P1W P1Y2M3DT4H5M6S PT1H1S P1Y1D PT1.5S PT36H",
    "uuid": "2eb8aa08-aa98-11ea-b4aa-73b441d16380 2EB8AA08-AA98-11EA-B4AA-73B441D16380",
    "email": "a@b a.b+c@example.com a@[127.0.0.1] a@[IPv6:::1] !#$%&'*@example.com a@b.XN--P1AI",
    "hostname": "localhost a.b A.B 1.2.3.4 xn--nxasmq6b r3---sn.example.com a.b.",
    "ipv4": "0.0.0.0 255.255.255.255",
    "ipv6": ":: ::1 2001:DB8::1 ::ffff:1.2.3.4",
    "uri": "http://a/b mailto:x@y urn:x:y s3://b/k http://[::1]/ http://a/?b=%20",
    "uri-reference": "a/b /x #f ?q",
    "byte": "aGVsbG8= aGVsbG8 a-_/+w== YQ==",
    "regex": "^a$ (?=a) (",
    "klingon": "anything",
}
BAD = {
    "date-time": "yesterday 2024-01-01 2024-01-01T00:00:00 2024-02-30T00:00:00Z 2024-01-01T24:00:00Z "
    "2024-01-01T00:00:00+24:00 2024-01-01T12:59:60Z",
    "date": "2023-02-29 2024-1-1 20240101 2024-01-01T00:00:00Z",
    "time": "24:00:00Z 12:00 12:60:00Z 12:00:60Z 12:00:00+24:00 noon",
    "duration": "P PT 1D P1S PT1D P1H -P1D P1Y1Y",
    "uuid": "2eb8aa08aa9811eab4aa73b441d16380 x",
    "email": f"nobody a@ @b a..b@c .a@b a@b. a@-b a@[x] {'a' * 65}@b a@b@c ü@b",
    "hostname": f"-a a- a_b a..b . {'a' * 64} {'.'.join(['a' * 60] * 5)}",
    "ipv4": "256.0.0.1 1.2.3 01.2.3.4",
    "ipv6": "1::2::3 12345:: 1.2.3.4",
    "uri": "a/b //a/b http://a/%zz",
    "byte": "what? Y YQ=== =YQ=",
}


def fits(schema: dict[str, Any], value: Any) -> bool:
    body = operations(f"paths: {{/t: {{post: {{requestBody: {{content: {{a/json: {{schema: {schema}}}}}}}}}}}}}")[
        0
    ].body
    assert body is not None
    assert body.content[0].schema is not None
    return body.content[0].schema.is_valid(value)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, line in GOOD.items() for text in line.split()])
def test_a_text_of_the_format_is_taken(name: str, text: str) -> None:
    assert fits({"format": name}, text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, line in BAD.items() for text in line.split()])
def test_another_text_is_refused(name: str, text: str) -> None:
    assert not fits({"format": name}, text)


@pytest.mark.parametrize("name", GOOD)
def test_a_format_of_texts_says_nothing_of_other_values(name: str) -> None:
    assert fits({"format": name}, 5)
    assert fits({"format": name}, None)


@pytest.mark.parametrize("name", RANGES)
def test_the_bounds_of_a_numeric_format(name: str) -> None:
    low, high = RANGES[name]
    for value, is_in in ((low, True), (high, True), (low - 1, False), (high + 1, False), (10**300, False)):
        assert fits({"type": "integer", "format": name}, value) is is_in
    assert fits({"type": "string", "format": name}, "12")


@pytest.mark.parametrize("name", WRITTEN)
def test_the_sample_of_a_format_has_it(name: str) -> None:
    assert name in RANGES or fits({"format": name}, WRITTEN[name])


def test_a_name_with_the_mailbox_is_no_email() -> None:
    assert not fits({"format": "email"}, "Ann <a@example.com>")
    assert fits({"format": "email"}, '"Ann B."@example.com')


def test_a_linear_time_is_enough_for_any_text() -> None:
    for judge in TEXTS.values():
        judge("a-" * 500_000 + "!")
        judge("P" + "1" * 1_000_000)


def test_a_range_stands_beside_the_format_and_only_there() -> None:
    operation = operations(
        "paths: {/t: {get: {parameters: [{name: a, in: query, schema: {format: int32}}, "
        "{name: b, in: query, schema: {format: date}}]}}}"
    )[0]
    nodes = [each["schema"] for each in operation.document.data["paths"]["/t"]["get"]["parameters"]]
    assert [RANGE in node for node in nodes] == [True, False]


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MADE: list[tuple[str, st.SearchStrategy[str]]] = [
    ("date-time", st.datetimes(timezones=OFFSETS).map(lambda each: each.isoformat())),
    ("date", st.dates().map(lambda each: each.isoformat())),
    ("time", st.times(timezones=OFFSETS).map(lambda each: each.isoformat())),
    ("uuid", st.uuids().map(str)),
    ("email", st.emails()),
    ("ipv4", st.ip_addresses(v=4).map(str)),
    ("ipv6", st.ip_addresses(v=6).map(str)),
    ("byte", st.binary().map(lambda each: base64.b64encode(each).decode())),
    ("byte", st.binary().map(lambda each: base64.urlsafe_b64encode(each).decode().rstrip("="))),
]


@pytest.mark.parametrize(("name", "texts"), MADE, ids=[name for name, _ in MADE])
def test_what_others_make_is_never_refused(name: str, texts: st.SearchStrategy[str]) -> None:
    body = operations(
        f"paths: {{/t: {{post: {{requestBody: {{content: {{a/json: {{schema: {{format: {name}}}}}}}}}}}}}}}"
    )[0].body
    assert body is not None
    schema = body.content[0].schema
    assert schema is not None

    @given(texts)
    def taken(text: str) -> None:
        assert schema.is_valid(text)

    taken()
