"""What went through to the upstream and back, for whoever records it."""

from __future__ import annotations

from typing import NamedTuple

from mock_server.model import Answer, Request


class Passed(NamedTuple):
    """``body`` None = the answer's body was too long, or coded, and nobody looked at it."""

    at: float
    """Unix seconds of the answer, by the upstream's own ``Date`` where it sends one."""
    request: Request
    raw_path: str
    answer: Answer
    body: bytes | None
    took_s: float
