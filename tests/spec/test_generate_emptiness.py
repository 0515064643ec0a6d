"""Patterns that no text keeps: "none" is only said when it is certain."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.spec.generate.emptiness import no_text
from tests.examples import examples

PIECES = st.sampled_from(["a", "b", "[ab]", "[^a]", "a*", "b+", "(a|b)", "a?", "b{2}", ".", "^", "$"])
PATTERNS = st.lists(PIECES, min_size=1, max_size=5).map("".join)


@pytest.mark.parametrize(
    "patterns, least, most",
    [
        (("^a$",), 2, None),
        (("^a$",), 0, 0),
        (("^a", "^b"), 0, None),
        (("^[0-9]+$", "[a-z]"), 0, None),
        (("a^",), 0, None),
        (("$a",), 0, None),
        (("^(ab)+$",), 3, 3),
        (("^a{5}$",), 0, 4),
    ],
)
def test_what_no_text_can_match_is_told(patterns: tuple[str, ...], least: int, most: int | None) -> None:
    assert no_text(patterns, least, most)


@pytest.mark.parametrize(
    "patterns, least, most",
    [
        (("^a", "b$"), 0, 2),
        (("^(ab)+$",), 4, 4),
        (("^$",), 0, 0),
        (("^[^a]$",), 1, 1),
        ((".{1000}",), 0, None),
        (("(?=a)b",), 0, None),  # a look-around is not walked, so nothing is certain
        ((r"^(a)\1$",), 3, None),  # nor a back-reference
        (("(",), 0, None),
    ],
)
def test_what_can_be_matched_or_is_not_certain_is_not(patterns: tuple[str, ...], least: int, most: int | None) -> None:
    assert not no_text(patterns, least, most)


@settings(max_examples=examples(200))
@given(st.lists(PATTERNS, min_size=1, max_size=2), st.text(alphabet="abc", max_size=5))
def test_a_text_that_matches_all_is_proof_of_the_contrary(patterns: list[str], text: str) -> None:
    if all(re.search(pattern.replace("$", r"\Z"), text) for pattern in patterns):
        assert not no_text(tuple(patterns), len(text), len(text))
