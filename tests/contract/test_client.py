"""The client sends what it is told, and a broken wire is an answer with a fault, never an exception."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mock_server.contract.client import Client
from mock_server.contract.errors import OutOfTime
from mock_server.contract.model import Sent
from tests.contract.deployment import Asked, Given, answering

GET = Sent("GET", "/x", (), b"")


def whole(connection: socket.socket) -> bytes:
    """The header and the body that it announces: they may come in two pieces."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += connection.recv(65536)
    announced = re.search(rb"(?i)content-length: (\d+)", heard)
    while announced and len(heard.partition(b"\r\n\r\n")[2]) < int(announced[1]):
        heard += connection.recv(65536)
    return heard


@contextmanager
def saying(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says these bytes, one for each connection, whatever it is asked; and what it was asked."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                heard.append(whole(connection))
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        thread.join(60)
        listener.close()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (b"", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "truncated"),
        (b"this is no HTTP\r\n\r\n", "malformed"),
    ],
)
def test_a_broken_answer_has_a_fault(said: bytes, fault: str) -> None:
    with saying(said) as (url, _):
        seen = Client(url).send(GET).seen
    assert seen.fault == fault


def test_nobody_there_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert Client(url).send(GET).seen[:1] + Client(url).send(GET).seen[4:] == (0, "refused")


def test_silence_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.1).send(GET).seen
    assert (seen.status, seen.fault) == (0, "timeout")


def test_the_bytes_are_those_that_were_told() -> None:
    sent = Sent("POST", "/a?b=%20", (("X-One", "1"), ("x-one", "2"), ("Authorization", "Bearer")), b"\x00{")
    with saying(b"HTTP/1.1 204 No Content\r\n\r\n") as (url, heard), Client(url) as client:
        assert client.send(sent).seen.status == 204
    host = url.removeprefix("http://")
    assert heard == [
        f"POST /a?b=%20 HTTP/1.1\r\nHost: {host}\r\nX-One: 1\r\nx-one: 2\r\n"
        "Authorization: Bearer\r\nContent-Length: 2\r\n\r\n\x00{".encode()
    ]


def test_head_and_body_leave_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is woken once is cheaper to test than one that is woken twice."""
    pieces: list[bytes] = []
    send = http.client.HTTPConnection.send

    def noted(connection: http.client.HTTPConnection, data: bytes) -> None:
        pieces.append(data)
        send(connection, data)

    monkeypatch.setattr(http.client.HTTPConnection, "send", noted)
    with saying(b"HTTP/1.1 204 No Content\r\n\r\n") as (url, heard), Client(url) as client:
        client.send(Sent("POST", "/a", (), b"{}"))
    assert pieces == heard


def test_given_headers_go_to_the_deployment_and_never_to_another_origin() -> None:
    heard: list[Asked] = []

    def answer(asked: Asked) -> Given:
        heard.append(asked)
        return Given(200)

    with answering(answer) as one, answering(answer) as other:
        client = Client(one, headers=(("X-Secret", "s"),))
        client.send(GET)
        client.send(GET, origin=other)
        client.close()
    assert [each.headers.get("X-Secret") for each in heard] == ["s", None]


def test_statuses_are_counted_by_operation_and_watchers_see_everything() -> None:
    with answering(lambda asked: Given(402)) as url:
        client = Client(url)
        watched: list[int] = []
        client.watchers.append(lambda exchange: watched.append(exchange.seen.status))
        client.send(GET, "GET /x")
        client.send(GET, "GET /x")
        client.send(GET)
        client.close()
    assert client.statuses == {("GET /x", 402): 2}
    assert (client.sent_count, watched) == (3, [402, 402, 402])


def test_no_more_than_the_rate_is_sent() -> None:
    with answering(lambda asked: Given(200)) as url:
        client = Client(url, rate=50)
        began = time.monotonic()
        for _ in range(6):
            client.send(GET)
        client.close()
    assert time.monotonic() - began >= 5 / 50


def test_nothing_is_sent_after_the_deadline() -> None:
    with pytest.raises(OutOfTime):
        Client("http://127.0.0.1:1", deadline=time.monotonic() - 1).send(GET)
