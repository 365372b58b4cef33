"""Chats of plugins as the rest of the house sees them: watched over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

from overheard.cards.card import Card
from overheard.errors import ChatFailed, ChatLost, ChatUnavailable, OverheardError, PluginFault
from overheard.interfaces import Chat, Desk, Finding, Linking
from overheard.plugins.aside import made
from overheard.plugins.guard import Guard, Nonsense
from overheard.plugins.shapes import listed
from overheard.plugins.wording import cut, redacted, said

LONGEST_CALL = 25.0
"""Seconds that a chat may take for one message; a delivery waits no longer than 30."""
GOODBYE = 0.5
"""Seconds that a chat has to end when it is cancelled."""

Result = TypeVar("Result")


class WatchedChat:
    """A chat whose faults are errors that chats may have, and show no secret.

    Its code runs in the loop of the bot, because it brings requests to the desk. How often it fails
    is none of its guard's business: it is started again, and messages are tried again, later and
    later.

    Args:
        chat: The chat.
        guard: Watches over its calls.
        secrets: What must not be seen in what it says.
    """

    def __init__(self, chat: Chat, guard: Guard, secrets: Collection[str]) -> None:
        self.name = chat.name
        self._chat = chat
        self._guard = guard
        self._secrets = secrets

    async def run(self, desk: Desk) -> None:
        """Connect and bring requests to the desk, until cancelled.

        Raises:
            ChatUnavailable: when it is of no use to try again.
            ChatLost: when it failed otherwise.
        """
        work = asyncio.create_task(made(partial(self._chat.run, desk)))
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work}, timeout=GOODBYE)
            raise
        error = work.result().error
        if isinstance(error, ChatUnavailable):
            raise ChatUnavailable(**self._hushed(error))
        if isinstance(error, OverheardError):
            raise ChatLost(chat=self.name, reason=cut(redacted(said(error), self._secrets)))
        if error is not None:
            problem = f"its plugin fails ({type(error).__name__}); {self._guard.remedy}"
            raise ChatLost(chat=self.name, reason=problem)

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the platform's id of the message.

        Raises:
            ChatFailed: when it was not posted, or nobody knows.
        """
        message = await self._made(
            partial(self._chat.post, channel, card, key=key, thread=thread, broadcast=broadcast)
        )
        if not isinstance(message, str) or not message:
            given = f"gives no id of the message (but {type(message).__name__})"
            raise self._failure(f"its plugin {given}; {self._guard.remedy}")
        return message

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Put another card in the place of one that was posted.

        Raises:
            ChatFailed: when it was not.
        """
        await self._made(partial(self._chat.edit, channel, message, card))

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with this key, or None.

        Raises:
            ChatFailed: when nobody knows.
        """
        found = await self._made(partial(self._chat.find, channel, key))
        return found if isinstance(found, str) and found else None

    async def link(self, channel: str, message: str) -> str:
        """Return the address at which a message is read.

        Raises:
            ChatFailed: when it has none.
        """
        if not isinstance(self._chat, Linking):
            raise ChatFailed(chat=self.name, reason="its messages have no addresses")
        return str(await self._made(partial(self._chat.link, channel, message)))

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Say whether credentials, scopes and these channels are as they should be.

        Raises:
            PluginFault: when it fails.
        """
        return await self._guard.call(partial(self._examined, channels), LONGEST_CALL)

    async def _examined(self, channels: Sequence[str]) -> list[Finding]:
        findings: list[Finding] = listed(await self._chat.examine(channels))
        if not all(isinstance(finding, Finding) for finding in findings):
            raise Nonsense("it returns what is no Finding")
        return findings

    async def close(self) -> None:
        """Let connections go."""
        await self._guard.call(self._chat.close, LONGEST_CALL)

    async def _made(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call; what its plugin does wrong is a message that may have gone through."""
        try:
            return await self._guard.call(work, LONGEST_CALL, passing=(ChatFailed, ChatUnavailable))
        except ChatFailed as failed:
            wait, hushed = failed.retry_after, self._hushed(failed)
            error = ChatFailed(chat=hushed["chat"], reason=hushed["reason"])
            error.retry_after = wait if isinstance(wait, int | float) and wait >= 0 else None
            error.ambiguous = failed.ambiguous is True
            raise error from None
        except ChatUnavailable as refused:
            raise ChatUnavailable(**self._hushed(refused)) from None
        except PluginFault as fault:
            raise self._failure(f"its plugin {fault.details['problem']}") from None

    def _failure(self, reason: str) -> ChatFailed:
        error = ChatFailed(chat=self.name, reason=reason)
        error.ambiguous = True
        return error

    def _hushed(self, error: OverheardError) -> dict[str, str]:
        return {key: cut(redacted(said(v), self._secrets)) for key, v in error.details.items()}
