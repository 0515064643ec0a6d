"""What ``serve`` says when it is ready."""

from __future__ import annotations

import json
import shlex
from typing import Any

from mock_server.core.plan import House
from mock_server.spec.operations import Operation
from mock_server.spec.security import credentials
from mock_server.world import World, provenance_tally

MAX_LISTED = 12


def banner(world: World, url: str, workers: int = 1) -> str:
    """The address, what is served, how well it is known, a line to copy, where the controls are."""
    titles = ", ".join(document.title or "untitled" for document in world.documents)
    operations = list(world.operations.values())
    lines = [
        f"mock-server is ready: {url}",
        f"  {titles}",
        f"  document    {world.names[0]}: {_count(len(operations), 'operation')}",
        f"  fixtures    {world.names[1]}: {_fixtures(world)}",
        f"  provenance  {', '.join(f'{count} {kind}' for kind, count in provenance_tally(world).items())}",
        f"  console     {url}/__mock/  in a browser; for scripts: {url}/__mock/openapi.json",
    ]
    if workers > 1:
        lines.append(f"  workers     {workers}")
    if world.resources:
        lines.append(
            f"  stateful    {_count(len(world.resources), 'resource')}; `mock-server check --stateful` shows them"
        )
    if world.warning_count:
        lines.append(f"  warnings    {world.warning_count}; `mock-server check` shows them")
    lines += ["", *(f"  {base_url(operation, url)}" for operation in operations[:MAX_LISTED])]
    if len(operations) > MAX_LISTED:
        lines.append(f"  … and {len(operations) - MAX_LISTED} more")
    if operations:
        first = next((each for each in operations if "{" not in each.path), operations[0])
        lines += ["", "Try:", f"  {curl(first, world.house, url)}"]
    return "\n".join(lines) + "\n"


def base_url(operation: Operation, url: str) -> str:
    base = operation.bases[0] if operation.bases else ""
    return f"{operation.method:<7} {url}{base}{operation.path}"


def curl(operation: Operation, house: House, url: str) -> str:
    """A line that works when it is pasted into a shell."""
    base = operation.bases[0] if operation.bases else ""
    headers, query = credentials(operation.security, next(iter(house.tokens or ()), "any-token"))
    parts = ["curl", "-s", f"{url}{base}{operation.path}{query}"]
    if operation.method != "GET":
        parts[2:2] = ["-X", operation.method]
    for header in headers:
        parts += ["-H", header]
    body = _example(operation)
    if body is not None:
        parts += ["-H", "Content-Type: application/json", "-d", json.dumps(body, separators=(",", ":"))]
    return " ".join(map(shlex.quote, parts))


def _example(operation: Operation) -> Any:
    for media in operation.body.content if operation.body else ():
        for example in media.examples:
            return example.value
    return None


def _fixtures(world: World) -> str:
    fixtures = world.fixtures
    parts = [
        _count(len(fixtures.operations), "operation"),
        _count(len(fixtures.providers), "provider"),
        _count(len(fixtures.scenarios), "scenario"),
        _count(len(fixtures.tokens), "token") if fixtures.tokens is not None else "any token",
    ]
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
