"""Answers that are buttons: what costs or changes something happens by a click alone. Pure."""

from __future__ import annotations

from datetime import date

from overheard.cards import wording
from overheard.cards.card import Action
from overheard.cards.command import quoted
from overheard.chat.questions.resolution import MAX_COMMAND_CHARS, Plan, Resolution


class Offers(Resolution):
    """Plans answers with buttons, for questions that ask for something to be done."""

    def _why_level(self) -> Plan | None:
        """Return a plan for "why does ChatGPT rate us so low?" (the intent ``why_level``).

        A question in an alert's thread, or one that speaks of a loss, may mean alerts. If it means
        exactly one, or the thread's, the plan shows that alert; None when the chat has no command
        for that. Otherwise the plan says that reasons are not known, and has a button to read the
        model's answers and one for what to do.
        """
        thread_alert, meant = self._situation.thread_alert, self._meant_alerts()
        alerts = [alert for alert in meant if alert == thread_alert] or meant
        may_mean_alert = thread_alert is not None or "lose" in self._parsed.concepts
        if may_mean_alert and len(alerts) == 1:
            return self._plan_command("alerts show", alert=str(alerts[0].id))
        return Plan(
            title="I do not know a model's reasons",
            text="It does not state them. These come closest: what it says, and what to publish.",
            actions=self._brand_buttons(
                ("answers {}", "Read answers"), ("brief {}", "What to do?")
            ),
        )

    def _price(self) -> Plan | None:
        """Return a plan with a button for a check, which shows its price before it asks."""
        return self._offer(
            "A check shows its price first",
            "It is asked only after your yes.",
            (f"check {self._brand_words}".strip(), "Show the price"),
        )

    def _certain(self) -> Plan | None:
        """Return a plan for how certain a change is: the alert that the question means, or buttons
        to choose one of several.

        When no open alert fits, the plan says so and has buttons for what an alert would notice and
        what changed. None when there is one alert and the chat does not offer ``alerts show``.
        """
        alerts = self._meant_alerts()
        if len(alerts) == 1:
            return self._plan_command("alerts show", alert=str(alerts[0].id))
        if alerts:
            return self._ask_which_alert(alerts, "alerts show {}", "Of which open alert?")
        return Plan(
            title="No alert is open",
            text="An alert comes only for a change that chance alone hardly explains.",
            actions=self._buttons(
                (f"power {self._brand_words}".strip(), "What I would notice"),
                ("changes", "What changed"),
            ),
        )

    def _snooze(self) -> Plan | None:
        """Return a plan with buttons that put an alert aside.

        For a time in the question with a coming day ("until Monday"), the buttons are: until then,
        and for a week. None for any other time. Without a time, they are: for a day, for a week,
        and until the next update. If several alerts may be meant, the plan asks which.
        """
        spans = [("1d", "For a day"), ("1w", "For a week"), ("update", "Until the next update")]
        period = self._parsed.period
        if period and period.ahead:
            until, label = period.ahead.isoformat(), f"Until {_short_date(period.ahead)}"
            if period.at:
                until, label = f"{until}T{period.at:%H:%M}", f"{label}, {period.at:%H:%M}"
            spans = [(until, label), spans[1]]
        elif period:
            return None
        return self._alert_buttons(
            "Put it aside?" if period else "Put it aside for how long?",
            *((f"alerts snooze {{}} --for {span}", label) for span, label in spans),
        )

    def _take(self) -> Plan | None:
        """Return a plan with a button that assigns the alert to the person who clicks."""
        return self._alert_buttons("Take care of it?", ("alerts acknowledge {}", "I'll take it"))

    def _close(self) -> Plan | None:
        """Return a plan with a button that closes the alert."""
        return self._alert_buttons("Put it away?", ("alerts close {}", "Not interesting"))

    def _reopen(self) -> Plan | None:
        """Return a plan with a button that opens an alert again: the one with the number in the
        question, else that of the thread. Without either, it is the list of alerts.
        """
        if not self._situation.thread_alert and not self._parsed.alert:
            return self._plan_command("alerts list")
        return self._alert_buttons("Open it again?", ("alerts reopen {}", "Open it again"))

    def _ourdoing(self) -> Plan | None:
        """Return a plan with a button that closes an alert as caused by the team itself.

        The cause is left out where the command cannot take it.
        """
        spec = self._situation.commands.get("alerts close")
        why = " --why ours" if spec and any(o.name == "why" for o in spec.options) else ""
        return self._alert_buttons(
            "Was it your own doing?", (f"alerts close {{}}{why}", "It was us")
        )

    def _check(self) -> Plan | None:
        """Return a plan with a button that asks the models again, after a yes to the price.

        In an alert's thread, a question without brands and models has that alert checked again.
        Otherwise the brand of the question is checked, at the first model that it names or at all.
        For a time after today, the plan offers a schedule instead; in an alert's thread, to put the
        alert aside (None without a coming day).
        """
        period, today = self._parsed.period, self._situation.today
        thread_alert = self._situation.thread_alert
        is_for_later = period is not None and (period.until or (period.ahead or today) > today)
        if is_for_later and thread_alert:
            return self._snooze()
        if is_for_later:
            return self._offer("When shall I ask?", "", ("schedules add", "When I ask"))
        named_models = self._model_ids if self._parsed.models else []
        if thread_alert and not self._parsed.brands and not named_models:
            words = f"alerts recheck {thread_alert.id}"
        else:
            words = f"check {self._brand_words}".strip()
            words += f" --model {quoted(named_models[0])}" if named_models else ""
        return self._offer(
            "Ask the models again?",
            "You see the price before anything is asked.",
            (words, "Show the price"),
        )

    def _configure(self) -> Plan | None:
        """Return a plan with buttons that open forms to change what the question names.

        Each form belongs to a concept of the question (``en.toml`` lists the words of each):
        ``recurring`` ("every week"), ``restate`` ("it says", "is wrong"), ``reroute`` ("send to"),
        ``who`` ("which company"). The buttons are in the order of the table below; for a wish to
        remove something, the forms that remove come first. The same button appears once. If the
        question has none of the concepts, the forms of competitors, facts and schedules are
        offered.
        """
        concepts, brand = self._parsed.concepts, self._brand_words
        channel_alerts = (f"routes add {brand}", "Alerts into this channel")
        if {"off", "neg"} & concepts:
            channel_alerts = ("routes remove", "No alerts in this channel")
        forms = [
            *([("rival", f"brands edit {brand}", "Competitors")] if self._rivals else []),
            ("recurring", "schedules add", "When I ask"),
            ("replan", "schedules add", "When I ask"),
            ("competitors", f"brands edit {brand}", "Competitors"),
            ("new_rivals", f"brands edit {brand}", "Competitors"),
            ("questions", "prompts add", "Add a question"),
            ("facts", "facts add", "Add a fact"),
            ("facts", "facts edit", "Correct a fact"),
            ("restate", "facts edit", "Correct a fact"),
            ("topic", "facts add", "Add a fact"),
            ("topic", "facts edit", "Correct a fact"),
            ("schedule", "schedules add", "When I ask"),
            ("check", "schedules add", "When I ask"),
            ("reroute", *channel_alerts),
            ("channel", *channel_alerts),
            ("reroute", "routes list", "Where alerts go"),
            ("rebudget", "budget set", "Budget"),
            ("who", "brands add", "Add a brand"),
        ]
        if "removal" in concepts:
            forms = [
                ("competitors", f"brands edit {brand}", "Competitors"),
                ("questions", "prompts remove", "Remove a question"),
                ("facts", "facts remove", "Remove a fact"),
                *forms,
            ]
        default_concepts = {"competitors", "facts", "schedule"}
        named = [(words.strip(), label) for concept, words, label in forms if concept in concepts]
        default = [
            (words.strip(), label) for concept, words, label in forms if concept in default_concepts
        ]
        return self._offer(
            "You can change that here",
            "A form opens; nothing changes before you send it.",
            *dict.fromkeys(named or default),
        )

    def _export(self) -> Plan | None:
        """Return a plan with buttons for the report and all answers as files.

        For a recurring export ("every week"), it has a button for a summary on certain days
        instead.
        """
        brand = self._brand_words
        if "recurring" in self._parsed.concepts:
            return self._offer(
                "A summary on its days",
                "A form opens; nothing changes before you send it.",
                ("summary set", "When and where"),
            )
        return self._offer(
            "As a file",
            "I can put it here, to be sent on.",
            (f"report {brand}".strip() + " --share", "The report as a page"),
            ("export answers", "All answers as a table"),
        )

    def _audit(self) -> Plan | None:
        """Return a plan with a button for the list of who changed what, which admins may read."""
        return self._offer(
            "I keep who changed what", "Admins can read it.", ("audit", "Who changed what")
        )

    def _access(self) -> Plan | None:
        """Return a plan with buttons for the rights of people, which only admins can change."""
        return self._offer(
            "Who may do what",
            "Admins decide it, here in the chat.",
            ("access list", "Who may do what"),
            ("access grant", "Give a right"),
        )

    def _quiet(self) -> Plan | None:
        """Return a plan with buttons for where alerts are posted; its forms also have the hours
        without alerts.
        """
        return self._offer(
            "Alerts keep quiet hours",
            "They are part of where alerts go.",
            ("routes add", "Alerts into this channel"),
            ("routes list", "Where alerts go"),
        )

    def _ask_models(self) -> Plan | None:
        """Return a plan with a button that asks the person's own question, after a yes to the
        price.

        It is asked of the models that the question names, else of all, and does not count in the
        results. If its command is longer than `MAX_COMMAND_CHARS`, the button opens an empty form
        for the question instead.
        """
        models = "".join(f" --model {quoted(model)}" for model in self._model_ids)
        words = f"ask {quoted(self._parsed.topic)}{models}"
        fits_button = len(words) <= MAX_COMMAND_CHARS
        return self._offer(
            "Ask this once?",
            "You see the price before anything is asked. It does not count in your results.",
            (words, "Show the price") if fits_button else ("ask", "Ask a question"),
        )

    def _alert_buttons(self, title: str, *pairs: tuple[str, str]) -> Plan | None:
        """Return a plan with buttons for the alert that the question means.

        If it may mean several alerts, the plan asks which one: up to `SHOWN_CHOICES` buttons run
        the first command for one alert each. If it means no open alert, the plan says so and has a
        button for what changed.

        Args:
            pairs: For each button, the words of its command, such as ``alerts close {}`` with
                ``{}`` for the alert's number, and its label; at least one.
        """
        alerts = self._meant_alerts()
        if not alerts:
            return Plan(
                title="No alert is open" + self._at_models(),
                text="So there is nothing to do here.",
                actions=self._buttons(("changes", "What changed")),
            )
        if len(alerts) > 1:
            words, label = pairs[0]
            return self._ask_which_alert(alerts, words, f"{label}: which alert do you mean?")
        alert = alerts[0]
        described = f"{alert.brand or 'The whole category'} at {alert.name}"
        return Plan(
            title=title,
            text=described if alert.name else "This alert",
            actions=self._buttons(*((words.format(alert.id), label) for words, label in pairs)),
        )

    def _offer(self, title: str, text: str, *pairs: tuple[str, str]) -> Plan:
        """Return a plan with a button for each pair of words and label, the first emphasized."""
        return Plan(title=title, text=text, actions=self._buttons(*pairs, primary=True))

    def _brand_buttons(self, *pairs: tuple[str, str]) -> tuple[Action, ...]:
        """Return buttons about the brand of the question.

        When the brand is not clear, these are the report and the overview of all brands instead.

        Args:
            pairs: For each button, the words of its command, such as ``report {}`` with ``{}`` for
                the brand, and its label. None given: the report and the course of the brand.
        """
        brand = self._brand_words
        if not brand:
            return self._buttons(("report", "Report"), ("status", "Overview"))
        chosen = pairs or (("report {}", "Report"), ("trend {}", "Over time"))
        return self._buttons(*((words.format(brand), label) for words, label in chosen))


def _short_date(day: date) -> str:
    """Return a day with its weekday, such as ``Mon 3 Mar``."""
    return f"{day:%a} {day.day} {wording.MONTHS[day.month - 1]}"
