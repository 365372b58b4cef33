"""The progress of long work in chats: one message that says how far it is, until the result takes
its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from time import monotonic

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Style
from overheard.cards.wording import name_without_id
from overheard.commands.delivery_cards import run_result
from overheard.deployment import Call
from overheard.domain import Delivery, DeliveryKind
from overheard.interfaces import Clock, Conversation, Located
from overheard.interfaces.store import DeliveryRepository
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


MeterReader = Callable[[], Awaitable[Meter | None]]
"""Reads the state of the run that a command has begun; None when it has begun none (yet)."""


class CutOffNotice:
    """A stored delivery that turns a card of progress into a card that says that the command was
    cut off.

    While this process lives, it puts the delivery off again and again; after a crash, or after
    `keep`, the outbox of the next process posts the delivery when it is due. Use it as an async
    context manager around the work.
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
        self._is_kept = False

    async def __aenter__(self) -> CutOffNotice:
        """Return this notice; nothing is stored before the first `renew`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Remove the delivery, because another card has taken the place of the progress, unless
        `keep` was called.

        Errors of the store are ignored: the notice is then posted although the work has ended.
        """
        if self._renewed_at is not None and not self._is_kept:
            with contextlib.suppress(Exception):  # when the store is closed; the notice is posted
                await self._deliveries.remove(self._key)

    def keep(self) -> None:
        """Leave the delivery to the outbox of the next process, because this process could not show
        that the command was cut off.
        """
        self._is_kept = True

    async def renew(self, run: str) -> None:
        """Store the delivery again, due in `CUT_OFF_AFTER`.

        Does nothing within `RENEWAL_INTERVAL_S` of the last renewal, and while no message shows the
        card.

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
        self._renewed_at = now
        delivery = Delivery(DeliveryKind.PROGRESS, self._key, channel, due_at, run, message=message)
        await self._deliveries.put(delivery)


@dataclass(eq=False)
class ChatProgress:
    """Shows how far a command is, if it takes long; `shown` surrounds the work.

    Attributes:
        conversation: Where the progress is shown.
        title: The command that is carried out.
        read_meter: Reads the state of the command's run.
        patience: Seconds before the first card.
        pause: Seconds between two cards.
        private: Whether only the person who asked sees the progress, as for a private result.
        notice: Turns the card into one that says the work was cut off, when this process dies.

    Attributes:
        was_shown: Whether a card has been shown.
    """

    conversation: Conversation
    title: str
    read_meter: MeterReader
    _: KW_ONLY
    patience: float = FIRST_CARD_DELAY_S
    pause: float = EDIT_INTERVAL_S
    private: bool = False
    notice: CutOffNotice | None = None

    def __post_init__(self) -> None:
        self._ended = asyncio.Event()
        self.was_shown = False
        self._work_title = ""
        self._total = self._done = 0
        self._began_at = monotonic()

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work of a number of steps, which replaces the piece before.

        Args:
            title: What is done, in a few words: the text of the card.
            total: The number of steps; 0 when it is not known.
        """
        self._work_title, self._total, self._done = title, total, 0
        self._began_at = monotonic()

    def advance(self, steps: int = 1) -> None:
        """Count further steps of this piece of work as done."""
        self._done += steps

    def finish(self) -> None:
        """Record that the piece of work is done or given up; the card then shows no steps."""
        self._work_title, self._total, self._done = "", 0, 0

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show progress while the block runs, and end only after the last card has arrived.

        The first card comes after `patience` seconds, and it is edited every `pause` seconds.
        Nothing is shown for a shorter block. A card that cannot be shown is logged and does not
        disturb the block.
        """
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._ended.set()
            await watch

    async def _watch(self) -> None:
        """Show progress after `patience` seconds and then every `pause` seconds, until the work has
        ended.

        Work that ends before shows nothing. With each card, the notice for the case of a crash is
        renewed. An error is logged, and the next card is tried.
        """
        wait = self.patience
        while not await self._has_ended(wait):
            try:
                meter = await self.read_meter()
                self.was_shown = True
                await self.conversation.show(self._progress_card(meter), private=self.private)
                if self.notice:
                    await self.notice.renew(meter.run if meter else "")
            except Exception:  # the work goes on, and the result may well be shown
                log.warning("Progress of %s was not shown.", self.title, exc_info=True)
            wait = self.pause

    async def _has_ended(self, seconds: float) -> bool:
        """Wait up to some seconds for the end of the work, and return whether it has ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        return self._ended.is_set()

    def _progress_card(self, meter: Meter | None) -> Card:
        """Return the card of the progress so far.

        A run that is under way adds what it has spent, and a button that stops it after a yes.
        """
        stop = f"runs cancel {meter.run}" if meter else ""
        return Card(
            title=f"Working on it: {self.title}",
            text=f"{self._work_title} …" if self._work_title else "",
            fields=tuple(self._progress_fields(meter)),
            actions=(Action(stop, "Stop", Style.DANGER, "Stop this check?"),) if stop else (),
        )

    def _progress_fields(self, meter: Meter | None) -> list[Field]:
        """Return fields with the steps done, the US dollars spent and the time left."""
        fields = []
        if self._total:
            fields.append(Field("Done", f"{self._done:,} of {self._total:,}"))
        if meter:
            fields.append(Field("Spent", wording.money(meter.spent)))
        if self._total and 0 < self._done < self._total:
            seconds_per_step = (monotonic() - self._began_at) / self._done
            left_s = seconds_per_step * (self._total - self._done)
            time_left = wording.duration(left_s) if left_s >= 10 else f"{max(1, round(left_s))} s"
            fields.append(Field("Time left", f"about {time_left}"))
        return fields


POLL_INTERVAL_S = 2.0
"""Seconds between two checks whether the run has ended."""


async def join_run(
    call: Call, key: str, conversation: Conversation, *, answers_question: bool = False
) -> None:
    """Show that a check is under way already and who began it, wait for its end, and show its
    result.

    Where the run was asked in the same channel, its result is shown there by itself, and the last
    card only says that it is done. The store is read every `POLL_INTERVAL_S` seconds. Ends without
    a second card when the run is gone, paused or cancelled.

    Args:
        key: The run's key.
        conversation: Where that person asked.
        answers_question: Whether the cards replace the question to whose price the person said yes;
            otherwise only that person sees them.

    Raises:
        UnknownName: when there is no such run.
    """
    run = await find_run(call.store.runs, key)
    starter = name_without_id(run.asked_by) or "Someone"
    seconds = (call.clock.now() - run.started_at).total_seconds()
    ago = "a moment" if seconds < 60 else wording.duration(seconds // 60 * 60)
    same_channel = run.channel == call.channel
    where = "Its result is shown here." if same_channel else "I'll show you the result too."
    card = Card("This is being asked already", f"{starter} started this check {ago} ago. {where}")
    await conversation.show(card, private=not answers_question)
    while result := await run_result(await call.refreshed(), key, note=""):
        if isinstance(result, Card):
            done = Card(f"{starter}'s check is done", "Its result is in this channel.")
            shown = done if same_channel else result
            await conversation.show(shown, private=not answers_question)
            return
        await asyncio.sleep(POLL_INTERVAL_S)
