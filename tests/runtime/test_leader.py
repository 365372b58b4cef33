"""Chats that several processes could connect: one does."""

import asyncio
from typing import cast

import pytest

from overheard.interfaces import Chat, Desk, Store
from overheard.runtime import chats
from overheard.runtime.chats import LeaderChat
from overheard.testing.deployment import open_test_store

DESK = cast("Desk", object())


class Line:
    """A chat that is connected until it is cut."""

    def __init__(self) -> None:
        self.begun, self.cut = asyncio.Event(), asyncio.Event()
        self.connected = True
        self.ended = False

    async def run(self, desk: Desk) -> None:
        """Be connected."""
        assert desk is DESK
        self.begun.set()
        try:
            await self.cut.wait()
        finally:
            self.ended = True


def owned(line: Line, store: Store, present: dict[str, Chat]) -> LeaderChat:
    """Return a chat of one process."""
    return LeaderChat("discord", cast("Chat", line), store.locks, present)


async def test_the_second_process_stands_by_and_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the first has released the lock."""
    monkeypatch.setattr(chats, "LOCK_RETRY_S", 0.01)
    store, first, second = open_test_store(), Line(), Line()
    here: dict[str, Chat] = {}
    there: dict[str, Chat] = {}
    one = asyncio.create_task(owned(first, store, here).run(DESK))
    await first.begun.wait()
    other = asyncio.create_task(owned(second, store, there).run(DESK))
    await asyncio.sleep(0.05)
    assert not second.begun.is_set()
    assert (list(here), list(there)) == (["discord"], [])
    first.cut.set()
    async with asyncio.timeout(5):
        await one
        await second.begun.wait()
    assert (list(here), list(there)) == ([], ["discord"])
    other.cancel()


async def test_who_stands_by_is_ready() -> None:
    """It has nothing to be connected to."""
    assert owned(Line(), open_test_store(), {}).is_ready()


async def test_an_owner_that_is_cancelled_goes_on_until_the_other_has_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It lets go of the chat at once, and of its own connection when nobody needs it any more."""
    monkeypatch.setattr(chats, "LOCK_RETRY_S", 0.01)
    monkeypatch.setattr(chats, "LEADER_TIMEOUT_S", 0.1)
    store, first, second = open_test_store(), Line(), Line()
    second.connected = False
    given: list[float] = []
    one = asyncio.create_task(
        LeaderChat("discord", cast("Chat", first), store.locks, {}, given.append).run(DESK)
    )
    await first.begun.wait()
    other = asyncio.create_task(owned(second, store, {}).run(DESK))
    one.cancel()
    async with asyncio.timeout(5):
        await second.begun.wait()
        assert not first.ended
        await asyncio.sleep(0.3)
        assert not first.ended
        second.connected = True
        await asyncio.wait({one})
    assert first.ended
    assert one.cancelled()
    assert given == [chats.HANDOVER_TIMEOUT_S + chats.COMMAND_TIMEOUT_S]
    other.cancel()


async def test_an_owner_ends_at_once_where_nobody_stands_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It asks for no time."""
    monkeypatch.setattr(chats, "LEADER_TIMEOUT_S", 0.1)
    line, given = Line(), list[float]()
    one = asyncio.create_task(
        LeaderChat("discord", cast("Chat", line), open_test_store().locks, {}, given.append).run(
            DESK
        )
    )
    await line.begun.wait()
    one.cancel()
    async with asyncio.timeout(2):
        await asyncio.wait({one})
    assert line.ended
    assert not given
