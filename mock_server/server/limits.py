"""The protocol with the limits of one server."""

from __future__ import annotations

from mock_server.server.heads import Heads
from mock_server.server.protocol import GuardedProtocol
from mock_server.settings import MAX_CONNECTIONS
from mock_server.web.refusals import Refusals


def guarded(
    header_timeout_s: float,
    body_timeout_s: float,
    heads: Heads | None = None,
    max_connections: int = MAX_CONNECTIONS,
    tell: Refusals | None = None,
) -> type[GuardedProtocol]:
    """The protocol with limits of its own."""
    own = {
        "header_timeout_s": header_timeout_s,
        "body_timeout_s": body_timeout_s,
        "heads": heads,
        "max_connections": max_connections,
        "tell": tell,
    }
    return type("GuardedProtocol", (GuardedProtocol,), own)
