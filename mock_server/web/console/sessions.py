"""The worlds there are: look at another one, copy one, put one back or forget it."""

from __future__ import annotations

from typing import Any

from mock_server.web.console.page import Visit
from mock_server.web.within import NAMED_BY

SHOWN = 200


async def view(visit: Visit) -> dict[str, Any]:
    store = visit.live.store
    found = await store.overview(SHOWN)
    named_by = visit.request.scope.get(NAMED_BY, "header" if "mock-session" in visit.request.headers else "nothing")
    return {
        "sessions": found,
        "total": max(len(await store.sessions()), len(found)),
        "known": any(each.name == visit.session for each in found),
        "fixed": named_by in ("path", "header"),
        "named_by": named_by,
    }
