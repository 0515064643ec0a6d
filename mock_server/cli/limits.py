"""``serve``'s flags for what a client may have the server keep, and how long it may keep it waiting: one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from mock_server.named import NamedTuple
from mock_server.settings import Limits

Command = TypeVar("Command", bound=Callable[..., Any])
USUAL = Limits()


class Row(NamedTuple):
    """A flag: which field of ``Limits`` it sets, within which range, and what happens beyond it."""

    flag: str
    field: str
    kind: click.ParamType[Any]
    metavar: str
    help: str


_BYTES = click.IntRange(64, 1024**2)
_SECONDS = click.FloatRange(0.1, 3600)
ROWS = (
    Row("--max-connections", "connections", click.IntRange(1, 1_000_000), "N",
        "Connections to hold; one more is answered 503 and closed."),
    Row("--max-target", "target_bytes", _BYTES, "BYTES", "Refuse a longer path and query with 414."),
    Row("--max-header", "header_bytes", _BYTES, "BYTES", "Refuse a longer header with 431."),
    Row("--max-header-lines", "header_lines", click.IntRange(1, 100_000), "N", "Refuse more header lines with 431."),
    Row("--max-journal-bytes", "journal_bytes", click.IntRange(4 * 1024, 64 * 1024**2), "BYTES",
        "Bytes that the journal of a session keeps."),
    Row("--max-depth", "json_depth", click.IntRange(1, 200), "LEVELS", "Refuse JSON that is nested deeper."),
    Row("--max-aliases", "aliased_nodes", click.IntRange(0, 10_000_000), "NODES",
        "Refuse documents and fixtures whose YAML aliases repeat more."),
    Row("--header-timeout", "header_s", _SECONDS, "SECONDS", "Refuse a request with 408 whose header takes longer."),
    Row("--body-timeout", "body_s", _SECONDS, "SECONDS", "Refuse a request with 408 whose body takes longer."),
    Row("--keep-alive", "idle_s", _SECONDS, "SECONDS", "Close a connection that is idle for longer."),
    Row("--stop-timeout", "stop_s", click.FloatRange(1, 3600), "SECONDS",
        "Wait so long for answers under way when told to stop; then 503."),
)  # fmt: skip


def limit_options(command: Command) -> Command:
    """The table as options; ``limits_of`` reads what was given."""
    for row in reversed(ROWS):
        option = click.option(
            row.flag,
            default=getattr(USUAL, row.field),
            show_default=True,
            type=row.kind,
            metavar=row.metavar,
            help=row.help,
        )
        command = option(command)
    return command


def limits_of(given: dict[str, Any]) -> Limits:
    """From ``{"max_target": 8192, …}``."""
    return Limits(**{row.field: given[row.flag.lstrip("-").replace("-", "_")] for row in ROWS})
