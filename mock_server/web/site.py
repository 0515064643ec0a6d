"""Everything besides the operations: provider pages, callbacks, control API, index. An application of Starlette's."""

from __future__ import annotations

import traceback

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from mock_server.core.problem import PROBLEM_JSON, problem
from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.model import Answer, Reason
from mock_server.model import Request as Asked
from mock_server.state.store import AWAY, RETRY, Away
from mock_server.web.app import CALLBACK, ICON
from mock_server.web.breaking import has_hung_up
from mock_server.web.callback import CallbackPage
from mock_server.web.control import Control
from mock_server.web.guard import ControlGuard
from mock_server.web.live import BadSession, Contended, Live, make_entry, session_name
from mock_server.web.pages import page
from mock_server.web.provider import ProviderPages
from mock_server.web.wire import UNREAD, declared_length, origin_of, read_headers, send_answer
from mock_server.web.within import Naming


class Site(Starlette):
    """Made when the first of its pages is asked for: who only asks operations never pays for it."""

    def __init__(self, live: Live) -> None:
        self.live = live
        pages = ProviderPages(live)
        control = ControlGuard(Naming(Router(Control(live).routes(), redirect_slashes=False)), live.settings)
        super().__init__(
            routes=[
                _CallbackRoute(CallbackPage(live, pages)),
                *pages.routes(),
                Mount("/__mock", control),
                Route("/", self._index),
                Route(ICON, _no_icon),
            ],
            exception_handlers={
                HTTPException: _http_error,
                ClientDisconnect: _gone,
                Contended: self._contended,
                Away: _away,
                Exception: self._failed,
            },
            max_body_size=live.settings.max_body_bytes,
        )
        self.router.redirect_slashes = False  # a path is right or it is not

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette would refuse a declared length in plain text."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        limit = self.live.settings.max_body_bytes
        if declared_length(read_headers(scope["headers"])) > limit:
            await send_answer(send, problem("MS405", 413, f"the body is larger than {limit} bytes", headers=UNREAD))
            return
        await super().__call__(scope, receive, send)

    async def _index(self, request: Request) -> Response:
        """What a person sees who opens the address in a browser."""
        world = self.live.world
        title = ", ".join(document.title for document in world.documents)
        scenarios = list(world.fixtures.scenarios.values())
        return page("index.html", title=title, plans=list(world.plans.values()), scenarios=scenarios)

    async def _failed(self, request: Request, error: Exception) -> Response:
        """Our own fault: told to the log and the journal with its id, to the client without a trace."""
        if has_hung_up(request.scope, error):
            return await _gone(request, error)
        entry_id = self.live.entry_id()
        self.live.log.error(f"entry {entry_id}:\n{''.join(traceback.format_exception(error))}", entry_id)
        detail = f"the mock failed; its log has the reason under entry {entry_id}"
        close = ((b"connection", b"close"),)  # RFC 9112 §9.6: Starlette raises the error once more, and uvicorn closes
        return await self._journalled(request, entry_id, problem("MS407", 500, detail, headers=close), detail)

    async def _contended(self, request: Request, error: Exception) -> Response:
        """Others changed the same record faster, every time: the client may try again."""
        detail = "others changed the same state faster"
        answer = problem("MS407", 503, detail, headers=((b"retry-after", b"1"),))
        return await self._journalled(request, self.live.entry_id(), answer, detail)

    async def _journalled(self, request: Request, entry_id: str, answer: Answer, why: str) -> Response:
        """An answer that no endpoint gave; when the store fails too, the log alone has it."""
        scope = request.scope
        headers = read_headers(scope["headers"])
        query = scope["query_string"].decode("latin-1")
        asked = Asked(scope["method"], scope["path"], query, headers, b"", origin_of(scope, headers))
        reasons = (Reason("refused", "{}", (why,)),)
        try:
            session = session_name(headers)
        except BadSession:
            session = DEFAULT_SESSION
        try:
            at = (await self.live.store.load(session, make=False)).now
            await self.live.record(make_entry(entry_id, at, session, 0.0, asked, answer, reasons=reasons))
        except Exception as failure:
            self.live.log.error(f"entry {entry_id} cannot be journalled: {failure!r}", entry_id)
        return _response(answer._replace(headers=(*answer.headers, (b"mock-entry", entry_id.encode()))))


class _CallbackRoute(BaseRoute):
    """The callbacks of the fixtures, which the app has already found in their trie."""

    def __init__(self, callbacks: CallbackPage) -> None:
        self._callbacks = callbacks

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL, {}) if CALLBACK in scope else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = scope[CALLBACK]
        provider = found.values.get("provider")
        response = await self._callbacks.answer(Request(scope, receive), provider)
        await response(scope, receive, send)


async def _no_icon(request: Request) -> Response:
    """Browsers ask for one by themselves beside every JSON page: that is nothing to journal."""
    return Response(status_code=204, headers={"cache-control": "max-age=86400"})


async def _http_error(request: Request, error: Exception) -> Response:
    """Starlette's own errors in our shape."""
    assert isinstance(error, HTTPException)
    code = {404: "MS401", 405: "MS402", 413: "MS405"}.get(error.status_code, "MS404")
    headers = tuple((name.lower().encode(), value.encode()) for name, value in (error.headers or {}).items())
    if error.status_code == 413:
        headers += UNREAD
    detail = f"{request.method[:20]} {request.url.path[:200]}: {error.detail}"
    return _response(problem(code, error.status_code, detail, headers=headers))


async def _away(request: Request, error: Exception) -> Response:
    """The store of the state is elsewhere and does not answer: nothing is promised, so the client tries again."""
    return _response(problem("MS450", 503, f"{AWAY}: {error}", headers=RETRY))


async def _gone(request: Request, error: Exception) -> Response:
    """The client hung up in the middle of its request: nobody reads this."""
    return Response(status_code=400)


def _response(answer: Answer) -> Response:
    headers = {name.decode(): value.decode() for name, value in answer.headers if name != b"content-type"}
    return Response(answer.body, answer.status, headers, PROBLEM_JSON.decode())
