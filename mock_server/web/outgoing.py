"""What the mock sends by itself: callbacks after an answer, webhooks on demand. Every attempt is journalled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from mock_server.model import Reason, Send
from mock_server.named import NamedTuple
from mock_server.settings import CALLBACK_TIMEOUT_S
from mock_server.state.journal import MAX_BODY_BYTES, Entry
from mock_server.web.log import RequestLog
from mock_server.web.tally import Tally

if TYPE_CHECKING:
    from mock_server.core.target import Allowed, Target
    from mock_server.web.caller import Received, Resolver

MAX_IN_FLIGHT = 32
MAX_WAITING = 1_000
MAX_BACKOFF_S = 3_600.0
STOP_GRACE_S = 0.5
_RETRIED = frozenset((408, 425, 429))
"""Besides every 5xx: what asks to be tried again (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4)."""


class Cause(NamedTuple):
    """The exchange that a call follows: ``Cause("3fa85f-1", "default", "POST /orders")``."""

    entry_id: str | None
    session: str
    operation: str | None


class Result(NamedTuple):
    """What became of one attempt: an answer, or a code with a sentence."""

    entry_id: str
    answer: Received | None
    error: tuple[str, str] | None

    @property
    def is_worth_a_retry(self) -> bool:
        if self.answer is None:
            return self.error is not None and self.error[0] == "MS427"
        return self.answer.status >= 500 or self.answer.status in _RETRIED


class _Surroundings(Protocol):
    """What is needed of ``Live``."""

    @property
    def log(self) -> RequestLog: ...
    @property
    def ticks(self) -> Callable[[], float]: ...
    @property
    def tally(self) -> Tally: ...
    def entry_id(self) -> str: ...
    async def keep_entry(self, entry: Entry) -> None: ...
    async def now(self, session: str) -> float: ...


class Outgoing:
    """The calls that are waiting or under way. Nothing is started before there is something to send."""

    def __init__(
        self,
        live: _Surroundings,
        allowed: tuple[Allowed, ...] = (),
        *,
        timeout_s: float = CALLBACK_TIMEOUT_S,
        max_in_flight: int = MAX_IN_FLIGHT,
        max_waiting: int = MAX_WAITING,
        resolver: Resolver | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._live = live
        self._allowed = allowed
        self._timeout_s = timeout_s
        self._resolver = resolver
        self._sleep = sleep
        self._max_waiting = max_waiting
        self._slots = asyncio.Semaphore(max_in_flight)
        self._tasks: dict[asyncio.Task[None], str] = {}
        """With the session that each belongs to."""
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many calls are not done yet."""
        return len(self._tasks)

    def start(self, calls: tuple[Send, ...], cause: Cause) -> None:
        """Send them in the background; those that cannot be sent are journalled. Never raises."""
        for send in calls:
            for _ in range(send.times if send.refused is None else 1):
                self._spawn(send, cause)

    def _spawn(self, send: Send, cause: Cause) -> None:
        if self._stopping or len(self._tasks) >= self._max_waiting:
            why = "the mock is being stopped" if self._stopping else f"{self._max_waiting} calls are waiting already"
            # Too many to wait for is too many to wait for: only the journal hears of it.
            send = send._replace(refused=("MS428", why), retries=0, delay_s=0.0)
            if len(self._tasks) >= 2 * self._max_waiting:
                self._live.log.error(f"MS428: {send.method} {send.name} is not even journalled: {why}")
                return
        task = asyncio.get_running_loop().create_task(self._deliver(send, cause))
        self._tasks[task] = cause.session
        task.add_done_callback(self._tasks.pop)

    async def _deliver(self, send: Send, cause: Cause) -> None:
        """All attempts of one call. A stop that comes while it waits is journalled like any other end."""
        attempt = 1
        addresses: list[str] = []
        try:
            if send.delay_s:
                await self._sleep(send.delay_s)
            while True:
                async with self._slots:
                    result = await self._attempt(send, cause, attempt, addresses)
                if not result.is_worth_a_retry or attempt > send.retries:
                    return
                pause_s = min(send.backoff_s * 2 ** (attempt - 1), MAX_BACKOFF_S)
                attempt += 1
                if pause_s:
                    await self._sleep(pause_s)
        except asyncio.CancelledError:
            why = "the mock was stopped" if self._stopping else "the session was reset"
            error = ("MS428", f"{why} before it was done")
            await self._record(send, cause, attempt, self._live.ticks(), None, error)

    async def once(self, send: Send, cause: Cause) -> Result:
        """One attempt, now, waited for: a webhook. There may be no more of them than of the others."""
        if self._stopping:
            return await self._record(send, cause, 1, self._live.ticks(), None, ("MS428", "the mock is being stopped"))
        async with self._slots:
            return await self._attempt(send, cause, 1, [])

    async def _attempt(self, send: Send, cause: Cause, attempt: int, addresses: list[str]) -> Result:
        """One attempt and its journal entry; ``addresses`` keeps what the name was resolved to, once."""
        from mock_server.core.target import NotAllowed, read_target  # most mocks never call anybody
        from mock_server.web.caller import CallFailed, call

        started = self._live.ticks()
        received, error = None, send.refused
        if error is None:
            try:
                async with asyncio.timeout(self._timeout_s):
                    target = read_target(send.url)
                    addresses[:] = addresses or await self._addresses(target)
                    received = await call(target, addresses, send.method, send.headers, send.body)
            except NotAllowed as refused:
                error = ("MS426", str(refused))
            except CallFailed as failed:
                error = ("MS427", str(failed))
            except TimeoutError:
                error = ("MS427", f"no whole answer within {self._timeout_s:g} s")
        return await self._record(send, cause, attempt, started, received, error)

    async def _addresses(self, target: Target) -> list[str]:
        """Resolved once and judged: whatever the name says a moment later, these are called."""
        from mock_server.core.target import allowed_addresses
        from mock_server.web.caller import resolve

        found = await (self._resolver or resolve)(target.host, target.port)
        return allowed_addresses(target, found, self._allowed)

    async def _record(
        self,
        send: Send,
        cause: Cause,
        attempt: int,
        started: float,
        received: Received | None,
        error: tuple[str, str] | None,
    ) -> Result:
        from mock_server.core.target import without_credentials

        live = self._live
        duration_s = live.ticks() - started
        reasons = tuple(_reasons(send, received, error))
        url = without_credentials(send.url)
        status = received.status if received else 0
        live.tally.add_call(status)
        entry_id = live.entry_id()
        said = (f"-> {send.method}", url, status, send.name, duration_s, reasons)
        live.log.line(*said, cause.session, entry_id, cause.operation)
        at = await live.now(cause.session)
        entry = Entry(
            id=entry_id, at=at, session=cause.session, method=send.method, target=url, operation=cause.operation,
            status=status, response=send.name, source="", reasons=reasons, handshake_id=None, duration_s=duration_s,
            request_headers=dict(send.headers), request_body=send.body[:MAX_BODY_BYTES],
            response_headers=received.headers if received else (), response_body=received.body if received else b"",
            kind="outgoing", cause=cause.entry_id, attempt=attempt, error=error,
        )  # fmt: skip
        await live.keep_entry(entry)
        return Result(entry_id, received, error)

    async def forget(self, session: str) -> None:
        """Send nothing more for a session that is reset: what comes late would disturb the next test."""
        await _cancel([task for task, name in self._tasks.items() if name == session])

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Take nothing more, give what is under way a moment, cancel and journal the rest."""
        self._stopping = True
        if not self._tasks:
            return
        await asyncio.wait(list(self._tasks), timeout=grace_s)
        await _cancel(list(self._tasks))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _reasons(send: Send, received: Received | None, error: tuple[str, str] | None) -> list[Reason]:
    found = []
    if send.note and error is None:
        found.append(Reason("callback", "the body breaks the document: {}", (send.note,)))
    if received and received.cut:
        found.append(Reason("callback", "the answer is longer than what is kept of it"))
    if received and send.statuses and not _is_expected(send.statuses, received.status):
        documented = ", ".join(sorted(send.statuses))
        found.append(Reason("callback", "the document expects {}, not {}", (documented, received.status)))
    if error:
        found.append(Reason("callback", "{} {}", error))
    return found


def _is_expected(statuses: frozenset[str], status: int) -> bool:
    return bool(statuses & {str(status), f"{status // 100}XX", "default"})
