"""Who may use the control API: this machine, or whoever has the token; never a foreign page."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp as App
from starlette.types import Receive, Scope, Send

from mock_server.core.callback import DEPTH_HEADER
from mock_server.core.problem import problem
from mock_server.settings import Settings
from mock_server.web.wire import send_answer

_LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))


class ControlGuard:
    """ASGI middleware around the control API."""

    def __init__(self, app: App, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope)
        if refused is None:
            await self.app(scope, receive, send)
        else:
            await send_answer(send, problem("MS412", 403, refused))

    def _refusal(self, scope: Scope) -> str | None:
        """Why not, or None. A page of another origin is refused even with the right address."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        origins = headers.getlist("origin")
        if DEPTH_HEADER in headers:
            # Anybody may name a callback's URL, and what we send comes from this machine.
            return "the control API answers no callback"
        if any(origin.lower() != f"{scope['scheme']}://{host}".lower() for origin in origins):
            return "the control API answers no page of another origin"
        token = self.settings.control_token
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # As bytes of the wire: compare_digest refuses texts that are not ASCII.
        if token and scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode()):
            return None
        if not _is_loopback(scope):
            return "the control API answers this machine only; start with --control-token to open it to others"
        # A name that only points here (DNS rebinding) would make a foreign page look like our own.
        # No name at all is no browser: health checks in HTTP/1.0 send none.
        if host and _host_name(host) not in {*_LOCAL_NAMES, self.settings.host.lower()}:
            return f"the control API does not answer to the host {host!r}"
        return None


def _host_name(host: str) -> str | None:
    try:
        return urlsplit("//" + host).hostname
    except ValueError:
        return None


def _is_loopback(scope: Scope) -> bool:
    client: tuple[str, int] | None = scope.get("client")
    if client is None:
        return True  # a Unix socket or an in-process transport: this machine
    try:
        found = ip_address(client[0])
        return (getattr(found, "ipv4_mapped", None) or found).is_loopback
    except ValueError:
        return False
