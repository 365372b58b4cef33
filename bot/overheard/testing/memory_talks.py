"""The part of the in-memory store that holds what chats leave behind."""

from __future__ import annotations

from datetime import datetime

from overheard.domain import PendingConfirmation


class MemoryTalks:
    """Requests that were taken, and commands that wait for a yes."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str], datetime] = {}
        self._waiting: dict[str, PendingConfirmation] = {}

    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Keep that a chat's request was taken; False when it was before."""
        if (platform, request) in self._requests:
            return False
        self._requests[platform, request] = now
        return True

    async def add_waiting(self, waiting: PendingConfirmation) -> None:
        """Keep a command that waits for a yes."""
        self._waiting[waiting.token] = waiting

    async def waiting(self, token: str) -> PendingConfirmation | None:
        """Return the command that a word stands for, or None."""
        return self._waiting.get(token)

    async def take_waiting(self, token: str) -> bool:
        """Forget a command that waits; False when nothing waits, so that one of two takes it."""
        return self._waiting.pop(token, None) is not None

    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Forget the requests from before a time, and what waited until now or less long."""
        self._requests = {key: at for key, at in self._requests.items() if at >= before}
        self._waiting = {word: one for word, one in self._waiting.items() if one.until > now}
