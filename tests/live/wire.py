"""A raw socket that says what it is told to say, and the answers that came back on it."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

GIVE_UP_S = 30.0


@dataclass(frozen=True)
class Reply:
    """One answer on the wire; header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Wire:
    """One connection. Everything that takes longer than ``GIVE_UP_S`` is an error: the server hangs."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=GIVE_UP_S)
        self._received = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, *parts: bytes) -> Wire:
        """Send what the server still takes: it may have refused and closed already."""
        with suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                self._socket.sendall(part)
        return self

    def stop_sending(self) -> Wire:
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def receive(self, wanted: bytes) -> None:
        """Wait until the server has sent something."""
        while wanted not in self._received:
            more = self._socket.recv(65536)
            assert more, f"closed after {self._received!r}"
            self._received += more

    def replies(self) -> list[Reply]:
        """Everything until the server closes; a reset is a close, too."""
        with suppress(ConnectionResetError):
            while more := self._socket.recv(65536):
                self._received += more
        return parse(self._received)


def parse(data: bytes) -> list[Reply]:
    """Answers with ``Content-Length`` or without a body, one after the other."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        found.append(Reply(int(first.split()[1]), headers, data[:length]))
        assert len(data) >= length, "the answer is cut short"
        data = data[length:]
    return found
