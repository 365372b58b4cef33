"""Looks for shifts and silent updates after a run, and tells the alerts of them; and the life of an
alert, as ``detection/decide.py`` decides it: raised, grown, eased, recovered.

What people do with an alert is in ``handling.py``; the states that events lead to are in
``alert_states.py``. Every change is one event, kept together with what channels are to be shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from overheard.alerts.evidence import (
    AlertPast,
    alert_explanation,
    last_said,
    measured_shift,
    read_pasts,
)
from overheard.alerts.handling import AlertLog
from overheard.alerts.history import HistoryReader, decision_sentence, judge_warning
from overheard.alerts.metric_wording import later_shift_phrase
from overheard.alerts.outbox import Routes, told_rivals
from overheard.alerts.phrases import statement_clause
from overheard.alerts.statements import StatementNews, StatementReader
from overheard.alerts.story import (
    PARTLY,
    AlertPart,
    Watch,
    alert_parts,
    model_alerts_of,
    parts_over,
    update_watched_models,
)
from overheard.cards import wording
from overheard.deployment import Call
from overheard.detection.confirmation import Occasion
from overheard.detection.decide import Decision, decide, decide_model
from overheard.detection.decision_inputs import (
    NO_HISTORY,
    AlertHistory,
    AlertPolicy,
    Comparison,
    JudgeCheck,
    ModelEvidence,
)
from overheard.detection.monitor import Monitor, Restart
from overheard.detection.placement import AlertAction, Placement, belongs_to, place
from overheard.detection.power import Learning
from overheard.detection.silent_updates import silent_updates
from overheard.detection.statement_shifts import add_statements
from overheard.detection.whole_model import (
    ModelChange,
    latest_model_change,
    model_shifts,
    sentence_of_change,
)
from overheard.domain import (
    BURST,
    WHOLE_MODEL,
    Alert,
    AlertEventKind,
    AlertState,
    Model,
    ModelUpdate,
    Run,
    RunKey,
    Shift,
)
from overheard.errors import AlertUnchanged
from overheard.interfaces import Clock, Store
from overheard.measure.blocks import Stream

MAX_NAMED_SHIFTS = 3
"""Shifts that a line in the thread names."""
BACK = "It is back where it was before."
REPORTED_ELSEWHERE = "Another message tells how it is now."


class Lifecycle(AlertLog):
    """Raises alerts and stores what the statistics find of them later."""

    def __init__(self, store: Store, routes: Routes, clock: Clock) -> None:
        super().__init__(store, clock)
        self._routes = routes

    @classmethod
    def of(cls, call: Call) -> Lifecycle:
        """Return the lifecycle of the alerts in a deployment's store, posted by the routes of its
        configuration.
        """
        untracked = [brand.name for brand in call.catalogue.brands if not brand.tracked]
        rivals: dict[str, set[str]] = {name: set() for name in untracked}
        rivals |= told_rivals(call.catalogue, call.config.routes)
        routes = Routes(call.config.routes, call.scoring.metrics, rivals)
        return cls(call.store, routes, call.clock)

    async def raise_alert(self, alert: Alert) -> tuple[Alert, bool]:
        """Store an alert's shifts as a new alert with a delivery to each of its channels, or in an
        earlier alert of the brand, which grows, eases or recovers. `placement.place` decides which.

        If an earlier alert has reported this model and run, nothing is added to it. Other open
        alerts that the shifts take back recover. When an alert is closed at the same time, the
        shifts are placed again.

        Args:
            alert: A new alert without a number; its shifts are of one brand (or of one model as a
                whole), model and run.

        Returns:
            The stored alert that reports the shifts, and whether it is new.
        """
        while True:
            earlier = await self._store.alerts.find(brand=alert.shift.brand)
            placement = place((alert.shift, *alert.also), earlier, alert.opened_at)
            with contextlib.suppress(AlertUnchanged):  # it was closed just now
                kept, is_new = await self._store_placed(alert, placement, earlier)
                break
        for number in placement.recovers:
            if number != placement.alert:
                with contextlib.suppress(AlertUnchanged):  # another process was quicker
                    await self.recover(number, REPORTED_ELSEWHERE)
        return kept, is_new

    async def _store_placed(
        self, alert: Alert, placement: Placement, earlier: Sequence[Alert]
    ) -> tuple[Alert, bool]:
        """Carry out the placement of an alert's shifts among earlier alerts of the brand."""
        shifts = (alert.shift, *alert.also)
        match placement.action:
            case AlertAction.KEEP:
                return next(old for old in earlier if old.id == placement.alert), False
            case AlertAction.GROW:
                return await self.grow(placement.alert, shifts), False
            case AlertAction.EASE:
                back = [replace(shift, recovery=True) for shift in shifts]
                note, eased = self._shifts_sentence(shifts), AlertEventKind.EASED
                changed = await self.add_event(placement.alert, eased, note=note, shifts=back)
                return changed, False
            case AlertAction.RECOVER:
                return await self.recover(placement.alert, BACK, shifts=shifts), False
        new = replace(alert, follows=placement.follows)
        is_reported = await self._is_reported_elsewhere(new, earlier)
        deliveries = [] if is_reported else self._routes.deliveries(new, self._clock.now())
        return await self._store.alerts.add(new, deliveries)

    async def _is_reported_elsewhere(self, alert: Alert, earlier: Sequence[Alert]) -> bool:
        """Return whether a model-wide alert reports a change that an earlier alert on another model
        has reported already, because all models moved at the same time; `belongs_to` compares the
        times of their runs. False for an alert on a brand.
        """
        if not (alert.of_model and earlier):
            return False
        starts = await self._store.runs.starts()
        return belongs_to(alert, earlier, starts) is not None

    async def grow(self, number: int, shifts: Sequence[Shift]) -> Alert:
        """Add further shifts to an alert, and return the changed alert. The event is GREW, or
        RELAPSED if the alert had recovered; the alert's state becomes GROWING. A part that is over
        and of which none of the shifts is stays over.

        Args:
            shifts: The further shifts, all of one run; at least one. Shifts that the alert has
                already for this brand and run are left out. If none is left, nothing is stored.

        Raises:
            AlertUnchanged: when a person has closed the alert.
        """
        alert = await self.find(number)
        has_recovered = alert.state is AlertState.RECOVERED
        over = parts_over(await self._store.alerts.events(number))
        over = alert_parts(alert) if has_recovered else over
        what = AlertEventKind.RELAPSED if has_recovered else AlertEventKind.GREW
        changed = await self.add_event(
            number, what, note=self._shifts_sentence(shifts), shifts=shifts
        )
        still_over = over - alert_parts(Alert(shifts[0], alert.opened_at, tuple(shifts)))
        if changed.revision > alert.revision and still_over:
            note = PARTLY[next(iter(still_over))]
            return await self.add_event(number, AlertEventKind.CONTINUED, note=note)
        return changed

    def _shifts_sentence(self, shifts: Sequence[Shift]) -> str:
        """Return a sentence for an alert's thread on what a model does since some shifts: ``The
        model names it less.`` It has no figures, which the message above has in its own unit.
        """
        named = [shift for shift in shifts if shift.brand != WHOLE_MODEL][:MAX_NAMED_SHIFTS]
        has_several_brands = len({shift.brand for shift in named}) > 1
        phrases = []
        for shift in named:
            if shift.statement:
                phrases.append(statement_clause(shift.statement).removeprefix("it "))
            else:
                metric = self._routes.metrics.get(shift.metric)
                subject = shift.brand if has_several_brands else "it"
                phrases.append(later_shift_phrase(shift, metric, subject))
        return f"The model {wording.listing(phrases)}."

    async def recover(
        self,
        number: int,
        note: str,
        part: AlertPart = AlertPart.METRICS,
        shifts: Sequence[Shift] = (),
    ) -> Alert:
        """Store that a part of an alert is over: its metrics are back, or its statements are gone.
        Return the changed alert.

        When all that the alert has reported is over, a RECOVERED event ends it. While another part
        goes on, an EASED event says which part is over. If this was stored before, nothing is
        stored again, and the alert is returned as it is.

        Args:
            number: The alert's number.
            note: Why the part is over, as a sentence; shown with a RECOVERED event only.
            shifts: The shifts of one run that take the change back; they are added to the alert.
        """
        alert = await self.find(number)
        over = parts_over(await self._store.alerts.events(number))
        back = [replace(shift, recovery=True) for shift in shifts]
        is_last_part = alert_parts(alert) <= over | {part}
        if is_last_part or alert.state.over:  # of an alert that is over, the event is refused
            return await self.add_event(
                number, AlertEventKind.RECOVERED, note=note, shifts=back, even_if_reported=True
            )
        if part in over:
            return alert
        return await self.add_event(
            number, AlertEventKind.EASED, note=PARTLY[part], shifts=back, even_if_reported=True
        )

    async def brand_is_back(self, number: int, brand: str) -> Alert:
        """Store, with an EASED event, that one brand is back at its level before the model-wide
        change, which goes on for the other brands. Return the changed alert.

        If this was stored since the alert was raised, grew or happened again, nothing is stored a
        second time, and the alert is returned as it is.
        """
        note = f"{brand} is back where it was before."
        alert = await self.find(number)
        for event in reversed(await self._store.alerts.events(number)):
            if event.what in {AlertEventKind.GREW, AlertEventKind.RELAPSED}:
                break
            if event.note == note:
                return alert
        return await self.add_event(number, AlertEventKind.EASED, note=note)


log = logging.getLogger("overheard")

COMPARED_RUNS = 12
"""With how many earlier runs the replies of a run are compared, to see who served them."""

AlertListener = Callable[[Alert], Awaitable[None]]
"""Called with each alert that is new."""
CheckJudge = Callable[[Shift], Awaitable[JudgeCheck | None]]
"""Has old answers judged again; None where that is not possible."""


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """The result of the detection of shifts in a run.

    Attributes:
        alerts: The stored alerts that report the run; the same when the run is analysed again.
        compared: Whether there were earlier runs to compare the run with.
        learning: How far the shortest baseline is, or None when all are long enough.
        doubts: Sentences on shifts that the judge itself caused and that raise no alert.
        categories: Sentences on the models that changed as a whole with the run, where the
            configuration raises no alert of a model.
    """

    alerts: tuple[Alert, ...]
    compared: bool
    learning: Learning | None = None
    doubts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(eq=False)
class DetectionService:
    """Analyses each run as it comes in.

    Attributes:
        history: Reads the past of brands.
        lifecycle: Raises the alerts.
        listener: Called with each new alert.
        check_judge: Scores old answers again for each shift before its report; None for no check.
        statements: Reads false claims and grave sentences; None reports no statements.
    """

    history: HistoryReader
    lifecycle: Lifecycle
    listener: AlertListener | None = None
    check_judge: CheckJudge | None = None
    statements: StatementReader | None = None

    def __post_init__(self) -> None:
        self._store = self.history.store

    async def detect(self, run: Run, brands: Iterable[str], now: datetime) -> DetectionResult:
        """Analyse a run and carry out the decisions. Analysing a run again raises no second alert.

        In this order: model updates that show in the replies are stored; model-wide changes are
        reported; shifts, returns and statements of each brand are reported; and the messages of the
        other open alerts at the models of the run are brought up to date. Alerts are stored with
        their deliveries, and the listener is called with each new alert.

        Args:
            run: The run; all earlier runs are its past.
            brands: Names of the brands to analyse.
            now: Time of new alerts.
        """
        for update in await self._silent_updates(run):
            await self._store.updates.add(update)
        updates = await self._store.updates.find()
        streams = await self.history.visibility_streams(until=run.started_at)
        key = RunKey(run.started_at, run.id)
        asked = {stream.key.model for stream in streams if stream.runs and stream.runs[-1] == key}
        model_alerts, categories = await self._report_model_changes(
            run, streams, sorted(asked), updates, now
        )
        if run.label == BURST and run.panel:  # which says nothing of a model as a whole
            asked.update(run.panel.models)
        brands, restarts = list(brands), await self.history.restarts(run.started_at)
        results = [await self._detect_brand(run, brand, updates, restarts, now) for brand in brands]
        history = self.history
        await self._update_open_alerts(run, brands, asked)
        own = [one for name, one in zip(brands, results, strict=True) if name not in history.rivals]
        short_baselines = [result.learning for result in own if result.learning]
        return DetectionResult(
            alerts=(*model_alerts, *(alert for result in results for alert in result.alerts)),
            compared=any(result.compared for result in results),
            learning=min(short_baselines, key=lambda learning: learning.runs, default=None),
            doubts=tuple(doubt for result in results for doubt in result.doubts),
            categories=tuple(categories),
        )

    async def _update_open_alerts(
        self, run: Run, brands: Collection[str], asked: Collection[Model]
    ) -> None:
        """Bring the messages of open alerts up to date after a run. An alert to which the run
        itself added a shift is left out, and so is one that a person closes during this.
        """
        history, store = self.history, self._store
        alerts = [
            alert
            for alert in await store.alerts.find(live=True)
            if alert.of_model or alert.shift.brand in brands
            if alert.shift.model in asked
            if not any(shift.run_id == run.id for shift in alert.moved)
        ]
        if not alerts:
            return
        pasts = await read_pasts(
            store, history.catalogue, history.versions, alerts, until=run.started_at
        )
        for alert in alerts:
            with contextlib.suppress(AlertUnchanged):  # a person has closed it just now
                await self._update_open_alert(alert, pasts[alert.id])

    async def _update_open_alert(self, alert: Alert, past: AlertPast) -> None:
        """Store what a run shows of an open alert, as at most two events."""
        store = self._store
        events = await store.alerts.events(alert.id)
        has_joined = any(event.what is AlertEventKind.JOINED for event in events)
        if past.model_alert and not has_joined:
            await self.lifecycle.add_event(alert.id, AlertEventKind.JOINED)
        explanation = await asyncio.to_thread(alert_explanation, alert, past)
        has_returned = AlertPart.METRICS in parts_over(events)  # a return says nothing of a cause
        if explanation and not has_returned and explanation.differs_from(last_said(alert, events)):
            words = explanation.words
            await self.lifecycle.add_event(alert.id, AlertEventKind.REVISED, note=words)
            return
        deliveries = await store.deliveries.find(alert_id=alert.id)
        if any(":" in delivery.channel for delivery in deliveries):  # ``platform:id``
            # So that the message is edited to the latest figures.
            await self.lifecycle.add_event(alert.id, AlertEventKind.CONTINUED)

    async def _report_model_changes(
        self,
        run: Run,
        streams: Sequence[Stream],
        asked: Sequence[Model],
        updates: Sequence[ModelUpdate],
        now: datetime,
    ) -> tuple[list[Alert], list[str]]:
        """Report the model-wide changes, before their brands are analysed, because the shifts of
        brands that belong to such a change raise no alert of their own.

        When a model is back as a whole, alerts on its brands that belong to the recovered alert
        recover too. If only one brand is tracked, no model-wide alert is raised.
        """
        policy, key = self.history.policy, RunKey(run.started_at, run.id)
        per_year = policy.models_per_year or policy.false_alarms_per_year

        def latest_changes() -> dict[Model, tuple[ModelChange, tuple[Shift, ...]]]:
            """Return the latest model-wide change of each asked model, with its shifts; models
            without a change are left out.
            """
            latest = {model: latest_model_change(model, streams, per_year) for model in asked}
            return {
                model: (change, model_shifts(change, streams, key, updates))
                for model, change in latest.items()
                if change
            }

        changes = await asyncio.to_thread(latest_changes)
        if not policy.models_per_year:
            return [], [
                sentence_of_change(change, str(model), per_year)
                for model, (change, _) in changes.items()
                if change.run == key
            ]
        history = await self._alert_history(WHOLE_MODEL) if changes else NO_HISTORY
        decisions = [decide_model(*found, key, policy, history) for found in changes.values()]
        raised = []
        for decision in filter(None, decisions):
            raised.append(await self._carry_out_decision(run, decision, now))
            if decision.placement.action is AlertAction.RECOVER:
                await self._recover_covered_alerts(decision)
        return list(filter(None, raised)), []

    async def _detect_brand(
        self,
        run: Run,
        brand: str,
        updates: Sequence[ModelUpdate],
        restarts: Sequence[Restart],
        now: datetime,
    ) -> DetectionResult:
        """Analyse all streams of a brand together, because the rate of false alarms is promised for
        each brand, and carry out the decisions: alerts are stored, and so are the models at which a
        change is suspected. Return the result for this brand.

        Before a shift is reported, the judge may score old answers again, at its cost.
        """
        replay = await self.history.extend(brand, updates, run, restarts, now)
        evidence = replay.monitor.evidence.get(run.id, ())
        has_moved = any(
            model_evidence.returned or any(stream.shift for stream in model_evidence.streams)
            for model_evidence in evidence
        )
        history = await self._alert_history(brand) if has_moved else NO_HISTORY
        decisions = [
            await self._decide_with_judge(one, replay.monitor.policy, history) for one in evidence
        ]
        asked = {decision.model for decision in decisions}
        watched = {one.model: Watch(one.watched) for one in decisions if one.watched}
        watched |= {
            model: _watch(replay.monitor, model, occasion, since, rare=model in watched)
            for model, (occasion, since) in replay.monitor.occasions().items()
            if model in asked
        }
        await update_watched_models(self._store, brand, asked, watched, now)
        if owners := self.history.rivals.get(brand):  # a brand's own alert names who gained
            live = [
                one
                for one in await self._store.alerts.find(live=True)
                if AlertPart.METRICS in alert_parts(one)
            ]
            told = {one.shift.model for one in live if not owners.isdisjoint(one.brands)}
            raising = {d.model for d in decisions if d.placement.action is AlertAction.RAISE}
            decisions = [one for one in decisions if one.model not in told & raising]
        decisions, alerts, denied = await self._report_brand(run, brand, decisions, now)
        metrics = self.history.metrics
        doubts = [
            judge_warning(decision, silence, metrics)
            for decision in decisions
            for silence in decision.silences
        ]
        return DetectionResult(
            alerts=tuple(alerts),
            compared=len(replay.monitor.run_keys) > 1,
            learning=replay.monitor.learning(),
            doubts=(*filter(None, doubts), *denied),
        )

    async def _recover_covered_alerts(self, decision: Decision) -> None:
        """Recover the metrics of each open alert on a brand that belongs to the model-wide alert
        that recovers by a decision, if the brand has moved in the opposite direction. An alert that
        another process ends during this is left as it is.
        """
        changes = {shift.brand: shift.change for shift in decision.shifts}
        alerts = [alert for alert in await self._store.alerts.find(live=True) if not alert.of_model]
        model_alerts = await model_alerts_of(self._store, alerts)
        for alert in alerts:
            model_alert = model_alerts.get(alert.id)
            belongs = model_alert is not None and model_alert.id == decision.placement.alert
            change = changes.get(alert.shift.brand, 0.0)
            if belongs and change * measured_shift(alert).change < 0:
                with contextlib.suppress(AlertUnchanged):
                    await self.lifecycle.recover(alert.id, BACK)

    async def detect_statements(
        self, run: Run, brands: Iterable[str], now: datetime
    ) -> list[Alert]:
        """Report the false claims and grave sentences that are news as of a run, and no shifts of
        metrics. Open alerts whose statements were made again, or are gone, are updated or recover.

        Args:
            run: The latest run whose answers count.
            brands: Names of the brands.
            now: Time of new alerts.

        Returns:
            The alerts, new or grown, that report the statements, in the order of the brands.
        """
        alerts: list[Alert] = []
        for brand in brands:
            _, brand_alerts, _ = await self._report_brand(run, brand, [], now)
            alerts += brand_alerts
        return alerts

    async def _report_brand(
        self, run: Run, brand: str, decisions: Sequence[Decision], now: datetime
    ) -> tuple[list[Decision], list[Alert], tuple[str, ...]]:
        """Carry out the decisions about a brand together with the statements that are news: a
        statement and a shift at one model are one alert. Return the decisions, the alerts, and a
        sentence on each statement that is not told because a model has denied it.
        """
        news, alerts = StatementNews(), await self._store.alerts.find(brand=brand)
        if self.statements:
            news = await self.statements.news(run, brand, alerts)
        run_key = RunKey(run.started_at, run.id)
        all_decisions = add_statements(decisions, news.shifts, run_key, alerts)
        raised = [await self._carry_out_decision(run, decision, now) for decision in all_decisions]
        for number in news.continued:
            with contextlib.suppress(AlertUnchanged):  # another process was quicker
                await self.lifecycle.add_event(number, AlertEventKind.CONTINUED)
        for number, note in news.ended:
            with contextlib.suppress(AlertUnchanged):
                await self.lifecycle.recover(number, note, AlertPart.STATEMENTS)
        return all_decisions, list(filter(None, raised)), news.doubts

    async def _alert_history(self, brand: str) -> AlertHistory:
        """Return the stored alerts of a brand and the model-wide alerts, in all states, the
        newest first, and the start of each run.
        """
        starts = await self._store.runs.starts()
        alerts = self._store.alerts
        of_brand = await alerts.find(brand=brand)
        model_wide = await alerts.find(brand=WHOLE_MODEL)
        return AlertHistory(of_brand, starts, model_wide)

    async def _decide_with_judge(
        self, evidence: ModelEvidence, policy: AlertPolicy, history: AlertHistory
    ) -> Decision:
        """Return the decision about a brand at a model."""
        decision = decide(evidence, policy, history)
        if not decision.shifts or self.check_judge is None:
            return decision
        checks = {shift.metric: await self.check_judge(shift) for shift in decision.shifts}
        streams = [replace(stream, judge=checks.get(stream.metric)) for stream in evidence.streams]
        return decide(replace(evidence, streams=tuple(streams)), policy, history)

    async def _carry_out_decision(
        self, run: Run, decision: Decision, now: datetime
    ) -> Alert | None:
        """Store what a decision says, and log it. An alert that another process or a person has
        ended since is left as it is.
        """
        reason = decision_sentence(decision, self.history.metrics)
        level = logging.INFO if decision.shifts else logging.DEBUG
        log.log(level, "Run %s, %s at %s: %s", run.key, decision.brand, decision.model, reason)
        placement = decision.placement
        if not decision.shifts:
            if placement.action is AlertAction.RECOVER:
                for number in placement.recovers:
                    with contextlib.suppress(AlertUnchanged):  # another process was quicker
                        await self.lifecycle.recover(number, BACK)
            elif placement.action is AlertAction.EASE:
                with contextlib.suppress(AlertUnchanged):  # it is over
                    await self.lifecycle.brand_is_back(placement.alert, decision.brand)
            return None
        if placement.action is AlertAction.JOIN:
            with contextlib.suppress(AlertUnchanged):  # it is over
                number, shifts = placement.alert, decision.shifts
                await self.lifecycle.add_event(number, AlertEventKind.CONTINUED, shifts=shifts)
            return None
        head, *also = decision.shifts
        alert, is_new = await self.lifecycle.raise_alert(Alert(head, now, tuple(also)))
        if is_new and self.listener:
            await self.listener(alert)
        is_return = any(shift.run_id == run.id and shift.recovery for shift in alert.moved)
        return None if is_return else alert

    async def _silent_updates(self, run: Run) -> list[ModelUpdate]:
        """Return the unannounced updates of models that show in a run compared with up to
        `COMPARED_RUNS` runs before it, in served models and fingerprints. Runs outside of the
        brands' history do not count. Nothing is stored.
        """
        count = 1 + COMPARED_RUNS
        runs = await self._store.runs.find(aside=False, until=run.started_at, limit=count)
        compared = sorted(RunKey(earlier_run.started_at, earlier_run.id) for earlier_run in runs)
        served = await self._store.answers.served_models(runs=[key.id for key in compared])
        return [u for u in silent_updates(served, compared) if u.at == run.started_at]


def _watch(
    monitor: Monitor, model: Model, occasion: Occasion, since: Comparison | None, *, rare: bool
) -> Watch:
    """Return what is stored of an occasion to ask again."""
    runs = monitor.runs(model)
    return Watch.since(
        since,
        occasion.metric,
        opened=runs[occasion.row].at,
        looks=tuple(runs[row].at for row in occasion.looks),
        source=occasion.source,
        rare=rare,
        over=occasion.over,
    )
