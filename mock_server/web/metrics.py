"""The control API's ``/metrics``: what all workers of this server have counted, as Prometheus reads it.

Text format 0.0.4 (prometheus.io, "Exposition formats"); a library would be longer than this file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from mock_server import __version__
from mock_server.state.store import Away
from mock_server.web.tally import BOUNDS_S

if TYPE_CHECKING:
    from mock_server.web.live import Live

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
Sample = tuple[str, dict[str, Any], float]
"""What is added to the family's name, labels, value."""


def measures(live: Live) -> dict[str, Any]:
    """What one worker knows of itself, for whichever worker is asked; JSON."""
    return {
        "worker": live.peers.number,
        "tally": live.tally.as_json(),
        "waiting_calls": live.outgoing.waiting,
        "reloads": live.reload.count,
        "process": _process(),
    }


async def metrics(live: Live) -> bytes:
    """All families. A worker that is being replaced is left out: its counters begin anew, under the same label."""
    workers = [measures(live), *await live.peers.ask("count")]
    workers.sort(key=lambda each: int(each["worker"]))
    try:
        sessions = len(await live.store.sessions())
    except Away:
        sessions = None  # to be watched matters most when something is wrong
    lines: list[str] = []
    for name, kind, help_text, samples in _families(live, workers, sessions):
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{suffix}{_labels(labels)} {_number(value)}" for suffix, labels, value in samples]
    return ("\n".join(lines) + "\n").encode()


def _families(
    live: Live, workers: list[dict[str, Any]], sessions: int | None
) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    def each(make: Any) -> Iterator[Sample]:
        for worker in workers:
            for suffix, labels, value in make(worker):
                yield suffix, {**labels, "worker": worker["worker"]}, value

    def process(name: str) -> Iterator[Sample]:
        return each(lambda worker: [("", {}, worker["process"][name])] if name in worker["process"] else [])

    version = {"version": __version__}
    yield "mock_server_info", "gauge", "What is running.", [("", version, 1)]
    yield "mock_server_operations", "gauge", "Operations of the documents.", [("", {}, len(live.world.operations))]
    held: list[Sample] = [] if sessions is None else [("", {}, sessions)]
    yield "mock_server_store_up", "gauge", "Whether the store can be reached.", [("", {}, len(held))]
    yield "mock_server_sessions", "gauge", "Sessions in the store, of all servers that share it.", held
    yield "mock_server_requests_total", "counter", "Answers, by operation (- = none) and status.", each(_requests)
    yield (
        "mock_server_request_duration_seconds",
        "histogram",
        "From the request's last byte to the answer, with what it was told to wait.",
        each(_durations),
    )
    yield (
        "mock_server_calls_total",
        "counter",
        "Attempts of callbacks and webhooks, by status (0 = no answer).",
        each(lambda worker: [("", {"status": status}, count) for status, count in worker["tally"]["calls"]]),
    )
    yield (
        "mock_server_calls_waiting",
        "gauge",
        "Callbacks that are still to be sent.",
        each(lambda worker: [("", {}, worker["waiting_calls"])]),
    )
    yield (
        "mock_server_reloads_total",
        "counter",
        "How often the files were read again.",
        each(lambda worker: [("", {}, worker["reloads"])]),
    )
    yield "process_cpu_seconds_total", "counter", "Processor time, of user and system.", process("cpu_s")
    yield "process_resident_memory_bytes", "gauge", "Memory that is in use.", process("memory")
    yield "process_open_fds", "gauge", "Open descriptors, connections among them.", process("fds")


def _requests(worker: dict[str, Any]) -> Iterator[Sample]:
    for operation, status, count in worker["tally"]["requests"]:
        yield "", {"operation": operation or "-", "status": status}, count


def _durations(worker: dict[str, Any]) -> Iterator[Sample]:
    tally = worker["tally"]
    sums = list(accumulate(tally["buckets"]))
    for bound, count in zip((*BOUNDS_S, "+Inf"), sums, strict=True):
        yield "_bucket", {"le": bound}, count
    yield "_sum", {}, tally["seconds"]
    yield "_count", {}, sums[-1]


def _process() -> dict[str, float]:
    times = os.times()
    found = {"cpu_s": times.user + times.system}
    try:
        with open("/proc/self/statm", "rb") as file:  # proc(5): the second number is the resident pages
            found["memory"] = float(int(file.read().split()[1]) * _PAGE)
        found["fds"] = float(len(os.listdir("/proc/self/fd")))
    except OSError:
        return found  # no Linux: what cannot be known is left out
    return found


def _labels(labels: dict[str, Any]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(str(value))}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(value)
