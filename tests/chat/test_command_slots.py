"""How many commands run at a time."""

import asyncio

import pytest

from overheard.chat.confirmations import CommandSlots
from overheard.errors import TooBusy


async def test_only_as_many_commands_run_as_there_are_slots() -> None:
    """A third command waits until one of two has ended."""
    slots, running, most = CommandSlots(2), 0, 0

    async def run() -> None:
        nonlocal running, most
        async with slots.slot():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

    await asyncio.gather(*(run() for _ in range(6)))
    assert most == 2


async def test_a_long_command_holds_up_no_other() -> None:
    """Its slot goes to the next command, and is freed only once."""
    slots = CommandSlots(1, lifetime_s=0.01)
    async with asyncio.timeout(2), slots.slot(), slots.slot():
        pass
    async with asyncio.timeout(2), slots.slot():
        waiting = asyncio.create_task(slots.slot().__aenter__())
        await asyncio.sleep(0)
        assert not waiting.done()
        await waiting


async def test_a_command_is_refused_when_too_many_wait() -> None:
    """Waiting commands keep their places, and a later command is served when a slot is free."""
    slots = CommandSlots(1, max_waiting=2)
    async with slots.slot():
        waiting = [asyncio.create_task(_served(slots)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusy, match="2 commands wait already"):
            await _served(slots)
    assert await asyncio.gather(*waiting) == [True, True]
    assert await _served(slots)


async def _served(slots: CommandSlots) -> bool:
    async with slots.slot():
        return True
