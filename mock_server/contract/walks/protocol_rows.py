"""What is done to a good request that HTTP says something about, as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from mock_server.contract.model import Headers, Level
from mock_server.named import NamedTuple

Outcome = Literal["same", "open", "404"]


class Row(NamedTuple):
    """``also`` are other statuses that are right. ``headers`` take the place of those of their names."""

    name: str
    outcome: Outcome
    headers: Headers = ()
    without: tuple[str, ...] = ()
    query: str = ""
    body: Callable[[bytes], bytes] | None = None
    also: tuple[int, ...] = ()
    level: Level | None = None
    is_warning: bool = False


def chunked(*sizes: int) -> Callable[[bytes], bytes]:
    """The body in chunks of these sizes, the rest in one (RFC 9112 §7.1)."""

    def write(body: bytes) -> bytes:
        parts = []
        for size in sizes:
            parts.append(body[:size])
            body = body[size:]
        chunks = [*filter(None, [*parts, body])]
        return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in chunks) + b"0\r\n\r\n"

    return write


_CHUNKED = (("Transfer-Encoding", "chunked"),)

ROWS: tuple[Row, ...] = (
    Row("without Accept", "same", without=("accept",)),
    Row("Accept: application/json", "same", (("Accept", "application/json"),)),
    Row("Accept: application/*", "same", (("Accept", "application/*"),)),
    Row("Accept of a browser", "same", (("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),)),
    Row("Accept with JSON second", "same", (("Accept", "image/webp, application/json;q=0.5"),)),
    Row("an Accept that cannot be met", "open", (("Accept", "image/x-contract"),)),
    Row("an Accept that is none", "open", (("Accept", ";;,/"),)),
    Row("Accept-Encoding of a browser", "open", (("Accept-Encoding", "gzip, deflate, br"),)),
    Row("an Accept-Encoding that cannot be met", "open", (("Accept-Encoding", "contract;q=1, *;q=0"),)),
    Row("an Accept-Language", "same", (("Accept-Language", "tlh, de;q=0.5"),)),
    Row("an Accept-Charset", "same", (("Accept-Charset", "utf-8"),)),
    Row("a User-Agent", "same", (("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),)),
    Row("a header that nobody knows", "same", (("X-Contract", "1"),), level="standard"),
    Row("a header that nobody knows with odd characters", "open", (("X-Contract", "a\"b'c<d>\xfc"),)),
    Row("a header of 5000 characters", "same", (("X-Contract", "x" * 5000),), level="assumed"),
    Row("60 more headers", "same", tuple((f"X-Contract-{n}", str(n)) for n in range(60)), level="assumed"),
    Row("a cookie", "same", (("Cookie", "contract=1; theme=dark"),), level="standard"),
    Row("a broken cookie", "open", (("Cookie", ";;=;a\"b"),)),
    Row("an Origin", "open", (("Origin", "https://contract.example"),)),
    Row("a Referer", "same", (("Referer", "https://contract.example/page"),)),
    Row("a Range", "open", (("Range", "bytes=0-1"),)),
    Row("an If-None-Match", "open", (("If-None-Match", '"contract"'),)),
    Row("an If-Modified-Since that is no date", "open", (("If-Modified-Since", "yesterday"),)),
    Row("X-HTTP-Method-Override", "same", (("X-HTTP-Method-Override", "DELETE"),), level="assumed"),
    Row("an unknown query", "same", query="contract=1&x=%00%ff", level="assumed"),
    Row("a query of 1500 characters", "same", query="contract=" + "x" * 1500, level="assumed"),
    Row("a query that is none", "open", query="&&==%zz&[]"),
    Row("Expect: 100-continue", "same", (("Expect", "100-continue"),), also=(417,), is_warning=True),
    Row("a body in one chunk", "same", _CHUNKED, body=chunked(), also=(411, 501), is_warning=True),
    Row("a body in several chunks", "same", _CHUNKED, body=chunked(1, 2, 3), also=(411, 501), is_warning=True),
    Row("Connection: close", "same", (("Connection", "close"),)),
    Row("X-Forwarded headers", "open", (("X-Forwarded-Host", "contract.example"), ("X-Forwarded-Proto", "gopher"))),
)  # fmt: skip

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "FOO", "TRACE")
"""CONNECT means something to proxies and is not sent, nor is TRACE but to our own mock and its like."""


class Path(NamedTuple):
    """A path near a documented one, where nothing is documented."""

    name: str
    change: Callable[[str], str]
    level: Level = "standard"


PATHS: tuple[Path, ...] = (
    Path("the path with a letter more", lambda path: f"{path}x"),
    Path("the path with a segment more", lambda path: f"{path}/contract-nothing"),
    Path("the path with a segment before", lambda path: f"/contract-nothing{path}"),
    Path("the path without its last letter", lambda path: path[:-1]),
    Path("the path with .json", lambda path: f"{path}.json", "assumed"),
    Path("the path with a slash more", lambda path: f"{path}/", "assumed"),
    Path("the path with two slashes first", lambda path: f"/{path}", "assumed"),
    Path("the path in capitals", lambda path: path.upper(), "assumed"),
    Path("a path that nobody has", lambda path: "/contract-nothing-here"),
)
