"""The execution of commands in chats: confirmations, steps of the set-up, audit log.

The command's function itself is called in `confirmations`. A second person who asks what is being
asked already is shown the same result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

from overheard.cards.card import Card
from overheard.cards.charts.renderer import themed
from overheard.cards.command import CommandSpec, Role, Step
from overheard.chat import confirmations, replies
from overheard.chat.parser import Order
from overheard.chat.progress import ChatProgress, CutOffNotice, Meter, join_run
from overheard.commands.delivery_cards import cut_off_card
from overheard.deployment import Call
from overheard.domain import Run, RunState
from overheard.errors import (
    BadUsage,
    NameTaken,
    NothingToAsk,
    OverheardError,
    RunEnded,
    RunUnderWay,
    UnknownName,
)
from overheard.interfaces import AccessPolicy, Conversation, Person

log = logging.getLogger(__name__)


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
