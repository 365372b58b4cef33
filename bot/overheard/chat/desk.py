"""The desk: parses the requests of all chats, checks rights, has commands carried out."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

from overheard.cards.card import LONGEST_ACTION, Action, Card, Style
from overheard.cards.command import CommandSpec, Face, Role
from overheard.chat import replies
from overheard.chat.completion import Completing
from overheard.chat.confirmations import Pending
from overheard.chat.execution import CommandExecution, Interaction
from overheard.chat.parser import Order, fill, named, near, parse, spec_of
from overheard.chat.progress import EDIT_INTERVAL_S, FIRST_CARD_DELAY_S
from overheard.chat.questions.question_desk import QuestionDesk, QuestionReply
from overheard.chat.questions.wording import too_many_card
from overheard.chat_kit.messages import Recent
from overheard.commands.guide import HELP, command_help_card, next_steps
from overheard.commands.registry import offered
from overheard.commands.setup.checklist import checklist, checklist_card, greeting_card
from overheard.commands.status import STATUS, status
from overheard.commands.suggestions import proposed_rivals, with_proposal
from overheard.deployment import Call, Deployment
from overheard.domain import Catalogue
from overheard.errors import BadUsage, CommandRemoved, UnknownCommand
from overheard.interfaces import CANCEL, CONFIRM, AccessPolicy, Conversation, Form, Person, Request
from overheard.plugins.guard import core_method
from overheard.telemetry import about

log = logging.getLogger(__name__)

MAX_REQUESTS = 10_000
"""Requests that are remembered in memory, so that one that arrives twice is noticed."""


class ChatDesk:
    """Serves requests of all chats; an `overheard.interfaces.Desk`.

    Args:
        deployment: The deployment, open for as long as the desk is.
        gate: The rights of people.
        commands: The commands that chats offer; by default all of the core and the plugins.
        patience: Seconds after which an unfinished command shows its progress.
        pause: Seconds between two edits of its progress.
    """

    def __init__(
        self,
        deployment: Deployment,
        gate: AccessPolicy,
        commands: Sequence[CommandSpec] | None = None,
        *,
        patience: float = FIRST_CARD_DELAY_S,
        pause: float = EDIT_INTERVAL_S,
    ) -> None:
        """Collect the commands and prepare the parts of the desk; the store is not read yet."""
        self._deployment = deployment
        self._gate = gate
        if commands is None:
            commands = offered(Face.CHAT, deployment.plugins.commands.values())
        self._commands = tuple(commands)
        self._pending = Pending(deployment.store.chat_state, deployment.clock, self._commands)
        self._recent_requests: Recent[tuple[str, str], None] = Recent(MAX_REQUESTS)
        self._completing = Completing(deployment)
        self._execution = CommandExecution(gate, self._pending, patience=patience, pause=pause)
        self._questions = QuestionDesk(self._commands)

    @property
    def commands(self) -> Sequence[CommandSpec]:
        """All commands that a chat offers."""
        return self._commands

    def command_of(self, words: str) -> CommandSpec | None:
        """Return the command that words begin with; None when they name none."""
        return spec_of(words, self._commands)

    @core_method
    async def serve(self, request: Request, conversation: Conversation) -> bool:
        """Serve a request to its end, and return True; return False for one that was served before.

        Requests are known by platform and id, in memory and for a day in the store. Errors are
        shown to the person and never raised; one that cannot be shown is logged.
        """
        key = request.person.platform, request.id
        if key in self._recent_requests:
            return False
        self._recent_requests[key] = None
        about(command=request.id)
        try:
            if not await self._pending.first(request):
                return False
            await self._serve(request, conversation)
        except Exception as error:  # such as a lost store, or a form that cannot be filled in
            await self._show_error(conversation, error)
        return True

    @core_method
    async def complete(
        self, command: str, option: str, typed: str, *, person: Person, channel: str
    ) -> Sequence[str]:
        """Return up to 25 values of an option that contain the typed text, for completion.

        Empty when the person may not use the command, and when there is no such command or option.

        Args:
            command: The name of the command, such as ``alerts snooze``.
            option: The option's name or written name.
            typed: The text so far; an empty one matches all values.
            channel: The channel, such as ``discord:123``.

        Raises:
            Exception: errors of the store.
        """
        spec = spec_of(command, self._commands)
        if spec is None or await self._gate.allowed(person, channel, spec) is not None:
            return ()
        for known in spec.options:
            if option in (known.name, known.written):
                return await self._completing.values(known, typed)
        return ()

    @core_method
    async def home(self, person: Person) -> Card:
        """Return the card of a person's Home: the brands' state, the open alerts, the next checks.

        Before there is a brand, it is the checklist of the set-up; later, a button leads to an
        incomplete one. A person who may not read gets the refusal. An error becomes a card, and is
        never raised.
        """
        try:
            refusal = await self._gate.allowed(person, "", STATUS)
            if refusal is not None:
                return replies.not_allowed(refusal)
            call = await self._opened(person, f"{person.platform}:{person.id}")
            if not call.catalogue.brands:
                return checklist_card(await checklist(call))
            return with_proposal(await status(call), await proposed_rivals(call))
        except Exception as error:
            return replies.failed(error)

    @core_method
    async def greeting(self) -> Card:
        """Return a card that says what the bot does and how to begin; an error becomes a card."""
        try:
            return greeting_card(await checklist(Call(await self._deployment.refreshed())))
        except Exception as error:
            return replies.failed(error)

    async def _show_error(self, conversation: Conversation, error: Exception) -> None:
        """Show an error to the person who asked, and if that fails, to the whole channel.

        When that fails too, nothing is shown; each failure is logged.
        """
        card = replies.failed(error)
        for private in (True, False):
            try:
                await conversation.show(card, private=private)
            except Exception:
                log.exception("A request could not be answered.")
            else:
                return

    async def _serve(self, request: Request, conversation: Conversation) -> None:
        """Answer a request: a question in words, a click on yes or no, or a command.

        A command that cannot be understood is answered as a question or with what is wrong.
        """
        if request.question:
            await self._answer_question(request, conversation)
            return
        verb, _, token = request.words.partition(" ")
        try:
            if verb in {CONFIRM, CANCEL} and token:
                await self._decide(request, conversation, token.strip(), yes=verb == CONFIRM)
                return
            interaction = await self._interaction(request.person, request.channel, conversation)
            order = self._order_of(request, interaction.call.catalogue)
        except (CommandRemoved, UnknownCommand, BadUsage) as error:
            await self._correct(request, conversation, error)
        else:
            await self._receive(order, request, interaction)

    async def _answer_question(self, request: Request, conversation: Conversation) -> None:
        """Answer a question in words, by a command that reads or by a card with buttons.

        A person without rights gets a refusal, and one who asks too fast is told to wait. An
        understood question is remembered for the next one of its conversation; a question that is
        not understood may cost money, if a model for questions is configured.
        """
        if await self._is_refused(HELP, request, conversation):
            return
        if wait_s := self._questions.wait_s(request):
            await conversation.show(too_many_card(wait_s))
        else:
            interaction = await self._interaction(request.person, request.channel, conversation)
            reply = await self._questions.answer(request, interaction.call)
            await self._show_reply(reply, request, interaction)

    async def _is_refused(
        self, spec: CommandSpec, request: Request, conversation: Conversation
    ) -> bool:
        """Return whether the person of a request may not use a command; if so, show why."""
        refusal = await self._gate.allowed(request.person, request.channel, spec)
        if refusal is not None:
            await conversation.show(replies.not_allowed(refusal), private=True)
        return refusal is not None

    async def _show_reply(
        self, reply: QuestionReply, request: Request, interaction: Interaction
    ) -> None:
        """Show the card of a reply to a question, or carry out its command.

        A person who may not use the command, or the one that the card offers, gets the refusal.
        """
        order, offered = reply.order, reply.offered
        if offered:
            refusal = await self._gate.allowed(request.person, request.channel, offered.spec)
            card = replies.not_allowed(refusal, offered.words) if refusal else reply.card
            if not (refusal or offered.missing or len(offered.words) <= LONGEST_ACTION):
                token = await self._pending.add(offered, request.person, request.channel)
                yes = Action(f"confirm {token}", replies.form_title(offered.spec), Style.PRIMARY)
                card = replace(card, actions=(yes, *card.actions), footer=replies.EXPIRY_NOTE)
            await interaction.conversation.show(card)  # where it was said, also a refusal
        elif order is None:
            await interaction.conversation.show(reply.card)
        elif not await self._is_refused(order.spec, request, interaction.conversation):
            await self._carry_out(order, interaction, decorate=reply.decorated)

    async def _correct(
        self,
        request: Request,
        conversation: Conversation,
        error: CommandRemoved | UnknownCommand | BadUsage,
    ) -> None:
        """Answer a request whose words are no valid command."""
        if await self._is_refused(HELP, request, conversation):
            return
        if isinstance(error, UnknownCommand):
            if not await self._answer_as_question(request, conversation):
                call = await self._opened(request.person, request.channel)
                useful = [Action(step.words, step.label) for step in await next_steps(call)]
                await conversation.show(self._unknown_card(request, error, useful), private=True)
        elif isinstance(error, CommandRemoved):
            await conversation.show(replies.refused(error), private=True)
        else:
            await self._show_problem(request, conversation, error)

    async def _answer_as_question(self, request: Request, conversation: Conversation) -> bool:
        """Answer an unknown command as a question in words; return whether that was possible.

        It is not when the person asks too many questions, and for a form's submission. It counts
        as one of the person's questions. A model is asked only where no command resembles it.
        """
        question = replace(request, words="", question=request.words, message="")
        if not request.words or self._questions.wait_s(question):
            return False
        interaction = await self._interaction(request.person, request.channel, conversation)
        by_model = not near(request.words, self._commands)
        reply = await self._questions.answer(question, interaction.call, by_model=by_model)
        if not (reply.parsed.understood or reply.reading):
            return False
        await self._show_reply(reply, question, interaction)
        return True

    def _order_of(self, request: Request, catalogue: Catalogue) -> Order:
        """Return the command of a request with its options: typed, or from a form or a chat's own
        command.
        """
        if not request.command:
            names = [name for brand in catalogue.brands for name in brand.names]
            return parse(request.words, self._commands, names)
        order = named(request.command, self._commands)
        return fill(order.spec, {**order.given, **request.options})

    def _unknown_card(
        self, request: Request, error: UnknownCommand, useful_steps: Sequence[Action]
    ) -> Card:
        """Return the card for an unknown command."""
        typed = request.words or request.command
        words = typed.casefold().split()
        for spec in offered(Face.TERMINAL):
            name = spec.name.split()
            if spec not in self._commands and words[: len(name)] == name:
                return replies.terminal_only(spec)
        similar = near(" ".join(words), self._commands)
        return replies.unknown_command_card(error, similar, typed, useful_steps)

    async def _show_problem(
        self, request: Request, conversation: Conversation, error: BadUsage
    ) -> None:
        """Show what is wrong with a command's options, for this person alone."""
        if request.command and conversation.forms:
            order = named(request.command, self._commands)
            values = {**order.given, **request.options}
            form = Form(order.spec, replies.form_title(order.spec), values, str(error))
            await conversation.open_form(form)
        else:
            await conversation.show(replies.refused(error), private=True)

    async def _receive(self, order: Order, request: Request, interaction: Interaction) -> None:
        """Carry out a command that was understood, or show what comes before: a refusal, its help,
        its form, or which options are missing.
        """
        filled = await self._completing.with_only_values(order)
        spec, conversation = order.spec, interaction.conversation
        is_empty_step = spec.step and not (request.is_form or order.given)
        refusal = await self._gate.allowed(request.person, request.channel, spec)
        if refusal is not None:
            await self._execution.note(order, request.person, request.channel, refusal)
            card = replies.not_allowed(refusal, order.words)
            await conversation.show(card, private=True)
        elif order.helped:
            await conversation.show(command_help_card(spec), private=True)
        elif form := await self._form_to_open(order, filled, request, interaction):
            await conversation.open_form(form)
        elif filled.missing or is_empty_step:
            await conversation.show(command_help_card(spec, filled.missing), private=True)
        else:
            await self._carry_out(filled, interaction, from_form=request.is_form)

    async def _carry_out(
        self,
        order: Order,
        interaction: Interaction,
        *,
        agreed_usd: float = 0.0,
        decorate: Callable[[Card], Card] = lambda card: card,
        from_form: bool = False,
    ) -> None:
        """Carry out a command. After a step of the set-up, go on with what its result names."""
        if not order.spec.step:
            await self._execution.carry_out(
                order, interaction, agreed_usd=agreed_usd, decorate=decorate
            )
            return
        step = await self._execution.take_step(order, interaction, from_form=from_form)
        if step is None:
            return
        conversation = interaction.conversation
        channel = interaction.call.channel
        interaction = await self._interaction(interaction.person, channel, conversation)
        call = interaction.call
        if step.run:
            names = [name for brand in call.catalogue.brands for name in brand.names]
            await conversation.show(replies.BEGUN)  # closes a form that is still open
            next_order = parse(step.run, self._commands, names)
            await self._carry_out(next_order, interaction, agreed_usd=step.agreed_usd)
        elif step.form and conversation.forms:
            next_spec = named(step.form, self._commands).spec
            content = await next_spec.fill(call) if next_spec.fill else {}
            await conversation.open_form(replies.filled_form(next_spec, content))
        else:
            await conversation.show(step.card, private=True)

    async def _form_to_open(
        self, order: Order, filled: Order, request: Request, interaction: Interaction
    ) -> Form | None:
        """Return the form to open for a typed command, or None when the command needs no form.

        A form opens when required options are missing, and for a command with a filled-in form
        (`fill`) when no other option was given. A step of the set-up always gets its filled-in
        form, and a command of which nothing was typed the form that it has of its own, if that
        needs nothing. None where no form can be opened, for the submission of a form, and for a
        command that only reads and lacks nothing but what there is only one of.

        Args:
            order: The command as it was typed.
            filled: The same, with what there is only one of.
        """
        spec, given = filled.spec, filled.given
        if request.is_form or not interaction.conversation.forms:
            return None
        own = [fill(one, {}) for one in self._commands if one.form_of == spec.name and one.fill]
        if own and order.missing and not (given or own[0].missing):
            spec, order = own[0].spec, own[0]
        asks = filled.missing or (spec.role > Role.VIEWER and not spec.fill)
        if order.missing and asks and not (spec.step and spec.fill):
            lists = {one.name: await self._completing.entries(one) for one in order.missing}
            choices = {name: entries for name, entries in lists.items() if entries}
            return Form(spec, replies.form_title(spec), given, choices=choices)
        required = {option.name for option in spec.options if option.required}
        if spec.fill and set(given) <= required:
            content = await spec.fill(interaction.call, **given)
            return replies.filled_form(spec, content)
        return None

    async def _decide(
        self, request: Request, conversation: Conversation, token: str, *, yes: bool
    ) -> None:
        """Carry out or cancel a waiting command after a click on yes or no.

        The click is refused, and the refusal logged, when the person may not decide. A command that
        has expired or was decided before is told to be closed. Otherwise the command no longer
        waits, and a yes carries it out at the price that was shown, in the channel where it was
        asked.
        """
        waiting = await self._pending.peek(token)
        if waiting is None:
            await conversation.show(replies.EXPIRED, private=True)
            return
        refusal = await self._may_decide(request, waiting.order.spec, waiting.person)
        if refusal is not None:
            await self._execution.note(waiting.order, request.person, request.channel, refusal)
            await conversation.show(replies.not_allowed(refusal), private=True)
        elif not await self._pending.take(token):
            await conversation.show(replies.EXPIRED, private=True)
        elif not yes:
            await conversation.show(replies.cancelled())
        else:
            interaction = await self._interaction(request.person, waiting.channel, conversation)
            await self._carry_out(waiting.order, interaction, agreed_usd=waiting.usd)

    async def _may_decide(
        self, request: Request, spec: CommandSpec, requester: Person
    ) -> str | None:
        """Return a sentence that says why a person may not decide a waiting command; None if they
        may.

        The requester needs the command's role, everybody else at least that of an operator.
        """
        person = request.person
        is_own = (person.platform, person.id) == (requester.platform, requester.id)
        needed = spec if is_own else replace(spec, role=max(spec.role, Role.OPERATOR))
        return await self._gate.allowed(person, request.channel, needed)

    async def _interaction(
        self, person: Person, channel: str, conversation: Conversation
    ) -> Interaction:
        """Return a person's use of a chat, with the deployment as it is stored now."""
        return Interaction(person, await self._opened(person, channel), conversation)

    async def _opened(self, person: Person, channel: str) -> Call:
        """Return the call of a person in a channel, in the deployment as it is stored now.

        The time zone is that of the channel, else the person's, else the deployment's.
        """
        deployment = await self._deployment.refreshed()
        zone = deployment.zone_in(channel) or _zone(person) or deployment.zone
        return Call(deployment, str(person), channel, zone)


def _zone(person: Person) -> tzinfo | None:
    """Return the time zone of a person; None when the chat tells none, or an unknown one."""
    try:
        return ZoneInfo(person.zone) if person.zone else None
    except (KeyError, ValueError, OSError):  # a name that this machine does not know
        return None
