"""``mock-server record``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli import EXIT_BROKEN, EXIT_UNREACHABLE
from mock_server.cli.configuration import ENVIRONMENT_PREFIX
from mock_server.cli.options import Spec
from mock_server.cli.proxying import EXIT_USAGE, refusal, upstream_options
from mock_server.errors import Broken, Problem
from mock_server.settings import DEFAULT_HOST, DEFAULT_PORT, MAX_BODY_BYTES, Settings

if TYPE_CHECKING:
    from mock_server.record.keeper import Keeper
    from mock_server.web.log import RequestLog
    from mock_server.web.passed import Passed

WRITE_AFTER_S = 0.3
"""So long after an exchange the fixtures are in the folder."""


@click.command(
    "record",
    short_help="Stand before the real API and write what it answers into fixtures.",
    context_settings={"auto_envvar_prefix": f"{ENVIRONMENT_PREFIX}_RECORD"},
)
@click.argument("url", metavar="URL")
@click.option(
    "--spec", "specs", multiple=True, type=Spec(), metavar="SPEC", help="The document. Default: the bundled one."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where the fixtures go.")
@click.option("--force", is_flag=True, help="Add to fixture files that are there already; what they say stays.")
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@lambda command: upstream_options(command, "--header")
@click.option(
    "--max-body",
    default=MAX_BODY_BYTES,
    show_default=True,
    type=click.IntRange(1, 1024**3),
    metavar="BYTES",
    help="Longer requests are refused with 413, longer answers go through and are not recorded.",
)
@click.option("--allow-remote", multiple=True, metavar="HOST", help="Fetch documents from this host; may be repeated.")
@click.option(
    "--allow-folder",
    "allow_folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Follow references to files in this folder too; may be repeated.",
)
@click.option("--quiet", is_flag=True, help="No line for each request; what breaks the document is told all the same.")
def command(url: str, out: Path, force: bool, quiet: bool, **options: Any) -> None:
    """Pass every request on to the real API at URL, hold both sides against the document, and write what was
    answered into fixtures in DIR, marked `observed`.

    Point your client to this address in place of the real one. Press Ctrl-C when you have seen enough; what was seen
    until then is in the folder at any time. Secrets are left out.
    """
    settings = Settings(
        specs=options["specs"],
        host=options["host"],
        port=options["port"],
        allow_remote=options["allow_remote"],
        allow_folders=options["allow_folders"],
        any_token=True,
        quiet=quiet,
        max_body_bytes=options["max_body"],
        proxy=url,
        proxy_timeout_s=options["proxy_timeout"],
        proxy_headers=options["proxy_headers"],
        proxy_all=True,
    )
    sys.exit(_run(settings, out, force))


def _run(settings: Settings, out: Path, force: bool) -> int:
    from mock_server.record.keeper import Keeper
    from mock_server.record.told import summary
    from mock_server.server.run import CannotBind, address, bind, make_app, serve
    from mock_server.web.log import RequestLog
    from mock_server.world import build_world, bundled

    hint = "" if settings.specs else ", the bundled document; --spec names another"
    settings = settings if settings.specs else replace(settings, specs=(bundled("openapi.yaml"),))
    bad = refusal(settings)
    if bad:
        click.echo(bad, err=True)
        return EXIT_USAGE
    assert settings.proxy is not None
    try:
        world = build_world(settings)
        prove(settings, out)
        keeper = Keeper(world, out, settings.proxy, force=force)
    except Broken as broken:
        tell(broken)
        return EXIT_BROKEN
    try:
        sock = bind(settings.host, settings.port)
    except CannotBind as error:
        click.echo(f"error MS420: {error}", err=True)
        return EXIT_UNREACHABLE
    log = RequestLog(sys.stdout, quiet=settings.quiet)
    app = make_app(world, settings, log)
    app.live.on_passed = Watch(keeper, log)
    text = (
        f"mock-server records: {address(sock)} stands before {settings.proxy}\n"
        f"  held against {', '.join(document.title for document in world.documents)}{hint}\n"
        f"  fixtures go into {out}; Ctrl-C ends it\n"
    )
    serve(app, sock, lambda: log.say(text))
    try:
        keeper.flush()
        click.echo(summary(keeper, str(out)), nl=False)
        prove(settings, out)
    except Broken as broken:
        tell(broken)
        return EXIT_USAGE
    return 0


def prove(settings: Settings, out: Path) -> None:
    """Whether the folder can be served. Raises ``Broken`` (MS498) with everything that is wrong in it."""
    from mock_server.world import build_world

    if not out.exists():
        return
    if not out.is_dir():
        raise Broken(
            [Problem("MS498", f"{out} is no folder", hint="give --out a folder; one that is not there is made")]
        )
    try:
        build_world(replace(settings, fixtures=out, proxy=None, proxy_all=False))
    except Broken as broken:
        hint = "mend it, or give another folder"
        raise Broken([Problem("MS498", f"{out} cannot be served as it is", hint=hint), *broken.problems]) from None


class Watch:
    """Hands what went through to the keeper, tells what is wrong with it, and writes a moment later."""

    def __init__(self, keeper: Keeper, log: RequestLog) -> None:
        self._keeper = keeper
        self._log = log
        self._waiting = False

    def __call__(self, passed: Passed) -> None:
        import asyncio

        if passed.body is None:
            self._keeper.kept_back[f"{passed.request.method}: an answer too long, or coded, to be looked at"] += 1
            return
        told = self._keeper.take(exchange_of(passed, passed.body), passed.at)
        self._log.flush()
        for line in told:
            self._log.say(f"          {line}")
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_later(WRITE_AFTER_S, self._write)

    def _write(self) -> None:
        self._waiting = False
        try:
            self._keeper.flush()
        except Broken as broken:
            self._log.error("\n".join(problem.as_text() for problem in broken.problems))


def exchange_of(passed: Passed, body: bytes) -> Any:
    """As recordings have it."""
    from mock_server.record.exchange import Exchange, Seen, Sent

    request = passed.request
    target = f"{passed.raw_path}?{request.query}" if request.query else passed.raw_path
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in passed.answer.headers)
    sent = Sent(request.method, target, tuple(request.headers.items()), request.body)
    return Exchange(request.origin, "", sent, Seen(passed.answer.status, headers, body, passed.took_s))


def tell(broken: Broken) -> None:
    """The errors of what cannot be read or written."""
    errors = [problem for problem in broken.problems if problem.severity == "error"]
    click.echo("\n".join(problem.as_text() for problem in errors), err=True)
