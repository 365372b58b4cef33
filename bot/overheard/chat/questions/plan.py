"""From what a question asks for to a command, or to buttons. Pure.

Only commands that read are carried out. What costs or changes something is offered as a button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Style
from overheard.cards.command import CommandSpec, quoted
from overheard.chat.questions.grammar import Reading
from overheard.chat.questions.times import BEGINNING, LAST_CHECK, UPDATE, Period

SHOWN_CHOICES = 4
"""Buttons between which a person chooses."""
_METHODS = {"models": "_model_list", "alerts": "_alert_list"}
"""The methods of intents whose names mean something else there."""
_OF_THE_FUTURE = frozenset(
    {"snooze", "take", "close", "next_check", "price", "check", "configure", "todo"}
)
"""Intents of questions that may name a time that is still to come."""
_TIMELESS = frozenset(
    {"hello", "thanks", "help", "models", "facts", "questions", "brands", "power"}
)
"""Intents of questions that name no time."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not over.

    Attributes:
        id: Its number.
        brand: Its brand.
        model: Its model, as ``provider/model``.
        name: The model's name for readers.
    """

    id: int
    brand: str
    model: str
    name: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What the answer to a question depends on.

    Attributes:
        today: The day of the reader.
        own: The names of the tracked brands.
        models: The asked models, as ``provider/model``, with their names for readers.
        alerts: The alerts that are not over, the newest first.
        here: The alert in whose thread the question was asked, or None.
        updates: The day of the latest update of each model, by ``provider/model``.
        last_check: The day of the latest check but one, or None.
        commands: The commands that the chat offers, by name.
    """

    today: date
    own: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    alerts: tuple[OpenAlert, ...] = ()
    here: OpenAlert | None = None
    updates: Mapping[str, date] = field(default_factory=dict)
    last_check: date | None = None
    commands: Mapping[str, CommandSpec] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered: by a command that reads, or by a sentence with buttons.

    Attributes:
        command: The name of the command, or an empty string.
        options: Its options.
        notes: Sentences to show with the answer.
        title: The title of an answer without a command.
        text: Its text.
        actions: Its buttons.
    """

    command: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    actions: tuple[Action, ...] = ()


def plan(reading: Reading, situation: Situation) -> Plan | None:
    """Return how an understood question is answered; None when no answer here covers it."""
    return _Planner(reading, situation).plan()


class _Planner:
    def __init__(self, reading: Reading, situation: Situation) -> None:
        self._reading = reading
        self._now = situation
        self._notes: list[str] = []

    def plan(self) -> Plan | None:
        period = self._reading.period
        if period and "compare" in self._reading.concepts and not self._rivals:
            period = replace(period, end=None)
            self._reading = replace(self._reading, period=period)
        ahead = period is not None and (period.until or period.future(self._now.today))
        if ahead and self._reading.intent not in _OF_THE_FUTURE:
            return None
        if self._period_bound and self._reading.intent in _TIMELESS:
            return None
        hour = period is not None and period.at is not None
        about = self._reading.brands or self._reading.we
        of_models = len(self._reading.models) > 1 and not about
        if hour and self._reading.intent not in _OF_THE_FUTURE:
            return None
        if of_models and {"say", "recommended"} & self._reading.concepts:
            return None
        made = getattr(self, _METHODS.get(self._reading.intent, f"_{self._reading.intent}"), None)
        found: Plan | None = made() if made else None
        return replace(found, notes=(*self._notes, *found.notes)) if found else None

    # What is said of the brands.

    def _standing(self) -> Plan | None:
        brands = self._reading.brands
        rivals = [name for name in brands if name not in self._now.own]
        if rivals and (self._reading.we or len(brands) > 1):
            return self._versus()
        now = self._reading.period and self._reading.period.start == self._now.today
        if self._reading.models or (self._period_bound and not now):
            return self._trend("visibility")
        return self._run("report", brands=tuple(brands))

    def _metric(self) -> Plan | None:
        if len(self._reading.brands) > 1 or (self._reading.we and self._rivals):
            return self._versus()
        if self._reading.metric == "share_of_voice":
            return self._share()
        return self._trend(self._reading.metric or "visibility")

    def _share(self) -> Plan | None:
        if "voice" in self._now.commands:
            return self._about_brand("voice")
        return self._trend("share_of_voice")

    def _versus(self) -> Plan | None:
        if self._reading.metric == "share_of_voice":
            return self._share()
        rivals = self._rivals
        metric = self._reading.metric or "visibility"
        if not rivals:
            alone = self._reading.we and not {"who", "competitors"} & self._reading.concepts
            return self._trend(metric) if alone and self._period_bound else self._leader()
        if not self._reading.we and len(rivals) > 1:
            return None
        self._reading = replace(self._reading, we=True)
        compared = metric in {"visibility", "first_choice", "top1"}
        if "versus" in self._now.commands and len(rivals) == 1 and compared:
            return self._about_brand("versus", other=rivals[0])
        if len(self._models) == 1 or self._period_bound:
            return self._trend(metric)
        return self._about_brand("report", many=True, details=metric != "visibility")

    def _leader(self) -> Plan | None:
        if len(self._reading.models) > 1 and not self._reading.we and not self._reading.brands:
            return None
        if self._reading.metric == "share_of_voice":
            return self._share()
        metric = self._reading.metric or "visibility"
        if self._period_bound:
            if len(self._models) == 1:
                return self._trend(metric)
            return self._share()
        if len(self._models) == 1 and metric != "visibility":
            return self._trend(metric)
        return self._about_brand("report", many=True, details=metric != "visibility")

    def _rivals_moved(self) -> Plan | None:
        if len(self._models) == 1:
            return self._trend(self._reading.metric or "visibility")
        return self._share()

    def _changes(self) -> Plan | None:
        if self._now.here and not self._reading.period:
            return self._run("alerts show", alert=str(self._now.here.id))
        if "changes" not in self._now.commands:
            return self._run("alerts list")
        brand = self._one_brand(optional=True)
        return brand if isinstance(brand, Plan) else self._run("changes", brand=brand)

    def _happened(self) -> Plan | None:
        bound = self._period_bound and not self._now.here
        return self._changes() if bound or not self._alerts() else self._why()

    def _why(self) -> Plan | None:
        fitting = self._alerts()
        if len(fitting) == 1:
            return self._run("alerts show", alert=str(fitting[0].id))
        if fitting:
            return self._which(fitting, "alerts show {}", "Which of the open alerts do you mean?")
        return Plan(
            title="No alert is open" + self._at_models(),
            text="Nothing changed more than chance explains, so there is no cause to name.",
            actions=(*self._buttons(("changes", "What changed")), *self._brand_buttons()),
        )

    def _show(self) -> Plan | None:
        return self._answers() if self._now.here else None

    def _when(self) -> Plan | None:
        return self._why() if self._now.here else None

    def _why_level(self) -> Plan | None:
        if self._now.here:
            return self._run("alerts show", alert=str(self._now.here.id))
        return Plan(
            title="I do not know a model's reasons",
            text="It does not state them. These come closest: what it says, and what to publish.",
            actions=self._brand_buttons(
                ("answers list {}", "Read answers"), ("brief {}", "What to do?")
            ),
        )

    # What the models say.

    def _answers(self) -> Plan | None:
        only_here = not (self._reading.topic or self._reading.brands or self._reading.models)
        if self._now.here and only_here:
            return self._run("evidence", alert=str(self._now.here.id))
        if self._reading.alert:
            return self._run("evidence", alert=str(self._reading.alert))
        topic = self._reading.topic
        if not topic and "cost" in self._reading.concepts:
            topic = "price"
        if len(self._reading.brands) + self._reading.we > 1 and self._rivals:
            return None
        return self._about_brand("answers list", about=topic)

    def _drawbacks(self) -> Plan | None:
        if "often" in self._reading.concepts or self._period_bound:
            return self._trend("drawback")
        return self._about_brand("answers list", about="drawbacks")

    def _claims(self) -> Plan | None:
        return self._about_brand("claims", days=self._days(30))

    def _lost(self) -> Plan | None:
        return self._about_brand("answers questions")

    def _sources(self) -> Plan | None:
        return self._about_brand("answers sources")

    def _suggest(self) -> Plan | None:
        return self._about_brand("brands suggest")

    def _todo(self) -> Plan | None:
        return self._about_brand("brief list")

    # The deployment.

    def _spend(self) -> Plan | None:
        by: dict[str, Any] = (
            {"by": "model"} if {"models"} & self._reading.concepts or self._reading.models else {}
        )
        return self._run("spend", **by)

    def _price(self) -> Plan | None:
        return self._offer(
            "A check shows its price first",
            "It is asked only after your yes.",
            (f"check {self._brand_words}".strip(), "Show the price"),
        )

    def _next_check(self) -> Plan | None:
        return self._run("schedules list", timeless=True)

    def _last_check(self) -> Plan | None:
        return self._run("runs list", timeless=True)

    def _updates(self) -> Plan | None:
        return self._run("updates list")

    def _model_list(self) -> Plan | None:
        return self._run("models list")

    def _questions(self) -> Plan | None:
        brand = self._reading.brands[:1]
        return self._run("prompts list", brand=brand[0] if brand else "")

    def _facts(self) -> Plan | None:
        brand = self._reading.brands[:1]
        return self._run("facts list", brand=brand[0] if brand else "")

    def _brands(self) -> Plan | None:
        return self._leader() if self._reading.models else self._run("brands list")

    def _alert_list(self) -> Plan | None:
        if self._reading.alert:
            return self._run("alerts show", alert=str(self._reading.alert))
        state = "live" if "open" in self._reading.concepts else ""
        brand = self._reading.brands[:1]
        return self._run("alerts list", state=state, brand=brand[0] if brand else "")

    def _power(self) -> Plan | None:
        return self._about_brand("power")

    def _certain(self) -> Plan | None:
        fitting = self._alerts()
        if len(fitting) == 1:
            return self._run("alerts show", alert=str(fitting[0].id))
        if fitting:
            return self._which(fitting, "alerts show {}", "Of which open alert?")
        return Plan(
            title="No alert is open",
            text="An alert comes only for a change that chance alone hardly explains.",
            actions=self._buttons(
                (f"power {self._brand_words}".strip(), "What I would notice"),
                ("changes", "What changed"),
            ),
        )

    # What changes something, or costs: buttons.

    def _snooze(self) -> Plan | None:
        spans = [("1d", "For a day"), ("1w", "For a week"), ("update", "Until the next update")]
        period = self._reading.period
        if period and period.ahead:
            day = f"{period.ahead:%a} {period.ahead.day} {wording.MONTHS[period.ahead.month - 1]}"
            at = f"T{period.at:%H:%M}" if period.at else ""
            label = f"Until {day}, {period.at:%H:%M}" if period.at else f"Until {day}"
            spans = [(f"{period.ahead.isoformat()}{at}", label), spans[1]]
        elif period:
            return None
        return self._alert_buttons(
            "Put it aside for how long?" if not period else "Put it aside?",
            *((f"alerts snooze {{}} --for {span}", label) for span, label in spans),
        )

    def _take(self) -> Plan | None:
        return self._alert_buttons("Take care of it?", ("alerts acknowledge {}", "I'll take it"))

    def _close(self) -> Plan | None:
        return self._alert_buttons("Put it away?", ("alerts close {}", "Not interesting"))

    def _reopen(self) -> Plan | None:
        if not self._now.here and not self._reading.alert:
            return self._run("alerts list")
        return self._alert_buttons("Open it again?", ("alerts reopen {}", "Open it again"))

    def _ourdoing(self) -> Plan | None:
        spec = self._now.commands.get("alerts close")
        why = " --why ours" if spec and any(o.name == "why" for o in spec.options) else ""
        return self._alert_buttons(
            "Was it your own doing?", (f"alerts close {{}}{why}", "It was us")
        )

    def _check(self) -> Plan | None:
        model = self._models[:1]
        again = self._now.here and not self._reading.brands and not model
        words = f"check {self._brand_words}".strip()
        if model:
            words += f" --model {quoted(model[0])}"
        if again and self._now.here:
            words = f"alerts recheck {self._now.here.id}"
        return self._offer(
            "Ask the models again?",
            "You see the price before anything is asked.",
            (words, "Show the price"),
        )

    def _configure(self) -> Plan | None:
        concepts, brand = self._reading.concepts, self._brand_words
        wanted = [
            ("competitors", f"brands edit {brand}", "Competitors"),
            ("questions", "prompts add", "Add a question"),
            ("facts", "facts add", "Add a fact"),
            ("topic", "facts add", "Add a fact"),
            ("schedule", "schedules add", "Schedule a check"),
            ("check", "schedules add", "Schedule a check"),
            ("who", "brands add", "Add a brand"),
        ]
        chosen = [(words.strip(), label) for name, words, label in wanted if name in concepts]
        every = [(words.strip(), label) for _, words, label in wanted[:5:2]]
        return self._offer(
            "You can change that here",
            "A form opens; nothing changes before you send it.",
            *dict.fromkeys(chosen or every),
        )

    # Parts.

    @property
    def _rivals(self) -> list[str]:
        return [name for name in self._reading.brands if name not in self._now.own]

    @property
    def _models(self) -> list[str]:
        """The models that are meant, as ``provider/model``."""
        wanted = self._reading.models
        return [model for model, name in self._now.models.items() if name in wanted]

    @property
    def _period_bound(self) -> bool:
        return self._reading.period is not None and self._reading.period.event != BEGINNING

    @property
    def _brand_words(self) -> str:
        named = self._reading.brands or ((self._now.here.brand,) if self._now.here else ())
        named = named or (self._now.own if len(self._now.own) == 1 else ())
        return quoted(named[0]) if named else ""

    def _one_brand(self, *, optional: bool = False) -> str | Plan:
        """Return the brand that a question is about, or buttons to choose one."""
        named = self._reading.brands
        own = [name for name in named if name in self._now.own]
        against = self._reading.we or "compare" in self._reading.concepts
        about_rival = named and not own and not against
        if own or about_rival:
            return (own or list(named))[0]
        if self._now.here and self._now.here.brand in self._now.own:
            return self._now.here.brand
        if len(self._now.own) == 1:
            return self._now.own[0]
        if optional:
            return ""
        if not self._now.own:
            return Plan(
                title="No brand is measured yet",
                text="Add yours first.",
                actions=self._buttons(("setup brand", "Set up")),
            )
        return Plan(title="Which brand?", text="")

    def _about_brand(self, command: str, *, many: bool = False, **options: Any) -> Plan | None:
        """Return a command about one brand; where several may be meant, a button for each."""
        brand = self._one_brand()
        if isinstance(brand, Plan):
            if brand.actions:
                return brand
            return replace(brand, actions=self._choices(command, options))
        names: dict[str, Any] = {"brands": (brand,)} if many else {"brand": brand}
        return self._run(command, **names, **options)

    def _choices(self, command: str, options: Mapping[str, Any]) -> tuple[Action, ...]:
        spec = self._now.commands.get(command)
        if spec is None:
            return ()
        pairs = []
        for name in self._now.own[:SHOWN_CHOICES]:
            words = f"{command} {quoted(name)}"
            for known in spec.options:
                value = self._slots(spec).get(known.name) or options.get(known.name)
                if value and not known.positional and value != known.default:
                    words += (
                        f" --{known.written}"
                        if value is True
                        else f" --{known.written} {quoted(str(value))}"
                    )
            pairs.append((words, name))
        return self._buttons(*pairs)

    def _trend(self, metric: str) -> Plan | None:
        return self._about_brand("trend", metric=metric)

    def _slots(self, spec: CommandSpec) -> dict[str, Any]:
        """Return the options for the model and the time, where a command has such options."""
        known = {option.name for option in spec.options}
        slots: dict[str, Any] = {}
        if len(self._models) == 1 and "model" in known:
            slots["model"] = self._models[0]
        start, end = self._bounds()
        if start and "since" in known:
            slots["since"] = start.isoformat()
        if end and "until" in known:
            slots["until"] = (end - timedelta(1)).isoformat()
        return slots

    def _run(self, command: str, *, timeless: bool = False, **options: Any) -> Plan | None:
        """Return a command with those of the options, the model and the time that it takes. What
        it does not take is said.
        """
        spec = self._now.commands.get(command)
        if spec is None:
            return None
        known = {option.name for option in spec.options}
        slots = self._slots(spec)
        start, _ = self._bounds()
        if self._reading.period and self._reading.period.event and start is None:
            if self._reading.period.event == UPDATE:
                self._notes.append("No update of a model is known; all checks are shown.")
        elif start and not timeless and not {"since", "days"} & known:
            self._notes.append("This shows the newest state, and not that of a single period.")
        given = {name: value for name, value in {**slots, **options}.items() if name in known}
        return Plan(command, {n: v for n, v in given.items() if v not in ("", (), False)})

    def _bounds(self) -> tuple[date | None, date | None]:
        """Return the first day that a question names, and the first day behind it."""
        period: Period | None = self._reading.period
        if period is None or period.until:
            return None, None
        if period.event == UPDATE:
            days = [
                day
                for model, day in self._now.updates.items()
                if not self._reading.models or model in self._models
            ]
            return max(days, default=None), None
        if period.event == LAST_CHECK:
            return self._now.last_check, None
        end = period.end if period.end and period.end <= self._now.today else None
        return period.start, end

    def _days(self, usual: int) -> int:
        """Return how many days back the question goes, today included."""
        start, _ = self._bounds()
        if start is None:
            return usual
        return max(1, (self._now.today - start + timedelta(1)).days)

    def _alerts(self) -> list[OpenAlert]:
        """Return the alerts that a question may mean."""
        if self._reading.alert:
            named = [alert for alert in self._now.alerts if alert.id == self._reading.alert]
            return named or [OpenAlert(self._reading.alert, "", "", "")]
        if self._now.here and not self._reading.models and not self._reading.brands:
            return [self._now.here]
        found = list(self._now.alerts)
        if self._reading.models:
            found = [alert for alert in found if alert.model in self._models]
        if self._reading.brands:
            found = [alert for alert in found if alert.brand in self._reading.brands]
        return found

    def _alert_buttons(self, title: str, *pairs: tuple[str, str]) -> Plan | None:
        fitting = self._alerts()
        if not fitting:
            return Plan(
                title="No alert is open" + self._at_models(),
                text="So there is nothing to do here.",
                actions=self._buttons(("changes", "What changed")),
            )
        if len(fitting) > 1:
            words, label = pairs[0]
            return self._which(fitting, words, f"{label}: which alert do you mean?")
        alert = fitting[0]
        return Plan(
            title=title,
            text=f"Alert {alert.id}" + (f": {alert.brand} at {alert.name}" if alert.brand else ""),
            actions=self._buttons(*((words.format(alert.id), label) for words, label in pairs)),
        )

    def _which(self, alerts: Sequence[OpenAlert], words: str, title: str) -> Plan:
        shown = alerts[:SHOWN_CHOICES]
        return Plan(
            title=title,
            actions=self._buttons(
                *((words.format(a.id), f"{a.brand} at {a.name} (alert {a.id})") for a in shown)
            ),
        )

    def _at_models(self) -> str:
        return f" at {' or '.join(self._reading.models)}" if self._reading.models else ""

    def _offer(self, title: str, text: str, *pairs: tuple[str, str]) -> Plan:
        return Plan(title=title, text=text, actions=self._buttons(*pairs, primary=True))

    def _brand_buttons(self, *pairs: tuple[str, str]) -> tuple[Action, ...]:
        usual = (("report {}", "Report"), ("trend {}", "Over time"))
        brand = self._brand_words
        if not brand:
            return self._buttons(("report", "Report"), ("status", "Overview"))
        return self._buttons(*((words.format(brand), label) for words, label in pairs or usual))

    def _buttons(self, *pairs: tuple[str, str], primary: bool = False) -> tuple[Action, ...]:
        """Return buttons for those of some commands that the chat offers."""
        styles = [Style.PRIMARY if primary and not i else Style.PLAIN for i in range(len(pairs))]
        return buttons(self._now.commands, pairs, styles)


def buttons(
    commands: Mapping[str, CommandSpec],
    pairs: Sequence[tuple[str, str]],
    styles: Sequence[Style] = (),
) -> tuple[Action, ...]:
    """Return buttons for words and labels, without those of commands that are not offered.

    Args:
        commands: The commands that are offered, by name.
        pairs: The words and the label of each button.
        styles: The style of each; plain by default.
    """
    nouns = {name.split()[0] for name in commands}
    made = []
    for index, (words, label) in enumerate(pairs):
        first = words.split()
        if first and (first[0] in nouns) and len(words) <= 90:
            style = styles[index] if styles else Style.PLAIN
            made.append(Action(words, label[:60], style))
    return tuple(made)
