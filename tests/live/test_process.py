"""``mock-server`` as a process: how it starts, what it says, how it ends."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mock_server.cli import COMMANDS
from tests.live.wire import Reply, Wire
from tests.support import ROOT, Server, command, running

GIVE_UP_S = 60
START = (
    b"POST /api/oauth2 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer dev-token\r\nContent-Length: 22\r\n"
    b'Prefer: wait=%s\r\n\r\n{"datasource_id":"fb"}'
)


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=cwd, timeout=GIVE_UP_S, check=False)


@contextmanager
def in_flight(server: Server, wait_s: bytes) -> Iterator[Wire]:
    """A request that the server has read and not answered."""
    with Wire(server.url) as wire:
        wire.send(START % wait_s)
        with Wire(server.url) as other:  # answered only after the first was read: one loop, in order
            other.send(b"GET /__mock/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").receive(b"ok")
        yield wire


def end(server: Server, number: int) -> tuple[int, str]:
    """Send a signal; the exit code and what was said since the first line."""
    server.process.send_signal(number)
    said, _ = server.process.communicate(timeout=GIVE_UP_S)
    return server.process.returncode, said


def test_a_port_in_use_is_one_line_on_stderr_and_exit_4() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 4
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "MS420" in done.stderr
    assert "--port 0" in done.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "not a host"])
def test_a_host_that_is_not_ours_is_one_line_on_stderr_and_exit_4(host: str) -> None:
    done = run("serve", "--host", host, "--port", "0")
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1


def test_two_mocks_on_port_0_both_run_and_say_where() -> None:
    with running("--quiet") as one, running("--quiet") as two:
        assert one.url != two.url
        assert not one.url.endswith(":0")


def test_sigterm_lets_the_answer_in_flight_be_sent_and_exits_0() -> None:
    with running("--quiet") as server, in_flight(server, b"1") as wire:
        server.process.send_signal(signal.SIGTERM)
        (reply,) = wire.replies()
        assert reply.status == 200
        assert reply.json["pull_id"]
        server.process.communicate(timeout=GIVE_UP_S)
        assert server.process.returncode == 0


def test_sigterm_with_an_idle_keep_alive_connection_exits_0() -> None:
    with running("--quiet") as server, Wire(server.url) as wire:
        wire.send(b"GET /__mock/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").receive(b"ok")
        assert end(server, signal.SIGTERM)[0] == 0


def test_sigterm_with_half_a_request_waits_for_nobody() -> None:
    with running("--quiet") as server, Wire(server.url) as wire:
        wire.send(b"POST /api/oauth2 HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{")
        code, said = end(server, signal.SIGTERM)
        assert code == 0
        assert "Traceback" not in said


def test_an_answer_that_would_come_too_late_is_given_up_with_a_503() -> None:
    with running("--quiet") as server, in_flight(server, b"60") as wire:
        server.process.send_signal(signal.SIGTERM)
        replies = wire.replies()
        said, _ = server.process.communicate(timeout=GIVE_UP_S)
        assert server.process.returncode == 0
        assert "Traceback" not in said
        (reply,) = replies
        assert reply.status == 503
        assert reply.headers["retry-after"]


def test_sigint_lets_the_answer_in_flight_be_sent_and_exits_130() -> None:
    with running("--quiet") as server, in_flight(server, b"1") as wire:
        server.process.send_signal(signal.SIGINT)
        (reply,) = wire.replies()
        assert reply.status == 200
        server.process.communicate(timeout=GIVE_UP_S)
        assert server.process.returncode == 130


def test_a_second_sigint_waits_for_nothing_and_exits_130() -> None:
    with running("--quiet") as server, in_flight(server, b"60") as wire:
        server.process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(1)
        code, said = end(server, signal.SIGINT)
        assert code == 130
        assert "Traceback" not in said
        assert not [reply for reply in wire.replies() if reply.status == 200]


def test_sigint_while_starting_exits_130_without_a_trace() -> None:
    process = subprocess.Popen(
        command("serve", "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == 130
    assert "Traceback" not in errors


def broken_fixtures(folder: Path) -> Path:
    """The bundled fixtures with three mistakes in two files."""
    copied = folder / "fixtures"
    shutil.copytree(ROOT / "fixtures", copied)
    start = copied / "oauth2" / "new-credentials.yaml"
    start.write_text(start.read_text().replace("otherwise: started", "otherwise: startd\nfrobnicate: 1"))
    provider = copied / "providers" / "salesforce.yaml"
    provider.write_text(provider.read_text().replace("source: assumed", "source: guessed"))
    return copied


def test_broken_fixtures_are_listed_whole_and_nothing_is_served(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", str(ROOT / "openapi.yaml"), "--fixtures", str(broken_fixtures(tmp_path)))
    assert done.returncode == 3
    assert done.stdout == ""
    for mistake in ("startd", "frobnicate", "guessed"):
        assert mistake in done.stderr
    assert re.search(r"new-credentials\.yaml:\d+:\d+", done.stderr)
    assert re.search(r"salesforce\.yaml:\d+:\d+", done.stderr)
    assert "3 error(s); nothing is served" in done.stderr


def test_a_broken_document_exits_3_with_its_place(tmp_path: Path) -> None:
    document = tmp_path / "api.yaml"
    document.write_text("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: [/a]\n")
    done = run("serve", "--port", "0", str(document))
    assert done.returncode == 3
    assert re.search(r"api\.yaml:3:\d+", done.stderr)


def test_a_document_that_is_not_there_exits_3(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", str(tmp_path / "none.yaml"))
    assert done.returncode == 3
    assert "MS101" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], *([name, "--help"] for name in COMMANDS)])
def test_every_command_has_help(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: mock-server")
    assert done.stderr == ""


def test_the_help_of_serve_names_every_promise_with_its_default() -> None:
    told = " ".join(run("serve", "--help").stdout.split())
    for flag, default in (("--max-body", "1048576"), ("--header-timeout", "10.0"), ("--body-timeout", "30.0")):
        assert flag in told
        assert f"[default: {default};" in told


@pytest.mark.parametrize(("typed", "meant"), [("serv", "serve"), ("chek", "check"), ("dmeo", "demo")])
def test_a_mistyped_command_is_guessed_and_exits_2(typed: str, meant: str) -> None:
    done = run(typed)
    assert done.returncode == 2
    assert f"Did you mean '{meant}'?" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["xyzzy"], ["serve", "--port", "70000"], ["serve", "--frob"], ["serve", "--cors", "a", "--no-cors"]]
)
def test_wrong_usage_exits_2_with_a_line_on_stderr(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Error: " in done.stderr


def test_closed_stdout_does_not_kill_the_mock_nor_spoil_its_exit_code() -> None:
    process = subprocess.Popen(
        command("serve", "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    process.stdout.close()  # as `| head -1` does
    for _ in range(3):
        with Wire(found[0]) as wire:
            wire.send(START % b"0.2").receive(b"pull_id")
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(GIVE_UP_S) == 0
    assert errors == ""


@pytest.mark.parametrize("redirection", [">&-", ">&- 2>&-", "<&- >&- 2>&-", "> /dev/full"])
def test_a_stdout_that_takes_nothing_does_not_kill_the_mock_nor_spoil_its_exit_code(redirection: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = f"exec {shlex.join(command('serve', '--port', str(port)))} {redirection}"
    process = subprocess.Popen(["bash", "-c", line], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    wait_for(port)
    with Wire(f"http://127.0.0.1:{port}") as wire:
        wire.send(START % b"0").receive(b"pull_id")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == 0
    assert errors == ""


def wait_for(port: int) -> None:
    """Until somebody listens."""
    for _ in range(GIVE_UP_S * 10):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on port {port}")


def lines_of(*arguments: str, env: dict[str, str] | None = None) -> str:
    """What ``serve`` says about its start and one request."""
    with running(*arguments, env=env) as server:
        with Wire(server.url) as wire:
            wire.send(START % b"0").receive(b"pull_id")
        code, said = end(server, signal.SIGTERM)
        assert code == 0
        return said


def test_every_request_is_one_line() -> None:
    lines = [line for line in lines_of().splitlines() if re.match(r"\d\d:\d\d:\d\d  ", line)]
    assert len(lines) == 1
    assert re.search(r"POST /api/oauth2  200 started  \d+\.\d ms$", lines[0])


def test_quiet_says_nothing_about_requests() -> None:
    assert not re.search(r"^\d\d:\d\d:\d\d  ", lines_of("--quiet"), re.MULTILINE)


@pytest.mark.parametrize("env", [None, {"NO_COLOR": "1"}])
def test_there_is_no_colour_in_a_pipe(env: dict[str, str] | None) -> None:
    assert "\x1b" not in lines_of(env=env)


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_colour_unless_no_color_is_set(no_color: str) -> None:
    ours, terminal = os.openpty()
    env = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm"}
    process = subprocess.Popen(command("serve", "--port", "0"), stdout=terminal, stderr=terminal, cwd=ROOT, env=env)
    os.close(terminal)
    with open(ours, errors="replace") as screen:
        found = re.search(r"http://127\.0\.0\.1:\d+", screen.readline())
        assert found
        with Wire(found[0]) as wire:
            wire.send(START % b"0").receive(b"pull_id")
        line = next(line for line in screen if "POST /api/oauth2  " in line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(GIVE_UP_S) == 0
    assert ("\x1b[32m200 started\x1b[0m" in line) == (no_color == "")


def banner_of(server: Server) -> str:
    assert server.process.stdout is not None
    lines = []
    for line in server.process.stdout:
        lines.append(line)
        if line.lstrip().startswith("curl "):
            break
    return "".join(lines)


def test_the_banner_says_all_that_a_newcomer_needs() -> None:
    with running("--quiet") as server:
        said = banner_of(server)
        assert f"POST    {server.api}/oauth2\n" in said
        assert f"POST    {server.api}/oauth2/credentials\n" in said
        assert re.search(r"document .*2 operations", said)
        assert re.search(r"fixtures .*4 providers, 9 scenarios, 5 tokens", said)
        assert re.search(r"provenance  \d+ documented, \d+ observed, \d+ assumed", said)
        assert f"{server.url}/__mock/" in said


def test_the_curl_line_of_the_banner_works_in_a_shell() -> None:
    with running("--quiet") as server:
        line = banner_of(server).splitlines()[-1].strip()
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=GIVE_UP_S, check=True)
        assert '"pull_id"' in done.stdout
        assert Reply(200, {}, done.stdout.encode()).json["auth_uri"].startswith(server.url)
