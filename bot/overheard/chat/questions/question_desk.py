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
from overheard.chat.questions.grammar import NOT_ASKED, parse_question
from overheard.chat.questions.intents import GREETINGS
from overheard.chat.questions.parsed_question import ParsedQuestion
from overheard.chat.questions.planner import plan_answer
from overheard.chat.questions.resolution import Plan
from overheard.chat.questions.situation import Situation, read_names, read_situation
from overheard.deployment import Call, Deployment
from overheard.errors import AssistantBudgetUsedUp, BadUsage, UnknownCommand
from overheard.interfaces import Request

QUESTIONS_PER_MINUTE = 12
"""Questions that one person may ask in a minute."""
MINUTE_S = 60
"""Seconds of a minute."""
MAX_UNKNOWN = 3
"""The most words that are not understood of a question of which the rest gets a button."""
MAX_CONVERSATIONS = 2_000
"""Conversations whose last question is remembered, and people whose questions are counted."""


@dataclass(frozen=True, slots=True)
class QuestionReply:
    """The reply to a question.

    Attributes:
        order: The command that answers the question, or None.
        card: The card, when there is no command.
        plan: The plan of the answer.
        situation: The state of the deployment that the plan depends on.
    """

    order: Order | None
    card: Card
    parsed: ParsedQuestion
    plan: Plan
    situation: Situation

    def decorated(self, card: Card) -> Card:
        """Return the command's card with a longer footer: how the question was understood, and what
        can be asked next. A card of a failure is returned unchanged.
        """
        if card.failed:
            return card
        return wording.with_hints(card, self.parsed, self.plan, self.situation)


class QuestionDesk:
    """Answers the questions of all chats.

    Args:
        commands: The commands that chats offer.
    """

    def __init__(self, commands: Sequence[CommandSpec]) -> None:
        self._specs = commands
        self._commands = {spec.name: spec for spec in commands}
        self._last_questions: OrderedDict[tuple[str, str], ParsedQuestion] = OrderedDict()
        self._question_times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, request: Request) -> int:
        """Return the seconds that a person has to wait before this question is answered, rounded
        up; 0 for none.

        A person may ask `QUESTIONS_PER_MINUTE` questions within 60 seconds, in all channels of a
        platform together. With a result of 0, this call counts the question; otherwise it does not.
        Above `MAX_CONVERSATIONS` people, the one who asked the longest ago is forgotten.
        """
        now = monotonic()
        person = f"{request.person.platform}:{request.person.id}"
        times = self._question_times.setdefault(person, deque(maxlen=QUESTIONS_PER_MINUTE))
        self._question_times.move_to_end(person)
        if len(self._question_times) > MAX_CONVERSATIONS:
            self._question_times.popitem(last=False)
        if len(times) == QUESTIONS_PER_MINUTE and now - times[0] < MINUTE_S:
            return ceil(MINUTE_S - (now - times[0]))
        times.append(now)
        return 0

    async def answer(self, request: Request, deployment: Deployment, call: Call) -> QuestionReply:
        """Return the reply to a question in words.

        The first of these that gives a reply:

        - the grammar, which remembers the question for the next one of the conversation;
        - a typed command, which becomes a button if it changes something or spends;
        - the configured model, whose call costs money. It is not asked if the question names a
          model that is not asked, or has a concept that no answer covers (`NOT_ASKED`);
        - a card that says why there is no answer, with suggestions.
        """
        parsed, situation = await self._parse(request, deployment, call)
        if reply := self._reply_by_grammar(request, parsed, situation):
            return reply
        spellings = [name for brand in deployment.catalogue.brands for name in brand.names]
        if reply := self._reply_to_command(request.question, spellings, parsed, situation):
            return reply
        if parsed.not_asked or parsed.concepts & NOT_ASKED:
            return self._refused(parsed, situation)
        note = ""
        try:
            names = read_names(deployment)
            plan = await choose(request.question, deployment, names, situation)
        except AssistantBudgetUsedUp as error:
            plan, note = None, str(error)
        if plan:
            return self._reply_to_plan(plan, replace(parsed, guessed=()), situation)
        return self._refused(parsed, situation, note)

    async def understood(
        self, request: Request, deployment: Deployment, call: Call
    ) -> QuestionReply | None:
        """Return the grammar's reply to a question, or None when the grammar does not understand
        it.

        What it understands is remembered for the next question of the conversation. No model is
        asked.
        """
        parsed, situation = await self._parse(request, deployment, call)
        return self._reply_by_grammar(request, parsed, situation)

    async def _parse(
        self, request: Request, deployment: Deployment, call: Call
    ) -> tuple[ParsedQuestion, Situation]:
        """Return the parsed question and the state of the deployment, which is read from the store.

        The question may continue the last one that was understood in its conversation.
        """
        situation = await read_situation(deployment, call, request, self._commands)
        before = self._last_questions.get(_conversation_of(request))
        names = read_names(deployment)
        return parse_question(request.question, names, situation.today, before), situation

    def _reply_by_grammar(
        self, request: Request, parsed: ParsedQuestion, situation: Situation
    ) -> QuestionReply | None:
        """Return the reply by the rules of the grammar.

        None when no rule explains the question, or no answer covers it. A question that is
        understood, and no greeting, is remembered for the next one of its conversation.

        Args:
            request: The question as it was sent.
        """
        if not parsed.understood:
            return None
        if reply := self._reply_to_greeting(parsed, situation):
            return reply
        plan = plan_answer(parsed, situation)
        if plan is None:
            return None
        self._remember(_conversation_of(request), parsed)
        return self._reply_to_plan(plan, parsed, situation)

    def _reply_to_greeting(
        self, parsed: ParsedQuestion, situation: Situation
    ) -> QuestionReply | None:
        """Return the reply to a greeting, to a request for help or to thanks: a card without a
        command. None for a question of any other intent.
        """
        if parsed.intent in {"hello", "help"}:
            return QuestionReply(None, wording.hello_card(situation), parsed, Plan(), situation)
        if parsed.intent == "thanks":
            return QuestionReply(None, wording.thanks_card(), parsed, Plan(), situation)
        return None

    def _reply_to_plan(
        self, plan: Plan, parsed: ParsedQuestion, situation: Situation
    ) -> QuestionReply:
        """Return the reply for a plan: its command if the chat offers it, else its card.

        The command's result is shown to the whole channel, because the question was asked there.

        Raises:
            BadUsage: when the command cannot have its options.
        """
        spec = self._commands.get(plan.command)
        if spec is None:
            return QuestionReply(None, wording.plan_card(plan), parsed, plan, situation)
        order = fill(replace(spec, private=False), plan.options)
        return QuestionReply(order, Card(""), parsed, plan, situation)

    def _reply_to_command(
        self, text: str, names: Sequence[str], parsed: ParsedQuestion, situation: Situation
    ) -> QuestionReply | None:
        """Return the reply to a command that was typed as a question.

        A command that only reads is carried out, and its result is shown to the whole channel. One
        that changes something or spends becomes a button; None when it is too long for that. None
        also when the text is no command, lacks required options or asks for help.

        Args:
            text: The text, such as ``trend Acme``.
            names: All spellings of brands, which the command may contain.
        """
        try:
            order = parse(text, self._specs, names)
        except (UnknownCommand, BadUsage):
            return None
        spec = order.spec
        if order.missing or order.helped:
            return None
        if spec.role is Role.VIEWER and not spec.asks:
            order = replace(order, spec=replace(spec, private=False))
            return QuestionReply(order, Card(""), parsed, Plan(spec.name), situation)
        if len(order.words) > LONGEST_ACTION:
            return None
        action = Action(order.words, spec.title or spec.name.capitalize())
        card = Card("Shall I do that?", spec.summary, actions=(action,))
        return QuestionReply(None, card, parsed, Plan(), situation)

    def _refused(
        self, parsed: ParsedQuestion, situation: Situation, note: str = ""
    ) -> QuestionReply:
        """Return the reply to a question that is not answered: why, and a button for the understood
        part.

        Args:
            parsed: The question, as far as it was understood.
            note: Why no model was asked for help, as a sentence; or empty.
        """
        card = wording.not_understood(
            parsed, situation, self._guessed_button(parsed, situation), note
        )
        return QuestionReply(None, card, parsed, Plan(), situation)

    def _guessed_button(self, parsed: ParsedQuestion, situation: Situation) -> Action | None:
        """Return a button for the part of a question that was understood; None when it could
        mislead.

        None when

        - no intent was found, or that of a greeting;
        - more than `MAX_UNKNOWN` words were not understood;
        - the question names a model that is not asked;
        - the question limits or negates what it asks ("except Claude");
        - no command that the chat offers answers the part, or its words are too long for a button.
        """
        if not parsed.intent or len(parsed.unknown) > MAX_UNKNOWN:
            return None
        is_limited = parsed.concepts & {"limit", "neg"}  # "except Claude" is not "at Claude"
        if parsed.intent in GREETINGS or parsed.not_asked or is_limited:
            return None
        plan = plan_answer(parsed, situation)
        spec = self._commands.get(plan.command) if plan else None
        if plan is None or spec is None:
            return None
        words = fill(spec, plan.options).words
        if len(words) > LONGEST_ACTION:
            return None
        shows = str(plan.options.get("show", ""))
        return Action(words, wording.button_label(spec.name, shows, self._commands))

    def _remember(self, key: tuple[str, str], parsed: ParsedQuestion) -> None:
        """Keep the last question of a conversation.

        Beyond `MAX_CONVERSATIONS`, the conversation whose last question is the oldest is forgotten.

        Args:
            key: The conversation, as `_conversation_of` returns it.
        """
        self._last_questions[key] = parsed
        self._last_questions.move_to_end(key)
        if len(self._last_questions) > MAX_CONVERSATIONS:
            self._last_questions.popitem(last=False)


def _conversation_of(request: Request) -> tuple[str, str]:
    """Return the key of a question's conversation: the channel, and the thread, or without one the
    person.
    """
    return request.channel, request.thread or request.person.id
