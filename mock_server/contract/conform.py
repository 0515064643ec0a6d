"""How one answer departs from what the document says of it, by the judgement of the witness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mock_server.contract.model import Exchange, Promise
from mock_server.contract.run import Run
from mock_server.contract.walks import answers
from mock_server.contract.walks.scene import Judge, Scene
from mock_server.contract.walks.secrets import Genuine
from mock_server.contract.walks.timing import Pace
from mock_server.named import NamedTuple

Aspect = Literal["status", "media type", "body", "header"]
_JUDGES: tuple[tuple[Aspect, Judge], ...] = (
    ("status", answers.status),
    ("media type", answers.media_type),
    ("body", answers.json),
    ("body", answers.schema),
    ("header", answers.headers),
)


class Departure(NamedTuple):
    """One way; ``shape`` is the same for every answer that departs in the same way.

    ``Departure("status", "answers 409, which is not documented", "answers 409, …", Promise(…))``
    """

    aspect: Aspect
    text: str
    shape: str
    promise: Promise


def departures(run: Run, exchange: Exchange) -> Iterator[Departure]:
    """Nothing for an answer that keeps the document, or that the document says nothing about."""
    scene = Scene.of(run, exchange, Genuine(), Pace())
    for aspect, judge in _JUDGES:
        for seen in judge(scene):
            yield Departure(
                aspect, ": ".join(filter(None, (seen.title, seen.detail))), seen.shape or seen.title, seen.promise
            )
