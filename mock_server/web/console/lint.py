"""What the client does wrong, as the rules of the client lint find it in the journal."""

from __future__ import annotations

from typing import Any

from mock_server.journal.lint import RULES, SEVERITIES, findings
from mock_server.web.console.page import Visit
from mock_server.web.journal import in_full, lint_known

SHAPES = {"error": "■", "warning": "▲", "notice": "◆"}


async def view(visit: Visit) -> dict[str, Any]:
    live = visit.live
    kept = await live.store.entries(visit.session)
    entries = [each async for each in in_full(kept, await live.hidden())]
    found = findings(entries, lint_known(live))
    return {
        "findings": sorted(found, key=lambda each: SEVERITIES.index(each.severity)),
        "counts": [(each, sum(one.severity == each for one in found)) for each in SEVERITIES],
        "total": len(kept),
        "rules": RULES,
        "shapes": SHAPES,
    }
