"""What is refused before the application hears of it is journalled and logged; so is what fails."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.live.hostile.kit import ASK, HEALTH, HOST, MARK, POST, Line, sized
from tests.live.test_hostile import journal_of, serving
from tests.live.waiting import until

REFUSED = {
    "400": (b"GET /x?code=" + MARK.encode() + b" HTTP/1.1\r\n" + HOST + HOST + b"\r\n", "GET", "/x?code=***"),
    "400 garbage": (b"\x00\x01\r\n\r\n", "-", "-"),
    "408": (b"GET /slow HTTP/1.1\r\n" + HOST, "GET", "/slow"),
    "408 body": (b"POST /api/oauth2 HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n{", "POST", "/api/oauth2"),
    "414": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", "GET", "/aaaa"),
    "431": (HEALTH + b"X: a\r\n" * 200 + b"\r\n", "GET", "/__mock/health"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_on_the_wire_is_in_the_journal_and_in_the_log_under_one_id(tmp_path: Path, name: str) -> None:
    sent, method, path = REFUSED[name]
    log = tmp_path / "log"
    arguments = ("--log-format", "json", "--header-timeout", "0.5", "--body-timeout", "0.5")
    with serving(log, *arguments) as (url, _):
        with Line(url) as line:
            line.send(sent)
            reply = line.reply()
            assert reply
            assert line.reply() is None
        (entry,) = journal_of(url, b"default")["entries"]
    assert str(reply.status) == name[:3]
    assert (entry["status"], entry["method"], entry["id"]) == (reply.status, method, reply.headers["mock-entry"])
    assert entry["path"].startswith(path)
    assert entry["reasons"] == [f"refused: {reply.json['detail']}"]
    said = [json.loads(each) for each in log.read_text().splitlines()][1]
    assert (said["status"], said["entry"], said["method"]) == (reply.status, entry["id"], method)
    assert said["target"].startswith(path)
    assert said["reason"] == entry["reasons"][0]
    assert MARK not in log.read_text() + json.dumps(entry)


def test_a_refusal_is_journalled_in_a_store_that_waits_too(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--quiet", "--state", f"sqlite:{tmp_path / 'state.db'}") as (url, _):
        with Line(url) as line:
            line.send(b"GET /x HTTP/1.1\r\n\r\n")
            reply = line.reply()
            assert reply
        until(lambda: bool(journal_of(url, b"default")["entries"]))
        entries = journal_of(url, b"default")["entries"]
    assert [(entry["id"], entry["status"]) for entry in entries] == [(reply.headers["mock-entry"], 400)]


def test_a_flood_of_refusals_leaves_room_for_others_in_the_journal(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "--quiet") as (url, _):
        with Line(url) as line:
            line.send(POST.replace(b"Mock-Session: kit\r\n", b"") + sized(ASK))
            assert line.reply()
        for _ in range(300):
            with Line(url) as line:
                line.send(b"\x00\r\n\r\n")
                assert line.reply()
        found = journal_of(url, b"default")
    assert found["entries"][0]["operation"] == "POST /oauth2"
    assert 20 <= found["total"] < 300


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("ascii").splitlines()]


def test_the_json_log_is_one_object_a_line_with_all_there_is_to_know(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "--log-format", "json") as (url, _), Line(url) as line:
        line.send(POST + sized(ASK))
        reply = line.reply()
        assert reply
        line.send(b"GET /no\x7f?pull_id=" + MARK.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert line.reply()
        assert line.reply() is None
    banner, asked, refused = lines_of(log)
    assert re.search(r"http://127\.0\.0\.1:\d+", banner["message"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", asked.pop("time"))
    assert 0 <= asked.pop("duration_ms") < 10_000
    assert asked == {
        "level": "info", "method": "POST", "target": "/api/oauth2", "status": 200, "response": "started",
        "session": "kit",
        "entry": reply.headers["mock-entry"], "operation": "POST /oauth2", "fault": None, "reason": asked["reason"],
    }  # fmt: skip
    assert refused["status"] == 400
    assert MARK not in log.read_text()


def test_a_fault_that_was_asked_for_is_said_in_the_json_log_and_is_no_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "--log-format", "json") as (url, _), Line(url) as line:
        line.send(POST + b"Prefer: fault=status-503\r\n" + sized(ASK))
        assert line.reply()
    said = lines_of(log)[1]
    assert (said["status"], said["fault"], said["level"]) == (503, "status-503", "info")
