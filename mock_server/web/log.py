"""One readable line a request, gathered for a moment so that logging costs no request a write."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from mock_server.mask import NOTHING_MORE, Hidden, mask_reason, mask_target, printable
from mock_server.model import Reason

FLUSH_AFTER_S = 0.05
MAX_WAITING = 5_000
_Line = tuple[float, str, str, int, str, float, Sequence[Reason]]


class RequestLog:
    """Lines such as ``21:04:11  POST /api/oauth2  200 started  0.3 ms``. ``stream`` None = silent.

    ``quiet`` leaves out the lines about requests; ``hidden`` are the names of API keys.
    """

    def __init__(self, stream: IO[str] | None, colour: bool = False, *, quiet: bool = False) -> None:
        self.hidden: Hidden = NOTHING_MORE
        self._stream = stream
        self._quiet = quiet
        self._colour = colour
        self._waiting: list[_Line] = []
        self._dropped = 0
        self._second = 0
        self._clock = ""

    def line(
        self, method: str, target: str, status: int, response: str, duration_s: float, reasons: Sequence[Reason]
    ) -> None:
        if self._stream is None or self._quiet:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)
        self._waiting.append((time.time(), method, target, status, response, duration_s, reasons))

    def flush(self) -> None:
        """Write what has gathered."""
        if self._stream is None or not self._waiting:
            return
        lines, self._waiting = self._waiting, []
        text = "".join(map(self._format, lines))
        if self._dropped:
            text += f"          … {self._dropped} more requests\n"
            self._dropped = 0
        self._write(text)

    def say(self, text: str) -> None:
        """Something for the person who started the mock, at once."""
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        """A terminal that went away, or a full disk, silences the log and not the mock."""
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            _give_up(self._stream)
            self._stream = None

    def error(self, text: str) -> None:
        """Something of our own went wrong: to stderr, at once."""
        print(printable_block(text), file=sys.stderr, flush=True)

    def _format(self, line: _Line) -> str:
        at, method, target, status, response, duration_s, reasons = line
        if int(at) != self._second:
            self._second, self._clock = int(at), time.strftime("%H:%M:%S", time.localtime(at))
        answer = self._painted(status, f"{status or 'failed'} {response}".strip())
        why = _deciding(reasons) if status >= 400 or not status or _stumbled(reasons) else ""
        shown = printable(mask_target(target, self.hidden))[:200]
        return f"{self._clock}  {printable(method)[:20]} {shown}  {answer}  {duration_s * 1000:.1f} ms{why}\n"

    def _painted(self, status: int, text: str) -> str:
        if not self._colour:
            return text
        return f"\x1b[{_COLOURS.get(status // 100, 0)}m{text}\x1b[0m"


def _give_up(stream: IO[str]) -> None:
    """Let what is still buffered end nowhere, or Python would complain of it when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


_COLOURS = {2: 32, 3: 36, 4: 33, 5: 31}


def _stumbled(reasons: Sequence[Reason]) -> bool:
    """Whether something was wrong with what was sent all the same, or was not sent."""
    return bool(reasons) and reasons[-1].step in ("render", "callback", "fault")


def _deciding(reasons: Sequence[Reason]) -> str:
    """The reason that decided, for answers that surprise."""
    if not reasons:
        return ""
    deciding = reasons[-1]
    return "  (" + printable(mask_reason(str(deciding)))[:160] + ")"


def printable_block(text: str) -> str:
    return "\n".join(map(printable, text.splitlines()))
