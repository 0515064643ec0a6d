"""A thread that has the world made again whenever its files change."""

from __future__ import annotations

import asyncio
import threading

from mock_server.source.watch import wait_for_change
from mock_server.web.reload import Reload

STOP_S = 5.0


class Watching:
    """Waits beside the event loop; what is made is swapped inside it."""

    def __init__(self, reload: Reload) -> None:
        self._reload = reload
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """In the event loop that answers."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="mock-server watch", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """What is under way is finished first, within ``STOP_S``."""
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, STOP_S)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while wait_for_change(self._reload.ledger, self._stop):
            if self._reload.ledger.changed():  # nobody who asked for it was faster
                asyncio.run_coroutine_threadsafe(self._reload.again(), loop).result()
