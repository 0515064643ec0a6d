"""One request in full: what came, what went, and why this answer."""

from __future__ import annotations

from typing import Any

from mock_server.web.console.page import NotThere, Visit
from mock_server.web.console.wording import pieces


async def view(visit: Visit) -> dict[str, Any]:
    wanted, hidden = visit.request.path_params["entry"], visit.live.world.hidden
    kept = await visit.live.store.entries(visit.session)
    at = next((number for number, each in enumerate(kept) if each.id == wanted), None)
    if at is None:
        raise NotThere(
            f"The journal of the session {visit.session!r} has no entry {wanted!r}. It keeps the newest and forgets "
            "the oldest; look for it in the list, or in another session."
        )
    entry = kept[at].as_json(hidden)
    calls = [each.as_json(hidden) for each in kept[at + 1 :]]
    return {
        "title": f"{entry['method']} {entry['path']}"[:120],
        "entry": entry,
        "rungs": [_rung(each) for each in entry["reasons"]],
        "request_body": pieces(entry["request"]["body"]),
        "answer_body": pieces(entry["answer"]["body"]),
        "calls": [each for each in calls if each.get("cause") == wanted],
        "newer": kept[at + 1].id if at + 1 < len(kept) else None,
        "older": kept[at - 1].id if at else None,
    }


def _rung(reason: str) -> tuple[str, str]:
    """``("queue", "no answer queued")``: a step of the ladder and what it said."""
    step, colon, text = reason.partition(": ")
    return (step, text) if colon else ("", reason)
