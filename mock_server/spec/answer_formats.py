"""Formats of one clear meaning, in answers (OAS 3.1 §4.4, JSON Schema 2020-12 Validation §7.3)."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from mock_server.source import Pointer
from mock_server.spec.document import Document

MAX_DEPTH = 24


def _date_time(text: str) -> bool:
    """RFC 3339 §5.6; a leap second is taken."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text)
    return found is not None and _date(found[1]) and int(found[2]) < 24 and int(found[3]) < 60 and int(found[4]) < 61


def _date(text: str) -> bool:
    try:
        return bool(datetime.date.fromisoformat(text)) and re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None
    except ValueError:
        return False


def _uuid(text: str) -> bool:
    try:
        return len(text) == 36 and bool(str(UUID(text)))
    except ValueError:
        return False


def _ip(version: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        try:
            return bool(str(version(text)))
        except ValueError:
            return False

    return test


TEXTS: Mapping[str, Callable[[str], bool]] = {
    "date-time": _date_time,
    "date": _date,
    "uuid": _uuid,
    "ipv4": _ip(ipaddress.IPv4Address),
    "ipv6": _ip(ipaddress.IPv6Address),
    "uri": lambda text: re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]*", text) is not None,
    "email": lambda text: re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None,
}
WHOLE: Mapping[str, int] = {"int32": 31, "int64": 63}
"""Bits beside the sign."""


def wrong_formats(document: Document, at: Pointer, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """``("createdAt", "date-time")`` for each value not of its format; ``oneOf`` and ``anyOf`` are not followed."""
    if depth > MAX_DEPTH:
        return
    node, here = document.follow(document.at(at, at, "#")[0], at)
    if not isinstance(node, dict):
        return
    name, kind = str(at[-1]), str(node.get("format"))
    if isinstance(value, str) and kind in TEXTS and not TEXTS[kind](value):
        yield name, kind
    if isinstance(value, int) and kind in WHOLE and not -(1 << WHOLE[kind]) <= value < 1 << WHOLE[kind]:
        yield name, kind
    if isinstance(value, dict) and isinstance(node.get("properties"), dict):
        for key in node["properties"].keys() & value.keys():
            yield from wrong_formats(document, (*here, "properties", key), value[key], depth + 1)
    if isinstance(value, list) and isinstance(node.get("items"), dict):
        for item in value[:100]:
            yield from wrong_formats(document, (*here, "items"), item, depth + 1)
    for index, _ in enumerate(node.get("allOf") or ()):
        yield from wrong_formats(document, (*here, "allOf", index), value, depth + 1)
