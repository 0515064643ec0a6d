"""``mock-server explain``: the same as a running mock says, without one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_server.cli import group
from tests.support import TOKEN, command, make_client

START = json.dumps({"datasource_id": "fb", "validity_duration": 300})


def explain(*arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(group, ["explain", *arguments], **more)


def told(*arguments: str, **more: Any) -> dict[str, Any]:
    done = explain(*arguments, "--json", **more)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output)
    return found


@pytest.mark.parametrize(
    "body, headers",
    [
        (START, {}),
        (START, TOKEN),
        ('{"datasource_id": "mysql"}', TOKEN),
        ("not json", TOKEN),
        ('{"datasource_id": "fb", "validity_duration": 299}', TOKEN),
        (START, {**TOKEN, "Prefer": "response=rate-limited"}),
        (START, {**TOKEN, "Prefer": "response=nothing"}),
        (START, {**TOKEN, "Accept": "image/png"}),
    ],
)
def test_it_tells_what_a_running_mock_tells_of_the_same_request(body: str, headers: dict[str, str]) -> None:
    client = make_client()
    client.post("/api/oauth2", content=body, headers={"Content-Type": "application/json", **headers})
    served = client.get("/__mock/explain/last").json()
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    alone = told("POST /api/oauth2", "-d", body, *given)
    for key in (
        "request",
        "operation",
        "status",
        "response",
        "why",
        "won",
        "ladder",
        "violations",
        "provenance",
        "change",
    ):
        assert alone[key] == served[key], key


def test_a_request_is_named_by_line_path_url_or_operation(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(START)
    operation_id = "getOAuth2Credentials"
    assert told("/oauth2", "-d", f"@{body}", "--token", "dev-token")["response"] == "started"
    assert told("/oauth2", "-d", "@-", "--token", "dev-token", input=START)["response"] == "started"
    assert told("post http://127.0.0.1:4010/api/oauth2?x=1")["request"] == "POST /api/oauth2?x=1"
    assert told(operation_id)["operation"] == "POST /oauth2/credentials"


def test_a_scenario_a_queued_answer_and_a_handshake_can_be_set_up() -> None:
    assert told("POST /oauth2", "--scenario", "rate-limited")["won"] == "scenario"
    assert told("POST /oauth2", "--next", "payment-required")["won"] == "queue"
    answers = {
        "asked": "pending", "opened": "pending", "granted": "credentials", "collected": "credentials",
        "denied": "denied", "failed": "provider-failed", "abandoned": "pending", "expired": "expired",
    }  # fmt: skip
    for state, response in answers.items():
        found = told("POST /oauth2/credentials", "--token", "dev-token", "--handshake", state)
        assert (found["response"], found["won"]) == (response, "rules"), state


def test_the_text_shows_the_ladder_with_the_step_that_won() -> None:
    done = explain("POST /oauth2", "-d", '{"datasource_id": "fb", "validity_duration": 299}', "--token", "dev-token")
    lines = done.output.splitlines()
    assert lines[:2] == ["POST /oauth2", "429 invalid-parameter  (assumed)"]
    assert [line[2] for line in lines[3:11]] == ["·"] * 4 + ["✓"] + [" "] * 3
    assert "  body.validity_duration (minimum): 299 is less than the minimum of 300" in lines
    assert any(line.startswith("  fixture: fixtures/oauth2/new-credentials.yaml:") for line in lines)
    assert lines[-1] == '{"status":429,"message":"invalid param: body.validity_duration"}'


def test_nothing_is_waited_for_and_what_would_happen_is_told(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "api.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Slow, version: '1'}\n"
        "paths: {/slow: {get: {responses: {'204': {description: x}}}}}"
    )
    (tmp_path / "fixtures" / "slow.yaml").write_text(
        "operation: GET /slow\nresponses: {slow: {status: 204, source: assumed, wait: 50s}}\nfaults: [{fault: reset}]\n"
    )
    found = told("/slow", str(tmp_path / "api.yaml"), "--fixtures", str(tmp_path / "fixtures"))
    assert found["effects"] == ["the answer comes after 50 s", "the connection is broken: reset"]


@pytest.mark.parametrize(
    "arguments, why",
    [
        (["POST /oauth3"], "the nearest are /oauth2"),
        (["GET /oauth2"], "answers to POST, not to GET"),
        (["startOAuth"], "no operation answers 'startOAuth'"),
        (["/oauth2", "-d", "@/nowhere.json"], "MS474: cannot read /nowhere.json: No such file"),
        (["POST /oauth2", "-H", "nothing"], "is no header"),
        (["POST /oauth2", "--scenario", "x"], "there are consent-approved"),
        (["POST /oauth2", "--next", "x"], "there are started"),
        (["POST /oauth2", "--handshake", "granted"], "collects no handshake"),
    ],
)
def test_a_request_that_cannot_be_explained_is_a_usage_error_that_says_why(arguments: list[str], why: str) -> None:
    done = explain(*arguments)
    assert done.exit_code == 2
    assert f"{why}" in done.output
    assert "MS474" in done.output


def test_a_broken_document_exits_with_3(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text("openapi: 1")
    done = subprocess.run(
        command("explain", "POST /oauth2", str(tmp_path / "api.yaml")), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "error MS" in done.stderr
