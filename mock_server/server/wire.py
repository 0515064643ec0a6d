"""One request's connection, given away for faults: see ``web/breaking.py``."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Transport
    from collections import deque
    from collections.abc import Callable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_AT_ONCE = struct.pack("ii", 1, 0)
"""``SO_LINGER`` on, zero seconds: closing sends RST and throws away what was not sent (socket(7))."""


class CycleWire:
    """Writes past uvicorn's cycle, which then takes the client to be gone."""

    __slots__ = ("_cycle", "_transport")

    def __init__(self, transport: Transport, cycle: RequestResponseCycle) -> None:
        self._transport = transport
        self._cycle = cycle

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._cycle.disconnected = True
        self._transport.close()

    def reset(self) -> None:
        self._cycle.disconnected = True
        own = self._transport.get_extra_info("socket")
        if own is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()


class AnswerFirst:
    """The transport of a request that is answered before it was read to its end, a refused one mostly.

    To close at once, with bytes of the client unread, would reset the connection and could destroy the
    answer on its way (RFC 9112 §9.6).
    """

    __slots__ = ("_close", "_transport")

    def __init__(self, transport: Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self._close = close

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._close()


def forget(waiting: deque[tuple[RequestResponseCycle, Any]]) -> bool:
    """Give up requests that were waiting for their turn when the connection ended; whether there were any."""
    if not waiting:
        return False
    for cycle, _ in waiting:
        cycle.on_response = _nothing  # the cycle and its own scope know each other, and this knew the protocol
    waiting.clear()
    return True


def _nothing() -> None:
    """Nobody waits for it."""
