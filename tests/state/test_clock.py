"""A session's clock: frozen, set, advanced, thawed."""

from __future__ import annotations

import pytest

from mock_server.state.clock import Clock

WALL = 1_700_000_000.0


def test_an_untouched_clock_shows_the_wall() -> None:
    assert Clock().now(WALL) == WALL
    assert Clock().now(WALL + 5) == WALL + 5


@pytest.mark.parametrize("seconds", [43_200, -60, 0, 0.25])
def test_an_advanced_clock_goes_on_from_there(seconds: float) -> None:
    clock = Clock().advance(seconds, WALL)
    assert clock.now(WALL) == WALL + seconds
    assert clock.now(WALL + 5) == WALL + 5 + seconds


def test_advances_add_up() -> None:
    assert Clock().advance(10, WALL).advance(20, WALL + 1).now(WALL + 1) == WALL + 31


def test_a_set_clock_goes_on_from_there() -> None:
    clock = Clock().set(1000, WALL)
    assert (clock.now(WALL), clock.now(WALL + 5)) == (1000, 1005)


def test_a_frozen_clock_stands_still() -> None:
    clock = Clock().freeze(WALL)
    assert (clock.now(WALL + 5), clock.frozen_at) == (WALL, WALL)


def test_a_frozen_clock_can_be_advanced_and_set_and_stays_frozen() -> None:
    clock = Clock().freeze(WALL).advance(60, WALL + 5)
    assert clock.now(WALL + 100) == WALL + 60
    assert clock.set(1000, WALL + 5).now(WALL + 100) == 1000


def test_freezing_twice_changes_nothing() -> None:
    clock = Clock().freeze(WALL)
    assert clock.freeze(WALL + 5) == clock


def test_a_thawed_clock_goes_on_from_where_it_stood() -> None:
    clock = Clock().advance(60, WALL).freeze(WALL).thaw(WALL + 5)
    assert clock.frozen_at is None
    assert (clock.now(WALL + 5), clock.now(WALL + 6)) == (WALL + 60, WALL + 61)


def test_thawing_a_clock_that_goes_changes_nothing() -> None:
    clock = Clock().advance(60, WALL)
    assert clock.thaw(WALL + 5) == clock
