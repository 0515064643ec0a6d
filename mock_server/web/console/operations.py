"""Operations with every answer they can give, and one click to have it given."""

from __future__ import annotations

from typing import Any

from mock_server.core.plan import Plan
from mock_server.web.console.page import Visit
from mock_server.web.queue import queued_json

MANY = 40
"""Of more operations only those that fit the search are shown with their answers."""
LISTED = 1_000


async def view(visit: Visit) -> dict[str, Any]:
    world, text, wanted = visit.live.world, visit.asked("q"), visit.asked("operation")
    operations = world.operations
    found = [key for key, each in operations.items() if _fits(f"{key} {each.summary} {each.operation_id}", text)]
    if wanted in operations:
        found = [wanted]
    whole = found if len(found) <= MANY else []
    return {
        "queue": [queued_json(each) for each in visit.seen.queue],
        "blocks": [_block(world.plans[key]) for key in whole],
        "listed": [operations[key] for key in found[:LISTED]] if not whole else [],
        "found": len(found),
        "total": len(operations),
        "filter": text,
        "one": wanted in operations,
    }


def _block(plan: Plan) -> dict[str, Any]:
    answers = plan.responses
    return {
        "operation": plan.operation,
        "usual": plan.fixture.otherwise,
        "answers": [
            {"name": name, "status": status, "source": (answers.own.get(name) or answers.drawn[name]).source}
            for status, names in answers.by_status()
            for name in names
        ],
    }


def _fits(text: str, wanted: str) -> bool:
    return all(word in text.lower() for word in wanted.lower().split())
