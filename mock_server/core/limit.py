"""Rate limits, pure: a token bucket that follows the session's clock.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: ``RateLimit-Policy: "default";q=10;w=60``
and ``RateLimit: "default";r=3;t=12``, with ``Retry-After`` (RFC 9110 §10.2.3) once nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from math import ceil

from mock_server.core.snapshot import Meter, Snapshot
from mock_server.fixture.model import RateLimit
from mock_server.named import NamedTuple


class Limited(NamedTuple):
    """What the bucket says to one request."""

    respond: str
    """The name of the answer in place of the usual one; ``""`` = go on."""
    headers: tuple[tuple[bytes, bytes], ...]
    tally: Mapping[str, Meter]
    told: str


def draw_from(limit: RateLimit, snapshot: Snapshot, token: str) -> Limited:
    """Take one request out of the bucket, if there is one. ``token`` is only ever kept as a digest."""
    whose = sha256(token.encode()).hexdigest()[:16] if limit.by == "token" else "session"
    key = f"limit {limit.name} {whose}"
    per_request_s = limit.per_s / limit.requests
    before = snapshot.tally.get(key)
    level = float(limit.burst)
    if before is not None:  # a clock that was set back refills nothing
        level = min(level, before.value + max(snapshot.now - before.at, 0.0) / per_request_s)
    is_let_in = level >= 1 - 1e-9
    left = level - 1 if is_let_in else level
    rest_s = ceil(max(1 - left, 0.0) * per_request_s - 1e-9) if left < 1 else 0
    headers = [
        (b"ratelimit-policy", b'"default";q=%d;w=%d' % (limit.requests, ceil(limit.per_s))),
        (b"ratelimit", b'"default";r=%d;t=%d' % (int(left + 1e-9), rest_s)),
    ]
    if not is_let_in:
        headers.append((b"retry-after", b"%d" % max(rest_s, 1)))
    told = f"{int(left + 1e-9)} of {limit.burst} requests left" if is_let_in else f"none left for {max(rest_s, 1)} s"
    tally = {key: Meter(max(left, 0.0), snapshot.now)}
    return Limited("" if is_let_in else limit.respond, tuple(headers), tally, told)
