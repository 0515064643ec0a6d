"""The control API's ``/next``: answers that wait for the next requests of an operation."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from mock_server.core.snapshot import ALWAYS, Changes, Queued
from mock_server.spec.beside import ambiguous, called
from mock_server.state.store import QueueFull
from mock_server.web.asked import Refused, read_object, whole_number
from mock_server.web.live import Contended, Live, session_name

MAX_TIMES = 1_000_000


class Queue:
    """One method an endpoint; all answer with the queue as it then is."""

    def __init__(self, live: Live) -> None:
        self.live = live

    async def listed(self, request: Request) -> Any:
        """``{"next": [{"operation": "POST /oauth2", "response": "rate-limited", "times": 3}]}``."""
        seen = await self.live.store.load(session_name(request.headers), make=False)
        return {"next": [queued_json(each) for each in seen.queue]}

    async def put(self, request: Request) -> Any:
        body = await read_object(request, {"operation", "response", "times"})
        plan = self.live.world.plan(str(body.get("operation", "")))
        if plan is None:
            wanted, operations = str(body.get("operation", "")), self.live.world.operations
            several = called(wanted, operations)
            detail = ambiguous(wanted, several)[0] if several else f"no operation is called {body.get('operation')!r}"
            raise Refused("MS409", 404, detail, available=[each.key for each in several] or list(operations))
        response = body.get("response")
        if not isinstance(response, str) or response not in plan.responses:
            detail = f"{plan.operation.key} has no response called {response!r}"
            raise Refused("MS409", 404, detail, available=list(plan.responses))
        times = body.get("times", 1)
        times = ALWAYS if times == "always" else whole_number(times, 1, MAX_TIMES, "times")
        try:
            await self.live.store.enqueue(session_name(request.headers), Queued(plan.operation.key, response, times))
        except QueueFull:
            raise Refused("MS408", 409, "too many answers are queued; DELETE /__mock/next clears them") from None
        return await self.listed(request)

    async def clear(self, request: Request) -> Any:
        """All of them, or those of ``?operation=``, or of them those of ``?response=``."""
        wanted, response = request.query_params.get("operation"), request.query_params.get("response")
        plan = self.live.world.plan(wanted) if wanted is not None else None
        key = plan.operation.key if plan else wanted
        session = session_name(request.headers)
        with self.live.turns.of(session) as turn:
            while await turn.comes():
                seen = await self.live.store.load(session, make=False)
                left = tuple(each for each in seen.queue if not _is_meant(each, key, response))
                if left == seen.queue or await self.live.store.save(seen, Changes(queue=left)):
                    return {"next": [queued_json(each) for each in left]}
        raise Contended("the queue")


def _is_meant(queued: Queued, operation: str | None, response: str | None) -> bool:
    return operation in (None, queued.operation) and response in (None, queued.response)


def queued_json(queued: Queued) -> dict[str, Any]:
    return {**queued._asdict(), "times": queued.times or "always"}
