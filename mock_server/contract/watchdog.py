"""Ends exchanges that last too long. A socket's own timeout starts anew with every byte that comes."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

TICK_S = 0.25


class Watchdog:
    """One thread for one client, started when first needed; it shuts the sockets of what is overdue."""

    def __init__(self) -> None:
        self._watched: dict[int, tuple[http.client.HTTPConnection, float, list[bool]]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, connection: http.client.HTTPConnection, seconds: float) -> Iterator[list[bool]]:
        """While this is entered; what it yields is no longer empty when the time was up."""
        late: list[bool] = []
        key = id(late)
        with self._lock:
            self._watched[key] = (connection, time.monotonic() + seconds, late)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
        try:
            yield late
        finally:
            with self._lock:
                del self._watched[key]

    def _watch(self) -> None:
        while not self._ended.wait(TICK_S):
            now = time.monotonic()
            with self._lock:
                for connection, until, late in self._watched.values():
                    if now > until and not late:
                        late.append(True)
                        if connection.sock is not None:
                            with suppress(OSError):
                                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
