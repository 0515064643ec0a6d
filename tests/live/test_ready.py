"""How scripts and service managers learn that the mock answers: ``--ready-file``, sd_notify, sockets handed over."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.test_process import end, run
from tests.live.waiting import GIVE_UP_S, until
from tests.support import ROOT, command, running


def test_the_ready_file_holds_the_address_as_long_as_the_mock_answers(tmp_path: Path) -> None:
    file = tmp_path / "ready"
    file.write_text("http://127.0.0.1:1\n")  # of one that was killed
    with running("--quiet", "--ready-file", str(file)) as server:
        until(file.exists)  # the terminal is told first
        assert file.read_text() == f"{server.url}\n"
        with urllib.request.urlopen(f"{server.url}/__mock/health") as answer:
            assert answer.status == 200
        assert [each.name for each in tmp_path.iterdir()] == ["ready"]
        assert end(server, signal.SIGTERM)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_mock_that_does_not_start_leaves_no_ready_file(tmp_path: Path) -> None:
    (tmp_path / "ready").write_text("http://127.0.0.1:1\n")
    (tmp_path / "api.yaml").write_text("- no document\n")
    assert run("serve", "--ready-file", str(tmp_path / "ready"), str(tmp_path / "api.yaml")).returncode == 3
    assert [each.name for each in tmp_path.iterdir()] == ["api.yaml"]


def test_a_ready_file_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", "--ready-file", str(tmp_path / "no" / "ready"))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "MS456" in done.stderr


SLOW = b"POST /api/oauth2 HTTP/1.1\r\nHost: x\r\nPrefer: code=402, wait=2\r\nContent-Length: 0\r\n\r\n"


def test_the_ready_file_goes_when_stopping_begins_and_not_when_it_ends(tmp_path: Path) -> None:
    """Whoever looks for the mock must not find one that takes no connections any more."""
    file = tmp_path / "ready"
    with running("--quiet", "--ready-file", str(file)) as server:
        until(file.exists)
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as slow:
            slow.sendall(SLOW)
            until(lambda: _has_asked(server.url))
            server.process.send_signal(signal.SIGTERM)
            until(lambda: not file.exists())
            assert server.process.poll() is None, "an answer is under way"
            assert slow.recv(12) == b"HTTP/1.1 402"


def _has_asked(url: str) -> bool:
    """The server has read what was sent before: one loop, in order."""
    with urllib.request.urlopen(f"{url}/__mock/health") as answer:
        return bool(answer.status == 200)


@contextmanager
def manager(folder: Path, name: str) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket, in a folder or in the abstract namespace, and what NOTIFY_SOCKET says of it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(GIVE_UP_S)
        shown = f"@{name}-{os.getpid()}" if name == "abstract" else str(folder / name)
        listener.bind("\0" + shown[1:] if name == "abstract" else shown)
        yield listener, shown


@pytest.mark.parametrize(
    "name, more", [("notify", ()), ("abstract", ()), ("notify", ("--workers", "2", "--state", "sqlite:mock.db"))]
)
def test_a_service_manager_is_told_ready_and_stopping(tmp_path: Path, name: str, more: tuple[str, ...]) -> None:
    arguments = [each.replace("mock.db", str(tmp_path / "mock.db")) for each in more]
    with manager(tmp_path, name) as (listener, shown), running(*arguments, env={"NOTIFY_SOCKET": shown}) as server:
        assert listener.recv(100) == b"READY=1"
        server.process.send_signal(signal.SIGTERM)
        assert listener.recv(100) == b"STOPPING=1"
        assert server.process.wait(GIVE_UP_S) == 0
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.recv(100)


@pytest.mark.parametrize("where", ["/nowhere/at/all", "vsock:2:1", "@nobody-listens-here"])
def test_a_service_manager_that_cannot_be_reached_is_no_fault(where: str) -> None:
    with running("--quiet", env={"NOTIFY_SOCKET": where}) as server:
        assert _has_asked(server.url)


HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


def handed_over(given: socket.socket, *arguments: str) -> subprocess.Popen[str]:
    """As systemd starts a service with a socket: descriptor 3, and our own process number."""
    return subprocess.Popen(
        [sys.executable, "-c", HAND_OVER, str(given.fileno()), *command("serve", *arguments)],
        pass_fds=[given.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_a_socket_that_is_handed_over_is_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        process = handed_over(given, "--quiet")
        url = f"http://127.0.0.1:{given.getsockname()[1]}"
        try:
            assert _has_asked(url), "it waits until it is served"
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=GIVE_UP_S)
    assert (process.returncode, url in said) == (0, True)


@pytest.mark.parametrize("more", [(), ("--workers", "2", "--state", "sqlite:mock.db")])
def test_a_socket_that_cannot_be_served_is_refused(tmp_path: Path, more: tuple[str, ...]) -> None:
    arguments = [each.replace("mock.db", str(tmp_path / "mock.db")) for each in more]
    with socket.socket(socket.AF_INET if more else socket.AF_UNIX) as given:
        given.bind(("127.0.0.1", 0) if more else str(tmp_path / "socket"))
        given.listen()
        process = handed_over(given, "--quiet", *arguments)
        _, told = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == 4
    assert "MS420" in told
    assert "LISTEN_FDS" in told
