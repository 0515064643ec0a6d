"""Settings out of a file: ``mock-server.toml``, or ``[tool.mock-server]`` of ``pyproject.toml``.

A flag beats the environment (``MOCK_SERVER_PORT``), which beats the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mock_server.later import get_close_matches

FILES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mock-server.toml", ()),
    ("pyproject.toml", ("tool", "mock-server")),
)
ENVIRONMENT_PREFIX = "MOCK_SERVER"


def read_defaults(folder: Path) -> dict[str, Any]:
    """Defaults for the commands: ``{"serve": {"port": 4011}, "check": {"fixtures": "mine"}}``.

    The words of the file are the options of ``serve``; ``check`` and ``explain`` take those that they have too.
    Raises ``click.UsageError`` (exit 2) for a broken file or a word that is no such option.
    """
    for name, table in FILES:
        path = folder / name
        found = _table(path, table) if path.is_file() else None
        if found is not None:
            from mock_server.cli import check, explain, serve

            given = {_option(path, key, serve.command): value for key, value in found.items()}
            found = {"serve": given}
            for other in (check.command, explain.command):
                shared = {parameter.name for parameter in other.params}
                found[str(other.name)] = {key: value for key, value in given.items() if key in shared}
            return found
    return {}


def _table(path: Path, table: tuple[str, ...]) -> dict[str, Any] | None:
    import tomllib

    try:
        found: Any = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{path.name}: {error}") from None
    for step in table:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _option(path: Path, key: str, command: click.Command) -> str:
    names = {parameter.name: parameter for parameter in command.params if parameter.name}
    name = key.replace("-", "_")
    if name in names:
        return name
    known = [each.replace("_", "-") for each in names]
    near = get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
    raise click.UsageError(f"{path.name}: {key!r} is not a setting of `mock-server {command.name}`; {hint}")
