"""Where the mock's randomness comes from."""

from __future__ import annotations

import re

from mock_server.web.live import Secrets


def test_no_character_is_given_out_twice() -> None:
    chance = Secrets()
    seen = [chance.token(size) for size in (9, 24, 33, 90, 5_000, 24) * 40]
    assert len(set(seen)) == len(seen)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", text) for text in seen)
    assert [len(text) for text in seen[:6]] == [12, 32, 44, 120, 6_667, 32]
    whole = "".join(text for text in seen if len(text) < 1_000)
    assert len({whole[at : at + 32] for at in range(0, len(whole) - 32, 32)}) == len(range(0, len(whole) - 32, 32))


def test_what_is_forgotten_is_never_given_out() -> None:
    chance = Secrets()
    chance.token(9)
    chance.forget()
    here = chance.token(9)
    chance.forget()
    assert chance.token(9) != here
