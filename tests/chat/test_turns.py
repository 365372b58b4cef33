"""Turns at the desk."""

import asyncio

import pytest

from overheard.chat.concurrency import Turns
from overheard.errors import TooBusy


async def test_so_many_go_at_a_time() -> None:
    """The third waits until one of two has ended."""
    turns, under_way, most = Turns(2), 0, 0

    async def go() -> None:
        nonlocal under_way, most
        async with turns.turn():
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.01)
            under_way -= 1

    await asyncio.gather(*(go() for _ in range(6)))
    assert most == 2


async def test_what_takes_long_keeps_nobody_waiting() -> None:
    """Its turn goes to the next, and is given back only once."""
    turns = Turns(1, longest=0.01)
    async with asyncio.timeout(2), turns.turn(), turns.turn():
        pass
    async with asyncio.timeout(2), turns.turn():
        waiting = asyncio.create_task(turns.turn().__aenter__())
        await asyncio.sleep(0)
        assert not waiting.done()
        await waiting


async def test_who_comes_when_too_many_wait_is_sent_away() -> None:
    """Those who wait keep their places, and whoever comes when one is free again is served."""
    turns = Turns(1, most=2)
    async with turns.turn():
        waiting = [asyncio.create_task(_served(turns)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusy, match="2 commands wait already"):
            await _served(turns)
    assert await asyncio.gather(*waiting) == [True, True]
    assert await _served(turns)


async def _served(turns: Turns) -> bool:
    async with turns.turn():
        return True
