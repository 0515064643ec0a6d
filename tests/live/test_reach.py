"""Who reaches the control API of a mock that listens to other machines: whoever has the token, and this machine."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.live.hostile.kit import Line
from tests.live.test_hostile import serving
from tests.live.wire import Reply

JOURNAL = b"GET /__mock/journal HTTP/1.1\r\nHost: %b\r\n%b\r\n"


def own_address() -> str:
    """An address of this machine that is not loopback, as other machines would see it; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def asked(url: str, sent: bytes) -> Reply:
    with Line(url) as line:
        line.send(sent)
        reply = line.reply()
    assert reply is not None
    return reply


def test_a_mock_for_other_machines_makes_up_a_token_and_shows_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "--host", "0.0.0.0") as (url, _):
        port = url.rpartition(":")[2]
        tokens = re.findall(r"Authorization: Bearer (\S+)", log.read_text())
        made = [token for token in tokens if "dev-token" not in token]
        assert len(made) == 1
        assert len(made[0]) >= 22  # 128 bits
        assert asked(f"http://127.0.0.1:{port}", JOURNAL % (b"127.0.0.1", b"")).status == 200
        there = own_address()
        if there != "127.0.0.1":
            outside = f"http://{there}:{port}"
            assert asked(outside, JOURNAL % (there.encode(), b"")).status == 403
            assert asked(outside, JOURNAL % (b"127.0.0.1", b"")).status == 403
            assert asked(outside, JOURNAL % (there.encode(), b"Authorization: Bearer wrong\r\n")).status == 403
            right = b"Authorization: Bearer %b\r\n" % made[0].encode()
            assert asked(outside, JOURNAL % (there.encode(), right)).status == 200
            foreign = right + b"Origin: http://evil.example\r\n"
            assert asked(outside, JOURNAL % (there.encode(), foreign)).status == 403
        assert asked(f"http://127.0.0.1:{port}", JOURNAL % (b"evil.example", b"")).status == 403
    assert log.read_text().count(made[0]) == 1


def test_each_start_makes_another_token(tmp_path: Path) -> None:
    made = []
    for number in range(2):
        log = tmp_path / str(number)
        with serving(log, "--host", "0.0.0.0", "--quiet"):
            made += [each for each in re.findall(r"Authorization: Bearer (\S+)", log.read_text()) if each[:3] != "dev"]
    assert len(set(made)) == 2


@pytest.mark.parametrize("arguments", [(), ("--host", "0.0.0.0", "--control-token", "my-own-token")])
def test_on_loopback_or_with_a_token_of_ones_own_nothing_is_shown(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    log = tmp_path / "log"
    with serving(log, "--quiet", *arguments):
        pass
    assert "it is said once" not in log.read_text()
    assert "my-own-token" not in log.read_text()


def test_no_answer_below_the_control_api_carries_cors_and_all_forbid_sniffing(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--quiet") as (url, _):
        for path in ("/", "/health", "/journal", "/nothing", "/openapi.json"):
            reply = asked(url, b"GET /__mock%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
            assert not [name for name in reply.headers if name.startswith("access-control-")]
            if reply.status == 200:
                assert reply.headers["x-content-type-options"] == "nosniff"
                assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        for page in (
            "/__provider/fb/authorize",
            "/__provider/nobody/authorize",
            "/api/oauthcallback/fb?code=a&state=b",
        ):
            reply = asked(url, b"GET %b HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n" % page.encode())
            assert reply.headers["content-security-policy"].startswith("default-src 'none'; ")
            assert "unsafe" not in reply.headers["content-security-policy"]
