"""Sessions of a served mock: parallel test processes, and what becomes of those that nobody uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.ledger import ask
from tests.live.waiting import until
from tests.support import ROOT, Server, running

PROCESSES = 16


def test_sixteen_test_processes_on_one_mock_do_not_see_each_other(server: Server) -> None:
    script = str(ROOT / "tests" / "live" / "one_of_many.py")
    names = [f"parallel-{number}" for number in range(PROCESSES)]
    begun = [
        subprocess.Popen(
            [sys.executable, "-S", script, server.url, name, ("header", "path")[number % 2]],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, name in enumerate(names)
    ]
    told = {name: each.communicate(timeout=120)[1] for name, each in zip(names, begun, strict=True)}
    assert {name: text for name, text in told.items() if text} == {}
    assert [each.returncode for each in begun] == [0] * PROCESSES
    assert set(names) <= {each["name"] for each in ask(server.url, "GET", "/__mock/sessions")[1]["sessions"]}


@pytest.mark.parametrize("state", ["memory:", "sqlite:mock.db"])
def test_an_idle_session_is_forgotten_while_the_mock_runs(tmp_path: Path, state: str) -> None:
    where = state.replace("mock.db", str(tmp_path / "mock.db"))
    with running("--quiet", "--session-idle", "1", "--state", where) as server:
        for name in ("idle", "alive"):
            assert ask(server.url, "PUT", f"/__mock/s/{name}/__mock/scenario", {"scenario": None})[0] == 200
        assert ask(server.url, "POST", "/__mock/s/alive/api/oauth2", {"datasource_id": "fb"})[0] == 200

        def names() -> set[str]:
            return {each["name"] for each in ask(server.url, "GET", "/__mock/sessions")[1]["sessions"]}

        until(lambda: "idle" not in names())
        assert names() == {"alive"}, "a handshake lives in it"
