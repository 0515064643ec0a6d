"""What the parser lets through and HTTP does not: each guard names the line that it obeys.

llhttp, which parses for httptools, also speaks HTTP/0.9, HTTP/2.0, RTSP and ICE, and looks neither into
``Host`` nor at transfer codings before the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mock_server.later import regex
from mock_server.named import NamedTuple

VERSIONS = frozenset(("1.0", "1.1"))
_FIRST_LINE = regex(rb"[\r\n]*[^\n]* HTTP/[0-9]\.[0-9][^\n]*\n")
# RFC 3986 §3.2.2 and §3.2.3, without the names of future versions of IP. A comma would be two hosts that somebody
# before us made one of (RFC 9110 §5.3).
_HOST = regex(rb"(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})*(?::[0-9]*)?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]*)?")
_ABSOLUTE = regex(rb"https?://([^/?#]+)([^#]*)", re.IGNORECASE)


class Faulty(NamedTuple):
    """Why a head is refused with 400."""

    detail: str


HOSTLESS = Faulty("a request needs exactly one Host (RFC 9112 §3.2)")
BAD_HOST = Faulty("Host is no host with or without a port (RFC 9112 §3.2)")
BAD_CODING = Faulty("chunked is the one transfer coding that is read (RFC 9112 §6.1)")
BAD_TARGET = Faulty("the request target has none of the forms of RFC 9112 §3.2, or not one for its method")
BAD_VERSION = Faulty("HTTP/1.1 and HTTP/1.0 are spoken here, nothing else (RFC 9112 §2.3)")


def begins_as_http(data: bytes) -> bool:
    """Whether the first line, as far as it is whole, ends in a version of HTTP (RFC 9112 §3).

    >>> begins_as_http(b"GET / HTTP/1.1\\r\\n"), begins_as_http(b"GET /\\r\\n"), begins_as_http(b"GET")
    (True, False, True)
    """
    return _FIRST_LINE.match(data) is not None or b"\n" not in data.lstrip(b"\r\n")


def faulty(version: str, headers: Iterable[tuple[bytes, bytes]]) -> Faulty | None:
    """What is wrong with a head, or None. Names are lower-case.

    >>> faulty("1.1", [(b"host", b"user@127.0.0.1")])
    Faulty(detail='Host is no host with or without a port (RFC 9112 §3.2)')
    """
    if version not in VERSIONS:
        return BAD_VERSION
    hosts, codings = 0, 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
            if _HOST.fullmatch(value) is None:
                return BAD_HOST
        elif name == b"transfer-encoding":
            # RFC 9112 §6.1: what is coded in a way that we cannot undo would be read as something else.
            codings += 1
            if value.strip(b" \t,").lower() != b"chunked":
                return BAD_CODING
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return HOSTLESS
    return BAD_CODING if codings > 1 else None


def origin_form(method: bytes, target: bytes) -> tuple[bytes, bytes | None] | None:
    """The path and query of a target in another form, and the authority that stands for ``Host``; None = refused.

    >>> origin_form(b"GET", b"http://example.com?x=1")
    (b'/?x=1', b'example.com')

    A server MUST take the host of an absolute target and overlook ``Host`` (RFC 9112 §3.2.2). A user before
    the host is an error (RFC 9110 §4.2.4).
    """
    if method == b"CONNECT" or b"#" in target or not target.isascii():
        return None  # RFC 9110 §9.3.6: for proxies; RFC 9112 §3.2: no fragment, no other bytes
    if target.startswith(b"/"):
        return target, None
    if target == b"*":
        return (target, None) if method == b"OPTIONS" else None  # RFC 9112 §3.2.4
    found = _ABSOLUTE.fullmatch(target)
    if found is None or _HOST.fullmatch(found[1]) is None or found[1].startswith(b":"):
        return None
    return found[2] if found[2].startswith(b"/") else b"/" + found[2], found[1]
