"""What many requests want of Redis in the same moment: one command for each session, whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from mock_server.state import codec, scripts
from mock_server.state.batch import Asked, Packed, packed_item
from mock_server.state.journal import cost_of
from mock_server.state.remembered import LastSeen
from mock_server.state.scripts import Script, score
from mock_server.state.soon import Keep, Write, tell
from mock_server.state.written import write_entry

MAX_GROUP = 256
"""In one command: what a script unpacks must fit on Lua's stack, and Redis answers nobody else while it runs."""


class MakeCommand(Protocol):
    """Makes the command that runs a script on the keys of a session."""

    def __call__(self, script: Script, session: str, *arguments: Any) -> Packed: ...


class Gathered:
    """``term_s``, ``room`` (for a session's handshakes) and ``bounds`` (of its journal) are arguments of the scripts;
    ``note`` is told that a session is in use."""

    def __init__(
        self,
        command: MakeCommand,
        last_seen: LastSeen,
        note: Callable[[str], None],
        term_s: int,
        room: int,
        bounds: Packed,
    ) -> None:
        self._command = command
        self._last_seen = last_seen
        self._note = note
        self._term_s, self._room, self._bounds = term_s, room, bounds
        self._keeps: dict[tuple[str, bytes], list[Keep]] = {}
        self._writes: dict[str, list[Write]] = {}

    def keep(self, keep: Keep) -> None:
        group = self._keeps.get(key := (keep.seen.session, keep.seen.held))
        if group is None:
            self._keeps[key] = [keep]
        else:
            group.append(keep)

    def write(self, write: Write) -> None:
        group = self._writes.get(write.entry.session)
        if group is None:
            self._writes[write.entry.session] = [write]
        else:
            group.append(write)

    def commands(self) -> Iterator[Asked]:
        """For all that was gathered since they were last asked for."""
        keeps, self._keeps = self._keeps, {}
        for (session, held), wanted in keeps.items():
            self._note(session)
            for at in range(0, len(wanted), MAX_GROUP):
                group = wanted[at : at + MAX_GROUP]
                yield self._to_keep(session, held, group), partial(self._kept, session, group)
        writes, self._writes = self._writes, {}
        for session, entries in writes.items():
            self._note(session)
            for at in range(0, len(entries), MAX_GROUP):
                yield from self._to_write(session, entries[at : at + MAX_GROUP])

    def _to_keep(self, session: str, held: bytes, group: list[Keep]) -> Packed:
        items = [
            packed_item(value)
            for each in group
            if (made := each.handshake) is not None
            for value in (made.id, b"1:" + codec.write_handshake(made), score(codec.ends_at(made)))
        ]
        now = score(group[-1].seen.now)
        given = Packed(held, scripts.HELD_ITEMS), Packed(b"".join(items), len(items))
        return self._command(scripts.KEEP, session, self._term_s, now, self._room, *given)

    def _kept(self, session: str, group: list[Keep], answer: Any) -> None:
        if answer in (scripts.CONFLICT, scripts.NO_SESSION):
            self._last_seen.forget(session)
        _tell_all(group, answer)

    def _to_write(self, session: str, group: list[Write]) -> Iterator[Asked]:
        items, cost, written = [], 0, []
        for each in group:
            try:
                data = write_entry(each.entry, each.hidden)
            except Exception as error:  # told to whoever wants it written: nothing is swallowed
                tell(each, error)
                continue
            own = cost_of(each.entry)
            cost += own
            items.append(packed_item(b"%d:%b" % (own, data)))
            written.append(each)
        if written:
            given = Packed(b"".join(items), len(items))
            command = self._command(scripts.RECORD, session, self._term_s, self._bounds, cost, given)
            yield command, partial(_tell_all, written)


def _tell_all(group: Sequence[Keep | Write], answer: Any) -> None:
    done = answer if isinstance(answer, Exception) else answer == scripts.DONE
    for each in group:
        tell(each, done)
