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
@click.option("--stateful", is_flag=True, help="Show the resources that `serve --stateful` remembers.")
@click.option("--fail-on-warning", is_flag=True, help="Exit with 3 when there are warnings, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(
    specs: tuple[Path | str, ...],
    fixtures: Path | None,
    allow_remote: tuple[str, ...],
    allow_folders: tuple[Path, ...],
    fail_on_warning: bool,
    stateful: bool,
    as_json: bool,
) -> None:
    """Check documents and fixtures: errors and warnings with file:line:column, and the provenance tally.

    Exits with 3 when there are errors. Warnings do not keep the rest from being served.
    """
    from mock_server.errors import Broken, Problem
    from mock_server.settings import Settings
    from mock_server.spec.check import every_problem
    from mock_server.world import build_world, example_problems, provenance_tally

    problems: list[Problem]
    tally: dict[str, int] | None = None
    counts: dict[str, int] = {}
    resources: list[str] = []
    try:
        given = Settings(
            specs=specs,
            fixtures=fixtures,
            stateful=stateful,
            allow_remote=allow_remote,
            allow_folders=allow_folders,
        )
        world = build_world(given)
        found = [each for document in world.documents for each in every_problem(document)]
        problems = list(dict.fromkeys([*world.warnings, *found, *example_problems(world)]))
        tally = provenance_tally(world)
        counts = {
            "operations": len(world.plans),
            "references": sum(document.references for document in world.documents),
            "document_files": sum(document.files for document in world.documents),
            "fixture_files": world.fixtures.files,
            "providers": len(world.fixtures.providers),
            "scenarios": len(world.fixtures.scenarios),
        }
        resources = [each.describe() for each in world.resources]
    except Broken as broken:
        problems = broken.problems
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        report: dict[str, Any] = {
            "ok": not errors,
            "problems": [problem.as_json() for problem in problems],
            "provenance": tally,
            **counts,
            **({"resources": resources} if stateful else {}),
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _print(problems, len(errors), tally, counts)
        for resource in resources:
            click.echo(f"resource {resource}")
    sys.exit(EXIT_BROKEN if errors or (problems and fail_on_warning) else 0)


def _print(problems: list[Any], errors: int, tally: dict[str, int] | None, counts: dict[str, int]) -> None:
    for problem in sorted(problems, key=lambda each: each.severity):
        click.echo(problem.as_text())
        click.echo()
    if tally is not None:
        click.echo(", ".join(_counted(count, name.replace("_", " ")) for name, count in counts.items()))
        click.echo("provenance: " + ", ".join(f"{count} {kind}" for kind, count in tally.items()))
    click.echo(f"{errors} error(s), {len(problems) - errors} warning(s)")


def _counted(count: int, plural: str) -> str:
    """``1 document file``, ``2 document files``."""
    return f"{count} {plural[:-1] if count == 1 else plural}"
