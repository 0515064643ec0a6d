"""From the settings of ``mock-server serve`` to its exit code."""

from __future__ import annotations

import gc
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from mock_server.cli import EXIT_BROKEN, EXIT_UNREACHABLE
from mock_server.cli.proxying import EXIT_USAGE, refusal
from mock_server.errors import Broken
from mock_server.settings import DEFAULT_STATE, Settings

if TYPE_CHECKING:
    import socket

    from mock_server.server.announce import ReadyFile


def run(settings: Settings) -> int:
    """Serve until told to stop; the exit code."""
    gc.disable()  # nothing of what is imported, read and compiled now is garbage; `serve` turns it on again
    from mock_server.server.announce import NoReadyFile, ReadyFile

    if settings.ready_file is None:
        return _run(settings, None)
    try:
        file = ReadyFile(settings.ready_file)
    except NoReadyFile as error:
        click.echo(f"error MS456: {error}", err=True)
        return EXIT_USAGE
    try:
        return _run(settings, file)
    finally:
        file.remove()


def _run(settings: Settings, file: ReadyFile | None) -> int:
    from mock_server.cli.banner import banner
    from mock_server.server.announce import Announcement
    from mock_server.server.run import CannotBind, address, bind_all, make_app, serve
    from mock_server.source import Ledger
    from mock_server.state.choose import make_store, prove
    from mock_server.state.store import Away, Unusable
    from mock_server.web.app import MockApp
    from mock_server.web.log import RequestLog
    from mock_server.web.peers import Countdown, OwnCountdown
    from mock_server.web.reload import tell_of_schemas
    from mock_server.world import build_world

    bad = refusal(settings) if settings.proxy else None
    if bad:
        click.echo(bad, err=True)
        return EXIT_USAGE
    ledger = Ledger()
    try:
        world = build_world(settings, ledger)
    except Broken as broken:
        errors = [problem for problem in broken.problems if problem.severity == "error"]
        click.echo("\n".join(problem.as_text() for problem in errors), err=True)
        click.echo(
            f"\n{len(errors)} error(s); nothing is served. `mock-server check` shows the warnings too.", err=True
        )
        return EXIT_BROKEN
    turn: AbstractContextManager[None] = nullcontext()
    row: AbstractContextManager[None] = nullcontext()
    failures: Countdown = OwnCountdown()
    if settings.workers > 1:
        from mock_server.server.shared import Row, SharedCountdown, Turn

        failures, turn, row = SharedCountdown(Turn()), Turn(), Row()
    try:
        store = make_store(settings, time.time, lambda text: log.error(text), row)
        if settings.state != DEFAULT_STATE:
            prove(store)
    except Unusable as error:
        click.echo(f"error {error.code}: {error}", err=True)
        return EXIT_BROKEN
    except Away as error:
        from mock_server.state.advice import advice

        click.echo(f"error MS450: {advice(settings.state, str(error))}", err=True)
        return EXIT_UNREACHABLE
    tls, certificate = None, None
    if settings.tls:
        from mock_server.server.tls import BadCertificate, make_context, read_certificate

        try:
            certificate = read_certificate(settings)
            tls = make_context(certificate, failures)
        except BadCertificate as error:
            click.echo(f"error MS421: {error}", err=True)
            return EXIT_BROKEN
    try:
        sockets = bind_all(settings.host, settings.port, settings.workers)
    except CannotBind as error:
        click.echo(f"error MS420: {error}", err=True)
        return EXIT_UNREACHABLE
    sock = sockets[0]
    given_token, wanted = settings.control_token, settings.limits.connections
    settings = _fitted(settings, sock)
    colour = sys.stdout is not None and sys.stdout.isatty() and not _no_color()  # None = started with it closed
    log = RequestLog(sys.stdout, colour, quiet=settings.quiet, as_json=settings.log_format == "json", turn=turn)
    tell_of_schemas(world, log)
    url = address(sock, "https" if certificate else "http")
    text = banner(world, url, settings.workers)
    if settings.proxy:
        text += f"\nRequests of which no fixture speaks go to {settings.proxy}\n"
    if settings.control_token and settings.control_token != given_token:
        text += (
            f"\nOther machines reach /__mock/ with this header; it is said once and made anew at each start:\n"
            f"  Authorization: Bearer {settings.control_token}\n"
        )
    if settings.limits.connections < wanted:
        text += f"\nOnly {settings.limits.connections} connections at once: the system allows no more (ulimit -n).\n"
    if certificate and certificate.authority:
        text += f"\nClients must trust {certificate.authority}, as in: curl --cacert {certificate.authority} …\n"

    def make() -> MockApp:
        app = make_app(world, settings, log, store)
        app.live.reload.ledger = ledger
        app.live.tls_failures = failures
        return app

    announcement = Announcement(log, text, url, file, settings.limits.stop_s)
    if settings.workers > 1:
        from mock_server.server.workers import serve_together

        return serve_together(sockets, make, announcement, tls)
    return serve(make(), sock, announcement.ready, on_stop=announcement.stopping, tls=tls)


def _fitted(settings: Settings, sock: socket.socket) -> Settings:
    """With a token for the control API where others can reach it, and as many connections as there is room for."""
    from dataclasses import replace
    from ipaddress import ip_address

    from mock_server.server.crowd import room_for

    made: str | None = None
    if settings.control_token is None and not ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback:
        import secrets

        made = secrets.token_urlsafe(24)
    return replace(
        settings,
        control_token=settings.control_token or made,
        limits=replace(settings.limits, connections=room_for(settings.limits.connections)),
    )


def _no_color() -> bool:
    import os

    return bool(os.environ.get("NO_COLOR"))
