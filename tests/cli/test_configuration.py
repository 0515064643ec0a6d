"""Settings out of the environment and out of a file: flag > environment > file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server.cli import group
from mock_server.cli.configuration import read_defaults


def check(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mock_server", "check", *arguments],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "name, text",
    [
        ("mock-server.toml", 'port = 4011\nfixtures = "mine"\n'),
        ("pyproject.toml", '[project]\nname = "x"\n[tool.mock-server]\nport = 4011\nfixtures = "mine"\n'),
    ],
)
def test_a_file_of_the_working_folder_sets_the_options_of_serve_check_and_explain(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    shared = {"fixtures": "mine"}
    assert read_defaults(tmp_path) == {"serve": {"port": 4011, **shared}, "check": shared, "explain": shared}


def test_a_pyproject_without_our_table_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert read_defaults(tmp_path) == {}


def test_the_file_is_really_used_and_the_environment_beats_it_and_a_flag_beats_both(tmp_path: Path) -> None:
    (tmp_path / "mock-server.toml").write_text('fixtures = "of-the-file"\n')
    assert "of-the-file is not a folder" in check(tmp_path).stdout
    assert "of-the-environment is not" in check(tmp_path, MOCK_SERVER_FIXTURES="of-the-environment").stdout
    flagged = check(tmp_path, "--fixtures", "of-the-flag", MOCK_SERVER_FIXTURES="of-the-environment")
    assert "of-the-flag is not a folder" in flagged.stdout
    assert flagged.returncode == 3


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("prot = 1\n", "mock-server.toml: 'prot' is not a setting of `mock-server serve`; did you mean 'port'?"),
        ("port = \n", "mock-server.toml: Invalid value (at line 1, column 8)"),
    ],
)
def test_a_broken_file_is_a_usage_error_that_says_what_to_do(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "mock-server.toml").write_text(text)
    done = check(tmp_path)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_a_value_of_the_wrong_kind_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "mock-server.toml").write_text('port = "many"\n')
    done = subprocess.run(
        [sys.executable, "-m", "mock_server", "serve"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "'many' is not a valid integer" in done.stderr


def test_the_commands_are_listed_without_importing_them() -> None:
    code = "import sys; from mock_server.cli import main; print('mock_server.world' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert set(group.list_commands(group.make_context("mock-server", [], resilient_parsing=True))) >= {
        "serve",
        "demo",
        "check",
    }
