"""How workers are looked after: those that cannot start, that end again and again, that do not stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.waiting import until
from tests.support import ROOT

GIVE_UP_S = 60
FRAME = """
import os, signal, sys, time
from mock_server.server import crew
from mock_server.web.log import RequestLog

def say(text):
    print(text, flush=True)

def work(number, ready, alone):
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    {work}

crew.GRACE_S = 0.5
{before}
code = crew.Crew(2, work, RequestLog(None), lambda: say("ready"), lambda: say("stopping"), {stop_s}).run()
say(f"ended with {{code}}")
sys.exit(code)
"""


def crew(work: str, stop_s: float = 5, before: str = "") -> subprocess.Popen[str]:
    code = FRAME.format(work=work, stop_s=stop_s, before=before)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_a_worker_that_cannot_start_ends_all_with_its_exit_code() -> None:
    said, told = crew("if number == 2: return 3\n    ready(); time.sleep(60)").communicate(timeout=GIVE_UP_S)
    assert said.splitlines() == ["stopping", "ended with 3"], "never ready"
    assert told.splitlines() == ["error MS455: worker 2 ended with 3; the mock stops"]


def test_a_worker_that_fails_in_a_way_of_its_own_is_told_with_its_traceback() -> None:
    work = "if number == 1: raise ValueError('no such thing')\n    time.sleep(60)"
    said, told = crew(work).communicate(timeout=GIVE_UP_S)
    assert said.splitlines()[-1] == "ended with 1"
    assert "ValueError: no such thing" in told
    assert told.splitlines()[-1] == "error MS455: worker 1 ended with 1; the mock stops"


def test_workers_that_cannot_start_again_are_given_up(tmp_path: Path) -> None:
    work = f"""
    import pathlib
    begun = pathlib.Path({str(tmp_path)!r}, str(number))
    if not begun.exists():
        begun.touch()
        ready()
        time.sleep(0.2 if number == 1 else 60)
    return 7"""
    said, told = crew(work).communicate(timeout=GIVE_UP_S)
    assert said.splitlines() == ["ready", "stopping", "ended with 7"]
    lines = told.splitlines()
    assert len(lines) == 6
    assert all("ended with 7; another takes its place" in line for line in lines[:-1])
    assert lines[-1] == "error MS455: worker 1 ended with 7; the mock stops"


NO_PROCESS = """
fork, forks = os.fork, []
def no_process():
    forks.append(len(os.listdir("/proc/self/fd")))
    if len(forks) in {failing}:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return fork()
os.fork, crew.MAX_PAUSE_S = no_process, 0.3
"""


def test_a_system_that_has_no_process_left_is_asked_again_and_nothing_is_lost(tmp_path: Path) -> None:
    work = f"""
    import pathlib
    begun = pathlib.Path({str(tmp_path)!r}, str(number))
    is_first = not begun.exists()
    begun.touch()
    ready()
    while number == 1 and is_first:
        if begun.with_name("all are ready").exists(): os._exit(9)
        time.sleep(0.01)
    if number == 1: os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)"""
    process = crew(work, before=NO_PROCESS.replace("{failing}", "(3, 4)"))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    (tmp_path / "all are ready").touch()
    said, told = process.communicate(timeout=GIVE_UP_S)
    assert said.splitlines() == ["stopping", "ended with 0"]
    lines = told.splitlines()
    assert "ended with 9; another takes its place" in lines[0]
    assert lines[1:] == ["worker 1 cannot be started: Resource temporarily unavailable; it is tried again"] * 2


def test_a_system_that_has_no_process_at_the_start_ends_it_in_one_line() -> None:
    work = "ready(); time.sleep(60)"
    process = crew(work, before=NO_PROCESS.replace("{failing}", "(2,)"))
    said, told = process.communicate(timeout=GIVE_UP_S)
    assert said.splitlines() == ["stopping", "ended with 1"]
    assert told == "error MS455: worker 2 cannot be started: Resource temporarily unavailable; the mock stops\n"


@pytest.mark.parametrize("second", [signal.SIGINT, None])
def test_a_worker_that_does_not_stop_is_killed_in_the_end_or_when_told_twice(second: signal.Signals | None) -> None:
    stop_s = 60 if second else 0.2
    process = crew("signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); time.sleep(60)", stop_s)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopping\n"
    if second:
        process.send_signal(second)
    said, told = process.communicate(timeout=GIVE_UP_S)
    assert (said, told, process.returncode) == ("ended with 130\n", "", 130)


def test_workers_hear_of_the_end_of_whoever_looks_after_them(tmp_path: Path) -> None:
    """As a descriptor that can be read from: no signal comes from a process that was killed."""
    work = f"ready(); os.read(alone, 1); open({str(tmp_path)!r} + f'/{{number}}', 'w').close(); return 0"
    process = crew(work)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: {each.name for each in tmp_path.iterdir()} == {"1", "2"})
    process.communicate(timeout=GIVE_UP_S)
