"""From what a question asks for to a command with its options. Pure.

A question that says more than the command can take has no plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from overheard.cards.card import LONGEST_ACTION, Action, Style
from overheard.cards.command import CommandSpec, Role, quoted
from overheard.chat.parser import Order, fill, parse
from overheard.chat.questions.grammar import ParsedQuestion
from overheard.chat.questions.situation import Situation
from overheard.chat.questions.times import LAST_CHECK, UPDATE
from overheard.chat.questions.vocabulary import rules
from overheard.errors import UnknownCommand

MAX_LABEL_CHARS = 60
"""The longest label of a button; a longer one is cut."""
SHOWN_CHOICES = 4
"""Buttons between which a person chooses."""
REPORT = "report"
METRICS_OF_VERSUS = frozenset({"", "visibility", "first_choice", "top1"})
"""The metrics that ``trend --show versus`` compares."""
AHEAD = frozenset({"ahead", "behind", "lose"})
"""Concepts of one brand before another; how that comes, no command says: "how do we beat them?"."""
MOVED = frozenset({"affected", "change", "drop", "rise"})
"""Concepts of a change, which another model may have had too."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of an answer: a command, or the choice of what it is about.

    Attributes:
        order: The command, or None.
        title: The title of a choice.
        actions: The buttons of a choice.
    """

    order: Order | None = None
    title: str = ""
    actions: tuple[Action, ...] = ()


def plan_answer(parsed: ParsedQuestion, situation: Situation) -> Plan | None:
    """Return how an understood question is answered; None when no answer covers all of it, or the
    chat does not offer the command.
    """
    planner = Planner(parsed, situation)
    try:
        words = planner.about_alert() or planner.command()
        return planner.plan(words) if words else None
    except UnknownCommand:  # this chat does not offer it
        return None


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the answer by the intent of a question: the command first, then its options."""

    parsed: ParsedQuestion
    situation: Situation

    @property
    def _rivals(self) -> list[str]:
        return [name for name in self.parsed.brands if name not in self.situation.own]

    def about_alert(self) -> str:
        """Return the command for a question about the alert of its number or of the thread; empty
        for one about something else.
        """
        parsed, thread, intent = self.parsed, self.situation.thread_alert, self.parsed.intent
        number = parsed.alert or (thread.id if thread else 0)
        if not number or parsed.period or parsed.brands or parsed.topic:
            return ""
        is_moved = bool(parsed.concepts & MOVED)
        if parsed.models:
            is_other = thread and thread.name not in parsed.models and is_moved
            intent = "others" if is_other and intent != "why" else ""
        elif thread and is_moved and parsed.concepts & {"when", "since_when"}:
            intent = "when"
        return rules().of_alert.get(intent, "").format(number)

    def command(self) -> str:
        """Return the command of the intent with the options that the intent gives it, as typed
        words; empty where it cannot answer all of the question.
        """
        parsed, rivals, own = self.parsed, self._rivals, self._brand(tracked=True)
        intent, metric = parsed.intent, parsed.metric
        compares_times = "compare" in parsed.concepts and parsed.period and not rivals
        is_vague = metric == "accuracy" and not replace(parsed, metric="").names_something
        if compares_times or is_vague:  # "is it true?"
            intent = ""
        against = (parsed.we or len(parsed.brands) > 1) and rivals
        if intent in {"standing", "metric", "versus"} and (against or intent == "versus"):
            intent = "versus" if rivals else "leader"
        if metric == "share_of_voice" and intent in {"metric", "versus", "leader"}:
            intent = "share"
        if intent == "versus":
            fits = own and len(rivals) == 1 and metric in METRICS_OF_VERSUS and not parsed.topic
            words = f"trend {quoted(own)} --show versus --other {quoted(rivals[0])}"
            asks_how = parsed.concepts & {"how", "what"} and parsed.concepts & AHEAD
            return words if fits and not asks_how else ""
        if intent == "leader" and parsed.period and "who" in parsed.concepts and not metric:
            intent = "share"
        if intent == "leader":
            names_more = parsed.models or parsed.topic or parsed.brands or parsed.period
            names_less = not (parsed.we or "who" in parsed.concepts)  # "is it better?"
            is_sure = not (names_more or names_less or parsed.concepts & {"often", "past"})
            intent = ("standing" if metric in {"", "visibility"} else "details") if is_sure else ""
        if intent == "standing":
            is_past = parsed.period and parsed.period.start != self.situation.today
            intent = "metric" if parsed.models or is_past else "standing"
        if intent == "metric":
            return f"trend --metric {metric or 'visibility'}"
        if intent in {"happened", "recap"} and parsed.period:
            intent = "changes"
        if intent == "questions" and self.situation.thread_alert:
            intent = "lost"
        if intent == "lost" and rivals:
            is_clear = own and len(rivals) == 1 and (parsed.we or "lose" in parsed.concepts)
            words = f"answers {quoted(own)} --show questions --against {quoted(rivals[0])}"
            return words if is_clear and not parsed.period else ""
        # "Win against HubSpot" and "HubSpot wins against us" have the same concepts.
        if rivals and (intent in {"todo", "won"} or (intent == "answers" and parsed.we)):
            return ""
        return rules().commands.get(intent, "")

    def _brand(self, *, tracked: bool = False) -> str:
        """Return the brand that the question means, else that of the thread's alert, else the only
        one that is tracked; empty where that is not clear.
        """
        own, alert = self.situation.own, self.situation.thread_alert
        mine = [name for name in self.parsed.brands if name in own]
        named = mine or (() if tracked or self.parsed.we else self.parsed.brands)
        if named:
            return named[0]
        if alert and alert.brand in own:
            return alert.brand
        return own[0] if len(own) == 1 else ""

    def plan(self, words: str) -> Plan | None:
        """Return a plan to run a command about all that the question names, or to choose its brand
        or alert; None when the command cannot be limited to what is named.

        Args:
            words: The command with options that it has anyway, as typed words.
        """
        parsed, commands = self.parsed, self.situation.commands
        order = parse(words, list(commands.values()))
        values, taken = dict(order.given), {option.name for option in order.spec.options}
        if values.get("show") == "updates":
            taken -= {"model", "since", "until"}  # only of what is recent
        if "alert" in values:
            return Plan(order)
        if "alert" in taken:
            return self._for_alert(order)
        values |= self._model_and_time(order.spec)
        values |= {"about": parsed.topic} if parsed.topic and "about" not in values else {}
        named = [name for name in parsed.brands if name not in values.values()]
        compares = self.parsed.we or "compare" in self.parsed.concepts
        if compares and order.given.get("show") == "voice":
            named = [name for name in named if name in self.situation.own]
        has_place = bool(taken & {"brand", "brands"}) if named else True
        is_one = len(named) < 2 or "brands" in taken
        if not (set(values) <= taken and len(parsed.models) < 2 and has_place and is_one):
            return None
        if "brands" in taken:
            is_read = order.spec.role is Role.VIEWER and not order.spec.public
            own = (self._brand(),) if not is_read and self._brand() else ()
            values |= {"brands": tuple(named) or own} if named or own else {}
        elif "brand" in taken - set(values) and (parsed.we or named or order.missing):
            values["brand"] = self._brand(tracked=not named)
            if not values["brand"]:
                return self._ask_which_brand(order.spec, values)
        return Plan(fill(order.spec, values))

    def _for_alert(self, order: Order) -> Plan | None:
        """Return a plan for the alert that the question means: the one of its number, that of the
        thread, or the open ones of the models and brands that it names.
        """
        parsed, situation = self.parsed, self.situation
        alerts = [
            alert
            for alert in situation.alerts
            if (not parsed.models or alert.name in parsed.models)
            and (not parsed.brands or alert.brand in parsed.brands)
        ]
        numbers = [alert.id for alert in alerts]
        if parsed.alert:
            numbers = [parsed.alert]
        elif situation.thread_alert and not (parsed.models or parsed.brands):
            numbers = [situation.thread_alert.id]
        orders = [fill(order.spec, {**order.given, "alert": str(number)}) for number in numbers]
        asks_for_topic = parsed.topic and order.spec.role is Role.VIEWER
        if asks_for_topic or parsed.period or not orders:
            return None
        if len(orders) == 1:
            return Plan(orders[0])
        labels = [f"{alert.brand or 'All brands'} at {alert.name}" for alert in alerts]
        pairs = [*zip((one.words for one in orders), labels, strict=True)][:SHOWN_CHOICES]
        choices = buttons(situation.commands, pairs)
        return Plan(title="Which open alert do you mean?", actions=choices)

    def _model_and_time(self, spec: CommandSpec) -> dict[str, object]:
        """Return the model (else that of the thread's alert) and the time that the question names,
        as options of a command. A report of today is the newest one.
        """
        situation, parsed, values = self.situation, self.parsed, dict[str, object]()
        taken = {option.name for option in spec.options}
        named = [id_ for id_, name in situation.models.items() if name in parsed.models]
        is_open = taken & {"model", "models"} and not (parsed.models or parsed.brands)
        if situation.thread_alert and is_open:
            named = [situation.thread_alert.model]
        if named:
            values["models" if "models" in taken else "model"] = named[0]
        period = parsed.period
        if period is None or spec.name == REPORT:
            return values
        start, end = period.start, period.end
        if period.event == UPDATE:
            updates = situation.updates
            start = max((updates[id_] for id_ in named or updates if id_ in updates), default=None)
        elif period.event == LAST_CHECK:
            start = situation.last_check
        if "days" in taken and "since" not in taken and start:
            return {**values, "days": (situation.today - start).days + 1}
        if "when" in taken and start:
            return {**values, "when": start.isoformat()}
        values["since"] = start.isoformat() if start else ""
        if end and end <= situation.today:
            values["until"] = (end - timedelta(1)).isoformat()
        return values

    def _ask_which_brand(self, spec: CommandSpec, values: Mapping[str, object]) -> Plan:
        """Return a plan with a button for each tracked brand."""
        own = self.situation.own[:SHOWN_CHOICES]
        pairs = [(fill(spec, {**values, "brand": name}).words, name) for name in own]
        return Plan(title="Which brand?", actions=buttons(self.situation.commands, pairs))


def buttons(
    commands: Mapping[str, CommandSpec], pairs: Sequence[tuple[str, str]]
) -> tuple[Action, ...]:
    """Return buttons for commands; those that the chat does not offer, or that are too long for a
    button, are left out.

    Args:
        commands: The commands that are offered, by name.
        pairs: The words of each button's command, such as ``trend Acme``, and its label.
    """
    first_words = {name.split()[0] for name in commands}
    return tuple(
        Action(words, label[:MAX_LABEL_CHARS])
        for words, label in pairs
        if words.partition(" ")[0] in first_words and len(words) <= LONGEST_ACTION
    )


def primary_first(actions: Sequence[Action]) -> tuple[Action, ...]:
    """Return buttons of which the first is emphasized."""
    return tuple(
        replace(action, style=Style.PLAIN if place else Style.PRIMARY)
        for place, action in enumerate(actions)
    )
