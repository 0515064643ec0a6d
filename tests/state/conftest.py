"""Tests of what a store keeps run over every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.state.stores import KINDS, Factory


@pytest.fixture(params=KINDS)
def factory(request: pytest.FixtureRequest, tmp_path: Path) -> Factory:
    redis = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return Factory(request.param, tmp_path, redis)
