"""The wire to Redis or Valkey: many commands in one round trip, and what happens when no answer comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from mock_server.state.batch import Command, packed
from mock_server.state.scripts import SCRIPTS
from mock_server.state.store import Away

CONNECT_S = 1.0
ANSWER_S = 2.0
PAUSE_S = 0.5
"""After a failure Redis is left alone for so long, and every request is told at once."""


class Connection:
    """To the Redis at ``url``; made when the first command is sent, and again after it broke."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("valkeys://", "rediss://", 1).replace("valkey://", "redis://", 1)
        self._client: Any = None
        self._away_until = 0.0

    async def execute(self, commands: Sequence[Command]) -> Sequence[Any]:
        """All commands in one round trip. Raises ``Away``, at once while Redis is left alone."""
        if time.monotonic() < self._away_until:
            raise Away("Redis did not answer a moment ago")
        try:
            answers: list[Any] = await self._piped(commands)
            if any(isinstance(each, NoScriptError) for each in answers):  # it was started anew
                await self._piped([("SCRIPT", "LOAD", script.text) for script in SCRIPTS])
                again = [at for at, each in enumerate(answers) if isinstance(each, NoScriptError)]
                for at, answer in zip(again, await self._piped([commands[at] for at in again]), strict=True):
                    answers[at] = answer
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + PAUSE_S
            raise Away(f"Redis: {error}") from None
        return [Away(f"Redis: {each}") if isinstance(each, RedisError) else each for each in answers]

    async def _piped(self, commands: Sequence[Command]) -> list[Any]:
        """On a connection of redis-py, without its pipeline, which takes longer than Redis does."""
        if self._client is None:
            self._client = Redis.from_url(
                self.url, socket_connect_timeout=CONNECT_S, socket_timeout=None, retry=Retry(NoBackoff(), 0)
            )  # one deadline for the whole batch, below, not one for each answer
        pool = self._client.connection_pool
        async with asyncio.timeout(ANSWER_S):  # a greeting goes to and fro, which may never be answered
            connection = await pool.get_connection()
        answers: list[Any] = []
        try:
            async with asyncio.timeout(ANSWER_S):
                await connection.send_packed_command([packed(command) for command in commands])
                while len(answers) < len(commands):
                    try:
                        answers.append(await connection.read_response(disable_decoding=True))
                    except ResponseError as error:
                        answers.append(error)
        except BaseException:
            await connection.disconnect(nowait=True)  # what comes late must not answer somebody else
            raise
        finally:
            await pool.release(connection)
        return answers

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
