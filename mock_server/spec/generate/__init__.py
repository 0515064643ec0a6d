"""A body for a schema that has no example. Pure: the same seed gives the same body, on every machine.

A schema and all it refers to is merged into a shape (``merge``), a value is built for it (``maker``,
``objects``, ``arrays``, ``texts``, ``numbers``), and the validator has the last word: nothing that
breaks its schema leaves this room.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from mock_server.errors import Broken
from mock_server.source import Pointer
from mock_server.spec.direction import HIDDEN, Direction
from mock_server.spec.document import Document
from mock_server.spec.generate.arrays import MAX_ITEMS
from mock_server.spec.generate.contradict import unsatisfiable
from mock_server.spec.generate.maker import Maker, Place
from mock_server.spec.generate.merge import Shapes
from mock_server.spec.generate.sample import MAX_TEXT
from mock_server.spec.generate.shape import Item
from mock_server.spec.schema import SchemaBook

__all__ = ["MAX_ITEMS", "MAX_TEXT", "Direction", "generate", "unsatisfiable"]

MAX_TRIES = 64
_shapes: WeakKeyDictionary[SchemaBook, Shapes] = WeakKeyDictionary()
"""What was merged once is kept as long as its document."""


def generate(document: Document, pointer: Pointer, seed: int = 0, direction: Direction = "response") -> Any:
    """A value that keeps the schema at ``pointer``. Raises ``Broken`` (MS213) when none is found.

    In a response members that are ``writeOnly`` are left out, in a request those that are ``readOnly``.
    Seed 0 gives the plain body: everything optional, the schema's own examples first.
    """
    schema = document.schema(pointer, direction)
    try:
        for value in islice(_candidates(document, pointer, seed, direction), MAX_TRIES):
            if schema.is_valid(value):
                return value
    except RecursionError:  # schemas that lead into each other without an end
        pass
    hint = "give the response an example, or a fixture"
    raise Broken([document.loaded.problem("MS213", "no valid body could be made from this schema", pointer, hint)])


def _candidates(document: Document, pointer: Pointer, seed: int, direction: Direction) -> Iterator[Any]:
    shapes = _shapes.get(document.schemas)
    if shapes is None:
        shapes = _shapes[document.schemas] = Shapes()
    root = Item(document.at(pointer, pointer, "#")[0], pointer)
    place = Place("/".join(map(str, pointer)), "", "", 0, ())
    for is_strict in (True, False):
        maker = Maker(document, shapes, seed, HIDDEN[direction], is_strict=is_strict)
        yield from islice(maker.values((root,), place), MAX_TRIES // 2)
        if not maker.left_out_required:
            return
