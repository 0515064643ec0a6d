"""What every endpoint shares: the world, the store, the clock, chance and the log."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from itertools import count
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING

from mock_server.core.snapshot import Changes, Outcome
from mock_server.handshake.machine import Handshake, settle
from mock_server.handshake.ticket import DEFAULT_SESSION, SESSION_NAME, Reference
from mock_server.mask import NOTHING_MORE, Hidden, all_hidden
from mock_server.model import Answer, Chance, Reason, Request
from mock_server.named import new
from mock_server.settings import Settings
from mock_server.state.journal import MAX_BODY_BYTES, SMALL_BODY_BYTES, Entry
from mock_server.state.soon import Done, GatheringStore
from mock_server.state.store import Away, Full, InstantStore, Store
from mock_server.value import dataclass
from mock_server.web.log import RequestLog
from mock_server.web.outgoing import Outgoing
from mock_server.web.peers import Countdown, NoPeers, OwnCountdown, Peers
from mock_server.web.reload import Reload
from mock_server.web.tally import Tally
from mock_server.web.turns import Turns
from mock_server.web.watch import Watchers
from mock_server.world import World

if TYPE_CHECKING:
    from mock_server.core.target import Allowed
    from mock_server.web.passed import Passed

_MOMENT_S = 0.001
TELL_OF_LOST_S = 1.0
"""How often the log has a line about entries that could not be journalled."""


class Secrets:
    """Chance from the operating system (RFC 6749 §10.10 wants at least 128 bits).

    Asked for a few thousand bytes at a time, and no character is given out twice.
    """

    def __init__(self) -> None:
        self._text = ""
        self._at = 0

    def token(self, size: int) -> str:
        length = (size * 4 + 2) // 3  # each character of base64url carries 6 bits
        at = self._at
        self._at = at + length
        if self._at > len(self._text):
            self._text = token_urlsafe(max(size, _POOL_BYTES))
            at, self._at = 0, length
        return self._text[at : at + length]

    def forget(self) -> None:
        """For a child process, which must not give out what its parent gives out."""
        self._text = ""


_POOL_BYTES = 4_096
_SECRETS = Secrets()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SECRETS.forget)


class BadSession(ValueError):
    """A session name that is not of the allowed form."""


class Contended(Exception):
    """A record that others changed faster, every time."""


def _allowed(hosts: tuple[str, ...]) -> tuple[Allowed, ...]:
    if not hosts:
        return ()
    from mock_server.core.target import read_allowed

    return tuple(map(read_allowed, hosts))


@dataclass(slots=True)
class Live:
    """One running mock. ``world`` may be swapped for another at any time: hold on to none across requests."""

    world: World
    store: Store
    settings: Settings
    log: RequestLog
    chance: Chance = _SECRETS
    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.perf_counter
    outgoing: Outgoing = field(init=False)
    reload: Reload = field(init=False)
    on_swap: list[Callable[[], None]] = field(default_factory=list)
    """Called after another world took over: whoever remembers anything of the old one forgets it."""
    watchers: Watchers = field(init=False)
    on_passed: Callable[[Passed], None] | None = None
    """Is told of what went through to the upstream and back (``--proxy``)."""
    tls_failures: Countdown = field(default_factory=OwnCountdown)
    """How many of the next TLS handshakes fail on purpose."""
    peers: Peers = field(default_factory=NoPeers)
    """The other workers of this server."""
    turns: Turns = field(default_factory=Turns)
    tally: Tally = field(default_factory=Tally)
    """What this worker has answered."""
    writing: set[str] = field(default_factory=set)
    """The entries whose answers are out and that are not in the journal yet."""
    _mark_key: bytes | None = None
    _marked: tuple[Hidden, Hidden] = (NOTHING_MORE, NOTHING_MORE)
    """What a world hides, and the same with the key of the marks."""
    _recording: set[asyncio.Task[None]] = field(default_factory=set)
    _lost: int = 0
    """Entries that are not in the journal and were not told of."""
    _told_of_lost_at: float = float("-inf")
    _entry_prefix: str = field(default_factory=lambda: token_hex(3))
    _entry_count: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.watchers = Watchers(self)
        self.outgoing = Outgoing(
            self, _allowed(self.settings.allow_callbacks), timeout_s=self.settings.callback_timeout_s
        )
        self.reload = Reload(self)

    def swap(self, world: World) -> None:
        """Let another world answer from here on. State stays; what began under the old world ends under it.

        What was hidden stays hidden: the journal has requests of before.
        """
        hidden = all_hidden(self.world.hidden, world.hidden)
        self.world = replace(world, hidden=hidden)
        self.log.hidden = hidden
        for forget in self.on_swap:
            forget()

    async def hidden(self) -> Hidden:
        """What to hide in the journal, and what the marks in its place are made with. Raises ``Away``."""
        if self._mark_key is None:
            self._mark_key = await self.store.mark_key()
        return self.hidden_now() or NOTHING_MORE

    def hidden_now(self) -> Hidden | None:
        """The same, once it is known what marks are made with."""
        if self._mark_key is None:
            return None
        hidden = self.world.hidden
        if self._marked[0] is not hidden:
            self._marked = hidden, hidden._replace(key=self._mark_key)
        return self._marked[1]

    def entry_id(self) -> str:
        """Unique among all workers: ``3fa85f-1``."""
        return f"{self._entry_prefix}-{next(self._entry_count)}"

    async def change(self, reference: Reference, make: Callable[[Handshake, float], Handshake]) -> Handshake | None:
        """Change a handshake atomically; None when there is none. Whatever ``make`` raises passes through."""
        with self.turns.of(reference.session) as turn:
            while await turn.comes():
                seen = await self.store.load(reference.session, reference.id, make=False)
                if seen.handshake is None:
                    return None
                changed = make(settle(seen.handshake, seen.now), seen.now)
                if changed is seen.handshake or await self.store.save(seen, Changes(handshake=changed)):
                    return changed
        raise Contended(reference.id)

    async def look(self, reference: Reference) -> Handshake | None:
        """A handshake as it stands now."""
        seen = await self.store.load(reference.session, reference.id, make=False)
        return settle(seen.handshake, seen.now) if seen.handshake else None

    async def record(self, entry: Entry) -> None:
        """Journal one exchange and say it in one line on the terminal."""
        self.say(entry)
        await self.keep_entry(entry)

    async def keep_entry(self, entry: Entry) -> None:
        """Journal it. The answer is out already: what cannot be journalled is told in the log."""
        self.writing.add(entry.id)
        try:
            await self.store.record(entry, await self.hidden())
        except Full:
            return  # a session for which there is no room has no journal
        except Away as error:
            self._tell_of_lost(entry, error)
        finally:
            self.writing.discard(entry.id)

    def record_soon(self, store: GatheringStore, entry: Entry, hidden: Hidden) -> None:
        """``record`` in a store that does together what many want of it."""
        self.say(entry)
        self.writing.add(entry.id)
        store.record_soon(entry, hidden, self._recorded)

    def _recorded(self, entry: Entry, done: Done) -> None:
        if done is False:  # the session was forgotten meanwhile: it is made anew
            task = asyncio.get_running_loop().create_task(self.keep_entry(entry))
            self._recording.add(task)
            task.add_done_callback(self._recording.discard)
            return
        self.writing.discard(entry.id)
        if done is not True and not isinstance(done, Full):  # a session for which there is no room has no journal
            self._tell_of_lost(entry, done)

    def _tell_of_lost(self, entry: Entry, why: object) -> None:
        """At most once in a while: a store that is away for an hour would fill the log."""
        self._lost += 1
        if self.ticks() - self._told_of_lost_at >= TELL_OF_LOST_S:
            others = f" and {self._lost - 1:,} before it are" if self._lost > 1 else " is"
            self.log.error(f"entry {entry.id}{others} not in the journal: {why}")
            self._lost, self._told_of_lost_at = 0, self.ticks()

    async def written(self) -> None:
        """Until the journal has every entry whose answer is out by now."""
        waiting = set(self.writing)
        while waiting & self.writing:  # noqa: ASYNC110
            await asyncio.sleep(_MOMENT_S)  # an event would cost every request something

    async def settled(self) -> None:
        """The same of all workers: who was answered by one and asks another finds it in the journal."""
        await asyncio.gather(self.written(), self.peers.ask("write entries"))

    async def forget_calls(self, session: str) -> None:
        """What any worker has still to send for a session is not sent."""
        await asyncio.gather(self.outgoing.forget(session), self.peers.ask("forget calls", session))

    async def now(self, session: str) -> float:
        """The hour of a session; the wall's while the store is away."""
        try:
            return (await self.store.load(session, make=False)).now
        except Away:
            return self.wall()

    def record_now(self, store: InstantStore, entry: Entry) -> None:
        """The same in a store that never waits."""
        self.say(entry)
        try:  # noqa: SIM105  # `suppress` would be a fifth of what it guards
            store.record_now(entry)
        except Full:
            pass

    def say(self, entry: Entry) -> None:
        """One line on the terminal, and one more in the metrics."""
        self.tally.add(entry.operation, entry.status, entry.duration_s)
        if self.log.is_silent:
            return
        self.log.line(
            entry.method, entry.target, entry.status, entry.response, entry.duration_s, entry.reasons, entry.session,
            entry.id, entry.operation, entry.fault,
        )  # fmt: skip


def make_entry(
    entry_id: str,
    at: float,
    session: str,
    duration_s: float,
    request: Request,
    answer: Answer,
    outcome: Outcome | None = None,
    reasons: tuple[Reason, ...] = (),
    handshake_id: str | None = None,
) -> Entry:
    """One exchange as the journal keeps it; ``outcome`` None = no operation answered."""
    operation, response, source, fault, state = None, "", "", "", None
    if outcome is not None:
        operation, response, source, fault = outcome.operation, outcome.response, outcome.source, outcome.fault
        reasons, handshake_id, state = outcome.reasons, outcome.handshake_id, outcome.handshake_state
    body, target = request.body, request.path
    if request.query:
        target = f"{target}?{request.query}"
    if len(body) > SMALL_BODY_BYTES:
        body = body[:MAX_BODY_BYTES]
        reasons = tuple(reason.formatted() for reason in reasons)
    status, headers, answered = answer
    fields = (
        entry_id, at, session, request.method, target, operation, status, response, source, reasons, handshake_id,
        duration_s, request.headers, body, headers, answered[:MAX_BODY_BYTES], "request", None, 0, fault, None, state,
    )  # fmt: skip
    return new(Entry, fields)


NAME_RULE = "1 to 64 letters, digits, '-', '_' and '.', and does not begin with '.'"


def session_name(headers: Mapping[str, str]) -> str:
    """The session that a request belongs to. Raises ``BadSession``."""
    name = headers.get("mock-session")
    if name is None:
        return DEFAULT_SESSION
    if "," in name:  # where a header is sent twice, a list stands for it (RFC 9110 §5.3)
        raise BadSession("Mock-Session is sent twice or has a comma in it; a request belongs to one session")
    return name_of_session(name)


def name_of_session(name: str) -> str:
    """The name, when it may be one. Raises ``BadSession``."""
    if not SESSION_NAME.match(name):
        raise BadSession(f"the name of a session has {NAME_RULE}")
    return name
