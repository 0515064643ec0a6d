"""A line of the log, for people and for machines."""

from __future__ import annotations

import json

import pytest

from mock_server.mask import NOTHING_MORE
from mock_server.web.lines import AsJson, AsText, Line


@pytest.mark.parametrize(
    ("status", "response", "shown"),
    [
        (200, "started", "200 started"),
        (200, "200", "200"),
        (404, "", "404"),
        (0, "", "failed"),
        (201, "200", "201 200"),
    ],
)
def test_an_answer_that_is_called_by_its_status_is_said_once(status: int, response: str, shown: str) -> None:
    line = Line(0.0, "GET", "/x", status, response, 0.001, (), "default", "e", None, "")
    assert f"GET /x  {shown}  1.0 ms" in AsText(colour=False).line(line, NOTHING_MORE)
    assert json.loads(AsJson().line(line, NOTHING_MORE))["response"] == (response or None)
