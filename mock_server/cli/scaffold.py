"""``mock-server scaffold``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from mock_server.cli import EXIT_BROKEN
from mock_server.errors import Broken, Problem

EXIT_USAGE = 2


@click.command("scaffold", short_help="Write fixture files for every operation of a document.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
def command(spec: Path, folder: Path, force: bool) -> None:
    """Write fixture files for every operation and documented status of the document SPEC into DIR.

    One file an operation, in a folder for each tag or first segment of the path. Bodies out of the
    document's examples are marked `documented`, those made from a schema `assumed`. All files are
    written, or none.
    """
    from mock_server.fixture.scaffold import readme, scaffold, with_schema
    from mock_server.settings import Settings
    from mock_server.source.write import write_all
    from mock_server.world import build_world

    try:
        world = build_world(Settings(specs=(spec,)))
    except Broken as broken:
        _tell(broken.problems)
        sys.exit(EXIT_BROKEN)
    files = with_schema(scaffold(list(world.house.operations.values())))
    shown = (shlex.quote(str(spec)), shlex.quote(str(folder)))
    files["README.md"] = readme(world.documents[0], *shown)
    try:
        write_all(folder, files, force=force)
    except Broken as broken:
        _tell(broken.problems)
        sys.exit(EXIT_USAGE)
    click.echo(f"{len(files)} files for {len(world.plans)} operations are in {folder}. Next:")
    click.echo(f"  mock-server serve {shown[0]} --fixtures {shown[1]}")


def _tell(problems: list[Problem]) -> None:
    for problem in problems:
        if problem.severity == "error":
            click.echo(problem.as_text(), err=True)
