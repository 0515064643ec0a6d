"""Bind, announce, serve, stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from mock_server.errors import MockServerError
from mock_server.server.heads import Heads
from mock_server.server.limits import guarded
from mock_server.server.loop import Config, has_uvloop
from mock_server.server.systemd import given_socket
from mock_server.server.upkeep import keep_up
from mock_server.settings import Settings
from mock_server.state.choose import make_store
from mock_server.state.store import InstantStore, Store
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.web.refusals import Refusals
from mock_server.web.stop import GivesUpPolitely
from mock_server.world import World

if TYPE_CHECKING:
    from mock_server.server.watching import Watching

BACKLOG = 2048


STOPS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


def _nothing() -> None:
    """Nobody wants to know."""


class CannotBind(MockServerError):
    """The address is not to be had."""


def bind(host: str, port: int, *, beside_others: bool = False) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises ``CannotBind`` with what to do about it.

    ``beside_others``: several of one port, each of which gets its part of the connections (SO_REUSEPORT, socket(7)).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if beside_others:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except (OSError, OverflowError, TypeError, ValueError) as error:
        found.close()
        reason = getattr(error, "strerror", None) or str(error)
        hint = "choose another with --port, or --port 0 for a free one" if port else "check --host"
        raise CannotBind(f"cannot bind {host}:{port}: {reason}; {hint}") from None
    found.set_inheritable(True)
    return found


def bind_all(host: str, port: int, count: int) -> list[socket.socket]:
    """As many sockets as there are workers; the one that a service manager handed over. Raises ``CannotBind``."""
    try:
        given = given_socket()
    except ValueError as error:
        raise CannotBind(str(error)) from None
    if given is not None and count > 1:
        raise CannotBind("each worker needs a socket of its own, and one was handed over (LISTEN_FDS); say --workers 1")
    if given is not None or count == 1:
        return [given or bind(host, port)]
    bind(host, port).close()  # beside others, the system would not tell that somebody else has the port
    first = bind(host, port, beside_others=True)
    port = first.getsockname()[1]
    return [first, *(bind(host, port, beside_others=True) for _ in range(count - 1))]


def address(sock: socket.socket, scheme: str = "http") -> str:
    """``http://127.0.0.1:4010``."""
    host, port = sock.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def make_app(world: World, settings: Settings, log: RequestLog, store: Store | None = None) -> MockApp:
    """The application over a store; None = the one that the settings name."""
    kept = store or make_store(settings, time.time, log.error)
    return MockApp(Live(world, kept, settings, log))


def _watching(live: Live) -> Watching:
    from mock_server.server.watching import Watching

    return Watching(live.reload)


class _Server(uvicorn.Server):
    """A server that ends with 0 after SIGTERM and says when it is ready.

    uvicorn raises the signal again after its graceful stop, so that the process would die by it.
    """

    config: Config

    def __init__(self, config: Config, on_ready: Callable[[], None], live: Live, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._live = live
        self._on_ready = on_ready
        self._on_stop = on_stop
        self.stops: tuple[signal.Signals, ...] = STOPS
        self._watching = _watching(live) if live.settings.watch else None
        self._upkeep: asyncio.Task[None] | None = None
        self.interrupted = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._watching:
            self._watching.start()
        await self._live.peers.open(self._live)
        self._upkeep = asyncio.get_running_loop().create_task(keep_up(self._live))
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answers under way first, then what they would still have sent; the store last."""
        if self._watching:
            await self._watching.stop()
        self._live.watchers.stop()  # they would never end by themselves
        await super().shutdown(sockets)
        if self._upkeep is not None:
            self._upkeep.cancel()
        await self._live.peers.close()
        await self._live.outgoing.stop()
        await self._live.store.close()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._stop) for each in self.stops}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, number: int, frame: object) -> None:
        self.interrupted = number == signal.SIGINT
        if self.should_exit and self.interrupted:
            self.force_exit = True
        if not self.should_exit:
            self._on_stop()
        self.should_exit = True


def serve(
    app: MockApp,
    sock: socket.socket,
    on_ready: Callable[[], None],
    *,
    on_stop: Callable[[], None] = _nothing,
    tls: ssl.SSLContext | None = None,
    stops: tuple[signal.Signals, ...] = STOPS,
) -> int:
    """Serve until one of the signals ``stops``; the exit code: 0, or 130 after an interrupt."""
    server = make_server(app, on_ready, on_stop)
    server.stops = stops
    if tls is not None:
        server.config.load()
        server.config.ssl = tls
        server.config.handshake_s = app.live.settings.limits.header_s
    # What was made so far lives as long as the process: the collector need not look at it again, and
    # what a request leaves behind (handshake, journal entry) has no cycles that would make it urgent.
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 50)
    app.live.on_swap.append(gc.unfreeze)  # the world that was frozen has become garbage
    server.run([sock])
    app.live.log.flush()
    return 130 if server.interrupted else 0


def make_server(app: MockApp, on_ready: Callable[[], None], on_stop: Callable[[], None] = _nothing) -> _Server:
    """uvicorn, set up as this product promises."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # every fault has its line in our own log
    settings = app.live.settings
    heads = Heads(app.prepare, store_waits=not isinstance(app.live.store, InstantStore))
    app.live.on_swap.append(heads.forget)
    config = Config(
        GivesUpPolitely(app),
        http=guarded(settings.limits, heads, Refusals(app.live), settings.max_body_bytes),
        ws="none",
        lifespan="off",
        loop="uvloop" if has_uvloop() else "asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=settings.limits.idle_s,  # type: ignore[arg-type]  # it may be a fraction
        timeout_graceful_shutdown=max(settings.limits.stop_s - 1, 0),  # type: ignore[arg-type]
    )
    return _Server(config, on_ready, app.live, on_stop)
