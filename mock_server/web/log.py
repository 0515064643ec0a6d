"""One line a request, gathered for a moment so that logging costs no request a write."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import IO

from mock_server.mask import NOTHING_MORE, Hidden
from mock_server.model import Reason
from mock_server.web.lines import AsJson, AsText, Line

FLUSH_AFTER_S = 0.05
MAX_WAITING = 5_000
_NOBODY_ELSE = nullcontext()


class RequestLog:
    """Lines such as ``21:04:11  POST /api/oauth2  200 started  0.3 ms``. ``stream`` None = silent.

    ``quiet`` leaves out the lines about requests; ``as_json`` makes each line a JSON object; ``hidden`` are the
    names of API keys; ``turn`` is held while lines are written that others write to, too.
    """

    def __init__(
        self,
        stream: IO[str] | None,
        colour: bool = False,
        *,
        quiet: bool = False,
        as_json: bool = False,
        turn: AbstractContextManager[None] = _NOBODY_ELSE,
    ) -> None:
        self.hidden: Hidden = NOTHING_MORE
        self._stream = stream
        self._quiet = quiet
        self._written: AsText | AsJson = AsJson() if as_json else AsText(colour)
        self._turn = turn
        self._waiting: list[Line] = []
        self._dropped = 0

    @property
    def is_silent(self) -> bool:
        """Whether lines about requests go nowhere."""
        return self._stream is None or self._quiet

    def line(
        self,
        method: str,
        target: str,
        status: int,
        response: str,
        duration_s: float,
        reasons: Sequence[Reason],
        session: str = "",
        entry: str = "",
        operation: str | None = None,
        fault: str = "",
    ) -> None:
        if self._stream is None or self._quiet:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)
        self._waiting.append(
            Line(time.time(), method, target, status, response, duration_s, reasons, session, entry, operation, fault)
        )

    def flush(self) -> None:
        """Write what has gathered."""
        if self._stream is None or not self._waiting:
            return
        lines, self._waiting = self._waiting, []
        text = "".join([self._written.line(line, self.hidden) for line in lines])
        if self._dropped:
            text += self._written.dropped(self._dropped)
            self._dropped = 0
        self._write(text)

    def say(self, text: str) -> None:
        """Something for the person who started the mock, at once."""
        self._write(self._written.said(text))

    def _write(self, text: str) -> None:
        """A terminal that went away, or a full disk, silences the log and not the mock."""
        if self._stream is None:
            return
        try:
            with self._turn:
                self._stream.write(text)
                self._stream.flush()
        except (OSError, ValueError):
            _give_up(self._stream)
            self._stream = None

    def error(self, text: str, entry: str = "") -> None:
        """Something of our own went wrong: to stderr, at once, if anybody takes it there."""
        with suppress(OSError, ValueError), self._turn:
            print(self._written.failed(text, entry), file=sys.stderr, flush=True)


def _give_up(stream: IO[str]) -> None:
    """Let what is still buffered end nowhere, or Python would complain of it when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
