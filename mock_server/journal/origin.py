"""Where a journalled request went, and what of it is worth sending again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mock_server.journal.entry import Told, header
from mock_server.later import regex
from mock_server.mask import MASK

_NAME = regex(r"([A-Za-z][\w.-]{0,60})(?:\"|%22)?\s*(?:[:=]|%3D)\s*\"?(?:[A-Za-z]+ )?\Z")
_OF_THE_WIRE = frozenset((
    "host", "content-length", "accept-encoding", "connection", "keep-alive", "transfer-encoding", "user-agent",
    "expect",
))  # fmt: skip
_HOST = regex(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")


def url_of(entry: Told, origin: str) -> str:
    """The whole URL: that of an outgoing call, else below the Host that the client named, or ``origin`` without one."""
    target = str(entry["path"])
    if entry["kind"] == "outgoing":
        return target
    host = header(entry, "host") or ""
    scheme = origin.partition("://")[0]
    return f"{scheme}://{host}{target}" if _HOST.match(host) else origin + target


def headers_of(entry: Told) -> Iterator[tuple[str, str]]:
    """The request's headers without those that whoever sends it again makes himself."""
    for name, value in entry["request"]["headers"].items():
        if name not in _OF_THE_WIRE and (name, value) != ("accept", "*/*"):
            yield name, value


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """A masked text as what stands there and the name of the secret behind it; the last name is empty.

    >>> list(pieces('{"pull_id":"***"}'))
    [('{"pull_id":"', 'pull_id'), ('"}', '')]
    """
    *before, last = text.split(MASK)
    for each in before:
        found = _NAME.search(each)
        name = found[1].lower() if found else "secret"
        yield each, {"authorization": "token"}.get(name, re.sub(r"\W", "_", name))
    yield last, ""
