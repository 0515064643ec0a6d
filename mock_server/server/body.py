"""The body of a request that offers to upgrade, which the parser would skip."""

from __future__ import annotations

from typing import Protocol


class TakesBody(Protocol):
    """What httptools tells of a body."""

    def on_body(self, body: bytes) -> None: ...

    def on_message_complete(self) -> None: ...


class BodyOnly:
    """Callbacks of a parser that reads the body of one request and nothing behind it."""

    def __init__(self, protocol: TakesBody) -> None:
        self._protocol = protocol
        self._is_whole = False

    def on_body(self, body: bytes) -> None:
        if not self._is_whole:
            self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        if not self._is_whole:
            self._is_whole = True
            self._protocol.on_message_complete()
