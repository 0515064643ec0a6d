"""What went through to the upstream and back, for whoever records it."""

from __future__ import annotations

from mock_server.model import Answer, Request
from mock_server.named import NamedTuple


class Passed(NamedTuple):
    """``body`` None = the answer's body was too long, or coded, and nobody looked at it."""

    at: float
    """Unix seconds of the answer, by the upstream's own ``Date`` where it sends one."""
    request: Request
    raw_path: str
    answer: Answer
    body: bytes | None
    took_s: float
