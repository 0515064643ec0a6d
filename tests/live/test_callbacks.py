"""Callbacks of a running server: after the answer, in the journal, and not after the end."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support import Server, command, running
from tests.web.listener import target

SPEC = """
openapi: 3.1.0
info: {title: Orders, version: "1"}
servers: [{url: /v1}]
paths:
  /orders:
    post:
      operationId: order
      requestBody: {content: {application/json: {schema: {type: object, properties: {url: {type: string}}}}}}
      responses: {"202": {description: Taken, content: {application/json: {example: {id: 7}}}}}
      callbacks:
        done:
          '{$request.body#/url}?id={$response.body#/id}':
            post:
              requestBody: {content: {application/json: {schema: {type: object}, example: {state: done}}}}
              responses: {"200": {description: Noted}}
  /loop:
    post:
      responses: {"202": {description: Taken}}
      callbacks:
        again: {'{$url}': {post: {responses: {"202": {description: Taken}}}}}
"""


@contextmanager
def serving(tmp_path: Path, fixture: str = "", *arguments: str) -> Iterator[Server]:
    (tmp_path / "spec.yaml").write_text(SPEC)
    folder = tmp_path / "fixtures"
    folder.mkdir()
    if fixture:
        (folder / "order.yaml").write_text(f"operation: order\ncallbacks: {{done: {fixture}}}\n")
    with running(str(tmp_path / "spec.yaml"), "--fixtures", str(folder), *arguments) as server:
        yield server


def journal(server: Server, wanted: int) -> list[dict[str, Any]]:
    """The entries, when there are as many as are wanted."""
    give_up = time.monotonic() + 60
    while True:
        entries: list[dict[str, Any]] = httpx2.get(server.url + "/__mock/journal").json()["entries"]
        if len(entries) >= wanted:
            return entries
        assert time.monotonic() < give_up, entries
        time.sleep(0.02)


def test_a_callback_follows_the_answer_that_caused_it(tmp_path: Path) -> None:
    with target() as there, serving(tmp_path) as server:
        answer = httpx2.post(server.url + "/v1/orders", json={"url": there.url + "/hook"})
        assert answer.json() == {"id": 7}
        there.wait_for(1)
        request, call = journal(server, 2)
    assert there.received[0][0] == "/hook?id=7"
    assert there.received[0][2] == b'{"state":"done"}'
    assert (call["kind"], call["cause"], call["operation"]) == ("outgoing", request["id"], "POST /orders")
    assert request["id"] == answer.headers["mock-entry"]
    assert request["kind"] == "request"


def test_the_same_request_again_causes_a_callback_again(tmp_path: Path) -> None:
    """What came before is answered on a shorter way, which must not lose it."""
    with target() as there, serving(tmp_path) as server, httpx2.Client() as client:
        for _ in range(5):
            client.post(server.url + "/orders", json={"url": there.url}).raise_for_status()
        there.wait_for(5)
        entries = journal(server, 10)
    sent = [entry["cause"] for entry in entries if entry["kind"] == "outgoing"]
    assert sorted(sent) == sorted(entry["id"] for entry in entries if entry["kind"] == "request")


def test_a_target_that_hangs_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, serving(tmp_path, "", "--callback-timeout", "0.3") as server:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        httpx2.post(server.url + "/orders", json={"url": url}).raise_for_status()
        _, call = journal(server, 2)
    assert call["error"] == {"code": "MS427", "message": "no whole answer within 0.3 s"}


def test_a_delayed_callback_does_not_delay_the_answer_and_is_tried_again(tmp_path: Path) -> None:
    fixture = "{delay: 1s, retries: 2, backoff: 100ms}"
    with target(503, 503) as there, serving(tmp_path, fixture) as server:
        started = time.monotonic()
        assert httpx2.post(server.url + "/orders", json={"url": there.url}).status_code == 202
        assert there.received == []
        there.wait_for(3)
        assert time.monotonic() - started >= 1.3
        entries = journal(server, 4)
    assert [(entry["attempt"], entry["status"]) for entry in entries[1:]] == [(1, 503), (2, 503), (3, 200)]


def test_a_callback_to_ourselves_comes_to_an_end(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        httpx2.post(server.url + "/loop").raise_for_status()
        entries = journal(server, 8)
        time.sleep(0.2)
        assert len(journal(server, 8)) == 8
    asked = [entry for entry in entries if entry["kind"] == "request"]
    sent = [entry for entry in entries if entry["kind"] == "outgoing"]
    assert [entry["status"] for entry in asked] == [202] * 4
    assert sorted(str((entry["error"] or {}).get("code")) for entry in sent) == ["MS429", "None", "None", "None"]
    assert {entry["cause"] for entry in sent} == {entry["id"] for entry in asked}


def test_a_stop_does_not_wait_for_what_is_to_be_sent_later(tmp_path: Path) -> None:
    with target() as there, serving(tmp_path, "{delay: 1h}", "--stop-timeout", "600") as server:
        httpx2.post(server.url + "/orders", json={"url": there.url}).raise_for_status()
        server.process.send_signal(signal.SIGTERM)
        output, _ = server.process.communicate(timeout=60)  # and not its ten minutes
        assert server.process.returncode == 0
    assert there.received == []
    assert f"-> POST {there.url}?id=7  failed done" in output
    assert "MS428 the mock was stopped before it was done" in output


def test_another_host_is_called_only_when_it_is_allowed(tmp_path: Path) -> None:
    """192.0.2.1 is reserved for documentation: nobody answers there, which is another error than a refusal."""
    with serving(tmp_path) as server:
        httpx2.post(server.url + "/orders", json={"url": "http://192.0.2.1:9/"}).raise_for_status()
        (_, call) = journal(server, 2)
    assert call["error"]["code"] == "MS426"
    assert call["error"]["message"] == "192.0.2.1 is not this machine; allow it with --allow-callbacks 192.0.2.1"


@pytest.mark.parametrize("host", ["x:y", "http://x", "a b"])
def test_a_host_that_cannot_be_allowed_is_a_mistake_of_the_command_line(host: str) -> None:
    done = subprocess.run(command("serve", "--allow-callbacks", host), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--allow-callbacks" in done.stderr


def test_a_callback_cannot_be_led_to_the_control_api(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        httpx2.post(server.url + "/orders", json={"url": server.url + "/__mock/reset"}).raise_for_status()
        _, call = journal(server, 2)
    assert call["path"] == server.url + "/__mock/reset?id=7"
    assert (call["status"], call["error"]) == (403, None)


def test_a_reset_forgets_what_was_to_be_sent(tmp_path: Path) -> None:
    with target() as there, serving(tmp_path, "{delay: 2s}") as server:
        alice = {"Mock-Session": "alice"}
        httpx2.post(server.url + "/orders", json={"url": there.url + "/alice"}, headers=alice).raise_for_status()
        httpx2.post(server.url + "/orders", json={"url": there.url + "/default"}).raise_for_status()
        httpx2.post(server.url + "/__mock/reset", headers=alice).raise_for_status()
        there.wait_for(1)
        time.sleep(0.2)
        assert [path for path, _, _ in there.received] == ["/default?id=7"]
        assert httpx2.get(server.url + "/__mock/journal", headers=alice).json()["total"] == 0
