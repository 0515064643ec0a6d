"""Guessing, altering and trying again: nothing is learned and nothing is burnt."""

from __future__ import annotations

import re
from unittest.mock import patch

from starlette.testclient import TestClient

from mock_server.web.live import Secrets
from tests.support import start
from tests.web.walk import collect, walk


def test_no_altered_pull_id_collects_and_none_burns_the_right_one(client: TestClient) -> None:
    begun = start(client)
    assert walk(client, begun).status_code == 200
    right = begun["pull_id"]
    altered = {right[:at] + ("A" if right[at] != "A" else "B") + right[at + 1 :] for at in range(len(right))}
    altered |= {right[:at] for at in range(len(right))} | {
        right + "A",
        right.swapcase(),
        f" {right}",
        f"{right} ",
        right * 2,
    }
    answers = {(reply.status_code, reply.text) for reply in (collect(client, {"pull_id": each}) for each in altered)}
    assert len(answers) == 1  # forged, unknown and malformed are not told apart
    assert next(iter(answers))[0] == 403
    assert collect(client, begun).status_code == 200


def test_what_opens_a_handshake_has_more_than_128_bits_of_the_systems_chance() -> None:
    chance = Secrets()
    with patch("mock_server.web.live.token_urlsafe", return_value="x" * 6_000) as asked:
        assert chance.token(24) == "x" * 32  # 6 bits a character: 192
    assert asked.call_count == 1


def test_no_two_handshakes_share_a_piece_of_their_secrets(client: TestClient) -> None:
    from mock_server.handshake.ticket import SECRET_CHARS

    begun = [start(client) for _ in range(200)]
    secrets = [each["pull_id"].rpartition(".")[2] for each in begun]
    assert len(set(secrets)) == 200
    assert all(len(each) >= SECRET_CHARS * 2 // 3 and re.fullmatch(r"[A-Za-z0-9_-]+", each) for each in secrets)
    assert SECRET_CHARS * 6 >= 128
