"""The execution of commands in chats: progress, confirmations, steps of the set-up, audit log.

The command's function itself is called in `command_call`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

from overheard.cards.card import Card
from overheard.cards.charts.renderer import themed
from overheard.cards.command import CommandSpec, Role, Step
from overheard.chat import replies
from overheard.chat.command_call import Unagreed, run_command
from overheard.chat.command_slots import CUT_OFF_TIMEOUT_S, CommandSlots
from overheard.chat.confirmations import Pending
from overheard.chat.parser import Order, parse
from overheard.chat.progress import ChatProgress, CutOffNotice, Meter, join_run
from overheard.commands.delivery_cards import cut_off_card
from overheard.deployment import Call, Deployment
from overheard.domain import Run, RunState
from overheard.errors import (
    BadUsage,
    NameTaken,
    NothingToAsk,
    OverheardError,
    RunEnded,
    RunUnderWay,
    TimeUnreadable,
    UnknownCommand,
    UnknownName,
)
from overheard.interfaces import AccessPolicy, Conversation, Person

REFUSALS = (BadUsage, NameTaken, NothingToAsk, RunEnded, TimeUnreadable, UnknownName)
"""Errors of what was typed, which concern only the person who typed it."""
log = logging.getLogger(__name__)


class CommandExecution:
    """Carries out the commands of all chats.

    Args:
        gate: The rights of people, which also writes the audit log.
        pending: The commands that wait for a yes.
        commands: The commands that chats offer.
        opened: Returns the refreshed deployment, and the call of a person in a channel.
        patience: Seconds after which an unfinished command shows its progress.
        pause: Seconds between two edits of its progress.
    """

    def __init__(
        self,
        gate: AccessPolicy,
        pending: Pending,
        commands: Sequence[CommandSpec],
        opened: Callable[[Person, str], Awaitable[tuple[Deployment, Call]]],
        *,
        patience: float,
        pause: float,
    ) -> None:
        self._gate = gate
        self._pending = pending
        self._commands = commands
        self._opened = opened
        self._progress_times = {"patience": patience, "pause": pause}
        self._slots = CommandSlots()

    async def carry_out(
        self,
        order: Order,
        person: Person,
        deployment: Deployment,
        call: Call,
        conversation: Conversation,
        *,
        agreed_usd: float = 0.0,
        decorate: Callable[[Card], Card] = lambda card: card,
        from_form: bool = False,
    ) -> None:
        """Carry out a command, and show its result, the question that needs a yes, or its error.

        Progress is shown while a long command runs. Afterwards the use is written into the audit
        log, unless the command only waits for a yes. When another person's equal check is under
        way, its result is shown instead. A command that waits for a yes is stored. An error of what
        was typed is shown to the person alone, unless progress was shown before. A step of the
        set-up goes on to the next step.

        Args:
            order: The command and its options.
            person: The person who gave the command.
            conversation: Where results are shown.
            agreed_usd: The price in US dollars to which the person said yes; 0 without a yes.
            decorate: Changes the card before it is shown.
            from_form: Whether the options come from a form; a step of the set-up shows a problem in
                that form again.

        Raises:
            CancelledError: when this process ends; the card then says that the command was cut off.
            Exception: when the chat cannot show the result; errors of the command are shown.
        """
        spec = order.spec
        if spec.step:
            await self._carry_out_step(
                order, person, deployment, call, conversation, from_form=from_form
            )
            return
        store, clock = deployment.store, deployment.clock
        words_without_options, _, _ = order.words.partition(" --")
        async with CutOffNotice(store.deliveries, clock, conversation) as notice:
            progress = ChatProgress(
                conversation,
                words_without_options,
                lambda: self._meter(spec, deployment, call),
                private=spec.private,
                notice=notice,
                **self._progress_times,
            )
            call = replace(call, progress=progress)
            outcome, private, run_under_way = "stopped", spec.private, ""
            card: Card | None
            try:
                async with progress.shown():
                    with themed(call.channel):
                        result = await self._run(order, deployment, call, agreed_usd)
                if isinstance(result, Unagreed):
                    outcome = ""  # nothing was done yet
                    token = await self._pending.add(order, person, call.channel, result)
                    card = replies.confirmation_card(order, result.needed, token)
                else:
                    card = result.card if isinstance(result, Step) else result
                    outcome = "done"
            except RunUnderWay as error:
                card, outcome, run_under_way = None, replies.error_sentence(error), error.run
            except Exception as error:
                card, outcome = replies.failed(error, order), replies.error_sentence(error)
                is_refusal = isinstance(error, REFUSALS) and not progress.was_shown
                private = private or is_refusal
            except asyncio.CancelledError:
                if not await self._show_cut_off(spec, deployment, call, conversation):
                    notice.keep()
                raise
            finally:
                if outcome:
                    await self.note(order, person, call.channel, outcome)
            if card is None:
                await join_run(
                    deployment, call, run_under_way, conversation, answers_question=agreed_usd > 0
                )
            else:
                await conversation.show(decorate(card), private=private)

    async def _carry_out_step(
        self,
        order: Order,
        person: Person,
        deployment: Deployment,
        call: Call,
        conversation: Conversation,
        *,
        from_form: bool,
    ) -> None:
        """Carry out a step of the set-up and log it, and go on with what its result names.

        That is a command, which is carried out with the price that the person agreed to; else the
        form of the next step, if a form can be opened; else the card of the step, for this person
        alone. An `OverheardError` is shown in the step's form again if the options came from it,
        otherwise to the person alone.

        Args:
            conversation: Where forms and cards are shown.
            from_form: Whether the options come from a form.
        """
        spec, outcome = order.spec, "stopped"
        try:
            result = await spec.run(deployment, call, **order.options)
            outcome = "done"
        except OverheardError as error:
            outcome = replies.error_sentence(error)
            problem = f"{error.problem}." if isinstance(error, BadUsage) else outcome
            if not (from_form and spec.fill and conversation.forms):
                await conversation.show(replies.failed(error), private=True)
                return
            form = replies.filled_form(spec, await spec.fill(deployment, call), problem)
            await conversation.open_form(replace(form, values={**form.values, **order.given}))
            return
        finally:
            await self.note(order, person, call.channel, outcome)
        if not isinstance(result, Step):
            raise TypeError(f"{spec.name} returns no step")
        deployment, call = await self._opened(person, call.channel)
        if result.run:
            names = [name for brand in deployment.catalogue.brands for name in brand.names]
            next_order = parse(result.run, self._commands, names)
            await conversation.show(replies.BEGUN)  # closes a form that is still open
            await self.carry_out(
                next_order,
                person,
                deployment,
                call,
                conversation,
                agreed_usd=result.agreed_usd,
            )
        elif result.form and conversation.forms:
            next_spec = spec_named(self._commands, result.form)
            content = await next_spec.fill(deployment, call) if next_spec.fill else {}
            await conversation.open_form(replies.filled_form(next_spec, content))
        else:
            await conversation.show(result.card, private=True)

    async def _show_cut_off(
        self, spec: CommandSpec, deployment: Deployment, call: Call, conversation: Conversation
    ) -> bool:
        """Show that a command is cut off because this process ends, and whether its run will be
        resumed. Return whether the card was shown.

        A run outside the history is not resumed. Gives up after `CUT_OFF_TIMEOUT_S` seconds, and
        ignores all errors.
        """
        with suppress(Exception):
            async with asyncio.timeout(CUT_OFF_TIMEOUT_S):
                run = await self._run_of(spec, deployment, call)
                is_resumed = run is not None and not run.aside
                await conversation.show(cut_off_card(goes_on=is_resumed), private=spec.private)
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

    async def _run(
        self, order: Order, deployment: Deployment, call: Call, agreed_usd: float
    ) -> Card | Step | Unagreed:
        """Quote a command, and execute it if it is cheap enough or the person has agreed.

        At most what the channel may spend without a yes is spent without one. A command that only
        reads first waits for a slot (`CommandSlots`); a command that may cost money does not.

        Args:
            agreed_usd: The price in US dollars to which the person said yes; 0 without a yes.

        Returns:
            The command's result; `Unagreed` when the person has to say yes first.

        Raises:
            TooBusy: when too many commands wait for a slot.
            OverheardError: what the command raises.
        """
        spec, free_usd = order.spec, deployment.config.chat.free(call.channel)
        reads = spec.role is Role.VIEWER and not spec.asks
        async with self._slots.slot() if reads else nullcontext():
            return await run_command(
                order, deployment, call, agreed_usd=agreed_usd, free_usd=free_usd
            )

    async def _meter(self, spec: CommandSpec, deployment: Deployment, call: Call) -> Meter | None:
        """Return the key and the spent US dollars of the run that this command has under way, or
        None.
        """
        run = await self._run_of(spec, deployment, call)
        return Meter(run.key, await deployment.store.money.spent(run_id=run.id)) if run else None

    async def _run_of(self, spec: CommandSpec, deployment: Deployment, call: Call) -> Run | None:
        """Return the first run under way that this person began in this channel; None without one,
        and for a command that cannot spend.
        """
        if not spec.spends:
            return None
        for run in await deployment.store.runs.find(state=RunState.RUNNING):
            if (run.asked_by, run.channel) == (call.who, call.channel):
                return run
        return None


def spec_named(commands: Sequence[CommandSpec], name: str) -> CommandSpec:
    """Return the command with a name.

    Raises:
        UnknownCommand: when there is no such command.
    """
    spec = next((spec for spec in commands if spec.name == name), None)
    if spec is None:
        raise UnknownCommand(name=name, hint="")
    return spec
