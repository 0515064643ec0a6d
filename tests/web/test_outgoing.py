"""Calls to others over real sockets: pinned, bounded, retried, journalled."""

from __future__ import annotations

import asyncio
import io
import ssl
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mock_server.core.target import read_allowed
from mock_server.model import Send
from mock_server.settings import Settings
from mock_server.state.memory import MemoryStore
from mock_server.web import caller
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.web.outgoing import Cause, Outgoing
from mock_server.world import build_world
from tests.support import FakeWall
from tests.web.listener import HANG, OK, listening, reply, until

CAUSE = Cause("cause-1", "default", "POST /orders")


class Sleeps:
    """Sleeps that take no time and are remembered; everything else still gets its turn."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def make_live() -> tuple[Live, io.StringIO]:
    settings, wall, text = Settings(), FakeWall(), io.StringIO()
    return Live(build_world(settings), MemoryStore(wall), settings, RequestLog(text), wall=wall), text


async def entries(live: Live) -> list[dict[str, Any]]:
    return [each.as_json() for each in await live.store.entries("default")]


def make_send(url: str, **changes: Any) -> Send:
    return Send("done", "POST", url, (("content-type", "application/json"),), b'{"id":1}')._replace(**changes)


def run(make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(make())


async def done(outgoing: Outgoing) -> None:
    await until(lambda: outgoing.waiting == 0)


def test_a_call_is_sent_and_journalled_with_what_came_back() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening(reply(200, b'{"ok":true}', "x-seen: yes")) as listener:
            outgoing = Outgoing(live)
            outgoing.start((make_send(listener.url + "?a=b"),), CAUSE)
            await done(outgoing)
        ((head, body),) = listener.received
        lines = head.split("\r\n")
        assert lines[0] == "POST /hook?a=b HTTP/1.1"
        assert f"host: 127.0.0.1:{listener.port}" in [line.lower() for line in lines]
        assert body == b'{"id":1}'
        (entry,) = await entries(live)
        assert (entry["kind"], entry["cause"], entry["attempt"], entry["error"]) == ("outgoing", "cause-1", 1, None)
        assert (entry["method"], entry["status"], entry["response"]) == ("POST", 200, "done")
        assert entry["path"] == listener.url + "?a=b"
        assert entry["request"]["body"] == '{"id":1}'
        assert entry["answer"] == {"headers": {"content-length": "11", "x-seen": "yes"}, "body": '{"ok":true}'}

    run(go)


def test_a_failing_target_is_tried_again_with_doubled_pauses_until_it_answers() -> None:
    async def go() -> None:
        live, _ = make_live()
        sleep = Sleeps()
        async with listening(reply(503), reply(429), reply(500), OK) as listener:
            outgoing = Outgoing(live, sleep=sleep)
            outgoing.start((make_send(listener.url, retries=5, backoff_s=0.5, delay_s=3.0),), CAUSE)
            await done(outgoing)
        assert sleep.seconds == [3.0, 0.5, 1.0, 2.0]
        found = await entries(live)
        assert [(entry["attempt"], entry["status"]) for entry in found] == [(1, 503), (2, 429), (3, 500), (4, 204)]
        assert len({entry["id"] for entry in found}) == 4

    run(go)


@pytest.mark.parametrize("status", [200, 301, 400, 404, 410])
def test_an_answer_that_a_retry_would_not_change_is_taken(status: int) -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening(reply(status)) as listener:
            outgoing = Outgoing(live, sleep=Sleeps())
            outgoing.start((make_send(listener.url, retries=3),), CAUSE)
            await done(outgoing)
        assert listener.connections == 1

    run(go)


def test_retries_end() -> None:
    async def go() -> None:
        live, text = make_live()
        sleep = Sleeps()
        outgoing = Outgoing(live, sleep=sleep)
        outgoing.start((make_send("http://127.0.0.1:1/", retries=2, backoff_s=1.0),), CAUSE)
        await done(outgoing)
        found = await entries(live)
        assert [(entry["attempt"], entry["status"], entry["error"]["code"]) for entry in found] == [
            (1, None, "MS427"), (2, None, "MS427"), (3, None, "MS427"),
        ]  # fmt: skip
        assert found[0]["error"]["message"].startswith("127.0.0.1:1 cannot be reached: ")
        assert sleep.seconds == [1.0, 2.0]
        live.log.flush()
        assert "-> POST http://127.0.0.1:1/  failed done" in text.getvalue()
        assert "MS427" in text.getvalue()

    run(go)


def test_a_pause_grows_to_an_hour_and_no_further() -> None:
    async def go() -> None:
        live, _ = make_live()
        sleep = Sleeps()
        outgoing = Outgoing(live, sleep=sleep)
        outgoing.start((make_send("http://127.0.0.1:1/", retries=3, backoff_s=1_500.0),), CAUSE)
        await done(outgoing)
        assert sleep.seconds == [1_500.0, 3_000.0, 3_600.0]

    run(go)


def test_a_duplicated_call_is_sent_so_many_times() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening() as listener:
            outgoing = Outgoing(live)
            outgoing.start((make_send(listener.url, times=3),), CAUSE)
            await done(outgoing)
        assert len(listener.received) == 3

    run(go)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening() as secret, listening(reply(307, b"", f"location: {secret.url}")) as listener:
            outgoing = Outgoing(live)
            outgoing.start((make_send(listener.url),), CAUSE)
            await done(outgoing)
        assert secret.connections == 0
        assert [entry["status"] for entry in await entries(live)] == [307]

    run(go)


@pytest.mark.parametrize(
    "answer, why",
    [
        (HANG, "no whole answer within 0.1 s"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", "the answer is not HTTP: "),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the answer is not HTTP: "),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 40_000 + b"\r\n\r\n", "the answer is not HTTP: "),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 8_000, "the answer does not begin"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "the connection was closed without an answer"),
    ],
    ids=["hangs", "short", "no HTTP", "large header", "endless 1xx", "closed"],
)
def test_a_target_that_gives_no_answer_is_reported(answer: bytes, why: str) -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening(answer) as listener:
            outgoing = Outgoing(live, timeout_s=0.1 if answer == HANG else 60.0)
            outgoing.start((make_send(listener.url),), CAUSE)
            await done(outgoing)
        (entry,) = await entries(live)
        assert entry["error"]["code"] == "MS427"
        assert entry["error"]["message"].startswith(why), entry["error"]

    run(go)


def test_a_target_that_drips_is_cut_off_in_all() -> None:
    """Each byte comes in time; the whole does not."""

    async def go() -> None:
        live, _ = make_live()

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.02)
            ended.set()

        ended = asyncio.Event()
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        outgoing = Outgoing(live, timeout_s=0.2)
        outgoing.start((make_send(f"http://127.0.0.1:{port}/"),), CAUSE)
        await done(outgoing)
        await ended.wait()
        server.close()
        assert [entry["error"]["message"] for entry in await entries(live)] == ["no whole answer within 0.2 s"]

    run(go)


def test_of_a_large_answer_64_kib_are_read() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening(reply(200, b"x" * 5_000_000)) as listener:
            outgoing = Outgoing(live)
            outgoing.start((make_send(listener.url),), CAUSE)
            await done(outgoing)
        (entry,) = await entries(live)
        assert entry["status"] == 200
        assert len(entry["answer"]["body"]) == 64 * 1024
        assert entry["reasons"] == ["callback: the answer is longer than what is kept of it"]

    run(go)


def test_an_answer_that_the_document_does_not_expect_is_noted() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening(reply(200)) as listener:
            outgoing = Outgoing(live)
            expected = make_send(listener.url, statuses=frozenset(("2XX",)))
            outgoing.start((expected, make_send(listener.url, statuses=frozenset(("204", "410")))), CAUSE)
            await done(outgoing)
        reasons = sorted(entry["reasons"] for entry in await entries(live))
        assert reasons == [[], ["callback: the document expects 204, 410, not 200"]]

    run(go)


def test_a_name_is_resolved_once_and_every_try_goes_to_that_address() -> None:
    """DNS rebinding: the second answer of the resolver is another one, and nobody hears it."""

    async def go() -> None:
        live, _ = make_live()
        asked: list[str] = []

        async def resolver(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

        async with listening(reply(503), OK) as listener:
            outgoing = Outgoing(live, resolver=resolver, sleep=Sleeps())
            outgoing.start((make_send(f"http://hooks.example:{listener.port}/x", retries=1),), CAUSE)
            await done(outgoing)
        assert asked == ["hooks.example"]
        assert [f"host: hooks.example:{listener.port}" in head for head, _ in listener.received] == [True, True]

    run(go)


async def _refused(url: str, addresses: list[str], *allowed: str) -> str:
    live, _ = make_live()

    async def resolver(host: str, port: int) -> list[str]:
        return addresses

    outgoing = Outgoing(live, tuple(map(read_allowed, allowed)), resolver=resolver)
    outgoing.start((make_send(url, retries=5),), CAUSE)
    await done(outgoing)
    (entry,) = await entries(live)
    assert entry["error"]["code"] == "MS426", entry["error"]
    assert entry["status"] is None
    message: str = entry["error"]["message"]
    return message


def test_a_name_that_leads_elsewhere_is_refused_unless_allowed() -> None:
    message = asyncio.run(_refused("http://hooks.example/x", ["203.0.113.7"], "other.example"))
    assert message == ("hooks.example (203.0.113.7) is not this machine; allow it with --allow-callbacks hooks.example")


def test_a_name_that_also_leads_to_the_metadata_service_is_refused_under_a_wildcard() -> None:
    message = asyncio.run(_refused("http://hooks.example/x", ["127.0.0.1", "169.254.169.254"], "*"))
    assert message.startswith("hooks.example is 169.254.169.254, which is never called")


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"])
def test_the_metadata_address_is_refused_in_every_way_to_write_it(host: str) -> None:
    """The system's own resolver reads these numbers (inet_aton)."""
    assert asyncio.run(caller.resolve(host, 80)) == ["169.254.169.254"]

    async def go() -> None:
        live, _ = make_live()
        outgoing = Outgoing(live, (read_allowed("*"),))
        outgoing.start((make_send(f"http://{host}/"),), CAUSE)
        await done(outgoing)
        assert [entry["error"]["code"] for entry in await entries(live)] == ["MS426"]

    run(go)


def test_a_name_that_nobody_knows_is_reported() -> None:
    async def go() -> None:
        live, _ = make_live()
        outgoing = Outgoing(live, (read_allowed("*"),))
        outgoing.start((make_send("http://no-such-name.invalid/"),), CAUSE)
        await done(outgoing)
        (entry,) = await entries(live)
        assert entry["error"]["code"] == "MS427"
        assert entry["error"]["message"].startswith("the name no-such-name.invalid cannot be resolved: ")

    run(go)


def test_credentials_in_a_url_are_refused_and_not_journalled() -> None:
    async def go() -> None:
        live, text = make_live()
        outgoing = Outgoing(live)
        outgoing.start((make_send("http://me:hunter2@127.0.0.1:1/?token=abc"),), CAUSE)
        await done(outgoing)
        (entry,) = await entries(live)
        assert entry["error"] == {"code": "MS426", "message": "the URL holds credentials; send them as a header"}
        assert entry["path"] == "http://***@127.0.0.1:1/?token=***"
        live.log.flush()
        assert "hunter2" not in text.getvalue() + str(entry)
        assert "abc" not in text.getvalue() + str(entry)

    run(go)


def test_secrets_that_are_sent_are_masked_in_the_journal() -> None:
    async def go() -> None:
        live, _ = make_live()
        send = make_send("", headers=(("authorization", "Bearer s3cret"),), body=b'{"access_token":"s3cret"}')
        async with listening(reply(200, b'{"refresh_token":"s3cret"}', "set-cookie: a=s3cret")) as listener:
            outgoing = Outgoing(live)
            outgoing.start((send._replace(url=listener.url),), CAUSE)
            await done(outgoing)
        ((head, body),) = listener.received
        assert "Bearer s3cret" in head
        assert b"s3cret" in body
        assert "s3cret" not in str(await entries(live))

    run(go)


def test_a_header_that_would_split_the_request_is_not_sent() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening() as listener:
            outgoing = Outgoing(live)
            for value in ("a\r\nx-evil: 1", "snow ☃"):
                outgoing.start((make_send(listener.url, headers=(("x-a", value),)),), CAUSE)
            await done(outgoing)
        assert listener.connections == 0
        assert [entry["error"]["code"] for entry in await entries(live)] == ["MS427", "MS427"]

    run(go)


def test_only_so_many_are_under_way_at_once() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening() as listener:
            outgoing = Outgoing(live, max_in_flight=3)
            outgoing.start((make_send(listener.url, times=20),), CAUSE)
            await done(outgoing)
        assert len(listener.received) == 20
        assert listener.most_at_once <= 3

    run(go)


def test_too_many_that_wait_are_given_up_and_journalled() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening() as listener:
            outgoing = Outgoing(live, max_waiting=4)
            outgoing.start((make_send(listener.url, times=7),), CAUSE)
            await done(outgoing)
        assert len(listener.received) == 4
        errors = [entry["error"] for entry in await entries(live) if entry["error"]]
        assert errors == [{"code": "MS428", "message": "4 calls are waiting already"}] * 3

    run(go)


def test_a_flood_is_bounded_even_where_nothing_is_journalled(capsys: pytest.CaptureFixture[str]) -> None:
    async def go() -> None:
        live, _ = make_live()
        outgoing = Outgoing(live, max_waiting=4)
        outgoing.start((make_send("http://127.0.0.1:1/", times=100, delay_s=60.0),), CAUSE)
        assert outgoing.waiting == 8
        await outgoing.stop(0)
        assert len(await entries(live)) == 8

    run(go)
    assert "MS428" in capsys.readouterr().err


def test_a_stop_lets_calls_under_way_end_and_journals_the_others() -> None:
    async def go() -> None:
        live, _ = make_live()
        async with listening() as listener, listening(HANG) as hanging:
            outgoing = Outgoing(live)
            outgoing.start((make_send(hanging.url, name="hanging"),), CAUSE)
            outgoing.start((make_send(listener.url, name="late", delay_s=3_600.0),), CAUSE)
            outgoing.start((make_send(listener.url, name="quick"),), CAUSE)
            await until(lambda: hanging.connections == 1)
            await outgoing.stop(0.3)
            outgoing.start((make_send(listener.url, name="after"),), CAUSE)
            await done(outgoing)
        ends = {
            entry["response"]: (entry["status"], (entry["error"] or {}).get("code")) for entry in await entries(live)
        }
        assert ends == {
            "quick": (204, None), "late": (None, "MS428"), "hanging": (None, "MS428"), "after": (None, "MS428"),
        }  # fmt: skip

    run(go)


def test_the_first_address_that_takes_the_connection_is_used() -> None:
    async def go() -> None:
        live, _ = make_live()

        async def resolver(host: str, port: int) -> list[str]:
            return ["127.0.0.2", "127.0.0.1"]  # nobody listens on the first

        async with listening() as listener:
            outgoing = Outgoing(live, resolver=resolver)
            outgoing.start((make_send(f"http://localhost:{listener.port}/"),), CAUSE)
            await done(outgoing)
        assert len(listener.received) == 1

    run(go)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for hooks.example that nobody else trusts, and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hooks.example",
         "-addext", "subjectAltName=DNS:hooks.example", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


@pytest.mark.parametrize("trusted", [True, False])
def test_over_tls_the_name_is_checked_and_the_address_stays_pinned(
    trusted: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate)) if trusted else None
    caller._tls.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def go() -> None:
        live, _ = make_live()
        async with listening(tls=context) as listener:
            outgoing = Outgoing(live, resolver=resolver)
            outgoing.start((make_send(f"https://hooks.example:{listener.port}/x"),), CAUSE)
            await done(outgoing)
        (entry,) = await entries(live)
        assert names == ["hooks.example"]
        if trusted:
            assert entry["status"] == 204
        else:
            assert "its certificate is not good" in entry["error"]["message"], entry["error"]

    run(go)
    caller._tls.cache_clear()
