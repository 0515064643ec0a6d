"""Who may use the control API: this machine, or whoever has the token; never a foreign page."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp as App
from starlette.types import Receive, Scope, Send

from mock_server.core.callback import DEPTH_HEADER
from mock_server.core.problem import problem
from mock_server.model import Answer
from mock_server.settings import Settings
from mock_server.web.door import LOGIN, opens
from mock_server.web.wire import BASE, raw_path, send_answer

STRANGER = "the control API answers this machine only; start with --control-token to open it to others"
_LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))


class ControlGuard:
    """ASGI middleware around the control API."""

    def __init__(self, app: App, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope)
        if refused is None or (refused is STRANGER and self._may_ask(scope)):
            await self.app(scope, receive, send)
        elif refused is STRANGER and self.settings.control_token and _is_navigation(scope):
            await send_answer(send, _to_login(scope))
        else:
            await send_answer(send, problem("MS412", 403, refused))

    def _may_ask(self, scope: Scope) -> bool:
        """Whether it is the form that asks for the token, or its looks: there is nothing in them to know."""
        path: str = scope["path"]
        open_to_all = path == f"/__mock{LOGIN}" or path.startswith("/__mock/static/")
        return open_to_all and self.settings.control_token is not None

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
        if token and any(opens(each, token) for each in headers.getlist("cookie")):
            return None
        if not _is_loopback(scope):
            return STRANGER
        # A name that only points here (DNS rebinding) would make a foreign page look like our own.
        # No name at all is no browser: health checks in HTTP/1.0 send none.
        if host and _host_name(host) not in {*_LOCAL_NAMES, self.settings.host.lower()}:
            return f"the control API does not answer to the host {host!r}"
        return None


def _is_navigation(scope: Scope) -> bool:
    """Whether a browser opens a page, so that a form is of use."""
    return scope["method"] == "GET" and any(
        name == b"accept" and b"text/html" in value for name, value in scope["headers"]
    )


def _to_login(scope: Scope) -> Answer:
    base = scope.get(BASE, "")
    wanted = quote(f"{base}{raw_path(scope)}", safe="/")
    return Answer(303, ((b"location", f"{base}/__mock{LOGIN}?next={wanted}".encode()), (b"content-length", b"0")), b"")


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
