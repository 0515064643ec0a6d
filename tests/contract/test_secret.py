"""No secret gets into a report: neither by its value nor by the name of its field."""

from __future__ import annotations

import json

import pytest

from mock_server.contract.model import Exchange, Seen, Sent
from mock_server.record import secret as room
from mock_server.record.secret import Secrets, curl_line

ORIGIN = "http://127.0.0.1:4010"


def exchange(body: object, answer: object, target: str = "/api/oauth2") -> Exchange:
    headers = (("Authorization", "Bearer dev-token-of-mine"), ("Content-Type", "application/json"))
    sent = Sent("POST", target, headers, json.dumps(body).encode())
    return Exchange(ORIGIN, "POST /oauth2", sent, Seen(200, (), json.dumps(answer).encode(), 0.1))


@pytest.mark.parametrize(
    "text",
    [
        "dev-token-of-mine",
        "the answer repeats dev-token-of-mine here",
        "a-pull-id-that-is-long",
        "http://x/?a=a-pull-id-that-is-long",
        "http://x/authorize?state=the-state-of-it",
        "the-state-of-it",
        "secret%2Fwith%2Fslashes",
    ],
)
def test_what_was_learned_is_hidden_wherever_it_stands(text: str) -> None:
    secrets = Secrets()
    answer = {
        "pull_id": "a-pull-id-that-is-long",
        "auth_uri": "http://x/authorize?state=the-state-of-it&x=1",
        "credentials": {"access_token": "secret/with/slashes"},
    }
    secrets.learn_exchange(exchange({}, answer))
    shown = secrets.scrub(text)
    assert "***" in shown
    for secret in ("dev-token-of-mine", "a-pull-id-that-is-long", "the-state-of-it", "slashes"):
        assert secret not in shown


def test_a_longer_secret_leaves_no_rest_of_it() -> None:
    secrets = Secrets()
    secrets.learn("abcdef", "abcdefghijkl")
    assert secrets.scrub("x abcdefghijkl y abcdef") == "x *** y ***"


def test_a_secret_that_is_forgotten_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_KNOWN", 2)
    secrets = Secrets()
    for number in range(100):
        secrets.learn(f"{number:06d}-abcdef/")
    assert len(secrets._by_start) == 2
    assert secrets.scrub("000097-abcdef/ 000099-abcdef%2F") == "000097-abcdef/ ***"


def test_a_short_text_is_no_secret() -> None:
    secrets = Secrets()
    secrets.learn("a", "abc")
    assert secrets.scrub("abc is a word") == "abc is a word"


def test_a_curl_line_says_token_instead_of_the_token_and_keeps_the_rest() -> None:
    secrets = Secrets()
    made = exchange({"pull_id": "a-pull-id-that-is-long", "x": 299}, {})
    secrets.learn_exchange(made)
    assert curl_line(ORIGIN, made.sent, secrets) == (
        "curl -i -X POST 'http://127.0.0.1:4010/api/oauth2' -H \"Authorization: Bearer $TOKEN\" "
        '-H \'Content-Type: application/json\' --data-binary \'{"pull_id":"***","x":299}\''
    )


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b"it's", "'it'\\''s'"), (b"a\x00b", "$'a\\x00b'"), (b"x\r\ny'", "$'x\\x0d\\x0ay\\''")],
)
def test_a_curl_line_is_safe_for_a_shell(body: bytes, shown: str) -> None:
    line = curl_line(ORIGIN, Sent("POST", "/a", (), body), Secrets())
    assert line.endswith(f"--data-binary {shown}")


def test_a_scheme_that_was_sent_alone_is_no_secret() -> None:
    secrets = Secrets()
    sent = Sent("POST", "/oauth2", (("Authorization", "Bearer"),), b"")
    secrets.learn_exchange(Exchange("http://h", "", sent, Seen(403, (), b"", 0.0)))
    assert secrets.scrub("must be: Bearer <token>") == "must be: Bearer <token>"
