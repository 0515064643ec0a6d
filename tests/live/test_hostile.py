"""The kit of hostile requests (``tests/live/hostile``), one by one, against one server.

Each must be answered as its row says. The next request, on the same connection where that stays open and
on another where not, must be answered as well; nothing secret may come back or stand in journal and log.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.hostile import bodies, clients, heads, targets
from tests.live.hostile.kit import HEALTH, HOST, MARK, Line, Probe, fits, tried
from tests.support import ROOT, command

PROBES = [*heads.PROBES, *targets.PROBES, *bodies.PROBES, *clients.PROBES]
GIVE_UP_S = 60


@contextmanager
def serving(log: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server whose log goes to a file: a pipe that nobody empties would stop it."""
    with log.open("wb") as stream:
        process = subprocess.Popen(command("serve", "--port", "0", *arguments), stdout=stream, stderr=stream, cwd=ROOT)
    try:
        for _ in range(GIVE_UP_S * 50):
            found = re.search(r"https?://[^\s\\]+:\d+", log.read_text("utf-8", "replace"))
            if found:
                break
            assert process.poll() is None, log.read_text("utf-8", "replace")
            time.sleep(0.02)
        else:
            raise AssertionError("the server does not start")
        yield found[0], process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(GIVE_UP_S)


class Tried:
    """The server of the kit, its log, and a connection that is used all the time."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = log
        self.other = Line(url)

    def is_well(self) -> bool:
        """Whether somebody else is answered, too."""
        self.other.send(HEALTH + b"\r\n")
        reply = self.other.reply()
        if reply is None:  # idle for longer than connections are kept
            self.other.socket.close()
            self.other = Line(self.url)
            return self.is_well()
        return reply.status == 200


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    log = tmp_path_factory.mktemp("hostile") / "log"
    with serving(log, "--log-format", "json") as (url, _):
        found = Tried(url, log)
        yield found
        found.other.socket.close()


def fault_of(mock: Tried, probe: Probe) -> str:
    """What is wrong with the answer to one probe; empty when it is as it should be."""
    try:
        seen = tried(mock.url, probe)
    except (AssertionError, OSError, ValueError) as error:
        return f"{error!r}"[:300]
    if not fits(seen, probe.want):
        return f"{[reply.status for reply in seen.replies]}{'!' if seen.closed else ''}"
    if seen.reset:
        return "the connection was reset"
    for banned in (MARK.encode(), b"Traceback"):
        if banned in seen.raw:
            return f"{banned!r} came back"
    return "" if mock.is_well() else "others are not answered any more"


@pytest.mark.parametrize("group", dict.fromkeys(probe.group for probe in PROBES))
def test_every_hostile_request_is_answered_as_it_should_be(mock: Tried, group: str) -> None:
    faults = [
        f"{probe.name}: wanted {probe.want} ({probe.why}), got {fault}"
        for probe in PROBES
        if probe.group == group and (fault := fault_of(mock, probe))
    ]
    assert faults == []


def test_the_kit_is_as_large_as_it_says() -> None:
    groups = {probe.group for probe in PROBES}
    assert len(PROBES) > 1_000
    assert len(groups) == 14


def journal_of(url: str, session: bytes) -> Any:
    with Line(url) as line:
        line.send(b"GET /__mock/journal?limit=1000 HTTP/1.1\r\n" + HOST + b"Mock-Session: " + session + b"\r\n\r\n")
        reply = line.reply()
    assert reply
    return reply.json


def test_afterwards_journal_and_log_hold_no_secret_and_no_control_byte(mock: Tried) -> None:
    sent = (probe for probe in PROBES if MARK.encode() in probe.sent and len(probe.sent) < 60_000)
    for probe in list(sent)[:40]:  # the kit itself may have run in another process
        tried(mock.url, probe)
    time.sleep(0.2)
    log = mock.log.read_text("ascii")
    for text in (json.dumps([journal_of(mock.url, session) for session in (b"kit", b"default")]), log):
        assert MARK not in text
        assert re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text) is None
        assert "Traceback" not in text
    for line in log.splitlines():
        assert json.loads(line)["level"] in ("info", "warning", "error")
