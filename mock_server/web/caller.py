"""One HTTP request to somebody else: pinned to an address, in bounded time, with a bounded answer.

h11 writes and reads the messages: it is here with uvicorn, takes 8 ms to import where a whole client takes
50, and leaves the connection to us, which is what pinning needs. Redirects are answers like any other.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mock_server import __version__
from mock_server.core.target import Target
from mock_server.named import NamedTuple

if TYPE_CHECKING:
    import h11

MAX_ANSWER_BYTES = 64 * 1024
MAX_HEADER_BYTES = 16 * 1024
_MAX_RECEIVED_BYTES = 2 * (MAX_ANSWER_BYTES + MAX_HEADER_BYTES)
"""Chunks and interim answers (1xx) may be larger than what they carry; not without an end."""
_READ_BYTES = 16 * 1024
Resolver = Callable[[str, int], Awaitable[list[str]]]


class CallFailed(Exception):
    """No answer came; the text says why."""


class Received(NamedTuple):
    """What the other side answered; ``cut`` = it was longer than we read."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    cut: bool


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, in the system's order. Raises ``CallFailed``."""
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CallFailed(f"the name {host} cannot be resolved: {error.strerror or error}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def call(
    target: Target, addresses: list[str], method: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> Received:
    """Send one request to one of ``addresses``, the first that takes it. Raises ``CallFailed``."""
    import h11

    own = [("host", target.authority), ("user-agent", f"mock-server/{__version__}"), ("connection", "close")]
    known = {name for name, _ in headers}
    own = [(name, value) for name, value in own if name == "host" or name not in known]
    if body or method in ("POST", "PUT", "PATCH"):
        own.append(("content-length", str(len(body))))  # RFC 9110 §8.6
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
    try:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (*own, *headers)]
        data = connection.send(h11.Request(method=method.encode(), target=target.path.encode(), headers=raw)) or b""
        data += (connection.send(h11.Data(data=body)) or b"") if body else b""
        data += connection.send(h11.EndOfMessage()) or b""
    except (h11.LocalProtocolError, UnicodeEncodeError) as error:
        raise CallFailed(f"the request cannot be written: {error}") from None
    async with _connected(target, addresses) as (reader, writer):
        with suppress(OSError):  # it may have answered before it closed (RFC 9112 §9.5): then that is the answer
            writer.write(data)
            await writer.drain()
        try:
            return await _receive(connection, reader)
        except h11.RemoteProtocolError as error:
            raise CallFailed(f"the answer is not HTTP: {error}") from None
        except OSError as error:
            raise CallFailed(f"the connection broke: {why(error)}") from None


async def _receive(connection: h11.Connection, reader: asyncio.StreamReader) -> Received:
    import h11

    head: h11.Response | None = None
    body = bytearray()
    received = 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_READ_BYTES)
            received += len(data)
            if head is None and not data:
                raise CallFailed("the connection was closed without an answer")
            if received > _MAX_RECEIVED_BYTES:
                if head is None:
                    raise CallFailed("the answer does not begin")
                return _received(head, body, cut=True)
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if head is not None and len(body) > MAX_ANSWER_BYTES:
                return _received(head, body, cut=True)
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
            if head is None:
                raise CallFailed("the connection was closed without an answer")
            return _received(head, body, cut=False)


def _received(head: h11.Response, body: bytearray, *, cut: bool) -> Received:
    return Received(head.status_code, tuple(head.headers), bytes(body[:MAX_ANSWER_BYTES]), cut)


@asynccontextmanager
async def _connected(
    target: Target, addresses: list[str]
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await connect(target, addresses)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()  # nobody waits for what we do not read


async def connect(target: Target, addresses: list[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that takes one; the name is used for TLS only. Raises ``CallFailed``."""
    context = _tls() if target.scheme == "https" else None
    refused: OSError | None = None
    for address in addresses:
        try:
            return await asyncio.open_connection(
                address, target.port, ssl=context, server_hostname=target.host if context else None
            )
        except OSError as error:
            refused = error
    raise CallFailed(f"{target.authority} cannot be reached: {why(refused)}")


def why(error: OSError | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message} (SSL_CERT_FILE names a file of others to trust)"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    return (error.strerror or str(error) or type(error).__name__) if error else "it has no address"


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are checked against the system's; ``SSL_CERT_FILE`` adds others (OpenSSL reads it)."""
    return ssl.create_default_context()
