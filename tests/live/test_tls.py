"""https: a certificate made for this machine, one that was given, and handshakes that fail on purpose."""

from __future__ import annotations

import json
import re
import socket
import ssl
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from tests.support import ROOT, Server, command, running

HEALTH = b"GET /__mock/health HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server with ``--tls`` and the authority that it made."""
    home = tmp_path_factory.mktemp("data")
    with running("--quiet", "--tls", env={"XDG_DATA_HOME": str(home)}) as server:
        yield server, home / "mock-server" / "tls" / "ca.pem"


def connect(server: Server, authority: Path) -> ssl.SSLSocket:
    parts = urlsplit(server.url)
    context = ssl.create_default_context(cafile=str(authority))
    plain = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def fetch(url: str, authority: Path, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, method=method)
    request.add_header("Authorization", "Bearer dev-token")
    request.add_header("Content-Type", "application/json")
    context = ssl.create_default_context(cafile=str(authority))
    with urllib.request.urlopen(request, timeout=30, context=context) as answer:
        return json.load(answer)


def received(connection: ssl.SSLSocket) -> bytes:
    found = b""
    while more := connection.recv(65536):
        found += more
    return found


def test_a_made_certificate_is_good_for_whoever_trusts_its_authority(secured: tuple[Server, Path]) -> None:
    server, authority = secured
    assert server.url.startswith("https://")
    assert fetch(f"{server.url}/__mock/health", authority)["status"] == "ok"
    port = urlsplit(server.url).port
    assert fetch(f"https://localhost:{port}/__mock/health", authority)["status"] == "ok"
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{server.url}/__mock/health", timeout=30)


def test_keys_are_for_their_owner_and_the_servers_own_is_gone(secured: tuple[Server, Path]) -> None:
    _, authority = secured
    assert sorted(path.name for path in authority.parent.iterdir()) == ["ca-key.pem", "ca.pem"]
    assert stat.S_IMODE((authority.parent / "ca-key.pem").stat().st_mode) == 0o600


def test_the_authority_is_kept_so_that_trust_lasts(secured: tuple[Server, Path]) -> None:
    _, authority = secured
    before = authority.read_bytes()
    with running("--quiet", "--tls", env={"XDG_DATA_HOME": str(authority.parent.parent.parent)}) as second:
        assert fetch(f"{second.url}/__mock/health", authority)["status"] == "ok"
    assert authority.read_bytes() == before


def test_the_handshake_stays_on_https(secured: tuple[Server, Path]) -> None:
    server, authority = secured
    started = fetch(f"{server.api}/oauth2", authority, {"datasource_id": "fb"})
    assert started["auth_uri"].startswith(f"{server.url}/__provider/fb/authorize?")
    assert "redirect_uri=https%3A%2F%2F" in started["auth_uri"]


def test_pipelined_requests_are_answered_in_order_and_a_refusal_comes_last(secured: tuple[Server, Path]) -> None:
    with connect(*secured) as connection:
        connection.sendall((HEALTH + b"\r\n") * 2 + b"GARBAGE\r\n\r\n")
        answers = received(connection)
    assert re.findall(rb"HTTP/1.1 ([0-9]{3}) ", answers) == [b"200", b"200", b"400"]


def test_plain_http_to_the_port_is_no_hang(secured: tuple[Server, Path]) -> None:
    parts = urlsplit(secured[0].url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as plain:
        plain.sendall(HEALTH + b"\r\n")
        with suppress(ConnectionResetError):
            assert b"HTTP/1.1 200" not in plain.recv(65536)
    assert fetch(f"{secured[0].url}/__mock/health", secured[1])["status"] == "ok"


@pytest.mark.parametrize(
    "sent", [b"", bytes.fromhex("1603010200010001fc0303") + bytes(50)], ids=["silence", "half a hello"]
)
def test_a_handshake_that_does_not_end_is_ended(tmp_path: Path, sent: bytes) -> None:
    """asyncio would wait for a minute; the deadline of headers counts here too."""
    with running("--quiet", "--tls", "--header-timeout", "0.5", env={"XDG_DATA_HOME": str(tmp_path)}) as server:
        parts = urlsplit(server.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as plain:
            plain.sendall(sent)
            with suppress(ConnectionResetError):
                assert plain.recv(65536) in (b"", bytes.fromhex("15030100020232"))  # an alert, or nothing
        authority = tmp_path / "mock-server" / "tls" / "ca.pem"
        assert fetch(f"{server.url}/__mock/health", authority)["status"] == "ok"


def test_the_next_handshakes_fail_when_they_shall(secured: tuple[Server, Path]) -> None:
    server, authority = secured
    told = fetch(f"{server.url}/__mock/faults", authority, {"tls_failures": 2}, "PUT")
    assert told["tls_failures"] == 2
    for _ in range(2):
        with pytest.raises(ssl.SSLError):
            connect(server, authority)
    assert fetch(f"{server.url}/__mock/faults", authority)["tls_failures"] == 0


def test_a_certificate_of_ones_own(tmp_path: Path) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1", "api.example")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    leaf.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    with running("--quiet", "--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem")) as server:
        assert fetch(f"{server.url}/__mock/health", tmp_path / "ca.pem")["status"] == "ok"
    assert (tmp_path / "key.pem").exists()


LOCKED = ["-newkey", "rsa:2048", "-passout", "pass:secret", "-days", "2", "-subj", "/CN=x"]


def test_a_certificate_that_cannot_be_used_is_one_line_and_exit_3(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    locked, cert = tmp_path / "locked.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", *LOCKED, "-keyout", str(locked), "-out", str(cert)], check=True, capture_output=True
    )
    for chain, key, words in ((nothing, nothing, "are no certificate"), (cert, locked, "has a password")):
        done = run("--cert", str(chain), "--key", str(key))
        assert done.returncode == 3
        assert done.stderr.startswith("error MS421: ")
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("serve", "--port", "0", *arguments),
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cert", __file__], "--cert and --key belong together"),
        (["--tls", "--cert", __file__, "--key", __file__], "say one of the two"),
        (["--cert", "no-such.pem", "--key", __file__], "does not exist"),
    ],
)
def test_options_that_do_not_fit_are_exit_2(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['trustme'] = None; from mock_server.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "--port", "0", "--tls"],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "pip install trustme" in done.stderr


def test_without_tls_there_are_no_handshakes_to_fail(server: Server) -> None:
    request = urllib.request.Request(f"{server.url}/__mock/faults", b'{"tls_failures": 1}', method="PUT")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    with caught.value as answer:
        assert answer.code == 409
        assert json.load(answer)["detail"].startswith("there are no TLS handshakes")
