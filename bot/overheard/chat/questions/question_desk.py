"""Answers questions in words: from a question to a command that reads, or to a card."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from time import monotonic

from overheard.cards.card import LONGEST_ACTION, Action, Card
from overheard.cards.command import CommandSpec, Role
from overheard.chat.parser import Order, fill, parse
from overheard.chat.questions import wording
from overheard.chat.questions.assistant import choose
from overheard.chat.questions.grammar import NOT_ASKED, read
from overheard.chat.questions.parsed_question import ParsedQuestion
from overheard.chat.questions.planner import plan
from overheard.chat.questions.resolution import Plan
from overheard.chat.questions.situation import Situation, read_names, read_situation
from overheard.deployment import Call, Deployment
from overheard.errors import AssistantBudgetUsedUp, BadUsage, UnknownCommand
from overheard.interfaces import Request

QUESTIONS_PER_MINUTE = 12
"""Questions that one person may ask in a minute."""
MAX_UNKNOWN = 3
"""The most words that are not understood of a question of which the rest gets a button."""
MAX_CONVERSATIONS = 2_000
"""Conversations whose last question is remembered."""


@dataclass(frozen=True, slots=True)
class QuestionReply:
    """The reply to a question.

    Attributes:
        order: The command that answers the question, or None.
        card: The card, when there is no command.
        reading: The parsed question.
        plan: The plan of the answer.
        situation: The state of the deployment that the plan depends on.
    """

    order: Order | None
    card: Card
    reading: ParsedQuestion
    plan: Plan
    situation: Situation

    def decorated(self, card: Card) -> Card:
        """Return the command's card with how the question was understood, and what can be asked
        next.

        A card of a failure is returned unchanged.
        """
        if card.failed:
            return card
        return wording.with_hints(card, self.reading, self.plan, self.situation)


class QuestionDesk:
    """Answers the questions of all chats.

    Args:
        commands: The commands that chats offer.
    """

    def __init__(self, commands: Sequence[CommandSpec]) -> None:
        self._list = commands
        self._commands = {spec.name: spec for spec in commands}
        self._before: OrderedDict[tuple[str, str], ParsedQuestion] = OrderedDict()
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, request: Request) -> int:
        """Return the seconds that a person has to wait before the next question; 0 also counts this
        question.

        A person may ask `QUESTIONS_PER_MINUTE`.
        """
        now = monotonic()
        key = f"{request.person.platform}:{request.person.id}"
        asked = self._asked.setdefault(key, deque(maxlen=QUESTIONS_PER_MINUTE))
        self._asked.move_to_end(key)
        if len(self._asked) > MAX_CONVERSATIONS:
            self._asked.popitem(last=False)
        if len(asked) == QUESTIONS_PER_MINUTE and now - asked[0] < 60:
            return ceil(60 - (now - asked[0]))
        asked.append(now)
        return 0

    async def answer(self, request: Request, deployment: Deployment, call: Call) -> QuestionReply:
        """Return the reply to a question, and remember the question for the next one of its
        conversation.

        The grammar is tried first, then typed commands, then the configured model, whose call costs
        money; otherwise the reply is a refusal with suggestions.

        Args:
            request: The question.
            deployment: The open deployment.
            call: The person, the channel and the time zone.
        """
        reading, situation = await self._read(request, deployment, call)
        if answer := self._of_grammar(request, reading, situation):
            return answer
        spellings = [name for brand in deployment.catalogue.brands for name in brand.names]
        if typed := self._reply_to_command(request.question, spellings, reading, situation):
            return typed
        if reading.not_asked or reading.concepts & NOT_ASKED:
            return self._refused(reading, situation)
        note = ""
        try:
            names = read_names(deployment)
            chosen = await choose(request.question, deployment, names, situation)
        except AssistantBudgetUsedUp as error:
            chosen, note = None, str(error)
        if chosen:
            return self._answer(chosen, replace(reading, guessed=()), situation)
        return self._refused(reading, situation, note)

    async def understood(
        self, request: Request, deployment: Deployment, call: Call
    ) -> QuestionReply | None:
        """Return the grammar's reply to a question, or None when the grammar does not understand
        the question.

        Args:
            request: The question.
            deployment: The open deployment.
            call: The person, the channel and the time zone.
        """
        reading, situation = await self._read(request, deployment, call)
        return self._of_grammar(request, reading, situation)

    async def _read(
        self, request: Request, deployment: Deployment, call: Call
    ) -> tuple[ParsedQuestion, Situation]:
        """Parse a question, as a continuation of the last one in its conversation, and read the
        store.

        Args:
            request: The question.
            deployment: The open deployment.
            call: The person, the channel and the time zone.

        Returns:
            The parsed question, and the state of the deployment.
        """
        situation = await read_situation(deployment, call, request, self._commands)
        before = self._before.get(_conversation_of(request))
        names = read_names(deployment)
        return read(request.question, names, situation.today, before), situation

    def _of_grammar(
        self, request: Request, reading: ParsedQuestion, situation: Situation
    ) -> QuestionReply | None:
        """Return the reply by the rules of the grammar, or None when no rule explains the question.

        A question that is understood is remembered for the next one of its conversation.

        Args:
            request: The question as it was sent.
            reading: The parsed question.
            situation: The state of the deployment.
        """
        if not reading.understood:
            return None
        if greeting := self._greeting(reading, situation):
            return greeting
        made = plan(reading, situation)
        if made is None:
            return None
        self._remember(_conversation_of(request), reading)
        return self._answer(made, reading, situation)

    def _greeting(self, reading: ParsedQuestion, situation: Situation) -> QuestionReply | None:
        """Return the reply to a greeting, to a request for help or to thanks; None for other
        questions.
        """
        if reading.intent in {"hello", "help"}:
            return QuestionReply(None, wording.hello(situation), reading, Plan(), situation)
        if reading.intent == "thanks":
            return QuestionReply(None, wording.thanks(), reading, Plan(), situation)
        return None

    def _answer(self, made: Plan, reading: ParsedQuestion, situation: Situation) -> QuestionReply:
        """Return the reply for a plan: its command if the chat offers it, else its card.

        Args:
            made: The plan.
            reading: The parsed question.
            situation: The state of the deployment.
        """
        spec = self._commands.get(made.command)
        if spec is None:
            return QuestionReply(None, wording.of_plan(made), reading, made, situation)
        order = fill(replace(spec, private=False), made.options)
        return QuestionReply(order, Card(""), reading, made, situation)

    def _reply_to_command(
        self, text: str, names: Sequence[str], reading: ParsedQuestion, situation: Situation
    ) -> QuestionReply | None:
        """Return the reply to a command that was typed as a question; None when the text is no
        command.

        A command that changes or spends becomes a button.

        Args:
            text: The text.
            names: The names of brands.
            reading: The parsed question.
            situation: The state of the deployment.
        """
        try:
            order = parse(text, self._list, names)
        except (UnknownCommand, BadUsage):
            return None
        spec = order.spec
        if order.missing or order.helped:
            return None
        if spec.role is Role.VIEWER and not spec.asks:
            order = replace(order, spec=replace(spec, private=False))
            return QuestionReply(order, Card(""), reading, Plan(spec.name), situation)
        if len(order.words) > LONGEST_ACTION:
            return None
        action = Action(order.words, spec.title or spec.name.capitalize())
        card = Card("Shall I do that?", spec.summary, actions=(action,))
        return QuestionReply(None, card, reading, Plan(), situation)

    def _refused(
        self, reading: ParsedQuestion, situation: Situation, note: str = ""
    ) -> QuestionReply:
        """Return the reply to a question that was not understood, with a button for the understood
        part.

        Args:
            reading: The question, as far as it was understood.
            situation: The state of the deployment.
            note: Why no model was asked for help, or an empty string.
        """
        card = wording.not_understood(
            reading, situation, self._guessed_button(reading, situation), note
        )
        return QuestionReply(None, card, reading, Plan(), situation)

    def _guessed_button(self, reading: ParsedQuestion, situation: Situation) -> Action | None:
        """Return a button for the part of a question that was understood.

        None when that could mislead: nothing or too few words were understood, the question limits
        or negates what it asks, the intent is a greeting, or the command is too long for a
        button.
        """
        if not reading.intent or len(reading.unknown) > MAX_UNKNOWN:
            return None
        limited = reading.concepts & {"limit", "neg"}  # "except Claude" is not "at Claude"
        if reading.intent in _NO_GUESS or reading.not_asked or limited:
            return None
        made = plan(reading, situation)
        spec = self._commands.get(made.command) if made else None
        if made is None or spec is None:
            return None
        words = fill(spec, made.options).words
        if len(words) > LONGEST_ACTION:
            return None
        return Action(words, wording.label(spec.name, self._commands))

    def _remember(self, key: tuple[str, str], reading: ParsedQuestion) -> None:
        self._before[key] = reading
        self._before.move_to_end(key)
        if len(self._before) > MAX_CONVERSATIONS:
            self._before.popitem(last=False)


def _conversation_of(request: Request) -> tuple[str, str]:
    """Return the key of a question's conversation: the channel, and the thread or the person."""
    return request.channel, request.thread or request.person.id


_NO_GUESS = frozenset({"hello", "thanks", "help"})
