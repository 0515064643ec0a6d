"""``Prefer`` by RFC 7240, and ``?__code=`` for those who cannot send headers."""

from __future__ import annotations

import pytest

from mock_server.core.prefer import Preference, read_preference, wait_seconds


@pytest.mark.parametrize(
    "header, wanted",
    [
        ("code=402", Preference(code="402")),
        ('code="402"', Preference(code="402")),
        ("Code = 402", Preference(code="402")),
        ("code=402, wait=2", Preference(code="402", wait="2")),
        ('response="payment-required",wait=1', Preference(response="payment-required", wait="1")),
        ('example="a,b"', Preference(example="a,b")),
        ('example="a;b"; note=1', Preference(example="a;b")),
        ("code=402; because=test", Preference(code="402")),
        ("dynamic", Preference(dynamic="true")),
        ('dynamic=""', Preference(dynamic="true")),
        ("seed=7, scenario=expired", Preference(seed="7", scenario="expired")),
    ],
)
def test_a_preference_is_read_with_or_without_quotes(header: str, wanted: Preference) -> None:
    assert read_preference({"prefer": header}, "") == wanted


def test_of_two_equal_preferences_the_first_wins() -> None:
    """RFC 7240 §2: a repeated token is ignored; two headers were joined with a comma."""
    assert read_preference({"prefer": "code=402, code=403"}, "") == Preference(code="402")


@pytest.mark.parametrize("header", ["respond-async", "return=minimal", "handling=lenient, foo", "", ",,,", '"', "=402"])
def test_preferences_of_others_are_ignored(header: str) -> None:
    assert read_preference({"prefer": header}, "") is None


def test_an_unknown_preference_does_not_hide_a_known_one() -> None:
    assert read_preference({"prefer": "return=minimal, code=402"}, "") == Preference(code="402")


@pytest.mark.parametrize(
    "query, wanted",
    [
        ("__code=402", Preference(code="402")),
        ("a=1&__response=pending&b=2", Preference(response="pending")),
        ("__dynamic", Preference(dynamic="true")),
        ("__code=402&__code=403", Preference(code="402")),
        ("__CODE=402", Preference(code="402")),
        ("__proto__=1", None),
        ("code=402", None),
        ("", None),
    ],
)
def test_the_query_can_ask_too(query: str, wanted: Preference | None) -> None:
    assert read_preference({}, query) == wanted


def test_the_header_wins_over_the_query() -> None:
    assert read_preference({"prefer": "code=402"}, "__code=403&__wait=1") == Preference(code="402", wait="1")


@pytest.mark.parametrize("text, seconds", [("0", 0.0), ("2", 2.0), ("0.25", 0.25), ("60", 60.0)])
def test_a_wait_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert wait_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-1", "nan", "inf", "1e1", "1_0", "true", " 1", "1\r\n", "1\n", "٣", "1.", ".5", "9" * 5_000]
)
def test_what_is_no_number_of_seconds_is_no_wait(text: str) -> None:
    assert wait_seconds(text) is None
