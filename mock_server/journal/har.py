"""A journal as an HTTP Archive 1.2, for a browser's or a viewer's network tab, and for ``contract --recorded``.

http://www.softwareishard.com/blog/har-12-spec/; what ``codec/har.py`` reads back.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from mock_server import __version__
from mock_server.codec.json_text import write_json
from mock_server.journal.entry import Told, body_of, header
from mock_server.journal.origin import url_of
from mock_server.mask import MASK
from mock_server.model import MISSING
from mock_server.phrase import phrase

_NOT_KNOWN = -1
"""What the format wants where nobody knows."""


def har(entries: Iterable[Told], origin: str) -> dict[str, Any]:
    """``{"log": {"version": "1.2", "creator": {…}, "entries": [{"request": {…}, "response": {…}, …}]}}``."""
    creator = {"name": "mock-server", "version": __version__}
    comment = "secrets are masked"
    listed = [_entry(each, origin) for each in entries]
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": listed, "comment": comment}}


def _entry(entry: Told, origin: str) -> dict[str, Any]:
    took_ms = entry["duration_ms"]
    error = entry.get("error")
    return {
        "startedDateTime": _moment(entry["at"]),
        "time": took_ms,
        "request": _request(entry, origin),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": took_ms, "receive": 0},
        "comment": error["message"] if error else f"{entry['id']} {entry['response']}".strip(),
    }


def _moment(at: float) -> str:
    """ISO 8601 with a zone. A clock that was set beyond the calendar's years stands at its edge."""
    edge = min(max(float(at), 0.0), 253402300799.0)
    return datetime.fromtimestamp(edge, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(entry: Told, origin: str) -> dict[str, Any]:
    body, url = _body(entry, "request", "body."), url_of(entry, origin)
    made: dict[str, Any] = {
        "method": entry["method"],
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(entry["request"]["headers"]),
        "queryString": _query(url),
        "headersSize": _NOT_KNOWN,
        "bodySize": _size(body),
    }
    if body["text"]:
        made["postData"] = {"mimeType": header(entry, "content-type") or "", **body}
    return made


def _response(entry: Told) -> dict[str, Any]:
    status, body = entry["status"] or 0, _body(entry, "answer", "response.body.")
    size = _size(body)
    return {
        "status": status,
        "statusText": phrase(status) or "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(entry["answer"]["headers"]),
        "content": {"size": size, "mimeType": header(entry, "content-type", "answer") or "", **body},
        "redirectURL": header(entry, "location", "answer") or "",
        "headersSize": _NOT_KNOWN,
        "bodySize": size,
    }


def _body(entry: Told, side: str, root: str) -> dict[str, str]:
    """``{"text": "{}"}``; bytes that are no text as ``{"text": "/w==", "encoding": "base64"}``.

    The format knows ``encoding`` of an answer alone. Of a request other tools write it too, and those that do not know
    it show the text as it stands.
    """
    raw: str | None = entry[side].get("base64")
    return {"text": _told_apart(entry, side, root)} if raw is None else {"text": raw, "encoding": "base64"}


def _size(body: dict[str, str]) -> int:
    text = body["text"]
    return len(b64decode(text)) if "encoding" in body else len(text.encode("utf-8", "surrogatepass"))


def _told_apart(entry: Told, side: str, root: str) -> str:
    """A body whose masked values bear their marks, ``***27b83918c745``: who reads it sees what was sent back to us."""
    text: str = entry[side]["body"]
    marks = {where: mark for where, mark in (entry.get("marks") or {}).items() if where.startswith(root)}
    value = body_of(entry, side) if marks else MISSING
    if value is MISSING:
        return text
    for where, mark in marks.items():
        *steps, last = where.removeprefix(root).split(".")
        node: Any = value
        for step in steps:
            node = _member(node, step)
        if isinstance(node, dict) and node.get(last) == MASK:
            node[last] = MASK + mark
    return write_json(value).decode()


def _member(node: Any, name: str) -> Any:
    if isinstance(node, list) and name.isdecimal() and int(name) < len(node):
        return node[int(name)]
    return node.get(name) if isinstance(node, dict) else None


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _query(url: str) -> list[dict[str, str]]:
    try:
        found = parse_qsl(url.partition("?")[2], keep_blank_values=True, max_num_fields=1_000)
    except ValueError:
        found = []
    return [{"name": name, "value": value} for name, value in found]
