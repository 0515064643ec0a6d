"""The GitHub Action and the pre-commit hook: taken apart, and their commands run as GitHub and pre-commit run them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.error import URLError

import pytest
import yaml

from tests.live.waiting import until
from tests.support import ROOT

BIN = str(Path(sys.executable).parent)
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


class Job:
    """Runs steps of the action by bash, with the environment and files that GitHub gives them."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        defaults = {name: each["default"] for name, each in ACTION["inputs"].items()}
        assert inputs.keys() <= defaults.keys()
        self.values = {f"inputs.{name}": value for name, value in {**defaults, **inputs}.items()}
        self.folder = folder
        self.output = folder / "output"
        self.output.touch()

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        step = STEPS[name]
        env = {key: self.filled(value) for key, value in step.get("env", {}).items()}
        given = {
            "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(self.folder), "GITHUB_OUTPUT": str(self.output),
            "GITHUB_PATH": str(self.folder / "path"), "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(self.folder),
        }  # fmt: skip
        done = subprocess.run(
            # how GitHub runs `shell: bash`
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=ROOT, env={**given, **env}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        said = dict(line.split("=", 1) for line in self.output.read_text().splitlines())
        self.values |= {f"steps.{step.get('id')}.outputs.{key}": value for key, value in said.items()}
        self.output.write_text("")
        return done

    def filled(self, text: str) -> str:
        """With its expressions: names, and ``a || b``."""

        def value(found: re.Match[str]) -> str:
            names = [each.strip() for each in found[1].split("||")]
            return next((self.values[name] for name in names if self.values.get(name)), "")

        return _EXPRESSION.sub(value, str(text))

    @property
    def url(self) -> str:
        return self.filled(ACTION["outputs"]["url"]["value"])


def is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/__mock/health", timeout=60) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):  # it may stop in the middle of the answer
        return False


def gone(url: str) -> Callable[[], bool]:
    return lambda: not is_up(url)


def test_it_starts_proves_annotates_and_stops(tmp_path: Path) -> None:
    job = Job(tmp_path, **{"contract-args": "--only reasons.token --skip fuzz"})
    assert job.run("Install").returncode == 0
    started = job.run("Start and wait")
    assert started.returncode == 0, started.stdout + started.stderr
    try:
        assert is_up(job.url)
        proved = job.run("Contract")
        assert proved.returncode == 0, proved.stdout + proved.stderr
        assert "::notice title=mock-server contract::" in proved.stdout
        report = job.filled(ACTION["outputs"]["report"]["value"])
        assert ET.parse(report).getroot().tag == "testsuites"
    finally:
        assert job.run("Stop").returncode == 0
    until(gone(job.url))
    assert job.run("Stop").returncode == 0  # nothing is left to stop


def test_it_serves_another_document_for_the_steps_that_follow(tmp_path: Path) -> None:
    copytree(ROOT / "fixtures", tmp_path / "my fixtures")
    given = {"spec": "openapi.yaml", "fixtures": str(tmp_path / "my fixtures"), "serve-args": "--any-token --no-cors"}
    job = Job(tmp_path, run="serve", **given)
    assert job.run("Start and wait").returncode == 0
    try:
        with urllib.request.urlopen(f"{job.url}/__mock/serving") as answer:
            assert "my fixtures" in answer.read().decode()
    finally:
        assert Job(tmp_path, run="stop").run("Stop").returncode == 0
    until(gone(job.url))


def test_a_contract_run_beside_a_mock_that_is_left_running_has_one_of_its_own_and_stops_that(tmp_path: Path) -> None:
    served, proved = Job(tmp_path, run="serve"), Job(tmp_path)
    assert served.run("Start and wait").returncode == 0
    try:
        assert proved.run("Start and wait").returncode == 0
        assert proved.url != served.url
        assert proved.run("Stop").returncode == 0
        until(gone(proved.url))
        assert is_up(served.url)
    finally:
        proved.run("Stop")
        assert Job(tmp_path, run="stop").run("Stop").returncode == 0
    until(gone(served.url))


def test_a_mock_that_does_not_start_is_an_annotation_with_its_reason(tmp_path: Path) -> None:
    job = Job(tmp_path, run="serve", spec=str(tmp_path / "nothing.yaml"))
    done = job.run("Start and wait")
    assert done.returncode == 1
    assert "::error title=mock-server::it did not start" in done.stdout
    assert "MS101" in done.stdout


def test_the_action_puts_no_input_into_a_script_and_names_only_what_there_is() -> None:
    for name, step in STEPS.items():
        assert "${{" not in step["run"], f"{name}: an input would be run as a command"
        assert step["shell"] == "bash"
        for names in re.findall(r"inputs\.([a-z-]+)", f"{step.get('env')} {step.get('if')}"):
            assert names in ACTION["inputs"]
    assert all(each["description"] for each in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))


HOOKS = {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def hook(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As pre-commit runs it: entry and arguments, in the repository."""
    entry = [*shlex.split(HOOKS[name]["entry"]), *arguments]
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(entry, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_the_hook_lets_good_files_pass_and_stops_bad_ones(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_bytes((ROOT / "openapi.yaml").read_bytes())
    copytree(ROOT / "fixtures", tmp_path / "fixtures")
    arguments = ("openapi.yaml", "--fixtures", "fixtures")
    assert hook("mock-server-check", tmp_path, *arguments).returncode == 0
    with (tmp_path / "fixtures" / "oauth2" / "new-credentials.yaml").open("a") as file:
        file.write("otherwize: started\n")
    done = hook("mock-server-check", tmp_path, *arguments)
    assert done.returncode == 3
    assert "MS301" in done.stdout


@pytest.mark.parametrize("name, wanted", [("openapi.yaml", True), ("fixtures/a.yml", True), ("api.json", True),
                                          ("README.md", False), ("x.yaml.sample", False)])  # fmt: skip
def test_the_hook_looks_at_documents_and_fixtures(name: str, wanted: bool) -> None:
    found = HOOKS["mock-server-check"]
    assert bool(re.search(found["files"], name)) is wanted
    assert found["pass_filenames"] is False
    assert {"id", "name", "entry", "language"} <= found.keys()
