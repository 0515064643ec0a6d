"""Making a body: candidates, and the validator's last word on them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from mock_server.errors import Broken, Problem
from mock_server.source import Pointer
from mock_server.spec.direction import HIDDEN, Direction
from mock_server.spec.document import Document
from mock_server.spec.generate.maker import Maker, Place
from mock_server.spec.generate.merge import Shapes
from mock_server.spec.generate.shape import Item
from mock_server.spec.schema import SchemaBook

MAX_TRIES = 64
_MORE_TRIES = 12
"""Further bodies that are looked at for one that keeps every format too, when the first did not."""
_shapes: WeakKeyDictionary[SchemaBook, Shapes] = WeakKeyDictionary()
"""What was merged once is kept as long as its document."""


def make_body(document: Document, pointer: Pointer, seed: int = 0, direction: Direction = "response") -> Any:
    """See :func:`mock_server.spec.generate.generate`."""
    try:
        for value in _valid(document, pointer, seed, direction):
            return value
    except RecursionError:  # schemas that lead into each other without an end
        pass
    raise Broken([impossible(document, pointer)])


def impossible(document: Document, pointer: Pointer) -> Problem:
    """That nothing was found for the schema (MS213)."""
    hint = "give the response an example, or a fixture"
    return document.loaded.problem("MS213", "no valid body could be made from this schema", pointer, hint)


def _valid(document: Document, pointer: Pointer, seed: int, direction: Direction) -> Iterator[Any]:
    """Bodies that the validator takes; first one that keeps every format too, where it is soon found."""
    schema = document.schema(pointer, direction)
    loose: list[Any] = []
    left = MAX_TRIES
    for maker, value in islice(_candidates(document, pointer, seed, direction), MAX_TRIES):
        if schema.is_valid(value):
            if not maker.broke_format or document.schemas.keeps_formats(pointer, direction, value):
                yield value
            loose.append(value)
            left = min(left, _MORE_TRIES)
        left -= 1
        if left < 0:
            break
    # ``oneOf`` a date or a date-time: only who asserts formats can tell these branches apart.
    tries = _MORE_TRIES if loose else MAX_TRIES
    for _, value in islice(_candidates(document, pointer, seed, direction, formats=True), tries):
        if document.schemas.keeps_formats(pointer, direction, value) and (not loose or schema.is_valid(value)):
            yield value
    yield from loose


def _candidates(
    document: Document, pointer: Pointer, seed: int, direction: Direction, *, formats: bool = False
) -> Iterator[tuple[Maker, Any]]:
    shapes = _shapes.get(document.schemas)
    if shapes is None:
        shapes = _shapes[document.schemas] = Shapes()
    root = Item(document.at(pointer, pointer, "#")[0], pointer)
    place = Place("/".join(map(str, pointer)), "", "", 0, ())
    for is_strict in (True, False):
        maker = Maker(document, shapes, seed, HIDDEN[direction], is_strict=is_strict, formats=formats)
        for value in islice(maker.values((root,), place), MAX_TRIES // 2):
            yield maker, value
        if not maker.left_out_required:
            return
