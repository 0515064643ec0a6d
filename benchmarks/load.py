"""Load on one address: wrk when it is there, else a small client of our own in a process of its own.

Run as ``python -m benchmarks.load URL CONNECTIONS SECONDS`` it *is* that client (body and headers
come in ``BENCH_BODY`` and ``BENCH_HEADERS``, as for wrk's script) and prints the same line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.process import ROOT, pinned

SCRIPT = Path(__file__).with_name("post.lua")


class Post(NamedTuple):
    """The request that is sent again and again, and the status that each answer must have."""

    path: str
    headers: dict[str, str]
    body: str
    status: int


@dataclass(frozen=True)
class Measured:
    """What one slice of load has seen. ``refused`` counts answers with a status above 399."""

    requests: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    cpu_s: float | None = None
    """Processor time that the server spent on it."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's processor time for one request; NaN where nobody can tell."""
        return math.nan if self.cpu_s is None else self.cpu_s / self.requests * 1e6


def tool() -> str:
    """``wrk``, or ``own`` when it is not installed."""
    return "wrk" if shutil.which("wrk") else "own"


def drive(url: str, post: Post, connections: int, seconds: float, core: int) -> Measured:
    """Put load on ``url`` from another core and say what came back."""
    headers = "\n".join(f"{name}: {value}" for name, value in post.headers.items())
    command = (
        ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(SCRIPT), url + post.path]
        if tool() == "wrk"
        else [sys.executable, "-m", "benchmarks.load", url + post.path, str(connections), str(seconds)]
    )
    environment = {**os.environ, "BENCH_BODY": post.body, "BENCH_HEADERS": headers}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment, preexec_fn=pinned(core)
    )
    return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))


class _Client(asyncio.Protocol):
    """One keep-alive connection: an answer whole, the next request. Knows only Content-Length bodies."""

    def __init__(self, request: bytes, latencies: list[float], statuses: list[int], until: float) -> None:
        self.request, self.latencies, self.statuses, self.until = request, latencies, statuses, until
        self.closed = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.sent_at = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().index(b"content-length:", 0, head) + 15
        length = int(self.buffer[at : self.buffer.index(b"\r", at)])
        if len(self.buffer) < head + 4 + length:
            return
        now = time.perf_counter()
        self.latencies.append(now - self.sent_at)
        self.statuses.append(int(self.buffer[9:12]))
        self.buffer = b""
        if now < self.until:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set_result(time.perf_counter() < self.until)


async def _own(url: str, connections: int, seconds: float) -> Measured:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    body = os.environ["BENCH_BODY"].encode()
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    head += "".join(f"{line}\r\n" for line in os.environ["BENCH_HEADERS"].splitlines())
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    latencies: list[float] = []
    statuses: list[int] = []
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    until = started + seconds
    clients = [
        (await loop.create_connection(lambda: _Client(request, latencies, statuses, until), parts.hostname, parts.port))
        for _ in range(connections)
    ]
    broken = sum(await asyncio.gather(*(client.closed for _, client in clients)))
    took = time.perf_counter() - started
    latencies.sort()
    half, most = (latencies[int(len(latencies) * share)] * 1000 for share in (0.5, 0.99))
    return Measured(len(statuses), took, sum(status > 399 for status in statuses), broken, half, most)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_own(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))).__dict__))
