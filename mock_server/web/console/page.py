"""What a page of the console is, and what it is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request

from mock_server.core.snapshot import Snapshot
from mock_server.named import NamedTuple
from mock_server.state.clock import Clock
from mock_server.web.live import Live
from mock_server.web.wire import origin_of


class Visit(NamedTuple):
    """Somebody looks at a page: which session, and that session as it is now."""

    live: Live
    request: Request
    session: str
    seen: Snapshot
    clock: Clock

    @property
    def url(self) -> str:
        """``http://127.0.0.1:4010``: how the browser named this server, with the base path of a session."""
        request = self.request
        return origin_of(dict(request.scope), dict(request.headers))

    def asked(self, name: str) -> str:
        """A query parameter; ``""`` when it is not there."""
        return self.request.query_params.get(name, "")


class NotThere(Exception):
    """A page about something that does not exist; the text says what, and what to do."""


View = Callable[[Visit], Awaitable[dict[str, Any]]]
"""The values of a page's template. Raises ``NotThere``."""


class Page(NamedTuple):
    """``path`` is below ``/__mock``; ``group`` is its heading in the navigation, ``""`` = only links lead there."""

    path: str
    title: str
    group: str
    template: str
    view: View
    under: str = ""
    """The path of the page that is marked in the navigation; its own when empty."""
