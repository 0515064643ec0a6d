"""The short way: a request whose head came before is answered at once.

Nearly every client sends the same head again and again. What it leads to (operation, token,
preference, parameters) is found out once; then each body is read, judged and answered in one go,
without a task, an event and a handful of ASGI messages, which cost more than the answer itself.
Whatever is out of the ordinary takes the usual way, which this one must never differ from.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from mock_server.core.answer import Head, answer, read, read_head
from mock_server.core.route import Found
from mock_server.core.snapshot import NO_CHANGES
from mock_server.model import Answer, Request
from mock_server.named import NamedTuple
from mock_server.state.soon import Done, GatheringStore
from mock_server.state.store import InstantStore
from mock_server.web.live import BadSession, Live, make_entry, session_name
from mock_server.web.mock import decide, handshake_id, remembered
from mock_server.web.wire import origin_of, raw_path, read_headers

if TYPE_CHECKING:
    from starlette.types import Scope

Headers = tuple[tuple[bytes, bytes], ...]


class Later(NamedTuple):
    """An answer of which the store has spoken. ``journal`` is awaited when it is out."""

    answer: Answer
    lines: bytes
    """Of its own, as they go on the wire."""
    journal: Callable[[], Coroutine[Any, Any, None]]


class Asker(Protocol):
    """Whoever asked for an answer, and is told one of these, once."""

    def answered(self, answer: Answer, lines: bytes) -> None:
        """It is kept, and will be journalled."""
        ...

    def overtaken(self) -> None:
        """Nothing was kept, for another was faster: ask ``answer_later``."""
        ...

    def in_vain(self) -> None:
        """Nothing was kept: take the usual way."""
        ...


class Prepared:
    """An operation's request whose head has been read. ``headers`` go to every answer."""

    __slots__ = ("_gathering", "_head", "_lines", "_live", "_request", "_session", "_store", "_world")

    def __init__(self, live: Live, request: Request, head: Head, session: str, headers: Headers) -> None:
        self._live = live
        self._store = live.store if isinstance(live.store, InstantStore) else None
        self._gathering = live.store if isinstance(live.store, GatheringStore) else None
        self._world = live.world
        self._request = request
        self._head = head
        self._session = session
        self._lines = b"".join(b"%b: %b\r\n" % each for each in headers) + b"mock-entry: "

    def answer(self, body: bytes) -> tuple[Answer, bytes] | None:
        """The answer, journalled, and the lines of the head that go with it; None = nothing was done, take the usual
        way."""
        live, store = self._live, self._store
        if live.world is not self._world or store is None:
            return None
        started = live.ticks()
        like = self._request
        request = Request(like.method, like.path, like.query, like.headers, body, like.origin)
        try:
            reading = read(self._head, request)
            seen = store.load_now(self._session, handshake_id(reading, self._session), reading.shelves)
            outcome = answer(reading, seen, live.chance)
            if outcome.effects or (outcome.changes is not NO_CHANGES and not store.save_now(seen, outcome.changes)):
                return None
        except Exception:
            # Not swallowed: nothing was kept, and the usual way comes to the same and tells it.
            return None
        given = outcome.answer
        entry_id = live.entry_id()
        live.record_now(
            store, make_entry(entry_id, seen.now, self._session, live.ticks() - started, request, given, outcome)
        )
        return given, b"%b%b\r\n" % (self._lines, entry_id.encode())

    def ask(self, body: bytes, asker: Asker) -> bool:
        """An answer from what the store was when it was last looked at, as soon as it says that it still is so.

        False = it must be looked at, and nobody will be told: ask ``answer_later``.
        """
        live, store = self._live, self._gathering
        hidden = live.hidden_now()
        if live.world is not self._world or store is None or hidden is None:
            return False
        started = live.ticks()
        like = self._request
        request = Request(like.method, like.path, like.query, like.headers, body, like.origin)
        try:
            reading = read(self._head, request)
            seen = remembered(live.store, reading, self._session)
            outcome = answer(reading, seen, live.chance) if seen else None
        except Exception:
            return False  # not swallowed: as above
        if seen is None or outcome is None or outcome.effects or outcome.calls:
            return False

        def told(done: Done) -> None:
            if done is not True:
                asker.in_vain() if done else asker.overtaken()
                return
            entry_id = live.entry_id()
            took_s = live.ticks() - started
            asker.answered(outcome.answer, b"%b%b\r\n" % (self._lines, entry_id.encode()))
            entry = make_entry(entry_id, seen.now, self._session, took_s, request, outcome.answer, outcome)
            live.record_soon(store, entry, hidden)

        return store.save_soon(seen, outcome.changes, told)

    async def answer_later(self, body: bytes) -> Later | None:
        """The same from a store that has to be waited for; None = nothing was kept, take the usual way."""
        live, like = self._live, self._request
        if live.world is not self._world:
            return None
        started = live.ticks()
        request = Request(like.method, like.path, like.query, like.headers, body, like.origin)
        try:
            decided = await decide(live, self._head, request, self._session, plain=True)
        except Exception:
            return None  # not swallowed: as above
        if decided is None:
            return None
        outcome, at = decided
        entry_id = live.entry_id()
        took_s = live.ticks() - started
        entry = make_entry(entry_id, at, self._session, took_s, request, outcome.answer, outcome)
        lines = b"%b%b\r\n" % (self._lines, entry_id.encode())
        return Later(outcome.answer, lines, lambda: live.record(entry))


def prepare(live: Live, scope: Scope, any_origin: Headers | None) -> Prepared | None:
    """What the head in an ASGI scope leads to; None = nothing that could be answered at once.

    ``any_origin`` are the headers for browsers; None = they depend on the origin.
    """
    headers = read_headers(scope["headers"])
    ordinary = scope["method"] not in ("HEAD", "OPTIONS") and not any(
        name.startswith("x-forwarded-") for name in headers
    )
    if not ordinary or ("origin" in headers and any_origin is None):
        return None
    found = live.world.router.find(scope["method"], raw_path(scope))
    if not isinstance(found, Found):
        return None
    query = scope["query_string"].decode("latin-1")
    request = Request(scope["method"], scope["path"], query, headers, b"", origin_of(scope, headers))
    try:
        session = session_name(headers)
    except BadSession:
        return None
    plan, base = found.target.plan, found.target.base
    if plan.callbacks or found.target.others:
        return None
    extra = any_origin if "origin" in headers and any_origin else ()
    return Prepared(live, request, read_head(plan, request, found.values, base, found.encoded), session, extra)
