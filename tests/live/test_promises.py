"""Every promise that has a flag keeps what the flag says (DESIGN.md, Promises; ``docs/security.md``).

One server has every limit set to something small; each test meets one of them, and the value beside it that is good.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.wire import Reply, Wire
from tests.support import ROOT, Server, command, running

FLAGS = {
    "--max-body": "200",
    "--max-handshakes": "3",
    "--max-journal": "4",
    "--max-journal-bytes": "20000",
    "--max-connections": "6",
    "--max-target": "100",
    "--max-header": "1000",
    "--max-header-lines": "12",
    "--max-depth": "5",
    "--max-aliases": "40",
    "--header-timeout": "0.5",
    "--body-timeout": "0.5",
    "--keep-alive": "0.5",
    "--stop-timeout": "1.5",
}
GIVE_UP_S = 60
HOST = b"Host: 127.0.0.1\r\n"
START = b"POST /api/oauth2 HTTP/1.1\r\n" + HOST + b"Authorization: Bearer dev-token\r\n"
LAST = b"Connection: close\r\n"


DOCUMENT = """
openapi: 3.1.0
info: {{title: t, version: '1'}}
x-many: &many [1, 2, 3, 4, 5, 6, 7, 8, 9]
x-aliases: [{aliases}]
paths: {{/x: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}
"""  # an alias of it repeats ten nodes


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    with running("--quiet", *(word for pair in FLAGS.items() for word in pair)) as server:
        yield server


def asked(server: Server, *parts: bytes) -> Reply:
    """The one answer to what was sent; the server closes the connection."""
    with Wire(server.url) as wire:
        (reply,) = wire.send(*parts).replies()
    return reply


def start(server: Server, session: bytes, padding: int = 0, *lines: bytes) -> Reply:
    body = b'{"datasource_id":"fb","x":"%b"}' % (b"a" * padding)
    head = b"".join((START, LAST, b"Mock-Session: %b\r\n" % session, *lines, b"Content-Length: %d\r\n\r\n" % len(body)))
    return asked(server, head, body)


def test_max_body(small: Server) -> None:
    empty = len(b'{"datasource_id":"fb","x":""}')
    assert start(small, b"body", 200 - empty).status == 200
    assert start(small, b"body", 201 - empty).status == 413
    chunk = b"Transfer-Encoding: chunked\r\n\r\nc9\r\n"  # 201 are announced, none is sent
    assert asked(small, START + LAST + chunk).status == 413


def test_max_target(small: Server) -> None:
    for length, status in ((100, 404), (101, 414)):
        target = b"/" + b"a" * (length - 1)
        assert asked(small, b"GET " + target + b" HTTP/1.1\r\n" + HOST + LAST + b"\r\n").status == status


def test_max_header_and_max_header_lines(small: Server) -> None:
    ours = len(HOST + LAST) - 2 * len(": \r\n")
    for length, status in ((1_000, 404), (1_001, 431)):
        long = b"X: " + b"a" * (length - ours - 1) + b"\r\n"
        assert asked(small, b"GET /a HTTP/1.1\r\n" + HOST + LAST + long + b"\r\n").status == status
    for lines, status in ((12, 404), (13, 431)):
        assert asked(small, b"GET /a HTTP/1.1\r\n" + HOST + LAST + b"X: a\r\n" * (lines - 2) + b"\r\n").status == status


def test_max_depth(small: Server) -> None:
    for depth, status in ((5, 200), (6, 429)):
        body = b'{"datasource_id":"fb","x":%b}' % (b"[" * (depth - 1) + b"]" * (depth - 1))
        assert asked(small, START, LAST, b"Content-Length: %d\r\n\r\n" % len(body), body).status == status


@pytest.mark.parametrize("depth", [200, 201])
def test_json_as_deep_as_can_be_allowed_is_read_judged_and_journalled(depth: int) -> None:
    with running("--quiet", "--max-depth", "200") as server:
        for value in (b"[" * (depth - 1) + b"]" * (depth - 1), b'{"a":' * (depth - 1) + b"1e400" + b"}" * (depth - 1)):
            body = b'{"datasource_id":"fb","x":%b}' % value
            reply = asked(server, START, LAST, b"Content-Length: %d\r\n\r\n" % len(body), body)
            assert reply.status == (200 if depth == 200 and b"e" not in value else 429), reply
        told = asked(server, b"GET /__mock/journal HTTP/1.1\r\n" + HOST + LAST + b"\r\n")
        assert len(told.json["entries"]) == 2


@pytest.mark.parametrize(("aliases", "code"), [(4, 0), (5, 3)])
def test_max_aliases(tmp_path: Path, aliases: int, code: int) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(DOCUMENT.format(aliases=", ".join(["*many"] * aliases)))
    process = subprocess.Popen(
        command("serve", str(path), "--port", "0", "--max-aliases", "40"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == code
    assert ("is ready" in first) == (code == 0)
    assert ("MS105" in errors) == (code == 3)


@pytest.mark.parametrize("sent", [b"GET", b"GET / HTTP/1.1\r\nHost: a\r\n", START + b"Content-Length: 9\r\n\r\n{"])
def test_header_timeout_and_body_timeout(small: Server, sent: bytes) -> None:
    assert asked(small, sent).status == 408


def test_keep_alive(small: Server) -> None:
    with Wire(small.url) as wire:
        began = time.monotonic()
        (reply,) = wire.send(b"GET /__mock/health HTTP/1.1\r\n" + HOST + b"\r\n").replies()
        assert reply.status == 200
        assert time.monotonic() - began >= 0.4  # it was kept, and then closed by the server


def test_max_connections(small: Server) -> None:
    with Wire(small.url) as a, Wire(small.url) as b, Wire(small.url) as c, Wire(small.url) as d:
        held = [wire.send(START + b"Prefer: wait=20\r\nContent-Length: 2\r\n\r\n{}") for wire in (a, b, c, d)]
        for _ in range(GIVE_UP_S):  # how many of ours the server has met so far is its own affair
            with Wire(small.url), Wire(small.url), Wire(small.url) as last:
                (refused,) = last.send(b"GET /__mock/health HTTP/1.1\r\n" + HOST + LAST + b"\r\n").replies()
            if refused.status == 503:
                break
        assert refused.status == 503
        assert refused.json["code"] == "MS442"
        assert refused.headers["retry-after"]
        assert len(held) == 4


def test_max_handshakes(small: Server) -> None:
    replies = []
    for _ in range(GIVE_UP_S):
        replies.append(start(small, b"many"))
        if replies[-1].status != 200:
            break
    assert replies[-1].status == 503
    assert replies[-1].json["code"] == "MS410"
    assert replies[-1].headers["retry-after"]
    assert len(replies) <= 4


def test_max_journal(small: Server) -> None:
    for _ in range(6):
        assert start(small, b"journal", 0, b"Authorization: none\r\n").status == 403
    told = asked(small, b"GET /__mock/journal HTTP/1.1\r\n" + HOST + LAST + b"Mock-Session: journal\r\n\r\n")
    assert len(told.json["entries"]) == 4


@pytest.mark.parametrize("state", ["memory:", "sqlite", "redis"])
def test_max_journal_bytes(state: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kept = {"sqlite": f"sqlite:{tmp_path / 'a.db'}", "redis": request.getfixturevalue("redis_url")}.get(state, state)
    with running("--quiet", "--state", kept, "--max-journal-bytes", "20000") as server:
        asked(server, b"POST /__mock/reset HTTP/1.1\r\n" + HOST + LAST + b"Mock-Session: bytes\r\n\r\n")
        for _ in range(8):
            assert start(server, b"bytes", 4_000, b"Authorization: none\r\n").status == 403
        told = asked(server, b"GET /__mock/journal HTTP/1.1\r\n" + HOST + LAST + b"Mock-Session: bytes\r\n\r\n")
    assert len(told.json["entries"]) == 3, "6,000 bytes each"


def test_stop_timeout() -> None:
    with running("--quiet", "--stop-timeout", "1.5") as server, Wire(server.url) as wire:
        wire.send(START + b"Prefer: wait=50\r\nContent-Length: 22\r\n\r\n" + b'{"datasource_id":"fb"}')
        with Wire(server.url) as other:  # answered only after the first was read: one loop, in order
            other.send(b"GET /__mock/health HTTP/1.1\r\n" + HOST + b"\r\n").receive(b"ok")
        server.process.send_signal(signal.SIGTERM)
        (reply,) = wire.replies()
        assert reply.status == 503
        server.process.communicate(timeout=GIVE_UP_S)
        assert server.process.returncode == 0


def test_every_promise_is_in_the_help_with_its_default() -> None:
    """Whoever adds a flag to the table of promises adds it to the command, and the other way round."""
    done = subprocess.run(command("serve", "--help"), capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    told = " ".join(done.stdout.split())
    promises = (ROOT / "docs" / "security.md").read_text().partition("## Promises")[2].partition("\n## ")[0]
    flags = set(re.findall(r"`(--[a-z-]+)`", promises))
    assert set(FLAGS) <= flags
    for flag in flags:
        assert flag in told
    for flag in FLAGS:
        assert re.search(rf"{flag} [A-Z]+ [^\[]*\[default: [0-9.]+;", told), flag
