"""A hostile or broken API behind ``serve --proxy``: the client gets an answer, or 502 with a reason, never less."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.live.hostile.kit import HOST, Line
from tests.support import Server, running

DOCUMENT = """
openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /{what}:
    parameters: [{name: what, in: path, required: true, schema: {type: string}}]
    get:
      responses:
        '200':
          description: ok
          headers: {X-A: {schema: {type: integer}}}
          content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}
"""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sized(body: bytes, *lines: bytes) -> bytes:
    return OK + b"".join(line + b"\r\n" for line in lines) + b"Content-Length: %d\r\n\r\n" % len(body) + body


BOMB = gzip.compress(bytes(64 << 20), 9)
ANSWERS: dict[str, tuple[bytes, int]] = {
    "status-999": (b"HTTP/1.1 999 Nope\r\nContent-Length: 0\r\n\r\n", 502),
    "status-600": (b"HTTP/1.1 600 Nope\r\nContent-Length: 0\r\n\r\n", 502),
    "switch": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw", 502),
    "control": (sized(b"{}", b"X-A: a\x01b"), 502),
    "delete": (sized(b"{}", b"X-A: a\x7fb"), 502),
    "bare-cr": (sized(b"{}", b"X-A: a\rSet-Cookie: evil=1"), 502),
    "nul": (sized(b"{}", b"X-A: a\x00b"), 502),
    "garbage": (b"\x00\xff\r\n\r\n", 502),
    "nothing": (b"", 502),
    "half-a-head": (OK, 502),
    "cut": (OK + b"Content-Length: 100\r\n\r\n{}", 502),
    "two-lengths": (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 502),
    "endless-head": (OK + b"X: a\r\n" * 50_000, 502),
    "bad-chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", 502),
    "length-and-chunks": (
        OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + sized(b"evil"),
        200,
    ),
    "more-than-said": (sized(b"{}") + sized(b"evil"), 200),
    "204-with-a-body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", 204),
    "eight-bit": (sized(b"{}", b"X-A: \xff\xfe", b"Content-Language: \xc3\xa9"), 200),
    "deep": (sized(b"[" * 200_000 + b"]" * 200_000), 200),
    "rather-deep": (sized(b"[" * 900 + b"]" * 900), 200),
    "huge-number": (sized(b'{"a":' + b"9" * 5_000 + b',"b":1e400,"c":NaN}'), 200),
    "bad-text": (sized(b'{"a":"\xff\xfe","b":"\\ud800"}'), 200),
    "bomb": (sized(BOMB, b"Content-Encoding: gzip"), 200),
    "bomb-in-a-bomb": (sized(gzip.compress(BOMB, 9), b"Content-Encoding: gzip, gzip"), 200),
    "no-gzip": (sized(b"hello", b"Content-Encoding: gzip"), 200),
    "no-date": (sized(b"{}", b"Date: Mon, 99 Foo 99999 99:99:99 GMT"), 200),
    "leads-to-metadata": (
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
        302,
    ),
}  # fmt: skip
"""What the upstream says for ``GET /<name>``, and the status that the client gets."""


def serve(listener: socket.socket) -> None:
    """One request a connection, and then its end."""
    while True:
        try:
            there, _ = listener.accept()
        except OSError:
            return  # the test is over
        with there, suppress(OSError):
            asked = there.recv(65_536)
            there.sendall(ANSWERS[asked.split(b" ")[1].decode().strip("/")][0])
            there.shutdown(socket.SHUT_WR)
            while there.recv(65_536):
                pass


@pytest.fixture(scope="module")
def before_it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("upstream") / "a.yaml"
    path.write_text(DOCUMENT)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        upstream = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with running(str(path), "--quiet", "--proxy", upstream) as server:
            yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(30)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_hostile_upstream_is_answered_for(before_it: Server, name: str) -> None:
    """The connection of the client stays in step: the next request on it is answered, too."""
    with Line(before_it.url) as line:
        line.send(f"GET /{name} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
        reply = line.reply()
        assert reply is not None
        assert reply.status == ANSWERS[name][1], reply
        assert "set-cookie" not in reply.headers
        if reply.status == 502:
            assert reply.json["code"] == "MS493"
        line.send(b"GET /__mock/health HTTP/1.1\r\n" + HOST + b"\r\n")
        again = line.reply()
        assert again is not None
        assert again.json["status"] == "ok"


def test_a_bomb_is_never_inflated_whole(before_it: Server) -> None:
    status = Path(f"/proc/{before_it.process.pid}/status").read_text()
    peak_kb = int(status.partition("VmHWM:")[2].split()[0])
    assert peak_kb < 256 * 1024
