"""Whose change was overtaken waits for others like it: all at once they would overtake each other again and again."""

from __future__ import annotations

import asyncio
from collections import deque

MAX_TRIES = 64
"""How often a change is made again after another was faster."""
FREE_TRIES = 2
"""So many wait for nobody: the first may only have been of what was remembered."""
_Line = deque[asyncio.Future[None]]
_Lines = dict[tuple[asyncio.AbstractEventLoop, str], _Line]


class Turns:
    """Of one process: changes of another one still overtake whoever has the turn here."""

    def __init__(self) -> None:
        self._lines: _Lines = {}
        """By session: whoever has the turn, and those behind."""

    def of(self, session: str) -> Turn:
        """For one change to a session::

        with turns.of(session) as turn:
            while await turn.comes():
                …  # load, change, save; leave when it was kept
        """
        return Turn(self._lines, session)


class Turn:
    """It comes at once for the first tries, then when nobody else of the session has it, and is kept until the end."""

    __slots__ = ("_key", "_lines", "_own", "_session", "_tries")

    def __init__(self, lines: _Lines, session: str) -> None:
        self._lines = lines
        self._session = session
        self._tries = 0
        self._own: asyncio.Future[None] | None = None

    def __enter__(self) -> Turn:
        return self

    async def comes(self) -> bool:
        """False = it came often enough."""
        self._tries += 1
        if self._tries > FREE_TRIES and self._own is None:
            loop = asyncio.get_running_loop()
            self._key = loop, self._session
            self._own = loop.create_future()
            line = self._lines.setdefault(self._key, deque())
            line.append(self._own)
            if line[0] is not self._own:
                await self._own
        return self._tries <= MAX_TRIES

    def __exit__(self, *_: object) -> None:
        if self._own is None:
            return
        line = self._lines[self._key]
        had_turn = line[0] is self._own
        line.remove(self._own)
        if not line:
            del self._lines[self._key]
        elif had_turn and not line[0].done():  # done = it was cancelled, and gives the turn on itself
            line[0].set_result(None)
