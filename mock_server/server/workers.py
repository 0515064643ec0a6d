"""What one of several workers is: the application over the common store, with a word for the others."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mock_server.server.announce import Announcement
from mock_server.server.crew import Crew
from mock_server.server.peers import SocketPeers
from mock_server.server.run import serve
from mock_server.server.shared import SharedCountdown, Turn
from mock_server.web.app import MockApp

_MAX_SOCKET_PATH = 90
"""Of the 108 bytes that a Unix socket's path may have (unix(7)), less a name for each worker."""


def can_fork() -> bool:
    """Whether there can be several: they need fork(2) and a kernel that deals out connections (Linux, socket(7))."""
    return sys.platform == "linux"


def serve_together(
    sockets: list[socket.socket],
    make: Callable[[], MockApp],
    announcement: Announcement,
    tls: ssl.SSLContext | None,
) -> int:
    """A worker for each socket, until told to stop; the exit code. ``make`` is called in each of them."""
    folder = Path(tempfile.mkdtemp(prefix="mock-server-"))
    if len(os.fsencode(folder)) > _MAX_SOCKET_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="mock-server-", dir="/tmp"))  # its owner's alone

    read_again = SharedCountdown(Turn())

    def work(number: int, ready: Callable[[], None], alone: int) -> int:
        own = sockets[number - 1]
        for each in sockets:
            if each is not own:
                each.close()
        app = make()
        app.live.peers = SocketPeers(folder, number, len(sockets))
        reload = app.live.reload
        if read_again.left:  # this one takes the place of another, and what was read at the start is old
            asyncio.run(reload.again())
        reload.when_done.append(partial(setattr, read_again, "left", 1))

        def on_ready() -> None:
            asyncio.get_running_loop().add_reader(alone, _stop, alone)
            ready()

        return serve(app, own, on_ready, tls=tls, stops=(signal.SIGTERM,))

    gc.freeze()  # what was read so far is shared by all workers, as long as nobody writes to it
    crew = Crew(len(sockets), work, announcement.log, announcement.ready, announcement.stopping, announcement.stop_s)
    try:
        return crew.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(alone: int) -> None:
    """Whoever looked after this worker is gone: nobody would ever stop it."""
    asyncio.get_running_loop().remove_reader(alone)
    os.kill(os.getpid(), signal.SIGTERM)
