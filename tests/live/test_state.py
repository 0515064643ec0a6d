"""``serve --state``: what is refused at the start, and how."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest
from redis import Redis

from tests.live.ledger import ask, collect
from tests.live.test_process import run
from tests.support import running
from tests.valkey import valkey


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
        taken_port = taken.getsockname()[1]
        done = run("serve", "--port", "0", "--state", f"redis://:hunter2@127.0.0.1:{taken_port}")
    assert done.returncode == 4
    told = lines(done)
    assert len(told.splitlines()) == 1
    assert f"error MS450: redis://127.0.0.1:{taken_port} cannot be used: Error 111 connecting to" in told
    assert told.endswith("; start it, or mend the address in --state\n")
    assert "hunter2" not in told


def test_what_answers_as_no_redis_that_can_be_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    def told(address: str) -> str:
        done = run("serve", "--port", "0", "--state", address)
        assert done.returncode == 4
        return lines(done)

    with valkey() as server, Redis.from_url(server.connection_url) as client, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert "no answer within 2 s; it takes connections and says nothing" in told(
            f"redis://127.0.0.1:{silent.getsockname()[1]}"
        )
        assert told(f"unix://{tmp_path}/none.sock").endswith("; start it, or mend the address in --state\n")
        assert "; name a database that it has" in told(f"{server.connection_url}/99")
        client.config_set("maxmemory", "1")
        assert "; its memory is full" in told(server.connection_url)
        client.config_set("maxmemory", "0")
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        assert "; give the address of the primary" in told(server.connection_url)
        client.execute_command("REPLICAOF", "NO", "ONE")
        client.config_set("requirepass", "sesame")
        assert "; it wants a password" in told(server.connection_url)
        refused = told(f"redis://:hunter2@127.0.0.1:{server.port}?db=0&client_name=hunter2")
        assert "; it refuses the password" in refused
        assert "hunter2" not in refused


@pytest.mark.parametrize(
    "address",
    [
        "redis://127.0.0.1:port",
        "redis://[::1",
        "redis://127.0.0.1:99999",
        "redis://127.0.0.1/a",
        "redis://127.0.0.1/-1",
    ],
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    done = run("serve", "--port", "0", "--state", address)
    assert done.returncode == 2
    assert "no address of a Redis" in " ".join(lines(done).split())


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_state_file_that_is_deleted_is_told_and_all_go_on_with_one_new_one(tmp_path: Path, workers: str) -> None:
    path = tmp_path / "mock.db"
    begin = ("POST", "/api/oauth2", {"datasource_id": "fb"})
    with running("--quiet", "--workers", workers, "--state", f"sqlite:{path}") as server:
        old = [ask(server.url, *begin)[1]["pull_id"] for _ in range(20)]
        path.unlink()
        time.sleep(0.2)
        asked = [ask(server.url, "GET", "/__mock/ready") for _ in range(40)]
        refused = [told for status, told in asked if status == 503]
        asked = [ask(server.url, *begin) for _ in range(20)]
        refused += [told for status, told in asked if status == 503]  # of a worker that nobody had asked yet
        assert {told["code"] for told in refused} <= {"MS450"}
        new = [told["pull_id"] for status, told in asked if status == 200]
        assert len(new) + int(workers) >= 20
        assert {collect(server.url, each) for each in old} == {403}
        assert {collect(server.url, each) for each in new * 3} == {402}
        server.process.terminate()
        assert server.process.stdout is not None
        said = server.process.stdout.read()
        times = said.count("error MS450: ")  # a worker that nobody asked meanwhile finds out by itself
        assert max(1, len(refused)) <= times <= int(workers)
        assert "was deleted while the mock ran" in said
    with running("--quiet", "--state", f"sqlite:{path}") as server:
        assert {collect(server.url, each) for each in new} == {402}


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    state = f"sqlite://{tmp_path / 'mock.db'}"
    with running("--quiet", "--state", state) as server:
        assert ask(server.url, "PUT", "/__mock/scenario", {"scenario": "expired"})[0] == 200
    with running("--quiet", env={"MOCK_SERVER_STATE": state}) as server:
        assert ask(server.url, "GET", "/__mock/scenario")[1]["scenario"] == "expired"
        assert ask(server.url, "GET", "/__mock/ready")[0] == 200
