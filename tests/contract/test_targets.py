"""Deployments that are none: each ends with a clear message and its exit code, and never green or with a traceback."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mock_server.contract import client as client_module
from mock_server.contract.client import Client
from mock_server.contract.errors import OutOfTime
from mock_server.contract.model import Sent
from tests.contract.test_client import whole
from tests.contract.test_command import GIVE_UP_S
from tests.support import ROOT, Server

GET = Sent("GET", "/x", (), b"")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def contract(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mock_server", "contract", *arguments],
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


@contextmanager
def talking(talk: Callable[[socket.socket], None], wrap: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that says what it likes; ``127.0.0.1:PORT``."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)

    def one(connection: socket.socket) -> None:
        with suppress(OSError), wrap.wrap_socket(connection, server_side=True) if wrap else connection as spoken:
            whole(spoken)  # what is left unread when a socket closes turns into a reset
            talk(spoken)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def drip(spoken: socket.socket) -> None:
    """A byte now and then, for ever: no read ever times out."""
    spoken.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    while True:
        spoken.sendall(b" ")
        time.sleep(0.05)


def drip_header(spoken: socket.socket) -> None:
    spoken.sendall(HEAD)
    while True:
        spoken.sendall(b"X: 1\r\n")
        time.sleep(0.2)


def flood(spoken: socket.socket) -> None:
    """A body without an end, as fast as it goes."""
    spoken.sendall(HEAD + b"\r\n")
    while True:
        spoken.sendall(b" " * 65536)


@pytest.mark.parametrize(
    ("talk", "within_s", "fault"), [(drip, 0.6, "timeout"), (drip_header, 0.6, "timeout"), (flood, 60.0, "endless")]
)
def test_an_answer_without_an_end_is_a_fault(
    talk: Callable[[socket.socket], None], within_s: float, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_ANSWER_BYTES", 300_000)
    with talking(talk) as netloc, Client(f"http://{netloc}", timeout_s=within_s) as client:
        assert client.send(GET).seen.fault == fault


def test_a_request_that_the_end_of_the_run_cut_short_is_no_answer() -> None:
    with talking(drip) as netloc, pytest.raises(OutOfTime):
        Client(f"http://{netloc}", deadline=time.monotonic() + 0.5).send(GET)


@pytest.mark.parametrize(
    ("talk", "text"),
    [
        (lambda spoken: spoken.sendall(b"\x00\xff garbage \x1b[31m\r\n\r\n"), "gives no answer: malformed"),
        (flood, "gives no answer: endless"),
        (lambda spoken: spoken.close(), "gives no answer: reset"),
    ],
)
def test_who_speaks_no_http_is_unreachable(talk: Callable[[socket.socket], None], text: str) -> None:
    with talking(talk) as netloc:
        done = contract(f"http://{netloc}/api", "--token", "t-o-k-e-n")
    assert done.returncode == 4, done.stdout + done.stderr
    assert text in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_who_says_nothing_is_unreachable() -> None:
    with talking(lambda spoken: time.sleep(60)) as netloc:
        done = contract(f"http://{netloc}/api", "--token", "t", "--max-time", "2")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "error MS507" in done.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that nobody has signed but itself, for 127.0.0.1; key and certificate in one file."""
    from ipaddress import ip_address

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_certificate_that_is_not_trusted_is_said_and_can_be_named(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def not_found(spoken: socket.socket) -> None:
        spoken.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with talking(not_found, context) as netloc:
        refused = contract(f"https://{netloc}/api", "--token", "t-o-k-e-n")
        trusted = contract(f"https://{netloc}/api", "--token", "t-o-k-e-n", SSL_CERT_FILE=str(certificate))
    assert refused.returncode == 4, refused.stderr
    assert "gives no answer: certificate" in refused.stderr
    assert "SSL_CERT_FILE" in refused.stderr
    assert "error MS504: this is another API" in trusted.stderr
    assert "In the document they are below /api" in trusted.stderr


def test_https_that_is_http_is_said(server: Server) -> None:
    done = contract(server.api.replace("http:", "https:"), "--token", "dev-token")
    assert done.returncode == 4, done.stderr
    assert "gives no answer: tls" in done.stderr
    assert "is http:// meant?" in done.stderr


def test_a_url_without_its_scheme_is_said() -> None:
    done = contract("127.0.0.1:4010/api")
    assert done.returncode == 2
    assert "Is http://127.0.0.1:4010/api meant?" in done.stderr


def test_a_document_without_operations_is_never_green(tmp_path: Path) -> None:
    spec = tmp_path / "cut.yaml"
    spec.write_text('openapi: 3.1.0\ninfo: {title: t, version: "1"}\npaths: {}\n')
    done = contract("--spec", str(spec))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "error MS536: the document has no operation: there is nothing to be tested" in done.stderr
