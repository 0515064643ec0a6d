"""``mock-server schema``."""

from __future__ import annotations

import json

import click

KINDS = ("operation", "provider", "scenario", "tokens", "unrouted")


@click.command("schema", short_help="Print the JSON Schema of the fixture format.")
@click.option(
    "--for", "kind", type=click.Choice(KINDS), help="Only of the files about this; without it of any fixture file."
)
def command(kind: str | None) -> None:
    """Print the JSON Schema (2020-12) of the fixture format, for editors.

    `scaffold` puts it beside the files that it writes, as fixture.schema.json, and names it in their first line.
    """
    from mock_server.fixture.schema import schema

    click.echo(json.dumps(schema(kind), indent=1, ensure_ascii=False))
