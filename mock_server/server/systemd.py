"""What a service manager and its service say to one another (sd_notify(3), sd_listen_fds(3)). Without one, nothing."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

FIRST_FD = 3


def notify(state: str) -> None:
    """``READY=1`` or ``STOPPING=1``. Nobody listens: nobody is told, and nothing fails."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), "\0" + where[1:] if where[0] == "@" else where)


def given_socket() -> socket.socket | None:
    """The listening socket that we were started with, once. Raises ``ValueError`` when it is not one for us."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return None
    count = os.environ.pop("LISTEN_FDS", "")
    if count != "1":
        raise ValueError(f"{count or 'no'} sockets were handed over (LISTEN_FDS); one is served")
    found = socket.socket(fileno=FIRST_FD)
    if found.family not in (socket.AF_INET, socket.AF_INET6) or found.type != socket.SOCK_STREAM:
        found.close()
        raise ValueError("the socket that was handed over (LISTEN_FDS) is none of TCP; say ListenStream=127.0.0.1:4010")
    return found
