"""What a deployment that words its own answers is held to: documented credentials, and Retry-After."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.model import Seen
from mock_server.contract.walks.exact import unlike
from mock_server.settings import Settings
from mock_server.world import build_world
from tests.support import ROOT

FIXTURES = build_world(Settings(specs=(ROOT / "openapi.yaml",), fixtures=ROOT / "fixtures")).fixtures
GRANTED = FIXTURES.operations["POST /oauth2/credentials"].responses["credentials"]
INVALID = FIXTURES.operations["POST /oauth2"].responses["invalid-parameter"]
GOOD: dict[str, Any] = {"access_token": "abc", "message": "Connected", "userId": 1, "status": 200, "clientId": 2**60}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"more": 1, "message": "Verbunden"}, ""),
        ({"clientId": ...}, "clientId is missing"),
        ({"userId": "1"}, "userId is a text instead of an integer"),
        ({"access_token": ""}, "access_token is empty"),
        ({"access_token": "***"}, "access_token is empty"),
    ],
)
def test_credentials_of_a_documented_provider_keep_its_fields(change: dict[str, Any], said: str) -> None:
    body = {name: value for name, value in {**GOOD, **change}.items() if value is not ...}
    seen = Seen(200, (), json.dumps(body).encode(), 0.0, "")
    assert unlike(GRANTED, seen, FIXTURES.providers["fb"]) == said


def test_credentials_of_a_provider_that_is_assumed_may_be_anything() -> None:
    assert FIXTURES.providers["google_ads"].source == "assumed"
    assert unlike(GRANTED, Seen(200, (), b'{"status": 200}', 0.0, ""), FIXTURES.providers["google_ads"]) == ""


def test_only_a_rate_limit_carries_retry_after() -> None:
    seen = Seen(429, (("Retry-After", "5"),), b'{"message": "no"}', 0.0, "")
    assert unlike(INVALID, seen, None) == "the header Retry-After is more than there should be"
    limited = FIXTURES.operations["POST /oauth2"].responses["rate-limited"]
    assert unlike(limited, seen, None) == ""


def test_half_of_a_surrogate_pair_is_not_strict() -> None:
    assert read_strictly(b'"\\ud83d\\ude00 \\\\ud800"') == "\U0001f600 \\ud800"
    with pytest.raises(NotStrict, match="surrogate"):
        read_strictly(b'{"a": ["\\ud83d"]}')
