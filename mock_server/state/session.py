"""One session in memory, its handshakes as the bytes of a JSON array each.

Python's collector looks into every live object that holds others, again and again: with 10,000 live handshakes a look
took 3 to 5 ms, and all connections waited meanwhile. Into bytes it never looks, and they take less room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

import orjson

from mock_server.core.snapshot import Meter, Queued
from mock_server.fixture.fault import FaultRule
from mock_server.handshake.machine import LIVE, Handshake, settle
from mock_server.named import NamedTuple
from mock_server.state.clock import Clock
from mock_server.state.image import RESTORED, moved
from mock_server.state.journal import Journal
from mock_server.state.shelves import Shelves
from mock_server.value import dataclass

_FIRST = 1
_NEVER = float("-inf")
_MAX_RECENT = 64


class Rows:
    """Handshakes by id, in the order in which they began, each with the version it was saved as."""

    __slots__ = ("_certain", "_recent", "_rows", "_versions")

    def __init__(self) -> None:
        self._rows: dict[str, bytes] = {}
        self._certain: dict[str, float] = {}
        """Until when each lives for certain, in Unix seconds of the session's clock: until then nobody has to look."""
        self._versions: dict[str, int] = {}
        """Of those that were saved more than once."""
        self._recent: dict[str, Handshake] = {}
        """Some that were read: who waits for a handshake asks for it again and again."""

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Handshake]:
        return map(_read, self._rows.values())

    def __reversed__(self) -> Iterator[Handshake]:
        return map(_read, reversed(self._rows.values()))

    def get(self, identity: str) -> Handshake | None:
        """The handshake, if there is one."""
        known = self._recent.get(identity)
        if known is None and (row := self._rows.get(identity)) is not None:
            if len(self._recent) >= _MAX_RECENT:
                self._recent.clear()
            known = self._recent[identity] = _read(row)
        return known

    def version(self, identity: str) -> int:
        """How often it was saved; 0 = there is none."""
        return self._versions.get(identity, _FIRST) if identity in self._rows else 0

    def put(self, handshake: Handshake, version: int) -> None:
        """New, or in the place of what it was."""
        identity = handshake.id
        self._rows[identity] = orjson.dumps(handshake[:])  # a named tuple it would not take
        self._certain[identity] = _certain(handshake)
        if version != _FIRST:
            self._versions[identity] = version
            self._recent.pop(identity, None)

    def copy(self) -> Rows:
        """What is copied is where each lies, for nobody changes a row."""
        made = Rows()
        made._rows, made._certain = dict(self._rows), dict(self._certain)
        return made

    def again(self, before: Rows) -> Rows:
        """These in place of those ``before``, each of a version that nobody has seen."""
        made = self.copy()
        made._versions = {identity: before.version(identity) + RESTORED for identity in self._rows}
        return made

    def moved(self, session: str) -> Rows:
        """The same in another session."""
        made = Rows()
        for each in self:
            made.put(moved(each, session), _FIRST)
        return made

    @property
    def bytes(self) -> int:
        return sum(map(len, self._rows.values()))

    def ended(self, now: float) -> list[str]:
        """The ids of those that do not live any more at ``now`` of the session's clock."""
        doubtful = [identity for identity, until in self._certain.items() if until <= now]
        return [each for each in doubtful if settle(_read(self._rows[each]), now).state not in LIVE]

    def drop(self, identities: Iterable[str]) -> None:
        """Forget these, of which all are there."""
        for identity in identities:
            del self._rows[identity], self._certain[identity]
            self._versions.pop(identity, None)
            self._recent.pop(identity, None)


def _read(row: bytes) -> Handshake:
    return Handshake._make(orjson.loads(row))


def _certain(handshake: Handshake) -> float:
    if handshake.state not in LIVE:
        return _NEVER
    due = handshake.decide_at
    return handshake.expires_at if due is None or due > handshake.expires_at else due


class Image(NamedTuple):
    """All of a session but its journal and its grants, which nobody changes: what is in it is shared with others."""

    clock: Clock
    scenario: str | None
    queue: tuple[Queued, ...]
    faults: tuple[FaultRule, ...] | None
    tally: Mapping[str, Meter]
    turn: int
    handshakes: Rows
    shelves: Shelves
    size: int
    """In bytes."""


@dataclass(slots=True)
class Session:
    """All that one has but its grants. Treated as the store's own: whoever is given one changes it in place."""

    clock: Clock = field(default_factory=Clock)
    scenario: str | None = None
    queue: tuple[Queued, ...] = ()
    faults: tuple[FaultRule, ...] | None = None
    tally: dict[str, Meter] = field(default_factory=dict)
    version: int = 0
    handshakes: Rows = field(default_factory=Rows)
    journal: Journal = field(default_factory=Journal)
    turn: int = 0
    used_at: float = 0.0
    """Unix seconds of the wall."""
    shelves: Shelves | None = None
    """What it remembers; made when something is."""
    snapshots: dict[str, Image] = field(default_factory=dict)
    born: int = 0
    """Which of all sessions that ever were it is: the one of the same name after a reset is another."""
    beat: int = 0
    """Counts the changes that neither ``version`` nor ``turn`` counts."""

    def image(self) -> Image:
        """As it is now."""
        handshakes, shelves = self.handshakes.copy(), self.shelves.copy() if self.shelves else Shelves()
        return Image(
            self.clock, self.scenario, self.queue, self.faults, dict(self.tally), self.turn, handshakes, shelves,
            handshakes.bytes + shelves.bytes,
        )  # fmt: skip

    def ended(self, wall: float) -> list[str]:
        """The ids of the handshakes that do not live any more."""
        return self.handshakes.ended(self.clock.now(wall))

    def live_count(self, wall: float) -> int:
        return len(self.handshakes) - len(self.ended(wall))
