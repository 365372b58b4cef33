"""What admins should hear of: sentences that wait for whoever tells them."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

MOST_WAITING = 100
"""Notices that wait to be told; later ones stand in the log alone."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that admins should know.

    Attributes:
        text: What is the matter, as a sentence.
        plugin: The plugin that it is about, if it is about one.
    """

    text: str
    plugin: str = ""


class Notices:
    """Notices on their way from plugins' guards to the admins' channels.

    Attributes:
        faults: How many calls into each plugin have failed.
    """

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self._waiting: asyncio.Queue[Notice] = asyncio.Queue(MOST_WAITING)

    def add(self, notice: Notice) -> None:
        """Have something told, by and by."""
        if not self._waiting.full():
            self._waiting.put_nowait(notice)

    async def next(self) -> Notice:
        """Wait for a notice, and take it."""
        return await self._waiting.get()
