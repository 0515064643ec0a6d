"""Shell completion: the scripts, and what they complete."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mock_server.cli import COMMANDS, group
from tests.support import ROOT

VARIABLE = "_MOCK_SERVER_COMPLETE"


def completed(line: str) -> list[str]:
    """What bash is told for the last word of a line."""
    words = line.split(" ")
    code = "import sys; from mock_server.cli import main; sys.argv[:] = ['mock-server']; main()"
    env = {**os.environ, VARIABLE: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, cwd=ROOT, check=True)
    return [each.partition(",")[2] for each in done.stdout.splitlines() if each]


@pytest.mark.parametrize(
    "line, wanted",
    [
        ("mock-server ex", ["explain"]),
        ("mock-server completion ", ["bash", "zsh", "fish"]),
        ("mock-server serve --no-er", ["--no-errors"]),
        ("mock-server explain /oauth2/", ["/oauth2/credentials"]),
        ("mock-server explain getOAuth2", ["getOAuth2Credentials"]),
        ("mock-server explain /oauth2 --next rate", ["rate-limited"]),
        ("mock-server explain /oauth2 --scenario consent-d", ["consent-denied"]),
        ("mock-server explain /oauth2 --handshake g", ["granted"]),
        ("mock-server explain --fixtures /nowhere /", []),
    ],
)
def test_commands_options_and_names_of_the_document_are_completed(line: str, wanted: list[str]) -> None:
    assert completed(line) == wanted


def test_completing_brings_in_nothing_heavy() -> None:
    code = (
        "import sys, click\nfrom mock_server.cli import COMMANDS, group\n"
        "for name in COMMANDS: group.get_command(click.Context(group), name)\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"schemathesis", "jinja2", "rich", "starlette", "uvicorn", "jsonschema_rs", "sqlite3"} & set(loaded)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    done = CliRunner().invoke(group, ["completion", shell])
    assert done.exit_code == 0
    assert VARIABLE in done.output
    assert "mock-server" in done.output
    assert "completion" in COMMANDS


def test_the_script_works_in_bash() -> None:
    script = CliRunner().invoke(group, ["completion", "bash"]).output
    line = "COMP_WORDS=(mock-server chec); COMP_CWORD=1; _mock_server_completion mock-server; echo ${COMPREPLY[@]}"
    folder = os.path.dirname(sys.executable)
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", f"{script}\n{line}"], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "check"
