"""The handshakes of one session in memory, as rows that Python's collector leaves alone.

It looks into a named tuple for as long as that lives, but only once into a tuple of nothing but texts and numbers:
with 10,000 live handshakes a look took 3 to 5 ms, and all connections waited meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from mock_server.handshake.machine import Handshake

_FIRST = 1
_Row = tuple[Any, ...]


class Rows:
    """Handshakes by id, in the order in which they began, each with the version it was saved as."""

    __slots__ = ("_rows", "_versions")

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._versions: dict[str, int] = {}
        """Of those that were saved more than once."""

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Handshake]:
        return map(Handshake._make, self._rows.values())

    def __reversed__(self) -> Iterator[Handshake]:
        return map(Handshake._make, reversed(self._rows.values()))

    def get(self, identity: str) -> Handshake | None:
        """The handshake, if there is one."""
        row = self._rows.get(identity)
        return Handshake._make(row) if row is not None else None

    def version(self, identity: str) -> int:
        """How often it was saved; 0 = there is none."""
        return self._versions.get(identity, _FIRST) if identity in self._rows else 0

    def put(self, handshake: Handshake, version: int) -> None:
        """New, or in the place of what it was."""
        identity = handshake.id
        self._rows[identity] = cast("_Row", handshake[:])
        if version != _FIRST:
            self._versions[identity] = version

    def drop(self, identities: Iterable[str]) -> None:
        """Forget these, of which all are there."""
        for identity in identities:
            del self._rows[identity]
            self._versions.pop(identity, None)
