"""Long work in a chat: one message that says how far it is, until the result takes its place.

A second person who asks what is being asked already is shown the same result.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from overheard.alerts.events import name_without_id
from overheard.alerts.outbox import Outgoing
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Style
from overheard.commands.delivery_cards import run_result
from overheard.deployment import Call, Deployment
from overheard.domain import Delivery, DeliveryKind
from overheard.interfaces import Clock, Conversation, Located
from overheard.interfaces.alerts import DeliveryRepository
from overheard.runs.plan import find_run

FIRST_CARD_DELAY_S = 1.0
"""Seconds before anything is said; most commands are done by then."""

EDIT_INTERVAL_S = 2.0
"""Seconds between two edits; a chat takes about one message a second in a channel."""

CUT_OFF_AFTER = timedelta(seconds=20)
"""How long after its last renewal a `CutOffNotice` is posted."""
RENEWAL_INTERVAL_S = 5.0
"""Seconds between two renewals of a `CutOffNotice`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Meter:
    """The state of a run that is under way.

    Attributes:
        run: The key of the run.
        spent: Dollars spent so far.
    """

    run: str
    spent: float


Look = Callable[[], Awaitable[Meter | None]]
"""Finds the run that the work belongs to, if there is one by now."""


class CutOffNotice:
    """A stored delivery that turns a card of progress into a card that says that the command was
    cut off.

    As long as this process lives, it puts the delivery off; after a crash, the outbox of the next
    process posts the delivery.

    Args:
        deliveries: Stores the delivery.
        clock: The current time.
        conversation: The conversation with the card.
    """

    def __init__(
        self, deliveries: DeliveryRepository, clock: Clock, conversation: Conversation
    ) -> None:
        """Give the delivery a random key; the first `renew` stores it."""
        self._deliveries = deliveries
        self._clock = clock
        self._conversation = conversation
        self._key = f"progress-{secrets.token_hex(8)}"
        self._renewed_at: float | None = None

    async def __aenter__(self) -> CutOffNotice:
        """Begin, without a stored delivery."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Remove the delivery: the result is shown in place of the progress."""
        if self._renewed_at is not None:
            with contextlib.suppress(Exception):  # when the store is closed; the notice is posted
                await self._deliveries.remove(self._key)

    async def renew(self, run: str) -> None:
        """Store the delivery again, due in `CUT_OFF_AFTER`, if a message shows the card.

        Does nothing within `RENEWAL_INTERVAL_S` of the last renewal.

        Args:
            run: The key of the run that is under way, or an empty string.
        """
        now = monotonic()
        location = self._conversation.location if isinstance(self._conversation, Located) else None
        is_due = self._renewed_at is None or now - self._renewed_at >= RENEWAL_INTERVAL_S
        if location is None or not is_due:
            return
        channel, message = location
        due_at = self._clock.now() + CUT_OFF_AFTER
        kind, self._renewed_at = DeliveryKind.PROGRESS, now
        await self._deliveries.put(Delivery(kind, self._key, channel, due_at, run, message=message))


class ChatProgress:
    """Shows how far a command is, if it takes long; `shown` surrounds the work.

    Args:
        conversation: Where the progress is shown.
        title: The command that is carried out.
        look: Finds the run of the command.
        patience: Seconds before the first card.
        pause: Seconds between two cards.
        private: Whether only the person who asked sees the progress, as for a private result.
        notice: Turns the card into one that says the work was cut off, when this process dies.

    Attributes:
        was_shown: Whether a card has been shown.
    """

    def __init__(
        self,
        conversation: Conversation,
        title: str,
        look: Look,
        *,
        patience: float = FIRST_CARD_DELAY_S,
        pause: float = EDIT_INTERVAL_S,
        private: bool = False,
        notice: CutOffNotice | None = None,
    ) -> None:
        """Begin without a card; `shown` shows one after `patience` seconds, and edits it every
        `pause` seconds.
        """
        self._conversation = conversation
        self._notice = notice
        self._title = title
        self._look = look
        self._patience = patience
        self._pause = pause
        self._private = private
        self._ended = asyncio.Event()
        self.was_shown = False
        self._step = ""
        self._total = self._done = 0
        self._began = monotonic()

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work with a number of steps (0: unknown); this ends the piece before."""
        self._step, self._total, self._done = title, total, 0
        self._began = monotonic()

    def advance(self, steps: int = 1) -> None:
        """Count steps as done."""
        self._done += steps

    def finish(self) -> None:
        """Record that the work is done or given up."""
        self._step, self._total, self._done = "", 0, 0

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show progress while the block lasts; leave the block only after the last card has
        arrived.
        """
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._ended.set()
            await watch

    async def _watch(self) -> None:
        """Show progress every `pause` seconds until the work has ended; a failed update is
        logged.
        """
        wait = self._patience
        while not await self._has_ended(wait):
            try:
                meter = await self._look()
                self.was_shown = True
                await self._conversation.show(self._progress_card(meter), private=self._private)
                if self._notice:
                    await self._notice.renew(meter.run if meter else "")
            except Exception:  # the work goes on, and the result may well be shown
                log.warning("Progress of %s was not shown.", self._title, exc_info=True)
            wait = self._pause

    async def _has_ended(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        return self._ended.is_set()

    def _progress_card(self, meter: Meter | None) -> Card:
        """Return the card of the progress so far, with a button to stop a run that is under way."""
        stop = f"runs cancel {meter.run}" if meter else ""
        return Card(
            title=f"Working on it: {self._title}",
            text=f"{self._step} …" if self._step else "",
            fields=tuple(self._progress_fields(meter)),
            actions=(Action(stop, "Stop", Style.DANGER, "Stop this check?"),) if stop else (),
        )

    def _progress_fields(self, meter: Meter | None) -> list[Field]:
        """Return fields with the steps done, the dollars spent and the time left, as far as they
        are known.
        """
        fields = []
        if self._total:
            fields.append(Field("Done", f"{self._done:,} of {self._total:,}"))
        if meter:
            fields.append(Field("Spent", wording.money(meter.spent)))
        if self._total and 0 < self._done < self._total:
            left = (monotonic() - self._began) / self._done * (self._total - self._done)
            time_left = wording.duration(left) if left >= 10 else f"{max(1, round(left))} s"
            fields.append(Field("Time left", f"about {time_left}"))
        return fields


POLL_INTERVAL_S = 2.0
"""Seconds between two checks whether the run has ended."""


async def join_run(
    deployment: Deployment,
    call: Call,
    key: str,
    conversation: Conversation,
    *,
    answers_question: bool = False,
) -> None:
    """Show who began a run that is under way, wait for its end, and show its result to the person
    who asked; where the result is in the same channel, only say so.

    Args:
        deployment: The open deployment.
        call: The call of the person.
        key: The run's key.
        conversation: Where the person asked.
        answers_question: Whether the cards replace the question to whose price the person agreed;
            otherwise only that person sees them.
    """
    run = await find_run(deployment.store.runs, key)
    who = name_without_id(run.asked_by) or "Someone"
    seconds = (deployment.clock.now() - run.started_at).total_seconds()
    ago = "a moment" if seconds < 60 else wording.duration(seconds // 60 * 60)
    here = run.channel == call.channel
    then = "Its result is shown here." if here else "I'll show you the result too."
    card = Card("This is being asked already", f"{who} started this check {ago} ago. {then}")
    await conversation.show(card, private=not answers_question)
    while found := await run_result(await deployment.refreshed(), call, key, note=""):
        if isinstance(found, Outgoing):
            done = Card(f"{who}'s check is done", "Its result is in this channel.")
            await conversation.show(done if here else found.card, private=not answers_question)
            return
        await asyncio.sleep(POLL_INTERVAL_S)
