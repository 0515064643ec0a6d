"""JSON (RFC 8259), read strictly: UTF-8, no NaN, no name twice, integers of any size, bounded depth."""

from __future__ import annotations

import json
from typing import Any

import orjson

from mock_server.codec.charset import decoded, encoded, is_utf8
from mock_server.codec.unreadable import Unreadable
from mock_server.spec.media import MediaType

MAX_JSON_DEPTH = 64
"""Levels of arrays and objects, unless :func:`allow_depth` says otherwise."""
_EXACT = 2.0**63
_ROUNDED = -(1 << 40)
"""Less than any number of names can make up for."""
_allowed = [MAX_JSON_DEPTH]
_FLAT = frozenset((str, int, bool, type(None)))


def allow_depth(levels: int) -> None:
    """How deep JSON may be nested in this process from now on: what it costs is the process's stack."""
    _allowed[0] = levels


def read(data: bytes, media: MediaType, content_type: str) -> Any:
    """The value. Raises ``Unreadable``."""
    return read_json(data if is_utf8(content_type) else decoded(data, content_type).encode())


def write(value: Any, media: MediaType, content_type: str) -> bytes:
    return write_json(value) if is_utf8(content_type) else encoded(write_json(value).decode(), content_type)


def read_json(data: bytes) -> Any:
    """The value of strict JSON. Raises ``Unreadable`` with the rule ``json`` or ``depth``."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if "infinity" in error.msg:  # JSON it may be: an integer of any size is a number
            return _read_slowly(data)
        raise _unreadable(error, data) from None
    if type(value) is dict and _FLAT.issuperset(map(type, value.values())) and data.count(b":") == len(value):
        return value  # what the looks below would say, for the usual body
    if data.count(b"{") + data.count(b"[") > _allowed[0] and _is_deeper(value, _allowed[0]):
        raise _too_deep()
    # A colon inside a text makes the count too high, which only costs the slower look.
    return value if data.count(b":") == _names(value) else _read_slowly(data)


def _unreadable(error: orjson.JSONDecodeError, data: bytes) -> Unreadable:
    """What is wrong, and where: ``at line 3 column 5``, or the byte of a text on one line."""
    if "depth" in error.msg:
        return _too_deep()
    if "UTF-8" in error.msg and "BOM" not in error.msg:
        try:
            data.decode()
        except UnicodeDecodeError as mistake:
            message = f"not JSON: it is not UTF-8 from byte {mistake.start} on (RFC 8259 §8.1)"
            return Unreadable("json", "JSON in UTF-8", message)
    at = f"line {error.lineno} column {error.colno}" if error.lineno > 1 else f"byte {error.pos}"
    return Unreadable("json", "JSON", f"not JSON: {error.msg} at {at}")


def _too_deep() -> Unreadable:
    return Unreadable("depth", _allowed[0], f"nested deeper than {_allowed[0]}")


def _names(value: Any) -> int:
    """How many names all objects have together; -1 or less when a number is so big that orjson may have rounded it.

    Of an integer beyond 64 bits it makes a float, and 2**64 + 1 would be another number.
    """
    kind = type(value)
    if kind is dict:
        count = len(value)
        items = value.values()
    elif kind is list:
        count = 0
        items = value
    else:
        return _ROUNDED if kind is float and not -_EXACT < value < _EXACT else 0
    for item in items:
        kind = type(item)
        if kind is dict or kind is list:
            count += _names(item)
        elif kind is float and not -_EXACT < item < _EXACT:
            return _ROUNDED
    return count


def _read_slowly(data: bytes) -> Any:
    """By the standard library, which tells of every name and has integers of any size."""
    try:
        value = json.loads(data, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        what = "an integer has more than 4,300 digits" if "4300" in str(error) else str(error)
        raise Unreadable("json", "JSON", f"not JSON that can be read: {what}"[:200]) from None
    if isinstance(value, list | dict) and _is_deeper(value, _allowed[0]):
        raise _too_deep()
    return value


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:
        message = f"not JSON that can be read: {text[:40]} is beyond every number of 64 bits"
        raise Unreadable("json", "a number below 1.8e308", message)
    return value


def _no_constant(text: str) -> float:
    raise Unreadable("json", "JSON", f"not JSON: {text} is no number of JSON's")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259 §4: names SHOULD be unique, for which of two values counts is anybody's guess."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Unreadable("json", "JSON", f"the name {name[:100]!r} stands twice in one object")
    return found


def _is_deeper(value: Any, limit: int) -> bool:
    """Whether containers are nested deeper than ``limit``; level by level, without recursion."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def write_json(value: Any) -> bytes:
    """Compact JSON; integers past 64 bit, which orjson refuses, are written by the standard library."""
    try:
        return orjson.dumps(value, default=str)
    except TypeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode("utf-8", "replace")
