"""The outbox: stored deliveries are posted exactly once, also after a crash. Which alerts exist is
decided in `detection/decide.py`.

A delivery is leased to one process. A process that takes over an expired lease does not know
whether the delivery was posted, and asks the chat before posting. So two bots on one store, a crash
between posting and recording it, and an outage of hours all end in one message.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from overheard.cards.card import Card, Link
from overheard.domain import Delivery, DeliveryKind
from overheard.errors import ChatFailed, ChatUnavailable
from overheard.interfaces import Chat, Clock, Linking
from overheard.interfaces.alerts import DeliveryRepository
from overheard.tracing import traced

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""How long a delivery belongs to one process."""
CHAT_TIMEOUT_S = 30.0
"""Seconds after which a chat is given up for one call; far less than a lease."""
LINK_TIMEOUT_S = 5.0
"""Seconds after which a card goes without a link to the message before it."""
EARLIER_ALERT_LABEL = "Go to the earlier alert"
EDITED = frozenset({DeliveryKind.ALERT, DeliveryKind.PROGRESS})
"""Deliveries whose message is edited, once there is one."""
MAX_CLAIMED = 10
"""Deliveries that are claimed together."""
FIRST_PAUSE_S, MAX_PAUSE_S = 5.0, 600.0
"""Seconds until an attempt is repeated: twice as long each time, and never longer than this."""
MAX_EDIT_ATTEMPTS = 20
"""Attempts after which a message is given up: it was probably deleted."""
IDLE_INTERVAL_S = 2.0
"""Seconds between two checks of an empty outbox."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A card that is ready to be posted.

    Attributes:
        revision: The revision of the alert that the card shows.
        broadcast: Whether a card in a thread is shown in the channel too.
        earlier: The platform's id of a message in the channel that shows the story so far, to which
            the card links; or an empty string.
    """

    card: Card
    revision: int = 1
    broadcast: bool = False
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Postponed:
    """A delivery whose card must not be posted yet: that of an event that is also shown in the
    channel, during the quiet hours of the channel.

    An alert needs no such answer: its delivery is stored with the end of the quiet hours as its due
    time (`overheard.alerts.routes`).

    Attributes:
        until: When the delivery is due again, in UTC.
    """

    until: datetime


Compose = Callable[[Delivery], Awaitable[Outgoing | Postponed | None]]
"""Writes the card of a delivery at the moment it is posted; None when it is not wanted any more."""


Posted = Callable[[Delivery, str], Awaitable[None]]
"""Called with a delivery and the platform's id of its message."""


class Outbox:
    """Posts deliveries, and edits what it posted.

    Args:
        deliveries: The stored deliveries.
        chats: The platforms, by name.
        compose: Writes the card of a delivery.
        clock: The source of the current time.
        posted: Called when an alert's message was posted in a channel; None for no call.
    """

    def __init__(
        self,
        deliveries: DeliveryRepository,
        chats: Mapping[str, Chat],
        compose: Compose,
        clock: Clock,
        posted: Posted | None = None,
    ) -> None:
        self._posted = posted
        self._deliveries = deliveries
        self._chats = chats
        self._compose = compose
        self._clock = clock
        self._owner = secrets.token_hex(8)

    async def run(self) -> None:
        """Post due deliveries until cancelled. When none was due, wait `IDLE_INTERVAL_S` seconds.
        Faults of chats and cards are stored with their deliveries; those of the store are raised.
        """
        while True:
            if not await self.work():
                await asyncio.sleep(IDLE_INTERVAL_S)

    async def work(self) -> int:
        """Claim at most `MAX_CLAIMED` due deliveries and try each at most once: those of one
        channel one after another, channels in parallel. Return the number of claimed deliveries,
        posted or not; 0 when none was due.
        """
        now = self._clock.now()
        claimed = await self._deliveries.claim(
            self._owner, now, now + LEASE, chats=list(self._chats), limit=MAX_CLAIMED
        )
        channels: dict[str, list[Delivery]] = {}
        for delivery in claimed:
            channels.setdefault(delivery.channel, []).append(delivery)
        async with asyncio.TaskGroup() as group:
            for deliveries in channels.values():
                group.create_task(self._post_to_channel(deliveries))
        return len(claimed)

    async def _post_to_channel(self, deliveries: list[Delivery]) -> None:
        """Try the claimed deliveries of one channel in order, and remove each from the list.

        After a failure the others are postponed by the same pause without an attempt. When half of
        its lease is over, a delivery is released without an attempt, to be claimed again. When
        cancelled, all that are left are released as possibly posted.

        Args:
            deliveries: The claimed deliveries of the channel; the list is emptied.
        """
        pause = 0.0
        try:
            while deliveries:
                delivery = deliveries[0]
                if pause or self._clock.now() > delivery.leased_until - LEASE / 2:
                    # Not tried, so whether it may have been posted is as uncertain as before.
                    await self._postpone(delivery, pause, "", uncertain=delivery.uncertain)
                else:
                    pause = await self._try_delivery(delivery)
                del deliveries[0]
        except asyncio.CancelledError:
            for delivery in deliveries:
                await self._postpone(delivery, 0.0, "", uncertain=True)
            raise

    async def _try_delivery(self, delivery: Delivery) -> float:
        """Try a claimed delivery once. A failure of any kind is stored with the delivery and not
        raised.

        Returns:
            The pause of the channel in seconds: 0 after a success; after a failure the time that
            the chat asks for, or else a time that doubles with each attempt.
        """
        pause = _pause_seconds(delivery)
        try:
            await self._post_delivery(delivery)
        except ChatFailed as failure:
            pause = failure.retry_after or pause
            await self._postpone_failed(delivery, pause, str(failure), uncertain=failure.ambiguous)
        except ChatUnavailable as error:
            await self._postpone_failed(delivery, pause, str(error), uncertain=False)
        except TimeoutError:
            await self._postpone_failed(
                delivery, pause, "The chat gave no sign of life.", uncertain=True
            )
        except Exception as error:  # a fault in a card or a chat must not stop other channels
            await self._postpone_failed(
                delivery, pause, f"It fails: {type(error).__name__}.", uncertain=True
            )
        else:
            return 0.0
        return pause

    @traced("deliver", lambda _, delivery: {"overheard.delivery": delivery.kind.value})
    async def _post_delivery(self, delivery: Delivery) -> None:
        """Compose the card of a delivery, show it in the channel, and store the id of its message
        and the shown revision, which ends the lease. The plugins are told of a new message of an
        alert.

        If the card is not wanted any more, the delivery is stored as done without a message. If it
        must not be posted yet, the delivery is postponed.

        Raises:
            ChatFailed: when the chat refuses the message.
            ChatUnavailable: when the chat cannot be used.
            TimeoutError: when the chat takes longer than `CHAT_TIMEOUT_S`, or the lease is over.
        """
        outgoing = await self._compose(delivery)
        if isinstance(outgoing, Postponed):
            await self._deliveries.postpone(
                delivery,
                self._owner,
                due_at=outgoing.until,
                problem="",
                uncertain=delivery.uncertain,
            )
            return
        message, shown = delivery.message, delivery.wanted
        if outgoing:
            message, shown = await self._show_card(delivery, outgoing), outgoing.revision
        await self._deliveries.record(delivery, self._owner, message=message, shown=shown)
        if self._posted and delivery.kind is DeliveryKind.ALERT and message != delivery.message:
            await self._posted(delivery, message)

    async def _show_card(self, delivery: Delivery, outgoing: Outgoing) -> str:
        """Show a card in the channel of a delivery, and return the platform's id of its message.

        If the delivery has no message, the card is posted. If an earlier attempt may have posted
        it, the chat is first asked for that message. A message that exists is edited if it is of a
        kind in `EDITED` (alerts and progress), and otherwise left as it is.

        Args:
            delivery: The claimed delivery; its channel is ``platform:id``, such as
                ``slack:C0123``.

        Raises:
            ChatFailed: when the chat refuses the message.
            ChatUnavailable: when the chat cannot be used.
            TimeoutError: when all this takes longer than `CHAT_TIMEOUT_S` seconds, or the lease of
                the delivery is over before the card is posted.
        """
        platform, _, channel = delivery.channel.partition(":")
        chat, message = self._chats[platform], delivery.message
        async with asyncio.timeout(CHAT_TIMEOUT_S):
            if not message and delivery.uncertain:
                message = await chat.find(channel, delivery.key) or ""
            card = await _linked_card(chat, channel, outgoing)
            if self._clock.now() >= delivery.leased_until:
                raise TimeoutError  # this machine was asleep, and another may be posting it
            if not message:
                return await chat.post(
                    channel,
                    card,
                    key=delivery.key,
                    thread=delivery.thread,
                    broadcast=outgoing.broadcast,
                )
            if delivery.kind in EDITED:
                await chat.edit(channel, message, card)
            return message

    async def _postpone_failed(
        self, delivery: Delivery, pause: float, problem: str, *, uncertain: bool
    ) -> None:
        """Postpone a failed delivery; but give up the edit of a message after `MAX_EDIT_ATTEMPTS`
        failed attempts in a row, and store it as if it had been shown. A delivery that was never
        posted is tried again without end.

        Args:
            pause: Seconds until the next attempt.
            problem: Why the attempt failed, as a sentence.
            uncertain: Whether the attempt may have posted the message. If an earlier attempt may
                have, this stays so.
        """
        if delivery.message and delivery.attempts + 1 >= MAX_EDIT_ATTEMPTS:
            await self._deliveries.record(
                delivery, self._owner, message=delivery.message, shown=delivery.wanted
            )
        else:
            may_be_posted = uncertain or delivery.uncertain
            await self._postpone(delivery, pause, problem, uncertain=may_be_posted)

    async def _postpone(
        self, delivery: Delivery, pause: float, problem: str, *, uncertain: bool
    ) -> None:
        """Release the lease of a delivery, which is due again after a pause. Nothing happens if
        another process has the lease by now.

        Args:
            pause: Seconds until the delivery is due again; 0 for at once.
            problem: Why the attempt failed, as a sentence; empty if there was none, and then no
                attempt is counted.
            uncertain: Whether the delivery may have been posted.
        """
        due_at = self._clock.now() + timedelta(seconds=pause)
        await self._deliveries.postpone(
            delivery, self._owner, due_at=due_at, problem=problem, uncertain=uncertain
        )


async def _linked_card(chat: Chat, channel: str, outgoing: Outgoing) -> Card:
    """Return the card of an outgoing message with a link to the earlier message that it names.

    The card is returned without a link when it names none, when the chat has no links, and when the
    chat fails to give one within `LINK_TIMEOUT_S` seconds, which is logged.
    """
    if outgoing.earlier and isinstance(chat, Linking):
        try:
            async with asyncio.timeout(LINK_TIMEOUT_S):
                url = await chat.link(channel, outgoing.earlier)
        except Exception as error:  # the message is worth more than its link
            log.info("A message in %s links to no earlier one: %s", channel, error)
        else:
            return replace(outgoing.card, link=Link(EARLIER_ALERT_LABEL, url))
    return outgoing.card


def _pause_seconds(delivery: Delivery) -> float:
    """Return the pause before the next attempt in seconds: `FIRST_PAUSE_S` after the first failed
    attempt, doubled with each further one, at most `MAX_PAUSE_S`.
    """
    doublings = min(delivery.attempts, 10)  # more would exceed the largest pause anyway
    return float(min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**doublings))
