"""A session as it was at one moment: what ``snapshot`` keeps, ``restore`` puts back and ``fork`` begins with."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.shelf import Shelf
from mock_server.core.snapshot import NOT_METERED, Meter, Queued
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import Handshake
from mock_server.handshake.ticket import ID_CHARS, record_id
from mock_server.named import NamedTuple
from mock_server.state.clock import Clock

RESTORED = 1_000_000
"""What a restore adds to a record's version, so that it is none that anybody has looked at."""


class Image(NamedTuple):
    """All of a session but its journal and its grants. ``handshakes`` are in the order in which they began."""

    clock: Clock = Clock()
    scenario: str | None = None
    queue: tuple[Queued, ...] = ()
    faults: tuple[FaultRule, ...] | None = None
    tally: Mapping[str, Meter] = NOT_METERED
    turn: int = 0
    handshakes: tuple[Handshake, ...] = ()
    shelves: tuple[Shelf, ...] = ()


def renamed(image: Image, session: str) -> Image:
    """The same for a session of another name: an id tells its session, so ``ID`` becomes ``ID~session``."""
    return image._replace(handshakes=tuple(_moved(each, session) for each in image.handshakes))


def _moved(handshake: Handshake, session: str) -> Handshake:
    before, after = handshake.id, record_id(handshake.id[:ID_CHARS], session)

    def moved(text: str) -> str:
        return text.replace(f"{before}.", f"{after}.")

    return handshake._replace(
        id=after,
        session=session,
        auth_uri=moved(handshake.auth_uri),
        pull_id=moved(handshake.pull_id),
        state_ticket=moved(handshake.state_ticket),
    )
