"""What was decided about a brand at a model after each run, and why."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from math import exp
from typing import Any

from overheard.alerts.outbox import told_rivals
from overheard.cards import wording
from overheard.cards.card import picked
from overheard.config.sections import AlertsTable
from overheard.deployment import Call
from overheard.detection.baseline import stream_rows
from overheard.detection.decide import Decision, Reason, Silence, decide, reported_changes
from overheard.detection.decision_inputs import AlertHistory, AlertPolicy, Rarity
from overheard.detection.monitor import Alarm, Monitor, Restart
from overheard.detection.placement import AlertAction
from overheard.detection.power import OwnRecord, own_record
from overheard.detection.silent_updates import silent_updates
from overheard.detection.whole_model import ModelChange
from overheard.domain import (
    BURST,
    VISIBILITY,
    WHOLE_MODEL,
    Alert,
    BlockTable,
    Brand,
    Catalogue,
    Metric,
    ModelUpdate,
    Run,
    RunKey,
    Scale,
    Setting,
)
from overheard.interfaces import Store
from overheard.measure.blocks import Stream, StreamKey, streams_of_table
from overheard.numpy_proxy import np


def alert_policy(
    settings: AlertsTable, metrics: Mapping[str, Metric], brands: int = 1, asked_again: float = 0.0
) -> AlertPolicy:
    """Return the alert policy that the [alerts] table sets: the false alarms a year, shared among
    the brands, and the smallest change of each metric that is reported, on the metric's scale.

    The table sets that of rates in points, of which 100 are a rate of 1, of tone and of rank; a
    scorer's own scale says it itself.

    Args:
        settings: The [alerts] table of the configuration.
        metrics: The metrics that are measured, by name.
        brands: Number of tracked brands, at least 1.
        asked_again: What asking again may cost, as a share of what the checks cost.
    """
    configured = {Scale.POLARITY: settings.minimum_sentiment, Scale.RANK: settings.minimum_ranks}
    smallest_changes = {
        name: settings.minimum_points / 100
        if metric.scale.is_rate
        else configured.get(metric.scale, metric.scale.smallest_change)
        for name, metric in metrics.items()
    }
    shared = AlertPolicy.shared_out(settings.false_alarms_per_year, brands, smallest_changes)
    return replace(shared, asked_again=asked_again)


SENTENCES = {
    Reason.FEW_RUNS: "Its baseline has {runs} of the {needed} it takes.",
    Reason.SCORER_CHANGED: (
        "The scorer changed, and its present version has not read the runs before."
    ),
    Reason.PANEL_CHANGED: "None of its prompts was asked before.",
    Reason.LEARNING: "The baseline is being learnt: {runs} of {needed}. {evidence}",
    Reason.BELOW_THRESHOLD: "{evidence}",
    Reason.WATCHED: "Watched, but not certain enough for an alert. {evidence}",
    Reason.RETURNED: "It is back where it was before its last change.",
    Reason.NOT_COMPARABLE: "Fewer than two prompts have answers both before and after.",
    Reason.TOO_SMALL: "{label} changed by {change}; alerts begin at {smallest}.",
    Reason.ONE_BRAND: "One brand alone explains it better.",
    Reason.REPORTED: "Alert {alert} has reported it.",
    Reason.JUDGE_MOVED: "{judge}",
}


def reason_sentences(silence: Silence, metrics: Mapping[str, Metric]) -> str:
    """Return one or more sentences on why nothing was reported of a metric, with figures, such as
    ``Visibility changed by 3 points; alerts begin at 10 points.``.

    Args:
        metrics: The metrics that are measured, by name.

    Raises:
        KeyError: when the metric is not measured.
    """
    metric = metrics[silence.metric]
    change, smallest = (
        wording.change(abs(size or 0.0), metric.scale).lstrip("+")
        for size in (silence.change, silence.smallest_change)
    )
    return SENTENCES[silence.reason].format(
        runs=silence.runs,
        needed=wording.count(silence.runs_needed, "run"),
        evidence=_evidence_sentence(silence),
        label=metric.label,
        change=change,
        smallest=smallest,
        alert=silence.alert,
        judge=_judge_sentences(silence, metric),
    )


def judge_warning(decision: Decision, silence: Silence, metrics: Mapping[str, Metric]) -> str:
    """Return sentences that a shift of a brand at a model was not reported because the judge itself
    changed; empty for any other reason.

    Args:
        silence: The reason for which one of its metrics was not reported.
        metrics: The metrics that are measured, by name.

    Raises:
        KeyError: when the metric is not measured.
    """
    if silence.reason is not Reason.JUDGE_MOVED:
        return ""
    sentences = reason_sentences(silence, metrics)
    return (
        f"No alert for {decision.brand} at {decision.model}: {sentences[0].lower()}{sentences[1:]}"
    )


CARRIED_OUT = {
    AlertAction.RAISE: "An alert: {moved} moved.",
    AlertAction.GROW: "Alert {alert} grows: {moved} moved further.",
    AlertAction.EASE: "Alert {alert} is partly back: {moved} moved.",
    AlertAction.JOIN: "It is part of alert {alert}, of the model as a whole: {moved} moved.",
    AlertAction.KEEP: "Alert {alert} has reported this run: {moved} moved.",
    AlertAction.RECOVER: "It is back where it was before its last change.",
}


def decision_sentence(decision: Decision, metrics: Mapping[str, Metric]) -> str:
    """Return what was decided about a brand at a model, in one or more sentences.

    They name the alert that is raised or changed and the metrics that moved, or say that the brand
    is back where it was. When nothing is reported, they give the reason for the metric that came
    nearest to an alert; without any metric, that nothing was measured.

    Args:
        metrics: The metrics that are measured, by name. A moved metric that is missing is called by
            its name.

    Raises:
        KeyError: when the metric that came nearest is not measured.
    """
    if sentence := CARRIED_OUT.get(decision.placement.action):
        moved_metrics = dict.fromkeys(shift.metric for shift in decision.shifts)
        moved = wording.listing(
            [metrics[name].label.lower() if name in metrics else name for name in moved_metrics]
        )
        return sentence.format(alert=decision.placement.alert, moved=moved)
    silence = decision.silence
    return reason_sentences(silence, metrics) if silence else "Nothing was measured."


def decision_data(decision: Decision) -> dict[str, Any]:
    """Return a decision as JSON values.

    ``action`` is what is done, such as ``raise``, or ``none``. ``level`` is the certainty, such as
    ``likely``; None if nothing is reported or watched. ``years`` is the number of years in which
    chance alone would show as much once; None without a baseline. ``alert`` is the number of the
    alert that is changed; None for a new alert and for none. ``metrics`` are the metrics that are
    reported, and ``silences`` the reason for each metric that is not.
    """
    return {
        **picked(decision, "brand", "model", "level", "years"),
        "action": decision.placement.action.value,
        "alert": decision.placement.alert or None,
        "metrics": [shift.metric for shift in decision.shifts],
        "silences": [_silence_data(silence) for silence in decision.silences],
    }


def _silence_data(silence: Silence) -> dict[str, Any]:
    """Return the reason for which nothing is reported of a metric, as JSON values.

    ``evidence`` and ``threshold`` are Bayes factors (not logarithms) relative to the threshold of
    the baseline, which is 1; they are None where nothing was measured. ``change`` (None where it is
    not known) and ``smallest_change`` are on the metric's scale, and ``alert`` is the number of the
    alert that has reported it, or None.
    """
    return {
        **picked(silence, "metric", "reason", "runs", "runs_needed", "change", "smallest_change"),
        "evidence": None if silence.evidence is None else exp(silence.evidence),
        "threshold": None if silence.threshold is None else exp(silence.threshold),
        "alert": silence.alert or None,
    }


def _evidence_sentence(silence: Silence) -> str:
    """Return a sentence on how many times as strong the evidence would have to be for an alert;
    empty when no evidence was measured.
    """
    if silence.evidence is None or silence.threshold is None:
        return ""
    missing_factor = exp(silence.threshold - silence.evidence)  # both are natural logarithms
    return f"Its evidence would have to be {missing_factor:.3g} times as strong."


def _judge_sentences(silence: Silence, metric: Metric) -> str:
    """Return a sentence on by how much a metric seems to have moved, which was not reported, and
    what a second reading of the answers sees of it, on the metric's scale. Empty without one.
    """
    check, change = silence.judge, silence.change or 0.0
    if check is None:
        return ""
    seen = round(change - (check.after - check.before), 2) + 0.0  # no -0.00
    return (
        f"{metric.label.capitalize()} seems to have moved by {change:+.2f}, and the judge "
        f"{check.judge} ({check.model}), which read {check.answers} of the answers before and "
        f"since again, sees {seen:+.2f} of it."
    )


LONG_YEARS = 1000
"""The number of years beyond which the rarity is not given more exactly."""


def certainty(chance_a_year: float | None) -> str | None:
    """Return how certain a reported shift is: ``nearly certain`` or ``likely``; None where it is
    not known.

    Args:
        chance_a_year: How often a year chance would show as much in the deployment; None where it
            is not known.
    """
    if chance_a_year is None:
        return None
    level = Rarity(chance_a_year).level(per_year=float("inf"))
    return level.value if level else None


def how_often(chance_a_year: float | None) -> str:
    """Return in words how often a deployment would see such a shift if nothing changed: ``about 3
    times a year``, ``about once in 12 years`` (from 2 years on), ``less than once in 1,000 years``
    (from `LONG_YEARS` on).

    Args:
        chance_a_year: The expected number a year; None counts as 0.
    """
    years = Rarity(chance_a_year or 0.0).years
    if years >= LONG_YEARS:
        return f"less than once in {LONG_YEARS:,} years"
    if years < 2:
        return f"about {wording.count(round(1 / years) or 1, 'time')} a year"
    return f"about once in {years:.0f} years"


@dataclass(frozen=True, slots=True)
class BrandReplay:
    """The result of the analysis of a brand's whole past, run by run.

    Attributes:
        brand: The brand's name.
        monitor: The monitor in its state after the latest run.
        alarms: The alarms that the monitor raised, in the order of the runs.
    """

    brand: str
    monitor: Monitor
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True)
class HistoryReader:
    """Reads the blocks of brands from the store and replays them.

    Attributes:
        store: The store of blocks, runs and updates.
        catalogue: The brands, and their competitors.
        metrics: The metrics that are measured now, by name.
        versions: The present scorer versions ("scorer@version"); other blocks are left out.
        settings: The [alerts] table: the rate of false alarms and the smallest changes.
        asked_again: What asking again may cost, as a share of what the checks cost.
        holds: Whether a change that rests on one run alone is asked again before it is told.
        rivals: As `told_rivals` returns them: of these, only how often they are named is watched.
    """

    store: Store
    catalogue: Catalogue
    metrics: Mapping[str, Metric]
    versions: Collection[str]
    settings: AlertsTable
    asked_again: float = 0.0
    holds: bool = False
    rivals: Mapping[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, call: Call) -> HistoryReader:
        """Return a reader of the history in a deployment's store, for the brands of its catalogue,
        the metrics and versions of its present scorers, and its settings of alerts. Nothing is read
        yet.
        """
        return cls(
            store=call.store,
            catalogue=call.catalogue,
            metrics=call.scoring.metrics,
            versions=call.scoring.versions,
            settings=call.config.alerts,
            asked_again=call.config.bursts.share,
            holds=call.config.bursts.automatic and call.config.bursts.share > 0,
            rivals=told_rivals(call.catalogue, call.config.routes),
        )

    @cached_property
    def policy(self) -> AlertPolicy:
        """The alert policy that the settings give: the yearly false alarms, shared among all
        tracked brands (at least one), and the smallest reported change of each metric.
        """
        tracked = sum(1 for brand in self.catalogue.brands if brand.tracked)
        policy = alert_policy(self.settings, self.metrics, max(1, tracked), self.asked_again)
        return replace(policy, holds=self.holds)

    def policy_of(self, brand: str) -> AlertPolicy:
        """Return the policy of a brand: where rivals of tracked brands are tracked, or told by a
        route, half of the false alarms are for the others, the user's own.
        """
        tracked = [one.name for one in self.catalogue.brands if one.tracked]
        named = {rival.name for one in tracked for rival in self.catalogue.rivals(one)}
        rivals = {*self.rivals, *(one for one in tracked if one in named)}
        own = len(set(tracked) - rivals)
        if not rivals or not own:
            return self.policy
        alike = len(rivals) if brand in rivals else own
        return replace(self.policy, brands=2 * alike)

    async def visibility_streams(self, until: datetime | None = None) -> list[Stream]:
        """Read the visibility streams, by which a model-wide change is recognised: one for each
        brand at each model that has any, sorted by brand and then model. Only values from the
        present scorer versions are in them, and no runs that ask again, which share run effects.

        Args:
            until: Only runs that began at this time or earlier; by default all.
        """
        table = await self.store.blocks.table(metric=VISIBILITY, until=until)
        again = await self._bursts()
        streams = streams_of_table(table.of(self.versions))
        if not again:
            return streams
        return [
            stream_rows(stream, np.array(rows, np.intp))
            for stream in streams
            if (rows := [row for row, run in enumerate(stream.runs) if run.id not in again])
        ]

    async def _bursts(self) -> set[int]:
        return {run.id for run in await self.store.runs.find(label=BURST)}

    async def replay(
        self,
        brand: str,
        updates: Iterable[ModelUpdate],
        until: datetime | None = None,
        restarts: Iterable[Restart] = (),
    ) -> BrandReplay:
        """Read the blocks of a brand and its competitors, analyse all runs in the order of time, in
        a thread, and return the alarms that would have been raised run by run. Nothing is stored.

        Args:
            brand: Name of the brand.
            updates: Known updates of all models.
            until: Only runs that began at this time or earlier; by default all.
            restarts: The model-wide changes among these runs, after each of which the baseline
                begins again, as the method `restarts` returns them; by default none.
        """
        monitor = await self._monitor(brand, updates, until, restarts)
        # A replay may take seconds; in a thread, it does not hold up the event loop.
        alarms = await asyncio.to_thread(lambda: tuple(monitor.replay()))
        return BrandReplay(brand, monitor, alarms)

    async def extend(
        self,
        brand: str,
        updates: Iterable[ModelUpdate],
        run: Run,
        restarts: Iterable[Restart],
        now: datetime,
    ) -> BrandReplay:
        """Return the replay until a run like `replay`, but for the evidence of earlier runs; store
        which runs changed a baseline. As long as nothing of the past has changed, the next call
        analyses only these runs and its own.

        Args:
            now: The time that the store notes.
        """
        monitor = await self._monitor(brand, updates, run.started_at, restarts)
        name, newest = f"{TURNS}{brand}", RunKey(run.started_at, run.id)
        stored = await self.store.settings.get(name)

        def analysed() -> tuple[tuple[Alarm, ...], dict[str, Any]]:
            kept = stored.value if stored else {}
            past = [key for key in monitor.run_keys if key.id != run.id]
            last = next((key for key in monitor.run_keys if key.id == kept.get("run")), None)
            quiet = set[int]()
            if last and monitor.inputs(last) == kept["inputs"]:
                quiet = {key.id for key in past if key <= last}.difference(kept["turns"])
            alarms = tuple(monitor.replay(quiet))
            inputs = monitor.inputs(newest)
            return alarms, {"inputs": inputs, "run": run.id, "turns": monitor.turns}

        alarms, value = await asyncio.to_thread(analysed)
        await self.store.settings.put(Setting(name, value, who="", at=now))
        return BrandReplay(brand, monitor, alarms)

    async def _monitor(
        self,
        brand: str,
        updates: Iterable[ModelUpdate],
        until: datetime | None,
        restarts: Iterable[Restart],
    ) -> Monitor:
        """Read the blocks of a brand and its competitors, and return their monitor, which has
        analysed nothing yet. The arguments are those of `replay`.
        """
        policy = self.policy_of(brand)
        of_brands = (name for name, metric in self.metrics.items() if not metric.of_model)
        watched_metrics = self.settings.metrics or tuple(of_brands)
        watched_metrics = (VISIBILITY,) if brand in self.rivals else watched_metrics
        names = self.catalogue.names_with_rivals([brand])
        table = await self.store.blocks.table(names, until=until)
        present = table.of(self.versions, watched_metrics)
        first, scored = _first_runs(table), _first_runs(present)
        return Monitor(
            brand,
            streams_of_table(present),
            updates,
            policy=policy,
            bursts=await self._bursts(),
            # Streams of which other scorer versions have read more of the past.
            unread={key: first[key] for key, run in scored.items() if first[key] < run},
            restarts=restarts,
        )

    async def model_alerts(self, brands: Iterable[str]) -> list[Alert]:
        """Return the model-wide alerts that would have been raised in the whole past, run by run,
        in the order of time. Nothing is stored.

        The alerts are numbered from 1 before those on other brands are left out. The result is
        empty when the policy has no such alerts, because fewer than two brands are tracked.

        Args:
            brands: Names of brands; an alert that reports none of these is left out.
        """
        reported = await self._reported_changes(await self.store.updates.find())
        in_order = sorted((alert for _, alert in reported), key=lambda alert: alert.opened_at)
        numbered = [replace(alert, id=number) for number, alert in enumerate(in_order, 1)]
        chosen = set(brands)
        return [alert for alert in numbered if not chosen.isdisjoint(alert.brands)]

    async def _reported_changes(
        self, updates: Sequence[ModelUpdate], until: datetime | None = None
    ) -> list[tuple[ModelChange, Alert]]:
        """Return the model-wide changes that would have been reported until a time, with their
        alerts; none when the policy has no such alerts. A thread analyses the past.
        """
        if not self.policy.models_per_year:
            return []
        streams = await self.visibility_streams(until)
        return await asyncio.to_thread(
            lambda: list(reported_changes(streams, self.policy, updates))
        )

    async def restarts(self, until: datetime | None = None) -> tuple[Restart, ...]:
        """Return the model-wide changes that would have been reported run by run, grouped by model.
        After each of them all brands have new levels at the model.

        The result is empty when the policy has no model-wide alerts, because fewer than two brands
        are tracked.

        Args:
            until: Only runs that began at this time or earlier; by default all.
        """
        reported = await self._reported_changes((), until)
        return tuple(Restart(change.model, change.run, change.began) for change, _ in reported)


TURNS = "turns:"
"""The beginning of the name under which the store keeps which runs changed a brand's baselines."""


def _first_runs(table: BlockTable) -> dict[StreamKey, RunKey]:
    """Return, by brand, model and metric, the earliest run with a score, whichever scorer version
    of the table it is from.
    """
    first_rows = np.full(len(table.streams), len(table.runs))
    np.minimum.at(first_rows, table.stream, table.run)
    runs: dict[StreamKey, RunKey] = {}
    for (brand, model, metric, _), row in zip(table.streams, first_rows.tolist(), strict=True):
        key, run = StreamKey(brand, model, metric), table.runs[row]
        runs[key] = min(run, runs.get(key, run))
    return runs


async def replays(
    call: Call, brands: Sequence[Brand], runs: Mapping[int, Run] | None = None
) -> list[BrandReplay]:
    """Replay the whole past of each brand, and return the results in the order of the brands. The
    user sees the progress. Nothing is stored.

    Args:
        runs: All runs by number; None reads them from the store.
    """
    if runs is None:
        runs = {run.id: run for run in await call.store.runs.find()}
    updates = await _known_updates(call.store, runs)
    reader = HistoryReader.of(call)
    restarts = await reader.restarts()
    call.progress.start("Looking at the past", len(brands))
    brand_replays = []
    for brand in brands:
        brand_replays.append(await reader.replay(brand.name, updates, restarts=restarts))
        call.progress.advance()
    call.progress.finish()
    return brand_replays


async def _known_updates(store: Store, runs: Mapping[int, Run]) -> list[ModelUpdate]:
    """Return the stored updates of all models, the oldest first, and then the unannounced updates
    that show in the replies of the runs and are not stored yet. Runs outside of the brands' history
    do not count. ``runs`` has all runs by number.
    """
    stored = await store.updates.find()
    order = sorted(RunKey(run.started_at, run.id) for run in runs.values() if not run.aside)
    shown = silent_updates(await store.answers.served_models(), order)
    stored_keys = {(update.model, update.at, update.source) for update in stored}
    return [*stored, *(u for u in shown if (u.model, u.at, u.source) not in stored_keys)]


def chance_alarm_record(brand_replays: Sequence[BrandReplay]) -> OwnRecord:
    """Return the number of the latest runs without a lasting change, and in how many of these runs
    the detection rule raised alarms, which were chance.

    A run without an alarm counts. A run with alarms counts, as one in which the rule fired, if
    later runs took all of its alarms back; an alarm at several models must be taken back at each of
    them. Any other run is left out.
    """
    analysed = {
        model_evidence.run
        for replay in brand_replays
        for run_evidence in replay.monitor.evidence.values()
        for model_evidence in run_evidence
    }
    by_number = {run.id: run for run in analysed}
    alarms = [alarm for replay in brand_replays for alarm in replay.alarms]
    raised_counts = Counter(
        alarm.run.id for alarm in alarms for _ in {shift.model for shift in alarm.shifts}
    )
    returned_counts = Counter(
        returned.shift.run_id for replay in brand_replays for returned in replay.monitor.returns
    )
    taken_back = [
        by_number[run] for run, count in returned_counts.items() if count >= raised_counts[run]
    ]
    return own_record(sorted(analysed), {alarm.run for alarm in alarms}, taken_back)


def record_sentence(record: OwnRecord) -> str:
    """Return a sentence for people on a record of chance alarms: ``In your last 12 unchanged runs
    the rule would have fired 1 time.``.
    """
    runs, times = wording.count(record.runs, "unchanged run"), wording.count(record.fired, "time")
    return f"In your last {runs} the rule would have fired {times}."


async def past_decisions(
    call: Call, replays: Sequence[BrandReplay], runs: Mapping[int, Run]
) -> list[Decision]:
    """Return what would be decided about each brand at each model after each run, given the alerts
    that are stored now; the decisions of the newest run first. Nothing is stored.

    No judge scores old answers again, because that would cost money.
    """
    reader = HistoryReader.of(call)
    starts = {number: run.started_at for number, run in runs.items()}
    of_models = await call.store.alerts.find(brand=WHOLE_MODEL)
    decisions: list[Decision] = []
    for replay in replays:
        alerts = await call.store.alerts.find(brand=replay.brand)
        history = AlertHistory(alerts, starts, of_models)
        decisions += [
            decide(model_evidence, reader.policy_of(replay.brand), history)
            for run_evidence in replay.monitor.evidence.values()
            for model_evidence in run_evidence
        ]
    return sorted(decisions, key=lambda decision: decision.run, reverse=True)
