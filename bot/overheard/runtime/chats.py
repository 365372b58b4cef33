"""The chats of a deployment, opened for a process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from overheard.deployment import Deployment
from overheard.interfaces import Chat, DarkChat

CLOSE_TIMEOUT_S = 0.5
"""Seconds that a chat has to close its connections."""


@asynccontextmanager
async def opened_chats(deployment: Deployment) -> AsyncIterator[Mapping[str, Chat]]:
    """Provide the chats of a deployment, by name, within the block. They are closed afterwards,
    each within `CLOSE_TIMEOUT_S`; what they raise then is ignored.

    Charts are drawn dark for chats that are dark.
    """
    chats = deployment.plugins.chats
    if chats:  # without one, no start waits for the kinds of charts
        from overheard.cards.charts.renderer import darken

        darken(name for name, chat in chats.items() if isinstance(chat, DarkChat) and chat.dark)
    try:
        yield chats
    finally:
        for chat in chats.values():
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await chat.close()
