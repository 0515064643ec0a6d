"""Which values of an answer are its hour, and not data."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_server.record.exchange import Exchange, Seen, Sent
from mock_server.record.hour import hour_template
from mock_server.record.keeper import Keeper
from mock_server.settings import Settings
from mock_server.world import build_world
from tests.record.shop import SPEC

AT = 1_700_000_000.0  # 2023-11-14T22:13:20Z


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("2023-11-14T22:13:20Z", "now.iso"),
        ("2023-11-14t22:13:24z", "now.iso"),
        ("2023-11-14T22:13:20.123456+00:00", "now.iso_ms"),
        ("2023-11-15T00:13:18+02:00", "now.iso"),
        ("2023-11-14T22:13:26Z", None),
        ("2023-11-14T22:13:14Z", None),
        ("2023-11-14T22:13:20", None),  # of no zone: nobody knows when that is
        ("2023-13-14T22:13:20Z", None),
        ("Tue, 14 Nov 2023 22:13:19 GMT", "now.http"),
        ("Tue, 34 Nov 2023 22:13:19 GMT", None),
        (1_700_000_004, "now.unix"),
        (1_700_000_004_999, "now.unix_ms"),
        (1_700_000_006, None),
        (True, None),
        (1_700_000_000.0, None),
        (None, None),
        ([], None),
        pytest.param(10**400, None, id="a number that no clock has"),
    ],
)
def test_a_time_within_seconds_of_the_answer_is_its_hour(value: Any, word: str | None) -> None:
    assert hour_template(value, AT) == word


def test_where_nobody_knows_the_hour_nothing_is_taken_for_it() -> None:
    assert hour_template(3, 0) is None


def test_a_time_that_comes_again_is_data(tmp_path: Path) -> None:
    keeper = Keeper(build_world(Settings(specs=(SPEC,))), tmp_path, "https://shop.example")
    hour = datetime.fromtimestamp(AT, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    item = f'{{"id": 9, "name": "desk", "created": "{hour}"}}'.encode()
    kind = (("content-type", "application/json"),)
    for sent, status in (
        (Sent("POST", "/items", kind, b'{"name": "desk"}'), 201),
        (Sent("GET", "/items/9", (), b""), 200),
    ):
        keeper.take(Exchange("https://shop.example", "", sent, Seen(status, kind, item, 0.1)), AT + 1)
    keeper.flush()
    bodies = {
        path.stem: next(iter(yaml.safe_load(path.read_text())["responses"].values()))["body"]["created"]
        for path in tmp_path.rglob("*.yaml")
    }
    assert bodies == {"create-item": "{{ now.iso }}", "get-item": hour}
