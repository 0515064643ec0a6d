"""Filters and pages of a journal."""

from __future__ import annotations

import pytest

from mock_server.journal.select import BadFilter, read_filter, read_page, select
from tests.journal.told import Told, told

JOURNAL: list[Told] = [
    told(1, body='{"datasource_id":"fb"}', handshake="abcdefghijkl"),
    told(
        2, status=429, reasons=["rule: not a source with OAuth2 answers no-such-source"], body='{"datasource_id":"x"}'
    ),
    told(3, method="GET", path="/api/nothing?code=***", operation=None, status=404, response=""),
    told(4, path="/api/oauth2/credentials", operation="POST /oauth2/credentials", status=402, handshake="abcdefghijkl"),
    told(5, kind="outgoing", path="http://127.0.0.1:9000/hook", status=None, operation="POST /oauth2"),
]


def ids(**words: str) -> list[int]:
    return [int(each["id"].partition("-")[2]) for each in select(JOURNAL, words)]


@pytest.mark.parametrize(
    "words, wanted",
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"operation": "POST /oauth2"}, [1, 2, 5]),
        ({"method": "get"}, [3]),
        ({"method": "GET,post"}, [1, 2, 3, 4, 5]),
        ({"status": "402"}, [4]),
        ({"status": "4xx"}, [2, 3, 4]),
        ({"status": "402,429"}, [2, 4]),
        ({"status": " 2XX , 404 "}, [1, 3]),
        ({"path": "/api/oauth2"}, [1, 2]),
        ({"path": "/api/*"}, [1, 2, 3, 4]),
        ({"path": "/api/nothing"}, [3]),
        ({"text": "FB"}, [1]),
        ({"text": "no-such-source"}, [2]),
        ({"text": "***"}, [3]),
        ({"handshake": "abcdefghijkl"}, [1, 4]),
        ({"handshake": "abcdefghijkl.the-secret-of-the-pull-id"}, [1, 4]),
        ({"kind": "outgoing"}, [5]),
        ({"since": "abcdef-3"}, [4, 5]),
        ({"since": "1700000004"}, [4, 5]),
        ({"since": "2023-11-14T22:13:24Z"}, [4, 5]),
        ({"since": "2023-11-14T23:13:24 01:00"}, [4, 5]),
        ({"since": "2023-11-14T22:13:24"}, [4, 5]),
        ({"until": "abcdef-2"}, [1, 2]),
        ({"until": "1700000001.5"}, [1]),
        ({"since": "abcdef-1", "until": "abcdef-4", "status": "4xx"}, [2, 3, 4]),
        ({"limit": "2"}, [4, 5]),
        ({"before": "abcdef-4", "limit": "2"}, [2, 3]),
        ({"before": "abcdef-1"}, []),
        ({"after": "abcdef-2", "limit": "2"}, [3, 4]),
        ({"after": "abcdef-5"}, []),
        ({"before": "abcdef-4", "status": "2xx"}, [1]),
        # dropped long ago
        ({"since": "abcdef-0"}, [1, 2, 3, 4, 5]),
        ({"after": "abcdef-0"}, [1, 2, 3, 4, 5]),
        ({"before": "abcdef-0"}, []),
        ({"until": "abcdef-9"}, [1, 2, 3, 4, 5]),
    ],
)
def test_a_filter_lets_through_what_its_words_say(words: dict[str, str], wanted: list[int]) -> None:
    assert ids(**words) == wanted


@pytest.mark.parametrize(
    "words, told_why",
    [
        ({"status": "6xx"}, "402,5xx"),
        ({"status": "99"}, "'99'"),
        ({"kind": "all"}, "request or outgoing"),
        ({"since": "yesterday"}, "Unix seconds"),
        ({"until": "nan"}, "Unix seconds"),
        ({"since": "1e400"}, "Unix seconds"),
        ({"text": "x" * 201}, "200"),
        ({"path": "*a" * 101}, "200"),
    ],
)
def test_a_filter_that_cannot_be_read_says_which_word_and_what_it_takes(words: dict[str, str], told_why: str) -> None:
    with pytest.raises(BadFilter, match=f"`{next(iter(words))}`.*{told_why}") as error:
        read_filter(words)
    assert error.value.word == next(iter(words))


@pytest.mark.parametrize(
    "words", [{"limit": "0"}, {"limit": "1001"}, {"before": "x"}, {"after": "1"}, {"before": "a", "after": "b"}]
)
def test_a_page_that_cannot_be_read_is_told(words: dict[str, str]) -> None:
    with pytest.raises(BadFilter):
        read_page(words)


def test_a_path_full_of_stars_is_judged_at_once() -> None:
    """Each star is bounded by what follows it: no pattern makes the mock hang."""
    journal = [told(1, path="/" + "a" * 8_000)]
    assert select(journal, {"path": "*a" * 99 + "b"}) == []
