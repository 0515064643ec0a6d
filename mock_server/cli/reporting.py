"""How a contract run is shown: options, live progress, the report on standard output, reports in files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli import EXIT_BROKEN, EXIT_INTERRUPTED

if TYPE_CHECKING:
    from mock_server.contract.fuzz.kept import KeptReport
    from mock_server.contract.model import Result
    from mock_server.contract.prove import Question
    from mock_server.contract.report.files import Wish
    from mock_server.record.secret import Secrets

REPORT_FORMATS = ("text", "json", "junit", "html", "github", "sarif")
KEEPABLE = ("junit", "har", "vcr", "ndjson", "json")
"""Schemathesis' own that are one text file each; the others are folders that nobody could clear of secrets."""
Wishes = tuple[tuple[str, str], ...]
BESIDE_THE_TEXT = "github"
"""Annotations are lines of a log, and go with the text on standard output."""


def _wishes(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    wishes = []
    for value in values:
        name, colon, path = value.partition(":")
        if name not in REPORT_FORMATS or (colon and not path.strip()) or "\0" in path:
            raise click.BadParameter(f"write it as FORMAT:PATH or FORMAT; there are {', '.join(REPORT_FORMATS)}")
        wishes.append((name, path or "-"))
    printed = [name for name, path in wishes if path == "-" and name != BESIDE_THE_TEXT]
    if len(printed) > 1:
        raise click.BadParameter(f"only one of {', '.join(printed)} can go to standard output; give the others a path")
    return tuple(wishes)


def file_wishes(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> Wishes:
    """``FORMAT:PATH``, for a command whose standard output has a form of its own."""
    wishes = _wishes(context, parameter, values)
    if any(path == "-" for _, path in wishes):
        raise click.BadParameter("write it as FORMAT:PATH")
    return wishes


def _kept(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    wishes = []
    for value in values:
        name, _, folder = value.partition(":")
        if name not in KEEPABLE or not folder.strip() or "\0" in folder:
            raise click.BadParameter(f"write it as FORMAT:DIR; there are {', '.join(KEEPABLE)}")
        wishes.append((name, folder))
    return tuple(wishes)


def kept_reports(wishes: Sequence[tuple[str, str]]) -> tuple[KeptReport, ...]:
    """What ``--schemathesis-report`` asks for."""
    from mock_server.contract.fuzz.kept import KeptReport

    return tuple(KeptReport(name, Path(folder).resolve()) for name, folder in wishes)


def report_options(command: Callable[..., None]) -> Callable[..., None]:
    """``--report``, ``--json`` and ``--schemathesis-report``."""
    for option in reversed((
        click.option(
            "--report",
            "reports",
            multiple=True,
            callback=_wishes,
            metavar="FORMAT[:PATH]",
            help=f"Write a report: {', '.join(REPORT_FORMATS)}; without PATH on standard output. May be repeated.",
        ),
        click.option("--json", "as_json", is_flag=True, help="The JSON report on standard output."),
        click.option(
            "--schemathesis-report",
            "schemathesis_reports",
            multiple=True,
            callback=_kept,
            metavar="FORMAT:DIR",
            help=f"Keep a report of Schemathesis' own, without secrets: {', '.join(KEEPABLE)}. May be repeated.",
        ),
    )):  # fmt: skip
        command = option(command)
    return command


def run_and_report(question: Question, wishes: Sequence[tuple[str, str]], as_json: bool) -> int:
    """Make the run and show it; the exit code."""
    from mock_server.contract.errors import CannotRun
    from mock_server.contract.interrupt import interruptible
    from mock_server.contract.report.files import Wish, check_writable

    asked = [Wish(*each) for each in wishes]
    if as_json and not any(each.format == "json" and not each.is_file for each in asked):
        if any(not each.is_file and each.format != BESIDE_THE_TEXT for each in asked):
            click.echo("Error: --json and another --report cannot both go to standard output", err=True)
            return 2
        asked.append(Wish("json", "-"))
    try:
        tell_made(check_writable(asked))
    except CannotRun as error:
        click.echo(str(error), err=True)
        return error.exit_code
    with interruptible():
        return _run(question, asked)


def tell_made(folders: Sequence[Path]) -> None:
    """A folder that was not there may be a slip in the path of ``--report``."""
    for folder in folders:
        click.echo(f"made the folder {folder} for the report", err=True)


def _run(question: Question, wishes: Sequence[Wish]) -> int:
    from mock_server.contract.errors import CannotRun, OutOfTime
    from mock_server.contract.prove import prove
    from mock_server.contract.report.live import Live, Plain, is_lively
    from mock_server.errors import Broken
    from mock_server.record.secret import Secrets

    secrets = Secrets()
    progress: Plain | Live = Live(sys.stderr) if is_lively(sys.stderr) else Plain(sys.stderr)
    began = time.time()

    def watch(found: Secrets, counted: Any) -> None:
        nonlocal secrets
        secrets, progress.counted = found, counted

    def ask(auth_uri: str) -> None:
        progress.pause()
        show_link(auth_uri)
        progress.go_on()

    try:
        result = prove(question, progress.tell, ask, watch)
        code = EXIT_INTERRUPTED if result.interrupted else int(bool(result.counted))
    except Broken as broken:
        errors = [problem for problem in broken.problems if problem.severity == "error"]
        result, code = _untested(question, began, "\n".join(each.as_text() for each in errors)), EXIT_BROKEN
    except CannotRun as error:
        result, code = _untested(question, began, str(error)), error.exit_code
    except OutOfTime:
        text = "error MS507: the time of the run is used up before anything could be tested"
        result, code = _untested(question, began, f"{text}\n      hint: give a longer --max-time"), 2
    except KeyboardInterrupt:
        said = "interrupted before anything was tested"
        result, code = _untested(question, began, said)._replace(interrupted=True), EXIT_INTERRUPTED
    finally:
        progress.close()
    return _show(result, secrets, wishes) or code


def _untested(question: Question, began: float, why: str) -> Result:
    """Reports are written of such a run too: one that is missing, or that of the last run, would be taken for green."""
    from mock_server.contract.model import Result
    from mock_server.record.secret import Secrets

    named = Secrets()
    named.learn(*filter(None, question.tokens), *(value for _, value in question.headers))
    url = (
        question.url
        if question.url and "@" not in question.url
        else ("a deployment" if question.url else "our own mock")
    )
    return Result(
        url=url, seed=question.seed, strict=question.strict, findings=(), not_run=(), coverage=(), passed=(),
        requests={}, seconds=time.time() - began, profile=question.profile, began_at=began, error=named.scrub(why),
    )  # fmt: skip


def _show(result: Result, secrets: Secrets, wishes: Sequence[Wish]) -> int:
    """Print and write; 2 when a report could not be written after all."""
    from mock_server.contract.report.files import FORMATS, write_reports
    from mock_server.contract.report.live import is_lively, print_coloured
    from mock_server.contract.report.shown import show

    shown = show(result, secrets)
    failed = write_reports(wishes, shown)
    printed = [each.format for each in wishes if not each.is_file]
    if result.error:
        click.echo(shown.result.error, err=True)
    elif not any(each not in (BESIDE_THE_TEXT, "text") for each in printed):
        text = FORMATS["text"](shown)
        if is_lively(sys.stdout):
            print_coloured(text, shown.verdict, sys.stdout)
        else:
            click.echo(text, nl=False)
    for name in printed:
        if name != "text":
            click.echo(FORMATS[name](shown), nl=False)
    for line in failed:
        click.echo(line, err=True)
    if result.learnt:
        from mock_server.contract.report.learnt import learnt_report

        click.echo(learnt_report(result.learnt), err=True, nl=False)
    return 2 if failed or (result.learnt and not result.learnt.folder) else 0


def show_link(auth_uri: str) -> None:
    """The link is a secret of this run; a person at this terminal has asked for it."""
    click.echo(f"\nOpen this link, consent there, then press Enter:\n{auth_uri}", err=True)
    sys.stdin.readline()
