"""``python -m benchmarks.steps``: what the steps of operation 1 take, one by one, in microseconds of this machine.

Processor time, the shortest of many runs, so a busy neighbour changes little. Compare them with each other only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from timeit import repeat
from typing import Any

import orjson

from mock_server.codec.json_text import read_json
from mock_server.core.answer import answer, read, read_head
from mock_server.core.finish import message
from mock_server.core.route import Found
from mock_server.handshake.start import code_challenge
from mock_server.mask import NOTHING_MORE
from mock_server.model import Request
from mock_server.server.heads import Heads
from mock_server.settings import Settings
from mock_server.state import codec
from mock_server.state.memory import MemoryStore
from mock_server.state.written import write_entry
from mock_server.web.live import Live, make_entry
from mock_server.web.log import RequestLog
from mock_server.world import build_world

BODY = b'{"datasource_id":"fb","validity_duration":43200}'
HEADERS = {
    "host": "127.0.0.1:4010", "authorization": "Bearer dev-token", "content-type": "application/json",
    "content-length": str(len(BODY)),
}  # fmt: skip
ROUNDS, RUNS = 40, 100


def steps() -> dict[str, Callable[[], Any]]:
    """By name; each is what one request does."""
    settings = Settings(max_handshakes=10_000_000)
    world = build_world(settings)
    store = MemoryStore(time.time, settings.max_handshakes)
    live = Live(world, store, settings, RequestLog(None))
    found = world.router.find("POST", "/api/oauth2")
    assert isinstance(found, Found)
    request = Request("POST", "/api/oauth2", "", HEADERS, BODY, "http://127.0.0.1:4010")
    target = found.target
    head = read_head(target.plan, request, found.values, target.base, found.encoded)
    reading = read(head, request)
    seen = store.load_now("default")
    outcome = answer(reading, seen, live.chance)
    handshake = outcome.changes.handshake
    assert handshake is not None
    entry = make_entry("3fa85f-1", seen.now, "default", 0.0001, request, outcome.answer, outcome)
    value = orjson.loads(outcome.answer.body)
    body = orjson.loads(BODY)
    operation = target.plan.operation
    assert operation.body is not None
    asked, given = operation.body.content[0].schema, target.plan.schemas["started"]
    assert asked is not None
    assert given is not None
    heads = Heads(lambda scope: None)
    dates = [(b"date", b"Mon, 23 Nov 2026 00:00:00 GMT")]
    more = b"mock-entry: 3fa85f-1\r\n"

    def kept() -> None:
        assert store.save_now(store.load_now("default"), answer(reading, seen, live.chance).changes)

    return {
        "a known head: what a head says, read anew": lambda: read_head(
            target.plan, request, found.values, target.base, found.encoded
        ),
        "the body read and judged": lambda: read(head, request),
        "  of that: JSON": lambda: orjson.loads(BODY),
        "  of that: read strictly (names twice, depth, big numbers)": lambda: read_json(BODY),
        "  of that: the body against its schema": lambda: asked.is_valid(body),
        "the answer: chosen, handshake opened, rendered": lambda: answer(reading, seen, live.chance),
        "  of that: PKCE's challenge (SHA-256)": lambda: code_challenge("x" * 44),
        "  of that: unguessable texts": lambda: live.chance.token(90),
        "  of that: the answer against its schema": lambda: given.is_valid(value),
        "answered, loaded and kept in memory": kept,
        "the journal's entry": lambda: live.record_now(
            store, make_entry("3fa85f-1", seen.now, "default", 0.0, request, outcome.answer, outcome)
        ),
        "the answer as bytes of the wire": lambda: heads.written(outcome.answer, more, dates),
        "the journal's entry for a shared store, secrets hidden": lambda: write_entry(entry, NOTHING_MORE),
        "the handshake for a shared store": lambda: codec.write_handshake(handshake),
        "a static answer put together": lambda: message(402, [], b"{}", "application/json"),
    }


def main() -> None:
    for name, step in steps().items():
        print(f"{name:<62}{min(repeat(step, number=RUNS, repeat=ROUNDS, timer=time.process_time)) / RUNS * 1e6:>8.2f}")


if __name__ == "__main__":
    main()
