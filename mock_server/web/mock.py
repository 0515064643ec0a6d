"""The operations: read, load, answer, save, send, journal."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING

from mock_server.core.answer import Head, NoProvider, Reading, answer, read, read_head
from mock_server.core.problem import problem
from mock_server.core.route import Found
from mock_server.core.snapshot import Outcome, Snapshot
from mock_server.core.wanted import Unmet
from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.model import Answer, Break, Effect, Reason, Request, Wait
from mock_server.state.store import AWAY, RETRY, Away, Full, ShelvesFull, Store
from mock_server.web.breaking import send_broken
from mock_server.web.live import BadSession, Contended, Live, make_entry, session_name
from mock_server.web.outgoing import Cause
from mock_server.web.wire import UNREAD, Gone, TooLarge, read_request, send_answer
from mock_server.world import Served

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ROUTE = "mock_server.route"
"""The scope's key under which the app leaves what it found for the path."""


class MockEndpoint:
    """An ASGI app that answers the operations of the document; ``headers`` go to every browser."""

    def __init__(self, live: Live, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.live = live
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        live = self.live
        started = live.ticks()
        entry_id = live.entry_id()
        request: Request | None = None
        session = DEFAULT_SESSION
        outcome: Outcome | None = None
        reasons: tuple[Reason, ...] = ()
        at = 0.0
        try:
            request = await read_request(scope, receive, live.settings.max_body_bytes)
            session = session_name(request.headers)
            found = scope[ROUTE]
            if isinstance(found, Found):
                outcome, at = await self.answer(found, request, session)
                given, reasons = outcome.answer, outcome.reasons
                await _wait(outcome.effects)
            else:
                from mock_server.web.unrouted import unrouted

                given, reasons = unrouted(live.world, request, found)
        except Gone:
            return
        except Exception as error:
            # The outermost fence: whatever it is becomes an answer, a journal entry and, when it is our
            # own fault, a traceback in the log under the same id (`refused`); nothing is swallowed.
            given, reasons = self.refused(error, entry_id)
            if request is None:
                request = error.request if isinstance(error, TooLarge) else _unread(scope)
        head = request.method == "HEAD"
        extra = self.headers if "origin" in request.headers else ()
        answered = given._replace(headers=(*given.headers, *extra, (b"mock-entry", entry_id.encode())))
        broken = next((each for each in outcome.effects if isinstance(each, Break)), None) if outcome else None
        if outcome is None:
            at = await live.now(session)  # before the answer is out: nothing comes between that and its entry
        if broken is None:
            await send_answer(send, answered, head=head)
        duration_s = live.ticks() - started
        await live.record(make_entry(entry_id, at, session, duration_s, request, given, outcome, reasons))
        if broken is not None:  # journalled first: it may take as long as the client's patience
            await send_broken(scope, send, answered, broken, head=head)
        if outcome is not None and outcome.calls:
            live.outgoing.start(outcome.calls, Cause(entry_id, session, outcome.operation))

    async def answer(self, found: Found[Served], request: Request, session: str) -> tuple[Outcome, float]:
        """One load, one answer, one save; again from the new state when another was faster."""
        live = self.live
        target, values, encoded = found.target, found.values, found.encoded
        if target.others and (other := target.of(request)) is not target:
            target, values = other, other.renamed(values)
            encoded = other.renamed(encoded) if encoded else encoded
        head = read_head(target.plan, request, values, target.base, encoded)
        decided = await decide(live, head, request, session)
        if decided is None:
            raise Contended(target.plan.operation.key)
        return decided

    def refused(self, error: Exception, entry_id: str) -> tuple[Answer, tuple[Reason, ...]]:
        """Every way in which a request ends without an answer of the plan."""
        match error:
            case TooLarge():
                limit = self.live.settings.max_body_bytes
                return _refusal("MS405", 413, f"the body is larger than {limit} bytes", UNREAD)
            case BadSession():
                return _refusal("MS404", 400, str(error))
            case Unmet():
                given = problem("MS403", 400, str(error), available=error.available)
                return given, (Reason("client", "asked for {}, which there is not", (error.preference,), hit=True),)
            case NoProvider():
                providers = [each.id for each in self.live.world.fixtures.providers.values() if each.oauth2]
                detail = f"no OAuth2 provider is called {error.args[0]!r}"
                return problem("MS414", 422, detail, available=providers), (Reason("handshake", "{}", (detail,)),)
            case ShelvesFull():
                return _refusal("MS435", 507, "the session remembers as much as it may; POST /__mock/reset forgets it")
            case Full():
                retry = ((b"retry-after", b"60"),)
                return _refusal(
                    "MS410", 503, "too many live handshakes or sessions; a live handshake is never put out", retry
                )
            case Away():
                return _refusal("MS450", 503, f"{AWAY}: {error}", RETRY)
            case Contended():
                return _refusal("MS407", 503, "others changed the same state faster", ((b"retry-after", b"1"),))
        self.live.log.error(f"entry {entry_id}:\n{''.join(traceback.format_exception(error))}", entry_id)
        return _refusal("MS407", 500, f"the mock failed; its log has the reason under entry {entry_id}")


async def decide(
    live: Live, head: Head, request: Request, session: str, *, plain: bool = False
) -> tuple[Outcome, float] | None:
    """The outcome, kept, and the session's hour; None = others were always faster.

    ``plain``: None too, before anything is kept, for an answer that is more than a message to be sent.
    """
    store, is_first = live.store, True
    with live.turns.of(session) as turn:
        while await turn.comes():
            reading = read(head, request)
            seen = remembered(store, reading, session) if is_first else None
            seen = seen or await store.load(session, handshake_id(reading, session), reading.shelves)
            is_first = False
            try:
                outcome = answer(reading, seen, live.chance)
            except Exception:
                if not seen.held:
                    raise
                continue  # it may come of what is no longer so
            if plain and (outcome.effects or outcome.calls):
                return None
            if not (outcome.changes or seen.held) or await store.save(seen, outcome.changes):
                return outcome, seen.now
    return None


def remembered(store: Store, reading: Reading, session: str) -> Snapshot | None:
    """What is enough for a request that names no handshake, looks at no shelf and gets no other body each time."""
    needs_more = reading.names or reading.shelves or reading.head.preference or reading.plan.house.dynamic
    return None if needs_more else store.remember(session)


def _unread(scope: Scope) -> Request:
    """What the journal shows of a request that could not be read."""
    return Request(scope["method"], scope["path"], "", {}, b"", "")


def _refusal(
    code: str, status: int, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> tuple[Answer, tuple[Reason, ...]]:
    return problem(code, status, detail, headers=headers), (Reason("refused", "{}", (detail,)),)


def handshake_id(reading: Reading, session: str) -> str | None:
    """The handshake to load: one of another session does not exist here."""
    names = reading.names
    return names.id if names and names.session == session else None


async def _wait(effects: tuple[Effect, ...]) -> None:
    for effect in effects:
        if isinstance(effect, Wait):
            await asyncio.sleep(effect.seconds)
