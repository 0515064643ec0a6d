"""Which session a request belongs to, for clients that cannot send the header ``Mock-Session``.

``/__mock/s/alice/api/oauth2`` is ``/api/oauth2`` with ``Mock-Session: alice``, and all that is told of this
server's own address then begins with ``/__mock/s/alice``: a client that follows it stays in its session. A browser
that looks at the control API has a cookie. The header comes first, then the path, then the cookie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_server.core.route import comparable
from mock_server.handshake.ticket import SESSION_NAME
from mock_server.web.wire import BASE, raw_path

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_ROOT = "/__mock/s/"
WELL_KNOWN = "/.well-known/oauth-authorization-server"
"""RFC 8414 §3.1 puts it before the path of the issuer."""
COOKIE = "mock-session"
NAMED_BY = "mock_server.named_by"
"""The scope's key for what named the session, when that was not the header itself."""
_HEADER = b"mock-session"
_PLACES = (b"location", b"content-location")


def is_within(path: str) -> bool:
    """Whether a path leads into a session: one of those whose beginning is ours anyway."""
    return path.startswith((SESSION_ROOT, WELL_KNOWN + SESSION_ROOT))


def within(scope: Scope) -> Scope:
    """What is asked of the session that the path names. The name is not judged here: it is the header's turn."""
    path, begin = comparable(raw_path(scope)), ""
    if path.startswith(WELL_KNOWN):
        path, begin = path.removeprefix(WELL_KNOWN), WELL_KNOWN
    if not path.startswith(SESSION_ROOT):
        return scope  # a slash was encoded: then it belongs to a name
    name, _, rest = path.removeprefix(SESSION_ROOT).partition("/")
    shown: str = scope["path"].removeprefix(begin).removeprefix(SESSION_ROOT).partition("/")[2]
    inner = {
        **scope,
        "path": f"{begin}/{shown}",
        "raw_path": f"{begin}/{rest}".encode("latin-1"),
        BASE: f"{SESSION_ROOT}{name}",
    }
    return _named(inner, name.encode("latin-1"), "path")


def staying(send: Send, scope: Scope) -> Send:
    """``send``, with every ``Location`` that is a path of ours led into the session again."""
    base = scope.get(BASE, "").encode("latin-1")

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (name, base + value if name in _PLACES and _is_path(value) else value)
                for name, value in message["headers"]
            ]
            message = {**message, "headers": headers}
        await send(message)

    return sent


def _is_path(value: bytes) -> bool:
    """``/things/1`` and not ``//host/things/1`` (RFC 3986 §4.2)."""
    return value.startswith(b"/") and not value.startswith(b"//")


def _named(scope: Scope, name: bytes, by: str) -> Scope:
    """As if the client had sent the header; one that it did send comes first."""
    if any(each == _HEADER for each, _ in scope["headers"]):
        return scope
    return {**scope, "headers": [*scope["headers"], (_HEADER, name)], NAMED_BY: by}


def _joined(scope: Scope) -> Scope:
    """A header that was sent twice as one with a list in it (RFC 9110 §5.3): Starlette sees the first alone."""
    names = [value for name, value in scope["headers"] if name == _HEADER]
    if len(names) < 2:
        return scope
    others = [each for each in scope["headers"] if each[0] != _HEADER]
    return {**scope, "headers": [*others, (_HEADER, b", ".join(names))]}


class Naming:
    """ASGI middleware around the control API: a header or a cookie names the session. Operations never look at the
    cookie, so no front end is surprised."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for name, value in scope["headers"]:
            if name == b"cookie" and (found := _cookie(value)) is not None:
                scope = _named(scope, found, "cookie")
                break
        await self.app(_joined(scope), receive, send)


def _cookie(header: bytes) -> bytes | None:
    """The session that a ``Cookie`` header names. Of other programs on this host there may be one of that name."""
    for part in header.split(b";"):
        name, equals, value = part.strip().partition(b"=")
        if equals and name == COOKIE.encode() and SESSION_NAME.match(value.decode("latin-1")):
            return value
    return None
