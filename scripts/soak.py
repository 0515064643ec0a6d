"""A minute of everything at once: good, bad and hostile requests, the console, a thousand half-open connections.

    python scripts/soak.py [--seconds 60] [--half-open 1000]

Starts a server, prints what was answered, how memory grew (after half of the time, in which journal and
caches fill up) and whether descriptors came back. The exit code is 1 when an answer was wrong, memory grew by more than
5 MB a minute, or a descriptor was left.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOST = b"Host: 127.0.0.1\r\n"
TOKEN = b"Authorization: Bearer dev-token\r\n"
ASK = b'{"datasource_id":"fb"}'
MAX_GROWTH_MB_A_MINUTE = 5.0
WATCHERS = 20


def post(body: bytes, lines: bytes = TOKEN, path: bytes = b"/api/oauth2") -> bytes:
    return b"POST %b HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n%b" % (path, HOST, lines, len(body), body)


COLLECT = b"/api/oauth2/credentials"
MIX: tuple[tuple[int, bytes], ...] = (
    (200, post(ASK)),
    (200, post(ASK, TOKEN + b"Content-Type: application/json\r\n")),
    (200, post(b'{"advance": 1}', path=b"/__mock/clock")),  # so that handshakes end before there are 10,000
    (429, post(b'{"datasource_id":"fb","validity_duration":1}')),
    (429, post(b"[" * 100_000)),
    (429, post(b'{"a":' * 5_000)),
    (403, post(ASK, b"")),
    (403, post(b'{"pull_id":"AAAAAAAAAAAA.x"}', path=COLLECT)),
    (404, b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n"),
    (405, b"DELETE /api/oauth2 HTTP/1.1\r\n" + HOST + b"\r\n"),
    (200, b"GET /__mock/health HTTP/1.1\r\n" + HOST + b"\r\n"),
    (200, b"GET /__mock/journal?limit=5 HTTP/1.1\r\n" + HOST + b"\r\n"),
    (400, b"GET /__provider/fb/authorize HTTP/1.1\r\n" + HOST + b"\r\n"),
    (400, b"GET /api/oauthcallback/fb?code=a&state=b HTTP/1.1\r\n" + HOST + b"\r\n"),
    (400, b"GET / HTTP/1.1\r\n\r\n"),
    (414, b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    (431, b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 200 + b"\r\n"),
    (413, b"POST /api/oauth2 HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000\r\n\r\n"),
    (400, b"\x00\xff\r\n\r\n"),
    (413, b"POST /api/oauth2 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n40000000\r\n"),
    (200, post(ASK, path=b"/__mock/s/alice/api/oauth2")),
    (200, post(b'{"advance": 1}', path=b"/__mock/s/alice/__mock/clock")),
    (400, post(b'{"advance": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", path=b"/__mock/clock")),
    (200, b"GET /__mock/ HTTP/1.1\r\n" + HOST + b"Accept: text/html\r\n\r\n"),
    (200, b"GET /__mock/console/handshakes HTTP/1.1\r\n" + HOST + b"Accept: text/html\r\n\r\n"),
    (404, b"GET /__mock/static/x/nothing.css HTTP/1.1\r\n" + HOST + b"\r\n"),
)
"""The status that is wanted, and the request."""


class Tally:
    """What came back."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.wrong: Counter[str] = Counter()
        self.slowest_s = 0.0


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> tuple[int, bool]:
    """The status, and whether the server closes."""
    writer.write(sent)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    length = re.search(rb"content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head.split(b" ", 2)[1]), b"connection: close" in head


async def client(port: int, number: int, until: float, tally: Tally) -> None:
    """One client that goes through the mix again and again."""
    turn = number
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        closes = False
        try:
            while not closes and time.monotonic() < until:
                wanted, sent = MIX[turn % len(MIX)]
                turn += 1
                began = time.monotonic()
                status, closes = await exchange(reader, writer, sent)
                tally.slowest_s = max(tally.slowest_s, time.monotonic() - began)
                tally.statuses[status] += 1
                if status != wanted:
                    tally.wrong[f"{status} for {wanted}"] += 1
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            tally.wrong[type(error).__name__] += 1
        finally:
            writer.close()


async def half_open(port: int, until: float) -> None:
    """One that never finishes, and comes again when it is given up."""
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/oauth2 HTTP/1.1\r\nHos")
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(reader.read(), max(until - time.monotonic(), 0.1))
        writer.close()


async def watcher(port: int, until: float, tally: Tally) -> None:
    """A window of the console that is closed after a second, and opened again."""
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /__mock/events HTTP/1.1\r\n" + HOST + b"\r\n")
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
            tally.statuses[int(head.split(b" ", 2)[1])] += 1
            async with asyncio.timeout(1):
                while await reader.read(65_536):
                    continue
        writer.close()


def memory_mb(process_id: int) -> float:
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def descriptors(process_id: int) -> int:
    return len(list(Path(f"/proc/{process_id}/fd").iterdir()))


async def fill(port: int) -> None:
    """As many handshakes as are kept, and a full journal, so that what grows afterwards is a leak."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(10_000):
        await exchange(reader, writer, post(ASK))
    for _ in range(300):
        await exchange(reader, writer, post(b"[" * 100_000))
    await exchange(reader, writer, post(b'{"advance": 301}', path=b"/__mock/clock"))
    writer.close()


async def soak(port: int, process_id: int, seconds: float, halves: int) -> int:
    tally, before = Tally(), descriptors(process_id)
    await fill(port)
    until = time.monotonic() + seconds
    work = [asyncio.create_task(client(port, number, until, tally)) for number in range(16)]
    work += [asyncio.create_task(half_open(port, until)) for _ in range(halves)]
    work += [asyncio.create_task(watcher(port, until, tally)) for _ in range(WATCHERS)]
    await asyncio.sleep(seconds / 2)
    settled, settled_at, requests = memory_mb(process_id), time.monotonic(), sum(tally.statuses.values())
    most = descriptors(process_id)
    series = []
    while time.monotonic() < until:
        await asyncio.sleep(seconds / 10)
        series.append(memory_mb(process_id))
    await asyncio.wait(work)
    grown, minutes = memory_mb(process_id) - settled, (time.monotonic() - settled_at) / 60
    for _ in range(300):
        if descriptors(process_id) <= before:
            break
        await asyncio.sleep(0.1)
    left = descriptors(process_id) - before
    total = sum(tally.statuses.values())
    print(
        f"{total} answers ({total / seconds:.0f} a second), slowest {tally.slowest_s:.2f} s: "
        f"{dict(sorted(tally.statuses.items()))}"
    )
    print(f"wrong: {dict(tally.wrong) or 'none'}")
    print(
        f"memory: {settled:.1f} MB after {requests} answers, then {grown / minutes:+.1f} MB a minute: "
        f"{[round(each, 1) for each in series]}"
    )
    print(f"descriptors: {before} before, {most} at work, {left:+d} afterwards")
    return int(bool(tally.wrong) or grown / minutes > MAX_GROWTH_MB_A_MINUTE or left > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--half-open", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.NamedTemporaryFile("r", suffix=".log") as log:
        command = [sys.executable, "-m", "mock_server", "serve", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--header-timeout", "5"], stdout=log.fileno(), stderr=log.fileno(), cwd=ROOT
        )
        try:
            while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", Path(log.name).read_text("utf-8", "replace"))):
                time.sleep(0.05)
            code = asyncio.run(soak(int(found[1]), process.pid, given.seconds, given.half_open))
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(20)
        told = Path(log.name).read_text("utf-8", "replace")
        print(f"exit code {ended}, tracebacks: {told.count('Traceback')}, lines of log: {len(told.splitlines())}")
        return code or int(ended != 0 or "Traceback" in told)


if __name__ == "__main__":
    sys.exit(main())
