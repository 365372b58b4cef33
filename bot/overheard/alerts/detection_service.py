"""Detection after a run, for which `detection/decide.py` decides: this fetches and carries out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from overheard.alerts.burst_planner import Suspicion, suspicions
from overheard.alerts.evidence import (
    AlertPast,
    alert_explanation,
    last_said,
    measured_shift,
    read_pasts,
)
from overheard.alerts.history import HistoryReader
from overheard.alerts.lifecycle import BACK, Lifecycle
from overheard.alerts.reasons import decision_sentence, judge_warning
from overheard.alerts.statements import StatementNews, StatementReader
from overheard.alerts.story import AlertPart, keep_watched, parts_over, wholes_of
from overheard.detection.decide import Decision, decide, decide_model
from overheard.detection.decision_inputs import NO_HISTORY, AlertHistory, JudgeCheck, ModelEvidence
from overheard.detection.learning import Learning
from overheard.detection.monitor import Restart
from overheard.detection.placement import AlertAction
from overheard.detection.silent_updates import (
    CONFIRMING_SESSIONS,
    MAX_STYLE_SESSIONS,
    MIN_STYLE_SESSIONS,
    compare_styles,
    silent_updates,
)
from overheard.detection.statements import add_statements
from overheard.detection.whole_model import (
    ModelChange,
    latest_model_change,
    model_shifts,
    sentence_of_change,
)
from overheard.domain import WHOLE_MODEL, Alert, AlertEventKind, Model, ModelUpdate, Run, Shift
from overheard.errors import AlertUnchanged
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey, Stream

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
        suspicions: The latest evidence about each brand at each model.
        doubts: Sentences on shifts that the judge itself caused and that raise no alert.
        categories: Sentences on the models that changed as a whole with the run, where the
            configuration raises no alert of a model.
    """

    alerts: tuple[Alert, ...]
    compared: bool
    learning: Learning | None = None
    suspicions: tuple[Suspicion, ...] = ()
    doubts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class DetectionService:
    """Analyses each run as it comes in.

    Args:
        history: Reads the past of brands.
        lifecycle: Raises the alerts.
        listener: Called with each new alert.
        check_judge: Scores old answers again for each shift before its report; None for no check.
        statements: Reads false claims and grave sentences; None reports no statements.
    """

    def __init__(
        self,
        history: HistoryReader,
        lifecycle: Lifecycle,
        listener: AlertListener | None = None,
        check_judge: CheckJudge | None = None,
        statements: StatementReader | None = None,
    ) -> None:
        self._history = history
        self._store = history.store
        self._lifecycle = lifecycle
        self._listener = listener
        self._check_judge = check_judge
        self._statements = statements

    async def detect(self, run: Run, brands: Iterable[str], now: datetime) -> DetectionResult:
        """Analyse a run and carry out the decisions: new and changed alerts are stored with their
        deliveries, inferred model updates are stored, and open alerts are revised.

        Args:
            run: The run; all earlier runs are its past.
            brands: Names of the brands to analyse.
            now: Time of new alerts.
        """
        for update in await self._silent_updates(run):
            await self._store.updates.add(update)
        updates = await self._store.updates.find()
        streams = await self._history.category(until=run.started_at)
        key = RunKey(run.started_at, run.id)
        asked = {stream.key.model for stream in streams if stream.runs and stream.runs[-1] == key}
        of_models, categories = await self._report_model_changes(
            run, streams, sorted(asked), updates, now
        )
        brands, restarts = list(brands), await self._history.restarts(run.started_at)
        results = [await self._detect_brand(run, brand, updates, restarts, now) for brand in brands]
        await self._update_open_alerts(run, brands, asked)
        learning = [result.learning for result in results if result.learning]
        return DetectionResult(
            (*of_models, *(alert for result in results for alert in result.alerts)),
            any(result.compared for result in results),
            min(learning, key=lambda short: short.runs, default=None),
            tuple(suspicion for result in results for suspicion in result.suspicions),
            tuple(doubt for result in results for doubt in result.doubts),
            tuple(categories),
        )

    async def _update_open_alerts(
        self, run: Run, brands: Collection[str], asked: Collection[Model]
    ) -> None:
        """Update the messages of the open alerts of brands (names) at the models that a run asked,
        unless the run itself changed the alert.

        A line in the thread says that another explanation has become the likeliest, or that an
        alert turned out to be part of a change of the model as a whole.
        """
        history, store = self._history, self._store
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
        """Store at most one event of each kind for an open alert after a run: that the alert
        belongs to a change of the model as a whole, that another explanation is the likeliest now,
        or that the change lasts. Raises AlertUnchanged when the alert is over.
        """
        store = self._store
        events = await store.alerts.events(alert.id)
        if past.whole and not any(event.what is AlertEventKind.JOINED for event in events):
            await self._lifecycle.belong(alert.id)
        now = await asyncio.to_thread(alert_explanation, alert, past)
        lasts = AlertPart.METRICS not in parts_over(events)  # a return says nothing of a cause
        if now and lasts and now.differs_from(last_said(alert, events)):
            await self._lifecycle.revise(alert.id, now.words)
        elif any(
            ":" in delivery.channel for delivery in await store.deliveries.find(alert_id=alert.id)
        ):
            await self._lifecycle.carry_on(alert.id)

    async def _report_model_changes(
        self,
        run: Run,
        streams: Sequence[Stream],
        asked: Sequence[Model],
        updates: Sequence[ModelUpdate],
        now: datetime,
    ) -> tuple[list[Alert], list[str]]:
        """Report the changes of models as a whole, before their brands are analysed, because the
        shifts of brands that belong to such a change raise no alert of their own.

        Args:
            run: The run that is analysed.
            streams: The visibility streams of all brands at all models, up to the run.
            asked: The models that the run asked.
            updates: Known updates of all models.
            now: Time of new alerts.

        Returns:
            The alerts that report the changes; and, where no alert of a model is raised because
            only one brand is tracked, a sentence for each model that changed with this run.
        """
        policy, key = self._history.policy, RunKey(run.started_at, run.id)
        per_year = policy.models_per_year or policy.false_alarms_per_year

        def found() -> dict[Model, tuple[ModelChange, tuple[Shift, ...]]]:
            """Return the latest change of each model as a whole, with its shifts; models without a
            change are left out.
            """
            latest = {model: latest_model_change(model, streams, per_year) for model in asked}
            return {
                model: (change, model_shifts(change, streams, key, updates))
                for model, change in latest.items()
                if change
            }

        changes = await asyncio.to_thread(found)
        if not policy.models_per_year:
            return [], [
                sentence_of_change(change, str(model), per_year)
                for model, (change, _) in changes.items()
                if change.run == key
            ]
        history = await self._alert_history(WHOLE_MODEL) if changes else NO_HISTORY
        decisions = [
            decide_model(change, shifts, key, policy, history)
            for change, shifts in changes.values()
        ]
        raised = []
        for decision in filter(None, decisions):
            raised.append(await self._carry_out_decision(run, decision, now))
            if decision.placement.action is AlertAction.RECOVER:
                await self._recover_parts(decision)
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
        each brand, and carry out the decisions.

        Args:
            run: The run; all earlier runs are its past.
            brand: The brand's name.
            updates: Known updates of all models.
            restarts: The changes of models as a whole, after each of which the baseline begins
                again.
            now: Time of new alerts.
        """
        past = self._history
        replay = await past.replay(brand, updates, until=run.started_at, restarts=restarts)
        evidence = replay.monitor.evidence.get(run.id, ())
        moved = any(
            model_evidence.returned or any(s.shift for s in model_evidence.streams)
            for model_evidence in evidence
        )
        history = await self._alert_history(brand) if moved else NO_HISTORY
        decisions = [
            await self._decide_with_judge(model_evidence, history) for model_evidence in evidence
        ]
        asked = {decision.model for decision in decisions}
        watched = {decision.model for decision in decisions if decision.watched}
        await keep_watched(self._store, brand, asked, watched, now)
        decisions, alerts = await self._report_brand(run, brand, decisions, now)
        metrics = self._history.metrics
        doubts = [
            judge_warning(decision, silence, metrics)
            for decision in decisions
            for silence in decision.silences
        ]
        return DetectionResult(
            tuple(alerts),
            len(replay.monitor.evidence) > 1,
            replay.monitor.learning(),
            tuple(suspicions(brand, replay)),
            tuple(filter(None, doubts)),
        )

    async def _recover_parts(self, decision: Decision) -> None:
        """Mark alerts of brands as recovered whose alert of the model as a whole recovers by this
        decision, if the brand itself has moved back.
        """
        back = {shift.brand: shift.change for shift in decision.shifts}
        alerts = [alert for alert in await self._store.alerts.find(live=True) if not alert.of_model]
        wholes = await wholes_of(self._store, alerts)
        for alert in alerts:
            change = back.get(alert.shift.brand, 0.0) * measured_shift(alert).change
            whole = wholes.get(alert.id)
            if change < 0 and whole and whole.id == decision.placement.alert:
                with contextlib.suppress(AlertUnchanged):
                    await self._lifecycle.recover(alert.id, BACK)

    async def detect_statements(
        self, run: Run, brands: Iterable[str], now: datetime
    ) -> list[Alert]:
        """Report the false claims and grave sentences that are news as of a run, and nothing else.

        Args:
            run: The latest run whose answers count.
            brands: Names of the brands.
            now: Time of new alerts.

        Returns:
            The alerts that report them.
        """
        return [
            alert
            for brand in brands
            for alert in (await self._report_brand(run, brand, [], now))[1]
        ]

    async def _report_brand(
        self, run: Run, brand: str, decisions: Sequence[Decision], now: datetime
    ) -> tuple[list[Decision], list[Alert]]:
        """Carry out the decisions about a brand together with the statements that are news.

        Returns:
            All decisions, and the alerts that report a shift or a statement.
        """
        news, alerts = StatementNews(), await self._store.alerts.find(brand=brand)
        if self._statements:
            news = await self._statements.news(run, brand, alerts)
        run_key = RunKey(run.started_at, run.id)
        whole = add_statements(decisions, news.shifts, run_key, alerts)
        raised = [await self._carry_out_decision(run, decision, now) for decision in whole]
        for number in news.continued:
            with contextlib.suppress(AlertUnchanged):  # another process was quicker
                await self._lifecycle.carry_on(number)
        for number, note in news.ended:
            with contextlib.suppress(AlertUnchanged):
                await self._lifecycle.recover(number, note, AlertPart.STATEMENTS)
        return whole, list(filter(None, raised))

    async def _alert_history(self, brand: str) -> AlertHistory:
        """Return the alerts of a brand and those of models as a whole, in all states, the newest
        first, and the start of each run.
        """
        starts = {run.id: run.started_at for run in await self._store.runs.find()}
        alerts = self._store.alerts
        return AlertHistory(
            await alerts.find(brand=brand), starts, await alerts.find(brand=WHOLE_MODEL)
        )

    async def _decide_with_judge(self, evidence: ModelEvidence, history: AlertHistory) -> Decision:
        """Return the decision about a brand at a model. Before a shift of a judged metric is
        reported, its judge scores old answers again, at the judge's cost, and the decision is made
        again with the result.
        """
        policy = self._history.policy
        decision = decide(evidence, policy, history)
        if not decision.shifts or not self._check_judge:
            return decision
        checks = {shift.metric: await self._check_judge(shift) for shift in decision.shifts}
        streams = [replace(stream, judge=checks.get(stream.metric)) for stream in evidence.streams]
        return decide(replace(evidence, streams=tuple(streams)), policy, history)

    async def _carry_out_decision(
        self, run: Run, decision: Decision, now: datetime
    ) -> Alert | None:
        """Store what a decision says: raise, extend, ease or recover an alert. Call the listener
        with a new alert. Return the alert that reports a shift of the run; None when no shift is
        reported or the alert has recovered.
        """
        reason = decision_sentence(decision, self._history.metrics)
        level = logging.INFO if decision.shifts else logging.DEBUG
        log.log(level, "Run %s, %s at %s: %s", run.key, decision.brand, decision.model, reason)
        if decision.placement.action is AlertAction.RECOVER and not decision.shifts:
            for number in decision.placement.recovers:
                with contextlib.suppress(AlertUnchanged):  # another process was quicker
                    await self._lifecycle.recover(number, BACK)
        if decision.placement.action is AlertAction.EASE and not decision.shifts:
            with contextlib.suppress(AlertUnchanged):  # it is over
                await self._lifecycle.brand_is_back(decision.placement.alert, decision.brand)
        if not decision.shifts:
            return None
        if decision.placement.action is AlertAction.JOIN:
            with contextlib.suppress(AlertUnchanged):  # it is over
                await self._lifecycle.join(decision.placement.alert, decision.shifts)
            return None
        head, *also = decision.shifts
        alert, is_new = await self._lifecycle.raise_alert(Alert(head, now, tuple(also)))
        if is_new and self._listener:
            await self._listener(alert)
        ended = any(shift.run_id == run.id and shift.recovery for shift in alert.moved)
        return None if ended else alert

    async def _silent_updates(self, run: Run) -> list[ModelUpdate]:
        """Return the unannounced updates of models that show in a run, compared with the
        `COMPARED_RUNS` runs before: in served models, fingerprints and style. Nothing is stored.
        """
        count = 1 + COMPARED_RUNS
        runs = await self._store.runs.find(aside=False, until=run.started_at, limit=count)
        compared = sorted(RunKey(earlier_run.started_at, earlier_run.id) for earlier_run in runs)
        served = await self._store.answers.served_models(runs=[key.id for key in compared])
        new_updates = [u for u in silent_updates(served, compared) if u.at == run.started_at]
        return new_updates + await style_updates(self._store, compared)


STYLE_SOURCE = "style"
SESSION_GAP = timedelta(hours=6)
"""Runs that begin within so long of the first one of a session are one session."""
STYLE_PROMPTS = 40
"""Prompts of a model whose answers are read for their style; more add little."""

Texts = dict[str, list[str]]


async def style_updates(store: Store, runs: Sequence[RunKey]) -> list[ModelUpdate]:
    """Return an update for each model whose style of writing changed with the session before the
    latest session, and is still changed in the latest. Nothing is stored.

    The two sessions are compared with up to `MAX_STYLE_SESSIONS` earlier sessions since the model's
    last change of style.

    Args:
        store: The store of the answers.
        runs: The latest runs, the oldest first.
    """
    sessions = _run_sessions(runs)[-MAX_STYLE_SESSIONS - CONFIRMING_SESSIONS :]
    if len(sessions) < MIN_STYLE_SESSIONS + CONFIRMING_SESSIONS:
        return []
    latest = await _texts_of_runs(store, {run.id for run in sessions[-1]})
    prompts = {prompt for texts in latest.values() for prompt in sorted(texts)[:STYLE_PROMPTS]}
    earlier = [
        await _texts_of_runs(store, {run.id for run in session}, prompts)
        for session in sessions[:-1]
    ]
    began = sessions[-CONFIRMING_SESSIONS][0].at
    updates = []
    for model in sorted(latest):
        changes = [u.at for u in await store.updates.find(model) if u.source == STYLE_SOURCE]
        since = max((at for at in changes if at < began), default=None)
        texts = [
            answers.get(model, {})
            for session, answers in zip(sessions, (*earlier, latest), strict=True)
            if since is None or session[0].at >= since
        ]
        asked = [text for text in texts if text]
        verdict = compare_styles(asked[:-CONFIRMING_SESSIONS], asked[-CONFIRMING_SESSIONS:])
        if verdict.hit and all(texts[-CONFIRMING_SESSIONS:]):
            updates.append(ModelUpdate(model, began, STYLE_SOURCE, verdict.note))
    return updates


def _run_sessions(runs: Sequence[RunKey]) -> list[list[RunKey]]:
    """Group runs, given in the order of time, into sessions in the same order; a session lasts
    `SESSION_GAP` from its first run.
    """
    sessions: list[list[RunKey]] = []
    for run in runs:
        if sessions and run.at - sessions[-1][0].at < SESSION_GAP:
            sessions[-1].append(run)
        else:
            sessions.append([run])
    return sessions


async def _texts_of_runs(
    store: Store, runs: Collection[int], prompts: Collection[str] | None = None
) -> dict[Model, Texts]:
    """Return the texts that each model answered to each prompt (by key) in runs. Cut, reused and
    deleted answers are left out. ``prompts`` of None means all.
    """
    found: dict[Model, Texts] = defaultdict(lambda: defaultdict(list))
    async for answer in store.answers.stream(runs=runs, prompts=prompts):
        if answer.complete and not (answer.reused_from or answer.gone):
            found[answer.question.model][answer.question.prompt.key].append(answer.reply.text)
    return found
