"""A secret that comes back in a header is seen as it is and as a URL has it."""

from __future__ import annotations

import pytest

from mock_server.contract.model import Exchange, Seen, Sent
from mock_server.contract.walks.scene import Scene
from mock_server.contract.walks.secrets import Genuine, echo
from mock_server.contract.walks.timing import Pace
from tests.contract.judging import ORIGIN, run_of_the_bundled_document

TOKEN = "to/ken+of=mine"
AUTHORIZATION = ("Authorization", f"Bearer {TOKEN}")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"was {TOKEN}", ["a header of the answer carries the token"]),
        ("/next?t=to%2Fken%2Bof%3Dmine", ["a header of the answer carries the token"]),
        ("/next?t=to%2Fken%2Bof", []),
        ("nothing", []),
    ],
)
def test_a_token_in_a_header_is_told(value: str, told: list[str]) -> None:
    sent = Sent("POST", "/api/oauth2", (AUTHORIZATION,), b"{}")
    seen = Seen(403, (("Content-Type", "application/json"), ("X-Trace", "1"), ("X-More", value)), b"{}", 0.01)
    exchange = Exchange(ORIGIN, "POST /oauth2", sent, seen)
    scene = Scene.of(run_of_the_bundled_document(), exchange, Genuine(), Pace())
    assert [each.title for each in echo(scene)] == told
