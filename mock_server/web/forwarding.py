"""``--proxy``: requests of which no fixture speaks are passed on, journalled, and told to whoever records."""

from __future__ import annotations

import asyncio
import traceback

from starlette.types import Message, Receive, Scope, Send

from mock_server.core.answer import read, read_head
from mock_server.core.fault import Befallen
from mock_server.core.forward import Breaks, Verdict, judge
from mock_server.core.onward import base_of, has_come_round, request_headers, sendable, way
from mock_server.core.problem import problem
from mock_server.core.route import Found
from mock_server.core.snapshot import Changes
from mock_server.core.visitor import refusal
from mock_server.model import Answer, Break, Reason, Request, Wait
from mock_server.web.breaking import has_hung_up, send_broken
from mock_server.web.live import Live, make_entry, session_name
from mock_server.web.mock import ROUTE, MockEndpoint, handshake_id
from mock_server.web.passage import Given, Onward, Passage
from mock_server.web.passed import Passed
from mock_server.web.upstream import BadUpstream, Upstream, UpstreamFailed, UpstreamSlow
from mock_server.web.wire import Gone, TooLarge, raw_path, read_request, send_answer
from mock_server.world import Served

PROXIED = "proxied"
"""``source`` of such entries in the journal."""
_CONDITIONS = {b"if-none-match", b"if-modified-since", b"range", b"if-range"}
"""What makes an answer a part, or none: who records wants it whole."""
_OURS = Verdict(True)
_UNKNOWN = Verdict(False)


class Forwarding:
    """An ASGI app before the mock's own. ``headers`` go to browsers whose answer does not say who may read it."""

    def __init__(
        self, live: Live, mock: MockEndpoint, upstream: Upstream, headers: tuple[tuple[bytes, bytes], ...]
    ) -> None:
        self._live = live
        self._mock = mock
        self._upstream = upstream
        self._headers = headers
        self._pseudonym = f"mock-server-{live.entry_id().partition('-')[0]}"
        own = [(name.lower().encode(), value.encode("latin-1")) for name, value in live.settings.proxy_headers]
        self._own = own
        self._replaced = {name for name, _ in own} | (_CONDITIONS if live.settings.proxy_all else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        live, started = self._live, self._live.ticks()
        limit = live.settings.max_body_bytes
        try:
            request = await read_request(scope, receive, limit)
        except TooLarge:
            await self._mock(scope, _again(bytes(limit + 1), receive), send)  # which says so
            return
        except Gone:
            return
        found = scope[ROUTE]
        served = _served(found, request) if isinstance(found, Found) else None
        session, verdict = await self._judge(found, served, request)
        if verdict.is_ours or not request.path.startswith("/"):  # OPTIONS * asks this server (RFC 9110 §9.3.7)
            await self._mock(scope, _again(request.body, receive), send)
            return
        entry_id = live.entry_id()
        given = await self._pass_on((scope, receive, send), request, served, entry_id)
        reasons = [*verdict.reasons, *given.reasons]
        answer, fault, broken = given.answer, "", None
        if not given.is_sent:
            if verdict.breaks is not None:
                befallen = await self._befall(verdict.breaks, session, answer, reasons)
                answer, fault = befallen.answer, befallen.told
                broken = next((each for each in befallen.effects if isinstance(each, Break)), None)
                await asyncio.sleep(sum(each.seconds for each in befallen.effects if isinstance(each, Wait)))
            await asyncio.sleep(verdict.wait_s)
        answered = answer._replace(headers=(*answer.headers, (b"mock-entry", entry_id.encode())))
        at = await live.now(session)  # before the answer is out: nothing comes between that and its entry
        head = request.method == "HEAD" or answer.status in (204, 304)
        if not given.is_sent and broken is None:
            await send_answer(send, answered, head=head)
        took_s = live.ticks() - started
        entry = make_entry(entry_id, at, session, took_s, request, answer, reasons=tuple(reasons))
        await live.record(
            entry._replace(
                operation=served.plan.operation.key if served else None,
                response="" if given.failed else "upstream",
                source=PROXIED,
                fault=fault,
            )
        )
        if broken is not None:
            await send_broken(scope, send, answered, broken, head=head)
        if live.on_passed is not None and not given.failed:
            on_passed, hour = live.on_passed, given.date or live.wall()
            on_passed(Passed(hour, request, raw_path(scope), given.answer, given.body, took_s))

    async def _befall(self, breaks: Breaks, session: str, answer: Answer, reasons: list[Reason]) -> Befallen:
        """What faults make of it, counted; again from the new count when another request was faster."""
        store = self._live.store
        with self._live.turns.of(session) as turn:
            while await turn.comes():
                seen = await store.load(session)
                told: list[Reason] = []
                befallen = breaks(seen, answer, told)
                if not befallen.tally or await store.save(seen, Changes(tally=befallen.tally)):
                    break
        reasons += told
        return befallen

    async def _judge(self, found: object, served: Served | None, request: Request) -> tuple[str, Verdict]:
        """The session, and whose the request is. What cannot be read is the mock's to refuse."""
        live = self._live
        try:
            session = session_name(request.headers)
            if served is None or not isinstance(found, Found):
                return session, _UNKNOWN
            plan = served.plan
            values, encoded = found.values, found.encoded
            if served is not found.target:
                values, encoded = served.renamed(values), served.renamed(encoded) if encoded else None
            reading = read(read_head(plan, request, values, served.base, encoded), request)
            seen = await live.store.load(session, handshake_id(reading, session), reading.shelves)
            verdict = judge(reading, seen, live.chance, live.world.fixtures.operations.get(plan.operation.key))
        except Exception:
            # Not swallowed: a session or preference that is none, a store that is away or full, a fault of our own.
            # Nothing was done, and the mock itself comes to the same and tells it.
            return "", _OURS
        return session, verdict._replace(is_ours=False) if live.settings.proxy_all else verdict

    def _refusal(self, scope: Scope, request: Request) -> str:
        settings = self._live.settings
        allowed = [each for each in settings.cors or () if each != "*"]
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        return refusal(origins, request.headers.get("host", ""), allowed, settings.host)

    def _bases(self) -> set[str]:
        """Of the world as it is now: it may be another one after a reload."""
        return {base for each in self._live.world.operations.values() for base in each.bases}

    async def _pass_on(
        self, channel: tuple[Scope, Receive, Send], request: Request, served: Served | None, entry_id: str
    ) -> Given:
        scope = channel[0]
        extra = self._headers if "origin" in request.headers else ()
        raw = [(name, value) for name, value in scope["headers"]]
        path = raw_path(scope)
        base = served.base if served else base_of(path, self._bases())
        first = served.plan.operation.bases[:1] if served else ()
        by = way(request.origin, base, first[0] if first else "", self._upstream.origin, self._upstream.base)
        target = sendable((by.onward(path) or "/") + (f"?{request.query}" if request.query else ""))
        headers = [each for each in request_headers(raw, self._pseudonym) if each[0] not in self._replaced]
        onward = Onward(request.method, target, [*headers, *self._own], request.body)
        passage = Passage(
            channel, by, served.plan.operation if served else None, extra, self._live.settings.max_body_bytes
        )
        refused = self._refusal(scope, request)
        try:
            if refused:
                code, status, why = "MS496", 403, refused
            elif has_come_round(raw, self._pseudonym):
                code, status, why = "MS496", 508, f"{self._upstream.origin} leads back to this mock"
            else:
                return await passage.walk(self._upstream, onward, entry_id.encode())
        except BadUpstream as error:
            code, status, why = "MS495", 502, str(error)
        except UpstreamSlow as error:
            code, status, why = "MS494", 504, str(error)
        except UpstreamFailed as error:
            code, status, why = "MS493", 502, str(error)
        except Exception as error:
            if has_hung_up(scope, error):
                return Given(Answer(0, (), b""), (Reason("upstream", "the client hung up"),), is_sent=True, failed=True)
            # Our own fault: told in the log, and to the client without a trace.
            self._live.log.error(f"entry {entry_id}:\n{''.join(traceback.format_exception(error))}", entry_id)
            code, status, why = "MS407", 500, f"the mock failed; its log has the reason under entry {entry_id}"
        answer = problem(code, status, why, headers=extra, upstream=self._upstream.origin)
        return Given(answer, (Reason("upstream", "{} {}", (code, why), hit=True),), failed=True)


def _served(found: Found[Served], request: Request) -> Served:
    return found.target.of(request) if found.target.others else found.target


def _again(body: bytes, receive: Receive) -> Receive:
    """A channel that gives a body that was read already, and then what the real one has to say."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


def forwarding(live: Live, mock: MockEndpoint, headers: tuple[tuple[bytes, bytes], ...]) -> Forwarding:
    """The app of a mock that was started with ``--proxy``. Raises ``BadUpstream``."""
    assert live.settings.proxy is not None
    return Forwarding(live, mock, Upstream(live.settings.proxy, live.settings.proxy_timeout_s), headers)
