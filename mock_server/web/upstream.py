"""The real deployment behind the mock: one request to it, its answer in pieces, in bounded time.

The same machinery as for callbacks (:mod:`mock_server.web.caller`): the name is resolved once and pinned, addresses
are judged, certificates are checked, redirects are answers like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mock_server.core.target import Allowed, NotAllowed, Target, allowed_addresses, read_target
from mock_server.errors import MockServerError
from mock_server.later import regex
from mock_server.web.caller import CallFailed, Resolver, connect, resolve, why

if TYPE_CHECKING:
    import h11

MAX_HEADER_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_CONTROL = regex(rb"[\x00-\x08\x0a-\x1f\x7f]")
Raw = tuple[tuple[bytes, bytes], ...]


class BadUpstream(MockServerError):
    """MS495: no upstream that is ever called; the text says why."""


class UpstreamFailed(Exception):
    """MS493: it gave no answer, or no whole one."""


class UpstreamSlow(UpstreamFailed):
    """MS494: it took too long."""


class Upstream:
    """``url`` is the only host that is called: naming it is what allows it. Raises ``BadUpstream`` for what is none."""

    def __init__(self, url: str, timeout_s: float, resolver: Resolver = resolve) -> None:
        try:
            self._target = read_target(url)
        except NotAllowed as error:
            raise BadUpstream(str(error)) from None
        if "?" in self._target.path:
            raise BadUpstream("the upstream's URL has a query; give the address below which the API stands")
        self._timeout_s = timeout_s
        self._resolver = resolver
        self._addresses: list[str] = []

    @property
    def origin(self) -> str:
        """``https://api.example.com``."""
        return f"{self._target.scheme}://{self._target.authority}"

    @property
    def base(self) -> str:
        """``/v2``, or ``""``."""
        return self._target.path.rstrip("/")

    async def find(self) -> None:
        """Resolve its name, once. Raises ``BadUpstream`` for an address that is never called, ``UpstreamFailed``."""
        if self._addresses:
            return
        target = self._target
        try:
            found = await self._resolver(target.host, target.port)
            self._addresses = allowed_addresses(target, found, (Allowed("*", None, None),))
        except NotAllowed as error:
            raise BadUpstream(str(error)) from None
        except CallFailed as error:
            raise UpstreamFailed(str(error)) from None

    @asynccontextmanager
    async def ask(
        self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> AsyncIterator[Reply]:
        """One request; entered when the head of its answer is there. Raises ``UpstreamFailed``, ``BadUpstream``."""
        import h11

        target = self._target._replace(path=path)
        own = [(b"host", target.authority.encode()), (b"connection", b"close")]
        if body or method in ("POST", "PUT", "PATCH"):
            own.append((b"content-length", b"%d" % len(body)))  # RFC 9110 §8.6
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
        try:
            data = connection.send(h11.Request(method=method, target=path, headers=[*own, *headers])) or b""
            data += (connection.send(h11.Data(data=body)) or b"") if body else b""
            data += connection.send(h11.EndOfMessage()) or b""
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise UpstreamFailed(f"the request cannot be passed on: {error}") from None
        try:
            async with self._open(target, data, connection) as reply:
                yield reply
        except CallFailed as error:
            raise UpstreamFailed(str(error)) from None

    @asynccontextmanager
    async def _open(self, target: Target, data: bytes, connection: h11.Connection) -> AsyncIterator[Reply]:
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                await self.find()
                reader, writer = await connect(target, self._addresses)
        except TimeoutError:
            raise UpstreamSlow(f"{self.origin} cannot be reached within {self._timeout_s:g} s") from None
        try:
            reply = Reply(connection, reader, self._timeout_s)
            try:
                async with asyncio.timeout_at(deadline):
                    await _write(writer, data)
                    await reply.begin()
            except TimeoutError:
                raise UpstreamSlow(f"{self.origin} did not answer within {self._timeout_s:g} s") from None
            yield reply
        finally:
            writer.transport.abort()  # nobody waits for what we do not read


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    try:
        writer.write(data)
        await writer.drain()
    except OSError:
        return  # it may have answered before it closed (RFC 9112 §9.5): then that is the answer


class Reply:
    """An answer that comes in. ``status`` and ``headers`` are there from the start."""

    status: int
    headers: Raw

    def __init__(self, connection: h11.Connection, reader: asyncio.StreamReader, timeout_s: float) -> None:
        self._connection = connection
        self._reader = reader
        self._timeout_s = timeout_s
        self._has_begun = False

    async def begin(self) -> None:
        """Read the head; interim answers (1xx) are passed over. Raises ``UpstreamFailed``."""
        import h11

        event = await self._next()
        while isinstance(event, h11.InformationalResponse):
            event = await self._next()
        if not isinstance(event, h11.Response):
            raise UpstreamFailed("the connection was closed without an answer")
        if not 200 <= event.status_code <= 599:  # RFC 9110 §15: nothing else is a status
            raise UpstreamFailed(f"the answer is not HTTP: its status is {event.status_code}")
        for name, value in event.headers:
            if _CONTROL.search(value):  # RFC 9110 §5.5
                raise UpstreamFailed(f"the answer is not HTTP: control bytes in its header {name.decode()}")
        self._has_begun = True
        self.status, self.headers = event.status_code, tuple(event.headers)

    async def pieces(self, *, patient: bool = False) -> AsyncIterator[bytes]:
        """The body as it comes, no pause longer than the time limit, but for the ``patient``."""
        import h11

        while True:
            try:
                async with asyncio.timeout(None if patient else self._timeout_s):
                    event = await self._next()
            except TimeoutError:
                raise UpstreamSlow(f"the answer stood still for {self._timeout_s:g} s") from None
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)

    async def _next(self) -> object:
        import h11

        try:
            while True:
                event = self._connection.next_event()
                if event is not h11.NEED_DATA:
                    return event
                data = await self._reader.read(_READ_BYTES)
                if not data and not self._has_begun:
                    raise UpstreamFailed("the connection was closed without an answer")
                self._connection.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise UpstreamFailed(f"the answer is not HTTP, or is cut off: {error}") from None
        except OSError as error:
            raise UpstreamFailed(f"the connection broke: {why(error)}") from None
