"""Somebody's ASGI application on a free port, served by a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from mock_server.errors import MockServerError
from mock_server.server.run import address, bind

START_S = 30.0
STOP_S = 10.0


class NotStarted(MockServerError):
    """The application failed while it started, or did not start in time."""


@contextmanager
def in_thread(app: Any) -> Iterator[str]:
    """Yields ``http://127.0.0.1:PORT``; the application has an event loop of its own. Raises ``NotStarted``.

    Its lifespan is run where it has one, and its log is left alone.
    """
    config = uvicorn.Config(app, log_config=None, log_level="critical", access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    sock = bind("127.0.0.1", 0)
    thread = threading.Thread(target=_serve, args=(server, sock), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                why = "it failed while it started" if not thread.is_alive() else f"it took longer than {START_S:g} s"
                raise NotStarted(why)
            time.sleep(0.005)
        yield address(sock)
    finally:
        server.should_exit = True
        thread.join(STOP_S)
        sock.close()


def _serve(server: uvicorn.Server, sock: socket.socket) -> None:
    try:
        server.run([sock])
    except SystemExit:  # uvicorn's way to say that it did not start
        return
