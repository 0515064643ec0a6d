"""docs/errors.md explains every code that we print, and no other."""

from __future__ import annotations

import re

import pytest

from mock_server.errors import CODES
from tests.support import ROOT

PAGE = (ROOT / "docs" / "errors.md").read_text("utf-8")
_ENTRY = re.compile(r"^### (MS\d+): (.+)\n((?:(?!#).+\n)+)", re.MULTILINE)
ENTRIES = {code: (title, text) for code, title, text in _ENTRY.findall(PAGE)}


def test_the_page_names_every_code_and_no_other_in_order() -> None:
    assert list(ENTRIES) == list(CODES)
    assert set(re.findall(r"MS\d{3}", PAGE)) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained_under_its_own_words(code: str) -> None:
    title, text = ENTRIES[code]
    assert title == CODES[code]
    assert 60 <= len(text) <= 500, "a short paragraph: what happened, what to do"
    assert text.rstrip().endswith(".")


def test_every_code_that_the_package_uses_is_listed() -> None:
    used: set[str] = set()
    for path in (ROOT / "mock_server").rglob("*.py"):
        if path.name != "errors.py":
            used |= set(re.findall(r"\bMS[1-5]\d\d\b", path.read_text("utf-8")))
    assert used <= set(CODES)
