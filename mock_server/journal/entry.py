"""Looking into one entry: its headers, its body, its query, and what it is of the request that a fixture would see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.core.body import take_body
from mock_server.core.plan import Plan
from mock_server.core.route import Found
from mock_server.fixture.facts import Facts
from mock_server.model import MISSING, Request

Told = Mapping[str, Any]
"""One entry as ``GET /__mock/journal`` shows it."""
Find = Callable[[str, str], tuple[Plan, dict[str, str], Mapping[str, str] | None] | None]
"""What answers a method and a path: its plan, and the values of the path, decoded and as they came."""


def nothing_found(method: str, path: str) -> None:
    """A :data:`Find` for entries of which no document is known."""


def header(entry: Told, name: str, side: str = "request") -> str | None:
    """The value of a header; ``name`` in lower case, ``side`` is ``request`` or ``answer``."""
    value: str | None = entry[side]["headers"].get(name)
    return value


def path_of(entry: Told) -> str:
    """``/api/oauth2``: without the query."""
    return str(entry["path"]).partition("?")[0]


def query_of(entry: Told) -> str:
    return str(entry["path"]).partition("?")[2]


def body_of(entry: Told, side: str = "request") -> Any:
    """The JSON of a body, ``MISSING`` when there is none."""
    text = entry[side]["body"]
    if not text:
        return MISSING
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except Unreadable:
        return MISSING


def line_of(entry: Told) -> str:
    """``POST /api/oauth2``."""
    return f"{entry['method']} {entry['path']}"


def facts_of(entry: Told, find: Find = nothing_found) -> Facts:
    """What matchers see of an entry: the request as its document types it, and ``response.…``. Secrets are masked."""
    headers = dict(entry["request"]["headers"])
    body = str(entry["request"]["body"]).encode("utf-8", "surrogatepass")
    path = path_of(entry)
    request = Request(entry["method"], unquote(path), query_of(entry), headers, body, "")
    roots: dict[str, Any] = {"body": body_of(entry), "path": {}}
    found = find(entry["method"], path) if entry["kind"] == "request" else None
    if found is not None:
        plan, values, encoded = found
        _, typed = plan.parameters.take(request, values, encoded)
        value, _ = take_body(plan, request)
        roots = {**typed, "body": value}
    roots["response"] = {
        "status": entry["status"],
        "header": entry["answer"]["headers"],
        "body": body_of(entry, "answer"),
    }
    return Facts(request, roots)


def finder(router: Any) -> Find:
    """A :data:`Find` for a world's ``router``."""

    def find(method: str, path: str) -> tuple[Plan, dict[str, str], Mapping[str, str] | None] | None:
        found = router.find(method, path)
        return (found.target.plan, found.values, found.encoded) if isinstance(found, Found) else None

    return find
