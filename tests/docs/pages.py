"""The pages for people, and the blocks in them that tests run.

A ``console`` block holds lines that begin with ``$ ``, each a command, and below each what it prints.
A command that ends with a backslash goes on in the next line. ``…`` stands for anything in a line
and, alone on a line, for any lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from tests.support import ROOT, Server

SHOWN = "127.0.0.1:4010"
"""The address that the pages show."""
PAGES = [ROOT / "README.md", ROOT / "fixtures" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "\x1e"


@dataclass(frozen=True)
class Block:
    """One fenced block; ``line`` counts from 1 and is that of its opening fence."""

    page: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Step:
    """A command, and what a page says that it prints."""

    command: str
    shown: str


def blocks(page: Path, language: str) -> list[Block]:
    text = page.read_text("utf-8")
    found = [match for match in _FENCE.finditer(text) if match[1] == language]
    return [Block(page, text.count("\n", 0, match.start()) + 1, match[2]) for match in found]


def steps(block: Block) -> list[Step]:
    found: list[tuple[str, list[str]]] = []
    continued = False
    for line in block.text.splitlines():
        if continued:
            command, shown = found.pop()
            found.append((f"{command}\n{line}", shown))
        elif line.startswith("$ "):
            found.append((line[2:], []))
        else:
            assert found, f"{block}: output before the first command"
            found[-1][1].append(line)
            continue
        continued = line.endswith("\\")
    return [Step(command, "\n".join(shown)) for command, shown in found]


def at(server: Server, text: str) -> str:
    """The text of a page with the server's own address, plain and percent-encoded."""
    netloc = urlsplit(server.url).netloc
    return text.replace(SHOWN, netloc).replace(SHOWN.replace(":", "%3A"), netloc.replace(":", "%3A"))


def fits(shown: str, printed: str) -> bool:
    """Whether the output is what the page shows.

    >>> fits("a … c", "a b c"), fits("a\\n…\\nd", "a\\nb\\nc\\nd"), fits("a … c", "a b\\nc")
    (True, True, False)
    """
    lines = [r"[\s\S]*?" if line.strip() == "…" else _line(line) for line in _tidy(shown).split("\n")]
    return re.fullmatch("\n".join(lines), _tidy(printed)) is not None


def _line(line: str) -> str:
    return ".*?".join(re.escape(part) for part in line.split("…"))


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r", "").strip().split("\n"))


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run in bash as a reader would: in the checkout, with the environment's own commands."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )


def printed(server: Server, block: Block) -> Iterator[tuple[Step, str]]:
    """Run a block's commands in one shell; each step with what it printed."""
    wanted = [Step(at(server, step.command), at(server, step.shown)) for step in steps(block)]
    script = "".join(f"{step.command}\nprintf '{_MARK}'\n" for step in wanted)
    outputs = shell(script).stdout.split(_MARK)
    assert len(outputs) == len(wanted) + 1, f"{block}: the shell stopped early: {outputs}"
    yield from zip(wanted, outputs, strict=False)


def forget(server: Server, text: str) -> None:
    """Reset every session that the text speaks of."""
    for session in ("default", *re.findall(r"Mock-Session: ([\w.-]+)", text)):
        httpx2.post(server.url + "/__mock/reset", headers={"Mock-Session": session}).raise_for_status()
