"""Write docs/cli.md from the commands themselves.

``python scripts/write_cli_reference.py`` rewrites the page; ``--check`` exits with 1 when it is old.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import click

from mock_server.cli import COMMANDS, group

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
HEAD = """# The command line

Every command with its options, written by `python scripts/write_cli_reference.py` from the commands themselves; do
not edit. `--help` of each says the same. More about them: [serve and check](serve.md),
[contract and drift](contract.md), [record and import](record.md), [explain](explain.md),
[schema and completion](editors-and-ci.md).

Exit codes: 0 fine, 1 findings, 2 usage, 3 document or fixture invalid, 4 cannot bind or reach, 130 interrupted.
"""


def text() -> str:
    """The page: a section for each command."""
    context = click.Context(group)
    sections = [HEAD]
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None, name
        sections.append(_section(name, command))
    return "\n".join(sections)


def _section(name: str, command: click.Command) -> str:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    options = [each for each in command.params if isinstance(each, click.Option)]
    words = " ".join([f"mock-server {name}", "[OPTIONS]", *(_metavar(each) for each in arguments)])
    lines = [f"## {words}", "", inspect.cleandoc(command.help or "").replace("\b\n", ""), ""]
    if options:
        lines += ["| option | default | meaning |", "|---|---|---|", *map(_row, options), ""]
    return "\n".join(lines)


def _metavar(parameter: click.Parameter) -> str:
    if parameter.metavar:
        return parameter.metavar
    if isinstance(parameter.type, click.Choice):
        return "|".join(map(str, parameter.type.choices))
    if isinstance(parameter.type, click.IntRange):
        return "N"
    name = (parameter.name or "").upper()
    return name if isinstance(parameter, click.Argument) else parameter.type.name.upper()


def _row(option: click.Option) -> str:
    flags = ", ".join(option.opts + option.secondary_opts)
    shown = flags if option.is_flag or option.count else f"{flags} {_metavar(option)}"
    default = f"`{option.default}`" if option.show_default and not option.is_flag else ""
    cells = (f"`{shown}`", default, " ".join((option.help or "").split()))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def main() -> int:
    """The exit code: 1 when ``--check`` finds an old page."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text(), "utf-8")
        return 0
    old = PAGE.read_text("utf-8") != text()
    if old:
        print("docs/cli.md is old: run `python scripts/write_cli_reference.py`", file=sys.stderr)
    return int(old)


if __name__ == "__main__":
    sys.exit(main())
