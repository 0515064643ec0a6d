"""Requests of the pages (provider and callback): read them, keep their journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request as StarletteRequest
from starlette.responses import Response

from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.model import Answer, Reason, Request
from mock_server.web.live import Live, make_entry
from mock_server.web.wire import origin_of, read_headers

MAX_FORM_FIELDS = 100


class Exchange:
    """One request to a page, from its reading to its journal entry."""

    def __init__(self, live: Live, request: Request, started: float) -> None:
        self.live = live
        self.request = request
        self.started = started
        self.session = DEFAULT_SESSION
        self.handshake_id: str | None = None
        self.reasons: list[Reason] = []

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_parameters(self.request.query)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_parameters(self.request.body.decode("utf-8", "replace"))

    def because(self, step: str, text: str, *details: object) -> None:
        """Leave a reason in the journal."""
        self.reasons.append(Reason(step, text, details))

    async def finish(self, response: Response) -> Response:
        """Journal the exchange and hand its answer on."""
        entry_id = self.live.entry_id()
        response.headers["mock-entry"] = entry_id
        answer = Answer(response.status_code, tuple(response.raw_headers), bytes(response.body))
        now = await self.live.now(self.session)
        duration_s = self.live.ticks() - self.started
        await self.live.record(
            make_entry(
                entry_id,
                now,
                self.session,
                duration_s,
                self.request,
                answer,
                reasons=tuple(self.reasons),
                handshake_id=self.handshake_id,
            )
        )
        return response


async def open_exchange(live: Live, incoming: StarletteRequest) -> Exchange:
    """Read a request whole. Raises Starlette's ``HTTPException`` 413 above the limit."""
    started = live.ticks()
    scope = incoming.scope
    headers = read_headers(scope["headers"])
    body = await incoming.body()
    query = scope["query_string"].decode("latin-1")
    request = Request(scope["method"], scope["path"], query, headers, body, origin_of(scope, headers))
    return Exchange(live, request, started)


def parse_parameters(text: str) -> dict[str, list[str]]:
    """A query or an urlencoded form; one with too many fields is no form of ours and reads as empty."""
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        return {}


def single(parameters: Mapping[str, list[str]], name: str) -> str | None:
    """The one value of a parameter; None when it is absent or given twice."""
    values: Any = parameters.get(name)
    return values[0] if values and len(values) == 1 else None
