"""The journal keeps the newest entries, within a number and within a size."""

from __future__ import annotations

from typing import Any

from mock_server.settings import MAX_ENTRIES, MAX_JOURNAL_BYTES
from mock_server.state.journal import MAX_BODY_BYTES, Entry, Journal
from tests.support import TOKEN, make_client


def entry(number: int, **changes: Any) -> Entry:
    made = Entry(
        id=str(number),
        at=0.0,
        session="default",
        method="GET",
        target="/",
        operation=None,
        status=200,
        response="",
        source="",
        reasons=(),
        handshake_id=None,
        duration_s=0.0,
        request_headers={},
        request_body=b"",
        response_headers=(),
        response_body=b"",
    )
    return made._replace(**changes)


def ids(journal: Journal) -> list[str]:
    return [each.id for each in journal]


def test_the_oldest_go_when_there_are_too_many() -> None:
    journal = Journal(max_entries=3)
    for number in range(10):
        journal.add(entry(number))
    assert ids(journal) == ["7", "8", "9"]
    assert len(journal) == 3


def test_the_oldest_go_when_they_are_too_big() -> None:
    journal = Journal(max_bytes=31_000)
    for number in range(10):
        journal.add(entry(number, request_body=b"x" * 4_000, response_body=b"x" * 4_000))
    assert ids(journal) == ["7", "8", "9"]


def test_headers_and_targets_count_as_well() -> None:
    journal = Journal(max_bytes=31_000)
    for number in range(10):
        journal.add(entry(number, request_headers={"x": "y" * 4_000}, target="/" * 4_000))
    assert ids(journal) == ["7", "8", "9"]


def test_the_room_of_what_has_gone_is_free_again() -> None:
    journal = Journal(max_bytes=31_000)
    for number in range(1_000):
        journal.add(entry(number, request_body=b"x" * (number % 7) * 1_000))
    assert 2 < len(journal) < 16


def test_an_entry_larger_than_the_journal_leaves_it_empty_and_whole() -> None:
    journal = Journal(max_bytes=10_000)
    journal.add(entry(1, request_body=b"x" * 20_000))
    journal.add(entry(2))
    assert ids(journal) == ["2"]


def test_the_limits_are_those_that_are_promised() -> None:
    assert (MAX_ENTRIES, MAX_JOURNAL_BYTES) == (1_000, 16 * 1024 * 1024)


def test_a_large_request_is_kept_in_part_and_so_are_the_reasons_that_quote_it() -> None:
    client = make_client()
    for body in (b'"' + b"x" * 900_000 + b'"', b'{"datasource_id": ["' + b"x" * 900_000 + b'"]}', b"x" * 900_000):
        assert client.post("/oauth2", content=body, headers=TOKEN).status_code == 429
    big = {"datasource_id": "x" * 900_000}
    assert client.post("/oauth2", json=big, headers={**TOKEN, "Prefer": "code=200"}).status_code == 200
    entries = client.get("/__mock/journal").json()["entries"]
    assert len(entries) == 4
    for each in entries:
        assert len(each["request"]["body"]) <= MAX_BODY_BYTES
        assert sum(map(len, each["reasons"])) < 5_000
