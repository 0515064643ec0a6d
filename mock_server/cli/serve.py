"""``mock-server serve``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mock_server.cli.configuration import ENVIRONMENT_PREFIX
from mock_server.cli.limits import limit_options, limits_of
from mock_server.cli.options import sources
from mock_server.cli.proxying import proxy_of, proxy_options
from mock_server.cli.sections import SERVE, Sectioned
from mock_server.settings import (
    CALLBACK_TIMEOUT_S,
    DEFAULT_HOST,
    DEFAULT_PORT,
    DEFAULT_STATE,
    MAX_BODY_BYTES,
    MAX_ENTRIES,
    MAX_HANDSHAKES,
    SESSION_IDLE_S,
    Settings,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _allowed(context: click.Context, option: click.Parameter, hosts: tuple[str, ...]) -> tuple[str, ...]:
    if hosts:
        from mock_server.core.target import read_allowed
    for host in hosts:
        try:
            read_allowed(host)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return hosts


def _state(context: click.Context, option: click.Parameter, text: str) -> str:
    from mock_server.state.choose import read_state

    try:
        return read_state(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _may_be_many(state: str) -> None:
    from mock_server.server.workers import can_fork
    from mock_server.state.choose import is_shared

    if not is_shared(state):
        raise click.UsageError(
            "--workers needs a store that all workers see: with --state memory: each would have handshakes of its own, "
            "and a client would find its own in one answer and not in the next; say --state sqlite:PATH or redis://HOST"
        )
    if not can_fork():
        raise click.UsageError("--workers needs Linux; here one worker answers")


@click.command(
    "serve",
    cls=Sectioned,
    sections=SERVE,
    short_help="Serve the API of an OpenAPI document.",
    context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX},
)
@sources
@click.option("--watch", is_flag=True, help="Serve what document and fixtures say as soon as they are saved.")
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option(
    "--state",
    default=DEFAULT_STATE,
    show_default=True,
    metavar="STORE",
    callback=_state,
    help="Where state is kept: memory:, sqlite:PATH, or redis://HOST (extra `redis`).",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that answer together; needs a --state that all of them see.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file that holds the address as long as the mock answers, and is not there before and after.",
)
@click.option("--tls", is_flag=True, help="Speak https with a certificate made for this machine (extra `tls`).")
@click.option("--cert", type=_FILE, metavar="FILE", help="Speak https with this certificate chain, in PEM.")
@click.option("--key", type=_FILE, metavar="FILE", help="The certificate's private key, in PEM, without a password.")
@click.option("--cors", multiple=True, metavar="ORIGIN", help="Allow this origin only; may be repeated. Default: any.")
@click.option("--no-cors", is_flag=True, help="Send no CORS headers at all.")
@click.option(
    "--any-token", is_flag=True, help="Accept bearer tokens that tokens.yaml does not list, with every scope."
)
@click.option(
    "--dynamic", is_flag=True, help="Make bodies anew for each request, also where the document has an example."
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 999_999_999),
    metavar="N",
    help="What made-up bodies are made from; the same seed makes the same ones.",
)
@click.option(
    "--profile",
    default="none",
    show_default=True,
    type=click.Choice(["none", "3g", "slow", "flaky", "offline"]),
    help="The network that every answer goes through; PUT /__mock/faults switches it.",
)
@click.option("--strict", is_flag=True, help="Answer 500 instead of sending a body that breaks the document.")
@click.option("--no-errors", is_flag=True, help="Answer bad requests as if they were good; Mock-Violations tells why.")
@click.option("--strict-query", is_flag=True, help="Refuse query parameters that the operation does not describe.")
@click.option("--no-formats", is_flag=True, help="Do not judge the `format` of texts and numbers in requests.")
@click.option("--stateful", is_flag=True, help="Remember what is made, changed and deleted: /things and /things/{id}.")
@click.option(
    "--max-body",
    default=MAX_BODY_BYTES,
    show_default=True,
    type=click.IntRange(1, 1024**3),
    metavar="BYTES",
    help="Refuse larger request bodies with 413.",
)
@click.option(
    "--max-handshakes",
    default=MAX_HANDSHAKES,
    show_default=True,
    type=click.IntRange(1, 100_000_000),
    metavar="N",
    help="Live handshakes to keep before answering 503.",
)
@click.option(
    "--max-journal",
    default=MAX_ENTRIES,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Entries that the journal of a session keeps.",
)
@click.option(
    "--session-idle",
    default=SESSION_IDLE_S,
    show_default=True,
    type=click.FloatRange(1, 366 * 24 * 3600),
    metavar="SECONDS",
    help="Forget a session that nobody uses for so long, unless a handshake lives in it.",
)
@limit_options
@click.option(
    "--allow-callbacks",
    multiple=True,
    metavar="HOST",
    callback=_allowed,
    help="Let callbacks and webhooks call HOST too (name, *.name, network, with :PORT); may be repeated.",
)
@click.option(
    "--callback-timeout",
    default=CALLBACK_TIMEOUT_S,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    help="Give up a callback or webhook whose answer takes longer.",
)
@proxy_options
@click.option(
    "--control-token",
    metavar="TOKEN",
    help="Open /__mock/ to other machines that send this bearer token. Default: made up and shown, unless on loopback.",
)
@click.option(
    "--log-format",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
    help="Lines for people, or one JSON object a line for machines.",
)
@click.option("--quiet", is_flag=True, help="No line for each request.")
def command(
    specs: tuple[Path | str, ...],
    fixtures: Path | None,
    allow_remote: tuple[str, ...],
    allow_folders: tuple[Path, ...],
    watch: bool,
    host: str,
    port: int,
    state: str,
    workers: int,
    ready_file: Path | None,
    tls: bool,
    cert: Path | None,
    key: Path | None,
    cors: tuple[str, ...],
    no_cors: bool,
    any_token: bool,
    dynamic: bool,
    seed: int,
    profile: str,
    strict: bool,
    no_errors: bool,
    strict_query: bool,
    no_formats: bool,
    stateful: bool,
    max_body: int,
    max_handshakes: int,
    max_journal: int,
    session_idle: float,
    allow_callbacks: tuple[str, ...],
    callback_timeout: float,
    control_token: str | None,
    log_format: str,
    quiet: bool,
    **others: Any,
) -> None:
    """Serve the API of one or more OpenAPI documents.

    Without SPEC the bundled document and fixtures are served: OAuth2Connections of Boomi Data
    Integration.
    """
    if cors and no_cors:
        raise click.UsageError("--cors and --no-cors exclude one another")
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key belong together")
    if tls and cert:
        raise click.UsageError("--tls makes a certificate, --cert brings one; say one of the two")
    if workers > 1:
        _may_be_many(state)
    settings = Settings(
        specs=specs,
        fixtures=fixtures,
        allow_remote=allow_remote,
        allow_folders=allow_folders,
        watch=watch,
        host=host,
        port=port,
        state=state,
        workers=workers,
        ready_file=ready_file,
        tls=tls or cert is not None,
        cert=cert,
        key=key,
        cors=None if no_cors else cors or ("*",),
        any_token=any_token,
        dynamic=dynamic,
        seed=seed,
        network=profile,
        strict=strict,
        no_errors=no_errors,
        strict_query=strict_query,
        formats=not no_formats,
        stateful=stateful,
        max_body_bytes=max_body,
        max_handshakes=max_handshakes,
        max_entries=max_journal,
        session_idle_s=session_idle,
        limits=limits_of(others),
        log_format=log_format,
        quiet=quiet,
        allow_callbacks=allow_callbacks,
        callback_timeout_s=callback_timeout,
        control_token=control_token,
        **proxy_of(others, stateful=stateful),
    )
    from mock_server.cli.serving import run

    sys.exit(run(settings))
