"""What the parser leaves out about bodies: those of requests that offer to upgrade, and how large a chunk is."""

from __future__ import annotations

from typing import Protocol

from mock_server.later import regex

_SIZE = regex(rb"([0-9A-Fa-f]+)[ \t]*(?:;.*)?")
_TAIL_BYTES = 64


class TakesBody(Protocol):
    """What httptools tells of a body."""

    def on_body(self, body: bytes) -> None: ...

    def on_chunk_header(self) -> None: ...

    def on_chunk_complete(self) -> None: ...

    def on_message_complete(self) -> None: ...


class BodyOnly:
    """Callbacks of a parser that reads the body of one request and nothing behind it."""

    def __init__(self, protocol: TakesBody) -> None:
        self._protocol = protocol
        self._is_whole = False

    def on_body(self, body: bytes) -> None:
        if not self._is_whole:
            self._protocol.on_body(body)

    def on_chunk_header(self) -> None:
        if not self._is_whole:
            self._protocol.on_chunk_header()

    def on_chunk_complete(self) -> None:
        if not self._is_whole:
            self._protocol.on_chunk_complete()

    def on_message_complete(self) -> None:
        if not self._is_whole:
            self._is_whole = True
            self._protocol.on_message_complete()


class Chunk:
    """How large the chunk under way says it is. The parser reads that and does not tell.

    A chunk of 2^64-1 bytes would else be waited for until the body's deadline.
    """

    def __init__(self) -> None:
        self._got = 0
        self._is_new = False
        self._tail = b""

    def begins(self) -> None:
        self._got = 0
        self._is_new = True

    def grows(self, length: int) -> None:
        self._got += length

    def ends(self) -> None:
        self._is_new = False

    def announced(self, piece: bytes) -> int:
        """The size of the chunk that began and did not end in ``piece``, which was just parsed; 0 = there is none.

        What came of its data ends the piece, so its size is the line before that. A size line longer than
        what is kept of the piece before is not judged.
        """
        read = self._tail + piece
        self._tail = read[-_TAIL_BYTES:]
        if not self._is_new:
            return 0
        self._is_new = False
        lines = read[: len(read) - self._got].split(b"\r\n")
        found = _SIZE.fullmatch(lines[-2]) if len(lines) > 2 and not lines[-1] else None  # trailers have a colon
        return int(found[1], 16) if found else 0
