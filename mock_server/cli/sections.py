"""Help in sections: forty options in one list are read by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


class Sectioned(click.Command):
    """A command whose ``--help`` lists its options under headings.

    ``sections`` is ``{"Documents": ("--fixtures", "--watch"), …}``; what it does not name stands at the
    end, under *More*.
    """

    def __init__(self, *args: Any, sections: Mapping[str, tuple[str, ...]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        records = {}
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None:
                records[parameter.opts[0]] = record
        for heading, flags in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([records.pop(flag) for flag in flags])
        with formatter.section("More"):
            formatter.write_dl(list(records.values()))


SERVE = {
    "Documents": ("--fixtures", "--watch", "--allow-remote", "--allow-folder"),
    "Address": ("--host", "--port", "--tls", "--cert", "--key", "--ready-file"),
    "State": ("--state", "--workers", "--session-idle"),
    "Answers": (
        "--any-token", "--no-errors", "--strict", "--strict-query", "--no-formats", "--dynamic", "--seed", "--stateful",
        "--profile", "--cors", "--no-cors",
    ),
    "Calls to others": ("--proxy", "--proxy-header", "--proxy-timeout", "--allow-callbacks", "--callback-timeout"),
    "Limits": (
        "--max-body", "--max-handshakes", "--max-journal", "--max-journal-bytes", "--max-connections", "--max-target",
        "--max-header", "--max-header-lines", "--max-depth", "--max-aliases", "--header-timeout", "--body-timeout",
        "--keep-alive", "--stop-timeout",
    ),
}  # fmt: skip
CONTRACT = {
    "What is promised": ("--spec", "--fixtures", "--allow-remote"),
    "Who asks": (
        "--token", "--token-other", "--token-without-scope", "--token-unpaid", "--header", "--consent", "--clock",
    ),
    "How much": (
        "--profile", "--seed", "--max-time", "--rate-limit", "--max-response-time", "--only", "--skip", "--recorded",
    ),
    "What counts": ("--strict", "--require-coverage", "--learn"),
    "Reports": ("--report", "--json", "--schemathesis-report"),
}  # fmt: skip
