"""The examples of docs/pytest.md are tests that pass, in a project that has nothing but mock-server."""

from __future__ import annotations

import re

import pytest

from mock_server.testing import MockServer
from mock_server.testing.pool import WORDS
from tests.docs.pages import blocks
from tests.support import ROOT

PAGE = ROOT / "docs" / "pytest.md"


def test_the_examples_of_the_page_pass_as_one_file(pytester: pytest.Pytester) -> None:
    found = [block.text for block in blocks(PAGE, "python")]
    pytester.makeini(
        "[pytest]\naddopts = -p no:schemathesis -p no:hypothesispytest -p no:asyncio\nfilterwarnings = error\n"
    )
    pytester.makepyfile(test_page="\n\n".join(found))
    done = pytester.runpytest_subprocess("--strict-markers")
    tests = sum(text.count("def test_") for text in found)
    done.assert_outcomes(passed=tests)
    assert tests > 10


def test_the_page_names_every_word_of_the_marker_and_of_the_handle() -> None:
    text = re.sub(r"^```.*?^```$", "", PAGE.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    named = {name for code in re.findall(r"`([^`\n]+)`", text) for name in re.findall(r"\w+", code)}
    assert set(WORDS) - named == set()
    inside = {"begin", "end", "session", "story"}
    assert {name for name in dir(MockServer) if not name.startswith("_")} - inside - named == set()


def test_the_tests_of_the_tutorial_pass(pytester: pytest.Pytester) -> None:
    found = "\n".join(block.text for block in blocks(ROOT / "docs" / "tutorial-ci.md", "python"))
    pytester.makepyfile(test_connect=found)
    pytester.runpytest_subprocess("-p", "no:schemathesis", "-p", "no:hypothesispytest").assert_outcomes(passed=2)
