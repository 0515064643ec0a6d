"""What the pages show is what a real server answers: their blocks are run."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mock_server.cli import COMMANDS
from tests.docs.pages import PAGES, Block, at, blocks, fits, forget, printed, shell
from tests.support import ASK, ROOT, TOKEN, Server, running

README = ROOT / "README.md"
TESTERS_PAGE = ROOT / "fixtures" / "README.md"
CONSOLE = [block for page in PAGES for block in blocks(page, "console")]
SET_UP = [
    "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/mock-server demo",
    ".venv/bin/mock-server serve",
    "sh scripts/test.sh",
]


@pytest.fixture(scope="module")
def serving() -> Iterator[Server]:
    """A server of the pages' own: their time travel disturbs nobody."""
    with running("--quiet") as found:
        yield found


@pytest.mark.parametrize("block", CONSOLE, ids=str)
def test_every_command_of_a_page_prints_what_the_page_shows(serving: Server, block: Block) -> None:
    forget(serving, block.text)
    for step, output in printed(serving, block):
        assert fits(step.shown, output), f"{block}\n$ {step.command}\n--- shown\n{step.shown}\n--- printed\n{output}"


@pytest.mark.parametrize("block", blocks(TESTERS_PAGE, "sh"), ids=str)
def test_every_line_for_testers_works(serving: Server, block: Block) -> None:
    forget(serving, block.text)
    started = httpx2.post(serving.api + "/oauth2", json=ASK, headers=TOKEN).raise_for_status()
    text = at(serving, block.text).replace("PULL_ID", started.json()["pull_id"])
    done = shell(f"set -e -o pipefail\n{text}")
    assert done.returncode == 0, done.stdout
    assert "urn:mock-server:error" not in done.stdout


@pytest.mark.parametrize(
    ("shown", "output", "same"),
    [
        ("a … c", "a b c\r\n", True),
        ("a … c", "a b\nc", False),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a", "a\nb", False),
        ("a.c", "abc", False),
    ],
)
def test_an_ellipsis_stands_for_anything_and_nothing_else_does(shown: str, output: str, same: bool) -> None:
    assert fits(shown, output) is same


def test_the_pages_have_blocks_to_run() -> None:
    """A test over no blocks would pass for ever."""
    assert {block.page for block in CONSOLE} >= {README, ROOT / "docs/fixtures.md", ROOT / "docs/control-api.md"}
    assert blocks(TESTERS_PAGE, "sh")


def test_the_set_up_commands_are_those_that_the_project_provides() -> None:
    assert [block.text.strip() for block in blocks(README, "sh")] == SET_UP
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "mock-server" in project["scripts"]
    assert "test" in project["optional-dependencies"]
    assert {"demo", "serve"} <= set(COMMANDS)
    assert project["requires-python"] == ">=3.11"
    assert "Python 3.11 or later" in README.read_text("utf-8")


def test_the_projects_ci_is_the_test_command_of_the_readme() -> None:
    assert "exec sh scripts/test.sh" in (ROOT / ".ci" / "run").read_text()
    script = (ROOT / "scripts" / "test.sh").read_text()
    assert "pip install" in script
    assert ".[test]" in script
    for check in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"):
        assert check in script


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_relative_to(ROOT), target
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file), target


def _anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_diagram_of_the_handshake_is_drawn_from_its_table() -> None:
    done = shell(f"{sys.executable} scripts/draw_handshake.py --check")
    assert done.returncode == 0, done.stdout


def test_the_reference_of_the_command_line_is_what_the_commands_say() -> None:
    done = shell(f"{sys.executable} scripts/write_cli_reference.py --check")
    assert done.returncode == 0, done.stdout
