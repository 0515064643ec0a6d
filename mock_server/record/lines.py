"""Changing one place in a YAML text, so that its comments and its order stay as they are."""

from __future__ import annotations

import re
from typing import Any

from mock_server.errors import Broken
from mock_server.source import Loaded, Pointer, Source, load
from mock_server.source.emit import emit, key_text


class Unchangeable(ValueError):
    """The text is written in a way that cannot be changed line by line, such as ``{a: {b: 1}}``."""


def parsed(text: str) -> Loaded:
    """Raises ``Unchangeable`` when a change before has broken it."""
    try:
        return load(Source("fixture", text))
    except Broken as broken:
        raise Unchangeable(str(broken)) from None


def with_value(text: str, mapping: Pointer, key: str, value: Any) -> str:
    """The text with ``key`` of the mapping at that pointer set: in its place, else as the last of the mapping.

    >>> with_value("a: 1  # one\\n", (), "a", 2)
    'a: 2  # one\\n'
    """
    loaded = parsed(text)
    node = _at(loaded.data, mapping)
    lines = text.splitlines()
    if not isinstance(node, dict) or not node:
        raise Unchangeable("there is no mapping to change")
    if key not in node:
        last = (*mapping, list(node)[-1])
        first, end, indent = _extent(loaded, lines, last, node[last[-1]])
        return _joined([*lines[:end], *_entry(key, value, indent), *lines[end:]])
    first, end, indent = _extent(loaded, lines, (*mapping, key), node[key])
    if not isinstance(node[key], dict | list) and not isinstance(value, dict | list) and end == first + 1:
        changed = _same_line(loaded, lines[first], (*mapping, key), value)
        if changed is not None:
            return _joined([*lines[:first], changed, *lines[end:]])
    entry = _entry(key, value, indent)
    head = lines[first][:indent]  # "  - " of a list's item stands before its first key
    return _joined([*lines[:first], head + entry[0][indent:], *entry[1:], *lines[end:]])


def without(text: str, mapping: Pointer, key: str) -> str:
    """The text without a key that is not the mapping's only or first one."""
    loaded = parsed(text)
    node = _at(loaded.data, mapping)
    lines = text.splitlines()
    if not isinstance(node, dict) or key not in node or next(iter(node)) == key:
        raise Unchangeable("the first key of a mapping holds it together")
    first, end, _ = _extent(loaded, lines, (*mapping, key), node[key])
    return _joined([*lines[:first], *lines[end:]])


def with_item(text: str, items: Pointer, index: int, item: dict[str, Any]) -> str:
    """The text with one more mapping in the list at that pointer, before the item of that index or at its end."""
    loaded = parsed(text)
    node = _at(loaded.data, items)
    lines = text.splitlines()
    if not isinstance(node, list) or not node or not all(isinstance(each, dict) and each for each in node):
        raise Unchangeable("there is no list to change")
    before = min(index, len(node) - 1)
    spot = loaded.written((*items, before), "value")
    number = spot.line - 1
    dash = re.match(r" *- +", lines[number])
    if dash is None or len(dash[0]) != spot.column - 1:
        raise Unchangeable("the list is not written with one dash a line")
    if index >= len(node):
        last = (*items, before, list(node[before])[-1])
        number = _extent(loaded, lines, last, _at(loaded.data, last))[1]
    else:
        while number and re.match(r" *#", lines[number - 1]) and _indent(lines[number - 1]) >= _indent(lines[number]):
            number -= 1  # the comment above a rule belongs to it
    made = emit(item, len(dash[0])).splitlines()
    made[0] = dash[0] + made[0][len(dash[0]) :]
    return _joined([*lines[:number], *made, *lines[number:]])


def _entry(key: str, value: Any, indent: int) -> list[str]:
    if isinstance(value, dict) and value and _is_short(value):
        inner = ", ".join(f"{key_text(name)}: {emit(item).strip()}" for name, item in value.items())
        if indent + len(key) + len(inner) < 110:
            return [f"{' ' * indent}{key_text(key)}: {{{inner}}}"]
    return emit({key: value}, indent).splitlines()


def _is_short(value: dict[str, Any]) -> bool:
    """Single values without anything that has a meaning inside of braces."""
    for item in value.values():
        if isinstance(item, dict | list) or (isinstance(item, str) and "\n" in item):
            return False
    return len(value) <= 3


def _same_line(loaded: Loaded, line: str, pointer: Pointer, value: Any) -> str | None:
    """The value replaced, and the comment behind it kept."""
    column = loaded.written(pointer, "value").column - 1
    old = line[column:]
    if old[:1] in "|>&!*":
        return None
    quoted = re.match(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""", old)
    end = quoted.end() if quoted else len(re.split(r"\s+#", old, maxsplit=1)[0].rstrip())
    new = emit(value).strip()
    if "\n" in new:
        return None
    rest = old[end:]
    if rest.strip():  # keep the comment where it stood, if there is room
        rest = " " * max(2, len(old) - len(rest.lstrip()) - len(new)) + rest.lstrip()
    return line[:column] + new + rest.rstrip()


def _extent(loaded: Loaded, lines: list[str], pointer: Pointer, value: Any) -> tuple[int, int, int]:
    """First line, line after the last, and indentation of a key with its value. Lines count from 0."""
    spot = loaded.written(pointer, "key")
    first, indent = spot.line - 1, spot.column - 1
    if not re.fullmatch(r" *(- +)*", lines[first][:indent]):
        raise Unchangeable("the mapping is written on one line")
    end = first + 1
    for number in range(first + 1, len(lines)):
        line = lines[number]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        same_list = isinstance(value, list) and _indent(line) == indent and line.lstrip().startswith("- ")
        if _indent(line) <= indent and not same_list:
            break
        end = number + 1
    return first, end, indent


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _at(data: Any, pointer: Pointer) -> Any:
    for step in pointer:
        data = data[step]
    return data


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
