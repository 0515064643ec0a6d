"""Which node of a cluster has which keys (redis.io, "Redis cluster specification": hash slots, hash tags)."""

from __future__ import annotations

from binascii import crc_hqx
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from mock_server.named import NamedTuple
from mock_server.state.batch import Command, Packed

SLOTS = 16_384


class Shards(NamedTuple):
    """``firsts`` are the first slots of ranges, in order; ``nodes`` has who holds each: ``"10.0.0.1:6379"``."""

    firsts: tuple[int, ...]
    nodes: tuple[str, ...]

    def holder(self, key: bytes) -> str:
        return self.nodes[max(bisect_right(self.firsts, slot_of(key)) - 1, 0)]


def slot_of(key: bytes) -> int:
    """By what stands between the first braces, where there is something, else by all of it.

    >>> slot_of(b"mock-server:{alice}:head") == slot_of(b"alice")
    True
    """
    begin = key.find(b"{")
    end = key.find(b"}", begin + 1) if begin >= 0 else -1
    return crc_hqx(key[begin + 1 : end] if end > begin + 1 else key, 0) % SLOTS


def key_of(command: Command) -> bytes | None:
    """The key that decides where a command goes; None = any node, and for a question about all of them each.

    A script's keys are all of one session, so its first one stands for all: ``EVALSHA SHA COUNT KEY …``.
    """
    if isinstance(command, Packed):
        return command.data.split(b"\r\n", 9)[8]
    if len(command) < 2 or command[0] == "SCRIPT":
        return None
    key = command[1]
    return key if isinstance(key, bytes) else str(key).encode()


def read_shards(told: Sequence[Any], asked_host: str) -> Shards:
    """The answer to ``CLUSTER SLOTS``: ``[[0, 5460, [b"10.0.0.1", 6379, …], replicas …], …]``.

    A node that does not know its own name has an empty one: it is the host that was asked.
    """
    ranges = sorted((int(first), _address(primary, asked_host)) for first, _, primary, *_ in told)
    return Shards(tuple(first for first, _ in ranges), tuple(node for _, node in ranges))


def _address(node: Sequence[Any], asked_host: str) -> str:
    host = (node[0] or b"").decode() or asked_host
    return f"[{host}]:{node[1]}" if ":" in host else f"{host}:{node[1]}"
