"""Whose turn it is among processes that were forked from one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import pairwise

from tests.support import ROOT

_WRITERS = """
import os, sys, time
from mock_server.server.shared import Row

row, (reads, writes) = Row(), os.pipe()
for name in (b"a", b"b"):
    if os.fork() == 0:
        time.sleep(0.1)
        for _ in range(50):
            with row:
                os.write(writes, b"(" + name)
                time.sleep(0.002)
                os.write(writes, b")")
        os._exit(0)
os.wait(), os.wait()
os.close(writes)
print(os.read(reads, 1_000).decode())
"""
_KILLED = """
import os, signal, time
from mock_server.server.shared import Row

row, (reads, writes) = Row(), os.pipe()
pid = os.fork()
if pid == 0:
    row.__enter__()
    os.write(writes, b"!")
    time.sleep(60)
os.read(reads, 1)
before = time.monotonic()
with row:
    print("hangs", time.monotonic() - before)
os.kill(pid, signal.SIGKILL)
os.wait()
before = time.monotonic()
with row:
    print("killed", time.monotonic() - before)
"""


def run(code: str) -> str:
    """In a process of its own: one with threads must not fork."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.stdout


def test_one_at_a_time_and_hardly_anybody_twice_while_another_waits() -> None:
    turns = run(_WRITERS).strip()
    names = turns[1::3]
    assert turns == "".join(f"({name})" for name in names)
    assert names.count("a") == names.count("b") == 50
    both = names[: min(names.rindex("a"), names.rindex("b"))]
    assert sum(one == other for one, other in pairwise(both)) < len(both) / 4  # a busy machine may let one sleep


def test_who_hangs_is_waited_for_a_while_and_who_is_killed_not_at_all() -> None:
    began = time.monotonic()
    told = dict(line.split() for line in run(_KILLED).splitlines())
    assert 0.9 < float(told["hangs"]) < 5
    assert float(told["killed"]) < 0.5
    assert time.monotonic() - began < 30
