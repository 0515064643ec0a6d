"""What a connection leaves behind when it ends: nothing that would have to wait for the garbage collector."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mock_server.server.protocol import GuardedProtocol
from mock_server.server.run import bind, make_server
from tests.support import make_app

HOST = b"Host: 127.0.0.1\r\n"
ENDINGS = {
    "half a request": b"GET /nothing HT",
    "not HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "a page": b"GET /__mock/health HTTP/1.1\r\n" + HOST + b"\r\n",
    "an operation": b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n",
    "too large a body": b"POST /nothing HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000\r\n\r\n",
    "several at once": (b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n") * 20,
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    ready = threading.Event()
    server = make_server(make_app(), ready.set)
    bound = bind("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([bound],))
    thread.start()
    assert ready.wait(30)
    yield bound.getsockname()[1]
    server.should_exit = True
    thread.join(30)


def protocols() -> int:
    return sum(isinstance(each, GuardedProtocol) for each in gc.get_objects())


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_dead_connection_needs_no_garbage_collector(port: int, ending: str) -> None:
    gc.collect()
    before = protocols()  # of another test's server in this process
    gc.disable()
    try:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
                one.sendall(ENDINGS[ending])
                if ending != "half a request":
                    assert one.recv(65_536)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as last:  # taken after all the others
            last.sendall(ENDINGS["a page"])
            assert last.recv(65_536)
        for _ in range(200):
            if protocols() <= before:
                break
            time.sleep(0.05)
        assert protocols() <= before
    finally:
        gc.enable()
