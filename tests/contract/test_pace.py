"""When a run is given up because the deployment grows slower and slower."""

from __future__ import annotations

import itertools
import time
from unittest.mock import Mock

import pytest

from mock_server.contract.prove import Question, prove
from mock_server.contract.walks import timing
from mock_server.contract.walks.timing import Pace, is_busy
from tests.contract.deployment import Asked, Given, before
from tests.support import running


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


@pytest.mark.parametrize(("wall_for_each_s", "busy"), [(1.0, False), (2.0, False), (5.0, True)])
def test_a_machine_is_busy_when_work_takes_much_longer_than_it_costs(
    monkeypatch: pytest.MonkeyPatch, wall_for_each_s: float, busy: bool
) -> None:
    spent = itertools.count(0.0, 0.005)
    last = [0.0]

    def thread_time() -> float:
        last[0] = next(spent)
        return last[0]

    clock = Mock(
        thread_time=thread_time,
        process_time=lambda: last[0],
        perf_counter=lambda: last[0] * wall_for_each_s,
    )
    monkeypatch.setattr(timing, "time", clock)
    assert is_busy() is busy


def test_of_a_slow_deployment_that_is_given_up_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it never answered, nobody has asked it for."""
    monkeypatch.setattr(timing, "USUAL_S", 0.1)
    monkeypatch.setattr(timing, "is_busy", lambda: False)

    def slow(asked: Asked, given: Given) -> Given:
        if asked.target.startswith("/api/oauth2"):
            time.sleep(0.15)
        return given

    with running("--quiet") as server, before(server.url, slow) as url:
        result = prove(Question(url=f"{url}/api", seed=1))
    assert [each.title.partition(": ")[2] for each in result.counted] == [
        "12 answers took longer than 0.1 s, so it is given up"
    ]
