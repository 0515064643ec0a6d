"""What the store in Redis does besides what every store does: its keys, its round trips, its bad times."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import httpx2
import pytest
from redis import Redis
from redis.crc import key_slot

from mock_server.core.snapshot import Queued
from mock_server.fixture.fault import Fault, FaultRule
from mock_server.mask import NOTHING_MORE, Hidden
from mock_server.settings import Settings
from mock_server.state import codec, scripts
from mock_server.state import connection as wire
from mock_server.state import redis as room
from mock_server.state.batch import Command
from mock_server.state.image_scripts import IMAGE_SCRIPTS
from mock_server.state.journal import Entry
from mock_server.state.redis import RedisStore
from mock_server.state.store import Away, Unusable
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.world import build_world
from tests.state.test_store import WALL, entry, handshake, keep
from tests.support import ASK, TOKEN, FakeChance, FakeWall, make_app
from tests.valkey import valkey


def made(url: str) -> RedisStore:
    return RedisStore(url, FakeWall(WALL), prefix=f"test-{token_hex(6)}")


@pytest.mark.parametrize("session", ["default", "alice", "a.b-c_d"])
def test_all_keys_of_a_session_lie_on_one_shard(session: str) -> None:
    keys = scripts.keys_of("mock-server", session)
    assert keys["head"] == f"mock-server:{{{session}}}:head"
    assert {key_slot(key.encode()) for key in keys.values()} == {key_slot(session.encode())}


def test_sessions_lie_on_many_shards() -> None:
    slots = {key_slot(scripts.keys_of("mock-server", f"s{n}")["head"].encode()) for n in range(100)}
    assert len(slots) > 90


def test_a_script_names_every_key_that_it_touches() -> None:
    """A cluster sends a script to the shard of ``KEYS``; a key made inside could lie elsewhere."""
    for script in (*scripts.SCRIPTS, *IMAGE_SCRIPTS):
        for call in re.findall(r"redis\.call\('([A-Z]+)', ([^,)]+)", script.text):
            assert call[1] in {*scripts.PARTS, "key"}, call


def test_a_request_is_a_change_and_a_line_in_the_journal(redis_url: str) -> None:
    """Two round trips for one request alone, of which it awaits one; many at once share theirs."""
    settings = Settings()
    store, wall = made(redis_url), FakeWall(WALL)
    app = MockApp(Live(build_world(settings), store, settings, RequestLog(None), FakeChance(), wall=wall))

    async def story() -> None:
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:4010") as http:

            async def begin() -> None:
                assert (await http.post("/api/oauth2", json=ASK, headers=TOKEN)).status_code == 200

            await begin()  # the session is made, the scripts are loaded
            before = store.batch.round_trips
            await begin()
            assert store.batch.round_trips - before == 2
            before = store.batch.round_trips
            await asyncio.gather(*(begin() for _ in range(64)))
            assert store.batch.round_trips - before < 64
        await store.close()

    asyncio.run(story())


Change = Callable[[RedisStore], Awaitable[object]]
_BROKEN = (FaultRule("x", Fault("status-503", None, None), None, None, None, None, None),)
CHANGES: dict[str, tuple[Change, int]] = {
    "a scenario": (lambda store: store.set_scenario("default", "plan-does-not-allow"), 402),
    "a queued answer": (lambda store: store.enqueue("default", Queued("POST /oauth2", "payment-required", 1)), 402),
    "a fault": (lambda store: store.set_faults("default", _BROKEN), 503),
    "a clock": (lambda store: store.change_clock("default", lambda clock, wall: clock.advance(2e9, wall)), 403),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_one_server_changes_holds_for_the_very_next_request_to_another(redis_url: str, change: str) -> None:
    """A server remembers how a session was, and is told so when it is no longer: nothing is answered from the past."""
    settings, wall = Settings(), FakeWall(WALL)
    prefix = f"test-{token_hex(6)}"
    one, other = (RedisStore(redis_url, wall, prefix=prefix) for _ in range(2))
    app = MockApp(Live(build_world(settings), one, settings, RequestLog(None), FakeChance(), wall=wall))
    make, status = CHANGES[change]
    # The one token of tokens.yaml that expires, or the clock would change nothing.
    token = {"Authorization": "Bearer expired-token"} if change == "a clock" else TOKEN

    async def story() -> None:
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:4010") as http:
            if change == "a clock":
                await other.change_clock("default", lambda clock, wall: clock.set(0.0, wall))
            for _ in range(3):
                assert (await http.post("/api/oauth2", json=ASK, headers=token)).status_code == 200
            before = one.batch.round_trips
            assert (await http.post("/api/oauth2", json=ASK, headers=token)).status_code == 200
            assert one.batch.round_trips - before == 2  # it does remember
            await make(other)
            assert (await http.post("/api/oauth2", json=ASK, headers=token)).status_code == status
        await one.close()
        await other.close()

    asyncio.run(story())


def test_each_of_two_servers_gives_a_queued_answer_once(redis_url: str) -> None:
    settings, wall = Settings(), FakeWall(WALL)
    prefix = f"test-{token_hex(6)}"
    stores = [RedisStore(redis_url, wall, prefix=prefix) for _ in range(2)]
    world = build_world(settings)
    apps = [MockApp(Live(world, each, settings, RequestLog(None), FakeChance(), wall=wall)) for each in stores]

    async def story() -> None:
        clients = [
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app, client=("127.0.0.1", 1)), base_url="http://127.0.0.1:4010"
            )
            for app in apps
        ]
        for http in clients:
            assert (await http.post("/api/oauth2", json=ASK, headers=TOKEN)).status_code == 200
        await stores[0].enqueue("default", Queued("POST /oauth2", "payment-required", 5))
        asked = [http.post("/api/oauth2", json=ASK, headers=TOKEN) for _ in range(12) for http in clients]
        assert sorted(each.status_code for each in await asyncio.gather(*asked)) == [200] * 19 + [402] * 5
        for http in clients:
            await http.aclose()
        for store in stores:
            await store.close()

    asyncio.run(story())


def test_a_session_that_nobody_uses_is_forgotten_by_redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "IDLE_S", 1)

    async def story() -> None:
        store = RedisStore(redis_url, FakeWall(WALL), prefix=f"test-{token_hex(6)}", session_idle_s=0.5)
        await keep(store, handshake())
        await store.record(entry(1))
        client = Redis.from_url(redis_url)
        keys = list(client.scan_iter(f"{store._prefix}:{{*"))
        assert keys
        assert all(0 < client.ttl(key) <= 1 for key in keys)
        client.close()
        await asyncio.sleep(1.2)
        assert (await store.load("default", handshake().id, make=False)).handshake is None
        await store.close()

    asyncio.run(story())


def test_no_secret_of_the_journal_is_in_redis(redis_url: str) -> None:
    raw = entry(1)._replace(request_headers={"authorization": "Bearer s3cret"}, request_body=b'{"password":"s3cret"}')

    async def story() -> None:
        store = made(redis_url)
        await store.record(raw)
        client = Redis.from_url(redis_url)
        kept = client.lrange(scripts.keys_of(store._prefix, "default")["journal"], 0, -1)
        client.close()
        assert "s3cret" not in str(kept)
        assert (await store.entries("default"))[0].as_json() == raw.as_json()
        await store.close()

    asyncio.run(story())


def test_scripts_that_redis_has_forgotten_are_sent_again(redis_url: str) -> None:
    async def story() -> None:
        store = made(redis_url)
        await keep(store, handshake())
        client = Redis.from_url(redis_url)
        client.script_flush()
        client.close()
        assert (await store.load("default", handshake().id)).handshake == handshake()
        await store.close()

    asyncio.run(story())


@contextmanager
def silent() -> Iterator[int]:
    """A port where somebody listens and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        accepted: list[socket.socket] = []
        threading.Thread(target=lambda: accepted.append(listener.accept()[0]), daemon=True).start()
        yield listener.getsockname()[1]
        for each in accepted:
            each.close()


def closed() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_redis_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        store = made(f"redis://127.0.0.1:{closed()}")
        started = time.monotonic()
        with pytest.raises(Away):
            await store.open()
        with pytest.raises(Away):
            await store.ready()
        assert time.monotonic() - started < 2
        await store.close()

    asyncio.run(story())


def test_a_connection_that_was_closed_while_nobody_asked_is_made_anew_and_nobody_notices() -> None:
    """By Redis (its `timeout`), by a restart of it, by whatever lies between."""

    async def story(url: str, client: Redis) -> None:
        store = made(url)
        await keep(store, handshake())
        for _ in range(3):
            assert client.client_kill_filter(_type="normal", skipme=True) >= 1
            await asyncio.sleep(0.05)
            assert (await store.load("default", handshake().id)).handshake == handshake()
        await store.close()

    with valkey() as server, Redis.from_url(server.connection_url) as client:
        asyncio.run(story(server.connection_url, client))


def test_a_redis_that_takes_nothing_is_not_ready() -> None:
    async def story(url: str, client: Any) -> None:
        store = made(url)
        await store.open()
        await store.ready()
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(Away):
            await store.ready()
        client.execute_command("REPLICAOF", "NO", "ONE")
        await store.ready()
        await store.close()

    with valkey() as server, Redis.from_url(server.connection_url) as client:
        asyncio.run(story(server.connection_url, client))


def test_a_redis_that_is_silent_is_given_up_and_then_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_S", 0.3)

    async def story(port: int) -> None:
        store = made(f"redis://127.0.0.1:{port}")
        with pytest.raises(Away):
            await store.load("default")
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(Away):
                await store.load("default")
        assert time.monotonic() - started < 15  # and not a hundred times 0.3 s
        await store.close()

    with silent() as port:
        asyncio.run(story(port))


async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says OK to each command, a tenth of a second after the one before."""
    unread = b""
    while data := await reader.read(65_536):
        unread += data
        while found := re.match(rb"\*(\d+)\r\n", unread):
            unread = unread[found.end() :]
            for _ in range(int(found[1])):
                size, _, unread = unread.partition(b"\r\n")
                unread = unread[int(size[1:]) + 2 :]
            await asyncio.sleep(0.1)
            writer.write(b"+OK\r\n")
    writer.close()


def test_many_answers_may_take_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_S", 1.0)

    async def story() -> None:
        server = await asyncio.start_server(late, "127.0.0.1", 0)
        connection = wire.Connection(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        answers = await connection.execute([("GET", "key")] * 15)
        assert answers == [b"OK"] * 15
        await connection.close()
        server.close()

    asyncio.run(story())


def test_what_goes_through_a_whole_session_has_more_time_and_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For what Redis itself does not do meanwhile: the way to it is slow here."""
    monkeypatch.setattr(wire, "ANSWER_S", 0.5)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        count = 0
        while data := await reader.read(65_536):
            image = b"EVALSHA" in data
            await asyncio.sleep(1.0 if image else 0.0)
            for _ in range(len(re.findall(rb"\*\d+\r\n", data))):
                writer.write(b":1\r\n" if image else b"+OK\r\n")
                count += 1
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        store = made(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        restored = asyncio.ensure_future(store.restore("default"))
        await asyncio.sleep(0.1)
        assert await store.batch.do(("GET", "key")) == b"OK"
        assert not restored.done()
        assert await restored
        await store.close()
        server.close()

    asyncio.run(story())


def test_a_session_of_any_size_is_kept_and_put_back_by_redis_itself(redis_url: str) -> None:
    """More than Lua's stack holds (8,000)."""

    async def story() -> None:
        store = RedisStore(redis_url, FakeWall(WALL), prefix=f"test-{token_hex(6)}")
        client, keys = Redis.from_url(redis_url), scripts.keys_of(store._prefix, "default")
        made = [handshake(f"{number:05}") for number in range(9_001)]
        await store.set_scenario("default", "expired")
        client.hset(keys["handshakes"], mapping={each.id: b"1:" + codec.write_handshake(each) for each in made})
        client.zadd(keys["order"], {each.id: at for at, each in enumerate(made)})
        client.zadd(keys["ends"], {each.id: codec.ends_at(each) for each in made})
        before = await store.handshakes("default")
        assert len(before) == len(made)
        await store.snapshot("default")
        client.delete(keys["handshakes"])
        assert await store.restore("default")
        assert await store.handshakes("default") == before
        await store.fork("default", "copy")
        assert len(await store.handshakes("copy")) == len(made)
        await asyncio.gather(*(store.reset(name) for name in ("default", "copy")))
        await store.close()
        client.close()

    asyncio.run(story())


@pytest.mark.parametrize("form", [None, 99])
def test_a_snapshot_of_another_version_is_told_and_the_session_stays(redis_url: str, form: int | None) -> None:
    async def story() -> None:
        store = RedisStore(redis_url, FakeWall(WALL), prefix=f"test-{token_hex(6)}")
        client, keys = Redis.from_url(redis_url), scripts.keys_of(store._prefix, "default")
        await store.set_scenario("default", "expired")
        await store.snapshot("default")
        kept = client.hget(keys["images"], "")
        assert isinstance(kept, bytes)
        assert kept[:2] == b"\x92%c" % codec.FORM  # MessagePack: of two, the first is a small number
        client.hset(keys["images"], "", b"[1,0,null]" if form is None else b"\x92%c" % form + kept[2:])
        with pytest.raises(Unusable, match=rf"form {form or 'unknown'}") as refused:
            await store.restore("default")
        assert refused.value.code == "MS452"
        assert (await store.load("default")).scenario == "expired"
        await store.reset("default")
        await store.close()
        client.close()

    asyncio.run(story())


def test_who_was_used_while_redis_was_away_is_told_when_it_is_back(redis_url: str) -> None:
    async def story() -> None:
        wall = FakeWall(WALL)
        store = RedisStore(redis_url, wall, prefix=f"test-{token_hex(6)}")
        execute = store.batch._execute

        async def away(commands: Sequence[Command]) -> Sequence[Any]:
            raise Away("nobody")

        for name in ("alice", "bob"):
            await store.set_scenario(name, "expired")
        wall.now += 1_000
        await store.load("alice")
        store.batch._execute = away
        with pytest.raises(Away):
            await store.drop_idle(wall.now - 500)
        store.batch._execute = execute
        assert await store.drop_idle(wall.now - 500) == ["bob"]
        await store.close()

    asyncio.run(story())


def test_a_session_is_listed_as_long_as_redis_has_it_whatever_our_clock_shows(redis_url: str) -> None:
    """One server whose clock is wrong must not hide from the others what is there."""

    async def story() -> None:
        wall = FakeWall(WALL)
        store = RedisStore(redis_url, wall, prefix=f"test-{token_hex(6)}")
        for name in ("alice", "bob"):
            await store.set_scenario(name, "expired")
        wall.now += store._term_s + 10
        assert await store.sessions() == ["alice", "bob"]
        await store.batch.do(("DEL", *scripts.keys_of(store._prefix, "bob").values()))
        assert await store.sessions() == ["alice"]
        await store.close()

    asyncio.run(story())


def test_a_mock_whose_redis_is_away_says_so_and_goes_on(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that needs the store: operations, pages, control. What does not need it answers as ever."""
    settings = Settings()
    store, wall = made(f"redis://:hunter2@127.0.0.1:{closed()}"), FakeWall(WALL)
    app = MockApp(Live(build_world(settings), store, settings, RequestLog(None), FakeChance(), wall=wall))

    async def story() -> None:
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:4010") as http:
            for method, path, body in (
                ("POST", "/api/oauth2", ASK),
                ("GET", "/__mock/journal", None),
                ("POST", "/__mock/clock", {"advance": 1}),
                ("PUT", "/__mock/scenario", {"scenario": None}),
            ):
                told = await http.request(method, path, json=body, headers=TOKEN)
                assert (told.status_code, told.json()["code"]) == (503, "MS450"), path
                assert told.headers["retry-after"] == "1"
                assert told.headers["content-type"] == "application/problem+json"
            assert (await http.get("/__mock/ready")).status_code == 503
            assert (await http.get("/__mock/health")).status_code == 200
            assert (await http.get("/nothing")).status_code == 404
            store.connection.url = redis_url  # it is back
            store.connection._clients.clear()
            await asyncio.sleep(wire.PAUSE_S + 0.1)
            assert (await http.post("/api/oauth2", json=ASK, headers=TOKEN)).status_code == 200
        await store.close()

    asyncio.run(story())
    assert "hunter2" not in capsys.readouterr().err


def test_a_store_that_is_away_for_long_does_not_fill_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = make_app().live
    live.ticks = lambda: 0.0

    async def away(made: Entry, hidden: Hidden = NOTHING_MORE) -> None:
        raise Away("nobody is there")

    monkeypatch.setattr(live.store, "record", away)

    async def story() -> None:
        for number in range(101):
            await live.keep_entry(entry(number))
        live._told_of_lost_at = float("-inf")
        await live.keep_entry(entry(200))

    asyncio.run(story())
    assert capsys.readouterr().err.splitlines() == [
        "entry 0 is not in the journal: nobody is there",
        "entry 200 and 100 before it are not in the journal: nobody is there",
    ]
