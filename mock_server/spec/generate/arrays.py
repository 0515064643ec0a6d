"""Arrays: as long as they must be, their items told apart where they have to differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.shape import Conjunction, Item, Shape, same

if TYPE_CHECKING:
    from mock_server.spec.generate.maker import Maker, Place

MAX_ITEMS = 1_000
_SALTS = 6
_NOTHING = object()


def arrays(maker: Maker, shape: Shape, place: Place) -> Iterator[list[Any]]:
    """Arrays of the shape: a short natural one, the shortest, then others of a few lengths."""
    lengths = _lengths(maker, shape, place)
    for length in lengths:
        for avoids, order in ((False, -1), (True, -1), (True, 1)) if shape.contains else ((False, 1),):
            made = _made(maker, shape, place, _contained(shape, length, order, avoids=avoids))
            if made is not None and len(made) >= shape.min_items:
                yield made


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
    texts: set[str] = set()
    for index in range(len(wanted)):
        parts = shape.item(index) + wanted[index]
        item = (
            _another(maker, parts, place, index, found, texts, _SALTS if index < shape.min_items else 1)
            if shape.unique
            else _first(maker, parts, place, index)
        )
        if item is _NOTHING:
            return found if index >= shape.min_items else None
        if index >= shape.min_items and not wanted[index] and any(same(item, other) for other in found):
            return found  # a second one that says the same as the first says nothing
        found.append(item)
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
        wanted = [parts or (extra if index >= prefix else ()) for index, parts in enumerate(wanted)]
    return wanted


def _first(maker: Maker, parts: Conjunction, place: Place, index: int) -> Any:
    return next(maker.values(parts, place.into(index, place.name, place.owner)), _NOTHING)


def _another(
    maker: Maker, parts: Conjunction, place: Place, index: int, found: list[Any], texts: set[str], salts: int
) -> Any:
    """An item that is not there yet: of the candidates of one draw, then of others, for one that must be there."""
    for salt in range(salts):
        step = f"{index}.{salt}" if salt else index
        inside = place.into(step, place.name, place.owner)
        for value in islice(maker.values(parts, inside), len(found) + 16):
            if isinstance(value, str):
                if value not in texts:
                    texts.add(value)
                    return value
            elif not any(same(value, other) for other in found):
                return value
    return _NOTHING
