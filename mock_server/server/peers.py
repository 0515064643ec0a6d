"""The workers of one server reach one another by Unix sockets in a folder that is their owner's alone.

A question is one line of JSON, ``["forget calls", "alice"]``, and so is its answer.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from mock_server.web.peers import Matter, answer

if TYPE_CHECKING:
    from mock_server.web.live import Live

PATIENCE_S = 2.0
READ_PATIENCE_S = 60.0
"""To read all files again takes as long as to start."""
MAX_LINE = 64 * 1024 * 1024


class SocketPeers:
    """See ``Peers`` of :mod:`mock_server.web.peers`: the worker ``number`` of ``count``, the first being 1."""

    def __init__(self, folder: Path, number: int, count: int) -> None:
        self.number = number
        self._own = folder / str(number)
        self._others = [folder / str(each) for each in range(1, count + 1) if each != number]
        self._server: asyncio.Server | None = None
        self._live: Live | None = None

    async def open(self, live: Live) -> None:
        self._live = live
        self._own.unlink(missing_ok=True)  # of a worker that was killed
        self._server = await asyncio.start_unix_server(self._asked, self._own, limit=MAX_LINE)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._own.unlink(missing_ok=True)

    async def ask(self, matter: Matter, about: str = "") -> list[Any]:
        found = await asyncio.gather(*(self._ask(path, matter, about) for path in self._others))
        return [each for reached, each in found if reached]

    async def _ask(self, path: Path, matter: Matter, about: str) -> tuple[bool, Any]:
        """False = it does not answer. One that is being replaced has nothing to say."""
        try:
            async with asyncio.timeout(READ_PATIENCE_S if matter == "read files" else PATIENCE_S):
                reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE)
                try:
                    writer.write(orjson.dumps([matter, about]) + b"\n")
                    return True, orjson.loads(await reader.readline())
                finally:
                    writer.close()
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError, what is no JSON a ValueError
            if self._live is not None and not isinstance(error, FileNotFoundError | ConnectionRefusedError):
                self._live.log.error(f"worker {path.name} does not answer {matter!r}: {error!r}")
            return False, None

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._live is not None
        with suppress(OSError):  # whoever asked has given up
            matter, about = orjson.loads(await reader.readline())
            writer.write(orjson.dumps(await answer(self._live, matter, about)) + b"\n")
            await writer.drain()
        writer.close()
