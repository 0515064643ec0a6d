"""The ``mock-server`` command. Each command's room is imported when it is called."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path

import click

from mock_server import __version__

COMMANDS = {
    "serve": "Serve the API of an OpenAPI document.",
    "demo": "Walk the whole hand-shake and every documented error, printing each exchange.",
    "check": "Check a document and its fixtures without serving them.",
    "explain": "Tell what a request would be answered with, and why, without a server.",
    "scaffold": "Write fixture files for every operation of a document.",
    "contract": "Prove whether a deployment, mock or real, keeps the contract.",
    "record": "Stand before the real API and write what it answers into fixtures.",
    "import": "Write what a browser, a proxy or Postman has recorded into fixtures.",
    "schema": "Print the JSON Schema of the fixture format.",
    "completion": "Print a script that completes our commands in a shell.",
    "drift": "Show where a mock and the real deployment answer differently.",
}
EXIT_BROKEN = 3
EXIT_UNREACHABLE = 4
EXIT_INTERRUPTED = 130


class _Lazy(click.Group):
    """A group that imports a command when it is called, and lists them without importing any."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = {"import": "importing"}.get(name, name)  # no module can be called import
        command: click.Command = importlib.import_module(f"mock_server.cli.{module}").command
        return command

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments and arguments[0] not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(arguments[0], COMMANDS, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(COMMANDS)}."
            context.fail(f"No command is called {arguments[0]!r}. {hint}")
        return super().resolve_command(context, arguments)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mock-server")
@click.pass_context
def group(context: click.Context) -> None:
    """Give it an OpenAPI document and a folder of YAML, get the API back.

    Options of `serve` may also stand in the environment (MOCK_SERVER_PORT=4011) or in a file of the
    working folder: mock-server.toml, or [tool.mock-server] of pyproject.toml (port = 4011).

    Exit codes: 0 fine, 1 findings, 2 usage, 3 document or fixture invalid, 4 cannot bind or reach,
    130 interrupted.
    """
    if context.invoked_subcommand != "serve" and not gc.isenabled():  # serve begins to look when all is read
        gc.freeze()
        gc.enable()
    if context.invoked_subcommand in ("serve", "check", "explain"):
        from mock_server.cli.configuration import read_defaults

        context.default_map = read_defaults(Path.cwd())


def main() -> None:
    """The entry point of the console script."""
    _fill_standard_streams()
    try:
        sys.exit(group(prog_name="mock-server", standalone_mode=False))
    except click.ClickException as error:
        _tell(error)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)


def _tell(error: click.ClickException) -> None:
    from io import StringIO

    from mock_server.errors import shortened

    told = StringIO()
    error.show(told)
    click.echo(shortened(told.getvalue()), err=True, nl=False)


def _fill_standard_streams() -> None:
    """Where we were started with one closed, a socket would get its number, and libuv aborts on that."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
