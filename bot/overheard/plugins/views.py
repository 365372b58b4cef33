"""Chats and commands of plugins behind guards, and the `View` that a command is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Proposal
from overheard.errors import (
    ChatFailed,
    ChatLost,
    ChatUnavailable,
    ConfirmationNeeded,
    OverheardError,
    PluginFault,
)
from overheard.interfaces import Chat, Desk, Finding, History, Linking, View
from overheard.interfaces.store import StoreHistory
from overheard.plugins import validation
from overheard.plugins.guard import Guard, outcome_of

COMMAND_TIMEOUT_S = 600.0
"""Seconds that a command may take."""
CHAT_TIMEOUT_S = 25.0
"""Seconds that a chat may take for one message; a delivery waits no longer than 30."""
CANCEL_TIMEOUT_S = 0.5
"""Seconds that a chat's connection has to end when it is cancelled."""

Result = TypeVar("Result")


class GuardedChat:
    """A chat whose faults are the errors that chats may raise, and show no secret.

    Its guard never pauses it: the supervisor starts it again, and the outbox tries messages again.

    Args:
        guard: Makes the calls.
    """

    def __init__(self, chat: Chat, guard: Guard) -> None:
        self.name = chat.name
        self._chat = chat
        self._guard = guard

    async def run(self, desk: Desk) -> None:
        """Connect and pass requests to the desk, until cancelled or the plugin returns.

        When this task is cancelled, the plugin has `CANCEL_TIMEOUT_S` to end.

        Raises:
            ChatUnavailable: when another attempt cannot succeed, such as after refused credentials.
            ChatLost: when the chat failed for another reason.
            CancelledError: when this task is cancelled.
        """
        work = asyncio.create_task(outcome_of(self._guard.part, partial(self._chat.run, desk)))
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work}, timeout=CANCEL_TIMEOUT_S)
            raise
        error = work.result().error
        if isinstance(error, ChatUnavailable):
            raise ChatUnavailable(**self._guard.shown_details(error))
        if isinstance(error, OverheardError):
            raise ChatLost(chat=self.name, reason=self._guard.shown(error))
        if error is not None:
            problem = f"its plugin fails ({type(error).__name__}); {self._guard.remedy}"
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
            partial(self._chat.post, channel, card, key=key, thread=thread, broadcast=broadcast)
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
        await self._call_chat(partial(self._chat.edit, channel, message, card))

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with a key; None when there is none, or
        the plugin returns no text.

        Raises:
            ChatFailed: when the chat cannot find out.
            ChatUnavailable: when another attempt cannot succeed.
        """
        message = await self._call_chat(partial(self._chat.find, channel, key))
        return message if isinstance(message, str) and message else None

    async def link(self, channel: str, message: str) -> str:
        """Return the ``https://`` address of a message.

        Raises:
            ChatFailed: when messages of the chat have no address, or the chat cannot find out.
            ChatUnavailable: when another attempt cannot succeed.
        """
        if not isinstance(self._chat, Linking):
            raise ChatFailed(chat=self.name, reason="its messages have no addresses")
        return str(await self._call_chat(partial(self._chat.link, channel, message)))

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
        """Close its connections."""
        await self._guard.call(self._chat.close, CHAT_TIMEOUT_S)

    async def _call_chat(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call to the chat within `CHAT_TIMEOUT_S`, and return the result.

        Raises:
            ChatFailed: the chat's error, with redacted details and values of plain types. After a
                fault of the plugin, or a timeout, it is ambiguous: the message may have been
                posted.
        """
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


def guarded_command(spec: CommandSpec, guard: Guard) -> CommandSpec:
    """Return a plugin's command behind a guard; its function gets a `View`, not the deployment.

    A call may take `COMMAND_TIMEOUT_S`, and has to return a valid card. The function of a command
    that spends money raises `ConfirmationNeeded` with the price; the returned command answers with
    a `Proposal` instead, and calls the function again with ``agreed=True`` when the person has
    agreed.
    """
    errors_to_pass = (ConfirmationNeeded,) if spec.asks else ()

    async def run(deployment: Any, call: Any, **options: Any) -> Card | Proposal:
        """Carry out the command with a `View`. A command that spends money returns a `Proposal` if
        it asks for a confirmation.

        Raises:
            PluginFault: when the function fails, takes too long, or returns no valid card.
        """
        view = View(
            deployment.catalogue,
            _history(StoreHistory(deployment.store)),
            deployment.clock,
            call.zone,
            call.who,
            call.channel,
        )

        async def shown(**more: Any) -> Card:
            return validation.validated_card(await spec.run(view, **options, **more))

        async def guarded(**more: Any) -> Card:
            return await guard.call(
                partial(shown, **more), COMMAND_TIMEOUT_S, passing=errors_to_pass
            )

        if not spec.spends:
            return await guarded()
        try:
            return await guarded(agreed=False)
        except ConfirmationNeeded as needed:
            price = needed.reason.removesuffix(".")
            return Proposal(price, needed.usd, partial(guarded, agreed=True))

    return replace(spec, run=run, fill=None, opens=True)


def _history(store: Any) -> History:
    """Return a read-only view of a store: functions with the names of the methods of `History`,
    which pass their arguments on to the store, and no attribute through which the store can be
    reached.
    """

    def reader(name: str) -> Callable[..., Any]:
        def read(*given: Any, **named: Any) -> Any:
            return getattr(store, name)(*given, **named)

        return read

    names = [name for name in vars(History) if not name.startswith("_")]
    return cast("History", SimpleNamespace(**{name: reader(name) for name in names}))
