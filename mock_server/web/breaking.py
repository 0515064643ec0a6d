"""Breaking the wire on purpose: what no HTTP message can say is said with the connection itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, cast

from mock_server.model import Answer, Break
from mock_server.phrase import phrase

if TYPE_CHECKING:
    from starlette.types import Scope, Send

WIRE = "mock_server.wire"
"""The ASGI extension under which the server gives the connection away."""
MAX_HANG_S = 600.0
STEP_S = 0.05
"""A slow body goes out in pieces as often as this."""
SETTLE_S = 0.05
"""So long a client may read before the reset, which may throw away what it has not read."""


class Wire(Protocol):
    """The connection of one request."""

    def write(self, data: bytes) -> None: ...

    def is_closing(self) -> bool: ...

    def close(self) -> None:
        """End it after what was written (FIN)."""
        ...

    def reset(self) -> None:
        """End it at once (RST)."""
        ...


def has_hung_up(scope: Scope, error: Exception) -> bool:
    """Whether an error only says that nobody is there any more: uvloop raises it for each write to a closed socket."""
    wire = cast("Wire | None", (scope.get("extensions") or {}).get(WIRE))
    return isinstance(error, RuntimeError) and "closed" in str(error) and wire is not None and wire.is_closing()


class Unbroken(ConnectionResetError):
    """There is no connection to break: the app runs inside the client's process."""


async def send_broken(scope: Scope, send: Send, answer: Answer, fault: Break, *, head: bool) -> None:
    """Send the answer as the fault wants it. Raises ``Unbroken`` where there is no wire."""
    if not fault.kind:
        await _slowly(send, answer, fault.speed or 1, head=head)
        return
    wire = cast("Wire | None", (scope.get("extensions") or {}).get(WIRE))
    if wire is None:
        raise Unbroken(f"the connection is broken on purpose: {fault.kind}")
    await _WAYS[fault.kind](wire, answer)


async def _slowly(send: Send, answer: Answer, speed: int, *, head: bool) -> None:
    """The body in pieces, ``speed`` bytes a second."""
    body = b"" if head else answer.body
    await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
    size = max(int(speed * STEP_S), 1)
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        await asyncio.sleep(len(piece) / speed)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _head(answer: Answer, *, without: bytes = b"", instead: bytes = b"") -> bytes:
    """The status line and the headers as bytes, one header replaced by a line of its own."""
    lines = [b"HTTP/1.1 %d %s" % (answer.status, (phrase(answer.status) or "Unknown").encode())]
    lines += [b"%s: %s" % each for each in answer.headers if each[0] != without]
    return b"\r\n".join([*lines, *([instead] if instead else []), b"connection: close", b"", b""])


async def _reset(wire: Wire, answer: Answer) -> None:
    wire.reset()


async def _reset_in_headers(wire: Wire, answer: Answer) -> None:
    whole = _head(answer)
    wire.write(whole[: len(whole) // 2])
    await asyncio.sleep(SETTLE_S)
    wire.reset()


async def _reset_in_body(wire: Wire, answer: Answer) -> None:
    wire.write(_promised(answer) + answer.body[: len(answer.body) // 2])
    await asyncio.sleep(SETTLE_S)
    wire.reset()


async def _close(wire: Wire, answer: Answer) -> None:
    wire.close()


async def _close_in_body(wire: Wire, answer: Answer) -> None:
    wire.write(_promised(answer) + answer.body[: len(answer.body) // 2])
    wire.close()


def _promised(answer: Answer) -> bytes:
    """A head that promises more than half a body, however short the body is."""
    length = b"content-length: %d" % max(len(answer.body), 2)
    return _head(answer, without=b"content-length", instead=length)


async def _hang(wire: Wire, answer: Answer) -> None:
    await asyncio.sleep(MAX_HANG_S)
    wire.close()


async def _garbage(wire: Wire, answer: Answer) -> None:
    wire.write(b"\x16\x03\x01\x00\xff this is not HTTP \x00\xfe\r\n\r\n")
    wire.close()


async def _bad_chunk(wire: Wire, answer: Answer) -> None:
    head = _head(answer, without=b"content-length", instead=b"transfer-encoding: chunked")
    half = answer.body[: len(answer.body) // 2]
    wire.write(head + (b"%x\r\n%s\r\n" % (len(half), half) if half else b"") + b"not-a-size\r\n")
    wire.close()


async def _long_length(wire: Wire, answer: Answer) -> None:
    length = b"content-length: %d" % (len(answer.body) + 100)
    wire.write(_head(answer, without=b"content-length", instead=length) + answer.body)
    wire.close()


async def _short_length(wire: Wire, answer: Answer) -> None:
    length = b"content-length: %d" % (len(answer.body) // 2)
    wire.write(_head(answer, without=b"content-length", instead=length) + answer.body)
    wire.close()


_WAYS: dict[str, Callable[[Wire, Answer], Awaitable[None]]] = {
    "reset": _reset,
    "reset-in-headers": _reset_in_headers,
    "reset-in-body": _reset_in_body,
    "close": _close,
    "close-in-body": _close_in_body,
    "hang": _hang,
    "garbage": _garbage,
    "bad-chunk": _bad_chunk,
    "long-length": _long_length,
    "short-length": _short_length,
}
