"""The form that asks for the control token, for browsers on other machines."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mock_server.settings import Settings
from mock_server.web.console import assets, wording
from mock_server.web.door import COOKIE, LOGIN, key_of
from mock_server.web.pages import SAFE_HEADERS, console_page
from mock_server.web.wire import BASE


class Login:
    """The page, what its button does, and the way out."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.control_token

    async def page(self, request: Request) -> Response:
        return self._page(request, request.query_params.get("next", ""))

    async def enter(self, request: Request) -> Response:
        """A right token becomes a cookie that scripts cannot read and other sites cannot send."""
        try:
            form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
        except ValueError:  # more fields than that: not our form
            form = {}
        given, next_page = form.get("token", [""])[0], form.get("next", [""])[0]
        if not self._token or not hmac.compare_digest(given.strip().encode(), self._token.encode()):
            return self._page(request, next_page, "That is not the token of this mock.", 403)
        home = f"{request.scope.get(BASE, '')}/__mock/"
        answer = RedirectResponse(next_page if next_page.startswith(home) else home, 303, SAFE_HEADERS)
        _set(answer, request, key_of(self._token), None)
        return answer

    async def leave(self, request: Request) -> Response:
        answer = RedirectResponse(f"{request.scope.get(BASE, '')}/__mock{LOGIN}", 303, SAFE_HEADERS)
        _set(answer, request, "", 0)
        return answer

    def _page(self, request: Request, next_page: str, wrong: str = "", status: int = 200) -> Response:
        root = f"{request.scope.get(BASE, '')}/__mock"
        return console_page(
            "console/login.html", status, title="Token", root=root, static=f"{root}/static/{assets.mark()}", w=wording,
            session=None, action=root + LOGIN, next=next_page, wrong=wrong, asked=bool(self._token),
        )  # fmt: skip


def _set(answer: Response, request: Request, value: str, max_age: int | None) -> None:
    answer.set_cookie(
        COOKIE, value, max_age=max_age, path="/__mock", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
