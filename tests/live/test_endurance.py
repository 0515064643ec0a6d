"""Idle and slow connections, floods, leaks: one server, and many who misuse it."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live.hostile.kit import ASK, CHUNKED, HEALTH, HOST, POST, Line, sized
from tests.live.test_hostile import GIVE_UP_S, journal_of, serving
from tests.live.waiting import until

GOOD = POST + sized(ASK)
ABRUPT = struct.pack("ii", 1, 0)
"""``SO_LINGER``: closing sends RST (socket(7))."""


class Watched:
    """A server with short deadlines, and what its process holds."""

    def __init__(self, url: str, process_id: int) -> None:
        self.url = url
        self._folder = Path(f"/proc/{process_id}")

    def descriptors(self) -> int:
        return len(list((self._folder / "fd").iterdir()))

    def memory_bytes(self) -> int:
        """What the process holds in memory (proc_pid_statm(5))."""
        return int((self._folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def assert_well(self) -> None:
        with Line(self.url) as line:
            line.send(GOOD)
            reply = line.reply()
        assert reply is not None
        assert reply.status == 200


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    log = tmp_path_factory.mktemp("endurance") / "log"
    arguments = ("--quiet", "--header-timeout", "1", "--body-timeout", "1")
    with serving(log, *arguments) as (url, process):
        yield Watched(url, process.pid)
    assert "Traceback" not in log.read_text()


def comes_back(count: Callable[[], int], before: int) -> bool:
    """Whether the count is again what it was, within the deadlines of the server."""
    for _ in range(GIVE_UP_S * 10):
        if count() <= before:
            return True
        time.sleep(0.1)
    return False


SLOW = {
    "the request line": b"GET /__mock/health HTTP/1.1\r\n" + HOST + b"\r\n",
    "the header": HEALTH + b"X: a\r\n" * 50 + b"\r\n",
    "the body": POST + b"Content-Length: 10000\r\n\r\n" + b" " * 10_000,
    "the chunks": POST + CHUNKED + b"\r\n" + b"1\r\n \r\n" * 1_000,
    "the trailer": POST + CHUNKED + b"\r\n0\r\n" + b"X: a\r\n" * 50,
    "the size of a chunk": POST + CHUNKED + b"\r\n" + b"0" * 1_000,
    "the extension of a chunk": POST + CHUNKED + b"\r\n1;" + b"x" * 1_000,
}


@pytest.mark.parametrize("phase", SLOW)
def test_who_sends_a_byte_now_and_then_is_given_up(watched: Watched, phase: str) -> None:
    sent = SLOW[phase]
    at_once = max(sent.find(b"\r\n\r\n") + 4, 4) if phase not in ("the request line", "the header") else 4
    started = time.monotonic()
    with Line(watched.url) as line:
        line.send(sent[:at_once])
        for byte in sent[at_once : at_once + 20]:
            line.send(bytes([byte]))
            time.sleep(0.1)
        reply = line.reply()
    assert reply is not None
    assert reply.status == 408
    assert time.monotonic() - started < 15


def test_who_hangs_up_unread_answers_is_no_fault_of_ours(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "--quiet") as (url, process):
        for _ in range(5):
            with Line(url) as line:
                line.socket.settimeout(0.5)
                with suppress(TimeoutError):
                    for _ in range(500):
                        line.socket.sendall((HEALTH + b"\r\n") * 200)
        Watched(url, process.pid).assert_well()
        assert journal_of(url, b"default")["total"] == 0
    assert "Traceback" not in log.read_text()


def test_who_reads_nothing_holds_up_nobody_and_is_not_kept_in_memory(watched: Watched) -> None:
    watched.assert_well()  # the first page brings in what pages need
    before = watched.memory_bytes()
    with Line(watched.url) as line:
        line.socket.settimeout(1)
        try:
            for _ in range(2_000):
                line.socket.sendall((HEALTH + b"\r\n") * 200)
        except TimeoutError:
            pass  # the server reads no more before its answers are taken
        watched.assert_well()
    # What one read of the socket holds (some 5,000 requests) may wait at once; all that are sent are 20 times as many.
    assert watched.memory_bytes() - before < 32 * 1024 * 1024


def test_a_thousand_half_open_connections_disturb_nobody_and_end(watched: Watched) -> None:
    before = watched.descriptors()
    host, port = urlsplit(watched.url).hostname, urlsplit(watched.url).port
    halves = [b"", b"GET /__mo", HEALTH, POST + b"Content-Length: 50\r\n\r\n{", POST + CHUNKED + b"\r\n5\r\n{"]
    opened = []
    try:
        for number in range(1_000):
            opened.append(socket.create_connection((host, port), timeout=GIVE_UP_S))
            opened[-1].sendall(halves[number % len(halves)])
            if number % 100 == 99:
                watched.assert_well()
        assert comes_back(watched.descriptors, before + 5)  # while the clients still hold theirs
    finally:
        for each in opened:
            each.close()
    watched.assert_well()


def test_resets_in_the_middle_leave_nothing_behind(watched: Watched) -> None:
    before = watched.descriptors()
    slow = POST + b"Prefer: wait=0.2\r\n" + sized(ASK)
    for sent in (b"", HEALTH, GOOD, GOOD[:-5], slow, GOOD * 20, POST + CHUNKED + b"\r\n5\r\n{") * 20:
        with Line(watched.url) as line:
            line.send(sent)
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
    watched.assert_well()
    assert comes_back(watched.descriptors, before + 2)


def test_a_thousand_requests_in_one_go_are_answered_in_their_order(watched: Watched) -> None:
    with Line(watched.url) as line:
        for batch in range(10):
            targets = [
                b"GET /nothing-%d HTTP/1.1\r\n" % number + HOST + b"\r\n"
                for number in range(100 * batch, 100 * batch + 100)
            ]
            line.send(b"".join(targets))
            for number in range(100 * batch, 100 * batch + 100):
                reply = line.reply()
                assert reply is not None
                assert reply.status == 404
                assert f"/nothing-{number}" in reply.json["detail"]


def test_ten_thousand_requests_on_one_connection_leak_nothing(watched: Watched) -> None:
    def ask(count: int) -> None:
        with Line(watched.url) as line:
            for _ in range(count // 50):
                line.send(GOOD * 10 + (HEALTH + b"\r\n") * 40)
                for _ in range(50):
                    reply = line.reply()
                    assert reply is not None
                    assert reply.status == 200

    ask(4_000)  # the journal and the handshakes fill up
    before, descriptors = watched.memory_bytes(), watched.descriptors()
    ask(10_000)
    assert watched.memory_bytes() - before < 24 * 1024 * 1024  # 2,000 handshakes that are alive, among them
    assert comes_back(watched.descriptors, descriptors + 1)


def test_a_thousand_connections_one_after_the_other_leak_no_descriptor(watched: Watched) -> None:
    before = watched.descriptors()
    for _ in range(1_000):
        with Line(watched.url) as line:
            line.send(HEALTH + b"\r\n")
            assert line.reply()
    assert comes_back(watched.descriptors, before + 2)


def is_answered(url: str) -> bool:
    with Line(url) as line:
        line.send(HEALTH + b"\r\n")
        reply = line.reply()
    return reply is not None and reply.status == 200


def test_one_connection_too_many_is_told_so_and_closed(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--quiet", "--max-connections", "5") as (url, _):
        held = [Line(url) for _ in range(5)]
        for line in held:
            line.send(HEALTH + b"\r\n")
            assert line.reply()
        for asked in (b"", HEALTH + b"\r\n", GOOD):
            with Line(url) as line:
                line.send(asked)
                reply = line.reply()
                assert reply is not None
                assert (reply.status, reply.json["code"]) == (503, "MS442")
                assert reply.headers["retry-after"] == "1"
                assert reply.headers["connection"] == "close"
                assert line.reply() is None
                assert not line.reset
        for line in held:  # those that are there go on
            line.send(HEALTH + b"\r\n")
            assert line.reply()
        held.pop().socket.close()
        until(lambda: is_answered(url))  # the refused ones are read on for a second
        assert "MS442" in str(journal_of(url, b"default"))
        for line in held:
            line.socket.close()


def test_a_flood_beyond_the_limit_is_survived(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--quiet", "--max-connections", "50") as (url, process):
        watched = Watched(url, process.pid)
        before = watched.descriptors()
        lines = [Line(url) for _ in range(500)]
        statuses = []
        for line in lines:
            line.send(HEALTH + b"\r\n")
            reply = line.reply()
            assert reply is not None
            statuses.append(reply.status)
        assert statuses.count(200) == 50
        assert statuses.count(503) == 450
        for line in lines:
            line.socket.close()
        assert comes_back(watched.descriptors, before)
        watched.assert_well()
