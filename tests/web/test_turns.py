"""Who was overtaken waits in line; nobody else does."""

from __future__ import annotations

import asyncio

import pytest

from mock_server.web.turns import FREE_TRIES, MAX_TRIES, Turns


class Counter:
    """A value that is changed as the stores change theirs: kept only when nobody was faster."""

    def __init__(self) -> None:
        self.value = 0
        self.tries = 0

    async def add_one(self, turns: Turns, session: str = "s") -> bool:
        with turns.of(session) as turn:
            while await turn.comes():
                self.tries += 1
                seen = self.value
                await asyncio.sleep(0)
                if self.value == seen:
                    self.value = seen + 1
                    return True
        return False


def test_however_many_come_at_once_each_is_kept_after_few_tries() -> None:
    async def run() -> None:
        turns, counter, many = Turns(), Counter(), 5 * MAX_TRIES
        assert all(await asyncio.gather(*(counter.add_one(turns) for _ in range(many))))
        assert counter.value == many
        assert counter.tries <= (FREE_TRIES + 1) * many
        assert not turns._lines

    asyncio.run(run())


def test_other_sessions_wait_for_nobody() -> None:
    async def run() -> None:
        turns, other = Turns(), Counter()
        with turns.of("a") as turn:
            for _ in range(FREE_TRIES + 1):
                assert await turn.comes()
            assert await asyncio.wait_for(other.add_one(turns, "b"), 30)

    asyncio.run(run())


def test_who_gives_up_while_waiting_holds_up_nobody() -> None:
    async def run() -> None:
        turns = Turns()

        async def third_try() -> None:
            with turns.of("s") as turn:
                for _ in range(FREE_TRIES + 1):
                    await turn.comes()

        with turns.of("s") as turn:
            for _ in range(FREE_TRIES + 1):
                await turn.comes()
            gone, staying = asyncio.create_task(third_try()), asyncio.create_task(third_try())
            await asyncio.sleep(0)
            gone.cancel()
        await asyncio.wait_for(staying, 30)
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert not turns._lines

    asyncio.run(run())


def test_it_comes_only_so_often() -> None:
    async def run() -> None:
        with Turns().of("s") as turn:
            assert [await turn.comes() for _ in range(MAX_TRIES + 1)] == [*[True] * MAX_TRIES, False]

    asyncio.run(run())
