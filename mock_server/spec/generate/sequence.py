"""Bodies whose items have a schema of their own: 3.2's ``itemSchema`` (OAS 3.2 §4.14.3)."""

from __future__ import annotations

from typing import Any

from mock_server.errors import Broken
from mock_server.spec.direction import Direction
from mock_server.spec.document import Document
from mock_server.spec.generate.body import impossible, make_body
from mock_server.spec.media import MediaType
from mock_server.spec.schema import Schema

MAX_ITEMS = 8
"""So long a list is tried where ``schema`` asks for many items."""
_USUAL = (2, 1, 3)
_STEP = 1_000_003
"""From the seed of one item to that of the next."""


def make_sequence(document: Document, media: MediaType, seed: int, direction: Direction) -> list[Any]:
    """One to three items that keep ``itemSchema``, more where ``schema`` asks for them. Raises ``Broken`` (MS213).

    Where both stand the list keeps ``schema``, and each of its items ``itemSchema``.
    """
    assert media.item_schema is not None
    if media.schema is not None and (found := _of_schema(document, media.schema, media.item_schema, seed, direction)):
        return found
    items = _items(document, media.item_schema, seed, direction, MAX_ITEMS if media.schema else max(_USUAL))
    lengths = [_USUAL[seed % len(_USUAL)], *_USUAL, *range(4, MAX_ITEMS + 1)]
    for length in lengths:
        if length <= len(items) and (media.schema is None or media.schema.is_valid(items[:length])):
            return items[:length]
    if media.schema is None:
        return items[:1]
    raise Broken([impossible(document, media.schema.pointer)])


def _of_schema(document: Document, whole: Schema, each: Schema, seed: int, direction: Direction) -> list[Any] | None:
    """What ``schema`` alone leads to, when its items happen to keep ``itemSchema`` or can be put right one by one."""
    try:
        made = make_body(document, whole.pointer, seed, direction)
    except Broken:
        return None
    if not isinstance(made, list) or not made:
        return None
    mended = [
        item if each.is_valid(item) else make_body(document, each.pointer, seed + index * _STEP, direction)
        for index, item in enumerate(made)
    ]
    return mended if whole.is_valid(mended) else None


def _items(document: Document, each: Schema, seed: int, direction: Direction, count: int) -> list[Any]:
    """Items that differ where the schema lets them. The first must be found, the others need not."""
    found = [make_body(document, each.pointer, seed, direction)]
    for index in range(1, count):
        try:
            found.append(make_body(document, each.pointer, seed + index * _STEP, direction))
        except Broken:
            break
    return found
