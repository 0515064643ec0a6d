"""The mock inside a test: started, steered, asked about and asserted on, with a port and without one."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mock_server.errors import Broken
from mock_server.server.run import CannotBind
from mock_server.settings import Settings
from mock_server.testing import Misused, MockServer, Refused, connect, running
from mock_server.testing.clients import NoClient
from mock_server.testing.clock import Instant, seconds_of
from mock_server.testing.pool import Pool
from tests.support import ASK, TOKEN, Server

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def house() -> Iterator[MockServer]:
    with running() as found:
        yield found


@pytest.fixture
def mock(house: MockServer) -> Iterator[MockServer]:
    """The bundled API in a fresh session."""
    house.reset()
    yield house
    house.reset()


@pytest.fixture
def client(mock: MockServer) -> Iterator[httpx2.Client]:
    with mock.client_without_port(headers=TOKEN) as found:
        yield found


def start(client: httpx2.Client, **changes: Any) -> str:
    """A handshake; its pull_id."""
    pull_id: str = client.post("/oauth2", json={**ASK, **changes}).raise_for_status().json()["pull_id"]
    return pull_id


def collect(client: httpx2.Client, pull_id: str) -> tuple[int, str]:
    answer = client.post("/oauth2/credentials", json={"pull_id": pull_id})
    return answer.status_code, answer.json()["message"]


@pytest.mark.parametrize(
    ("decision", "status"), [("approve", 200), ("deny", 402), ("fail", 402), ("abandon", 402), ("expire", 402)]
)
@pytest.mark.parametrize("is_named", [True, False])
def test_a_handshake_is_decided_by_its_pull_id_or_as_the_only_open_one(
    mock: MockServer, client: httpx2.Client, decision: str, status: int, is_named: bool
) -> None:
    pull_id = start(client)
    before = collect(client, pull_id)
    getattr(mock, decision)(*[pull_id] if is_named else [])
    found, message = collect(client, pull_id)
    assert (found, before[0]) == (status, 402)
    assert (message == before[1]) is (decision == "abandon"), "one message each, but nobody sees that a page was closed"


def test_which_handshake_is_meant_must_be_clear(mock: MockServer, client: httpx2.Client) -> None:
    with pytest.raises(Misused, match="0 handshakes are open"):
        mock.approve()
    start(client)
    start(client)
    with pytest.raises(Misused, match=r"2 handshakes are open .* pull_id"):
        mock.approve()
    with pytest.raises(Refused, match="MS409"):
        mock.approve("nobody")


def test_an_answer_is_queued_for_as_many_requests_as_are_said(mock: MockServer, client: httpx2.Client) -> None:
    mock.next("POST /oauth2", "rate-limited", times=2)
    assert [client.post("/oauth2", json=ASK).status_code for _ in range(3)] == [429, 429, 200]
    mock.next("POST /oauth2", "payment-required", times="always")
    assert {client.post("/oauth2", json=ASK).status_code for _ in range(5)} == {402}


@pytest.mark.parametrize(
    ("operation", "response", "told"),
    [
        ("POST /oauth2", "rate-limitd", "did you mean 'rate-limited'.* there are started, "),
        ("POST /oauth", "rate-limited", "did you mean 'POST /oauth2'.* there are POST /oauth2, POST /oauth2/cred"),
    ],
)
def test_a_mistyped_name_is_told_with_those_that_there_are(
    mock: MockServer, operation: str, response: str, told: str
) -> None:
    with pytest.raises(Refused, match=told) as refused:
        mock.next(operation, response)
    assert (refused.value.code, refused.value.status) == ("MS409", 404)


def test_a_scenario_begins_and_ends(mock: MockServer, client: httpx2.Client) -> None:
    mock.scenario("rate-limited")
    assert client.post("/oauth2", json=ASK).status_code == 429
    mock.scenario(None)
    assert client.post("/oauth2", json=ASK).status_code == 200
    with pytest.raises(Refused, match="did you mean 'rate-limited'"):
        mock.scenario("rate-limit")


def test_time_is_moved_by_any_words(mock: MockServer, client: httpx2.Client) -> None:
    assert mock.clock.freeze(NOON) == NOON.timestamp()
    assert mock.clock.now == mock.clock.now
    pull_id = start(client, validity_duration=43_200)
    mock.clock.advance(hours=11, minutes=59, seconds=59)
    assert "not finished" in collect(client, pull_id)[1] or collect(client, pull_id)[0] == 402
    mock.approve()
    assert collect(client, pull_id)[0] == 200
    mock.clock.advance(timedelta(seconds=1))
    assert collect(client, pull_id)[0] == 402
    assert mock.clock.now == (NOON + timedelta(hours=12)).timestamp()
    mock.clock.thaw()
    assert mock.clock.set("2031-01-01T00:00:00Z") >= datetime(2031, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "at", [NOON, NOON.replace(tzinfo=None), "2030-01-01T12:00:00Z", NOON.timestamp(), int(NOON.timestamp())]
)
def test_an_instant_may_be_written_in_several_ways(at: Instant) -> None:
    assert seconds_of(at) == NOON.timestamp()


@pytest.mark.parametrize("by", ["12h", True, None, [1]])
def test_what_is_no_length_of_time_is_said(mock: MockServer, by: Any) -> None:
    with pytest.raises(Misused, match="is no length of time; give seconds"):
        mock.clock.advance(by)


@pytest.mark.parametrize("at", ["noon", True, None, [1]])
def test_what_is_no_time_is_said(at: Any) -> None:
    with pytest.raises(Misused, match="is no time"):
        seconds_of(at)


def test_answers_break_over_the_port_and_without_one(mock: MockServer, client: httpx2.Client) -> None:
    mock.fault("reset", "POST /oauth2", times=1)
    mock.fault("status-503", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post("/oauth2", json=ASK)
    assert client.post("/oauth2/credentials", json={"pull_id": "x"}).status_code == 503
    assert client.post("/oauth2", json=ASK).status_code == 200
    mock.no_faults()
    mock.fault("reset")
    with mock.client(headers=TOKEN) as over_the_port, pytest.raises(httpx2.NetworkError):
        over_the_port.post("/oauth2", json=ASK)
    mock.network("none")
    assert client.post("/oauth2", json=ASK).status_code == 200
    with pytest.raises(Refused, match="no profile is called"):
        mock.network("5g")
    with pytest.raises(Refused, match="MS408"):
        mock.fault("resett")


def test_every_client_is_of_its_session_and_sees_no_other(house: MockServer, client: httpx2.Client) -> None:
    other = MockServer(house._channel, "other")
    other.reset()
    other.scenario("rate-limited")
    assert client.post("/oauth2", json=ASK).status_code == 200
    for found in (other.client(), other.client_without_port()):
        with found:
            assert found.post("/oauth2", json=ASK, headers=TOKEN).status_code == 429
    assert httpx2.post(f"{other.origin}/api/oauth2", json=ASK, headers={**TOKEN, **other.headers}).status_code == 429
    assert httpx2.post(f"{other.url}/api/oauth2", json=ASK, headers=TOKEN).status_code == 429
    assert len(other.journal) == 4
    assert len(house.journal) == 1
    other.end()


def test_a_request_that_names_no_session_belongs_to_the_one_that_runs(mock: MockServer) -> None:
    mock.next("POST /oauth2", "rate-limited")
    with httpx2.Client(base_url=f"{mock.origin}/api", headers=TOKEN) as client:
        assert [client.post("/oauth2", json=ASK).status_code for _ in range(4)] == [429, 200, 200, 200]
        assert len(mock.journal) == 4
        other = MockServer(mock._channel, "next-test")
        other.begin()
        assert client.post("/oauth2", json=ASK).status_code == 200
        assert (len(mock.journal), len(other.journal)) == (4, 1)
        other.end()
    mock.begin()


def test_an_auth_uri_leads_back_into_the_session(mock: MockServer) -> None:
    with mock.client(headers=TOKEN) as client:
        auth_uri = client.post("/oauth2", json=ASK).json()["auth_uri"]
        assert auth_uri.startswith(f"{mock.url}/__provider/")
        assert "Approve" in client.get(auth_uri, headers={"accept": "text/html"}).text


def test_the_application_is_called_from_another_event_loop(mock: MockServer) -> None:
    async def ask() -> list[int]:
        transport = httpx2.ASGITransport(app=mock.app)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://mock/api", headers=TOKEN) as by_asgi,
            mock.async_client_without_port(headers=TOKEN) as without_port,
            mock.async_client(headers=TOKEN) as over_the_port,
        ):
            clients = (by_asgi, without_port, over_the_port)
            answers = await asyncio.gather(*(each.post("/oauth2?a=1", json=ASK) for each in clients for _ in range(5)))
            return [each.status_code for each in answers]

    assert asyncio.run(ask()) == [200] * 15
    assert [each.path for each in mock.journal] == ["/api/oauth2?a=1"] * 15


def test_no_port_is_opened_before_somebody_asks_for_one() -> None:
    with running() as mock:
        with mock.client_without_port() as client:
            assert client.post("/oauth2", json=ASK, headers=TOKEN).status_code == 200
        assert not mock._channel.has_port  # type: ignore[attr-defined]
        assert httpx2.post(mock.api + "/oauth2", json=ASK, headers=TOKEN).status_code == 200
        origin = mock.origin
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(origin)


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CannotBind, match="choose another"), running(port=taken.getsockname()[1]):
            pass


def test_who_waits_for_an_answer_when_the_mock_stops_is_told() -> None:
    told: list[str] = []
    with running() as mock, mock.client_without_port(headers={**TOKEN, "Prefer": "wait=60"}) as client:

        def ask() -> None:
            with pytest.raises(httpx2.RemoteProtocolError) as failed:
                client.post("/oauth2", json=ASK)
            told.append(str(failed.value))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        deadline = time.monotonic() + 30
        while not mock.handshakes() and time.monotonic() < deadline:  # it is kept before it waits
            time.sleep(0.01)
    asking.join(30)
    assert told == ["the mock was stopped"]


def test_of_several_mocks_one_that_does_not_end_keeps_none_of_the_others_running(
    pytestconfig: pytest.Config,
) -> None:
    pool = Pool(pytestconfig)
    houses = [pool._house(Settings(port=0, strict=strict)) for strict in (True, False)]

    async def fails() -> None:
        raise OSError("the disk is gone")

    for house in houses:
        house.app.live.store.close = fails  # type: ignore[method-assign]
    with pytest.raises(OSError, match="the disk is gone"):
        pool.stop()
    assert not any(house._thread.is_alive() for house in houses)


def test_another_document_is_served_with_the_switches_of_serve(tmp_path: Path) -> None:
    text = """
        {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {
          "/pets": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                             "responses": {"201": {"description": "", "content": {"application/json": {"schema":
                               {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
                                "required": ["id"]}}}}}}},
          "/pets/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": true,
                                                 "schema": {"type": "string"}}],
                         "responses": {"200": {"description": "", "content": {"application/json": {"schema":
                               {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
                                "required": ["id"]}}}}}}}}}"""
    (tmp_path / "pets.json").write_text(text)
    with running(tmp_path / "pets.json", stateful=True) as mock, mock.client_without_port() as client:
        made = client.post("/pets", json={"name": "Rex"}).raise_for_status().json()
        assert client.get(f"/pets/{made['id']}").json()["name"] == "Rex"
        assert mock.api == mock.url
    (tmp_path / "pets.json").write_text("{}")
    with pytest.raises(Broken), running(tmp_path / "pets.json"):
        pass


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"statefull": True}, "MS489: .* no word 'statefull'; did you mean 'stateful'"),
        ({"stateful": "yes"}, "stateful='yes': a bool is wanted"),
        ({"seed": True}, "seed=True: a int is wanted"),
        ({"profile": "5g"}, "no profile is called '5g'; there are none, 3g"),
        ({"clock": "noon"}, "'noon' is no time"),
    ],
)
def test_a_wrong_wish_is_said(wishes: dict[str, Any], told: str) -> None:
    with pytest.raises(Misused, match=told), running(**wishes):
        pass


def test_a_mock_that_runs_elsewhere_has_the_same_handle(server: Server) -> None:
    with connect(server.api, session="elsewhere", scenario="consent-approved", clock=NOON) as mock:
        with mock.client(headers=TOKEN) as client:
            assert collect(client, start(client))[0] == 200
        assert [each.operation for each in mock.journal] == ["POST /oauth2", "POST /oauth2/credentials"]
        assert mock.journal[0].at == NOON.timestamp()
        with pytest.raises(Misused, match="runs elsewhere"):
            mock.client_without_port()
    with connect(server.api, session="elsewhere") as mock:
        assert mock.journal == []


def test_nobody_at_the_address_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Refused, match=f"MS492: no mock answers at {url}"), connect(url):
        pass
    with pytest.raises(Misused, match="is no URL of a mock"), connect("mock:4010"):
        pass


def test_without_a_library_for_clients_it_says_what_to_install(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(NoClient, match=r"MS490: .* pip install httpx2"):
        mock.client()
    assert mock.url


def test_the_journal_is_told_without_secrets(mock: MockServer, client: httpx2.Client) -> None:
    pull_id = start(client)
    collect(client, pull_id)
    client.get("/nope")
    story = mock.story()
    assert pull_id not in story
    assert "dev-token" not in story
    assert [line.split("  ")[1] for line in story.splitlines() if "  POST " in line or "  GET " in line] == [
        "POST /api/oauth2", "POST /api/oauth2/credentials", "GET /api/nope",
    ]  # fmt: skip
    entry = mock.journal[0]
    assert (entry.json["datasource_id"], entry.answer_json["pull_id"], entry.status) == ("fb", "***", 200)
    assert MockServer(mock._channel, "empty").story() == "no request came in the session empty"
