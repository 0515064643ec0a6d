"""Integers that JSON has and JavaScript does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_SAFE_INTEGER = 2**53 - 1
"""The greatest integer that JavaScript's numbers hold exactly (ECMA-262 §21.1.2.6)."""


def unsafe_integers(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Where an integer stands that JavaScript would read as another one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from unsafe_integers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unsafe_integers(item, (*path, index))
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_SAFE_INTEGER:
        yield path, value


def unsafe_message(number: int) -> str:
    """What JavaScript does to it: 194785639383273121 becomes …120."""
    beyond = f"{number} is beyond 2^53-1, where JavaScript"
    try:
        rounded = int(float(number))
    except OverflowError:
        return f"{beyond} has no number but Infinity"
    near = (rounded, number + 1, number - 1)
    neighbour = next((each for each in near if each != number and float(each) == rounded), None)
    return f"{beyond} cannot tell {'it from ' + str(neighbour) if neighbour else 'integers apart'}"
