"""``serve --state``: what is refused at the start, and how."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.live.ledger import ask
from tests.live.test_process import run
from tests.support import running


def lines(done: subprocess.CompletedProcess[str]) -> str:
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("text", ["sqlite:", "sqlite://", "mongodb://x", "", "mock.db"])
def test_a_store_that_there_is_not_is_a_wrong_command_line(text: str) -> None:
    done = run("serve", "--port", "0", "--state", text)
    assert done.returncode == 2
    assert "there are memory:, sqlite:PATH and redis://" in " ".join(lines(done).split())


def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mock.db").write_bytes(b"\x00garbage" * 1_000)
    done = run("serve", "--port", "0", "--state", f"sqlite:{tmp_path / 'mock.db'}")
    assert done.returncode == 3
    told = lines(done)
    assert len(told.splitlines()) == 1
    assert "MS451" in told
    assert "move the file away" in told


def test_a_redis_that_is_not_there_is_told_at_the_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = run("serve", "--port", "0", "--state", f"redis://:hunter2@127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 4
    told = lines(done)
    assert len(told.splitlines()) == 1
    assert "MS450" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("address", ["redis://127.0.0.1:port", "redis://[::1", "redis://127.0.0.1:99999"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    done = run("serve", "--port", "0", "--state", address)
    assert done.returncode == 2
    assert "no address of a Redis" in " ".join(lines(done).split())


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    state = f"sqlite://{tmp_path / 'mock.db'}"
    with running("--quiet", "--state", state) as server:
        assert ask(server.url, "PUT", "/__mock/scenario", {"scenario": "expired"})[0] == 200
    with running("--quiet", env={"MOCK_SERVER_STATE": state}) as server:
        assert ask(server.url, "GET", "/__mock/scenario")[1]["scenario"] == "expired"
        assert ask(server.url, "GET", "/__mock/ready")[0] == 200
