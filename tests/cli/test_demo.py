"""The demo is the README's first command: it walks everything and ends with 0."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support import ROOT, command


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


def test_the_wheel_carries_the_document_the_fixtures_and_the_pages(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*build, "-w", str(tmp_path), str(ROOT)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("mock_server/bundled/openapi.yaml") == (ROOT / "openapi.yaml").read_bytes()
    fixtures = {path.relative_to(ROOT).as_posix() for path in (ROOT / "fixtures").rglob("*.yaml")}
    assert {f"mock_server/bundled/{path}" for path in fixtures} <= names
    assert {"mock_server/py.typed", "mock_server/web/control.yaml", "mock_server/web/templates/consent.html"} <= names
