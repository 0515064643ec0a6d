"""``mock-server contract``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mock_server.cli.configuration import ENVIRONMENT_PREFIX
from mock_server.cli.options import Spec
from mock_server.cli.proxying import headers_option
from mock_server.cli.reporting import kept_reports, report_options, run_and_report
from mock_server.cli.sections import CONTRACT, Sectioned


def _consent(_: click.Context, __: click.Parameter, value: str) -> str:
    if value in ("visit", "ask", "none") or (value.partition(":")[2].strip() and value.startswith("command:")):
        return value
    raise click.BadParameter("there are visit, ask, none and command:CMD")


def _rate(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """``10/s`` or ``100/m`` as requests a second."""
    if value is None:
        return None
    number, slash, unit = value.partition("/")
    if not number.isdecimal() or not slash or unit not in ("s", "m") or not int(number):
        raise click.BadParameter("write it as 10/s or 100/m")
    return int(number) / (1 if unit == "s" else 60)


@click.command(
    "contract",
    cls=Sectioned,
    sections=CONTRACT,
    short_help="Prove whether a deployment, mock or real, keeps the contract.",
    context_settings={"auto_envvar_prefix": f"{ENVIRONMENT_PREFIX}_CONTRACT"},
)
@click.argument("url", required=False, metavar="[URL]")
@click.option(
    "--spec",
    "specs",
    multiple=True,
    type=Spec(),
    metavar="SPEC",
    help="The document that was promised. Default: the bundled one.",
)
@click.option(
    "--fixtures",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Fixtures that say which status comes for which reason.",
)
@click.option("--allow-remote", multiple=True, metavar="HOST", help="Fetch documents from this host; may be repeated.")
@click.option("--token", metavar="TOKEN", help="A token that may do everything.")
@click.option("--token-other", metavar="TOKEN", help="One as good, of another account.")
@click.option("--token-without-scope", metavar="TOKEN", help="One without the scopes of the document.")
@click.option("--token-unpaid", metavar="TOKEN", help="One of an account that does not pay.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    callback=headers_option,
    metavar="'NAME: VALUE'",
    help="Send this with every request; may be repeated.",
)
@click.option(
    "--consent",
    default="visit",
    show_default=True,
    callback=_consent,
    metavar="visit|ask|command:CMD|none",
    help="How the page behind auth_uri is approved.",
)
@click.option("--clock", metavar="URL", help='Where the deployment\'s time is moved: POST {"advance": SECONDS}.')
@click.option(
    "--profile", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="How much is tried."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Repeat a run with its seed. Default: a random one."
)
@click.option(
    "--max-time", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Stop then; what was not made is listed."
)
@click.option("--rate-limit", callback=_rate, metavar="N/s|N/m", help="Send no more requests than this.")
@click.option(
    "--max-response-time",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Fail when any answer takes longer.",
)
@click.option("--only", multiple=True, metavar="NAME", help="Only this operation, check or family; may be repeated.")
@click.option("--skip", multiple=True, metavar="NAME", help="Not this operation, check or family; may be repeated.")
@click.option(
    "--require-coverage",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail when less of what is documented was reached.",
)
@click.option("--strict", is_flag=True, help="Fail for what differs from our assumptions, too.")
@click.option(
    "--recorded",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE.har",
    help="Judge what this HTTP Archive recorded of another deployment, and compare; may be repeated.",
)
@click.option(
    "--learn",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write a copy of the fixtures there, with what the deployment answered where they only assume.",
)
@report_options
def command(url: str | None, headers: tuple[tuple[str, str], ...], seed: int | None, **options: Any) -> None:
    """Fuzz a deployment at URL and walk it; without URL our own mock is started and tested.

    Exit codes: 0 it keeps the contract, 1 findings, 2 usage (a wrong token, another API, an HTML page),
    3 document or fixtures invalid, 4 unreachable, 130 interrupted.
    """
    import random

    from mock_server.contract.prove import Question
    from mock_server.contract.target import Tokens

    tokens = Tokens(options["token"], options["token_other"], options["token_without_scope"], options["token_unpaid"])
    question = Question(
        url=url,
        specs=options["specs"],
        fixtures=options["fixtures"],
        tokens=tokens,
        headers=headers,
        consent=options["consent"],
        clock_url=options["clock"],
        seed=random.SystemRandom().randrange(2**32) if seed is None else seed,
        profile=options["profile"],
        max_time_s=options["max_time"],
        rate=options["rate_limit"],
        only=options["only"],
        skip=options["skip"],
        strict=options["strict"],
        require_coverage=options["require_coverage"],
        allow_remote=options["allow_remote"],
        max_response_s=options["max_response_time"],
        schemathesis_reports=kept_reports(options["schemathesis_reports"]),
        recorded=options["recorded"],
        learn=options["learn"],
    )
    sys.exit(run_and_report(question, options["reports"], options["as_json"]))
