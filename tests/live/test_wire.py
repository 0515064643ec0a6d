"""What bytes do to the server: every request gets an answer below 500 or a closed connection, in time.

RFC 9110 and RFC 9112 say which. After each test the server must still answer its health check.
"""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mock_server.settings import Limits
from tests.examples import examples
from tests.live.wire import Reply, Wire
from tests.support import Server, running

HOST = b"Host: 127.0.0.1\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HEALTH = b"GET /__mock/health HTTP/1.1\r\n" + HOST
ASK = b'{"datasource_id":"fb"}'
LENGTH = b"Content-Length: %d\r\n\r\n" % len(ASK)
START = b"POST /api/oauth2 HTTP/1.1\r\n" + HOST + b"Authorization: Bearer dev-token\r\nMock-Session: wire\r\n"
STEER = b"POST /__mock/clock HTTP/1.1\r\n" + HOST + b"Mock-Session: wire\r\nContent-Length: 50\r\n\r\n"


@pytest.fixture(scope="module")
def hurried_server() -> Iterator[Server]:
    """Deadlines so short that a test can wait for them."""
    with running("--quiet", "--header-timeout", "0.5", "--body-timeout", "0.5") as found:
        yield found


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    yield server.url
    assert_healthy(server.url)


@pytest.fixture
def hurried(hurried_server: Server) -> Iterator[str]:
    yield hurried_server.url
    assert_healthy(hurried_server.url)


def assert_healthy(url: str) -> None:
    with urllib.request.urlopen(f"{url}/__mock/health", timeout=30) as answer:
        assert json.load(answer)["status"] == "ok"


def ask(url: str, *parts: bytes) -> list[Reply]:
    with Wire(url) as wire:
        return wire.send(*parts).replies()


NOT_HTTP = {
    "garbage": b"\x00\xff\x7fgarbage\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.0": b"GET / HTTP/3.0\r\n" + HOST + b"\r\n",
    "a method nobody knows": b"FROB /api/oauth2 HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "lone carriage returns": b"GET / HTTP/1.1\rHost: a\r\r",
    "lone line feeds": b"GET / HTTP/1.1\nHost: a\n\n",
    "eight-bit bytes in the target": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "a folded header": HEALTH + b"X: a\r\n b\r\n\r\n",
    "a space before the colon": HEALTH + b"X : a\r\n\r\n",
    "NUL in a header": HEALTH + b"X: a\0b\r\n\r\n",
    "no Host": b"GET /__mock/health HTTP/1.1\r\n\r\n",
    "two Hosts": HEALTH + b"Host: localhost\r\n\r\n",
    "a length that is negative": START + b"Content-Length: -1\r\n\r\n",
    "a length beyond 64 bit": START + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "two different lengths": START + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": START + CHUNKED + LENGTH + b"0\r\n\r\n",
    "a transfer coding that is not chunked": START + b"Transfer-Encoding: gzip\r\n\r\n",
    "a chunk without a size": START + CHUNKED + b"\r\nZZ\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", NOT_HTTP)
def test_what_is_not_http_is_answered_400_and_the_connection_ends(url: str, name: str) -> None:
    (reply,) = ask(url, NOT_HTTP[name])
    assert reply.status == 400
    assert reply.headers["connection"] == "close"
    assert reply.json["message"]


TOO_MUCH = {
    "a target of 9 KiB": (414, b"GET /" + b"a" * 9 * 1024 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "200 headers": (431, HEALTH + b"".join(b"X-%d: 1\r\n" % number for number in range(200)) + b"\r\n"),
    "a header of 100 KiB": (431, HEALTH + b"X: " + b"a" * 100 * 1024 + b"\r\n\r\n"),
    "a header of 1 MiB that never ends": (431, HEALTH + b"X: " + b"a" * 1024 * 1024),
    "200 trailers": (431, START + CHUNKED + b"\r\n0\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n"),
    "a declared body of 2 MiB": (
        413,
        START + CLOSE + b"Content-Length: 2097152\r\n\r\n" + b"a" * 2 * 1024 * 1024,
    ),
    "chunks of 2 MiB": (413, START + CLOSE + CHUNKED + b"\r\n" + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 32),
    "2 MiB to the control API": (
        413,
        b"POST /__mock/clock HTTP/1.1\r\n" + HOST + CLOSE + b"Content-Length: 2097152\r\n\r\n" + b"a" * 2 * 1024 * 1024,
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_refused_with_its_own_status(url: str, name: str) -> None:
    status, request = TOO_MUCH[name]
    (reply,) = ask(url, request)
    assert reply.status == status
    assert reply.json["status"] == status


def test_the_limits_themselves_are_allowed(url: str) -> None:
    padding = b"".join(b"X-%d: 1\r\n" % number for number in range(Limits().header_lines - 2))
    (reply,) = ask(url, HEALTH + CLOSE + padding + b"\r\n")
    assert reply.status == 200
    (reply,) = ask(url, b"GET /" + b"a" * (Limits().target_bytes - 1) + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert reply.status == 404


HALVES = {
    "half a request line": b"GET /__mo",
    "half the headers": b"GET /__mock/health HTTP/1.1\r\nHos",
    "half a body": START + LENGTH + ASK[:5],
    "half a chunk": START + CHUNKED + b"\r\n16\r\n" + ASK[:5],
    "chunks without an end": START + CHUNKED + b"\r\n16\r\n" + ASK + b"\r\n",
    "half a body for the control API": STEER + b'{"freeze"',
}


@pytest.mark.parametrize("name", HALVES)
def test_half_a_request_is_answered_408_when_its_time_is_up(hurried: str, name: str) -> None:
    (reply,) = ask(hurried, HALVES[name])
    assert reply.status == 408
    assert reply.headers["connection"] == "close"


@pytest.mark.parametrize("name", HALVES)
def test_half_a_request_from_a_client_that_stops_sending_is_answered_400(url: str, name: str) -> None:
    with Wire(url) as wire:
        (reply,) = wire.send(HALVES[name]).stop_sending().replies()
    assert reply.status == 400


def test_half_a_request_from_a_client_that_hangs_up_leaves_no_trace_in_the_log() -> None:
    with running("--quiet") as server:
        for half in HALVES.values():
            with Wire(server.url) as wire:
                wire.send(half)
        assert_healthy(server.url)
        server.process.send_signal(signal.SIGTERM)
        said, _ = server.process.communicate(timeout=30)
        assert "Traceback" not in said
        assert server.process.returncode == 0


def test_a_connection_that_never_asks_is_closed_without_a_word(hurried: str) -> None:
    assert ask(hurried) == []


def test_empty_lines_do_not_keep_a_connection(hurried: str) -> None:
    assert ask(hurried, b"\r\n\r\n\r\n") == []
    with Wire(hurried) as wire:
        wire.send(HEALTH + b"\r\n").receive(b"ok")
        assert len(wire.send(b"\r\n").replies()) == 1


def test_a_refusal_in_the_middle_of_a_long_body_is_read_by_a_client_that_goes_on_sending(hurried: str) -> None:
    with Wire(hurried) as wire:
        wire.send(START + b"Content-Length: 2097152\r\n\r\nabc").receive(b"MS405")
        (reply,) = wire.replies()
    assert reply.status == 413


def test_a_request_that_comes_byte_by_byte_is_answered(url: str) -> None:
    with Wire(url) as wire:
        wire.send(*(bytes([byte]) for byte in START + CLOSE + LENGTH + ASK))
        (reply,) = wire.replies()
    assert reply.status == 200


def test_chunks_are_as_good_as_a_length(url: str) -> None:
    (reply,) = ask(
        url, START + CLOSE + CHUNKED + b"\r\n5\r\n" + ASK[:5] + b"\r\n11;x=y\r\n" + ASK[5:] + b"\r\n0\r\n\r\n"
    )
    assert reply.status == 200


def test_a_trailer_never_becomes_a_header(url: str) -> None:
    request = START.replace(b"Authorization: Bearer dev-token\r\n", b"Trailer: Authorization\r\n") + CLOSE + CHUNKED
    body = b"\r\n16\r\n" + ASK + b"\r\n0\r\nAuthorization: Bearer dev-token\r\n\r\n"
    (reply,) = ask(url, request + body)
    assert reply.status == 403
    assert reply.json["message"] == "no token was sent"


def test_an_absolute_target_is_answered_like_its_path(url: str) -> None:
    (reply,) = ask(url, b"GET http://127.0.0.1/__mock/health HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert reply.status == 200


def test_http_1_0_needs_no_host_and_ends_the_connection(url: str) -> None:
    (reply,) = ask(url, b"GET /__mock/health HTTP/1.0\r\n\r\n")
    assert reply.status == 200
    assert reply.headers["connection"] == "close"


def test_a_client_that_only_stops_sending_gets_its_answer(url: str) -> None:
    with Wire(url) as wire:
        (reply,) = wire.send(START + b"Prefer: wait=0.3\r\n" + LENGTH + ASK).stop_sending().replies()
    assert reply.status == 200


def test_two_requests_at_once_are_answered_in_their_order(url: str) -> None:
    slow = START + b"Prefer: wait=0.3\r\n" + LENGTH + ASK
    first, second = ask(url, slow + HEALTH + CLOSE + b"\r\n")
    assert (first.status, second.status) == (200, 200)
    assert "pull_id" in first.json
    assert second.json["status"] == "ok"


@pytest.mark.parametrize("name", ["garbage", "two Hosts", "a length and chunks"])
def test_a_refusal_never_overtakes_the_answer_to_an_earlier_request(url: str, name: str) -> None:
    slow = START + b"Prefer: wait=0.3\r\n" + LENGTH + ASK
    first, second = ask(url, slow + NOT_HTTP[name])
    assert (first.status, second.status) == (200, 400)


@pytest.mark.parametrize("name", HALVES)
def test_half_a_request_behind_a_slow_one_is_refused_after_its_answer(hurried: str, name: str) -> None:
    slow = START + b"Prefer: wait=0.8\r\n" + LENGTH + ASK
    first, second = ask(hurried, slow + HALVES[name])
    assert (first.status, second.status) == (200, 408)


def test_the_time_that_the_mock_itself_takes_is_not_the_clients(hurried: str) -> None:
    (reply,) = ask(hurried, START + CLOSE + b"Prefer: wait=1\r\n" + LENGTH + ASK)
    assert reply.status == 200


def test_a_client_that_asks_first_is_told_to_go_on(url: str) -> None:
    with Wire(url) as wire:
        wire.send(START + CLOSE + b"Expect: 100-continue\r\n" + LENGTH).receive(b"100 Continue")
        go_on, reply = wire.send(ASK).replies()
    assert (go_on.status, reply.status) == (100, 200)


def test_a_client_of_http_1_0_is_never_told_to_go_on(url: str) -> None:
    """RFC 9110 §10.1.1: such an expectation MUST be overlooked."""
    with Wire(url) as wire:
        wire.send(START.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Expect: 100-continue\r\n" + LENGTH + ASK)
        (reply,) = wire.replies()
    assert reply.status == 200


def test_a_huge_chunk_is_refused_when_its_size_comes_and_not_when_its_data_would(url: str) -> None:
    for pieces in ([b"40000000\r", b"\n"], [b"4000", b"0000\r\n"], [b"1\r\n{\r\n", b"400", b"00000;x\r\nabc"]):
        with Wire(url) as wire:
            wire.send(START + b"Expect: 100-continue\r\n" + CHUNKED + b"\r\n").receive(b"100 Continue")
            for piece in pieces:
                wire.send(piece)
                time.sleep(0.01)  # so that each comes alone
            wire.receive(b"MS405")
            (_, reply) = wire.stop_sending().replies()
        assert reply.status == 413


def test_a_client_that_asks_first_with_too_large_a_body_is_refused_at_once(url: str) -> None:
    with Wire(url) as wire:
        wire.send(START + b"Expect: 100-continue\r\nContent-Length: 2097152\r\n\r\n").receive(b"MS405")
        (reply,) = wire.stop_sending().replies()
    assert reply.status == 413


@pytest.mark.parametrize("method", [b"TRACE", b"PROPFIND", b"PUT", b"DELETE", b"GET"])
def test_a_method_that_the_operation_lacks_is_answered_405_with_what_there_is(url: str, method: bytes) -> None:
    (reply,) = ask(url, START.replace(b"POST", method) + CLOSE + b"\r\n")
    assert reply.status == 405
    assert reply.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("framing", ["length", "chunks", "length in a second packet"])
def test_an_offer_to_upgrade_is_overlooked_and_the_body_is_read(url: str, framing: str) -> None:
    # Java's HttpClient asks so with every POST.
    offer = START + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    with Wire(url) as wire:
        if framing == "length":
            wire.send(offer + LENGTH + ASK)
        elif framing == "chunks":
            wire.send(offer + CHUNKED + b"\r\n16\r\n" + ASK + b"\r\n0\r\n\r\n")
        else:
            wire.send(offer + b"Expect: 100-continue\r\n" + LENGTH).receive(b"100 Continue")
            wire.send(ASK)
        *_, reply = wire.replies()
    assert reply.status == 200
    assert "pull_id" in reply.json


def test_a_websocket_handshake_is_a_request_like_any_other(url: str) -> None:
    upgrade = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    (reply,) = ask(url, START.replace(b"POST", b"GET") + upgrade)
    assert reply.status == 405


WHOLE = [START + LENGTH + ASK, HEALTH + b"\r\n", STEER + b" " * 50, START + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n"]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A good request with some of its bytes cut out or replaced."""
    request = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(request)))
        request[at : at + draw(st.integers(0, 20))] = draw(st.binary(max_size=20))
    return bytes(request)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(mangled(), st.binary(max_size=200)))
@example(b"GET http://127.0.0.1 HTTP/1.1\r\n" + HOST + b"\r\n")
@example(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n")
@example(b"GET /%ff%00%zz/../x HTTP/1.1\r\n" + HOST + b"\r\n")
@example(b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n")
@example(b"GET /__mock/health HTTP/1.1\r\nHost: [::1\r\n\r\n")
@example(HEALTH + b"Origin: http://[\r\n\r\n")
@example(START + b"Prefer: wait=nan\r\n" + LENGTH + ASK)
@example(START + b"Prefer: wait=-1\r\n" + LENGTH + ASK)
@example(START + b"Mock-Session: \xff\r\n" + LENGTH + ASK)
@example(START + LENGTH + b"\xff\xfe" + ASK)
def test_no_bytes_at_all_bring_a_5xx_or_a_hang(url: str, request_bytes: bytes) -> None:
    with Wire(url) as wire:
        replies = wire.send(request_bytes).stop_sending().replies()
    assert all(reply.status < 500 for reply in replies)
