"""``mock-server check``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from mock_server.cli import EXIT_BROKEN
from mock_server.cli.configuration import ENVIRONMENT_PREFIX
from mock_server.cli.options import sources


@click.command(
    "check",
    short_help="Check a document and its fixtures without serving them.",
    context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX},
)
@sources
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(specs: tuple[Path, ...], fixtures: Path | None, as_json: bool) -> None:
    """Check documents and fixtures: errors and warnings with file:line:column, and the provenance tally.

    Exits with 3 when there are errors.
    """
    from mock_server.errors import Broken, Problem
    from mock_server.settings import Settings
    from mock_server.spec.check import thorough_problems
    from mock_server.world import build_world, provenance_tally

    problems: list[Problem]
    tally: dict[str, int] | None = None
    counts: dict[str, int] = {}
    try:
        world = build_world(Settings(specs=specs, fixtures=fixtures))
        problems = [*world.warnings, *(each for document in world.documents for each in thorough_problems(document))]
        tally = provenance_tally(world)
        counts = {
            "operations": len(world.plans),
            "fixture_files": world.fixtures.files,
            "providers": len(world.fixtures.providers),
            "scenarios": len(world.fixtures.scenarios),
        }
    except Broken as broken:
        problems = broken.problems
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        report: dict[str, Any] = {
            "ok": not errors,
            "problems": [problem.as_json() for problem in problems],
            "provenance": tally,
            **counts,
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _print(problems, len(errors), tally, counts)
    sys.exit(EXIT_BROKEN if errors else 0)


def _print(problems: list[Any], errors: int, tally: dict[str, int] | None, counts: dict[str, int]) -> None:
    for problem in sorted(problems, key=lambda each: each.severity):
        click.echo(problem.as_text())
        click.echo()
    if tally is not None:
        click.echo(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))
        click.echo("provenance: " + ", ".join(f"{count} {kind}" for kind, count in tally.items()))
    click.echo(f"{errors} error(s), {len(problems) - errors} warning(s)")
