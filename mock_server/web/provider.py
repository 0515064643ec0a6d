"""The simulated provider's pages and endpoints below ``/__provider/{provider}``."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import unquote_plus, urlsplit

from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mock_server.fixture.model import Client, Provider
from mock_server.handshake import provider as rules
from mock_server.handshake.machine import PENDING, Event, Handshake, NotInTable, State, step
from mock_server.handshake.provider import CHOICES, Choice, Grant, Redirect, Refusal, TokenAnswer
from mock_server.handshake.start import PROVIDER_ROOT, issuer
from mock_server.handshake.ticket import DEFAULT_SESSION, Reference, read_ticket, same
from mock_server.web.exchange import Exchange, open_exchange, single
from mock_server.web.live import Live
from mock_server.web.pages import SAFE_HEADERS, page

SLOW_S = 5.0
_MAIN_CHOICES = ("approve", "deny")
APPROVING = ("approve", "slow", "fail-token")
"""The choices after which the browser carries a code."""


class ProviderPages:
    """Authorization endpoint, consent form, token endpoint and metadata of every provider."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def routes(self) -> list[Route]:
        root = PROVIDER_ROOT + "/{provider}"
        return [
            Route(f"{root}/authorize", self.authorize, methods=["GET"]),
            Route(f"{root}/consent", self.consent, methods=["POST"]),
            Route(f"{root}/token", self.token, methods=["POST"]),
            # RFC 8414 §3.1 puts the path behind the well-known part; OpenID's clients look below the issuer.
            Route(f"{root}/.well-known/oauth-authorization-server", self.metadata, methods=["GET"]),
            Route("/.well-known/oauth-authorization-server" + root, self.metadata, methods=["GET"]),
        ]

    async def authorize(self, incoming: StarletteRequest) -> Response:
        """RFC 6749 §3.1: show the consent page, or say why not."""
        exchange = await open_exchange(self.live, incoming)
        provider = self._provider(incoming)
        if provider is None:
            return await exchange.finish(_no_provider())
        state = single(exchange.query, "state")
        handshake, reference = await self._handshake(exchange, state, provider)
        if handshake and handshake.state not in PENDING:
            exchange.because("handshake", "is {}", handshake.state)
            return await exchange.finish(_decided(handshake.state, provider))
        session = reference.session if reference else DEFAULT_SESSION
        now = (await self.live.store.load(session, make=False)).now
        me = issuer(exchange.request.origin, provider.id)
        clients = self.clients(provider, exchange.request.origin)
        asked = rules.authorize(exchange.query, provider, clients, session, me, now, self.live.chance)
        match asked:
            case Refusal(message):
                exchange.because("provider", "refused: {}", message)
                response: Response = _message(400, "This request cannot be trusted", message, "bad")
            case Redirect(uri):
                exchange.because("provider", "sent back with an error")
                response = _redirect(uri)
            case Grant():
                try:
                    if handshake and reference:
                        await self.live.change(reference, lambda each, now: step(each, "open", now))
                except NotInTable as error:  # somebody decided in the meantime
                    exchange.because("handshake", "{}", error)
                    return await exchange.finish(_decided(error.state, provider))
                await self.live.store.save_grant(asked)
                exchange.because("provider", "asks for consent")
                response = self._consent_page(asked, provider, exchange.request.origin)
        return await exchange.finish(response)

    def _consent_page(self, grant: Grant, provider: Provider, origin: str) -> Response:
        return page(
            "consent.html",
            form_target=grant.redirect_uri,
            client=grant.client_name,
            client_id=grant.client_id,
            provider=provider.name,
            provider_id=provider.id,
            scopes=grant.scope.split(),
            redirect_uri=grant.redirect_uri,
            action=f"{urlsplit(origin).path}{PROVIDER_ROOT}/{provider.id}/consent",
            ticket=grant.page_ticket,
            failures=[(value, label) for value, label in CHOICES.items() if value not in _MAIN_CHOICES],
        )

    async def consent(self, incoming: StarletteRequest) -> Response:
        """The button that the person pressed. A page's ticket decides once; a second click changes nothing."""
        exchange = await open_exchange(self.live, incoming)
        return await exchange.finish(await self._consent(exchange, self._provider(incoming)))

    async def _consent(self, exchange: Exchange, provider: Provider | None) -> Response:
        pressed = exchange.form
        ticket, wanted = single(pressed, "ticket"), single(pressed, "decision")
        choice = next((each for each in CHOICES if each == wanted), None)
        grant = await self._grant(exchange, ticket)
        now = (await self.live.store.load(exchange.session, make=False)).now
        if grant is None or provider is None or grant.provider != provider.id or not same(ticket, grant.page_ticket):
            return _stale(exchange)
        if now >= grant.expires_at:
            return _stale(exchange)
        if grant.stage == "coded" and choice in APPROVING:
            # The answer to the first click may never have been looked at: browsers drop it for the second.
            exchange.because("provider", "the person clicked again")
            return _redirect(grant.sent_to)
        if grant.stage != "asked":
            return _stale(exchange)
        if choice is None:
            exchange.because("provider", "no such decision")
            return _message(400, "No such decision", "Use one of the page's buttons.", "bad")
        return await self._decide(exchange, grant, choice, now)

    async def _decide(self, exchange: Exchange, grant: Grant, choice: Choice, now: float) -> Response:
        me = issuer(exchange.request.origin, grant.provider)
        changed, redirect = rules.choose(grant, choice, me, now, self.live.chance)
        if not await self.live.store.save_grant(changed):
            return _message(409, "This was decided already", "Another click was faster.", "bad")
        exchange.because("provider", "the person chose {}", choice)
        await self._tell_handshake(exchange, grant, choice)
        if redirect is None:
            return _message(200, "You walked away", "Nobody will ever answer this request. It expires by itself.")
        if choice == "slow":
            await asyncio.sleep(SLOW_S)
        return _redirect(redirect.uri)

    async def _tell_handshake(self, exchange: Exchange, grant: Grant, choice: Choice) -> None:
        """Let the handshake's state follow the person; the callback decides what comes of it."""
        reference = read_ticket(grant.state)
        event: Event | None = "approve" if choice in APPROVING else "abandon" if choice == "abandon" else None
        if reference is None or event is None:
            return
        try:
            known = await self.live.change(
                reference,
                lambda each, now: step(each, event, now) if _is_about(grant, each) else each,
            )
            exchange.handshake_id = known.id if known else None
        except NotInTable as error:
            exchange.because("handshake", "{}", error)

    async def token(self, incoming: StarletteRequest) -> Response:
        """RFC 6749 §3.2, answered with no-store (§5.1)."""
        exchange = await open_exchange(self.live, incoming)
        provider = self._provider(incoming)
        if provider is None:
            return await exchange.finish(JSONResponse({"error": "invalid_request"}, 404, headers=SAFE_HEADERS))
        content_type = exchange.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = exchange.form if content_type == "application/x-www-form-urlencoded" else {}
        answer = await self.redeem(exchange, provider, form, _basic(exchange.request.headers.get("authorization")))
        headers = dict(SAFE_HEADERS)
        if answer.status == 401:
            headers["www-authenticate"] = 'Basic realm="mock-server"'  # RFC 6749 §5.2
        return await exchange.finish(JSONResponse(answer.body, answer.status, headers=headers))

    async def redeem(
        self, exchange: Exchange, provider: Provider, form: dict[str, list[str]], credentials: tuple[str, str] | None
    ) -> TokenAnswer:
        """The token request itself, which our own callback makes without a socket."""
        grant = await self._grant(exchange, single(form, "code"))
        now = (await self.live.store.load(exchange.session, make=False)).now
        clients = self.clients(provider, exchange.request.origin)
        changed, answer = rules.redeem(form, credentials, grant, clients, provider, now)
        if changed is not None and not await self.live.store.save_grant(changed):
            answer = TokenAnswer(400, {"error": "invalid_grant", "error_description": "the code was used just now"})
        exchange.because("provider", "token endpoint: {} {}", answer.status, answer.body.get("error", "ok"))
        return answer

    async def metadata(self, incoming: StarletteRequest) -> Response:
        """RFC 8414 §3."""
        exchange = await open_exchange(self.live, incoming)
        provider = self._provider(incoming)
        if provider is None:
            return await exchange.finish(_no_provider())
        body = rules.metadata(issuer(exchange.request.origin, provider.id), provider)
        return await exchange.finish(JSONResponse(body, headers=SAFE_HEADERS))

    def clients(self, provider: Provider, origin: str) -> list[Client]:
        """The provider's registered clients: the fixture's, and the mocked API itself."""
        own: dict[str, Client] = {}
        world = self.live.world
        for plan in (world.plans[key] for key in world.fixtures.operations):
            start = plan.fixture.start
            if start:
                paths = [path.replace("{provider}", provider.id) for path in start.callbacks]
                bases = dict.fromkeys((*plan.operation.bases, ""))
                uris = tuple(f"{origin}{base}{path}" for base in bases for path in paths)
                name = start.client_name or plan.operation.document.title or start.client_id
                known = own.get(start.client_id)
                own[start.client_id] = Client(
                    start.client_id,
                    None,
                    (*known.redirect_uris, *uris) if known else uris,
                    known.name if known else name,
                )
        return [*own.values(), *provider.clients]

    def _provider(self, incoming: StarletteRequest) -> Provider | None:
        provider = self.live.world.fixtures.providers.get(incoming.path_params["provider"])
        return provider if provider and provider.oauth2 else None

    async def _handshake(
        self, exchange: Exchange, state: str | None, provider: Provider
    ) -> tuple[Handshake | None, Reference | None]:
        """The handshake that a ``state`` of ours opens; nothing for the states of other clients."""
        reference = read_ticket(state)
        if reference is None:
            return None, None
        handshake = await self.live.look(reference)
        if handshake is None or not same(state, handshake.state_ticket) or handshake.provider != provider.id:
            return None, None
        exchange.session, exchange.handshake_id = reference.session, handshake.id
        return handshake, reference

    async def _grant(self, exchange: Exchange, ticket: str | None) -> Grant | None:
        """The grant that a page's ticket or a code claims to open."""
        reference = read_ticket(ticket)
        if reference is None:
            return None
        grant = await self.live.store.load_grant(reference.session, reference.id)
        if grant:
            exchange.session = reference.session
        return grant


def _is_about(grant: Grant, handshake: Handshake) -> bool:
    """Whether the page was opened with the handshake's own ``state``, at its own provider."""
    return same(grant.state, handshake.state_ticket) and grant.provider == handshake.provider


def _basic(header: str | None) -> tuple[str, str] | None:
    """RFC 6749 §2.3.1: id and secret are urlencoded inside HTTP Basic."""
    scheme, _, text = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        identity, _, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except ValueError:  # neither base64 nor UTF-8
        return "", ""
    return unquote_plus(identity), unquote_plus(secret)


def _stale(exchange: Exchange) -> Response:
    exchange.because("provider", "the page's ticket is unknown, used or too old")
    text = "Go back to the application and start again."
    return _message(400, "This page is no longer valid", text, "bad")


def _redirect(uri: str) -> Response:
    """303, so that the browser never sends the form on (RFC 9700 §4.12)."""
    return RedirectResponse(uri, 303, headers=SAFE_HEADERS)


def _message(status: int, heading: str, text: str, mood: str = "", detail: str = "") -> Response:
    return page("message.html", status, heading=heading, text=text, mood=mood, detail=detail)


def _no_provider() -> Response:
    return _message(404, "No such provider", "The fixtures have no OAuth2 provider of this name.", "bad")


def _decided(state: State, provider: Provider) -> Response:
    """What somebody sees who opens an auth_uri after its end."""
    heading, text, mood = _ENDINGS[state]
    return _message(200, heading.format(provider.name), text, mood)


_CLOSE = "You can close this window."
_ENDINGS: dict[State, tuple[str, str, str]] = {
    "granted": ("{} is connected", _CLOSE, "good"),
    "collected": ("{} is connected", _CLOSE, "good"),
    "denied": ("Access to {} was denied", _CLOSE, "bad"),
    "failed": ("{} failed", "Go back to the application and start again.", "bad"),
    "abandoned": ("This request to {} was left unanswered", "Nobody will answer it any more.", ""),
    "expired": ("This request to {} has expired", "Go back to the application and start again.", "bad"),
}
