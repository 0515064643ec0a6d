"""The wire to Redis or Valkey: many commands in one round trip, and what happens when no answer comes.

Of a cluster the address of any node will do: the first answer that another one has the key tells us, and from then on
every command goes to the node that has its key, all nodes at the same time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, ResponseError, TryAgainError

from mock_server.state.batch import Command, Packed, packed
from mock_server.state.image_scripts import IMAGE_SCRIPTS
from mock_server.state.scripts import SCRIPTS
from mock_server.state.shards import Shards, key_of, read_shards
from mock_server.state.store import Away

CONNECT_S = 1.0
ANSWER_S = 2.0
"""The next one of a batch."""
PAUSE_S = 0.5
"""After a failure a node is left alone for so long, and every request for it is told at once."""
MAX_HOPS = 5
"""How often a command follows its key to another node."""
TRY_AGAIN_S = 0.02
"""While the keys of one script are on their way from node to node."""
_ELSEWHERE = (MovedError, AskError, TryAgainError)
_GIVEN = ""
"""The node at the address that we were given."""


class Connection:
    """To the Redis at ``url``; made when the first command is sent, and again after it broke."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("valkeys://", "rediss://", 1).replace("valkey://", "redis://", 1)
        self._clients: dict[str, Any] = {}
        self._away_until: dict[str, float] = {}
        self._shards: Shards | None = None
        """None = no cluster, as far as we know."""
        self._is_stale = False
        """Whether a node was lost, so that another may have taken over."""

    async def execute(self, commands: Sequence[Command]) -> Sequence[Any]:
        """An answer for each, or ``Away``, at once for a node that is left alone; all in one round trip."""
        if self._shards is None:
            answers = await self._on(_GIVEN, commands)
            if not any(isinstance(each, RedisError) for each in answers):
                return answers
        else:
            if self._is_stale:
                await self._look()
            answers = [None] * len(commands)
            await self._take(commands, range(len(commands)), answers)
        await self._follow(commands, answers)
        return [Away(f"Redis: {each}") if isinstance(each, RedisError) else each for each in answers]

    async def _follow(self, commands: Sequence[Command], answers: list[Any]) -> None:
        """Ask again for what is elsewhere, or on its way."""
        for _ in range(MAX_HOPS):
            left = [at for at, each in enumerate(answers) if isinstance(each, _ELSEWHERE)]
            if not left:
                return
            if any(isinstance(answers[at], MovedError) for at in left):
                await self._look()
            if any(isinstance(answers[at], TryAgainError) for at in left):
                await asyncio.sleep(TRY_AGAIN_S)
            await self._take(commands, left, answers)

    async def _take(self, commands: Sequence[Command], which: Sequence[int], answers: list[Any]) -> None:
        """One round: each node is sent what it has the keys of."""
        by_node: dict[str, list[int]] = {}
        for at in which:
            told, answers[at] = answers[at], None
            if isinstance(told, AskError) and not isinstance(told, MovedError):
                both = await self._on(f"{told.host}:{told.port}", [("ASKING",), commands[at]])
                answers[at] = both[1]
                continue
            for node in self._nodes(commands[at]):
                by_node.setdefault(node, []).append(at)
        taken = await asyncio.gather(
            *(self._on(node, [commands[at] for at in group]) for node, group in by_node.items())
        )
        for group, found in zip(by_node.values(), taken, strict=True):
            for at, answer in zip(group, found, strict=True):
                if not isinstance(answers[at], Exception):  # of what all nodes were asked, the worst
                    answers[at] = answer

    def _nodes(self, command: Command) -> Sequence[str]:
        """Where a command goes; a question about no key goes to all."""
        if self._shards is None:
            return (_GIVEN,)
        key = key_of(command)
        return tuple(dict.fromkeys(self._shards.nodes)) if key is None else (self._shards.holder(key),)

    async def _look(self) -> None:
        """Ask whichever node answers who has which keys; when none does, all stays as it was."""
        for node in dict.fromkeys((*(self._shards.nodes if self._shards else ()), _GIVEN)):
            (told,) = await self._on(node, [("CLUSTER", "SLOTS")])
            if isinstance(told, list) and told:
                host = urlsplit(self.url).hostname if node == _GIVEN else node.rpartition(":")[0].strip("[]")
                self._shards, self._is_stale = read_shards(told, host or ""), False
                return

    async def _on(self, node: str, commands: Sequence[Command]) -> list[Any]:
        """The answers of one node; ``Away`` for each when it gives none."""
        if time.monotonic() < self._away_until.get(node, 0.0):
            return [Away("Redis did not answer a moment ago")] * len(commands)
        try:
            answers = await self._piped(node, commands)
            if any(isinstance(each, NoScriptError) for each in answers):  # it was started anew
                await self._piped(node, [("SCRIPT", "LOAD", script.text) for script in (*SCRIPTS, *IMAGE_SCRIPTS)])
                again = [at for at, each in enumerate(answers) if isinstance(each, NoScriptError)]
                for at, answer in zip(again, await self._piped(node, [commands[at] for at in again]), strict=True):
                    answers[at] = answer
        except (RedisError, OSError) as error:
            self._away_until[node] = time.monotonic() + PAUSE_S
            self._is_stale = self._shards is not None
            why = str(error) or f"no answer within {ANSWER_S:g} s"  # a TimeoutError says nothing
            return [Away(f"Redis: {why}")] * len(commands)
        return answers

    async def _piped(self, node: str, commands: Sequence[Command]) -> list[Any]:
        """On a connection of redis-py, without its pipeline, which takes longer than Redis does."""
        pool = self._client(node).connection_pool
        async with asyncio.timeout(ANSWER_S):  # a greeting goes to and fro, which may never be answered
            connection = await pool.get_connection()
        answers: list[Any] = []
        within_s, clock = _patience(commands), asyncio.get_running_loop().time
        give_up = clock() + within_s
        try:
            async with asyncio.timeout_at(give_up) as deadline:
                await connection.send_packed_command([packed(command) for command in commands])
                while len(answers) < len(commands):
                    try:
                        answers.append(await connection.read_response(disable_decoding=True))
                    except ResponseError as error:
                        answers.append(error)
                    if clock() > give_up - within_s / 2:  # they are large: each may take as long as one
                        give_up = clock() + within_s
                        deadline.reschedule(give_up)
        except BaseException:
            await connection.disconnect(nowait=True)  # what comes late must not answer somebody else
            raise
        finally:
            await pool.release(connection)
        return answers

    def _client(self, node: str) -> Any:
        known = self._clients.get(node)
        if known is None:
            url = self.url
            if node != _GIVEN:
                parts = urlsplit(url)
                user, at, _ = parts.netloc.rpartition("@")
                url = urlunsplit(parts._replace(netloc=f"{user}{at}{node}"))
            known = self._clients[node] = Redis.from_url(
                url,
                socket_connect_timeout=CONNECT_S,
                socket_timeout=None,  # the deadline is ours, above
                retry=Retry(NoBackoff(), 0),
                protocol=2,  # over RESP3 redis-py uses connections that were closed meanwhile
            )
        return known

    async def close(self) -> None:
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()


def _patience(commands: Sequence[Command]) -> float:
    """For how long the next answer is waited for: longer for a command that is sent alone because it takes long."""
    only = commands[0] if len(commands) == 1 else None
    return max(ANSWER_S, only.patience_s) if isinstance(only, Packed) else ANSWER_S
