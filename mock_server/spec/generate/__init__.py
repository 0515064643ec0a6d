"""A body for a schema that has no example. Pure: the same seed gives the same body, on every machine.

A schema and all it refers to is merged into a shape (``merge``), a value is built for it (``maker``,
``objects``, ``arrays``, ``texts``, ``numbers``), and the validator has the last word: nothing that
breaks its schema leaves this room. The room is entered when the first body is made, so that nobody
who starts a mock waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mock_server.errors import Problem
from mock_server.source import Pointer
from mock_server.spec.direction import Direction
from mock_server.spec.document import Document
from mock_server.spec.family import family
from mock_server.spec.media import MediaType


def generate(document: Document, pointer: Pointer, seed: int = 0, direction: Direction = "response") -> Any:
    """A value that keeps the schema at ``pointer``. Raises ``Broken`` (MS213) when none is found.

    In a response members that are ``writeOnly`` are left out, in a request those that are ``readOnly``.
    Seed 0 gives the plain body: everything optional, the schema's own examples first.
    """
    from mock_server.spec.generate.body import make_body

    return make_body(document, pointer, seed, direction)


def generate_content(document: Document, media: MediaType, seed: int = 0, direction: Direction = "response") -> Any:
    """A whole body of a media type that has a schema, an ``itemSchema`` or both. Raises ``Broken`` (MS213)."""
    if media.item_schema is not None and family(media.name) in ("sequence", "multipart"):
        from mock_server.spec.generate.sequence import make_sequence

        return make_sequence(document, media, seed, direction)
    assert media.schema is not None
    return generate(document, media.schema.pointer, seed, direction)


def is_described(media: MediaType) -> bool:
    """Whether there is a schema that a body can be made from."""
    return media.schema is not None or (
        media.item_schema is not None and family(media.name) in ("sequence", "multipart")
    )


def unsatisfiable(document: Document, pointers: Iterable[Pointer]) -> Iterator[Problem]:
    """The schemas below these that nobody can satisfy (MS245), each told once, the innermost of a nest.

    An error where no body can be made because of it, a warning where the body does without it.
    """
    from mock_server.spec.generate.contradict import contradictions

    return contradictions(document, pointers)
