"""``serve --proxy`` over real sockets: what goes through as it comes, and who notices when one side hangs up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from tests.support import Server, running

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n"
EVENTS = HEAD % (b"text/event-stream", b"")


@dataclass
class Scripted:
    """An upstream that does what a test says, one connection at a time."""

    listener: socket.socket
    first: bytes = b""
    then: bytes = b""
    go_on: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with closing(connection), suppress(OSError):
                    connection.settimeout(60)
                    while b"\r\n\r\n" not in connection.recv(65536):
                        pass
                    connection.sendall(self.first)
                    if self.go_on.wait(60) and self.then:
                        connection.sendall(self.then)
                    elif not self.then and connection.recv(1) == b"":
                        self.left.set()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Server, Scripted]]:
    listener = socket.create_server(("127.0.0.1", 0))
    upstream = Scripted(listener)
    thread = threading.Thread(target=upstream.serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with running("--quiet", "--proxy", url, "--max-body", "1000") as server:
        yield server, upstream
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@contextmanager
def asking(served: tuple[Server, Scripted], first: bytes, then: bytes) -> Iterator[tuple[socket.socket, Scripted]]:
    server, upstream = served
    upstream.first, upstream.then = first, then
    upstream.go_on.clear()
    upstream.left.clear()
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=60)) as client:
        client.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield client, upstream


def read_until(client: socket.socket, end: bytes) -> bytes:
    found = b""
    while end not in found:
        piece = client.recv(65536)
        assert piece, found
        found += piece
    return found


def read_all(client: socket.socket) -> bytes:
    found = b""
    while piece := client.recv(65536):
        found += piece
    return found


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "then", "body"),
    [
        (HEAD % (b"a/b", b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", b"", b"hello"),
        (HINTS + HEAD % (b"a/b", b"Content-Length: 2\r\n") + b"ok", b"", b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the ", b"end", b"until the end"),
    ],
    ids=["chunked", "after an interim answer", "HTTP/1.0"],
)
def test_an_answer_arrives_whole_however_it_was_framed(
    served: tuple[Server, Scripted], first: bytes, then: bytes, body: bytes
) -> None:
    with asking(served, first, then) as (client, upstream):
        upstream.go_on.set()
        answer = read_until(client, b"\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-length: %d\r\n" % len(body) in answer


def test_an_event_is_here_before_the_next_one_is_sent(served: tuple[Server, Scripted]) -> None:
    with asking(served, EVENTS + b"data: one\n\n", b"data: two\n\n") as (client, upstream):
        head = read_until(client, b"data: one\n\n")
        assert b"mock-source: upstream" in head
        upstream.go_on.set()
        assert b"data: two\n\n" in read_until(client, b"0\r\n\r\n")  # both may come in one piece


def test_a_client_that_hangs_up_ends_the_request_upstream(served: tuple[Server, Scripted]) -> None:
    with asking(served, EVENTS + b"data: one\n\n", b"") as (client, upstream):
        read_until(client, b"data: one\n\n")
        upstream.go_on.set()
    assert upstream.left.wait(60)


def test_an_answer_that_is_cut_off_on_the_way_is_cut_off_here(served: tuple[Server, Scripted]) -> None:
    long = HEAD % (b"text/plain", b"Content-Length: 5000\r\n") + b"x" * 2000
    with asking(served, long, b"x") as (client, upstream):
        read_until(client, b"x" * 1500)
        upstream.go_on.set()  # one byte more, and the connection ends
        rest = read_all(client)
    assert len(rest) < 3000


def test_a_cut_off_answer_that_could_still_be_held_back_is_a_502(served: tuple[Server, Scripted]) -> None:
    short = HEAD % (b"text/plain", b"Content-Length: 500\r\n") + b"x" * 20
    with asking(served, short, b"x") as (client, upstream):
        upstream.go_on.set()
        assert read_until(client, b"}").startswith(b"HTTP/1.1 502 ")
