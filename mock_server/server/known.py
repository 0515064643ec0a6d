"""Requests whose head came before: answered at once or when the store has spoken, past parser and application."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.model import Answer
from mock_server.server import refusal
from mock_server.server.heads import END, Heads
from mock_server.server.waiting import Waiting

_CONNECTION = frozenset((b"connection", b"transfer-encoding", b"upgrade", b"te", b"trailer"))


class KnownHeads(HttpToolsProtocol):
    """A connection that answers a known head by itself. What is read meanwhile waits, unparsed, as ``_unread``."""

    heads: ClassVar[Heads | None] = None
    """Who answers requests whose head came before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._last_head = b""
        self._active_at = 0.0
        self._awaited: Waiting | None = None
        """A request of which the store has still to speak."""
        self._is_last = False
        """Whether the server stops, so that the connection ends with the answer that is awaited."""
        self._unread = b""
        self._peer_is_done = False

    def _disarm(self) -> None:
        """No deadline."""
        raise NotImplementedError

    def _take(self, data: bytes) -> None:
        """The usual way."""
        raise NotImplementedError

    def _go_on(self) -> None:
        """With ``_unread``, or reading again when there is nothing."""
        raise NotImplementedError

    def _is_known(self, data: bytes) -> bool:
        """Whether it is a whole request with a head that came before, which is now being answered."""
        heads = self.heads
        if heads is None or self.flow.write_paused or self.transport.is_closing():
            return False
        if heads.store_waits:
            found = heads.answering(self.scheme, data)
            if found is not None:
                self._disarm()
                waiting = self._awaited = Waiting(self, data, *found)
                waiting.ask()
            return found is not None
        answer = heads.answer(self.scheme, data, self.server_state.default_headers)
        if answer is None:
            return False
        self._answered(answer)
        return True

    def _answered(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.server_state.total_requests += 1
        self._active_at = self.loop.time()
        self._disarm()
        if self.timeout_keep_alive_task is None:
            self._keep_alive_for(self.timeout_keep_alive)

    def answer_awaited(self, answer: Answer, lines: bytes) -> None:
        """The store has spoken."""
        assert self.heads is not None
        self._awaited = None
        if self.transport.is_closing():
            return  # nobody is there any more; what was kept is journalled
        self._answered(self.heads.written(answer, lines, self.server_state.default_headers))
        if self._is_last or (self._peer_is_done and not self._unread):
            self.transport.close()
        elif self._unread:
            self.loop.call_soon(self._go_on)

    def take_awaited(self, data: bytes) -> None:
        """The usual way, for nothing was kept."""
        self._awaited = None
        if self.transport.is_closing():
            return
        self._take(data)
        if self._is_last:
            super().shutdown()
        elif self._peer_is_done and not self._unread:
            self._go_on()

    def give_up_awaited(self) -> None:
        """The time for a graceful stop is over."""
        self._awaited = None
        if not self.transport.is_closing():
            self.transport.write(refusal.answer_of(refusal.STOPPING, self.server_state.default_headers, None))
            self.transport.close()

    def shutdown(self) -> None:
        """The answer that is awaited first."""
        if self._awaited is not None:
            self._is_last = True
        else:
            super().shutdown()

    def _learn(self, data: bytes) -> None:
        """Remember the head of a request that came whole and alone, the second time it comes.

        A head that says anything of the connection itself is left to the parser.
        """
        assert self.heads is not None
        end = data.find(END) + len(END)
        head = data[:end]
        if head != self._last_head:
            self._last_head = head
            return
        cycle = self.cycle
        plain = self.parser.get_http_version() == "1.1" and cycle.keep_alive and not self.expect_100_continue
        if plain and data[end:] == cycle.body and not any(name in _CONNECTION for name, _ in self.headers):
            self.heads.learn(head, len(data) - end, self.scope)

    def _keep_alive_for(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """One timer a connection: an answer at once does not wind it up again, so it looks when it fires."""
        self.timeout_keep_alive_task = None
        left = self._active_at + self.timeout_keep_alive - self.loop.time()
        if self._awaited is not None:
            self._keep_alive_for(self.timeout_keep_alive)
        elif left > 0:
            self._keep_alive_for(left)
        else:
            super().timeout_keep_alive_handler()
