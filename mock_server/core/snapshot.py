"""What the core needs to know of a session, and what it wants kept."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.shelf import NOTHING, Shelf, ShelfChange
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import Handshake
from mock_server.model import Answer, Effect, Provenance, Reason, Send
from mock_server.named import NamedTuple
from mock_server.value import dataclass

ALWAYS = 0
"""So many times an answer that stays until it is taken back."""


class Queued(NamedTuple):
    """A next answer: ``operation`` gives ``response`` for so many ``times``, or ``ALWAYS``."""

    operation: str
    response: str
    times: int


def queued_up(queue: tuple[Queued, ...], queued: Queued) -> tuple[Queued, ...]:
    """The queue with another one at its end. Of one operation only the last can be what it always answers."""
    if queued.times == ALWAYS:
        queue = tuple(each for each in queue if each.times != ALWAYS or each.operation != queued.operation)
    return (*queue, queued)


class Meter(NamedTuple):
    """Something that is counted, and when it was last: requests that a fault rule saw, a rate limit's level."""

    value: float
    at: float


NOT_METERED: Mapping[str, Meter] = {}


class Snapshot(NamedTuple):
    """One session at one moment; ``now`` is Unix seconds of its clock.

    ``version`` counts the changes of queue, faults and tally, ``handshake_version`` the saves of the handshake
    (0 = there is none): a store accepts a change only over the versions it was made from.
    """

    session: str
    now: float
    scenario: str | None = None
    queue: tuple[Queued, ...] = ()
    version: int = 0
    handshake: Handshake | None = None
    handshake_version: int = 0
    turn: int = 0
    """How many entries the session's journal was given: what bodies that differ each time are made from."""
    shelves: Mapping[str, Shelf] = NOTHING
    """What the session remembers, of the shelves that were asked for."""
    faults: tuple[FaultRule, ...] | None = None
    """What the control API has set to go wrong; None = nothing was ever set, so the network of the start holds."""
    tally: Mapping[str, Meter] = NOT_METERED
    held: bytes = b""
    """What the store remembers it by; empty = it was looked at for this very request. One that is remembered has no
    handshake, no shelves and no ``turn``, and nothing counts that came of it before ``save`` said yes."""


class Changes(NamedTuple):
    """What to keep. The store takes all of it or, when another was faster, nothing."""

    handshake: Handshake | None = None
    """New, or the snapshot's own as it is now."""
    queue: tuple[Queued, ...] | None = None
    """The queue after an answer was taken from it; None = unchanged."""
    shelves: tuple[ShelfChange, ...] = ()
    tally: Mapping[str, Meter] = NOT_METERED
    """What was counted, to be laid over the snapshot's."""

    def __bool__(self) -> bool:
        return self.handshake is not None or self.queue is not None or bool(self.shelves or self.tally)


NO_CHANGES = Changes()


@dataclass(slots=True)
class Outcome:
    """Everything that follows from one request."""

    answer: Answer
    changes: Changes
    effects: tuple[Effect, ...]
    operation: str
    response: str
    source: Provenance
    reasons: tuple[Reason, ...]
    handshake_id: str | None = None
    calls: tuple[Send, ...] = ()
    """What is sent to others after the answer."""
    fault: str = ""
    """What was broken on purpose."""
    handshake_state: str | None = None
    """Of the handshake, after the answer."""
