"""The short way must never be told from the usual one, and must be taken when it can be.

The protocol runs over a transport that keeps what is written; the loop, the parser, the application
and the store are the real ones.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from mock_server.server.heads import MAX_HEAD_BYTES, MAX_HEADS, Heads
from mock_server.server.limits import guarded
from mock_server.server.protocol import GuardedProtocol
from mock_server.settings import Limits
from mock_server.state.store import Full, InstantStore
from mock_server.web.app import MockApp
from tests.live.wire import Reply, parse
from tests.support import FakeWall, make_app

ASK = '{"datasource_id":"fb","validity_duration":300}'
START = "/api/oauth2"
COLLECT = "/api/oauth2/credentials"
TOKEN = "Authorization: Bearer dev-token"


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"sockname": ("127.0.0.1", 4010), "peername": ("127.0.0.1", 50_000)}.get(name, default)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Far:
    """A store that has to be waited for: that in memory, with a way to it."""

    def __init__(self, near: Any) -> None:
        self._near = near
        self.hours = 0.001

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_now"):
            raise AttributeError(name)
        return getattr(self._near, name)

    async def load(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(self.hours)
        return await self._near.load(*args, **kwargs)

    async def save(self, *args: Any) -> Any:
        await asyncio.sleep(self.hours)
        return await self._near.save(*args)


class Together(Far):
    """One that does together what many want of it (``GatheringStore``)."""

    asked = 0
    loop: asyncio.AbstractEventLoop

    def remember(self, session: str) -> Any:
        return self._near.load_now(session)._replace(held=b"held", turn=0)

    def save_soon(self, seen: Any, changes: Any, told: Any) -> bool:
        if changes.queue is not None or changes.shelves or changes.tally:
            return False
        self.asked += 1
        self.loop.call_later(self.hours, lambda: told(self._kept(seen, changes)))
        return True

    def _kept(self, seen: Any, changes: Any) -> bool:
        return bool(self._near.load_now(seen.session).scenario == seen.scenario and self._near.save_now(seen, changes))

    def record_soon(self, entry: Any, hidden: Any, told: Any) -> None:
        self._near.record_now(entry)
        self.loop.call_soon(told, entry, True)


WAYS = {"at once": None, "when the store has spoken": Far, "together with others": Together}
LATER = [name for name, store in WAYS.items() if store]


class Counting(Heads):
    """Counts the requests that took the short way."""

    def __init__(self, app: MockApp) -> None:
        super().__init__(app.prepare, store_waits=not isinstance(app.live.store, InstantStore))
        self.taken = 0

    def written(self, *args: Any) -> bytes:
        self.taken += self.store_waits
        return super().written(*args)

    def answer(self, scheme: str | None, data: bytes, default_headers: list[tuple[bytes, bytes]]) -> bytes | None:
        given = super().answer(scheme, data, default_headers)
        self.taken += given is not None
        return given


class Connection:
    """One connection to an application of its own."""

    def __init__(self, keep_alive_s: float = 5, short: bool = True, way: str = "at once", **settings: Any) -> None:
        self.wall = FakeWall()
        self.app = make_app(wall=self.wall, **settings)
        store = WAYS[way]
        self.far = store is not None
        if store:
            self.app.live.store = store(self.app.live.store)
            self.app = MockApp(self.app.live)
        self.heads = Counting(self.app)
        self.config = uvicorn.Config(
            self.app,
            http=guarded(Limits(), self.heads if short else None),
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            timeout_keep_alive=keep_alive_s,  # type: ignore[arg-type]
        )
        self.config.load()
        self.loop = asyncio.new_event_loop()
        if store is Together:
            self.app.live.store.loop = self.loop  # type: ignore[attr-defined]
        self.connect()

    def connect(self) -> None:
        self.transport = Transport()
        made: Any = self.config.http_protocol_class
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"Mon, 23 Nov 2026 00:00:00 GMT")]
        self.protocol: GuardedProtocol = made(
            config=self.config, server_state=self.state, app_state={}, _loop=self.loop
        )
        self.protocol.connection_made(self.transport)

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.protocol.data_received(part)
            self.wait(0.001)

    def is_closed(self) -> bool:
        return self.transport.closed

    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def ask(self, *parts: bytes) -> list[Reply]:
        """Everything that was written, once there is something."""
        self.transport.written = b""
        self.send(*parts)
        for _ in range(200):
            if self.transport.written:
                break
            self.wait(0.01)
        if self.far:
            self.wait(0.02)  # for all of it
        return parse(self.transport.written)


@pytest.fixture(params=WAYS)
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    made = Connection(way=request.param)
    yield made
    made.loop.close()


def request(target: str = START, body: str = ASK, *lines: str, method: str = "POST") -> bytes:
    head = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1:4010", *(lines or (TOKEN,))]
    return "\r\n".join([*head, f"Content-Length: {len(body.encode())}", "", body]).encode()


ORDINARY = {
    "a start": request(),
    "an invalid parameter": request(body='{"datasource_id":"fb","validity_duration":299}'),
    "no JSON": request(body='{"datasource_id"'),
    "not UTF-8": request(body="xx").replace(b"xx", b'"\xff'[:2]),
    "an unknown pull_id": request(COLLECT, '{"pull_id":"x"}'),
    "no token": request(START, ASK, "X-Any: thing"),
    "an expired token": request(START, ASK, "Authorization: Bearer expired-token"),
    "a preferred response": request(START, ASK, TOKEN, "Prefer: response=rate-limited"),
    "a preferred scenario": request(START, ASK, TOKEN, "Prefer: scenario=consent-approved"),
    "a session": request(START, ASK, TOKEN, "Mock-Session: one"),
    "a browser": request(START, ASK, TOKEN, "Origin: http://localhost:3000"),
    "no base path": request("/oauth2"),
    "a query": request(START + "?__code=403"),
    "a header twice": request(START, ASK, TOKEN, "X-A: 1", "X-A: 2"),
    "no body": request(body=""),
}
OUT_OF_THE_ORDINARY = {
    "a preference that cannot be met": request(START, ASK, TOKEN, "Prefer: code=418"),
    "a session with a bad name": request(START, ASK, TOKEN, "Mock-Session: a b"),
    "a session named twice": request(START, ASK, TOKEN, "Mock-Session: a", "Mock-Session: a"),
    "a wait": request(START, ASK, TOKEN, "Prefer: wait=0.01"),
    "an unknown path": request("/nowhere"),
    "a wrong method": request(method="DELETE"),
    "a preflight": request(START, "", "Origin: http://a", "Access-Control-Request-Method: POST", method="OPTIONS"),
    "the control API": request("/__mock/health", "", method="GET"),
    "a proxy's word": request(START, ASK, TOKEN, "X-Forwarded-Proto: https"),
    "a head that is too long": request(START, ASK, TOKEN, "X-Long: " + "x" * MAX_HEAD_BYTES),
    "an expectation": request(START, ASK, TOKEN, "Expect: 100-continue"),
    "chunks": b"POST /api/oauth2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
}


def told(reply: Reply) -> tuple[int, list[str], dict[str, str], Any]:
    """An answer without what differs each time: ids. The order of its headers counts."""
    names = list(reply.headers)
    headers = {name: reply.headers[name] for name in names if name != "mock-entry"}
    body = reply.json if reply.body else None
    if reply.status == 200 and isinstance(body, dict) and "auth_uri" in body:
        body = {name: len(value) for name, value in body.items()}
    return reply.status, names, headers, body


@pytest.mark.parametrize("name", ORDINARY)
def test_the_third_time_is_answered_at_once_and_like_the_first(connection: Connection, name: str) -> None:
    replies = [connection.ask(ORDINARY[name])[0] for _ in range(4)]
    assert connection.heads.taken == 2
    assert all(told(reply) == told(replies[0]) for reply in replies)
    entries = [json.dumps(entry.as_json()["answer"]["body"]) for entry in journal(connection, name)]
    assert len(entries) == 4
    assert len({reply.headers["mock-entry"] for reply in replies}) == 4


@pytest.mark.parametrize("name", OUT_OF_THE_ORDINARY)
def test_what_is_out_of_the_ordinary_takes_the_usual_way_each_time(connection: Connection, name: str) -> None:
    replies = [connection.ask(OUT_OF_THE_ORDINARY[name])[-1] for _ in range(4)]
    assert connection.heads.taken == 0
    assert len({reply.status for reply in replies}) == 1


def journal(connection: Connection, name: str) -> list[Any]:
    session = "one" if name == "a session" else "default"
    return connection.loop.run_until_complete(connection.app.live.store.entries(session))


def test_a_list_of_origins_is_looked_at_each_time() -> None:
    connection = Connection(cors=("http://localhost:3000",))
    for _ in range(3):
        (reply,) = connection.ask(request(START, ASK, TOKEN, "Origin: http://localhost:3000"))
        assert reply.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert connection.heads.taken == 0
    connection.loop.close()


def test_state_is_one_whichever_way_a_request_takes(connection: Connection) -> None:
    """The whole hand-shake at once: started, collected; then a clock that has run out."""
    good = request(START, ASK, TOKEN, "Prefer: scenario=consent-approved")
    pulls = [connection.ask(good)[0].json["pull_id"] for _ in range(3)]
    collected = [connection.ask(request(COLLECT, json.dumps({"pull_id": pull})))[0] for pull in pulls]
    assert connection.heads.taken == 2
    assert [reply.status for reply in collected] == [200, 200, 200]
    connection.wall.now += 301
    (late,) = connection.ask(request(COLLECT, json.dumps({"pull_id": pulls[2]})))
    assert connection.heads.taken == 3
    assert (late.status, late.json["message"]) == (402, "the OAuth2 process has expired")


def test_a_token_that_expires_between_two_requests_is_refused(connection: Connection) -> None:
    """What a head says of a token is known; whether it is still good is asked each time."""
    expired = request(START, ASK, "Authorization: Bearer expired-token")
    connection.wall.now = 0
    assert [connection.ask(expired)[0].status for _ in range(3)] == [200, 200, 200]
    connection.wall.now = 4_000_000_000.0
    assert connection.ask(expired)[0].json["message"] == "the token has expired"
    assert connection.heads.taken == 2


def test_a_head_learned_on_one_connection_serves_the_next(connection: Connection) -> None:
    for _ in range(2):
        connection.ask(request())
    connection.connect()
    assert connection.ask(request())[0].status == 200
    assert connection.heads.taken == 1
    connection.wait(0.001)
    assert not connection.transport.closed


def test_pieces_and_pipelines_are_left_to_the_parser(connection: Connection) -> None:
    for _ in range(3):
        connection.ask(request())
    assert connection.heads.taken == 1
    whole = request()
    assert [each.status for each in connection.ask(whole[:30], whole[30:])] == [200]
    assert [each.status for each in connection.ask(whole[:-5], whole[-5:])] == [200]
    assert [each.status for each in connection.ask(whole + whole)] == [200, 200]
    assert [each.status for each in connection.ask(whole + whole[:50], whole[50:])] == [200, 200]
    assert connection.heads.taken == 1
    assert connection.ask(whole)[0].status == 200
    assert connection.heads.taken == 2


def test_an_answer_at_once_never_overtakes_one_that_waits(connection: Connection) -> None:
    for _ in range(3):
        connection.ask(request())
    slow = request(START, ASK, TOKEN, "Prefer: wait=0.05, code=403")
    connection.transport.written = b""
    connection.send(slow)
    connection.send(request())
    connection.wait(0.3)
    assert [reply.status for reply in parse(connection.transport.written)] == [403, 200]


def test_a_body_of_another_length_is_another_head(connection: Connection) -> None:
    for _ in range(3):
        connection.ask(request())
    (reply,) = connection.ask(request(body='{"datasource_id":"fb","validity_duration":43200}'))
    assert (reply.status, connection.heads.taken) == (200, 1)


def test_a_changed_world_is_seen_at_once(connection: Connection) -> None:
    for _ in range(3):
        connection.ask(request())
    connection.app.live.world = make_app(any_token=True).live.world
    assert connection.ask(request())[0].status == 200
    assert connection.heads.taken == 1


def test_the_date_is_the_servers_own_each_second(connection: Connection) -> None:
    for _ in range(3):
        connection.ask(request())
    connection.state.default_headers = [(b"date", b"Mon, 23 Nov 2026 00:00:01 GMT")]
    assert connection.ask(request())[0].headers["date"] == "Mon, 23 Nov 2026 00:00:01 GMT"
    assert connection.heads.taken == 2


def test_heads_are_bounded(connection: Connection) -> None:
    for number in range(MAX_HEADS + 10):
        scope = {"type": "http", "scheme": "http", "method": "POST", "path": START, "query_string": b"", "headers": []}
        connection.heads.learn(b"%d" % number, 0, {**scope, "raw_path": START.encode()})
    assert len(connection.heads._known) == 10


def test_an_idle_connection_is_closed_after_its_last_answer_whichever_way_that_took() -> None:
    connection = Connection(keep_alive_s=0.2)
    for _ in range(6):
        connection.ask(request())
        connection.wait(0.1)
    assert connection.heads.taken == 4
    assert not connection.is_closed()
    connection.wait(0.5)
    assert connection.is_closed()
    connection.loop.close()


# An answer for which the store is waited for


@pytest.fixture(params=LATER)
def far(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection whose head is known, over a store that takes a while."""
    made = Connection(way=request.param)
    for _ in range(2):
        made.ask(ORDINARY["a start"])
    made.app.live.store.hours = 0.05  # type: ignore[attr-defined]
    made.transport.written = b""
    yield made
    made.loop.close()


def answered(far: Connection, *statuses: int) -> bool:
    """Whether just these answers come."""
    for _ in range(500):
        if len(parse(far.transport.written)) >= len(statuses):
            break
        far.wait(0.01)
    far.wait(0.05)
    return [reply.status for reply in parse(far.transport.written)] == [*statuses]


def closes(far: Connection) -> bool:
    for _ in range(500):
        if far.is_closed():
            return True
        far.wait(0.01)
    return False


def test_what_is_read_meanwhile_waits_for_its_turn(far: Connection) -> None:
    for part in (request(), request(body='{"datasource_id":"fb","validity_duration":299}'), request()[:40]):
        far.protocol.data_received(part)
        far.wait(0.001)
    far.protocol.data_received(request()[40:])
    assert far.transport.written == b""
    assert answered(far, 200, 429, 200)
    assert not far.is_closed()
    assert far.ask(request())[0].status == 200


@pytest.mark.parametrize("later", [request(), b""])
def test_a_client_that_only_stops_sending_gets_its_answers_first(far: Connection, later: bytes) -> None:
    far.protocol.data_received(request())
    if later:
        far.protocol.data_received(later)
    assert far.protocol.eof_received()
    assert answered(far, *((200, 200) if later else (200,)))
    assert closes(far)


def test_the_usual_way_after_a_vain_wait_closes_behind_a_client_that_is_done(far: Connection) -> None:
    far.app.live.world = make_app(any_token=True).live.world
    far.protocol.data_received(request())
    assert far.protocol.eof_received()
    assert answered(far, 200)
    assert closes(far)


def test_a_server_that_stops_answers_first(far: Connection) -> None:
    far.protocol.data_received(request())
    far.protocol.shutdown()
    assert not far.is_closed()
    assert len(far.state.tasks) == 1  # which the server waits for
    assert answered(far, 200)
    assert closes(far)


def test_whoever_is_cut_off_when_the_server_stops_is_told(far: Connection) -> None:
    far.protocol.data_received(request())
    far.wait(0.001)
    for task in far.state.tasks:
        task.cancel()
    assert answered(far, 503)
    assert closes(far)


def test_a_client_that_hangs_up_gets_nothing_and_what_was_kept_is_journalled(far: Connection) -> None:
    before = len(journal(far, ""))
    far.protocol.data_received(request())
    far.transport.closed = True
    far.protocol.connection_lost(None)
    for _ in range(500):
        if len(journal(far, "")) > before:
            break
        far.wait(0.01)
    assert len(journal(far, "")) == before + 1
    assert far.transport.written == b""


@pytest.mark.parametrize("way", LATER)
def test_an_idle_connection_is_not_closed_while_the_store_is_waited_for(way: str) -> None:
    connection = Connection(keep_alive_s=0.4, way=way)
    for _ in range(3):
        connection.ask(request())
    assert connection.heads.taken == 1
    connection.app.live.store.hours = 0.3  # type: ignore[attr-defined]
    assert connection.ask(request())[0].status == 200  # after 0.3 or 0.6 seconds
    assert closes(connection)
    connection.loop.close()


def test_one_question_for_an_answer_and_another_when_it_was_overtaken() -> None:
    connection = Connection(way="together with others")
    for _ in range(2):
        connection.ask(request())
    store: Any = connection.app.live.store
    assert connection.ask(request())[0].status == 200
    assert (connection.heads.taken, store.asked) == (1, 1)
    store.hours = 0.05
    connection.transport.written = b""
    connection.protocol.data_received(request())
    connection.loop.run_until_complete(store.set_scenario("default", "plan-does-not-allow"))
    assert answered(connection, 402)
    assert (connection.heads.taken, store.asked) == (2, 2)
    assert [each.as_json()["status"] for each in journal(connection, "")] == [200, 200, 200, 402]
    connection.loop.close()


def test_a_store_that_fails_is_told_the_usual_way() -> None:
    connection = Connection(way="together with others")
    for _ in range(3):
        connection.ask(request())
    store: Any = connection.app.live.store
    store._kept = lambda seen, changes: Full()
    assert connection.ask(request())[0].status == 200  # by the usual way, which knows of no trouble
    assert connection.heads.taken == 1
    connection.loop.close()
