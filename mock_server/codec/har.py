"""HTTP Archive 1.2: what a browser, a proxy or our own journal has recorded (``{"log": {"entries": [...]}}``).

http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.named import NamedTuple

Pairs = tuple[tuple[str, str], ...]
NO_LONGER_TRUE = frozenset(("content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"))
"""Headers of the wire: an archive holds bodies decoded and whole."""


class HarEntry(NamedTuple):
    """One request and its answer. ``answer`` None = the archive does not hold the body. ``seconds`` < 0 = not known.

    ``HarEntry("POST", "https://x.example/api/oauth2", (("content-type", "application/json"),), b"{}", 200, (), b"{}",
    0.12)``
    """

    method: str
    url: str
    headers: Pairs
    body: bytes
    status: int
    answer_headers: Pairs
    answer: bytes | None
    seconds: float
    began_at: float = 0.0
    """Unix seconds; 0 = not known."""

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def target(self) -> str:
        """What stood in the request line: ``/api/oauth2?x=1``."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def read_har(data: bytes) -> list[HarEntry]:
    """Every entry that has an answer. Raises ``ValueError`` saying where the archive is none."""
    try:
        archive = read_json(data.removeprefix(b"\xef\xbb\xbf"))
    except Unreadable as error:
        raise ValueError(f"it is no JSON: {error}") from None
    entries = archive.get("log", {}).get("entries") if _has(archive, "log", dict) else None
    if not isinstance(entries, list):
        raise ValueError("it has no list at /log/entries")
    return list(_entries(entries))


def _has(value: Any, key: str, kind: type) -> bool:
    return isinstance(value, dict) and isinstance(value.get(key), kind)


def _entries(entries: list[Any]) -> Iterator[HarEntry]:
    for number, entry in enumerate(entries):
        if not _has(entry, "request", dict) or not _has(entry, "response", dict):
            raise ValueError(f"/log/entries/{number} has no request and response")
        request, response = entry["request"], entry["response"]
        method, url, status = request.get("method"), request.get("url"), response.get("status")
        if not isinstance(method, str) or not isinstance(url, str) or not _is_number(status):
            raise ValueError(f"/log/entries/{number} has no method, url and status")
        try:
            urlsplit(url).port  # noqa: B018  (an impossible one raises)
        except ValueError:
            raise ValueError(f"/log/entries/{number}/request/url is no URL") from None
        if not 100 <= status <= 599:
            continue  # 0: cut off, or blocked by the browser
        time_ms = entry.get("time")
        yield HarEntry(
            method.upper(),
            url,
            _headers(request, frozenset(("content-length", "transfer-encoding"))),
            _sent(request.get("postData")),
            int(status),
            _headers(response, NO_LONGER_TRUE),
            _answered(response.get("content")),
            time_ms / 1000 if _is_number(time_ms) else -1.0,
            _hour(entry.get("startedDateTime")),
        )


def _hour(text: Any) -> float:
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else 0.0
    except (ValueError, OverflowError):
        return 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _headers(message: dict[str, Any], left_out: frozenset[str]) -> Pairs:
    """Without HTTP/2's pseudo headers (``:authority``)."""
    listed = message.get("headers")
    found = []
    for each in listed if isinstance(listed, list) else ():
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str) or name[:1] in ("", ":"):
            continue
        if name.lower() not in left_out:
            found.append((name, value))
    return tuple(found)


def _sent(data: Any) -> bytes:
    if not isinstance(data, dict):
        return b""
    if isinstance(data.get("text"), str):
        return _bytes(data["text"], data.get("encoding"))
    fields = [each for each in data.get("params") or () if isinstance(each, dict)]
    return urlencode([(str(each.get("name", "")), str(each.get("value", ""))) for each in fields]).encode()


def _answered(content: Any) -> bytes | None:
    if not isinstance(content, dict):
        return None
    if isinstance(content.get("text"), str):
        return _bytes(content["text"], content.get("encoding"))
    return b"" if content.get("size") in (0, None) else None


def _bytes(text: str, encoding: Any) -> bytes:
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            pass
    return text.encode("utf-8", "surrogatepass")
