"""Arrays: as long as they must be, their items told apart where they have to differ."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from mock_server.source import Pointer
from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.shape import Conjunction, Item, Shape, same, token

if TYPE_CHECKING:
    from mock_server.spec.generate.maker import Maker, Place

MAX_ITEMS = 20_000
_SALTS = 6
_DIFFERENT = 200
"""So many items are made one by one."""
_VARIED = 4
_VARIATIONS = 64
Key = tuple[Pointer, ...]
_NOTHING = object()


def arrays(maker: Maker, shape: Shape, place: Place) -> Iterator[list[Any]]:
    """Arrays of the shape: a short natural one, the shortest, others of a few lengths, then some with other items."""
    shortest: list[Any] | None = None
    for length in _lengths(maker, shape, place):
        for avoids, order in ((False, -1), (True, -1), (True, 1)) if shape.contains else ((False, 1),):
            made = _made(maker, shape, place, _contained(shape, length, order, avoids=avoids))
            if made is not None and len(made) >= shape.min_items:
                yield made
                if not shortest or 0 < len(made) < len(shortest):
                    shortest = made
    if shortest:
        yield from _changed(maker, shape, place, shortest)


def _changed(maker: Maker, shape: Shape, place: Place, like: list[Any]) -> Iterator[list[Any]]:
    """The same array with other items, and one whose items are all the same."""
    most = MAX_ITEMS if shape.max_items is None else shape.max_items
    if not shape.unique and most > 1:
        yield [like[0]] * max(2, len(like))
    if shape.contains:
        return
    choices: list[list[Any]] = []
    for index, item in enumerate(like[:_VARIED]):
        others = islice(maker.values(shape.item(index), place.into(index, place.name, place.owner)), _VARIED)
        choices.append([item, *(each for each in others if not same(each, item))])
    for items in islice(product(*choices), 1, _VARIATIONS):
        yield [*items, *like[_VARIED:]]


def _lengths(maker: Maker, shape: Shape, place: Place) -> dict[int, None]:
    least = max([shape.min_items, *(each.least for each in shape.contains)])
    if least > MAX_ITEMS:
        return {}
    most = MAX_ITEMS if shape.max_items is None else shape.max_items
    draw = maker.draw(place)
    prefix = max((len(row.prefix) for row in shape.rows), default=0)
    natural = prefix or _natural(draw, least)
    if maker.generosity(shape, place) < 2:
        natural = least
    together = sum(each.least for each in shape.contains)
    wanted = dict.fromkeys((max(natural, least), least, least + 1, together, least + 2))
    return {length: None for length in wanted if shape.min_items <= length <= min(most, MAX_ITEMS)}


def _natural(draw: Draw, least: int) -> int:
    return max(least, draw.between(1, 2)) if draw.plain else least + draw.below(4)


def _made(maker: Maker, shape: Shape, place: Place, wanted: list[Conjunction]) -> list[Any] | None:
    """An array of as many items as ``wanted`` is long; each keeps what is wanted at its place too."""
    found: list[Any] = []
    distinct = _Distinct(maker, place)
    alike: dict[Key, list[Any]] = {}
    for index in range(len(wanted)):
        parts = shape.item(index) + wanted[index]
        is_needed = index < shape.min_items
        key = tuple(part.at for part in parts)
        before = alike.setdefault(key, [])
        if shape.unique:
            item = distinct.item(parts, key, index, _SALTS if is_needed else 1)
        elif len(before) >= _DIFFERENT:
            item = before[index % _DIFFERENT]  # what is long by demand repeats itself
        else:
            item = _first(maker, parts, place, index)
        if item is _NOTHING:
            return None if is_needed else found
        if not is_needed and not wanted[index] and any(same(item, other) for other in found):
            return found  # a second one that says the same as the first says nothing
        before.append(item)
        found.append(item)
        maker.room -= _weight(item)
        if maker.room < 0:
            return None
    return found


def _contained(shape: Shape, length: int, order: int, *, avoids: bool) -> list[Conjunction]:
    """What ``contains`` adds to the items, from the end on first, for the front may belong to ``prefixItems``."""
    wanted: list[Conjunction] = [()] * length
    for each in shape.contains:
        taken = 0
        for index in range(length)[::order]:
            if taken < each.least and (not wanted[index] or length <= each.least):
                wanted[index] += (each.item,)
                taken += 1
            elif avoids and each.most is not None:
                wanted[index] += (Item({"not": each.item.node}, (*each.item.at, "not")),)
    if shape.closed and not any(row.rest is not None for row in shape.rows):
        extra = tuple(item for item in shape.closed if item.at[-1] == "unevaluatedItems")
        prefix = max((len(row.prefix) for row in shape.rows), default=0)
        if any(item.node is False for item in extra) and shape.contains:
            extra = (shape.contains[0].item,)  # ``contains`` looks at items too: those beyond have to keep it
        wanted = [parts or (extra if index >= prefix else ()) for index, parts in enumerate(wanted)]
    return wanted


def _first(maker: Maker, parts: Conjunction, place: Place, index: int) -> Any:
    return next(maker.values(parts, place.into(index, place.name, place.owner)), _NOTHING)


def _weight(value: Any) -> int:
    """How much of the body's room a value takes."""
    if isinstance(value, dict | list):
        return 1 + sum(map(_weight, value.values() if isinstance(value, dict) else value))
    return 1 + len(value) // 64 if isinstance(value, str) else 1


class _Distinct:
    """Items that differ: each from a draw of its own while they are few, then one row of candidates for all."""

    def __init__(self, maker: Maker, place: Place) -> None:
        self.maker = maker
        self.place = place
        self.seen: set[Hashable] = set()
        self.rows: dict[Key, Iterator[Any]] = {}

    def item(self, parts: Conjunction, key: Key, index: int, salts: int) -> Any:
        if index < _DIFFERENT:
            fresh = self.maker.values(parts, self.place.into(index, self.place.name, self.place.owner))
            item = self._unseen(islice(fresh, index + 16))
            if item is not _NOTHING:
                return item
        for salt in range(1, salts):
            row = self.rows.get(key)
            if row is None:
                step = f"{index}.{salt}"
                row = self.maker.values(parts, self.place.into(step, self.place.name, self.place.owner))
            item = self._unseen(row)
            if item is not _NOTHING:
                self.rows[key] = row
                return item
            self.rows.pop(key, None)
        return _NOTHING

    def _unseen(self, values: Iterator[Any]) -> Any:
        for value in values:
            mark = token(value)
            if mark not in self.seen:
                self.seen.add(mark)
                return value
        return _NOTHING
