"""What a test asserts of the requests that came, and what it is told when they did not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx2
import pytest

from mock_server.testing import Misused, MockServer, Refused, running
from tests.support import ASK, TOKEN


@pytest.fixture(scope="module")
def asked() -> Iterator[MockServer]:
    """A mock that was asked four things."""
    with running() as mock, mock.client_without_port(headers=TOKEN) as client:
        client.post("/oauth2", json=ASK)
        client.post("/oauth2", json={**ASK, "validity_duration": 299})
        client.post("/oauth2/credentials", json={"pull_id": "secret-of-mine"})
        client.get("/nope")
        yield mock


def test_requests_are_found_by_operation_status_and_what_they_say(asked: MockServer) -> None:
    assert [each.status for each in asked.requests()] == [200, 429, 403, 404]
    assert [each.status for each in asked.requests("POST /oauth2")] == [200, 429]
    assert [each.json for each in asked.requests("POST /oauth2", status="4xx")] == [{**ASK, "validity_duration": 299}]
    assert len(asked.requests(where={"body.datasource_id": "fb"})) == 2
    assert len(asked.requests(where={"body.validity_duration": {"below": 300}})) == 1
    assert asked.requests("POST /oauth2", response="started")[0].status == 200


def test_what_was_asked_is_asserted(asked: MockServer) -> None:
    entries = asked.assert_called("POST /oauth2", times=2, where={"body.datasource_id": "fb"})
    assert [each.status for each in entries] == [200, 429]
    asked.assert_called("POST /oauth2", at_least=1, at_most=2)
    asked.assert_called(status=404)
    asked.assert_not_called("POST /oauth2", where={"body.datasource_id": "google"})
    asked.assert_in_order("POST /oauth2", {"operation": "POST /oauth2", "status": "429"}, "POST /oauth2/credentials")


def test_what_was_not_asked_is_told_with_the_nearest_and_the_journal(asked: MockServer) -> None:
    with pytest.raises(AssertionError) as failed:
        asked.assert_called("POST /oauth2", times=1, where={"body.datasource_id": "google"})
    told = str(failed.value)
    assert "was seen 0 times, wanted exactly 1 time" in told
    assert 'body.datasource_id: wanted "google", was "fb"' in told
    assert "nearest" in told
    assert "journal of the session test:" in told
    assert "GET /api/nope" in told
    assert "secret-of-mine" not in told


@pytest.mark.parametrize("call", ["assert_not_called", "assert_in_order"])
def test_other_assertions_fail_with_what_was_seen(asked: MockServer, call: str) -> None:
    arguments = ["POST /oauth2"] if call == "assert_not_called" else ["POST /oauth2/credentials", "POST /oauth2"]
    with pytest.raises(AssertionError, match=r"was seen 2 times|number 2 of the order"):
        getattr(asked, call)(*arguments)


def test_an_assertion_waits_for_what_comes_later(asked: MockServer) -> None:
    other = MockServer(asked._channel, "later")
    with other.client_without_port(headers=TOKEN) as client:
        timer = threading.Timer(0.1, lambda: client.post("/oauth2", json=ASK))
        timer.start()
        assert len(other.assert_called("POST /oauth2", within=30)) == 1
        timer.join()
    other.end()


def test_a_claim_that_cannot_be_meant_is_no_failed_assertion(asked: MockServer) -> None:
    with pytest.raises(Misused, match="say `times`, or"):
        asked.assert_called("POST /oauth2", times=1, at_least=1)
    with pytest.raises(Refused, match="did you mean 'POST /oauth2'"):
        asked.assert_called("POST /oauth")
    with pytest.raises(Refused, match="body"):
        asked.assert_called(where={"boddy.datasource_id": "fb"})


def test_which_entries_nobody_expected(asked: MockServer) -> None:
    other = MockServer(asked._channel, "unexpected")
    with other.client_without_port(headers=TOKEN) as client:
        client.post("/oauth2", json=ASK)
        client.post("/oauth2", json={**ASK, "validity_duration": 299})
        client.delete("/oauth2")
        client.get("/nope")
        other.next("POST /oauth2", "rate-limited")
        client.post("/oauth2", json={**ASK, "validity_duration": 299})
        client.post("/oauth2/credentials", json={"pull_id": "nobody's"})
    assert [each.was_unexpected for each in other.journal] == [False, True, True, True, False, False]
    other.end()


def test_what_the_client_does_wrong_is_found(asked: MockServer) -> None:
    with running(session="lint") as mock, mock.client_without_port() as client:
        mock.clock.freeze()
        for _ in range(3):
            client.post("/oauth2", json=ASK, headers={"Authorization": "Bearer nobody"})
        rules = {each["rule"] for each in mock.lint()}
        assert "retries-forbidden" in rules
        with pytest.raises(AssertionError, match="retries-forbidden") as failed:
            mock.assert_lint_clean()
        assert "journal of the session lint" in str(failed.value)
        mock.assert_lint_clean(without=sorted(rules))
        assert [each["rule"] for each in mock.lint(only="retries-forbidden")] == ["retries-forbidden"]
        with pytest.raises(Refused, match="retries-forbiden"):
            mock.lint(only=["retries-forbiden"])


def test_a_client_without_fault_is_clean() -> None:
    with running() as mock, mock.client_without_port(headers=TOKEN) as client:
        mock.scenario("consent-approved")
        pull_id = client.post("/oauth2", json=ASK).json()["pull_id"]
        assert client.post("/oauth2/credentials", json={"pull_id": pull_id}).status_code == 200
        mock.assert_lint_clean()


def test_the_assertions_need_no_client_library(asked: MockServer) -> None:
    answered = asked._channel.ask("POST", "/api/oauth2", {**TOKEN, "mock-session": "plain"}, b'{"datasource_id":"fb"}')
    assert answered.status == 200
    assert httpx2.Response(200, content=answered.body).json()["pull_id"]
    MockServer(asked._channel, "plain").end()
