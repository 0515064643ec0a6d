"""When a run is given up because the deployment grows slower and slower."""

from __future__ import annotations

import pytest

from mock_server.contract.walks.timing import Pace


@pytest.mark.parametrize(
    ("seconds", "grown"),
    [
        ([0.01] * 60 + [0.7] * 60, True),
        ([0.01] * 60 + [0.7] * 40, False),
        ([0.01] * 60 + [0.4] * 60, False),
        ([0.7] * 120, False),
        ([0.01] * 60 + [0.7] * 40 + [0.01] * 20, False),
        ([n * 0.01 for n in range(1, 121)], True),
    ],
    ids=["slow", "not for long", "not by much", "always so", "quick again", "step by step"],
)
def test_only_what_was_quick_and_stays_slow_has_grown(seconds: list[float], grown: bool) -> None:
    assert Pace(seconds=seconds).has_grown() is grown
