"""Which media type is sent, by RFC 9110 §12.5.1, and that no header can make the choice slow or fail."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.accept import best, read_accept, read_media_name

RFC = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"


@pytest.mark.parametrize(
    "media_type, quality",
    [
        ("text/plain;format=flowed", 1.0),
        ("text/plain", 0.7),
        ("text/html", 0.3),
        ("image/jpeg", 0.5),
        ("text/plain;format=fixed", 0.4),
        ("text/html;level=3", 0.3),
    ],
)
def test_the_table_of_rfc_9110_comes_out_as_printed(media_type: str, quality: float) -> None:
    """Against a rival with a known weight: the type wins when its own is higher, else the rival does."""
    for rival in (0.001, 0.299, 0.301, 0.399, 0.401, 0.499, 0.501, 0.699, 0.701, 0.999):
        accepted = read_accept(f"{RFC}, x/rival;q={rival}")
        assert best(accepted, ["x/rival", media_type]) == (1 if quality > rival else 0)


@pytest.mark.parametrize(
    "header, offered, wanted",
    [
        ("a/b", ["a/b"], "a/b"),
        ("A/B", ["a/b"], "a/b"),
        ("a/c", ["a/b"], None),
        ("a/*", ["b/a", "a/b"], "a/b"),
        ("*/*;q=0.1, a/b;q=0.2", ["c/d", "a/b"], "a/b"),
        ("a/b, c/d", ["c/d", "a/b"], "c/d"),
        ("a/b;q=0", ["a/b"], None),
        ("*/*, a/*;q=0", ["a/b", "c/d"], "c/d"),
        ("a/*, a/b;q=0", ["a/b", "a/c"], "a/c"),
        ('a/b;x="1"', ["a/b;x=2", "a/b;x=1"], "a/b;x=1"),
        ('a/b;x="1, 2;q=0", c/d', ["a/b", "c/d"], "a/b"),
        ("a/b;x=1;q=0, a/b", ["a/b;x=1", "a/b"], "a/b"),
        ("a/b;charset=UTF-8", ["a/b"], "a/b"),
        ("a/b;q=0.5;ext=1", ["a/b"], "a/b"),
        ("application/json", ["application/problem+json"], "application/problem+json"),
        ("application/json;q=0", ["application/problem+json"], None),
        ("application/x+json", ["application/y+json"], None),
        ("application/x+json, application/json;q=0", ["application/json"], None),
        ("text/json", ["application/json"], None),
        ("*/*;q=0", ["a/b"], None),
    ],
)
def test_the_media_type_that_is_sent(header: str, offered: list[str], wanted: str | None) -> None:
    found = best(read_accept(header), offered)
    assert (None if found is None else offered[found]) == wanted


@pytest.mark.parametrize(
    "header",
    ["", ";", ",", "a", "a/", "/b", "*/b", "a/b;q=x", "a/b;q=-1", "a/b;q=1.001", "a/b;q=0.1234", "a b/c", '"'],
)
def test_what_cannot_be_read_is_passed_over(header: str) -> None:
    assert read_accept(header) == {}
    assert set(read_accept(f"{header}, c/d")) <= {"c/d"}


@pytest.mark.parametrize(
    "header",
    [
        ",".join(f"a/b{number};q=0.1" for number in range(10_000)),
        ",".join(f"a/b;v={number}" for number in range(10_000)),
        '"' * 64_000,
        '"\\' * 32_000,
        "a/b;" * 16_000,
        "a/b;x=" + "\\" * 64_000,
        'a/b;x="' * 9_000,
        " " * 64_000,
        ";,=" * 21_000,
    ],
    ids=range(9),
)
def test_a_hostile_header_is_read_in_linear_time(header: str) -> None:
    started = thread_time()
    best(read_accept(header), ["a/b;v=1;w=2;x=3;y=4;z=5", "application/json", "application/hal+json"])
    assert thread_time() - started < 1.0


def test_the_last_of_ten_thousand_entries_counts_too() -> None:
    header = ",".join([*(f"a/b{number}" for number in range(10_000)), "c/d"])
    assert best(read_accept(header), ["c/d"]) == 0


_MESSY = st.text(alphabet='a/*;,q=0.1" \\', max_size=60) | st.text(max_size=30)


@given(_MESSY, st.lists(_MESSY, max_size=4))
def test_whatever_stands_there_the_choice_is_one_of_the_offered_or_none(header: str, offered: list[str]) -> None:
    found = best(read_accept(header), offered)
    assert found is None or 0 <= found < len(offered)


_NAME = st.sampled_from(["a/b", "a/c", "d/e", "f/g"])


@given(st.lists(_NAME, min_size=1, unique=True), st.data())
def test_what_has_the_highest_weight_of_exact_names_is_sent(offered: list[str], data: st.DataObject) -> None:
    weights = {name: data.draw(st.integers(0, 1000)) for name in offered}
    found = best(read_accept(", ".join(f"{name};q={weight / 1000:.3f}" for name, weight in weights.items())), offered)
    highest = max(weights.values())
    assert (offered[found] if found is not None else None) == (
        next(name for name in offered if weights[name] == highest) if highest else None
    )


def test_a_documented_media_type_is_read_with_its_parameters() -> None:
    assert read_media_name('Application/JSON; V="1"; charset=utf-8') == ("application/json", frozenset({("v", "1")}))
    assert read_media_name("") == ("", frozenset())
