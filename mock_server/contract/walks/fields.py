"""The fields of a body, nested ones too, as the schema describes them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from mock_server.contract.walks.expect import Ground
from mock_server.errors import Broken
from mock_server.named import NamedTuple
from mock_server.spec.generate import generate
from mock_server.spec.shape import Shape

MAX_DEPTH = 3
MAX_FIELDS = 40
"""Of one body; further ones are not walked."""
ABSENT = object()


class Field(NamedTuple):
    """One field: ``Field(("address", "street"), shape)``; 0 is the first item of a list."""

    path: tuple[str | int, ...]
    shape: Shape
    parents: tuple[Shape, ...]
    """The shapes of what it stands in, outermost first, without the body itself."""

    @property
    def name(self) -> str:
        """``address.street``"""
        return ".".join(map(str, self.path))

    @property
    def place(self) -> str:
        """``body.address.street``, as violations say."""
        return f"body.{self.name}"


def fields(on: Ground) -> Iterator[Field]:
    """At most ``MAX_FIELDS``, the outer ones first."""
    media = on.request.media
    if media is None or media.shape is None:
        return
    count = 0
    level = [Field((), media.shape, ())]
    for _ in range(MAX_DEPTH):
        inner = [each for outer in level for each in _below(outer)]
        for each in inner:
            if count == MAX_FIELDS:
                return
            if can_be_put(on.request.body, each):
                count += 1
                yield each
        level = inner


def _below(outer: Field) -> Iterator[Field]:
    parents = (*outer.parents, outer.shape) if outer.path else ()
    for name, shape in outer.shape.properties.items():
        if shape.word("readOnly") is not True:
            yield Field((*outer.path, name), shape, parents)
    if outer.path and outer.shape.kinds & {"array"} and outer.shape.items.node is not True:
        yield Field((*outer.path, 0), outer.shape.items, parents)


def can_be_put(body: Any, field: Field) -> bool:
    """Whether all that the field stands in is there or can be made."""
    try:
        put_at(body, field, None)
    except (Broken, ValueError):
        return False
    return True


def put_at(body: Any, field: Field, value: Any) -> Any:
    """A copy of the body with a value in the field, or without the field (``ABSENT``).

    What it stands in is made where the body has none. Raises ``Broken`` or ``ValueError`` when it cannot be.
    """
    copied = deepcopy(body)
    node = copied
    for step, parent in zip(field.path[:-1], field.parents, strict=True):
        inner = _get(node, step)
        if not isinstance(inner, dict | list) or (isinstance(inner, list) and not inner):
            inner = generate(parent.document, parent.pointer, 0, "request")
            _set(node, step, inner)
        node = inner
    last = field.path[-1]
    if value is ABSENT:
        if isinstance(node, dict):
            node.pop(last, None)
        return copied
    _set(node, last, value)
    return copied


def current(body: Any, field: Field) -> Any:
    """The field's value, or ``ABSENT``."""
    for step in field.path:
        body = _get(body, step)
    return body


def _get(node: Any, step: str | int) -> Any:
    if isinstance(node, dict):
        return node.get(str(step), ABSENT)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return ABSENT


def _set(node: Any, step: str | int, value: Any) -> None:
    if isinstance(node, dict) and isinstance(step, str):
        node[step] = value
    elif isinstance(node, list) and isinstance(step, int):
        node[step : step + 1] = [value]
    else:
        raise ValueError(f"nothing to put {step!r} into")
