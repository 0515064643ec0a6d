"""How much of this mock is documented, observed and assumed: in all, by operation, and where it stands."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mock_server.model import PROVENANCES
from mock_server.spec.drawn import draw
from mock_server.web.console.page import Visit
from mock_server.web.console.places import place_of
from mock_server.world import World, provenance_tally

DETAILED = 40
"""Of so many operations the answers are listed one by one."""
LISTED = 300
"""Of so many they are counted; others are found by their names."""


async def view(visit: Visit) -> dict[str, Any]:
    world, text = visit.live.world, visit.asked("q").lower()
    total = provenance_tally(world)
    keys = [key for key in world.operations if text in key.lower()]
    return {
        "total": [(name, total[name], _percent(total[name], total)) for name in PROVENANCES],
        "whole": sum(total.values()),
        "rows": [_row(world, key, detailed=place < DETAILED) for place, key in enumerate(keys[:LISTED])],
        "found": len(keys),
        "providers": [(each.name, each.source, str(each.place or "")) for each in world.fixtures.providers.values()],
        "filter": visit.asked("q"),
        "many": len(world.operations) > DETAILED,
    }


def _row(world: World, key: str, *, detailed: bool) -> dict[str, Any]:
    operation, own = world.operations[key], world.fixtures.operations.get(key)
    answers: Any = own.responses if own else draw(operation)
    tally = Counter(each.source for each in answers.values())
    listed = [
        {
            "name": name,
            "status": each.status,
            "source": each.source,
            "place": str(each.place or "") if own else place_of(operation.document, each.entry.pointer),
        }
        for name, each in (answers.items() if detailed else ())
    ]
    return {
        "key": key,
        "by": "fixture" if own else "document",
        "counts": [(name, tally[name], _percent(tally[name], tally)) for name in PROVENANCES],
        "answers": sorted(listed, key=lambda each: (each["source"] != "assumed", each["status"])),
    }


def _percent(count: int, tally: Any) -> int:
    whole = sum(tally.values())
    return round(100 * count / whole) if whole else 0
