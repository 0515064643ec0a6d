"""How sessions were when the store was last asked: what a request can be answered from before it is asked again."""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.core.shelf import NOTHING
from mock_server.core.snapshot import Snapshot
from mock_server.named import NamedTuple
from mock_server.state import codec
from mock_server.state.batch import together
from mock_server.state.clock import Clock

MAX_SESSIONS = 1_000
"""Remembered at once; whoever comes back is looked at once more."""


class Remembered(NamedTuple):
    """A session's head."""

    clock: Clock
    seen: Snapshot
    """All but the hour."""

    def at(self, wall: float) -> Snapshot:
        """As it is now, if nobody changed it."""
        return Snapshot(self.seen.session, self.clock.now(wall), *self.seen[2:])


def remembered(clock: Clock, seen: Snapshot, held: bytes) -> Remembered:
    """Of a session that was looked at, what does not belong to one request alone."""
    kept = seen._replace(now=0.0, handshake=None, handshake_version=0, turn=0, shelves=NOTHING, held=held)
    return Remembered(clock, kept)


class LastSeen:
    """Heads by session. What has not changed is not read again."""

    def __init__(self) -> None:
        self._known: dict[str, Remembered] = {}

    def get(self, session: str) -> Remembered | None:
        return self._known.get(session)

    def keep(self, session: str, known: Remembered) -> None:
        if len(self._known) >= MAX_SESSIONS:
            self._known.clear()
        self._known[session] = known

    def take(self, session: str, fields: Sequence[bytes | None]) -> Remembered:
        """What was just looked at: ``fields`` as Redis has them, those of ``scripts.HELD``. Raises ``Unusable``."""
        known = self._known.get(session)
        held = together(len(fields), *(each or b"" for each in fields)).data
        if known is not None and known.seen.held == held:
            return known
        clock, scenario, queue, faults, tally, version = fields
        known = Remembered(
            codec.read_clock(clock),
            Snapshot(
                session, 0.0, codec.read_text(scenario), codec.read_queue(queue), int(version or 0),
                faults=codec.read_faults(faults), tally=codec.read_tally(tally), held=held,
            ),
        )  # fmt: skip
        if version is not None:  # there is such a session
            self.keep(session, known)
        return known

    def forget(self, session: str) -> None:
        self._known.pop(session, None)
