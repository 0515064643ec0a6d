"""Workers that ask one another: who answers, who does not, and what an absent one costs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from mock_server.server import peers as room
from mock_server.server.peers import SocketPeers
from mock_server.web.live import Live
from tests.support import make_app

Story = Callable[[list[SocketPeers], list[Live]], Awaitable[None]]


def play(folder: Path, count: int, story: Story) -> None:
    """So many workers, all of them in this process."""

    async def whole() -> None:
        crew = [SocketPeers(folder, number, count) for number in range(1, count + 1)]
        lives = [make_app().live for _ in crew]
        for each, live in zip(crew, lives, strict=True):
            live.peers = each
            await each.open(live)
        try:
            await story(crew, lives)
        finally:
            for each in crew:
                await each.close()

    asyncio.run(whole())


def test_each_of_the_others_is_asked_and_answers(tmp_path: Path) -> None:
    async def story(crew: list[SocketPeers], lives: list[Live]) -> None:
        lives[1].tally.add("GET /x", 200, 0.1)
        told = await crew[0].ask("count")
        assert [each["worker"] for each in told] == [2, 3]
        assert told[0]["tally"]["requests"] == [["GET /x", 200, 1]]
        assert await crew[2].ask("forget calls", "alice") == [None, None]
        assert await crew[2].ask("write entries") == [None, None]

    play(tmp_path, 3, story)
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_being_replaced_is_left_out_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(crew: list[SocketPeers], lives: list[Live]) -> None:
        await crew[1].close()
        assert [each["worker"] for each in await crew[0].ask("count")] == [3]
        again = SocketPeers(tmp_path, 2, 3)
        (tmp_path / "2").touch()  # as a killed one leaves it
        await again.open(lives[1])
        assert len(await crew[0].ask("count")) == 2
        await again.close()

    play(tmp_path, 3, story)
    assert capsys.readouterr().err == ""


def test_one_that_does_not_answer_is_waited_for_so_long_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(room, "PATIENCE_S", 0.1)

    async def story(crew: list[SocketPeers], lives: list[Live]) -> None:
        await crew[1].close()
        held: list[asyncio.StreamWriter] = []
        server = await asyncio.start_unix_server(lambda _, writer: held.append(writer), tmp_path / "2")
        assert await crew[0].ask("write entries") == []
        server.close()
        for writer in held:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    play(tmp_path, 2, story)
    assert "worker 2 does not answer 'write entries'" in capsys.readouterr().err


def test_what_is_asked_waits_for_entries_that_are_being_written(tmp_path: Path) -> None:
    async def story(crew: list[SocketPeers], lives: list[Live]) -> None:
        lives[1].writing.add("x-1")
        asked = asyncio.ensure_future(crew[0].ask("write entries"))
        done, _ = await asyncio.wait([asked], timeout=0.05)
        assert not done
        lives[1].writing.add("x-2")  # began later: nobody waits for it
        lives[1].writing.discard("x-1")
        assert await asked == [None]

    play(tmp_path, 2, story)
