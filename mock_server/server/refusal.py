"""What the protocol answers by itself, when there is no request that the application could be given."""

from __future__ import annotations

from mock_server.core.problem import problem
from mock_server.phrase import phrase
from mock_server.settings import Limits
from mock_server.web.refusals import Refusal

MALFORMED = Refusal(400, "this is not an HTTP/1.1 request")
LATE = Refusal(408, "the request did not arrive in time")
ANSWERED = Refusal(400, "the request was answered before it was read")
"""Never said: the answer is on the wire already."""
STOPPING = Refusal(503, "the mock is being stopped", "MS407", ((b"retry-after", b"1"),))
FAILED = Refusal(500, "the mock failed; its log has the reason", "MS407")


def long_target(limits: Limits) -> Refusal:
    """RFC 9110 §15.5.15."""
    return Refusal(414, f"the request target is longer than {limits.target_bytes} bytes; --max-target raises that")


def long_header(limits: Limits) -> Refusal:
    """RFC 6585 §5."""
    most = f"{limits.header_bytes} bytes or {limits.header_lines} lines"
    return Refusal(431, f"the header is longer than {most}; --max-header and --max-header-lines raise that")


def long_body(most: int) -> Refusal:
    """RFC 9110 §15.5.14."""
    return Refusal(413, f"the body is larger than {most} bytes; --max-body raises that", "MS405")


def crowded(most: int) -> Refusal:
    """RFC 9110 §15.6.4."""
    detail = f"there are {most} connections already, which is the limit; --max-connections raises it"
    return Refusal(503, detail, "MS442", ((b"retry-after", b"1"),))


def answer_of(why: Refusal, headers: list[tuple[bytes, bytes]], entry_id: str | None) -> bytes:
    """The whole answer as bytes."""
    given = problem(why.code, why.status, why.detail, headers=why.headers)
    own = ((b"mock-entry", entry_id.encode()),) if entry_id else ()
    lines = [b"HTTP/1.1 %d %s" % (why.status, (phrase(why.status) or "").encode())]
    lines += [b"%s: %s" % each for each in (*headers, *given.headers, *own, (b"connection", b"close"))]
    return b"\r\n".join([*lines, b"", given.body])
