"""A disk that is full and a place where nothing can be written: what ``serve --state sqlite:`` does then."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.live.wire import Reply, Wire
from tests.support import ROOT, command

GIVE_UP_S = 60
START = (
    b"POST /api/oauth2 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer dev-token\r\nConnection: close\r\n"
    b'Content-Length: 22\r\n\r\n{"datasource_id":"fb"}'
)
HEALTH = b"GET /__mock/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def asked(url: str, request: bytes) -> Reply:
    with Wire(url) as wire:
        (reply,) = wire.send(request).replies()
    return reply


def test_a_full_disk_is_503_until_there_is_room_and_ends_nothing(tmp_path: Path) -> None:
    """No file may grow beyond 400 KiB (``ulimit -f``), as if the disk were full then."""
    serve = shlex.join(command("serve", "--port", "0", "--quiet", "--state", f"sqlite:{tmp_path / 'mock.db'}"))
    process = subprocess.Popen(
        ["bash", "-c", f"ulimit -f 400; exec {serve}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    kept: list[str] = []
    reply = asked(found[0], START)
    for _ in range(2_000):
        if reply.status != 200:
            break
        kept.append(reply.json["pull_id"])
        reply = asked(found[0], START)
    assert kept
    assert (reply.status, reply.json["code"]) == (503, "MS450")
    assert reply.headers["retry-after"]
    assert asked(found[0], HEALTH).status == 200
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize("place", ["/proc/mock.db", "/dev/null/mock.db", "/nowhere/mock.db"])
def test_a_place_where_nothing_can_be_written_is_refused_at_the_start(place: str) -> None:
    done = subprocess.run(
        command("serve", "--port", "0", "--state", f"sqlite:{place}"),
        capture_output=True, text=True, cwd=ROOT, timeout=GIVE_UP_S, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "MS451" in done.stderr
    assert "Traceback" not in done.stderr
