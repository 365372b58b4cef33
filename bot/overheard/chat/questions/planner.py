"""From what a question asks for to a command, or to buttons. Pure.

Only commands that read are carried out. What costs or changes something is offered as a button.
"""

from __future__ import annotations

from dataclasses import replace

from overheard.chat.questions.offers import Offers
from overheard.chat.questions.parsed_question import ParsedQuestion
from overheard.chat.questions.resolution import Plan
from overheard.chat.questions.situation import Situation

_METHODS = {"models": "_model_list", "alerts": "_alert_list"}
"""The methods of intents whose names mean something else there."""
_MAY_NAME_FUTURE = frozenset(
    {"snooze", "take", "close", "next_check", "price", "check", "configure", "todo"}
)
"""Intents of questions that may name a time that is still to come."""
_MAY_NAME_ALERT = frozenset(
    {"why", "alerts", "snooze", "take", "close", "reopen", "ourdoing", "certain", "check", "quiet"}
    | {"answers", "said_before", "happened", "rivals_moved"}
)
"""Intents of questions that may name an alert by its number."""
_SHOWN_BY_ALERT = frozenset({"standing", "metric", "changes", "last_check", "todo"})
"""Intents of questions that the alert answers when they name it by its number."""
_METRICS_OF_VERSUS = frozenset({"visibility", "first_choice", "top1"})
"""The metrics that ``trend --show versus`` compares."""
_TIMELESS = frozenset(
    {"hello", "thanks", "help", "models", "facts", "questions", "brands", "power"}
)
"""Intents of questions that name no time."""


def plan_answer(parsed: ParsedQuestion, situation: Situation) -> Plan | None:
    """Return how an understood question is answered.

    None when no answer covers it, or the chat does not offer the command.

    Args:
        parsed: The question, with its intent.
        situation: The state of the deployment.
    """
    return _Planner(parsed, situation).plan()


class _Planner(Offers):
    """Plans the answer by the method of the question's intent."""

    def plan(self) -> Plan | None:
        """Return the plan of the method for the question's intent, with the notes of this planner
        before those of the plan.

        A question that asks for a state and names an alert's number shows that alert.

        None when there is no method for the intent, the method finds no plan, or the question says
        more than a plan can answer: a time still to come, a period for an intent without time, what
        several models say or recommend, or an alert's number for an intent that takes none.

        This changes `_parsed`: a comparison with an earlier time ("better than last month?") loses
        the end of its period, unless competitors are named.
        """
        intent = self._parsed.intent
        period = self._parsed.period
        if period and {"compare", "ahead", "behind"} & self._parsed.concepts and not self._rivals:
            # "are we doing better than last month?" is about the time since then
            self._parsed = replace(self._parsed, period=replace(period, end=None))
        if self._names_future() and intent not in _MAY_NAME_FUTURE:
            return None
        if self._period_bound and intent in _TIMELESS:
            return None
        is_about_brand = self._parsed.brands or self._parsed.we
        compares_models = len(self._parsed.models) > 1 and not is_about_brand
        if compares_models and {"say", "recommended"} & self._parsed.concepts:
            return None
        if self._parsed.alert and intent not in _MAY_NAME_ALERT:
            return self._alert_list() if intent in _SHOWN_BY_ALERT else None
        method = getattr(self, _METHODS.get(intent, f"_{intent}"), None)
        found: Plan | None = method() if method else None
        return replace(found, notes=(*self._notes, *found.notes)) if found else None

    def _names_future(self) -> bool:
        """Return whether the question names a deadline, a time still to come, or a time of day."""
        period = self._parsed.period
        if period is None:
            return False
        return period.until or period.future(self._situation.today) or period.at is not None

    # What is said of the brands.

    def _standing(self) -> Plan | None:
        """Return a plan for how the named brands are doing.

        The first of these that applies:

        - Competitors named together with "us" or a tracked brand: a comparison.
        - Several competitors, and a model or a period: None.
        - A model, or a period other than today: the course of visibility.
        - Otherwise the newest report of the named brands, or of all when none is named.
        """
        brands, rivals, period = self._parsed.brands, self._rivals, self._parsed.period
        names_own = self._parsed.we or len(rivals) < len(brands)
        if rivals and names_own:
            return self._versus()
        if len(rivals) > 1 and (self._parsed.models or self._period_bound):
            return None
        is_about_today = period is not None and period.start == self._situation.today
        if self._parsed.models or (self._period_bound and not is_about_today):
            return self._trend("visibility")
        return self._plan_command("report", brands=tuple(brands), since="")

    def _progress(self) -> Plan | None:
        """Return a plan for whether a brand does better than the named competitor, or without one,
        than before.
        """
        return self._versus() if self._rivals else self._trend("visibility")

    def _by_model(self) -> Plan | None:
        """Return a plan for how models differ in their answers; None for a period or
        a competitor.
        """
        if self._period_bound or self._rivals:
            return None
        return self._plan_for_brand(
            "report", many=True, since="", details=bool(self._parsed.metric)
        )

    def _metric(self) -> Plan | None:
        """Return a plan for a metric.

        It is a comparison for several brands, or for "us" and competitors. Otherwise shares of
        voice have a command of their own, and any other metric is shown as its course for one
        brand. A question without a metric is about visibility.
        """
        if len(self._parsed.brands) > 1 or (self._parsed.we and self._rivals):
            return self._versus()
        if self._parsed.metric == "share_of_voice":
            return self._share()
        return self._trend(self._parsed.metric or "visibility")

    def _share(self) -> Plan | None:
        """Return a plan for shares of voice of all brands."""
        return self._plan_for_brand("trend", show="voice")

    def _versus(self) -> Plan | None:
        """Return a plan that compares the brand with the competitors that are named.

        Shares of voice are shown for all brands, also where one is named. Without a competitor, a
        question about "us" in a period shows our course, and any other question who is ahead. None
        for several competitors without "us", and when the chat does not offer the command.
        """
        if self._parsed.metric == "share_of_voice":
            return self._share()
        rivals = self._rivals
        metric = self._parsed.metric or "visibility"
        if not rivals:
            is_about_us = self._parsed.we and not {"who", "competitors"} & self._parsed.concepts
            asks_over_time = self._period_bound and not self._asks_how_often_of_one()
            return self._trend(metric) if is_about_us and asks_over_time else self._leader()
        if not self._parsed.we and len(rivals) > 1:
            return None
        return self._against(rivals, metric)

    def _against(self, rivals: list[str], metric: str) -> Plan | None:
        """Return a plan that compares a metric of the brand with some competitors.

        The first of these that applies:

        - One competitor, and a metric that ``trend --show versus`` compares: that command.
        - A period, and visibility: shares of voice.
        - A period, or one competitor at one model: the brand's own course, with a note.
        - Otherwise the report, with details for other metrics than visibility.

        This changes `_parsed`, which is about "us" afterwards, and may add to `_notes`.

        Args:
            rivals: The names of the competitors; at least one.
            metric: The metric, such as ``visibility``.

        Returns:
            The plan; None when the chat does not offer the command.
        """
        self._parsed = replace(self._parsed, we=True)
        if metric in _METRICS_OF_VERSUS and len(rivals) == 1:
            return self._plan_for_brand("trend", show="versus", other=rivals[0])
        if self._period_bound and metric == "visibility":
            return self._share()
        if self._period_bound or (len(self._model_ids) == 1 and len(rivals) == 1):
            self._notes.append("This shows yours alone.")
            return self._trend(metric)
        return self._plan_for_brand("report", many=True, since="", details=metric != "visibility")

    def _leader(self) -> Plan | None:
        """Return a plan for which brand is ahead.

        The first of these that applies:

        - Several models without a brand, "us" or a metric: None.
        - Shares of voice: their command.
        - "How often" of one brand, without another metric: the course of how often it comes first.
        - A period: shares of voice.
        - Otherwise the report, with details for other metrics than visibility.
        """
        names_subject = self._parsed.we or self._parsed.brands or self._parsed.metric
        if len(self._parsed.models) > 1 and not names_subject:
            return None
        if self._parsed.metric == "share_of_voice":
            return self._share()
        metric = self._parsed.metric or "visibility"
        if metric == "visibility" and self._asks_how_often_of_one():
            return self._trend("top1")
        if self._period_bound:
            return self._share()
        return self._plan_for_brand("report", many=True, since="", details=metric != "visibility")

    def _asks_how_often_of_one(self) -> bool:
        """Return whether the question asks how often for a brand or "us": "how often are we
        first".

        False when it asks who, or about competitors.
        """
        concepts = self._parsed.concepts
        is_about_brand = bool(self._parsed.brands or self._parsed.we)
        return "often" in concepts and is_about_brand and not {"who", "competitors"} & concepts

    def _rivals_moved(self) -> Plan | None:
        """Return a plan for whether competitors moved too: the thread's alert, or shares
        of voice.
        """
        if self._situation.thread_alert:
            return self._plan_command("alerts show", alert=str(self._situation.thread_alert.id))
        return self._share()

    def _changes(self) -> Plan | None:
        """Return a plan for what changed.

        In an alert's thread, a question without a time shows that alert. Otherwise the plan shows
        the changes of the period, about all brands if none is named; or the list of alerts if the
        chat has no ``changes``.
        """
        if self._situation.thread_alert and not self._parsed.period:
            return self._plan_command("alerts show", alert=str(self._situation.thread_alert.id))
        if "changes" not in self._situation.commands:
            return self._plan_command("alerts list")
        brand = self._one_brand(optional=True)
        names = (brand,) if brand else ()
        return brand if isinstance(brand, Plan) else self._plan_command("changes", brands=names)

    def _happened(self) -> Plan | None:
        """Return a plan for what happened.

        The changes for a question in a period outside an alert's thread, and for one that no open
        alert fits. Otherwise the alert, or buttons to choose one of several.
        """
        is_about_period = self._period_bound and not self._situation.thread_alert
        return self._changes() if is_about_period or not self._meant_alerts() else self._why()

    def _why(self) -> Plan | None:
        """Return a plan for why something changed: the alert that the question means, or buttons to
        choose one of several.

        When no open alert fits, the plan says so and has buttons for the changes and the brand.
        None when there is one alert and the chat does not offer ``alerts show``.
        """
        alerts = self._meant_alerts()
        if len(alerts) == 1:
            return self._plan_command("alerts show", alert=str(alerts[0].id))
        if alerts:
            return self._ask_which_alert(
                alerts, "alerts show {}", "Which of the open alerts do you mean?"
            )
        return Plan(
            title="No alert is open" + self._at_models(),
            text="Nothing changed more than chance explains, so there is no cause to name.",
            actions=(*self._buttons(("changes", "What changed")), *self._brand_buttons()),
        )

    def _show(self) -> Plan | None:
        """Return a plan for a bare "show me".

        How the brands are doing if a brand, a model or a period is named; otherwise the answers
        behind the alert in whose thread the question was asked; None outside of such a thread.
        """
        if self._parsed.brands or self._parsed.models or self._period_bound:
            return self._standing()
        return self._answers() if self._situation.thread_alert else None

    def _when(self) -> Plan | None:
        return self._why() if self._situation.thread_alert else None

    def _answers(self) -> Plan | None:
        """Return a plan that shows sentences from the models' answers.

        The first of these that applies:

        - In an alert's thread, without a topic, brand or model: the answers behind that alert.
        - An alert by its number: the answers behind it.
        - A competitor together with "us" or another brand: a comparison for sentiment, else None.
        - Otherwise sentences about one brand and the topic; a word for costs means the topic
          ``price``.
        """
        names_something = self._parsed.topic or self._parsed.brands or self._parsed.models
        if self._situation.thread_alert and not names_something:
            return self._plan_command("evidence", alert=str(self._situation.thread_alert.id))
        if self._parsed.alert:
            return self._plan_command("evidence", alert=str(self._parsed.alert))
        topic = self._parsed.topic
        if not topic and "cost" in self._parsed.concepts:
            topic = "price"
        if len(self._parsed.brands) + self._parsed.we > 1 and self._rivals:
            return self._versus() if self._parsed.metric == "sentiment" else None
        return self._plan_for_brand("answers", about=topic)

    def _said_before(self) -> Plan | None:
        return self._answers() if self._situation.thread_alert else None

    def _drawbacks(self) -> Plan | None:
        """Return a plan for drawbacks: the course of how often they are named for "how often" or a
        period, otherwise the sentences that name them.
        """
        if "often" in self._parsed.concepts or self._period_bound:
            return self._trend("drawback")
        return self._plan_for_brand("answers", about="drawbacks")

    def _claims(self) -> Plan | None:
        return self._plan_for_brand("claims", days=self._days_back(30), about=self._parsed.topic)

    def _lost(self) -> Plan | None:
        """Return a plan for the questions that the brand loses or wins.

        The first of these that applies:

        - "We do worse than last month": the brand's course.
        - "Do competitors beat us?", without a word for questions: who is ahead.
        - One competitor against "us": the questions lost to it.
        - Several competitors against "us": the questions lost or won, with a note that the
          competitors are not shown.
        - Otherwise the questions won, for words such as "ahead" without one for a loss; else lost.

        Against competitors, this changes `_parsed`, which is about "us" afterwards.
        """
        concepts = self._parsed.concepts
        is_worse_over_time = {"behind", "howgo"} <= concepts and self._period_bound
        if is_worse_over_time and "questions" not in concepts:
            return self._progress()
        is_about_questions = bool({"questions", "answers", "where"} & concepts)
        if {"competitors", "lose"} <= concepts and not is_about_questions:
            return self._leader()
        is_named_instead = {"lose", "named"} <= concepts
        against_us = bool(self._rivals) and (self._parsed.we or is_named_instead)
        lost = against_us or bool({"lose", "neg"} & concepts)
        won = bool({"ahead", "first"} & concepts) and not lost
        if not against_us:
            return self._plan_for_brand("answers", show="questions", won=won)
        self._parsed = replace(self._parsed, we=True)
        if len(self._rivals) > 1:
            self._notes.append("This shows where you are named, not who is named instead.")
            return self._plan_for_brand("answers", show="questions", won=won)
        return self._plan_for_brand("answers", show="questions", against=self._rivals[0])

    def _won(self) -> Plan | None:
        return self._plan_for_brand("answers", show="questions", won=True)

    def _sources(self) -> Plan | None:
        return self._plan_for_brand("answers", show="sources")

    def _suggest(self) -> Plan | None:
        return self._plan_for_brand("brands suggest")

    def _todo(self) -> Plan | None:
        """Return a plan for what to do about a tracked brand.

        This removes competitors from the brands of `_parsed`.
        """
        own = tuple(name for name in self._parsed.brands if name in self._situation.own)
        self._parsed = replace(self._parsed, brands=own)
        return self._plan_for_brand("brief list")

    # The deployment.

    def _spend(self) -> Plan | None:
        """Return a plan for the spending, by model if the question is about models."""
        is_about_models = "models" in self._parsed.concepts or self._parsed.models
        return self._plan_command("spend", by="model" if is_about_models else "")

    def _digest(self) -> Plan | None:
        return self._plan_command("report", brands=self._parsed.brands, week=True)

    def _status(self) -> Plan | None:
        return self._plan_command("status")

    def _next_check(self) -> Plan | None:
        return self._plan_command("schedules list", timeless=True)

    def _last_check(self) -> Plan | None:
        return self._plan_command("runs list", timeless=True)

    def _updates(self) -> Plan | None:
        return self._plan_command("changes", show="updates", since="", until="", model="")

    def _model_list(self) -> Plan | None:
        return self._plan_command("models list")

    def _questions(self) -> Plan | None:
        """Return a plan for the list of questions that the models are asked, about the first named
        brand or all; in an alert's thread, for the questions that are lost or won.
        """
        if self._situation.thread_alert:
            return self._lost()
        return self._plan_command("prompts list", brand=self._first_brand)

    def _facts(self) -> Plan | None:
        return self._plan_command("facts list", brand=self._first_brand)

    def _brands(self) -> Plan | None:
        return self._leader() if self._parsed.models else self._plan_command("brands list")

    def _alert_list(self) -> Plan | None:
        """Return a plan for alerts.

        An alert by its number is shown by itself. For a period that does not begin today, the plan
        shows the changes in it, unless the question says "open". Otherwise it shows the list of
        alerts of the first named brand, or of all brands; only the open ones if the question says
        "open".
        """
        if self._parsed.alert:
            return self._plan_command("alerts show", alert=str(self._parsed.alert))
        state, period = "live" if "open" in self._parsed.concepts else "", self._parsed.period
        is_about_today = period is not None and period.start == self._situation.today
        if self._period_bound and not is_about_today and not state:
            return self._changes()
        return self._plan_command("alerts list", state=state, brand=self._first_brand)

    @property
    def _first_brand(self) -> str:
        """The first brand that the question names, or an empty string for all."""
        return next(iter(self._parsed.brands), "")

    def _routes(self) -> Plan | None:
        return self._plan_command("routes list")

    def _power(self) -> Plan | None:
        return self._plan_for_brand("power")
