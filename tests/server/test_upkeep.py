"""What a server does by itself goes on whatever happens to it."""

from __future__ import annotations

import asyncio

import pytest

from mock_server.server import upkeep
from mock_server.state.store import Away
from tests.support import make_app


def test_a_fault_of_ours_is_told_and_does_not_end_the_upkeep(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live = make_app(session_idle_s=0.0).live
    monkeypatch.setattr(upkeep, "MIN_PAUSE_S", 0.0)
    faults = [RuntimeError("boom"), Away("nobody is there"), RuntimeError("boom")]
    done = asyncio.Event()

    async def drop_idle(before: float) -> list[str]:
        if faults:
            raise faults.pop(0)
        done.set()
        return []

    monkeypatch.setattr(live.store, "drop_idle", drop_idle)

    async def story() -> None:
        task = asyncio.create_task(upkeep.keep_up(live))
        await asyncio.wait_for(done.wait(), 30)
        task.cancel()

    asyncio.run(story())
    assert capsys.readouterr().err.count("RuntimeError: boom") == 2
