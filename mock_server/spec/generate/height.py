"""How flat the flattest value of a schema is: what ends a recursion at the smallest valid depth."""

from __future__ import annotations

from mock_server.spec.document import Document
from mock_server.spec.generate.merge import Shapes
from mock_server.spec.generate.shape import Conjunction, Shape
from mock_server.spec.schema import has_match

MAX_HEIGHT = 48


def is_within(document: Document, shapes: Shapes, parts: Conjunction, height: int) -> bool:
    """Whether the parts have a value that is ``height`` deep at most; each answer is kept in ``shapes``.

    A near guess: branches are looked at one by one, without the schema around them.
    """
    return any(_within(document, shapes, parts, level) for level in range(min(height, MAX_HEIGHT) + 1))


def _within(document: Document, shapes: Shapes, parts: Conjunction, height: int) -> bool:
    parts = shapes.resolved(document, parts)
    key = tuple(part.at for part in parts)
    known = shapes.high.get(key)
    if known is not None and known <= height:
        return True
    if shapes.low.get(key, -1) >= height or (key, height) in shapes.active:
        return False  # a schema met again inside itself at the same height does not end there
    shapes.active.add((key, height))
    met = _is_met(document, shapes, shapes.of(document, parts), height)
    shapes.active.discard((key, height))
    if met:
        shapes.high[key] = height
    else:
        shapes.low[key] = height
    return met


def _is_met(document: Document, shapes: Shapes, shape: Shape, height: int) -> bool:
    if shape.never is not None:
        return False
    if shape.enum is not None:
        return bool(shape.enum)
    for choice in shape.choices:
        if choice.word in ("oneOf", "anyOf", "allOf"):
            singles = [option[:1] for option in choice.options]
            if not any(_within(document, shapes, option, height) for option in singles):
                return False
    kinds = shape.types or (shape.meant or "string",)
    if any(kind not in ("object", "array") for kind in kinds):
        return True
    return ("array" in kinds and _array(document, shapes, shape, height)) or (
        "object" in kinds and _object(document, shapes, shape, height)
    )


def _array(document: Document, shapes: Shapes, shape: Shape, height: int) -> bool:
    needed = [shape.item(index) for index in range(min(shape.min_items, 16))]
    needed += [(each.item,) for each in shape.contains if each.least]
    return not needed or (height > 0 and all(_within(document, shapes, each, height - 1) for each in needed))


def _object(document: Document, shapes: Shapes, shape: Shape, height: int) -> bool:
    needed = [shape.member(name, has_match) for name in shape.required]
    if len(shape.names_known) < shape.min_members > len(needed):
        needed.append(shape.member("alpha", has_match))
    return not needed or (height > 0 and all(_within(document, shapes, each, height - 1) for each in needed))
