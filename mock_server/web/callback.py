"""Where the provider sends the browser back to: the API's side of the hand-shake."""

from __future__ import annotations

from starlette.requests import Request as StarletteRequest
from starlette.responses import Response

from mock_server.handshake.machine import PENDING, Event, Handshake, NotInTable, step
from mock_server.handshake.start import issuer
from mock_server.handshake.ticket import Reference, read_ticket, same
from mock_server.web.exchange import Exchange, open_exchange, single
from mock_server.web.live import Live
from mock_server.web.pages import page
from mock_server.web.provider import ProviderPages


class CallbackPage:
    """``GET {base}/oauthcallback/{provider}?code&state&iss`` and its failures.

    Whatever does not carry the one-time ``state`` of a pending handshake changes nothing, and is
    told nothing about why.
    """

    def __init__(self, live: Live, pages: ProviderPages) -> None:
        self.live = live
        self.pages = pages

    async def answer(self, incoming: StarletteRequest, provider: str | None) -> Response:
        """``provider`` is the one that the path names; None when it names none."""
        exchange = await open_exchange(self.live, incoming)
        found = await self._handshake(exchange, provider)
        if found is None:
            return await exchange.finish(_not_valid())
        handshake, reference = found
        error, code = single(exchange.query, "error"), single(exchange.query, "code")
        if error and not code:
            return await exchange.finish(await self._failed(exchange, reference, handshake, error))
        if code and not error:
            return await exchange.finish(await self._redeem(exchange, reference, handshake, code))
        exchange.because("callback", "neither one code nor one error")
        return await exchange.finish(_not_valid())

    async def _handshake(self, exchange: Exchange, provider: str | None) -> tuple[Handshake, Reference] | None:
        """The pending handshake that the ``state`` opens, when everything else fits it too."""
        query = exchange.query
        state = single(query, "state")
        reference = read_ticket(state)
        if reference is None:
            exchange.because("callback", "no state of ours")
            return None
        handshake = await self.live.look(reference)
        if handshake is None or not same(state, handshake.state_ticket):
            exchange.because("callback", "the state opens no handshake")
            return None
        exchange.session, exchange.handshake_id = reference.session, handshake.id
        # RFC 9207 §2.4: the provider says in its metadata that it sends iss, so its absence is a fault.
        iss = issuer(exchange.request.origin, handshake.provider)
        if provider not in (None, handshake.provider) or single(query, "iss") != iss:
            exchange.because("callback", "the answer is of another provider")
            return None
        if handshake.state not in PENDING:
            exchange.because("callback", "the handshake is {} already", handshake.state)
            return None
        return handshake, reference

    async def _failed(self, exchange: Exchange, reference: Reference, handshake: Handshake, error: str) -> Response:
        """The provider's error (RFC 6749 §4.1.2.1) ends the handshake."""
        event: Event = "deny" if error == "access_denied" else "fail"
        if not await self._step(exchange, reference, event, error[:100]):
            return _not_valid()
        name = self._name(handshake)
        if event == "deny":
            return _ended(f"Access to {name} was denied", "You can close this window.", "bad")
        return _ended(f"{name} failed", "Go back to the application and start again.", "bad", f"error: {error[:100]}")

    async def _redeem(self, exchange: Exchange, reference: Reference, handshake: Handshake, code: str) -> Response:
        """Redeem the code at the provider's token endpoint; only its success grants anything."""
        provider = self.live.world.fixtures.providers.get(handshake.provider)
        if provider is None:
            exchange.because("callback", "the provider is gone")
            return _not_valid()
        form = {
            "grant_type": ["authorization_code"],
            "code": [code],
            "redirect_uri": [handshake.redirect_uri],
            "client_id": [handshake.client_id],
            "code_verifier": [handshake.code_verifier],
        }
        session = exchange.session
        answer = await self.pages.redeem(exchange, provider, form, None)
        exchange.session = session
        if answer.status == 200:
            if not await self._step(exchange, reference, "grant"):
                return _not_valid()
            return _ended(f"{provider.name} is connected", "You can close this window.", "good")
        if answer.status >= 500 and await self._step(exchange, reference, "fail", str(answer.body["error"])):
            return _ended(f"{provider.name} failed", "Go back to the application and start again.", "bad")
        return _not_valid()  # a wrong code burns nothing

    async def _step(self, exchange: Exchange, reference: Reference, event: Event, failure: str | None = None) -> bool:
        """Whether the event was in the table when it came to it."""
        try:
            changed = await self.live.change(reference, lambda each, now: step(each, event, now, failure))
        except NotInTable as error:
            exchange.because("handshake", "{}", error)
            return False
        exchange.because("handshake", "is {} now", changed.state if changed else "gone")
        return changed is not None

    def _name(self, handshake: Handshake) -> str:
        provider = self.live.world.fixtures.providers.get(handshake.provider)
        return provider.name if provider else handshake.provider


def _ended(heading: str, text: str, mood: str, detail: str = "") -> Response:
    return page("message.html", heading=heading, text=text, mood=mood, detail=detail)


def _not_valid() -> Response:
    text = (
        "It may have been used, have expired, or belong to something else. Go back to the application and start again."
    )
    return page("message.html", 400, heading="This link is not valid", text=text, mood="bad", detail="")
