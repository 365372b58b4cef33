"""The desk: parses the requests of all chats, checks rights, has commands carried out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

from overheard.cards.card import Action, Card
from overheard.cards.command import CommandSpec, Face, Role
from overheard.chat import replies
from overheard.chat.completion import Completing
from overheard.chat.confirmations import Pending, Seen
from overheard.chat.execution import CommandExecution, spec_named
from overheard.chat.parser import Order, fill, near, parse
from overheard.chat.progress import EDIT_INTERVAL_S, FIRST_CARD_DELAY_S
from overheard.chat.questions.question_desk import QuestionDesk, QuestionReply
from overheard.chat.questions.wording import too_many
from overheard.commands.guide import HELP, command_help_card, next_steps
from overheard.commands.registry import offered
from overheard.commands.setup_checklist import checklist, checklist_card, greeting_card
from overheard.commands.status import STATUS, status
from overheard.commands.suggestions import proposed, with_proposal
from overheard.deployment import Call, Deployment
from overheard.errors import BadUsage, UnknownCommand
from overheard.interfaces import AccessPolicy, Conversation, Form, Person, Request
from overheard.logs import about

CONFIRM, CANCEL = "confirm", "cancel"
"""The words behind the buttons of a question, before the one that stands for the command."""
log = logging.getLogger(__name__)


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
        """Collect the commands and prepare the parts of the desk; the store is read at the first
        request.
        """
        self._deployment = deployment
        self._gate = gate
        added = [s for s in deployment.plugins.commands.values() if Face.CHAT in s.faces]
        self._commands = tuple((*offered(Face.CHAT), *added) if commands is None else commands)
        self._pending = Pending(deployment.store.chat_state, deployment.clock, self._commands)
        self._seen = Seen()
        self._completing = Completing(deployment)
        self._execution = CommandExecution(
            gate, self._pending, self._commands, self._opened, patience=patience, pause=pause
        )
        self._questions = QuestionDesk(self._commands)

    @property
    def commands(self) -> Sequence[CommandSpec]:
        """All commands that a chat offers."""
        return self._commands

    async def serve(self, request: Request, conversation: Conversation) -> bool:
        """Serve a request to its end; return False for a request that was served before.

        An error is shown to the person and never raised; see `Desk`.
        """
        if not self._seen.add((request.person.platform, request.id)):
            return False
        about(command=request.id)
        try:
            if not await self._pending.first(request):
                return False
            await self._serve(request, conversation)
        except Exception as error:  # such as a lost store, or a form that cannot be filled in
            await self._say(conversation, error)
        return True

    async def complete(
        self, command: str, option: str, typed: str, *, person: Person, channel: str
    ) -> Sequence[str]:
        """Return up to 25 values of an option that contain the typed text, for completion.

        Empty when the person may not use the command, or there is no such command or option.
        """
        spec = next((spec for spec in self._commands if spec.name == command), None)
        if spec is None or await self._gate.allowed(person, channel, spec) is not None:
            return ()
        for known in spec.options:
            if option in (known.name, known.written):
                return await self._completing.values(known, typed)
        return ()

    async def home(self, person: Person) -> Card:
        """Return the card of a person's Home: the brands' state, the open alerts, the next checks.

        Before there is a brand, the card is the checklist of the set-up. An error becomes a card.
        """
        try:
            refusal = await self._gate.allowed(person, "", STATUS)
            if refusal is not None:
                return replies.not_allowed(refusal)
            deployment, call = await self._opened(person, f"{person.platform}:{person.id}")
            steps = await checklist(deployment)
            if not deployment.catalogue.brands:
                return checklist_card(steps)
            card = with_proposal(await status(deployment, call), await proposed(deployment))
            if steps.complete:
                return card
            left = Action("setup list", f"Set up: {steps.done} of {len(steps.steps)}")
            return replace(card, actions=(*card.actions, left))
        except Exception as error:
            return replies.failed(error)

    async def greeting(self) -> Card:
        """Return a card that says what the bot does and how to begin."""
        try:
            return greeting_card(await checklist(await self._deployment.refreshed()))
        except Exception as error:
            return replies.failed(error)

    async def _say(self, conversation: Conversation, error: Exception) -> None:
        """Show an error privately to the person who asked, else in the channel; a failure is
        logged.
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
        """Answer a request: a question in words, a yes or no to a waiting command, or a typed
        command.
        """
        if request.question:
            await self._answer(request, conversation)
            return
        verb, _, token = request.words.partition(" ")
        try:
            if verb in {CONFIRM, CANCEL} and token:
                await self._decide(request, conversation, token.strip(), yes=verb == CONFIRM)
                return
            deployment, call = await self._opened(request.person, request.channel)
            order = self._read(request, deployment)
        except (UnknownCommand, BadUsage) as error:
            await self._correct(request, conversation, error)
        else:
            await self._receive(order, request, deployment, call, conversation)

    async def _answer(self, request: Request, conversation: Conversation) -> None:
        """Answer a question in words, by a command that reads or by a card with buttons.

        A person without rights, or with too many questions, gets a refusal.
        """
        if await self._is_refused(HELP, request, conversation):
            return
        if wait_s := self._questions.wait_s(request):
            await conversation.show(too_many(wait_s))
        else:
            deployment, call = await self._opened(request.person, request.channel)
            answer = await self._questions.answer(request, deployment, call)
            await self._show_reply(answer, request, deployment, call, conversation)

    async def _is_refused(
        self, spec: CommandSpec, request: Request, conversation: Conversation
    ) -> bool:
        """Return whether the person of a request may not use a command; if so, show the reason
        privately.
        """
        refusal = await self._gate.allowed(request.person, request.channel, spec)
        if refusal is not None:
            await conversation.show(replies.not_allowed(refusal), private=True)
        return refusal is not None

    async def _show_reply(
        self,
        reply: QuestionReply,
        request: Request,
        deployment: Deployment,
        call: Call,
        conversation: Conversation,
    ) -> None:
        """Show the card of a reply to a question, or carry out its command if the person may use
        the command.

        Args:
            reply: The reply.
            request: The question.
            deployment: The open deployment.
            call: The person, the channel and the time zone.
            conversation: Where the answer is shown.
        """
        order = reply.order
        if order is None:
            await conversation.show(reply.card)
            return
        if await self._is_refused(order.spec, request, conversation):
            return
        await self._execution.carry_out(
            order, request.person, deployment, call, conversation, decorate=reply.decorated
        )

    async def _correct(
        self, request: Request, conversation: Conversation, error: UnknownCommand | BadUsage
    ) -> None:
        """Show what was wrong with a request, after an attempt to answer an unknown command as a
        question.

        Args:
            request: The request. A person who may not use commands gets no details.
            conversation: Where the card or form is shown.
            error: The error.
        """
        if await self._is_refused(HELP, request, conversation):
            return
        if isinstance(error, UnknownCommand):
            if not await self._asked_in_words(request, conversation):
                deployment, _ = await self._opened(request.person, request.channel)
                steps = [Action(step.words, step.label) for step in await next_steps(deployment)]
                await conversation.show(self._unknown_card(request, error, steps), private=True)
        else:
            await self._show_problem(request, conversation, error)

    async def _asked_in_words(self, request: Request, conversation: Conversation) -> bool:
        """Answer an unknown command as a question in words, and return whether that was possible.

        It is impossible when the grammar does not understand the question, or only by correcting a
        typo, and when the person has asked too many questions.
        """
        question = replace(request, words="", question=request.words, message="")
        if not request.words or self._questions.wait_s(question):
            return False
        deployment, call = await self._opened(request.person, request.channel)
        answer = await self._questions.understood(question, deployment, call)
        if answer is None or answer.reading.guessed:  # a typo gets a button
            return False
        await self._show_reply(answer, question, deployment, call, conversation)
        return True

    def _read(self, request: Request, deployment: Deployment) -> Order:
        if not request.command:
            names = [name for brand in deployment.catalogue.brands for name in brand.names]
            return parse(request.words, self._commands, names)
        return fill(spec_named(self._commands, request.command), request.options)

    def _unknown_card(
        self, request: Request, error: UnknownCommand, steps: Sequence[Action]
    ) -> Card:
        """Return the card for an unknown command: where it can be used, or which commands are
        similar.

        Args:
            request: The request with the words.
            error: The error.
            steps: Actions that are useful now, for words that resemble no command.
        """
        typed = (request.words or request.command).casefold().split()
        for spec in offered(Face.TERMINAL):
            if spec not in self._commands and typed[: len(spec.name.split())] == spec.name.split():
                return replies.terminal_only(spec)
        return replies.unknown_command_card(
            error, near(" ".join(typed), self._commands), request.words or request.command, steps
        )

    async def _show_problem(
        self, request: Request, conversation: Conversation, error: BadUsage
    ) -> None:
        """Show the form again with its problem, or for a typed command, the problem to the person
        alone.

        Args:
            request: The request with the wrong options.
            conversation: Where the form or card is shown.
            error: The problem.
        """
        if request.command and conversation.forms:
            spec = spec_named(self._commands, request.command)
            form = Form(spec, replies.form_title(spec), request.options, str(error))
            await conversation.open_form(form)
        else:
            await conversation.show(replies.refused(error), private=True)

    async def _receive(
        self,
        order: Order,
        request: Request,
        deployment: Deployment,
        call: Call,
        conversation: Conversation,
    ) -> None:
        """Carry out a command, or open its form, or show why not: missing rights, a request for
        help, missing options.

        Args:
            order: The command and its options.
            request: The request.
            deployment: The open deployment.
            call: The person, the channel and the time zone.
            conversation: Where answers are shown.
        """
        spec = order.spec
        refusal = await self._gate.allowed(request.person, request.channel, spec)
        if refusal is not None:
            await self._execution.note(order, request.person, request.channel, refusal)
            card = replies.not_allowed(refusal, order.words)
            await conversation.show(card, private=True)
        elif order.helped:
            await conversation.show(command_help_card(spec), private=True)
        elif form := await self._form(order, request, deployment, call, conversation):
            await conversation.open_form(form)
        elif order.missing or (spec.step and not (request.command or order.given)):
            await conversation.show(command_help_card(spec, order.missing), private=True)
        else:
            await self._execution.carry_out(
                order,
                request.person,
                deployment,
                call,
                conversation,
                from_form=bool(request.command),
            )

    async def _form(
        self,
        order: Order,
        request: Request,
        deployment: Deployment,
        call: Call,
        conversation: Conversation,
    ) -> Form | None:
        """Return the form to open for a typed command, or None when the command needs no form.

        A form opens when required options are missing, and for a command with a filled-in form when
        only its required options were given.

        Args:
            order: The command and its options.
            request: The request; a submitted form opens no other form.
            deployment: The open deployment, for the form's values.
            call: The person, the channel and the time zone.
            conversation: Says whether a form can be opened.
        """
        spec = order.spec
        if request.command or not conversation.forms:
            return None
        given = order.given
        if order.missing and not (spec.step and spec.fill):
            lists = {
                option.name: await self._completing.entries(option) for option in order.missing
            }
            choices = {name: entries for name, entries in lists.items() if entries}
            return Form(spec, replies.form_title(spec), given, choices=choices)
        required = {option.name for option in spec.options if option.required}
        if spec.fill and set(given) <= required:
            return replies.filled_form(spec, await spec.fill(deployment, call, **given))
        return None

    async def _decide(
        self, request: Request, conversation: Conversation, token: str, *, yes: bool
    ) -> None:
        """Carry out or cancel a waiting command after a click, if the person may decide; else say
        why not.

        Args:
            request: The click.
            conversation: Where results are shown.
            token: The token of the waiting command.
            yes: Whether the command is confirmed.
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
            deployment, call = await self._opened(request.person, waiting.channel)
            await self._execution.carry_out(
                waiting.order,
                request.person,
                deployment,
                call,
                conversation,
                agreed_usd=waiting.usd,
            )

    async def _may_decide(
        self, request: Request, spec: CommandSpec, wanted_by: Person
    ) -> str | None:
        """Return why a person may not decide a waiting command, as a sentence, or None.

        Args:
            request: The click of the person.
            spec: The waiting command.
            wanted_by: The person who asked for the command; others need the rights of an operator.
        """
        is_own = (request.person.platform, request.person.id) == (wanted_by.platform, wanted_by.id)
        needed = spec if is_own else replace(spec, role=max(spec.role, Role.OPERATOR))
        return await self._gate.allowed(request.person, request.channel, needed)

    async def _opened(self, person: Person, channel: str) -> tuple[Deployment, Call]:
        """Return the refreshed deployment, and the call of one person, in the channel's time zone,
        else in the person's.
        """
        deployment = await self._deployment.refreshed()
        zone = deployment.zone_in(channel) or _zone(person) or deployment.zone
        return deployment, Call(str(person), channel, zone)


def _zone(person: Person) -> tzinfo | None:
    try:
        return ZoneInfo(person.zone) if person.zone else None
    except (KeyError, ValueError, OSError):  # a name that this machine does not know
        return None
