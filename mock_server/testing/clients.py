"""Clients of httpx2 or httpx, whichever is installed: over the port, or without one."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mock_server.errors import MockServerError

if TYPE_CHECKING:
    from mock_server.testing.house import House, Receive, Send

NAMES = ("httpx2", "httpx")


class NoClient(MockServerError):
    """Neither library is installed (MS490)."""

    def __init__(self) -> None:
        super().__init__(
            "MS490: the clients of the mock need httpx2 or httpx: pip install httpx2. "
            "`mock_server.url` works with any client."
        )


def library() -> ModuleType:
    """Raises ``NoClient``."""
    for name in NAMES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise NoClient


class WithoutPort:
    """A transport for both kinds of clients; what it gets is answered in the mock's own loop."""

    def __init__(self, house: House, httpx: ModuleType) -> None:
        self._house = house
        self._httpx = httpx

    def handle_request(self, request: Any) -> Any:
        return self._read(self._submit(request, request.read()), request)

    async def handle_async_request(self, request: Any) -> Any:
        future = self._submit(request, await request.aread())
        await settled(future)
        return self._read(future, request)

    def _submit(self, request: Any, body: bytes) -> Future[Any]:
        target = request.url.raw_path.decode("ascii")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        return self._house.submit(request.method, target, headers, body)

    def _read(self, future: Future[Any], request: Any) -> Any:
        try:
            answered = future.result()
        except (ConnectionError, CancelledError) as error:
            told = str(error) or "the mock was stopped"
            raise self._httpx.RemoteProtocolError(told, request=request) from None
        return self._httpx.Response(answered.status, headers=list(answered.headers), content=answered.body)

    def close(self) -> None:
        """There is nothing to close."""

    async def aclose(self) -> None:
        """There is nothing to close."""

    def __enter__(self) -> WithoutPort:
        return self

    def __exit__(self, *given: object) -> None:
        self.close()

    async def __aenter__(self) -> WithoutPort:
        return self

    async def __aexit__(self, *given: object) -> None:
        await self.aclose()


async def settled(future: Future[Any]) -> None:
    """Wait in whatever event loop this is (asyncio, trio) for what another one does; who gives up ends it there too."""
    import anyio.to_thread

    def wait() -> None:
        with suppress(CancelledError):
            future.exception()

    try:
        await anyio.to_thread.run_sync(wait, abandon_on_cancel=True)
    finally:
        future.cancel()  # nothing, when it is done; else the thread above would never end


def asgi_app(house: House, session: str) -> Any:
    """An ASGI application for clients of this process; its requests belong to the session."""
    from mock_server.testing.ask import SESSION_HEADER

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the mock speaks http, not {scope['type']}")
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        if not any(name == SESSION_HEADER for name, _ in headers):
            headers.append((SESSION_HEADER, session))
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        query = scope["query_string"].decode("latin-1")
        future = house.submit(scope["method"], f"{path}?{query}" if query else path, headers, body)
        await settled(future)
        answered = future.result()
        named = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answered.headers]
        await send({"type": "http.response.start", "status": answered.status, "headers": named})
        await send({"type": "http.response.body", "body": answered.body})

    return app


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
