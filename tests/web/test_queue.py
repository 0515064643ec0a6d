"""Queued answers that stay, and how they are taken back; a handshake whose time is over at once."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from mock_server.core.snapshot import ALWAYS, Queued, queued_up
from tests.support import ASK, TOKEN, start

LIMITED = {"operation": "POST /oauth2", "response": "rate-limited"}


def queue(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    answer = client.post("/__mock/next", json={**LIMITED, **body})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["next"]
    return found


def ask(client: TestClient) -> int:
    return client.post("/oauth2", json=ASK, headers=TOKEN).status_code


def test_an_answer_that_is_always_given_stays_until_it_is_taken_back(client: TestClient) -> None:
    assert queue(client, times="always") == [{**LIMITED, "times": "always"}]
    assert [ask(client) for _ in range(3)] == [429, 429, 429]
    assert "queue: rate-limited is always the answer" in client.get("/__mock/journal").json()["entries"][-1]["reasons"]
    assert client.delete("/__mock/next").json() == {"next": []}
    assert ask(client) == 200


def test_what_is_counted_comes_before_what_is_always_given(client: TestClient) -> None:
    queue(client, times="always")
    queue(client, response="payment-required", times=2)
    assert [ask(client) for _ in range(4)] == [402, 402, 429, 429]


def test_of_one_operation_one_answer_is_always_given_the_last_that_was_said(client: TestClient) -> None:
    queue(client, times="always")
    assert len(queue(client, response="payment-required", times="always")) == 1
    assert ask(client) == 402
    one = Queued("POST /a", "x", ALWAYS)
    assert queued_up((one, Queued("POST /b", "x", ALWAYS), Queued("POST /a", "y", 1)), one) == (
        Queued("POST /b", "x", ALWAYS), Queued("POST /a", "y", 1), one,
    )  # fmt: skip


def test_answers_are_taken_back_by_operation_and_by_name(client: TestClient) -> None:
    queue(client)
    queue(client, response="payment-required")
    queue(client, operation="POST /oauth2/credentials", response="denied")
    left = client.delete("/__mock/next", params={"operation": "POST /oauth2", "response": "rate-limited"}).json()
    assert [each["response"] for each in left["next"]] == ["payment-required", "denied"]
    left = client.delete("/__mock/next", params={"operation": "POST /oauth2"}).json()
    assert [each["response"] for each in left["next"]] == ["denied"]
    assert client.delete("/__mock/next", params={"operation": "nothing"}).json() == left


def test_a_handshake_whose_time_is_said_to_be_over_is_expired(client: TestClient) -> None:
    started = start(client)
    path = f"/__mock/handshakes/{started['pull_id']}/decide"
    assert client.post(path, json={"decision": "expire"}).json()["state"] == "expired"
    answer = client.post("/oauth2/credentials", json=started, headers=TOKEN)
    assert (answer.status_code, answer.json()["message"]) == (402, "the OAuth2 process has expired")
    refused = client.post(path, json={"decision": "expire"})
    assert (refused.status_code, refused.json()["code"]) == (409, "MS411")
