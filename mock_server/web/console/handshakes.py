"""Handshakes as cards: where each stands, how long it still lives, and what a person could decide."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mock_server.handshake.machine import LIVE, PENDING, Handshake, NotInTable, decide
from mock_server.web.console.page import Visit
from mock_server.web.console.sample import curl_line

SHOWN = 60
WAY = ("asked", "opened", "approved", "granted", "collected")
"""The good way through the table; every other state is an end beside it."""
BUTTONS = (
    ("approve", "Approve", "go"), ("deny", "Deny", "stop"), ("fail", "Fail", "stop"), ("expire", "Expire", ""),
)  # fmt: skip


async def view(visit: Visit) -> dict[str, Any]:
    found = await visit.live.store.handshakes(visit.session, SHOWN)
    providers = visit.live.world.fixtures.providers
    starts = [key for key, each in visit.live.world.fixtures.operations.items() if each.start]
    return {
        "cards": [
            {
                "it": each,
                "path": quote(each.id, safe="~"),
                "provider": providers[each.provider].name if each.provider in providers else each.provider,
                "track": track(each.state),
                "live": each.state in LIVE,
                "pending": each.state in PENDING,
                "buttons": [(*button, _can(each, button[0], visit.seen.now)) for button in BUTTONS],
            }
            for each in found
        ],
        "most": SHOWN,
        "starts": starts,
        "try_this": curl_line(visit, visit.live.world.operations[starts[0]]) if starts and not found else "",
    }


def track(state: str) -> list[tuple[str, str]]:
    """``[("asked", "past"), ("opened", "now"), ("approved", "off"), …]``; an end follows the beginning.

    What an ended handshake went through before is not kept, so only its beginning is shown.
    """
    if state in WAY:
        at = WAY.index(state)
        return [(name, "past" if place < at else "now" if place == at else "off") for place, name in enumerate(WAY)]
    return [("asked", "past"), (state, "now end")]


def _can(handshake: Handshake, decision: str, now: float) -> bool:
    try:
        decide(handshake, decision, now)
    except NotInTable:
        return False
    return True
