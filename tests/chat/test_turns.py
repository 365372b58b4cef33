"""Turns at the desk."""

import asyncio

from overheard.chat.turns import Turns


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
