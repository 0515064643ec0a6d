"""Heads of requests that came before, and what they lead to.

The bytes of a head are enough to know it again: the same bytes, once parsed and found good, need no
parser the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from mock_server.model import Answer
from mock_server.named import NamedTuple
from mock_server.web.short import Asker, Later

MAX_HEADS = 1_024
MAX_HEAD_BYTES = 4 * 1024
MAX_LINES = 256
END = b"\r\n\r\n"


Headers = tuple[tuple[bytes, bytes], ...]


class Answering(Protocol):
    """Something that can answer a body; both give None when nothing was kept and it must be parsed."""

    def answer(self, body: bytes) -> tuple[Answer, bytes] | None:
        """At once: the answer and the lines that go with its headers, as they go on the wire."""
        ...

    def ask(self, body: bytes, asker: Asker) -> bool:
        """When the store has spoken; False = ``answer_later`` must be asked. Raises nothing."""
        ...

    def answer_later(self, body: bytes) -> Coroutine[Any, Any, Later | None]:
        """When the store has spoken. Raises nothing."""
        ...


class Known(NamedTuple):
    """A head that came before: how long its body is, and who answers."""

    length: int
    answering: Answering


class Heads:
    """A bounded memory of heads. ``prepare`` is given an ASGI scope of ``http`` or ``https``.

    ``store_waits``: no answer can be had at once, so all are given later.
    """

    def __init__(self, prepare: Callable[[Any], Answering | None], *, store_waits: bool = False) -> None:
        self._prepare = prepare
        self.store_waits = store_waits
        self._known: dict[tuple[str | None, bytes], Known] = {}
        self._default_headers: list[tuple[bytes, bytes]] = []
        self._default_lines = b""
        self._lines: dict[Headers, bytes] = {}
        """The headers of answers that came before: most answers of an operation have the same."""

    def answer(self, scheme: str | None, data: bytes, default_headers: list[tuple[bytes, bytes]]) -> bytes | None:
        """The answer to one whole request as it goes on the wire; None = it must be parsed."""
        end = data.find(END) + len(END)
        known = self._known.get((scheme, data[:end]))
        if known is None or len(data) - end != known.length:
            return None
        given = known.answering.answer(data[end:])
        return None if given is None else self.written(given[0], given[1], default_headers)

    def answering(self, scheme: str | None, data: bytes) -> tuple[Answering, bytes] | None:
        """Who answers one whole request where the store has to speak first, and its body; None = it must be parsed."""
        end = data.find(END) + len(END)
        known = self._known.get((scheme, data[:end]))
        if known is None or len(data) - end != known.length:
            return None
        return known.answering, data[end:]

    def written(self, answer: Answer, more: bytes, default_headers: list[tuple[bytes, bytes]]) -> bytes:
        """An answer as it goes on the wire. uvicorn makes new default headers (``Date``) every second."""
        if default_headers is not self._default_headers:
            self._default_headers = default_headers
            self._default_lines = b"".join([b"%b: %b\r\n" % each for each in default_headers])
        status, headers, body = answer
        lines = self._lines.get(headers)
        if lines is None:
            lines = b"".join([b"%b: %b\r\n" % each for each in headers])
            if len(lines) <= MAX_HEAD_BYTES:
                if len(self._lines) >= MAX_LINES:
                    self._lines.clear()
                self._lines[headers] = lines
        return b"".join((STATUS_LINE[status], self._default_lines, lines, more, b"\r\n", body))

    def forget(self) -> None:
        """Whoever is still there is known again after two requests."""
        self._known.clear()

    def learn(self, head: bytes, length: int, scope: Any) -> None:
        """Remember a head that was parsed, and found to be followed by a body of ``length`` bytes."""
        if len(head) > MAX_HEAD_BYTES or (answering := self._prepare(scope)) is None:
            return
        if len(self._known) >= MAX_HEADS:
            self.forget()
        self._known[scope["scheme"], head] = Known(length, answering)
