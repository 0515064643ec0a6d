"""The event loop: uvloop where there is one, and over TLS one that waits for no handshake for ever."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

Loop = asyncio.AbstractEventLoop


class Config(uvicorn.Config):
    """uvicorn's, which has no word for the handshake: asyncio would give it 60 s, and 30 s to say goodbye."""

    handshake_s: float | None = None
    """For whoever speaks TLS."""

    def get_loop_factory(self) -> Callable[[], Loop] | None:
        """What makes the loop of this server."""
        seconds = self.handshake_s
        return super().get_loop_factory() if seconds is None else lambda: _loop_class(seconds)()


def has_uvloop() -> bool:
    """Whether this platform has it; then it is installed."""
    return sys.platform != "win32" and sys.implementation.name == "cpython"


def _loop_class(seconds: float) -> type[Loop]:
    base: Any
    if has_uvloop():
        import uvloop

        base = uvloop.Loop
    else:
        base = getattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop)  # Windows has it

    async def create_server(self: Any, *arguments: Any, **named: Any) -> Any:
        limits = {"ssl_handshake_timeout": seconds, "ssl_shutdown_timeout": seconds} if named.get("ssl") else {}
        return await base.create_server(self, *arguments, **named, **limits)

    return type("Loop", (base,), {"create_server": create_server})
