"""Answers that are buttons: what costs or changes something happens by a click alone. Pure."""

from __future__ import annotations

from overheard.cards import wording
from overheard.cards.card import Action
from overheard.cards.command import quoted
from overheard.chat.questions.resolution import MAX_WORDS_CHARS, Plan, Resolution


class Offers(Resolution):
    """Plans answers with buttons, for questions that ask for something to be done."""

    def _why_level(self) -> Plan | None:
        """Return a plan for why a model rates the brand as it does: its alert, or buttons for its
        answers.

        None when the chat does not show alerts.
        """
        alerts = self._alerts()
        if self._situation.here or ("lose" in self._parsed.concepts and len(alerts) == 1):
            return self._run("alerts show", alert=str(alerts[0].id))
        return Plan(
            title="I do not know a model's reasons",
            text="It does not state them. These come closest: what it says, and what to publish.",
            actions=self._brand_buttons(
                ("answers list {}", "Read answers"), ("brief {}", "What to do?")
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
        """Return a plan for how certain a change is: its alert, or a button for each open alert.

        None when the chat does not show alerts.
        """
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

    def _snooze(self) -> Plan | None:
        """Return a plan with buttons that put an alert aside: until the time in the question, else
        for a choice of spans; None for a time in the past.
        """
        spans = [("1d", "For a day"), ("1w", "For a week"), ("update", "Until the next update")]
        period = self._parsed.period
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
        if not self._situation.here and not self._parsed.alert:
            return self._run("alerts list")
        return self._alert_buttons("Open it again?", ("alerts reopen {}", "Open it again"))

    def _ourdoing(self) -> Plan | None:
        """Return a plan with a button that closes an alert as caused by the team itself."""
        spec = self._situation.commands.get("alerts close")
        why = " --why ours" if spec and any(o.name == "why" for o in spec.options) else ""
        return self._alert_buttons(
            "Was it your own doing?", (f"alerts close {{}}{why}", "It was us")
        )

    def _check(self) -> Plan | None:
        """Return a plan with a button that asks the models again; for a later time, a reminder or a
        schedule.
        """
        period = self._parsed.period
        if period and (
            period.until or (period.ahead or self._situation.today) > self._situation.today
        ):
            if self._situation.here:
                return self._snooze()
            return self._offer("When shall I ask?", "", ("schedules plan", "When I ask"))
        model = self._models[:1] if self._parsed.models else []
        again = self._situation.here and not self._parsed.brands and not model
        words = f"check {self._brand_words}".strip()
        if model:
            words += f" --model {quoted(model[0])}"
        if again and self._situation.here:
            words = f"alerts recheck {self._situation.here.id}"
        return self._offer(
            "Ask the models again?",
            "You see the price before anything is asked.",
            (words, "Show the price"),
        )

    def _configure(self) -> Plan | None:
        """Return a plan with buttons that open forms for the records that the question names;
        without any named, for competitors, facts and schedules.

        The buttons are looked up by concept, as ``en.toml`` names the words of a question:
        ``recurring`` ("every week"), ``restate`` ("it says", "is wrong"), ``reroute`` ("send to"),
        ``who`` ("which company").
        """
        concepts, brand = self._parsed.concepts, self._brand_words
        here = (f"subscribe {brand}", "Alerts into this channel")
        if {"off", "neg"} & concepts:
            here = ("unsubscribe", "No alerts in this channel")
        wanted = [
            *([("rival", f"brands edit {brand}", "Competitors")] if self._rivals else []),
            ("recurring", "schedules plan", "When I ask"),
            ("replan", "schedules plan", "When I ask"),
            ("competitors", f"brands edit {brand}", "Competitors"),
            ("new_rivals", f"brands edit {brand}", "Competitors"),
            ("questions", "prompts add", "Add a question"),
            ("facts", "facts add", "Add a fact"),
            ("facts", "facts edit", "Correct a fact"),
            ("restate", "facts edit", "Correct a fact"),
            ("topic", "facts add", "Add a fact"),
            ("topic", "facts edit", "Correct a fact"),
            ("schedule", "schedules plan", "When I ask"),
            ("check", "schedules plan", "When I ask"),
            ("reroute", *here),
            ("channel", *here),
            ("reroute", "routes list", "Where alerts go"),
            ("rebudget", "budget set", "Budget"),
            ("who", "brands add", "Add a brand"),
        ]
        if "removal" in concepts:
            wanted = [
                ("competitors", f"brands edit {brand}", "Competitors"),
                ("questions", "prompts remove", "Remove a question"),
                ("facts", "facts remove", "Remove a fact"),
                *wanted,
            ]
        chosen = [(words.strip(), label) for name, words, label in wanted if name in concepts]
        usual = {"competitors", "facts", "schedule"}
        every = [(words.strip(), label) for name, words, label in wanted if name in usual]
        return self._offer(
            "You can change that here",
            "A form opens; nothing changes before you send it.",
            *dict.fromkeys(chosen or every),
        )

    def _export(self) -> Plan | None:
        """Return a plan with buttons for files; for a recurring export, for a scheduled summary."""
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
            (f"share {brand}".strip(), "The report as a page"),
            ("export answers", "All answers as a table"),
        )

    def _audit(self) -> Plan | None:
        """Offer the list of who changed what, which admins may read."""
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
        """Return a plan with buttons for where and when alerts are posted, hours without alerts
        among them.
        """
        return self._offer(
            "Alerts keep quiet hours",
            "They are part of where alerts go.",
            ("subscribe", "Alerts into this channel"),
            ("routes list", "Where alerts go"),
        )

    def _ask_models(self) -> Plan | None:
        """Return a plan with a button that asks the models the person's own question, once and
        outside of the results.
        """
        chosen = "".join(f" --model {quoted(model)}" for model in self._models)
        words = f"ask {quoted(self._parsed.topic)}{chosen}"
        short = len(words) <= MAX_WORDS_CHARS  # a longer question is typed into the form
        return self._offer(
            "Ask this once?",
            "You see the price before anything is asked. It does not count in your results.",
            (words, "Show the price") if short else ("ask", "Ask a question"),
        )

    def _alert_buttons(self, title: str, *pairs: tuple[str, str]) -> Plan | None:
        """Return a plan with buttons for the alert that the question means.

        For several alerts, the first command is offered for each of them; without an open alert,
        the plan says so.

        Args:
            title: The title of the card.
            pairs: The words of each command, with {} for the alert's number, and its label.
        """
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
            text=f"{alert.brand or 'The whole category'} at {alert.name}"
            if alert.name
            else "This alert",
            actions=self._buttons(*((words.format(alert.id), label) for words, label in pairs)),
        )

    def _offer(self, title: str, text: str, *pairs: tuple[str, str]) -> Plan:
        return Plan(title=title, text=text, actions=self._buttons(*pairs, primary=True))

    def _brand_buttons(self, *pairs: tuple[str, str]) -> tuple[Action, ...]:
        """Return buttons about the brand of the question; without a brand, those of all brands.

        Args:
            pairs: The command of each button, with ``{}`` for the brand, and its label; by
                default report and trend.
        """
        usual = (("report {}", "Report"), ("trend {}", "Over time"))
        brand = self._brand_words
        if not brand:
            return self._buttons(("report", "Report"), ("status", "Overview"))
        return self._buttons(*((words.format(brand), label) for words, label in pairs or usual))
