"""Puts a page into the shell: navigation, and the strip that says which world is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from mock_server import __version__
from mock_server.web.console import assets, wording
from mock_server.web.console.login import Login
from mock_server.web.console.page import NotThere, Page, Visit
from mock_server.web.console.table import GROUPS, HOME, PAGES
from mock_server.web.door import COOKIE
from mock_server.web.live import BadSession, Live, session_name
from mock_server.web.pages import console_page
from mock_server.web.wire import BASE

Endpoint = Callable[[Request], Awaitable[Any]]


def either(page: Endpoint, data: Endpoint) -> Endpoint:
    """The page for whoever asks for HTML, as browsers do; the data for everybody else (curl sends ``*/*``)."""

    async def endpoint(request: Request) -> Any:
        if "text/html" in request.headers.get("accept", ""):
            return await page(request)
        return await data(request)

    return endpoint


class Console:
    """The routes of all pages and of what they load."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def routes(self) -> list[BaseRoute]:
        pages = [page for page in PAGES if page is not HOME]
        login = Login(self.live.settings)
        shown = [Route(_below(page), self._endpoint(page), methods=["GET"]) for page in pages]
        door = [
            Route("/login", login.page, methods=["GET"]),
            Route("/login", login.enter, methods=["POST"]),
            Route("/logout", login.leave, methods=["POST"]),
        ]
        return [
            Mount("/console", routes=[*shown, *door]),
            Mount("/static", routes=[Route("/{mark}/{name}", assets.asset, methods=["GET"])]),
        ]

    def _endpoint(self, page: Page) -> Any:
        async def endpoint(request: Request) -> Response:
            return await self.show(page, request)

        return endpoint

    async def home(self, request: Request) -> Response:
        """The page at ``/__mock/`` itself."""
        return await self.show(HOME, request)

    async def show(self, page: Page, request: Request) -> Response:
        try:
            visit = await self._visit(request)
        except BadSession as error:
            return console_page("console/missing.html", 400, text=str(error), **_unknown(request))
        values = self._shell(page, visit)
        try:
            values |= await page.view(visit)
        except NotThere as error:
            return console_page("console/missing.html", 404, text=str(error), **values)
        return console_page(page.template, **values)

    async def _visit(self, request: Request) -> Visit:
        session = session_name(request.headers)
        seen = await self.live.store.load(session, make=False)
        return Visit(self.live, request, session, seen, await self.live.store.clock(session))

    def _shell(self, page: Page, visit: Visit) -> dict[str, Any]:
        live, seen = self.live, visit.seen
        faults = live.world.house.network if seen.faults is None else seen.faults
        return {
            **_unknown(visit.request),
            "title": page.title,
            "here": page.under or page.path,
            "product": ", ".join(document.title or "untitled" for document in live.world.documents),
            "session": visit.session,
            "now": seen.now,
            "frozen": visit.clock.frozen_at is not None,
            "scenario": seen.scenario,
            "faults_on": len(faults),
            "queued": len(seen.queue),
            "broken": [str(each.place or each.code) + ": " + each.message for each in live.reload.problems],
            "signed_in": COOKIE in visit.request.cookies,
        }


def _below(page: Page) -> str:
    return page.path.removeprefix("/console")


def _unknown(request: Request) -> dict[str, Any]:
    """The shell where no session is known."""
    root = f"{request.scope.get(BASE, '')}/__mock"
    return {
        "root": root,
        "title": "Console",
        "here": "",
        "product": "",
        "groups": [(name, [page for page in PAGES if page.group == name]) for name in GROUPS],
        "static": f"{root}/static/{assets.mark()}",
        "version": __version__,
        "w": wording,
        "session": None,
    }
