"""``mock-server drift``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli import EXIT_BROKEN, EXIT_INTERRUPTED
from mock_server.cli.configuration import ENVIRONMENT_PREFIX
from mock_server.cli.contract import _consent, _rate
from mock_server.cli.options import Spec
from mock_server.cli.proxying import headers_option
from mock_server.cli.reporting import REPORT_FORMATS, file_wishes, show_link, tell_made

if TYPE_CHECKING:
    from mock_server.contract.prove import Question


@click.command(
    "drift",
    short_help="Show where a mock and the real deployment answer differently.",
    context_settings={"auto_envvar_prefix": f"{ENVIRONMENT_PREFIX}_DRIFT"},
)
@click.option("--real", required=True, metavar="URL", help="The real deployment.")
@click.option("--mock", metavar="URL", help="The mock. Default: our own is started.")
@click.option(
    "--spec", "specs", multiple=True, type=Spec(), metavar="SPEC", help="The document. Default: the bundled one."
)
@click.option(
    "--fixtures",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Fixtures that say which status comes for which reason.",
)
@click.option("--allow-remote", multiple=True, metavar="HOST", help="Fetch documents from this host; may be repeated.")
@click.option("--token", metavar="TOKEN", help="The real deployment's: one that may do everything.")
@click.option("--token-other", metavar="TOKEN", help="One as good, of another account.")
@click.option("--token-without-scope", metavar="TOKEN", help="One without the scopes of the document.")
@click.option("--token-unpaid", metavar="TOKEN", help="One of an account that does not pay.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    callback=headers_option,
    metavar="'NAME: VALUE'",
    help="Send this with every request to the real deployment; may be repeated.",
)
@click.option(
    "--consent",
    default="visit",
    show_default=True,
    callback=_consent,
    metavar="visit|ask|command:CMD|none",
    help="How the real deployment's page behind auth_uri is approved.",
)
@click.option("--clock", metavar="URL", help='Where its time is moved: POST {"advance": SECONDS}.')
@click.option(
    "--profile", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="How much is sent."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Repeat a run with its seed. Default: a random one."
)
@click.option(
    "--max-time", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Stop then; what was not made is listed."
)
@click.option("--rate-limit", callback=_rate, metavar="N/s|N/m", help="Send the real deployment no more than this.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this operation, check or family; may be repeated.")
@click.option("--skip", multiple=True, metavar="NAME", help="Not this operation, check or family; may be repeated.")
@click.option("--strict", is_flag=True, help="Fail for assumed differences, too.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    callback=file_wishes,
    metavar="FORMAT:PATH",
    help=f"Write the differences as findings: {', '.join(REPORT_FORMATS)}. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    real: str, mock: str | None, headers: tuple[tuple[str, str], ...], seed: int | None, as_json: bool, **options: Any
) -> None:
    """Send the same requests to a mock and to the real deployment, and show where they answer differently.

    Compared are status, media type, headers and the shape of the body; ids, dates and tokens differ by nature.

    Exit codes: 0 no documented promise differs, 1 one does, 2 usage, 3 document or fixtures invalid,
    4 unreachable, 130 interrupted.
    """
    import random

    from mock_server.contract.prove import Question
    from mock_server.contract.target import Tokens

    question = Question(
        url=real,
        specs=options["specs"],
        fixtures=options["fixtures"],
        tokens=Tokens(
            options["token"], options["token_other"], options["token_without_scope"], options["token_unpaid"]
        ),
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
        allow_remote=options["allow_remote"],
    )
    sys.exit(_run(question, mock, options["reports"], as_json))


def _run(question: Question, mock: str | None, wishes: tuple[tuple[str, str], ...], as_json: bool) -> int:
    from mock_server.contract.drift import drift
    from mock_server.contract.errors import CannotRun, OutOfTime
    from mock_server.contract.interrupt import interruptible
    from mock_server.contract.report.drift import drift_json, drift_report
    from mock_server.contract.report.files import Wish, check_writable, write_reports
    from mock_server.contract.report.live import Live, Plain, is_lively
    from mock_server.contract.report.shown import show
    from mock_server.errors import Broken
    from mock_server.record.secret import Secrets

    secrets = Secrets()
    progress: Plain | Live = Live(sys.stderr) if is_lively(sys.stderr) else Plain(sys.stderr)
    asked = [Wish(*each) for each in wishes]

    def watch(found: Secrets, counted: Any) -> None:
        nonlocal secrets
        secrets, progress.counted = found, counted

    def ask(auth_uri: str) -> None:
        progress.pause()
        show_link(auth_uri)
        progress.go_on()

    try:
        tell_made(check_writable(asked))
        with interruptible():
            found = drift(question, mock, progress.tell, ask, watch)
    except Broken as broken:
        errors = [problem for problem in broken.problems if problem.severity == "error"]
        click.echo("\n".join(problem.as_text() for problem in errors), err=True)
        return EXIT_BROKEN
    except CannotRun as error:
        click.echo(secrets.scrub(str(error)), err=True)
        return error.exit_code
    except OutOfTime:
        click.echo("error MS507: the time of the run is used up before anything could be compared", err=True)
        click.echo("      hint: give a longer --max-time", err=True)
        return 2
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    finally:
        progress.close()
    click.echo(drift_json(found, secrets) if as_json else drift_report(found, secrets), nl=False)
    failed = write_reports(asked, show(found.result, secrets))
    for line in failed:
        click.echo(line, err=True)
    if failed:
        return 2
    if found.result.interrupted:
        return EXIT_INTERRUPTED
    return 1 if found.result.counted else 0
