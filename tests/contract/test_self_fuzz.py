"""Our own mock passes a plain Schemathesis run, and the run is proven to have reached both 200s."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support import ROOT, Server, running

ALL = "examples,coverage,fuzzing,stateful"


def fuzz(
    url: str, reports: Path, *arguments: str, config: Path | None = None
) -> tuple[subprocess.CompletedProcess[str], Counter[tuple[str, int]]]:
    """``st run`` as a person types it in the checkout; what it printed, and its statuses by operation."""
    schemathesis = [str(Path(sys.executable).with_name("st"))]
    if config:
        schemathesis += ["--config-file", str(config)]
    done = subprocess.run(
        [
            *schemathesis,
            "run",
            "openapi.yaml",
            "--url",
            url,
            "--report",
            "ndjson",
            "--report-dir",
            str(reports),
            *arguments,
        ],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done, statuses(reports)


def statuses(reports: Path) -> Counter[tuple[str, int]]:
    """Counted from Schemathesis' own record of what it sent and got."""
    found: Counter[tuple[str, int]] = Counter()
    for report in reports.glob("*.ndjson"):
        for line in report.read_text().splitlines():
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for case_id, interaction in recorder.get("interactions", {}).items():
                case = recorder["cases"][case_id]["value"]
                if interaction.get("response"):
                    found[f"{case['method']} {case['path']}", interaction["response"]["status_code"]] += 1
    return found


def test_a_plain_run_with_all_phases_is_clean_and_reaches_the_200_of_both_operations(tmp_path: Path) -> None:
    with running("--quiet") as server:
        done, found = fuzz(server.api, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in done.stdout
    assert found["POST /oauth2", 200] > 0
    assert found["POST /oauth2/credentials", 200] > 0
    assert found["POST /oauth2", 429] > 0
    assert found["POST /oauth2/credentials", 402] + found["POST /oauth2/credentials", 403] > 0


@pytest.mark.parametrize(("token", "phases"), [("no-such-token", ALL), ("expired-token", "examples")])
def test_a_run_with_a_wrong_token_does_not_end_green(server: Server, tmp_path: Path, token: str, phases: str) -> None:
    few = ("--max-examples", "5", "--phases", phases)
    done, found = fuzz(server.api, tmp_path, *few, "-H", f"Authorization: Bearer {token}")
    assert done.returncode != 0, done.stdout
    assert found["POST /oauth2", 200] == found["POST /oauth2/credentials", 200] == 0


def test_a_run_without_consent_never_reaches_the_200_of_operation_2(server: Server, tmp_path: Path) -> None:
    """What the counting above protects from: only the count shows it."""
    lines = (ROOT / "schemathesis.toml").read_text().splitlines(keepends=True)
    config = tmp_path / "schemathesis.toml"
    config.write_text("".join(line for line in lines if not line.startswith("hooks")))
    _, found = fuzz(server.api, tmp_path, "--phases", "stateful", "--max-examples", "10", config=config)
    assert found["POST /oauth2", 200] > 0
    assert found["POST /oauth2/credentials", 200] == 0
