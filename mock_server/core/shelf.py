"""What a session remembers between requests: shelves of JSON values under their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mock_server.named import NamedTuple

MAX_DEPTH = 64
"""Levels of a value that is remembered: what grows by each request must not grow for ever."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Shelf(NamedTuple):
    """One named shelf at one moment: ``Shelf("/things", 3, {"1": {"id": 1}}, 1)``.

    ``version`` counts its saves (0 = nothing was ever kept here), ``made`` is the last number that was
    given out as a key. ``items`` are in the order in which they came, and are never written to.
    """

    name: str
    version: int = 0
    items: Mapping[str, Any] = NOTHING
    made: int = 0


class ShelfChange(NamedTuple):
    """What to put on a shelf and what to take off it, over the ``version`` that was seen."""

    name: str
    version: int
    put: Mapping[str, Any]
    drop: tuple[str, ...]
    made: int


def change(
    shelf: Shelf, put: Mapping[str, Any] = NOTHING, drop: Iterable[str] = (), made: int | None = None
) -> ShelfChange:
    """A change of ``shelf``. What a shelf held before its first save (its seeds) is saved with it."""
    gone = tuple(drop)
    if shelf.version == 0:
        put = {key: value for key, value in {**shelf.items, **put}.items() if key not in gone}
        gone = ()
    return ShelfChange(shelf.name, shelf.version, put, gone, shelf.made if made is None else made)


def changed(shelf: Shelf, change: ShelfChange) -> Shelf:
    """The shelf after a change that was made from it."""
    items = {**shelf.items, **change.put}
    for key in change.drop:
        items.pop(key, None)
    return Shelf(shelf.name, shelf.version + 1, items, change.made)


def measured(value: Any, most: int) -> int | None:
    """How many values there are in ``value``; None = more than ``most``, or nested deeper than ``MAX_DEPTH``.

    Level by level, so that no nesting is too deep for it.
    """
    level, count = [value], 0
    for _ in range(MAX_DEPTH + 1):
        count += len(level)
        if not level or count > most:
            break
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return None if level or count > most else count
