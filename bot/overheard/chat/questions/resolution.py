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

ALERT_COMMANDS = frozenset({"alerts show", "evidence"})
"""Commands that show one alert, which is about one model."""
MAX_COMMAND_CHARS = 90
"""The longest command of a button."""
MAX_LABEL_CHARS = 60
"""The longest label of a button; a longer one is cut."""
SHOWN_CHOICES = 4
"""Buttons between which a person chooses."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of an answer: a command that reads, or a sentence with buttons.

    Attributes:
        command: The name of the command, or an empty string.
        options: The options of the command, by name.
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
        situation: The state of the deployment.
    """

    def __init__(self, parsed: ParsedQuestion, situation: Situation) -> None:
        self._parsed = parsed
        self._situation = situation
        self._notes: list[str] = []

    @property
    def _rivals(self) -> list[str]:
        """The brands that the question names and that are not tracked, in its order."""
        return [name for name in self._parsed.brands if name not in self._situation.own]

    @property
    def _model_ids(self) -> list[str]:
        """The asked models that the question is about, as ``provider/model``, in the configured
        order; empty for all models.

        In an alert's thread, a question without brands and models is about the alert's model, if
        that is still asked.
        """
        names = self._parsed.models
        thread_alert = self._situation.thread_alert
        names_nothing = not names and not self._parsed.brands
        if thread_alert and names_nothing and thread_alert.model in self._situation.models:
            return [thread_alert.model]
        return [model for model, name in self._situation.models.items() if name in names]

    @property
    def _period_bound(self) -> bool:
        """Whether the question names a time that limits it; "since the beginning" does not."""
        return self._parsed.period is not None and self._parsed.period.event != BEGINNING

    @property
    def _brand_words(self) -> str:
        """The name of the brand that a button's command is about, quoted where necessary.

        It is the first brand of the question, else that of the thread's alert, else the tracked
        brand if there is only one; otherwise empty.
        """
        own, thread_alert = self._situation.own, self._situation.thread_alert
        if self._parsed.brands:
            return quoted(self._parsed.brands[0])
        if thread_alert:
            return quoted(thread_alert.brand)
        return quoted(own[0]) if len(own) == 1 else ""

    def _one_brand(self, *, optional: bool = False) -> str | Plan:
        """Return the name of the brand that a question is about, or a plan that asks for the brand.

        The first of these that exists: the first tracked brand that the question names; the first
        competitor that it names, unless the question is about "us" or a comparison; the brand of
        the thread's alert, if tracked; the tracked brand, if there is only one.

        Args:
            optional: Whether there is also an answer about all brands; "" is then returned in place
                of a plan.

        Returns:
            The name, or a plan. If no brand is tracked, the plan has a button of the set-up. If
            several are, it asks which one, and has no buttons: the caller adds them.
        """
        named, thread_alert = self._parsed.brands, self._situation.thread_alert
        own = [name for name in named if name in self._situation.own]
        is_comparison = self._parsed.we or "compare" in self._parsed.concepts
        candidates = own or ([] if is_comparison else named)
        if candidates:
            return candidates[0]
        if thread_alert and thread_alert.brand in self._situation.own:
            return thread_alert.brand
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

    def _plan_for_brand(self, command: str, *, many: bool = False, **options: Any) -> Plan | None:
        """Return a plan to run a command about one brand, or one with buttons to choose the brand.

        If no brand is tracked, the plan has a button of the set-up. None when the brand is clear
        and the chat does not offer the command. As by `_plan_command`, notes are added to `_notes`.

        Args:
            command: The name of the command, such as ``trend``.
            many: Whether the command's option is ``brands`` (several), and not ``brand`` (one).
            options: Further options of the command, by name.
        """
        brand = self._one_brand()
        if isinstance(brand, Plan):
            if brand.actions:
                return brand
            return replace(brand, actions=self._brand_choices(command, options))
        names: dict[str, Any] = {"brands": (brand,)} if many else {"brand": brand}
        return self._plan_command(command, **names, **options)

    def _brand_choices(self, command: str, options: Mapping[str, Any]) -> tuple[Action, ...]:
        """Return buttons that run a command about a brand, one for each of the first
        `SHOWN_CHOICES` tracked brands.

        Their commands also have the given options, and the model and the dates of the question. If
        both give an option, the question's value wins. Empty values, defaults and options without
        ``--`` are left out. Empty when the chat does not offer the command.

        Args:
            options: Options of the command, by name.
        """
        spec = self._situation.commands.get(command)
        if spec is None:
            return ()
        values = {**options, **self._model_and_dates(spec)}
        words_of_options = ""
        for option in spec.options:
            value = values.get(option.name)
            if value and not option.positional and value != option.default:
                written_value = "" if value is True else f" {quoted(str(value))}"
                words_of_options += f" --{option.written}{written_value}"
        brands = self._situation.own[:SHOWN_CHOICES]
        pairs = [(f"{command} {quoted(name)}{words_of_options}", name) for name in brands]
        return self._buttons(*pairs)

    def _trend(self, metric: str) -> Plan | None:
        """Return a plan for the course of a metric, such as ``visibility``, of one brand."""
        return self._plan_for_brand("trend", metric=metric)

    def _model_and_dates(self, spec: CommandSpec) -> dict[str, Any]:
        """Return values for those of the options ``model``, ``since`` and ``until`` that a command
        has.

        The model is given only if the question is about exactly one. Both dates are in ISO form,
        and both days are included. What the question does not name is left out.
        """
        option_names = {option.name for option in spec.options}
        values: dict[str, Any] = {}
        if len(self._model_ids) == 1 and "model" in option_names:
            values["model"] = self._model_ids[0]
        start, end = self._date_bounds()
        if start and "since" in option_names:
            values["since"] = start.isoformat()
        if end and "until" in option_names:
            values["until"] = (end - timedelta(1)).isoformat()
        return values

    def _plan_command(self, command: str, *, timeless: bool = False, **options: Any) -> Plan | None:
        """Return a plan to run a command with the given options, and the model and dates of the
        question.

        Notes are added to `_notes` if the question names a time, models or a topic that the command
        cannot limit its result to, and if it names an update and none is known. If the command
        cannot show a period that has ended, the plan offers the newest state by a button instead,
        unless the question names a topic. None when the chat does not offer the command.

        Args:
            timeless: Whether the command covers all times, so that no note is needed.
            options: Options of the command, by name. They win over the model and dates of the
                question. Options that the command does not have are left out; one that is an
                empty text, or without a value, is as if the command did not have it.
        """
        spec = self._situation.commands.get(command)
        if spec is None:
            return None
        option_names = {o.name for o in spec.options if options.get(o.name) != ""}
        period = self._parsed.period
        start, _ = self._date_bounds()
        can_show_period = timeless or bool({"since", "days"} & option_names)
        if period and period.event == UPDATE and start is None:
            self._notes.append("No update of a model is known; all checks are shown.")
        if start and not can_show_period:
            if self._has_ended(period) and not self._parsed.topic:
                return self._newest_only(command, options)
            self._notes.append("This shows the newest state, and not that of a single period.")
        is_about_models = self._parsed.models and command not in ALERT_COMMANDS
        if is_about_models and not {"model", "models"} & option_names and "by" not in options:
            self._notes.append("This shows all models.")
        is_about_topic = self._parsed.topic and command != "facts list"
        if is_about_topic and not {"about", "alert"} & option_names:
            self._notes.append("This shows all subjects.")
        values = {**self._model_and_dates(spec), **options}
        given = {
            name: value
            for name, value in values.items()
            if name in option_names and value not in ("", (), False)
        }
        return Plan(command, given)

    def _has_ended(self, period: NamedTime | None) -> bool:
        """Return whether a period had ended before the day of the latest check but one, so that
        the newest state says nothing of it.

        False without a period, an end of it, or such a check.
        """
        last_check = self._situation.last_check
        return bool(period and period.end and last_check and period.end <= last_check)

    def _newest_only(self, command: str, options: Mapping[str, Any]) -> Plan:
        """Return a plan that says that a command shows the newest check only, with buttons for
        that command and for the trend.

        Args:
            options: Its options, by name; the button keeps ``brand`` and ``show``.
        """
        words = command
        if name := options.get("brand"):
            words += f" {quoted(str(name))}"
        if shows := options.get("show"):
            words += f" --show {shows}"
        return Plan(
            title="I show this for the newest check only",
            text="What changed over time is in the trend.",
            actions=self._buttons((words, "Show the newest"), ("trend", "Over time")),
        )

    def _date_bounds(self) -> tuple[date | None, date | None]:
        """Return the first day of the question's period and its end, the first day after it.

        An event has no end. Its first day is that of the latest update of the models that the
        question names (of any model without names), or of the latest check but one; None if there
        is none yet. "Since the beginning" has no first day. An end that is later than today is
        None. Both are None without a period and for a deadline.
        """
        period: NamedTime | None = self._parsed.period
        if period is None or period.until:
            return None, None
        if period.event == UPDATE:
            days = [
                day
                for model, day in self._situation.updates.items()
                if not self._parsed.models or model in self._model_ids
            ]
            return max(days, default=None), None
        if period.event == LAST_CHECK:
            return self._situation.last_check, None
        end = period.end if period.end and period.end <= self._situation.today else None
        return period.start, end

    def _days_back(self, usual: int) -> int:
        """Return the number of days from the first day of the question's period to today, both
        included: 1 for today, and for a first day that is still to come.

        Args:
            usual: The result for a question whose period has no first day, or that has none.
        """
        start, _ = self._date_bounds()
        if start is None:
            return usual
        return max(1, (self._situation.today - start + timedelta(1)).days)

    def _meant_alerts(self) -> list[OpenAlert]:
        """Return the alerts that a question may mean, in the order of the situation.

        An alert by its number is the only one. If it is not open, or does not exist, its brand and
        model are empty. In an alert's thread, a question without brands and models means that
        alert. Otherwise these are the open alerts of the models and of the brands that the question
        names, or of all when it names none.
        """
        if self._parsed.alert:
            named = [alert for alert in self._situation.alerts if alert.id == self._parsed.alert]
            return named or [OpenAlert(self._parsed.alert, "", "", "")]
        if self._situation.thread_alert and not self._parsed.models and not self._parsed.brands:
            return [self._situation.thread_alert]
        alerts = list(self._situation.alerts)
        if self._parsed.models:
            alerts = [alert for alert in alerts if alert.model in self._model_ids]
        if self._parsed.brands:
            alerts = [alert for alert in alerts if alert.brand in self._parsed.brands]
        return alerts

    def _ask_which_alert(self, alerts: Sequence[OpenAlert], words: str, title: str) -> Plan:
        """Return a plan that asks which alert is meant, with a button for each of the first
        `SHOWN_CHOICES` alerts.

        Args:
            words: The command of a button, with ``{}`` for the number of the alert: ``alerts show
                {}``.
            title: The text that asks, such as ``Of which open alert?``.
        """
        pairs = [
            (words.format(alert.id), f"{alert.brand or 'All brands'} at {alert.name}")
            for alert in alerts[:SHOWN_CHOICES]
        ]
        return Plan(title=title, actions=self._buttons(*pairs))

    def _at_models(self) -> str:
        """Return " at ChatGPT or Claude" for the models that the question names; empty without."""
        return f" at {' or '.join(self._parsed.models)}" if self._parsed.models else ""

    def _buttons(self, *pairs: tuple[str, str], primary: bool = False) -> tuple[Action, ...]:
        """Return buttons for the commands that the chat offers; the others are left out.

        Args:
            pairs: The words of each button's command, such as ``changes``, and its label.
            primary: Whether the first pair is emphasized.
        """
        styles = [Style.PRIMARY if primary and not i else Style.PLAIN for i in range(len(pairs))]
        return buttons(self._situation.commands, pairs, styles)


def buttons(
    commands: Mapping[str, CommandSpec],
    pairs: Sequence[tuple[str, str]],
    styles: Sequence[Style] = (),
) -> tuple[Action, ...]:
    """Return buttons for commands, in the order of the pairs.

    A pair gives a button only if some offered command has the same first word, and its words have
    at most `MAX_COMMAND_CHARS` characters. Labels are cut to `MAX_LABEL_CHARS`.

    Args:
        commands: The commands that are offered, by name.
        pairs: The words of each button's command, such as ``trend Acme``, and its label.
        styles: The style of each pair; empty for plain buttons.
    """
    first_words = {name.split()[0] for name in commands}
    actions = []
    for index, (words, label) in enumerate(pairs):
        is_offered = words.partition(" ")[0] in first_words
        if is_offered and len(words) <= MAX_COMMAND_CHARS:
            style = styles[index] if styles else Style.PLAIN
            actions.append(Action(words, label[:MAX_LABEL_CHARS], style))
    return tuple(actions)
