"""One request in full: what came, what went, why this answer, and how to send it again."""

from __future__ import annotations

from typing import Any

from mock_server.journal.curl import curl
from mock_server.journal.explain import explain
from mock_server.web.console.page import NotThere, Visit
from mock_server.web.console.wording import pieces

MAX_CALLS = 50
MAX_BEHIND = 200
"""So many entries after this one are looked at for calls that it caused."""


async def view(visit: Visit) -> dict[str, Any]:
    live, wanted = visit.live, visit.request.path_params["entry"]
    await live.settled()  # who was just answered by another worker finds it too
    hidden = await live.hidden()
    kept = await live.store.entries(visit.session)
    at = next((number for number, each in enumerate(kept) if each.id == wanted), None)
    if at is None:
        raise NotThere(
            f"The journal of the session {visit.session!r} has no entry {wanted!r}. It keeps the newest and forgets "
            "the oldest; look for it in the list, or in another session."
        )
    entry = kept[at].as_json(hidden)
    behind = [each for each in kept[at + 1 : at + 1 + MAX_BEHIND] if each.brief(hidden)["kind"] == "outgoing"]
    calls = [told for each in behind if (told := each.as_json(hidden)).get("cause") == wanted]
    return {
        "title": f"{entry['method']} {entry['path']}"[:120],
        "entry": entry,
        "why": explain(entry, live.world.plans.get(entry["operation"] or "")),
        "request_body": pieces(entry["request"]["body"]),
        "answer_body": pieces(entry["answer"]["body"]),
        "calls": calls[:MAX_CALLS],
        "curl": curl(entry, visit.url) if entry["kind"] == "request" else "",
        "newer": kept[at + 1].id if at + 1 < len(kept) else None,
        "older": kept[at - 1].id if at else None,
    }
