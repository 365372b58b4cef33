"""What is kept of chats between two starts of the program."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from overheard.domain import Waiting


class TalkStore(Protocol):
    """The part of the store that keeps requests that were taken, and commands that wait."""

    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Keep that a chat's request was taken; False when it was before."""
        ...

    async def add_waiting(self, waiting: Waiting) -> None:
        """Keep a command that waits for a yes."""
        ...

    async def waiting(self, token: str) -> Waiting | None:
        """Return the command that a word stands for, or None."""
        ...

    async def take_waiting(self, token: str) -> bool:
        """Forget a command that waits; False when nothing waits, so that one of two takes it."""
        ...

    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Forget the requests from before a time, and what waited until now or less long."""
        ...
