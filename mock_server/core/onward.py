"""What changes in a request and its answer when they are passed on: paths, headers, cookies, links back.

A reverse proxy's part of RFC 9110 §7.6: hop-by-hop headers end here, ``Host`` is the upstream's, ``Via`` is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from mock_server.named import NamedTuple

Raw = tuple[tuple[bytes, bytes], ...]
HOP_BY_HOP = frozenset((
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    b"proxy-authorization", b"proxy-authenticate",
))  # fmt: skip
"""RFC 9110 §7.6.1; the credentials of a proxy are for the proxy (§11.7)."""
_ANEW = frozenset((b"host", b"content-length", b"accept-encoding", b"expect"))
"""Of a request: said anew. It is read whole before it is passed on, so nobody waits for a 100 any more."""
_KEPT_BACK = frozenset((b"date", b"alt-svc", b"strict-transport-security"))
"""Of an answer: ``Date`` is said by our server; the others would outlive the mock in a browser."""
_AS_IT_IS = "%!#$&'()*+,/:;=?@[]~\"<>\\^`{|}"
_DOMAIN = re.compile(rb"(?i);\s*domain=[^;]*")
_PATH = re.compile(rb"(?i)(;\s*path=)([^;]*)")


class Way(NamedTuple):
    """Between a path here and one there.

    ``Way("http://127.0.0.1:4010", "/api", "https://api.example.com", "/v2")`` takes ``/api/pets`` to ``/v2/pets``.
    """

    origin: str
    base: str
    upstream: str
    upstream_base: str

    def onward(self, raw_path: str) -> str:
        """The path there of a path here."""
        return self.upstream_base + (raw_path.removeprefix(self.base) if _is_below(raw_path, self.base) else raw_path)

    def back(self, location: str) -> str:
        """A ``Location`` of the upstream as one that leads here; one that leads elsewhere stays."""
        try:
            parts = urlsplit(location)
        except ValueError:
            return location
        own = f"{parts.scheme}://{parts.netloc}".lower()
        if parts.netloc and own != self.upstream:
            return location
        if not parts.path.startswith("/") or not _is_below(parts.path, self.upstream_base):
            return location
        rest = location[location.index(parts.path, len(own) if parts.netloc else 0) :]
        return f"{self.origin if parts.netloc else ''}{self.base}{rest[len(self.upstream_base) :]}"


def way(origin: str, base: str, first_base: str, upstream: str, upstream_base: str) -> Way:
    """Where a request under ``base`` goes: below the upstream's own path, else to the document's base path there.

    ``first_base`` is where the operation stands in its document when the request came without a base path.
    """
    return Way(origin, base, upstream, upstream_base or base or first_base)


def sendable(target: str) -> str:
    """A target as it came, and what a URL may not hold percent-encoded (RFC 3986 §2.1).

    >>> sendable("/a%2Fb/\xe9?x=[1]")
    '/a%2Fb/%E9?x=[1]'
    """
    return quote(target.encode("latin-1", "replace"), safe=_AS_IT_IS)


def _is_below(path: str, base: str) -> bool:
    return path == base or path.startswith(f"{base}/")


def base_of(raw_path: str, bases: Iterable[str]) -> str:
    """The longest of the document's base paths that a path lies under; ``""`` when there is none."""
    return max((base for base in bases if base and _is_below(raw_path, base)), key=len, default="")


def request_headers(raw: Iterable[tuple[bytes, bytes]], pseudonym: str) -> list[tuple[bytes, bytes]]:
    """Those of a request that go on. Our own (``Mock-Session``) do not; encoded bodies are not asked for."""
    left_out = HOP_BY_HOP | _ANEW | _nominated(raw)
    kept = [(name, value) for name, value in raw if name not in left_out and not name.startswith(b"mock-")]
    return [*kept, (b"accept-encoding", b"identity"), (b"via", f"1.1 {pseudonym}".encode())]


def answer_headers(raw: Raw, by: Way) -> list[tuple[bytes, bytes]]:
    """Those of an answer that go back, without its length and those of another mock."""
    left_out = HOP_BY_HOP | _KEPT_BACK | _nominated(raw) | {b"content-length"}
    found = []
    for name, value in raw:
        if name in left_out or name.startswith(b"mock-"):
            continue
        if name in (b"location", b"content-location"):
            value = by.back(value.decode("latin-1")).encode("latin-1")
        elif name == b"set-cookie":
            value = _cookie_back(value, by)
        found.append((name, value))
    return found


def _nominated(raw: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """What ``Connection`` names is for this connection alone."""
    named = [value for name, value in raw if name == b"connection"]
    return frozenset(each.strip().lower() for value in named for each in value.split(b","))


def _cookie_back(value: bytes, by: Way) -> bytes:
    """Without its domain, which is not ours (RFC 6265 §5.3), and for the path under which it was asked."""

    def path(found: re.Match[bytes]) -> bytes:
        there = found[2].strip().decode("latin-1")
        here = by.back(there) or "/"
        return found[1] + here.encode("latin-1")

    return _PATH.sub(path, _DOMAIN.sub(b"", value))


def has_come_round(raw: Iterable[tuple[bytes, bytes]], pseudonym: str) -> bool:
    """Whether a request has passed through this very mock before (RFC 9110 §7.6.3)."""
    name = pseudonym.encode()
    return any(header == b"via" and name in value for header, value in raw)
