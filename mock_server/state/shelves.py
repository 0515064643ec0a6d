"""The shelves of one session in memory, bounded in number and in bytes."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.codec.json_text import write_json
from mock_server.core.shelf import Shelf, ShelfChange, changed
from mock_server.state.image import RESTORED
from mock_server.state.store import MAX_REMEMBERED, MAX_REMEMBERED_BYTES, ShelvesFull

_COST = 100
"""Bytes that a key and its value take besides their texts, roughly."""


class Shelves:
    """Every shelf that was ever written, and how large it is."""

    __slots__ = ("_shelves", "_sizes", "bytes", "count")

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._sizes: dict[str, dict[str, int]] = {}
        self.bytes = 0
        self.count = 0
        """Values, and shelves: an empty one takes room too."""

    def get(self, name: str) -> Shelf:
        """The shelf as it is; one that nobody has written to is empty, at version 0."""
        return self._shelves.get(name) or Shelf(name)

    def copy(self) -> Shelves:
        """The values are shared, for nobody changes one."""
        made = Shelves()
        made.bytes, made.count = self.bytes, self.count
        made._shelves = dict(self._shelves)
        made._sizes = {name: dict(sizes) for name, sizes in self._sizes.items()}
        return made

    def again(self, before: Shelves | None) -> Shelves:
        """These shelves in place of those before; every version is one that nobody has seen."""
        made = self.copy()
        for name, each in self._shelves.items():
            seen = before.get(name).version if before else 0
            made._shelves[name] = each._replace(version=max(seen, each.version) + RESTORED)
        return made

    def are_as_seen(self, changes: tuple[ShelfChange, ...]) -> bool:
        """Whether nobody has changed these shelves in the meantime."""
        return all(self.get(each.name).version == each.version for each in changes)

    def growth(self, changes: tuple[ShelfChange, ...]) -> int:
        """How many bytes more there would be. Raises ``ShelvesFull`` when that, or their number, is too much."""
        bytes_more = count_more = 0
        for each in changes:
            sizes = self._sizes.get(each.name)
            count_more += sizes is None
            bytes_more += 0 if sizes is not None else len(each.name) + _COST
            for key, value in each.put.items():
                before = (sizes or {}).get(key)
                count_more += before is None
                bytes_more += _size(key, value) - (before or 0)
            for key in each.drop:
                before = (sizes or {}).get(key)
                count_more -= before is not None
                bytes_more -= before or 0
        more = bytes_more > 0 or count_more > 0
        if more and (self.count + count_more > MAX_REMEMBERED or self.bytes + bytes_more > MAX_REMEMBERED_BYTES):
            raise ShelvesFull
        return bytes_more

    def keep(self, changes: tuple[ShelfChange, ...]) -> int:
        """Take the changes; how many bytes more there are now."""
        before = self.bytes
        for each in changes:
            if each.name not in self._shelves:
                self._sizes[each.name] = {}
                self.bytes += len(each.name) + _COST
                self.count += 1
            sizes = self._sizes[each.name]
            self._shelves[each.name] = changed(self.get(each.name), each)
            for key, value in each.put.items():
                size = _size(key, value)
                self.count += key not in sizes
                self.bytes += size - sizes.get(key, 0)
                sizes[key] = size
            for key in each.drop:
                self.count -= key in sizes
                self.bytes -= sizes.pop(key, 0)
        return self.bytes - before


def weighed(shelf: Shelf, change: ShelfChange) -> tuple[int, int]:
    """How many bytes and how many values more there are after a change of ``shelf``; a new shelf counts too."""
    room = Shelves()
    before = (0, 0)
    if shelf.version:
        room.keep((ShelfChange(shelf.name, 0, {key: shelf.items[key] for key in _touched(shelf, change)}, (), 0),))
        before = (room.bytes, room.count)
    room.keep((change,))
    return room.bytes - before[0], room.count - before[1]


def weight(name: str, items: Mapping[str, str]) -> int:
    """How many bytes a shelf counts for, whose values are JSON texts."""
    return len(name) + _COST + sum(len(key) + len(text.encode()) + _COST for key, text in items.items())


def _touched(shelf: Shelf, change: ShelfChange) -> list[str]:
    return [key for key in dict.fromkeys((*change.put, *change.drop)) if key in shelf.items]


def _size(key: str, value: object) -> int:
    return len(key) + len(write_json(value)) + _COST
