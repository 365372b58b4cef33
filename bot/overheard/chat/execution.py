"""The execution of commands in chats: confirmations, steps of the set-up, audit log; and long work:
one message that says how far it is, until the result takes its place.

The command's function itself is called in `confirmations`. A second person who asks what is being
asked already is shown the same result.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import KW_ONLY, dataclass, replace
from datetime import timedelta
from time import monotonic

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Style
from overheard.cards.charts.renderer import themed
from overheard.cards.command import CommandSpec, Role, Step
from overheard.cards.wording import name_without_id
from overheard.chat import confirmations, replies
from overheard.chat.parser import Order
from overheard.commands.delivery_cards import cut_off_card, run_result
from overheard.deployment import Call
from overheard.domain import Delivery, DeliveryKind, Run, RunState
from overheard.errors import (
    BadUsage,
    NameTaken,
    NothingToAsk,
    OverheardError,
    RunEnded,
    RunUnderWay,
    UnknownName,
)
from overheard.interfaces import AccessPolicy, Clock, Conversation, Located, Person
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

    Args:
        clock: The current time.
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


REFUSALS = (BadUsage, NameTaken, NothingToAsk, RunEnded, UnknownName)
"""Errors of what was typed, which concern only the person who typed it."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """A person who uses a chat, and what a command of theirs needs.

    Attributes:
        person: The person.
        call: The person's call, in the channel where they are, and the deployment as it is stored
            now.
        conversation: Where cards and forms are shown.
    """

    person: Person
    call: Call
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class _End:
    """How a command ended: the card to show, whether to the person alone, and the outcome for the
    audit log, which is empty while the command waits for a yes. Without a card, the result of
    `run` is shown, an equal check that was under way already.
    """

    card: Card | None
    outcome: str
    private: bool = False
    run: str = ""


class CommandExecution:
    """Carries out the commands of all chats.

    Args:
        gate: The rights of people, which also writes the audit log.
        pending: The commands that wait for a yes.
        patience: Seconds after which an unfinished command shows its progress.
        pause: Seconds between two edits of its progress.
    """

    def __init__(
        self, gate: AccessPolicy, pending: confirmations.Pending, *, patience: float, pause: float
    ) -> None:
        self._gate = gate
        self._pending = pending
        self._progress_times = {"patience": patience, "pause": pause}
        self._slots = confirmations.CommandSlots()

    async def carry_out(
        self,
        order: Order,
        interaction: Interaction,
        *,
        agreed_usd: float = 0.0,
        decorate: Callable[[Card], Card] = lambda card: card,
    ) -> None:
        """Carry out a command, and show its result, the question that needs a yes, or its error.

        Progress is shown while a long command runs. Afterwards the use is written into the audit
        log, unless the command only waits for a yes. When another person's equal check is under
        way, its result is shown instead. An error of what was typed is shown to the person alone,
        unless progress was shown before.

        Args:
            order: The command and its options; no step of the set-up, see `take_step`.
            agreed_usd: The price in US dollars to which the person said yes; 0 without a yes.
            decorate: Changes the card before it is shown.

        Raises:
            CancelledError: when this process ends; the card then says that the command was cut off.
            Exception: when the chat cannot show the result; errors of the command are shown.
        """
        call, conversation = interaction.call, interaction.conversation
        async with CutOffNotice(call.store.deliveries, call.clock, conversation) as notice:
            outcome = "stopped"
            try:
                end = await self._run(order, interaction, agreed_usd, notice)
                outcome = end.outcome
            except asyncio.CancelledError:
                if not await self._show_cut_off(order.spec, interaction):
                    notice.keep()
                raise
            finally:
                if outcome:
                    await self.note(order, interaction.person, call.channel, outcome)
            if end.card:
                await conversation.show(decorate(end.card), private=end.private)
            else:
                await join_run(call, end.run, conversation, answers_question=agreed_usd > 0)

    async def _run(
        self, order: Order, interaction: Interaction, agreed_usd: float, notice: CutOffNotice
    ) -> _End:
        """Quote and execute a command while its progress is shown, and return how it ended; one
        that needs a yes is stored.
        """
        spec = order.spec
        words_without_options, _, _ = order.words.partition(" --")
        progress = ChatProgress(
            interaction.conversation,
            words_without_options,
            lambda: self._meter(spec, interaction),
            private=spec.private,
            notice=notice,
            **self._progress_times,
        )
        interaction = replace(interaction, call=replace(interaction.call, progress=progress))
        try:
            async with progress.shown():
                with themed(interaction.call.channel):
                    result = await self._result(order, interaction, agreed_usd)
            if isinstance(result, confirmations.Unagreed):
                channel = interaction.call.channel
                token = await self._pending.add(order, interaction.person, channel, result)
                question = replies.confirmation_card(order, result.needed, token)
                return _End(question, outcome="", private=spec.private)
        except RunUnderWay as error:
            return _End(None, replies.error_sentence(error), run=error.run)
        except Exception as error:
            is_refusal = isinstance(error, REFUSALS) and not progress.was_shown
            card = replies.failed(error, order)
            return _End(card, replies.error_sentence(error), spec.private or is_refusal)
        card = result.card if isinstance(result, Step) else result
        return _End(card, "done", spec.private or card.private)

    async def take_step(
        self, order: Order, interaction: Interaction, *, from_form: bool = False
    ) -> Step | None:
        """Carry out a step of the set-up and log it, and return its result; None for an
        `OverheardError`, which is shown in the step's form again if the options came from it,
        otherwise to the person alone.
        """
        spec, outcome = order.spec, "stopped"
        call, conversation = interaction.call, interaction.conversation
        try:
            result = await spec.run(call, **order.options)
            outcome = "done"
        except OverheardError as error:
            outcome = replies.error_sentence(error)
            problem = f"{error.problem}." if isinstance(error, BadUsage) else outcome
            if not (from_form and spec.fill and conversation.forms):
                await conversation.show(replies.failed(error), private=True)
                return None
            form = replies.filled_form(spec, await spec.fill(call), problem)
            await conversation.open_form(replace(form, values={**form.values, **order.given}))
            return None
        finally:
            await self.note(order, interaction.person, call.channel, outcome)
        if not isinstance(result, Step):
            raise TypeError(f"{spec.name} returns no step")
        return result

    async def _show_cut_off(self, spec: CommandSpec, interaction: Interaction) -> bool:
        """Show that a command is cut off because this process ends, and whether its run will be
        resumed. Return whether the card was shown.

        A run outside the history is not resumed. Gives up after `CUT_OFF_TIMEOUT_S` seconds, and
        ignores all errors.
        """
        with suppress(Exception):
            async with asyncio.timeout(confirmations.CUT_OFF_TIMEOUT_S):
                run = await self._run_of(spec, interaction)
                card = cut_off_card(goes_on=run is not None and not run.aside)
                await interaction.conversation.show(card, private=spec.private)
                return True
        return False

    async def note(self, order: Order, person: Person, channel: str, outcome: str) -> None:
        """Write a command and its outcome into the audit log; a failure is logged and never raised.

        Args:
            order: The command and its options, which are logged as typed words.
            person: The person who used it.
            channel: The channel, such as ``slack:C0123``.
            outcome: ``done``, or why the command was not carried out.
        """
        try:
            await self._gate.note(person, channel, order.words, order.spec, outcome)
        except Exception:
            log.exception("%s by %s was not written into the audit log.", order.words, person)

    async def _result(
        self, order: Order, interaction: Interaction, agreed_usd: float
    ) -> Card | Step | confirmations.Unagreed:
        """Quote a command, and execute it if it is cheap enough or the person has agreed.

        At most what the channel may spend without a yes is spent without one. A command that only
        reads first waits for a slot (`CommandSlots`); a command that may cost money does not.
        """
        spec, call = order.spec, interaction.call
        free_usd = call.config.chat.free(call.channel)
        reads = spec.role is Role.VIEWER and not spec.asks
        async with self._slots.slot() if reads else nullcontext():
            return await confirmations.run_command(
                order, call, agreed_usd=agreed_usd, free_usd=free_usd
            )

    async def _meter(self, spec: CommandSpec, interaction: Interaction) -> Meter | None:
        """Return the key and the spent US dollars of the run that this command has under way, or
        None.
        """
        if run := await self._run_of(spec, interaction):
            return Meter(run.key, await interaction.call.store.money.spent(run_id=run.id))
        return None

    async def _run_of(self, spec: CommandSpec, interaction: Interaction) -> Run | None:
        """Return the first run under way that this person began in this channel; None without one,
        and for a command that cannot spend.
        """
        if not spec.spends:
            return None
        call = interaction.call
        for run in await call.store.runs.find(state=RunState.RUNNING):
            if (run.asked_by, run.channel) == (call.who, call.channel):
                return run
        return None
