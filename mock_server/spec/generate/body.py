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
_shapes: WeakKeyDictionary[SchemaBook, Shapes] = WeakKeyDictionary()
"""What was merged once is kept as long as its document."""


def make_body(document: Document, pointer: Pointer, seed: int = 0, direction: Direction = "response") -> Any:
    """See :func:`mock_server.spec.generate.generate`."""
    schema = document.schema(pointer, direction)
    try:
        for value in islice(_candidates(document, pointer, seed, direction), MAX_TRIES):
            if schema.is_valid(value):
                return value
        # ``oneOf`` a date or a date-time: only who asserts formats can tell these branches apart.
        for value in islice(_candidates(document, pointer, seed, direction, formats=True), MAX_TRIES):
            if document.schemas.keeps_formats(pointer, direction, value):
                return value
    except RecursionError:  # schemas that lead into each other without an end
        pass
    raise Broken([impossible(document, pointer)])


def impossible(document: Document, pointer: Pointer) -> Problem:
    """That nothing was found for the schema (MS213)."""
    hint = "give the response an example, or a fixture"
    return document.loaded.problem("MS213", "no valid body could be made from this schema", pointer, hint)


def _candidates(
    document: Document, pointer: Pointer, seed: int, direction: Direction, *, formats: bool = False
) -> Iterator[Any]:
    shapes = _shapes.get(document.schemas)
    if shapes is None:
        shapes = _shapes[document.schemas] = Shapes()
    root = Item(document.at(pointer, pointer, "#")[0], pointer)
    place = Place("/".join(map(str, pointer)), "", "", 0, ())
    for is_strict in (True, False):
        maker = Maker(document, shapes, seed, HIDDEN[direction], is_strict=is_strict, formats=formats)
        yield from islice(maker.values((root,), place), MAX_TRIES // 2)
        if not maker.left_out_required:
            return
