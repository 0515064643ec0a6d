"""Writing YAML that people read, and that :func:`mock_server.source.load` reads back as the same value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mock_server.later import regex
from mock_server.source.tree import scalar

_PLAIN = regex(r"[A-Za-z_/][A-Za-z0-9_./ +-]*\Z")
_PLAIN_KEY = regex(r"[A-Za-z0-9_/][A-Za-z0-9_./-]*\Z")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\0": "\\0"}
MAX_LINE = 100
"""A list of single values that fits into so many characters stands on one line."""
MAX_SIMPLE_KEY = 1_000
"""A longer key needs the question mark (YAML 1.2.2 §7.4.2: a simple key has at most 1,024 characters)."""


def emit(value: Any, indent: int = 0) -> str:
    """The value as block YAML with a line feed at its end.

    >>> emit({"status": 200, "body": {"no": "no", "list": [1, "two"]}})
    'status: 200\\nbody:\\n  "no": "no"\\n  list: [1, two]\\n'

    Raises ``ValueError`` for what is no JSON value.
    """
    return "".join(f"{line}\n" for line in _lines(value, indent))


def _lines(value: Any, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, dict) and value:
        for key, item in value.items():
            name = key_text(str(key))
            if len(name) > MAX_SIMPLE_KEY:
                yield f"{pad}? {name}"
                name = ""
            yield from _entry(f"{pad}{name}:", item, indent + 2)
    elif isinstance(value, list) and value and not _fits(value, indent):
        for item in value:
            yield from _entry(f"{pad}-", item, indent + 2)
    else:
        yield pad + _one_line(value)


def _entry(start: str, item: Any, indent: int) -> Iterator[str]:
    """A key or a dash, and its value on the same line or below."""
    if isinstance(item, str) and (block := _block(item)):
        yield f"{start} {block[0]}"
        yield from (" " * indent + line if line else "" for line in block[1])
    elif (isinstance(item, dict) and item) or (isinstance(item, list) and item and not _fits(item, indent)):
        yield start
        yield from _lines(item, indent)
    else:
        yield f"{start} {_one_line(item)}"


def _fits(items: list[Any], indent: int) -> bool:
    if any(isinstance(item, dict | list) for item in items):
        return False
    return indent + sum(len(_one_line(item)) + 2 for item in items) <= MAX_LINE


def _one_line(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case str():
            return text(value)
        case {}:
            return "{}"
        case []:
            return "[]"
        case list():
            return "[" + ", ".join(map(_one_line, value)) + "]"
    raise ValueError(f"{value!r} is no JSON value")


def flow(value: Any) -> str:
    """The value on one line (YAML 1.2.2 §7.4).

    >>> flow({"query.page": 2, "body.plan": {"one_of": ["free", "no"]}})
    '{query.page: 2, body.plan: {one_of: [free, "no"]}}'
    """
    if isinstance(value, dict) and value:
        return "{" + ", ".join(f"{key_text(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(flow, value)) + "]" if isinstance(value, list) and value else _one_line(value)


def text(value: str) -> str:
    """A text as a scalar: plain where no reader could take it for anything else, else in double quotes."""
    if _PLAIN.match(value) and not value.endswith(" ") and scalar(value) == value and value.lower() not in _OLD_WORDS:
        return value
    return quoted(value)


_OLD_WORDS = frozenset(("yes", "no", "on", "off", "y", "n"))
"""Truth values of YAML 1.1: other readers of the file may still take them for such."""


def key_text(value: str) -> str:
    """A key: a number needs no quotes, for keys are texts."""
    return value if _PLAIN_KEY.match(value) and value.lower() not in _OLD_WORDS else quoted(value)


def quoted(value: str) -> str:
    """In double quotes, with everything escaped that does not print (YAML 1.2.2 §5.7)."""
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _block(value: str) -> tuple[str, list[str]] | None:
    """A literal block for a text of several lines (YAML 1.2.2 §8.1.2); None when quotes are safer."""
    if "\n" not in value.rstrip("\n") or value.endswith("\n\n"):
        return None
    lines = value.removesuffix("\n").split("\n")
    if lines[0] == "" or lines[0].startswith(" ") or not all(line.isprintable() for line in lines):
        return None
    if any(line != line.rstrip() for line in lines):
        return None
    return ("|" if value.endswith("\n") else "|-"), lines
