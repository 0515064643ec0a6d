"""A mock in this process: an event loop of its own in a thread, and a port from when somebody wants one.

Everything that asks it (clients with and without a port, the control API) is answered in that one loop, so tests may
be synchronous, asynchronous or threaded without disturbing its state.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import unquote, urlsplit

from mock_server.errors import MockServerError
from mock_server.server.run import address, bind, make_app, make_server
from mock_server.settings import Settings
from mock_server.testing.ask import SESSION_HEADER, Answered
from mock_server.web.app import MockApp
from mock_server.web.log import RequestLog
from mock_server.web.within import is_within
from mock_server.world import World, build_world

START_S = 30.0
STOP_S = 10.0
WITHOUT_PORT = "http://localhost"
"""What clients call the mock as long as it has no port."""

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class NotStarted(MockServerError):
    """The mock for the tests did not start (MS492)."""

    def __init__(self, why: str) -> None:
        super().__init__(f"MS492: {why}")


class OneAtATime(MockApp):
    """A request that names no session belongs to the test that is running."""

    running: str | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.running and scope["type"] == "http" and not _names_session(scope):
            scope = {**scope, "headers": [*scope["headers"], (SESSION_HEADER.encode(), self.running.encode())]}
        await super().__call__(scope, receive, send)

    def prepare(self, scope: Any) -> None:
        """A head that came before may now be another test's."""


class House:
    """One mock. ``start`` before anything else, ``stop`` after all."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = threading.Thread(target=self._run, name="mock-server", daemon=True)
        self._address = ""
        self._lock = threading.Lock()
        self._end: Callable[[], Awaitable[None]] | None = None
        world = build_world(settings)
        made = make_app(world, settings, RequestLog(None))
        self.app = OneAtATime(made.live)
        self.base = _base(world)
        self._loop = asyncio.new_event_loop()  # last: it has to be closed

    def start(self) -> None:
        """Raises ``CannotBind`` when the settings ask for a port that is not to be had."""
        self._thread.start()
        if self._settings.port:
            try:
                _ = self.origin
            except MockServerError:
                self.stop()
                raise

    @property
    def has_port(self) -> bool:
        return bool(self._address)

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:41233``; the first who asks has the port opened."""
        with self._lock:
            if not self._address:
                self._address = self._listen()
        return self._address

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """One request without a port, from any thread but the mock's own."""
        return self.submit(method, target, headers.items(), body).result()

    def submit(self, method: str, target: str, headers: Any, body: bytes) -> Future[Answered]:
        """``target`` is a path with its query, or a whole URL. The future raises ``ConnectionError`` for an answer that
        is broken on purpose."""
        if threading.current_thread() is self._thread:
            # A forgotten generator may be ended by the collector, in whatever thread that is.
            raise RuntimeError("the mock cannot wait for itself")
        asked = self._exchange(method, target, headers, body)
        return asyncio.run_coroutine_threadsafe(asked, self._loop)

    def stop(self) -> None:
        """Answers under way first."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("the mock cannot wait for itself")
        try:
            if self._thread.is_alive():
                asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(STOP_S)
        finally:
            self._end_thread()

    def _end_thread(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)
        if not self._loop.is_running():
            self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:  # whoever waits for one is told
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())

    async def _stop(self) -> None:
        if self._end is not None:
            await self._end()
            return
        live = self.app.live
        await live.outgoing.stop()
        await live.store.close()

    def _listen(self) -> str:
        sock = bind(self._settings.host, self._settings.port)
        ready = threading.Event()
        level = logging.getLogger("uvicorn.error").level
        server = make_server(self.app, ready.set)
        serving = asyncio.run_coroutine_threadsafe(server.serve(sockets=[sock]), self._loop)
        serving.add_done_callback(lambda _: ready.set())
        if not ready.wait(START_S) or serving.done():
            raise NotStarted(f"it does not begin to listen: {serving.exception() if serving.done() else 'no sign'}")

        async def end() -> None:
            server.should_exit = True
            await asyncio.wrap_future(serving)
            sock.close()
            logging.getLogger("uvicorn.error").setLevel(level)  # another uvicorn of this process may need it

        self._end = end
        return address(sock)

    async def _exchange(self, method: str, target: str, headers: Any, body: bytes) -> Answered:
        parts = urlsplit(target)
        named = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        if not any(name == b"host" for name, _ in named):
            named.append((b"host", urlsplit(self._address or WITHOUT_PORT).netloc.encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method.upper(),
            "scheme": "http",
            "path": unquote(parts.path) or "/",
            "raw_path": (parts.path or "/").encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": named,
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
        }
        return await exchange(self.app, scope, body)


async def exchange(app: Any, scope: Message, body: bytes) -> Answered:
    """One whole request and its whole answer, in the loop of the app."""
    sent: list[Message] = []
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await asyncio.Event().wait()  # nobody hangs up
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = next((each for each in sent if each["type"] == "http.response.start"), None)
    if start is None:
        raise ConnectionResetError("the mock sent no answer")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Answered(start["status"], headers, b"".join(each.get("body", b"") for each in sent))


def _base(world: World) -> str:
    """The base path that all operations have, else none."""
    bases = {each.bases[0] if each.bases else "" for each in world.operations.values()}
    return bases.pop() if len(bases) == 1 else ""


def _names_session(scope: Message) -> bool:
    return is_within(scope["path"]) or any(name == SESSION_HEADER.encode() for name, _ in scope["headers"])
