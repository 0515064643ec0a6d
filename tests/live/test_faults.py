"""Every fault on a real connection, as curl and as a raw socket see it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mock_server.fixture.fault import KINDS
from tests.support import Server, running

CURL = {  # kind: (exit code, HTTP status); curl(1), EXIT CODES
    "reset": (56, 0),
    "reset-in-headers": (56, 200),
    "reset-in-body": (56, 200),
    "close": (52, 0),
    "close-in-body": (18, 200),
    "hang": (28, 0),
    "garbage": (1, 0),
    "bad-chunk": (56, 200),
    "long-length": (18, 200),
    "short-length": (0, 200),
    "empty-body": (0, 200),
    "truncated-body": (0, 200),
    "wrong-type": (0, 200),
    "wrong-charset": (0, 200),
    "repeated-header": (0, 200),
    "status-503": (0, 503),
}


def curl(server: Server, out: Path, *more: str, session: str = "default", path: str = "/api/oauth2") -> tuple[int, int]:
    """curl's exit code and the status it saw, of a good request."""
    assert shutil.which("curl"), "curl is needed"
    done = subprocess.run(
        [
            "curl", "-s", "-m", "3", "-D", f"{out}.headers", "-o", str(out), "-w", "%{http_code}", "-H",
            "Authorization: Bearer dev-token", "-H", "Content-Type: application/json", "-H",
            f"Mock-Session: {session}", "-d", '{"datasource_id":"fb"}', *more, server.url + path,
        ],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, int(done.stdout)


def steer(server: Server, method: str, body: dict[str, Any] | None = None, session: str = "default") -> Any:
    done = subprocess.run(
        [
            "curl", "-sS", "-X", method, "-H", f"Mock-Session: {session}", server.url + "/__mock/faults",
            *(["-d", json.dumps(body)] if body is not None else []),
        ],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


def journal(server: Server, session: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["curl", "-sS", "-H", f"Mock-Session: {session}", server.url + "/__mock/journal"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    entries: list[dict[str, Any]] = json.loads(done.stdout)["entries"]
    return entries


def test_every_kind_has_its_line_here() -> None:
    assert set(CURL) == {*KINDS, "status-503"}


@pytest.mark.parametrize("kind", CURL)
def test_curl_sees_the_fault_and_the_journal_says_that_it_was_meant(server: Server, tmp_path: Path, kind: str) -> None:
    assert curl(server, tmp_path / "body", "-H", f"Prefer: fault={kind}", session=kind) == CURL[kind]
    (entry,) = journal(server, kind)
    assert entry["fault"] == kind
    assert entry["reasons"][-1] == f"fault: {kind} (the client)"
    headers = tmp_path / "body.headers"
    if CURL[kind][1] and kind != "reset-in-headers":
        assert f"mock-fault: {kind}" in headers.read_text("latin-1").lower()
    assert curl(server, tmp_path / "after", session=kind) == (0, 200)


def body_of(server: Server, tmp_path: Path, kind: str) -> bytes:
    curl(server, tmp_path / "body", "-H", f"Prefer: fault={kind}", session=f"body-{kind}")
    return (tmp_path / "body").read_bytes()


def test_what_is_left_of_the_body(server: Server, tmp_path: Path) -> None:
    assert body_of(server, tmp_path, "empty-body") == b""
    for kind in ("truncated-body", "short-length", "close-in-body", "reset-in-body", "bad-chunk"):
        cut = body_of(server, tmp_path, kind)
        assert cut.startswith(b'{"auth_uri":"http')
        with pytest.raises(ValueError, match="Unterminated string"):
            json.loads(cut)
    assert json.loads(body_of(server, tmp_path, "wrong-charset").decode("utf-16"))["pull_id"]
    assert json.loads(body_of(server, tmp_path, "long-length"))["pull_id"]
    assert json.loads(body_of(server, tmp_path, "status-503"))["code"] == "MS440"


def test_two_content_types_come_on_the_wire(server: Server, tmp_path: Path) -> None:
    curl(server, tmp_path / "body", "-H", "Prefer: fault=repeated-header")
    head = (tmp_path / "body.headers").read_text().lower()
    assert head.count("content-type:") == 2


def test_a_slow_body_comes_at_its_speed(server: Server, tmp_path: Path) -> None:
    steer(server, "PUT", {"faults": [{"speed": 1000}]}, session="slow")
    done = subprocess.run(
        [
            "curl", "-s", "-o", str(tmp_path / "body"), "-w", "%{time_starttransfer} %{time_total} %{size_download}",
            "-H", "Authorization: Bearer dev-token", "-H", "Content-Type: application/json",
            "-H", "Mock-Session: slow", "-d", '{"datasource_id":"fb"}', server.api + "/oauth2",
        ],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    first, total, size = map(float, done.stdout.split())
    assert total - first > size / 1000 * 0.5
    assert json.loads((tmp_path / "body").read_bytes())["pull_id"]


def test_a_fault_on_a_kept_connection_spares_the_answers_before_it(server: Server) -> None:
    parts = urlsplit(server.url)
    request = (
        b"POST /api/oauth2 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer dev-token\r\nMock-Session: kept\r\n%s"
        b'Content-Length: 22\r\n\r\n{"datasource_id":"fb"}'
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(request % b"" + request % b"Prefer: fault=close\r\n" + request % b"")
        received = b""
        while more := connection.recv(65536):
            received += more
    assert received.count(b"HTTP/1.1 200") == 1
    assert [entry["fault"] for entry in journal(server, "kept")] == [None, "close"]


def test_a_profile_is_the_network_of_every_session_until_one_is_told_otherwise(tmp_path: Path) -> None:
    with running("--quiet", "--profile", "offline") as server:
        assert curl(server, tmp_path / "body") == (52, 0)
        assert curl(server, tmp_path / "body", session="other") == (52, 0)
        assert steer(server, "PUT", {"profile": "none"})["set"] is True  # the control API itself is never offline
        assert curl(server, tmp_path / "body") == (0, 200)
        assert curl(server, tmp_path / "body", session="other") == (52, 0)
        assert steer(server, "DELETE")["set"] is False
        assert curl(server, tmp_path / "body") == (52, 0)
