"""A chat belongs to one process of a deployment at a time.

Two processes at one gateway would both hear of each command. So whoever else is started, by mistake
or for a new version, stands by, and takes over when the owner ends. An owner that is told to end
lets go of the chat first, and goes on answering while the other connects. What both hear of
meanwhile is answered once: the first to hear of a request notes it in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from contextlib import AsyncExitStack, suppress

from overheard.errors import OverheardError
from overheard.interfaces import Chat, Connectable, Desk, DrainingChat, Store

TAKE_OVER = 0.2
"""Seconds between two tries to take a chat over from another process."""
NOTICE = 0.4
"""Seconds in which one that stands by has taken it over, if there is one."""
HANDING_OVER = 4.0
"""Seconds for which an owner that is told to end goes on, until the other has connected."""
PATIENCE = 3.0
"""Seconds that commands under way have then."""
LOOK = 0.1
"""Seconds between two looks whether it has."""


class OwnedChat:
    """A chat that is connected while this process owns it.

    Args:
        name: Of the platform.
        chat: The chat.
        store: Says who owns it.
        present: Where it stands, by its name, while it is owned: what can be posted to.
        stay: Told for how many seconds more this process has to live when it hands over.
    """

    def __init__(
        self,
        name: str,
        chat: Chat,
        store: Store,
        present: MutableMapping[str, Chat],
        stay: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._name = name
        self._chat = chat
        self._store = store
        self._present = present
        self._stay = stay
        self._owned, self._connected = f"chat {name}", f"chat {name} connected"

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, or stands by."""
        return self._name not in self._present or self._is_connected

    async def run(self, desk: Desk) -> None:
        """Wait until it is this process's, and run it then.

        Raises:
            HoldLost: when somebody else may own it.
            Exception: what the chat raises.
        """
        while True:
            async with AsyncExitStack() as owning:
                if await owning.enter_async_context(self._store.on_duty(self._owned)):
                    self._present[self._name] = self._chat
                    try:
                        await self._run(desk, owning)
                    finally:
                        del self._present[self._name]
                    return
            await asyncio.sleep(TAKE_OVER)

    async def _run(self, desk: Desk, owning: AsyncExitStack) -> None:
        running = asyncio.create_task(self._chat.run(desk))
        telling = asyncio.create_task(self._tell_connected())
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError as cancelled:
            await _end(telling)
            # If this is how a lost hold ends, it says so here.
            await owning.__aexit__(type(cancelled), cancelled, cancelled.__traceback__)
            await self._hand_over(running)
            raise
        finally:
            await _end(telling)
            await _end(running)
        running.result()

    async def _tell_connected(self) -> None:
        """Say to other processes that this one is connected, for as long as it owns the chat."""
        while True:
            if self._is_connected:
                with suppress(OverheardError):  # the database is away
                    async with self._store.on_duty(self._connected) as mine:
                        if mine:
                            await asyncio.Event().wait()
            await asyncio.sleep(LOOK)

    async def _hand_over(self, running: asyncio.Task[None]) -> None:
        """Go on until whoever stands by has connected, if anybody does."""
        await asyncio.sleep(NOTICE)
        if not await self._is_held(self._owned):
            return
        self._stay(HANDING_OVER + PATIENCE)
        if isinstance(self._chat, DrainingChat):
            self._chat.drain_s = PATIENCE
        with suppress(TimeoutError):
            async with asyncio.timeout(HANDING_OVER):
                while not running.done() and await self._is_held(self._owned):
                    if await self._is_held(self._connected):
                        return
                    await asyncio.sleep(LOOK)

    async def _is_held(self, duty: str) -> bool:
        async with self._store.on_duty(duty) as free:
            return not free

    @property
    def _is_connected(self) -> bool:
        return not isinstance(self._chat, Connectable) or self._chat.connected


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
