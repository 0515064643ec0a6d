"""The protocol with the limits of one server."""

from __future__ import annotations

from mock_server.server.heads import Heads
from mock_server.server.protocol import GuardedProtocol
from mock_server.settings import MAX_BODY_BYTES, Limits
from mock_server.web.refusals import Refusals


def guarded(
    limits: Limits, heads: Heads | None = None, tell: Refusals | None = None, max_body: int = MAX_BODY_BYTES
) -> type[GuardedProtocol]:
    """The protocol with limits of its own."""
    own = {"limits": limits, "heads": heads, "tell": tell, "max_body": max_body}
    return type("GuardedProtocol", (GuardedProtocol,), own)
