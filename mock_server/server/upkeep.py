"""What a server does by itself from time to time: forget the sessions that nobody uses any more."""

from __future__ import annotations

import asyncio
import traceback

from mock_server.state.store import Away, Unusable
from mock_server.web.live import Live

MIN_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0


async def keep_up(live: Live) -> None:
    """For ever. Several servers with one store may do it at once."""
    idle_s = live.settings.session_idle_s
    while True:
        await asyncio.sleep(min(max(idle_s / 4, MIN_PAUSE_S), MAX_PAUSE_S))
        try:
            await live.store.drop_idle(live.wall() - idle_s)
        except (Away, Unusable):
            continue  # whoever asks for something is told; this can wait
        except Exception as error:  # our own fault, told like any other: once more, or idle sessions would pile up
            live.log.error("".join(traceback.format_exception(error)))
