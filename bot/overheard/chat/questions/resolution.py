"""What a question means here: its brand, models, time and alert, as options of a command. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from overheard.cards.card import Action, Style
from overheard.cards.command import CommandSpec, quoted
from overheard.chat.questions.calendar import BEGINNING, LAST_CHECK, UPDATE, NamedTime
from overheard.chat.questions.parsed_question import ParsedQuestion
from overheard.chat.questions.situation import OpenAlert, Situation

OF_ALERTS = frozenset({"alerts show", "evidence"})
"""Commands that show one alert, which is about one model."""
MAX_WORDS_CHARS = 90
"""The longest command of a button."""
SHOWN_CHOICES = 4
"""Buttons between which a person chooses."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of an answer: a command that reads, or a sentence with buttons.

    Attributes:
        command: The name of the command, or an empty string.
        options: Its options.
        notes: Sentences to show with the answer.
        title: The title of an answer without a command.
        text: The text of an answer without a command.
        actions: The buttons of an answer without a command.
    """

    command: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    actions: tuple[Action, ...] = ()


class Resolution:
    """Resolves the parts of a question into options of a command.

    Args:
        reading: The parsed question.
        situation: The state of the deployment.
    """

    def __init__(self, reading: ParsedQuestion, situation: Situation) -> None:
        self._parsed = reading
        self._situation = situation
        self._notes: list[str] = []

    @property
    def _rivals(self) -> list[str]:
        return [name for name in self._parsed.brands if name not in self._situation.own]

    @property
    def _models(self) -> list[str]:
        """The asked models that the question names, as ``provider/model`` in the order of the
        configuration; in an alert's thread, a question without names means the alert's model. Empty
        for all models.
        """
        wanted = self._parsed.models
        here = self._situation.here
        if here and not wanted and not self._parsed.brands and here.model in self._situation.models:
            return [here.model]
        return [model for model, name in self._situation.models.items() if name in wanted]

    @property
    def _period_bound(self) -> bool:
        return self._parsed.period is not None and self._parsed.period.event != BEGINNING

    @property
    def _brand_words(self) -> str:
        named = self._parsed.brands or (
            (self._situation.here.brand,) if self._situation.here else ()
        )
        named = named or (self._situation.own if len(self._situation.own) == 1 else ())
        return quoted(named[0]) if named else ""

    def _one_brand(self, *, optional: bool = False) -> str | Plan:
        """Return the name of the brand that a question is about, or a plan that asks for the brand.

        Args:
            optional: Whether the answer exists without a brand, too; "" then stands for all brands.
        """
        named = self._parsed.brands
        own = [name for name in named if name in self._situation.own]
        against = self._parsed.we or "compare" in self._parsed.concepts
        about_rival = named and not own and not against
        if own or about_rival:
            return (own or list(named))[0]
        if self._situation.here and self._situation.here.brand in self._situation.own:
            return self._situation.here.brand
        if len(self._situation.own) == 1:
            return self._situation.own[0]
        if optional:
            return ""
        if not self._situation.own:
            return Plan(
                title="No brand is measured yet",
                text="Add yours first.",
                actions=self._buttons(("setup brand", "Set up")),
            )
        return Plan(title="Which brand?", text="")

    def _about_brand(self, command: str, *, many: bool = False, **options: Any) -> Plan | None:
        """Return a plan to run a command about one brand, or with buttons to choose the brand.

        None when the chat does not offer the command.

        Args:
            command: The name of the command.
            many: Whether the command takes several brands.
            options: Further options of the command.
        """
        brand = self._one_brand()
        if isinstance(brand, Plan):
            if brand.actions:
                return brand
            return replace(brand, actions=self._choices(command, options))
        names: dict[str, Any] = {"brands": (brand,)} if many else {"brand": brand}
        return self._run(command, **names, **options)

    def _choices(self, command: str, options: Mapping[str, Any]) -> tuple[Action, ...]:
        """Return buttons that run a command about a brand, for the first `SHOWN_CHOICES` own
        brands; empty when the chat does not offer the command.
        """
        spec = self._situation.commands.get(command)
        if spec is None:
            return ()
        pairs = []
        for name in self._situation.own[:SHOWN_CHOICES]:
            words = f"{command} {quoted(name)}"
            for known in spec.options:
                value = self._slot_options(spec).get(known.name) or options.get(known.name)
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

    def _slot_options(self, spec: CommandSpec) -> dict[str, Any]:
        """Return values for those of the options ``model``, ``since`` and ``until`` that a command
        has: the model if the question names exactly one, and ISO dates, both inclusive.
        """
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
        """Return a plan to run a command with the options, the model and the time that it takes.

        Notes say which parts of the question the command ignores. None when the chat does not offer
        the command.

        Args:
            command: The name of the command.
            timeless: Whether the command covers all times, so that no note is needed.
            options: Options, of which unknown and empty ones are left out.
        """
        spec = self._situation.commands.get(command)
        if spec is None:
            return None
        known = {option.name for option in spec.options}
        slots = self._slot_options(spec)
        start, _ = self._bounds()
        if self._parsed.period and self._parsed.period.event and start is None:
            if self._parsed.period.event == UPDATE:
                self._notes.append("No update of a model is known; all checks are shown.")
        elif start and not timeless and not {"since", "days"} & known:
            if self._ended(self._parsed.period) and not self._parsed.topic:
                return self._newest_only(command, options)
            self._notes.append("This shows the newest state, and not that of a single period.")
        named = self._parsed.models and command not in OF_ALERTS
        if named and not {"model", "models"} & known and "by" not in options:
            self._notes.append("This shows all models.")
        if self._parsed.topic and not {"about", "alert"} & known and command != "facts list":
            self._notes.append("This shows all subjects.")
        given = {name: value for name, value in {**slots, **options}.items() if name in known}
        return Plan(command, {n: v for n, v in given.items() if v not in ("", (), False)})

    def _ended(self, period: NamedTime | None) -> bool:
        """Return whether a period had ended before the models were last asked."""
        last = self._situation.last_check
        return bool(period and period.end and last and period.end <= last)

    def _newest_only(self, command: str, options: Mapping[str, Any]) -> Plan:
        """Return a plan that offers a command without the past period that its question names."""
        words = command
        if name := options.get("brand"):
            words += f" {quoted(str(name))}"
        return Plan(
            title="I show this for the newest check only",
            text="What changed over time is in the trend.",
            actions=self._buttons((words, "Show the newest"), ("trend", "Over time")),
        )

    def _bounds(self) -> tuple[date | None, date | None]:
        """Return the first day of a question's period and the first day after it; None for an open
        end.

        The day of an event, such as a model's update, comes from the deployment.
        """
        period: NamedTime | None = self._parsed.period
        if period is None or period.until:
            return None, None
        if period.event == UPDATE:
            days = [
                day
                for model, day in self._situation.updates.items()
                if not self._parsed.models or model in self._models
            ]
            return max(days, default=None), None
        if period.event == LAST_CHECK:
            return self._situation.last_check, None
        end = period.end if period.end and period.end <= self._situation.today else None
        return period.start, end

    def _days(self, usual: int) -> int:
        """Return how many days back the question goes, today included.

        Args:
            usual: The result for a question without a first day.
        """
        start, _ = self._bounds()
        if start is None:
            return usual
        return max(1, (self._situation.today - start + timedelta(1)).days)

    def _alerts(self) -> list[OpenAlert]:
        """Return the open alerts that a question may mean, in the order of the situation."""
        if self._parsed.alert:
            named = [alert for alert in self._situation.alerts if alert.id == self._parsed.alert]
            return named or [OpenAlert(self._parsed.alert, "", "", "")]
        if self._situation.here and not self._parsed.models and not self._parsed.brands:
            return [self._situation.here]
        alerts = list(self._situation.alerts)
        if self._parsed.models:
            alerts = [alert for alert in alerts if alert.model in self._models]
        if self._parsed.brands:
            alerts = [alert for alert in alerts if alert.brand in self._parsed.brands]
        return alerts

    def _which(self, alerts: Sequence[OpenAlert], words: str, title: str) -> Plan:
        """Return a plan that asks which alert is meant, with buttons for the first `SHOWN_CHOICES`.

        Args:
            alerts: The alerts.
            words: The command of a button, with ``{}`` for the number of the alert.
            title: The question.
        """
        shown = alerts[:SHOWN_CHOICES]
        return Plan(
            title=title,
            actions=self._buttons(
                *((words.format(a.id), f"{a.brand or 'All brands'} at {a.name}") for a in shown)
            ),
        )

    def _at_models(self) -> str:
        return f" at {' or '.join(self._parsed.models)}" if self._parsed.models else ""

    def _buttons(self, *pairs: tuple[str, str], primary: bool = False) -> tuple[Action, ...]:
        """Return buttons for the commands that the chat offers; the others are left out.

        Args:
            pairs: The words and the label of each button.
            primary: Whether the first button is emphasized.
        """
        styles = [Style.PRIMARY if primary and not i else Style.PLAIN for i in range(len(pairs))]
        return buttons(self._situation.commands, pairs, styles)


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
        if first and (first[0] in nouns) and len(words) <= MAX_WORDS_CHARS:
            style = styles[index] if styles else Style.PLAIN
            made.append(Action(words, label[:60], style))
    return tuple(made)
