"""Whether an answer came whole, in the frame that its headers promise."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.walks.judge import promise
from mock_server.contract.walks.scene import Scene, Seen

LONG_REQUEST = 60_000
"""A server may close the connection on a longer one, before it has read all of it."""
_FRAMING = frozenset(("transfer-encoding", "content-length", "expect", "connection", "upgrade"))
_ONCE = ("content-type", "content-length")

_WHOLE = promise("answers-are-whole", "every request gets one whole answer", "RFC 9112 §6.3")
_SURPLUS = promise("content-length-is-right", "Content-Length says how long the body is", "RFC 9110 §8.6")
_PLAIN = promise("body-is-plain", "a body is coded only for those who can read it", "RFC 9110 §12.5.3")
_SINGLE = promise("header-stands-once", "Content-Type and Content-Length stand once", "RFC 9110 §5.3")
_BOTH = promise("one-frame", "Content-Length does not stand beside Transfer-Encoding", "RFC 9112 §6.2")

_SAID = {
    "truncated": "the body ends before its Content-Length",
    "reset": "the connection is closed without an answer",
    "timeout": "no answer in time",
    "malformed": "the answer is no HTTP",
}


def whole(scene: Scene) -> Iterator[Seen]:
    """Nothing cut off, nothing left over, nothing twice."""
    if scene.operation is None or _is_strange(scene):
        return
    seen = scene.exchange.seen
    if seen.fault == "surplus":
        yield Seen("more bytes come than Content-Length says", _SURPLUS)
    elif seen.fault:
        yield Seen(_SAID.get(seen.fault, f"no whole answer ({seen.fault})"), _WHOLE, shape=seen.fault)
    if not seen.status:
        return
    names = [name.lower() for name, _ in seen.headers]
    for name in _ONCE:
        if names.count(name) > 1:
            yield Seen(f"the header {name} stands twice", _SINGLE)
    if "content-length" in names and "transfer-encoding" in names:
        yield Seen("Content-Length and Transfer-Encoding at once", _BOTH)
    coding = (seen.header("content-encoding") or "identity").lower()
    asked = {name.lower() for name, _ in scene.exchange.sent.headers}
    if coding != "identity" and "accept-encoding" not in asked:
        yield Seen(f"the body comes coded ({coding[:20]}) though nobody asked for it", _PLAIN)


def _is_strange(scene: Scene) -> bool:
    """Whether the request itself plays with frame or size: then a server may hang up."""
    sent = scene.exchange.sent
    size = len(sent.body) + len(sent.target) + sum(len(name) + len(value) for name, value in sent.headers)
    return size > LONG_REQUEST or any(name.lower() in _FRAMING for name, _ in sent.headers)
