"""A chat of a plugin behind its guard."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any

from overheard.cards.card import Card
from overheard.errors import ChatFailed, ChatLost, ChatUnavailable, OverheardError, PluginFault
from overheard.installation import PROJECT, reinstall_command
from overheard.interfaces import Chat, Desk, DrainingChat, Finding, LaterChat, Linking
from overheard.plugins import validation
from overheard.plugins.guard import Guard, Result, call_now, outcome_of

CHAT_TIMEOUT_S = 25.0
"""Seconds that a chat may take for one message; a delivery waits no longer than 30."""
CANCEL_TIMEOUT_S = 0.5
"""Seconds that a chat's connection has to end when it is cancelled."""


class GuardedChat:
    """A chat whose faults are the errors that chats may raise, and show no secret.

    Its guard never pauses it: the supervisor starts it again, and the outbox tries messages again.

    Args:
        chat: The chat; a `LaterChat` is made at the first call.
        guard: Makes the calls.
        distribution: That of the plugin, for the remedy when a package is missing.
    """

    def __init__(self, chat: Chat | LaterChat, guard: Guard, distribution: str = PROJECT) -> None:
        self.name = chat.name
        self._given = chat
        self._guard = guard
        self._distribution = distribution

    @cached_property
    def _chat(self) -> Chat:
        return self._given.make() if isinstance(self._given, LaterChat) else self._given

    @property
    def dark(self) -> bool:
        """Whether its background is dark; False when it does not say."""
        return bool(self._attribute("dark", False))

    @property
    def connected(self) -> bool:
        """Whether requests can arrive now; True when it does not say."""
        return bool(self._attribute("connected", True))

    @property
    def drain_s(self) -> float:
        """Seconds that it waits for running commands when cancelled; 0 when it does not say."""
        seconds = self._attribute("drain_s", 0.0)
        return seconds if isinstance(seconds, int | float) else 0.0

    @drain_s.setter
    def drain_s(self, seconds: float) -> None:
        with contextlib.suppress(Exception):
            if isinstance(self._chat, DrainingChat):
                self._chat.drain_s = seconds

    def _attribute(self, name: str, default: object) -> Any:
        """Return an attribute of the chat; the default without it, and where reading it fails."""
        outcome = call_now(lambda: getattr(self._chat, name, default))
        return default if outcome.error else outcome.result

    async def run(self, desk: Desk) -> None:
        """Connect and pass requests to the desk, until cancelled or the plugin returns.

        When this task is cancelled, the plugin has `drain_s` and `CANCEL_TIMEOUT_S` to end.

        Raises:
            ChatUnavailable: when another attempt cannot succeed, such as after refused credentials.
            ChatLost: when the chat failed for another reason.
            CancelledError: when this task is cancelled.
        """
        work = asyncio.create_task(outcome_of(lambda: self._chat.run(desk)))
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work}, timeout=self.drain_s + CANCEL_TIMEOUT_S)
            raise
        error = work.result().error
        if isinstance(error, ModuleNotFoundError):
            remedy = f"install it with: {reinstall_command(self._distribution)}"
            reason = f"the package {error.name} is missing"
            raise ChatUnavailable(chat=self.name, reason=reason, remedy=remedy)
        if isinstance(error, ChatUnavailable | ChatLost):
            raise type(error)(**self._guard.shown_details(error))
        if isinstance(error, ChatFailed):
            raise ChatLost(**self._guard.shown_details(error))
        if isinstance(error, OverheardError):
            raise ChatLost(chat=self.name, reason=self._guard.shown(error))
        if error is not None:
            problem = f"its plugin {self._guard.problem(error)}; {self._guard.remedy}"
            raise ChatLost(chat=self.name, reason=problem)

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the platform's id of the message.

        Args:
            channel: The platform's id of the channel.
            key: The key by which `find` finds the message.
            thread: The id of the message in whose thread the card is posted; empty for none.
            broadcast: Whether a card in a thread also appears in the channel.

        Raises:
            ChatFailed: when the card was not posted, or the outcome is unknown (`ambiguous`), such
                as when the plugin is at fault or returns no id.
            ChatUnavailable: when another attempt cannot succeed.
        """
        message = await self._call_chat(
            lambda: self._chat.post(channel, card, key=key, thread=thread, broadcast=broadcast)
        )
        if not isinstance(message, str) or not message:
            given = f"gives no id of the message (but {type(message).__name__})"
            raise self._failure(f"its plugin {given}; {self._guard.remedy}")
        return message

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace the card of a posted message by another card.

        Raises:
            ChatFailed: when the card was not replaced.
        """
        await self._call_chat(lambda: self._chat.edit(channel, message, card))

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with a key; None when there is none, or
        the plugin returns no text.

        Raises:
            ChatFailed: when the chat cannot find out.
            ChatUnavailable: when another attempt cannot succeed.
        """
        message = await self._call_chat(lambda: self._chat.find(channel, key))
        return message if isinstance(message, str) and message else None

    async def link(self, channel: str, message: str) -> str:
        """Return the ``https://`` address of a message.

        Raises:
            ChatFailed: when messages of the chat have no address, or the chat cannot find out.
            ChatUnavailable: when another attempt cannot succeed.
        """
        chat = self._chat
        if not isinstance(chat, Linking):
            raise ChatFailed(chat=self.name, reason="its messages have no addresses")
        return str(await self._call_chat(lambda: chat.link(channel, message)))

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Return validated findings about the chat's credentials, its scopes and its access to
        channels, given by their ids.

        Raises:
            PluginFault: when the plugin fails, takes longer than `CHAT_TIMEOUT_S`, or returns
                something else.
        """

        async def examined() -> list[Finding]:
            findings = validation.bounded_list(await self._chat.examine(channels))
            return [validation.validated(finding, Finding) for finding in findings]

        return await self._guard.call(examined, CHAT_TIMEOUT_S)

    async def close(self) -> None:
        """Close its connections; nothing is done for a chat that was not made."""
        if "_chat" in vars(self) or not isinstance(self._given, LaterChat):
            await self._guard.call(self._chat.close, CHAT_TIMEOUT_S)

    async def _call_chat(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call to the chat within `CHAT_TIMEOUT_S`, and return the result."""
        try:
            return await self._guard.call(
                work, CHAT_TIMEOUT_S, passing=(ChatFailed, ChatUnavailable)
            )
        except ChatFailed as failed:
            wait, shown = failed.retry_after, self._guard.shown_details(failed)
            error = ChatFailed(chat=shown["chat"], reason=shown["reason"])
            error.retry_after = wait if isinstance(wait, int | float) and wait >= 0 else None
            error.ambiguous = failed.ambiguous is True
            raise error from None
        except ChatUnavailable as refused:
            raise ChatUnavailable(**self._guard.shown_details(refused)) from None
        except PluginFault as fault:
            raise self._failure(f"its plugin {fault.details['problem']}") from None

    def _failure(self, reason: str) -> ChatFailed:
        error = ChatFailed(chat=self.name, reason=reason)
        error.ambiguous = True
        return error
