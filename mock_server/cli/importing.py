"""``mock-server import``."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mock_server.cli import EXIT_BROKEN
from mock_server.cli.configuration import ENVIRONMENT_PREFIX
from mock_server.cli.options import Spec
from mock_server.cli.proxying import EXIT_USAGE
from mock_server.cli.record import prove, tell
from mock_server.errors import Broken, Problem
from mock_server.settings import Settings

if TYPE_CHECKING:
    from mock_server.codec.har import HarEntry
    from mock_server.record.keeper import Keeper


@click.command(
    "import",
    short_help="Write what a browser, a proxy or Postman has recorded into fixtures.",
    context_settings={"auto_envvar_prefix": f"{ENVIRONMENT_PREFIX}_IMPORT"},
)
@click.argument("kind", type=click.Choice(["har", "postman"]), metavar="har|postman")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--spec", "specs", multiple=True, type=Spec(), metavar="SPEC", help="The document; may be repeated.")
@click.option(
    "--write-spec",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Without --spec: make a document out of what was recorded, and write it here.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where the fixtures go.")
@click.option("--force", is_flag=True, help="Add to fixture files that are there already; what they say stays.")
@click.option("--base", "bases", multiple=True, metavar="PATH", help="Below which path the API stood; may be repeated.")
@click.option("--allow-remote", multiple=True, metavar="HOST", help="Fetch documents from this host; may be repeated.")
def command(
    kind: str,
    file: Path,
    specs: tuple[Path | str, ...],
    write_spec: Path | None,
    out: Path,
    force: bool,
    bases: tuple[str, ...],
    allow_remote: tuple[str, ...],
) -> None:
    """Write the exchanges of FILE into fixtures in DIR, marked `observed`.

    FILE is an HTTP Archive (`har`), as browsers and proxies save it, or a Postman collection of version 2.1 with saved
    responses (`postman`). Secrets are left out.
    """
    if bool(specs) is (write_spec is not None):
        if specs:
            raise click.UsageError("--spec brings a document and --write-spec makes one: give one of the two")
        hint = "give --spec SPEC, or --write-spec FILE to have one made out of the recording"
        raise click.UsageError(f"fixtures need a document: {hint}")
    if write_spec and write_spec.resolve().is_relative_to(out.resolve()):
        raise click.UsageError("--write-spec lies in --out, whose files are all read as fixtures; put it beside")
    try:
        sys.exit(_run(kind, file, specs, write_spec, out, force, bases, allow_remote))
    except Broken as broken:
        tell(broken)
        sys.exit(EXIT_USAGE if broken.problems[0].code in ("MS101", "MS497", "MS499", "MS328") else EXIT_BROKEN)


def _run(
    kind: str,
    file: Path,
    specs: tuple[Path | str, ...],
    write_spec: Path | None,
    out: Path,
    force: bool,
    bases: tuple[str, ...],
    allow_remote: tuple[str, ...],
) -> int:
    """Raises ``Broken``."""
    from mock_server.record.keeper import Keeper
    from mock_server.record.told import summary
    from mock_server.world import build_world

    entries, unanswered = _read(kind, file)
    others: Counter[str] = Counter()
    if write_spec:
        entries, others = _make(entries, write_spec, force)
        specs = (write_spec,)
    settings = Settings(specs=specs, allow_remote=allow_remote, any_token=True)
    world = build_world(settings)
    prove(settings, out)
    keeper = Keeper(world, out, file.name, force=force)
    keeper.unmatched.update({f"{origin} (another host, or no API)": count for origin, count in others.items()})
    keeper.kept_back.update(f"{name}: it has no saved response" for name in unanswered)
    matched = sum(_take(keeper, entry, bases) for entry in entries)
    if not matched:
        hosts = ", ".join(dict.fromkeys(each.origin for each in entries)) or "no exchange"
        hint = f"it has {hosts}; the paths are looked for below the document's base paths and --base"
        raise Broken([Problem("MS499", f"nothing in {file} is of this API", hint=hint)])
    keeper.flush()
    prove(settings, out)
    if write_spec:
        click.echo(f"The document is in {write_spec}: what was seen, and no more.")
    click.echo(summary(keeper, str(out)), nl=False)
    return 0


def _read(kind: str, file: Path) -> tuple[list[HarEntry], list[str]]:
    """What the file has. Raises ``Broken``: MS101, MS497."""
    from mock_server.codec.har import read_har
    from mock_server.codec.postman import read_postman
    from mock_server.source import read_bytes

    data = read_bytes(file)
    try:
        if kind == "har":
            return read_har(data), []
        found = read_postman(data)
        return found.entries, found.unanswered
    except (ValueError, RecursionError) as error:
        what = "HTTP Archive" if kind == "har" else "Postman collection"
        raise Broken([Problem("MS497", f"{file} is no {what}: {error}")]) from None


def _make(entries: list[HarEntry], target: Path, force: bool) -> tuple[list[HarEntry], Counter[str]]:
    """Write a document for what looks like an API. Raises ``Broken``."""
    from mock_server.record.infer import api_entries, infer
    from mock_server.source.emit import emit
    from mock_server.source.write import write_all

    kept, others = api_entries(entries)
    if not kept:
        hint = "it needs exchanges that speak JSON; or give the document with --spec"
        raise Broken([Problem("MS499", "nothing in it looks like an API", hint=hint)])
    document = infer(kept, f"API of {kept[0].origin.partition('//')[2]}")
    write_all(target.parent, {target.name: _quoted(emit(document)).encode()}, force=force)
    return kept, others


def _quoted(text: str) -> str:
    """Statuses as texts (OAS 3.1 §4.8.16.1): other readers would take them for numbers."""
    return re.sub(r"(?m)^( +)([1-5][0-9]{2}):", r'\1"\2":', text)


def _take(keeper: Keeper, entry: HarEntry, bases: tuple[str, ...]) -> bool:
    """Whether it is of the API and was looked at."""
    from mock_server.record.exchange import Exchange, Seen, Sent

    if entry.answer is None:
        keeper.kept_back[f"{entry.method} {entry.target.partition('?')[0]}: the file has no body of the answer"] += 1
        return False
    seen = Seen(entry.status, entry.answer_headers, entry.answer, max(entry.seconds, 0.0))
    exchange = Exchange(entry.origin, "", Sent(entry.method, entry.target, entry.headers, entry.body), seen)
    before = keeper.unmatched.total()
    keeper.take(exchange, entry.began_at and entry.began_at + max(entry.seconds, 0.0), bases)
    return keeper.unmatched.total() == before
