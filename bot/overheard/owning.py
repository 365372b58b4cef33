"""A chat belongs to one process of a deployment at a time.

Two processes at one gateway would both hear of each command, and answer it twice. So whoever else
is started, by mistake or for a new version, stands by, and takes over when the owner ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping

from overheard.interfaces import Chat, Connectable, Desk, Store

TAKE_OVER = 2.0
"""Seconds between two tries to take a chat over from another process."""


class OwnedChat:
    """A chat that is connected while this process owns it.

    Args:
        name: Of the platform.
        chat: The chat.
        store: Says who owns it.
        present: Where it stands, by its name, while it is owned: what can be posted to.
    """

    def __init__(
        self, name: str, chat: Chat, store: Store, present: MutableMapping[str, Chat]
    ) -> None:
        self._name = name
        self._chat = chat
        self._store = store
        self._present = present

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, or stands by."""
        is_connected = not isinstance(self._chat, Connectable) or self._chat.connected
        return self._name not in self._present or is_connected

    async def run(self, desk: Desk) -> None:
        """Wait until it is this process's, and run it then.

        Raises:
            HoldLost: when somebody else may own it.
            Exception: what the chat raises.
        """
        while True:
            async with self._store.on_duty(f"chat {self._name}") as mine:
                if mine:
                    self._present[self._name] = self._chat
                    try:
                        await self._chat.run(desk)
                    finally:
                        del self._present[self._name]
                    return
            await asyncio.sleep(TAKE_OVER)
