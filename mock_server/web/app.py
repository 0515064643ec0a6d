"""The ASGI application: operations on the short way, everything else through Starlette."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mock_server.core.route import Found
from mock_server.web.live import Live
from mock_server.web.mock import ROUTE, MockEndpoint
from mock_server.web.short import Prepared, prepare
from mock_server.web.wire import raw_path
from mock_server.web.within import WELL_KNOWN, is_within, staying, within

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.web.site import Site

OWN_PREFIXES = ("/__", f"{WELL_KNOWN}/__")
ANY_ORIGIN = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"*"))
CALLBACK = "mock_server.callback"
"""The scope's key under which a callback is left for the site."""
ICON = "/favicon.ico"


class MockApp:
    """Operations are found in a trie, in a time that does not depend on how many there are.

    Starlette looks through its routes one by one. It has the rest (``web/site.py``), and is imported when the first
    page is asked for: to import it takes longer than to answer a thousand operations.
    """

    def __init__(self, live: Live) -> None:
        self.live = live
        live.log.hidden = live.world.hidden
        self._operations = _operations(live)
        proxies = live.settings.proxy is not None
        self._has_front = not proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._way(scope)(scope, receive, send)

    def _way(self, scope: Scope) -> ASGIApp:
        """Who answers."""
        if scope["type"] != "http" or scope["path"].startswith(OWN_PREFIXES):
            return self._within if scope["type"] == "http" and is_within(scope["path"]) else self.site
        world = self.live.world
        path = raw_path(scope)
        method: str = scope["method"]
        found = world.router.find(method, path)
        if method == "HEAD" and not isinstance(found, Found):
            as_get = world.router.find("GET", path)  # RFC 9110 §9.3.2: HEAD is GET without the body
            found = as_get if isinstance(as_get, Found) else found
        if not isinstance(found, Found) and method in ("GET", "HEAD"):
            callback = world.callbacks.find("GET", path)
            if isinstance(callback, Found):
                scope[CALLBACK] = callback
            own = self._has_front and (path == ICON or (path == "/" and _wants_html(scope)))
            if isinstance(callback, Found) or own:
                return self.site
        scope[ROUTE] = found
        return self._preflight if method == "OPTIONS" else self._operations

    async def _within(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request whose path begins with its session; a session within a session there is not."""
        inner = within(scope)
        way = self.site if inner["path"].startswith(OWN_PREFIXES) else self._way(inner)
        await way(inner, receive, staying(send, inner))

    def prepare(self, scope: Scope) -> Prepared | None:
        """What a request with this head can be answered by at once; see :mod:`mock_server.web.short`."""
        if not self._has_front or scope["path"].startswith(OWN_PREFIXES):
            return None
        cors = self.live.settings.cors
        return prepare(self.live, scope, () if cors is None else ANY_ORIGIN if "*" in cors else None)

    @cached_property
    def site(self) -> Site:
        """What is besides the operations."""
        from mock_server.web.site import Site

        return Site(self.live)

    @cached_property
    def _preflight(self) -> ASGIApp:
        """What answers OPTIONS."""
        origins = self.live.settings.cors
        return _guarded(self._operations, origins) if origins and "*" in origins else self._operations


def _operations(live: Live) -> ASGIApp:
    """The operations.

    Where any origin may read, the header is a constant, needs no ``Vary`` and costs next to nothing. A
    list of origins has to look at each request.
    """
    origins = live.settings.cors
    if origins is None or "*" in origins:
        return _endpoint(live, () if origins is None else ANY_ORIGIN)
    return _guarded(_endpoint(live), origins)


def _endpoint(live: Live, headers: tuple[tuple[bytes, bytes], ...] = ()) -> ASGIApp:
    mock = MockEndpoint(live, headers)
    if live.settings.proxy is None:
        return mock
    from mock_server.web.forwarding import forwarding  # most mocks have nobody behind them

    return forwarding(live, mock, headers)


def _guarded(endpoint: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    from mock_server.web.cors import Cors

    return Cors(endpoint, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=["*"])


def _wants_html(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
