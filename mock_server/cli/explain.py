"""``mock-server explain``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mock_server.cli import EXIT_BROKEN
from mock_server.cli.completion import of_requests, of_responses, of_scenarios
from mock_server.cli.configuration import ENVIRONMENT_PREFIX
from mock_server.cli.options import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.model import Request
    from mock_server.settings import Settings
    from mock_server.web.trial import Tried
    from mock_server.world import World

ORIGIN = "http://127.0.0.1:4010"
STATES = ("asked", "opened", "granted", "collected", "denied", "failed", "abandoned", "expired")
MAX_SHOWN = 4_000
"""Characters of a body."""


@click.command(
    "explain",
    short_help="Tell what a request would be answered with, and why, without a server.",
    context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX},
)
@click.argument("request_line", metavar="REQUEST", shell_complete=of_requests)
@sources
@click.option("-d", "--data", metavar="BODY", help="The body; @FILE reads a file, @- standard input.")
@click.option("-H", "--header", "headers", multiple=True, metavar="HEADER", help="'Name: value'; may be repeated.")
@click.option("--token", metavar="TOKEN", help="Send `Authorization: Bearer TOKEN`.")
@click.option("--scenario", metavar="NAME", shell_complete=of_scenarios, help="With this scenario switched on.")
@click.option(
    "--next",
    "queued",
    metavar="RESPONSE",
    shell_complete=of_responses,
    help="With this answer of the operation queued.",
)
@click.option(
    "--handshake", type=click.Choice(STATES), help="With a handshake in this state, whose pull_id is put into the body."
)
@click.option("--any-token", is_flag=True, help="As `serve --any-token`.")
@click.option("--stateful", is_flag=True, help="As `serve --stateful`.")
@click.option("--no-errors", is_flag=True, help="As `serve --no-errors`.")
@click.option("--strict-query", is_flag=True, help="As `serve --strict-query`.")
@click.option("--json", "as_json", is_flag=True, help="Print what GET /__mock/explain answers.")
def command(
    request_line: str,
    specs: tuple[Path | str, ...],
    fixtures: Path | None,
    allow_remote: tuple[str, ...],
    allow_folders: tuple[Path, ...],
    data: str | None,
    headers: tuple[str, ...],
    token: str | None,
    scenario: str | None,
    queued: str | None,
    handshake: str | None,
    any_token: bool,
    stateful: bool,
    no_errors: bool,
    strict_query: bool,
    as_json: bool,
) -> None:
    """Tell what REQUEST would be answered with, and why. No server runs, and nothing is sent.

    REQUEST is 'POST /oauth2', a path or URL (GET, or POST with a body), or an operationId.

    Without a Content-Type header a body is sent as JSON; `-H 'Content-Type;'` sends none. Exit codes: 0 told, 2 a
    request that cannot be made or that no operation answers, 3 document or fixtures invalid.
    """
    from mock_server.errors import Broken
    from mock_server.settings import Settings
    from mock_server.world import build_world

    settings = Settings(
        specs=specs, fixtures=fixtures, allow_remote=allow_remote, allow_folders=allow_folders, any_token=any_token,
        stateful=stateful, no_errors=no_errors, strict_query=strict_query,
    )  # fmt: skip
    body, sent = _body(data), _headers(headers, token)
    try:
        world = build_world(settings)
    except Broken as broken:
        for problem in broken.problems:
            if problem.severity == "error":
                click.echo(problem.as_text(), err=True)
        sys.exit(EXIT_BROKEN)
    request = _request(world, request_line, sent, body)
    tried = asyncio.run(_try(world, settings, request, scenario, queued, handshake))
    if as_json:
        click.echo(json.dumps({**tried.told, "effects": tried.effects}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(tried)))


def _body(data: str | None) -> bytes:
    if data is None or not data.startswith("@"):
        return (data or "").encode("utf-8", "surrogateescape")
    if data == "@-":
        return sys.stdin.buffer.read()
    from mock_server.errors import Broken
    from mock_server.source import read_bytes

    try:
        return read_bytes(Path(data[1:]))
    except Broken as broken:
        _refuse("MS474", broken.problems[0].message)


def _headers(given: tuple[str, ...], token: str | None) -> dict[str, str]:
    """Names in lower case; a repeated one is joined (RFC 9110 §5.3). ``Name;`` says that there is none."""
    found: dict[str, str] = {}
    for each in given:
        name, colon, value = each.partition(":")
        name = name.strip().lower()
        if not colon and each.strip().endswith(";"):
            name, value = each.strip()[:-1].lower(), ""
        elif not colon or not name or not name.isascii() or any(char.isspace() for char in name):
            _refuse("MS474", f"{each!r} is no header; write -H 'Name: value'")
        value = value.strip()
        found[name] = f"{found[name]}, {value}" if name in found else value
    if token is not None:
        found["authorization"] = f"Bearer {token}"
    return found


def _request(world: World, line: str, headers: dict[str, str], body: bytes) -> Request:
    """The request that the line means. Ends with 2 where no operation has it."""
    from urllib.parse import unquote, urlsplit

    from mock_server.core.route import Found
    from mock_server.model import Request
    from mock_server.spec.beside import called

    named = called(line, world.operations)
    if named and "/" not in line:  # an operationId
        line = f"{named[0].method} {(named[0].bases or ('',))[0]}{named[0].path}"
    first, _, rest = line.strip().partition(" ")
    method, target = (first.upper(), rest.strip()) if rest else ("POST" if body else "GET", first)
    parts = urlsplit(target)
    path = parts.path or "/"
    found = world.router.find(method, path)
    if not isinstance(found, Found):
        _no_operation(world, method, path, line)
    if body:
        headers.setdefault("content-type", "application/json")
    headers = {"host": "127.0.0.1:4010", **{name: value for name, value in headers.items() if value}}
    return Request(method, unquote(path), parts.query, headers, body, ORIGIN)


def _no_operation(world: World, method: str, path: str, line: str) -> NoReturn:
    from difflib import get_close_matches

    allowed = world.router.methods(path)
    if allowed:
        _refuse("MS474", f"{path} answers to {', '.join(allowed)}, not to {method}")
    names = [*world.operations, *(each.operation_id for each in world.operations.values() if each.operation_id)]
    near = [*world.router.nearest(path), *get_close_matches(line, names, 3, 0.5)] if path != "/" else []
    hint = (
        f"the nearest are {', '.join(dict.fromkeys(near))}" if near else f"there are {', '.join(names[:40]) or 'none'}"
    )
    _refuse("MS474", f"no operation answers {line!r}; {hint}")


async def _try(
    world: World, settings: Settings, request: Request, scenario: str | None, queued: str | None, state: str | None
) -> Tried:
    from mock_server.web.trial import NoHandshake, Trial

    trial = Trial(world, settings)
    plan = world.router.find(request.method, request.path).target.plan  # type: ignore[union-attr]
    if scenario is not None:
        if scenario not in world.fixtures.scenarios:
            known = ", ".join(world.fixtures.scenarios) or "none"
            _refuse("MS474", f"no scenario is called {scenario!r}; there are {known}")
        await trial.scenario(scenario)
    if queued is not None:
        if queued not in plan.responses:
            known = ", ".join(plan.responses)
            _refuse("MS474", f"{plan.operation.key} has no response called {queued!r}; there are {known}")
        await trial.queue(plan.operation.key, queued)
    if state is not None:
        collect = plan.fixture.collect
        if collect is None or collect.pull_id[0] != "body":
            _refuse("MS474", f"--handshake: {plan.operation.key} collects no handshake that its body names")
        token = request.headers.get("authorization", "").partition(" ")[2]
        known_token = (world.fixtures.tokens or {}).get(token)
        try:
            made = await trial.handshake(state, known_token.account if known_token else "", request.origin)
        except NoHandshake as error:
            _refuse("MS474", f"--handshake: {error}")
        request.body = _with_pull_id(request.body, collect.pull_id[1:], made.pull_id)
        request.headers = {"content-type": "application/json", **request.headers}
    return await trial.explained(request)


def _with_pull_id(body: bytes, where: tuple[str, ...], pull_id: str) -> bytes:
    """The body with the pull_id at its place, unless it has something there."""
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return body
    node = value
    for key in where[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return body
    node.setdefault(where[-1], pull_id)
    return json.dumps(value).encode()


def _lines(tried: Tried) -> Iterator[str]:
    """The same for people."""
    told = tried.told
    provenance = told["provenance"]
    yield told["request"]
    source = f"  ({provenance['source']})" if provenance["source"] else ""
    yield f"{told['status']} {told['response']}{source}".rstrip()
    yield ""
    width = max(len(each["title"]) for each in told["ladder"])
    for each in told["ladder"]:
        sign = {"hit": "✓", "missed": "·"}.get(each["outcome"], " ")
        says = each["says"] or [each["outcome"]]
        yield f"  {sign} {each['title']:{width}}  {says[0]}"
        yield from (f"    {'':{width}}  {more}" for more in says[1:])
    yield from _section("then", [*told["after"], *tried.effects])
    violations = [f"{each['where']} ({each['rule']}): {each['message']}" for each in told["violations"]]
    yield from _section("what breaks the document", violations)
    places = [f"{provenance['from']}: {provenance['place']}"] if provenance["place"] else []
    rule = provenance["rule"]
    places += [f"rule {rule['name']}: {rule['place']}"] if rule and rule["place"] else []
    yield from _section("where it stands", places)
    yield from _section("for another answer", told["change"])
    body: str = told["answer"]["body"]
    if body:
        yield ""
        yield body if len(body) <= MAX_SHOWN else f"{body[:MAX_SHOWN]}… ({len(body)} characters)"


def _section(title: str, lines: list[Any]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _refuse(code: str, message: str) -> NoReturn:
    raise click.UsageError(f"{code}: {message}")
