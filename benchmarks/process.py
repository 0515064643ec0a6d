"""Processes to be measured: pinned to a core, awaited, looked at, ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
ELSEWHERE = ROOT / "docs"
"""Where servers and commands start: no ``pyproject.toml`` is there, which the product would read and a floor not."""
FLOOR_RAW = ("-m", "benchmarks.floors", "raw")
FLOOR_STARLETTE = ("-m", "benchmarks.floors", "starlette")
PRODUCT = ("-m", "mock_server", "serve", "--port", "0", "--quiet")


def cores() -> tuple[int, int]:
    """The core for servers and the core for load; the same one where there is only one."""
    if not hasattr(os, "sched_getaffinity"):
        return 0, 0
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def pinned(core: int) -> Callable[[], None] | None:
    """For ``preexec_fn``: puts the child on one core, so that server and load never share one."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    return lambda: os.sched_setaffinity(0, {core})


def pin(pid: int, core: int) -> None:
    """Put a running process on one core, where that can be done."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core})


def environment() -> dict[str, str]:
    """Ours, but bytecode is written: pip compiles what it installs, so nobody starts without."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Server:
    """A running server. ``resident_mib`` of its process is read from ``/proc``."""

    url: str
    pid: int

    def resident_mib(self) -> float | None:
        """VmRSS in MiB; None where there is no ``/proc``."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else None

    def cpu_s(self) -> float | None:
        """Seconds of processor time used so far, which a busy neighbour does not lengthen; None without ``/proc``."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime of proc(5)


@contextmanager
def running(arguments: Sequence[str], core: int) -> Iterator[Server]:
    """``python ARGUMENTS`` on ``core``, from its first line (which must name its address) to SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ELSEWHERE,
        env=environment(),
        preexec_fn=pinned(core),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if found is None:
            raise SystemExit(f"{' '.join(arguments)} did not start: {line!r}")
        yield Server(found[0], process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)


def request(url: str, path: str, headers: dict[str, str], body: str) -> tuple[int, bytes]:
    """One POST; the status and the body of its answer."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def cold_start_s(arguments: Sequence[str], path: str, headers: dict[str, str], body: str, core: int) -> float:
    """Seconds from exec to the end of the first answered request."""
    started = time.perf_counter()
    with running(arguments, core) as server:
        status, _ = request(server.url, path, headers, body)
        took = time.perf_counter() - started
    if status != 200:
        raise SystemExit(f"{' '.join(arguments)} answered its first request with {status}")
    return took


def runs_s(commands: dict[str, list[str]], times: int, core: int) -> dict[str, float]:
    """Median seconds of each command, taken in turns so that noise hits all of them."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    options: dict[str, Any] = {
        "stdout": subprocess.DEVNULL, "check": True, "cwd": ELSEWHERE, "env": environment(), "preexec_fn": pinned(core),
    }  # fmt: skip
    for _ in range(times):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, **options)
            took[name].append(time.perf_counter() - started)
    return {name: median(each) for name, each in took.items()}
