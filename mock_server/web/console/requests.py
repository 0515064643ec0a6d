"""Live requests: what was asked, what was answered, and why in one line."""

from __future__ import annotations

from typing import Any

from mock_server.web.console.page import Visit
from mock_server.web.console.sample import curl_line
from mock_server.web.watch import in_short

SHOWN = 200
STATUSES = ("2xx", "3xx", "4xx", "5xx")


async def view(visit: Visit) -> dict[str, Any]:
    store, hidden = visit.live.store, visit.live.world.hidden
    text, operation, status = visit.asked("q"), visit.asked("operation"), visit.asked("status")
    kept = [each.as_json(hidden) for each in await store.entries(visit.session)]
    found = [each for each in reversed(kept) if _fits(each, text.lower(), operation, status)]
    operations = list(visit.live.world.operations)
    return {
        "entries": [in_short(each) for each in found[:SHOWN]],
        "found": len(found),
        "total": len(kept),
        "filter": {"q": text, "operation": operation, "status": status},
        "filtered": bool(text or operation or status),
        "operations": operations[:500],
        "statuses": STATUSES,
        "try_this": "" if kept else curl_of_first(visit),
    }


def curl_of_first(visit: Visit) -> str:
    """A line to begin with, for whoever sees an empty page."""
    operation = next(iter(visit.live.world.operations.values()), None)
    return curl_line(visit, operation) if operation else f"curl -s {visit.url}/"


def _fits(entry: dict[str, Any], text: str, operation: str, status: str) -> bool:
    if operation and entry["operation"] != operation:
        return False
    if status and not f"{entry['status'] or ''}".startswith(status.rstrip("x")):
        return False
    return not text or any(text in f"{value}".lower() for value in _searched(entry))


def _searched(entry: dict[str, Any]) -> tuple[Any, ...]:
    bodies = (entry["request"]["body"], entry["answer"]["body"])
    return (
        entry["id"],
        entry["method"],
        entry["path"],
        entry["response"],
        entry["handshake"],
        *entry["reasons"],
        *bodies,
    )
