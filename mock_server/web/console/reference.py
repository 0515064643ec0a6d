"""The index of the API reference: every operation, to be searched, one page each."""

from __future__ import annotations

from typing import Any

from mock_server.web.console.page import Visit


async def view(visit: Visit) -> dict[str, Any]:
    world, text = visit.live.world, visit.asked("q")
    words = text.lower().split()
    found = [
        each
        for each in world.operations.values()
        if all(word in f"{each.key} {each.summary} {each.operation_id}".lower() for word in words)
    ]
    return {
        "documents": [
            {
                "title": document.title or "untitled",
                "version": str((document.data.get("info") or {}).get("version", "")),
                "description": str((document.data.get("info") or {}).get("description", "")),
            }
            for document in world.documents
        ],
        "found": found,
        "total": len(world.operations),
        "filter": text,
        "fixtures": frozenset(world.fixtures.operations),
    }
