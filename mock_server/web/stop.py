"""What a client hears whose answer is given up because the mock stops."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from mock_server.core.problem import problem
from mock_server.web.wire import send_answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class GivesUpPolitely:
    """ASGI middleware: 503, where uvicorn would say 500 to whoever is cancelled after its graceful stop."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            with suppress(RuntimeError):  # the answer has begun already
                retry = ((b"retry-after", b"1"),)
                await send_answer(send, problem("MS407", 503, "the mock is being stopped", headers=retry))
            raise
