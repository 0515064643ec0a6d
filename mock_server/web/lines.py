"""How a line of the log is written: for people, or as one JSON object for machines."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from mock_server.mask import Hidden, mask_reason, mask_target, printable
from mock_server.model import Reason
from mock_server.named import NamedTuple

MAX_TARGET = 200
"""Characters of a target that people are shown."""
MAX_REASON = 160
_COLOURS = {2: 32, 3: 36, 4: 33, 5: 31}


class Line(NamedTuple):
    """What is said of one request; ``at`` in Unix seconds, ``status`` 0 = a call of ours that got no answer."""

    at: float
    method: str
    target: str
    status: int
    response: str
    duration_s: float
    reasons: Sequence[Reason]
    session: str
    entry: str
    operation: str | None
    fault: str


class AsText:
    """``21:04:11  POST /api/oauth2  200 started  0.3 ms``."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour
        self._second = 0
        self._clock = ""

    def line(self, line: Line, hidden: Hidden) -> str:
        if int(line.at) != self._second:
            self._second, self._clock = int(line.at), time.strftime("%H:%M:%S", time.localtime(line.at))
        named = line.response if line.response != str(line.status) else ""  # an example without a name has its status
        answer = self._painted(line.status, f"{line.status or 'failed'} {named}".strip())
        surprising = line.status >= 400 or not line.status or _stumbled(line.reasons)
        why = _deciding(line.reasons)[:MAX_REASON] if surprising else ""
        shown = printable(mask_target(line.target, hidden))[:MAX_TARGET]
        took = f"{line.duration_s * 1000:.1f} ms"
        return f"{self._clock}  {printable(line.method)[:20]} {shown}  {answer}  {took}{f'  ({why})' if why else ''}\n"

    def dropped(self, count: int) -> str:
        return f"          … {count} more requests\n"

    def said(self, text: str) -> str:
        return text + "\n"

    def failed(self, text: str, entry: str) -> str:
        return "\n".join(map(printable, text.splitlines()))

    def _painted(self, status: int, text: str) -> str:
        if not self._colour:
            return text
        return f"\x1b[{_COLOURS.get(status // 100, 0)}m{text}\x1b[0m"


class AsJson:
    """``{"time": "2026-11-24T03:49:50.123Z", "level": "info", "method": "POST", "target": "/api/oauth2", …}``.

    Pure ASCII (RFC 8259 §7 escapes the rest), so no byte of a request reaches a terminal as it is.
    """

    def line(self, line: Line, hidden: Hidden) -> str:
        return _dump({
            "time": _timestamp(line.at),
            "level": "error" if line.status >= 500 and not line.fault else "info",
            "method": line.method[:20],
            "target": mask_target(line.target, hidden)[:8_192],
            "status": line.status or None,
            "response": line.response or None,
            "duration_ms": round(line.duration_s * 1000, 3),
            "session": line.session,
            "entry": line.entry or None,
            "operation": line.operation,
            "fault": line.fault or None,
            "reason": _deciding(line.reasons) or None,
        })  # fmt: skip

    def dropped(self, count: int) -> str:
        return _dump({"time": _timestamp(time.time()), "level": "warning", "message": f"{count} more requests"})

    def said(self, text: str) -> str:
        return _dump({"time": _timestamp(time.time()), "level": "info", "message": text})

    def failed(self, text: str, entry: str) -> str:
        found = {"time": _timestamp(time.time()), "level": "error", "entry": entry or None, "message": text}
        return _dump(found).rstrip("\n")


def _dump(members: dict[str, Any]) -> str:
    return json.dumps(members).replace("\x7f", "\\u007f") + "\n"


def _timestamp(at: float) -> str:
    """RFC 3339, in milliseconds."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))}.{int(at * 1000) % 1000:03d}Z"


def _stumbled(reasons: Sequence[Reason]) -> bool:
    """Whether something was wrong with what was sent all the same, or was not sent."""
    return bool(reasons) and reasons[-1].step in ("render", "callback", "fault", "departs")


def _deciding(reasons: Sequence[Reason]) -> str:
    """The reason that decided."""
    return printable(mask_reason(str(reasons[-1]))) if reasons else ""
