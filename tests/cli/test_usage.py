"""What is said of a command line that cannot be."""

from __future__ import annotations

import subprocess

import pytest

from tests.support import ROOT, command

LONG = "x" * 5_000


@pytest.mark.parametrize(
    "arguments",
    [
        [LONG],
        ["serve", f"--{LONG}"],
        ["serve", "--port", LONG],
        ["serve", "--state", LONG],
        ["serve", LONG],
        ["serve", "--allow-callbacks", LONG],
        ["serve", "--proxy", LONG],
        ["record", LONG, "--out", "nowhere"],
        ["contract", LONG],
        ["drift", "--real", LONG],
    ],
    ids=lambda words: " ".join(words).replace(LONG, "LONG"),
)
def test_an_argument_that_is_far_too_long_is_not_said_again(arguments: list[str]) -> None:
    done = subprocess.run(command(*arguments), capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode in (2, 3)
    assert 0 < len(done.stderr) < 1_000, done.stderr
    assert "Traceback" not in done.stderr
