"""The demo is the README's first command: it walks everything and ends with 0."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support import command


def test_the_demo_walks_the_hand_shake_and_shows_402_403_and_429(tmp_path: Path) -> None:
    done = subprocess.run(command("demo"), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for shown in (
        "< 200 OK",
        "< 303 See Other",
        "< 402 Payment Required",
        "< 403 Forbidden",
        "< 429 Too Many Requests",
        '"clientId":194785639383273120',
        "Facebook Ads is connected",
        "retry-after: 10",
    ):
        assert shown in done.stdout
