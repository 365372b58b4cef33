"""Answers questions in words: from a question to a command that reads, or to a card."""

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import ceil
from time import monotonic

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Proposal
from overheard.cards.wording import money
from overheard.chat.parser import Order, fill, parse
from overheard.chat.questions import wording
from overheard.chat.questions.assistant import Reading, Turn, read_question
from overheard.chat.questions.grammar import ParsedQuestion, parse_question
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.planner import Plan, Planner, plan_answer
from overheard.chat.questions.situation import Situation, read_names_of, read_situation
from overheard.chat.questions.tools import CallReader, InvalidCall, reads
from overheard.chat_kit.messages import Recent
from overheard.commands.setup.draft import DAYS_A_MONTH
from overheard.deployment import Call
from overheard.domain import Metric, Panel, Prompt
from overheard.errors import BadUsage, ConfirmationNeeded, OverheardError, UnknownCommand
from overheard.interfaces import Request
from overheard.runs.plan import choose_models

QUESTIONS_PER_MINUTE = 12
"""Questions that one person may ask in a minute."""
MINUTE_S = 60
"""Seconds of a minute."""
MAX_CONVERSATIONS = 2_000
"""Conversations whose last questions are remembered, and people whose questions are counted."""
QUESTION_CHARS = 80
"""The length of a question whose price is told."""
MARKETS = "markets add"
"""The command of a plugin that asks in another country too."""
OPTION = " --"
"""What only a typed command has."""
MAX_TURNS = 2
"""Questions of a conversation that are remembered."""


@dataclass(frozen=True, slots=True)
class QuestionReply:
    """The reply to a question.

    Attributes:
        order: The command that answers the question, or None.
        card: The card, when there is no command.
        offered: The command that the card offers, for which the person needs the right; or None.
        parsed: The question as the grammar read it.
        reading: How a model read the question, or None.
    """

    situation: Situation
    parsed: ParsedQuestion
    order: Order | None = None
    card: Card = field(default_factory=lambda: Card(""))
    offered: Order | None = None
    reading: Reading | None = None

    def decorated(self, card: Card) -> Card:
        """Return the command's card with how a model read the question, unless it failed."""
        if card.failed or not self.reading:
            return card
        return wording.with_reading(card, self.reading, self.situation)


@dataclass(slots=True)
class _Conversation:
    """The last questions of a conversation, and the last one if the grammar understood it."""

    before: ParsedQuestion | None = None
    turns: deque[Turn] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))

    def remember(self, question: str, reply: QuestionReply) -> None:
        """Keep a question with how it was read for the next one."""
        order = reply.order or (reply.reading.order if reply.reading else None)
        if order or reply.parsed.understood:
            self.turns.append(Turn(question, order.words if order else ""))
            self.before = reply.parsed if reply.parsed.understood and not reply.reading else None


class QuestionDesk:
    """Answers the questions of all chats.

    Args:
        commands: The commands that chats offer.
    """

    def __init__(self, commands: Sequence[CommandSpec]) -> None:
        self._specs = commands
        self._commands = {spec.name: spec for spec in commands}
        self._conversations: Recent[tuple[str, str], _Conversation] = Recent(MAX_CONVERSATIONS)
        self._question_times: Recent[str, deque[float]] = Recent(MAX_CONVERSATIONS)

    def wait_s(self, request: Request) -> int:
        """Return the seconds that a person has to wait before this question is answered, rounded
        up; 0 for none.

        A person may ask `QUESTIONS_PER_MINUTE` questions within 60 seconds, in all channels of a
        platform together. With a result of 0, this call counts the question; otherwise it does not.
        Above `MAX_CONVERSATIONS` people, the one who asked the longest ago is forgotten.
        """
        now = monotonic()
        person = f"{request.person.platform}:{request.person.id}"
        times = self._question_times.get(person, deque(maxlen=QUESTIONS_PER_MINUTE))
        self._question_times[person] = times
        if len(times) == QUESTIONS_PER_MINUTE and now - times[0] < MINUTE_S:
            return ceil(MINUTE_S - (now - times[0]))
        times.append(now)
        return 0

    async def answer(self, request: Request, call: Call, *, by_model: bool = True) -> QuestionReply:
        """Return the reply to a question in words.

        Without a tracked brand, it is the way to the set-up. Otherwise the first of these that
        gives a reply: the grammar, where it is sure; a typed command, of which every word is one;
        the configured model, whose call costs money; and a card that says what was not understood.

        Args:
            by_model: Whether a model may be asked.
        """
        situation = await read_situation(call, request, self._commands)
        shown = {model: call.names.name(model) for model in call.plugins.models}
        names = read_names_of(call.catalogue, shown)
        in_channel = self._conversation(request.channel, request.person.id)
        talk = self._conversation(request.channel, request.thread or request.person.id)
        parsed = parse_question(request.question, names, situation.today, talk.before)
        if not situation.own:
            return QuestionReply(situation, parsed, card=wording.hello_card(situation))
        reply = self._by_phrase(request, parsed, situation)
        if reply is None and OPTION not in request.question:
            reply = self._by_grammar(parsed, situation)
        if reply is None:
            reply = self._by_command(request, call.scoring.metrics, names, parsed, situation)
        problem = ""
        if reply is None and by_model:
            turns = tuple(talk.turns or in_channel.turns)
            reading = await read_question(request, call, names, situation, turns)
            problem = reading.problem if reading else ""
            if reading and not problem:
                reply = await _by_reading(reading, call, parsed, situation)
        if reply is None:
            plan = plan_answer(parsed, situation)  # without what was not understood
            nearest = plan.order if plan and not parsed.not_asked else None
            card = wording.not_understood(parsed, situation, nearest, problem)
            return QuestionReply(situation, parsed, card=card)
        for one in (talk,) if talk is in_channel else (talk, in_channel):
            one.remember(request.question, reply)
        if reply.order is None or not reads(reply.order.spec):
            return await _offered(reply, call)
        # The question was asked in the channel.
        return replace(
            reply, order=replace(reply.order, spec=replace(reply.order.spec, private=False))
        )

    def _by_phrase(
        self, request: Request, parsed: ParsedQuestion, situation: Situation
    ) -> QuestionReply | None:
        """Return the reply to a question that a command of a plugin names as its own. One that
        changes something is not meant about an alert, of which it may be the cause.
        """
        of_alert = situation.thread_alert or parsed.alert
        for spec in self._specs:
            for found in (pattern.fullmatch(request.question.strip()) for pattern in spec.asked):
                if found and (reads(spec) or not of_alert):
                    plan = Planner(parsed, situation).plan(fill(spec, found.groupdict()).words)
                    return _planned(plan, parsed, situation)
        return None

    def _by_grammar(self, parsed: ParsedQuestion, situation: Situation) -> QuestionReply | None:
        """Return the reply by the rules of the grammar; None when it is not sure."""
        if not parsed.understood:
            return None
        if parsed.intent in {"hello", "help"}:
            return QuestionReply(situation, parsed, card=wording.hello_card(situation))
        if parsed.intent == "thanks":
            return QuestionReply(situation, parsed, card=Card("You are welcome", ""))
        return _planned(plan_answer(parsed, situation), parsed, situation)

    def _by_command(
        self,
        request: Request,
        metrics: Mapping[str, Metric],
        names: KnownNames,
        parsed: ParsedQuestion,
        situation: Situation,
    ) -> QuestionReply | None:
        """Return the reply to a command that was typed as a question; None when not every word is
        a part of it, or a name in it is not known. It is carried out if it only reads, and a button
        if not.
        """
        text = request.question
        reader = CallReader(self._commands, metrics, names, situation, text, request.channel)
        try:
            order = parse(text, self._specs, list(names.brands))
            if order.helped or (order.missing and reads(order.spec)):
                return None
            reader.require_known(order)
        except (UnknownCommand, BadUsage, InvalidCall):
            return None
        return QuestionReply(situation, parsed, order)

    def _conversation(self, channel: str, key: str) -> _Conversation:
        """Return the conversation of a thread, or of a person outside of threads. Beyond
        `MAX_CONVERSATIONS`, the oldest is forgotten.
        """
        found = self._conversations.get((channel, key), _Conversation())
        self._conversations[channel, key] = found
        return found


def _planned(
    plan: Plan | None, parsed: ParsedQuestion, situation: Situation
) -> QuestionReply | None:
    """Return the reply of a plan, if there is one."""
    card = Card(plan.title, actions=plan.actions) if plan else Card("")
    return QuestionReply(situation, parsed, plan.order, card) if plan else None


async def _by_reading(
    reading: Reading, call: Call, parsed: ParsedQuestion, situation: Situation
) -> QuestionReply:
    """Return the reply by a model's reading: its command, or a card that says what is lacking."""
    if reading.order and not reading.lacks:
        return QuestionReply(situation, parsed, reading.order, reading=reading)
    price = await _price_of_adding(call, situation.own[0])
    market, in_market = await _market(call, reading, situation)
    if reading.order and reading.order.spec.name == MARKETS:
        reading = replace(reading, order=None)
    card = wording.lacking_card(reading, situation, in_market or price, market)
    return QuestionReply(situation, parsed, card=card, reading=reading)


async def _market(call: Call, reading: Reading, situation: Situation) -> tuple[Order | None, str]:
    """Return the command that asks all questions in the country that is lacking too, with its price
    as a sentence; None where no plugin and no asked model can, or the country is not known.
    """
    spec, order = situation.commands.get(MARKETS), reading.order
    if spec and reading.lacks == "country":
        given = order.given if order and order.spec.name == MARKETS else {}
        with suppress(OverheardError):
            market = fill(spec, {"country": reading.lacking, **given})
            try:  # without a yes, so that nothing is done, even for nothing
                if not market.missing:
                    await spec.run(call, **market.options)
            except ConfirmationNeeded as needed:
                return market, needed.reason
    return None, ""


async def _offered(reply: QuestionReply, call: Call) -> QuestionReply:
    """Return a reply whose command, if it costs or changes something, is a button on a card, with
    the price of a command that spends.
    """
    order = reply.order
    if order is None:
        return reply
    price = ""
    if order.spec.spends and not order.missing:
        with suppress(OverheardError):  # a click on the button says what is wrong
            proposal = await order.spec.run(call, **order.options)
            price = proposal.price if isinstance(proposal, Proposal) else ""
    card = wording.offered_card(order, reply.situation, price)
    return replace(reply, order=None, card=card, offered=order)


async def _price_of_adding(call: Call, brand: str) -> str:
    """Return what one more question about a brand costs a month, as a sentence; empty where that is
    not known.
    """
    schedules = (one for one in call.catalogue.schedules if one.concerns(brand))
    repeats = max((schedule.repeats for schedule in schedules), default=1)
    prompts = (Prompt("x" * QUESTION_CHARS),)
    try:
        panel = Panel((brand,), prompts, choose_models(call.plugins.providers), repeats)
        usd = (await call.pricing.unchecked(panel)).usd
    except OverheardError:
        return ""
    return (
        f"One such question, once a week, is {money(usd * DAYS_A_MONTH / 7, about=True)} a month."
    )
