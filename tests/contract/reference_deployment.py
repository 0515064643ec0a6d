"""A correct deployment of the OAuth2Connections API that shares no line with the product.

Written from the facts that are known of the API alone: its own wording, ids, headers, pages and storage, a plain
Starlette application as somebody else would write it. The contract command must be silent about it.

    python -m tests.contract.reference_deployment       # prints http://127.0.0.1:PORT
"""

from __future__ import annotations

import html
import json
import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

SCOPE = "connection:edit"
TOKENS: dict[str, tuple[str, frozenset[str], bool, bool]] = {
    "dev-token": ("north", frozenset({SCOPE}), True, True),
    "other-token": ("south", frozenset({SCOPE, "river:list"}), True, True),
    "noscope-token": ("north", frozenset({"connection:list"}), True, True),
    "unpaid-token": ("east", frozenset({SCOPE}), False, True),
    "expired-token": ("north", frozenset({SCOPE}), True, False),
}
"""Token -> account, scopes, whether it pays, whether it is still valid."""
SOURCES = {"fb": "Facebook Ads", "google_ads": "Google Ads", "salesforce": "Salesforce"}


@dataclass
class Process:
    """One OAuth2 process."""

    account: str
    source: str
    auth_uri: str
    ends: float
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    form_key: str = ""
    code: str = ""
    outcome: str = "pending"
    granted: dict[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message


def say(status: int, body: dict[str, Any]) -> Response:
    headers = {"X-Request-Id": secrets.token_hex(8), "Cache-Control": "no-store", "X-Powered-By": "reference"}
    text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    return Response(text, status, headers, "application/json; charset=utf-8")


def refusal(refused: Refused) -> Response:
    return say(refused.status, {"message": refused.message, "status": refused.status, "request": secrets.token_hex(4)})


class Deployment:
    """All there is: processes by pull_id and by state."""

    def __init__(self) -> None:
        self.by_pull_id: dict[str, Process] = {}
        self.by_state: dict[str, Process] = {}
        self.app = Starlette(
            routes=[
                Route("/api/oauth2", self.start, methods=["POST"]),
                Route("/api/oauth2/credentials", self.collect, methods=["POST"]),
                Route("/provider/{source}/authorize", self.page, methods=["GET"]),
                Route("/provider/{source}/consent", self.decide, methods=["POST"]),
                Route("/api/oauthcallback/{source}", self.callback, methods=["GET"]),
            ]
        )

    async def start(self, request: Request) -> Response:
        try:
            account, pays = authorized(request)
            if not pays:
                raise Refused(402, "Your plan has no OAuth2 connections")
            body = await parameters(request, 429, "Invalid param")
            source = body.get("datasource_id")
            if not isinstance(source, str) or source not in SOURCES:
                raise Refused(429, "Invalid param: datasource_id is not one of ours")
            seconds = body.get("validity_duration", 300)
            whole = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds == int_of(seconds)
            if not whole or not 300 <= seconds <= 43200:
                raise Refused(429, "Invalid param: validity_duration takes 300 to 43200 seconds")
        except Refused as refused:
            return refusal(refused)
        pull_id = f"{secrets.token_urlsafe(32)}-{secrets.token_hex(6)}"
        process = Process(account, source, "", time.time() + seconds)
        origin = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
        back = quote(f"{origin}/api/oauthcallback/{source}", safe="")
        process.auth_uri = (
            f"{origin}/provider/{source}/authorize?client_id=di&response_type=code"
            f"&redirect_uri={back}&state={process.state}"
        )
        self.by_pull_id[pull_id] = self.by_state[process.state] = process
        return say(200, {"pull_id": pull_id, "auth_uri": process.auth_uri})

    async def collect(self, request: Request) -> Response:
        try:
            account, _ = authorized(request)
            body = await parameters(request, 403, "This is an invalid request")
            pull_id = body.get("pull_id")
            if not isinstance(pull_id, str) or not isinstance(body.get("auth_uri", ""), str):
                raise Refused(403, "This is an invalid request: pull_id and auth_uri are texts")
            process = self.by_pull_id.get(pull_id)
            if (
                process is None
                or process.account != account
                or body.get("auth_uri", process.auth_uri) != process.auth_uri
            ):
                raise Refused(403, "There is no such process of yours")
            if time.time() >= process.ends:
                raise Refused(402, "The process has expired")
            if process.outcome != "granted":
                raise Refused(402, f"Consent {process.outcome}")
        except Refused as refused:
            return refusal(refused)
        return say(200, process.granted)

    async def page(self, request: Request) -> Response:
        process = self.by_state.get(request.query_params.get("state", ""))
        back = f"/api/oauthcallback/{request.path_params['source']}"
        if process is None or not request.query_params.get("redirect_uri", "").endswith(back):
            return HTMLResponse("<!doctype html><title>Unknown</title><p>This link is not good.</p>", 400)
        process.form_key = process.form_key or secrets.token_urlsafe(18)
        name = html.escape(SOURCES[process.source])
        return HTMLResponse(
            f"<!doctype html><title>{name}</title><h1>May Data Integration read your {name} account?</h1>"
            f'<form method="post" action="consent"><input type="hidden" name="ticket" value="{process.form_key}">'
            f'<input type="hidden" name="state" value="{process.state}">'
            '<button type="submit" name="decision" value="approve">Allow access</button>'
            '<button type="submit" name="decision" value="deny">Refuse</button></form>'
        )

    async def decide(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        process = self.by_state.get(form.get("state", ""))
        right = process is not None and process.form_key and secrets.compare_digest(
            form.get("ticket", "").encode(), process.form_key.encode()
        )  # fmt: skip
        if process is None or not right or process.outcome != "pending" or process.code:
            return HTMLResponse("<!doctype html><title>Too late</title><p>This was decided already.</p>", 400)
        back = f"/api/oauthcallback/{process.source}?state={process.state}"
        process.code = secrets.token_urlsafe(16)
        if form.get("decision") == "approve":
            return RedirectResponse(f"{back}&code={process.code}", 302)
        return RedirectResponse(f"{back}&error=access_denied", 302)

    async def callback(self, request: Request) -> Response:
        query = request.query_params
        process = self.by_state.get(query.get("state", ""))
        if process is None or process.outcome != "pending" or process.source != request.path_params["source"]:
            return HTMLResponse("<!doctype html><title>No</title><p>Nothing was waiting for this.</p>", 400)
        if "error" in query:
            process.outcome = "denied"
            return HTMLResponse("<!doctype html><title>Denied</title><p>You did not allow it.</p>")
        if not process.code or query.get("code") != process.code:
            return HTMLResponse("<!doctype html><title>No</title><p>Nothing was waiting for this.</p>", 400)
        process.outcome = "granted"
        process.granted = {
            "access_token": secrets.token_urlsafe(30),
            "message": f"{SOURCES[process.source]} Connected Successfully",
            "userId": 2**33 + secrets.randbelow(2**31),
            "status": 200,
            "clientId": 2**57 + secrets.randbelow(2**40),
        }
        return HTMLResponse("<!doctype html><title>Done</title><p>Connected. You may close this window.</p>")


def int_of(value: float) -> float:
    """The number without its fraction; what is not finite equals nothing."""
    return int(value) if abs(value) < 1e300 else float("nan")


def authorized(request: Request) -> tuple[str, bool]:
    """Account, and whether it pays. Raises ``Refused`` with 403."""
    given = request.headers.getlist("authorization")
    if not given or not given[0].strip():
        raise Refused(403, "Forbidden: no token")
    scheme, _, token = given[0].partition(" ")
    if scheme.lower() != "bearer" or len(given) > 1 or not token.strip():
        raise Refused(403, "Forbidden: send one bearer token")
    known = TOKENS.get(token.strip())
    if known is None:
        raise Refused(403, "Forbidden: the token is not known here")
    account, scopes, pays, valid = known
    if not valid:
        raise Refused(403, "Forbidden: the token has expired")
    if SCOPE not in scopes:
        raise Refused(403, f"Forbidden: the token has no scope {SCOPE}")
    return account, pays


def not_json(word: str) -> None:
    """NaN and Infinity, which RFC 8259 §6 does not have."""
    raise ValueError(word)


async def parameters(request: Request, status: int, message: str) -> dict[str, Any]:
    """The JSON object of the body. Raises ``Refused``."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" or request.headers.get("content-encoding"):
        raise Refused(status, f"{message}: send JSON")
    try:
        value = json.loads(await request.body(), parse_constant=not_json)
    except (ValueError, RecursionError):
        raise Refused(status, f"{message}: that is no JSON") from None
    if not isinstance(value, dict):
        raise Refused(status, f"{message}: send an object")
    return value


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(Deployment().app, log_level="critical", server_header=False, timeout_keep_alive=20)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
