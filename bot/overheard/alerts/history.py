"""The past of brands, fetched from the store and analysed run by run; the decisions are in
`detection/decide.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from overheard.alerts.reasons import alert_policy
from overheard.cards import wording
from overheard.config.sections import AlertsTable
from overheard.deployment import Call, Deployment
from overheard.detection.decide import Decision, decide, reported_changes
from overheard.detection.decision_inputs import AlertHistory, AlertPolicy
from overheard.detection.learning import OwnRecord, own_record
from overheard.detection.monitor import Alarm, Monitor, Restart
from overheard.detection.silent_updates import silent_updates
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
)
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey, Stream, StreamKey, streams_of_table
from overheard.numpy_proxy import np


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


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Reads the blocks of brands from the store and replays them.

    Attributes:
        store: The store of blocks, runs and updates.
        catalogue: The brands, and their competitors.
        metrics: The metrics that are measured now, by name.
        versions: The present scorer versions ("scorer@version"); other blocks are left out.
        settings: The [alerts] table: the rate of false alarms and the smallest changes.
    """

    store: Store
    catalogue: Catalogue
    metrics: Mapping[str, Metric]
    versions: Collection[str]
    settings: AlertsTable

    @classmethod
    def of(cls, deployment: Deployment) -> HistoryReader:
        """Return the reader of a deployment's history, with its present scorers and [alerts]
        settings.
        """
        scoring = deployment.scoring
        settings = deployment.config.alerts
        return cls(
            deployment.store, deployment.catalogue, scoring.metrics, scoring.versions, settings
        )

    @property
    def policy(self) -> AlertPolicy:
        """The alert policy of the deployment, for all tracked brands together."""
        tracked = sum(1 for brand in self.catalogue.brands if brand.tracked)
        return alert_policy(self.settings, self.metrics, max(1, tracked))

    async def category(self, until: datetime | None = None) -> list[Stream]:
        """Return the visibility streams of all brands at all models, by which a change of a model
        as a whole is recognised.

        Args:
            until: Only runs that began up to this time; by default all.
        """
        table = await self.store.blocks.table(metric=VISIBILITY, until=until)
        return streams_of_table(table.of(self.versions))

    async def replay(
        self,
        brand: str,
        updates: Iterable[ModelUpdate],
        until: datetime | None = None,
        restarts: Iterable[Restart] = (),
    ) -> BrandReplay:
        """Read the blocks of a brand and its competitors, and analyse all runs in the order of
        time, in a thread. Nothing is stored.

        Args:
            brand: Name of the brand.
            updates: Known updates of all models.
            until: Only runs that began up to this time; by default all.
            restarts: The changes of models as a whole among these runs, see `restarts`.
        """
        names = (brand, *(rival.name for rival in self.catalogue.rivals(brand)))
        table = await self.store.blocks.table(names, until=until)
        read = table.of(self.versions, self.settings.metrics or tuple(self.metrics))
        monitor = Monitor(
            brand,
            streams_of_table(read),
            updates,
            policy=self.policy,
            bursts={run.id for run in await self.store.runs.find(label=BURST)},
            unread=_starts_of_unread(table, read),
            restarts=restarts,
        )
        # A replay may take seconds; in a thread, it does not hold up the event loop.
        alarms = await asyncio.to_thread(lambda: tuple(monitor.replay()))
        return BrandReplay(brand, monitor, alarms)

    async def model_alerts(self, brands: Iterable[str]) -> list[Alert]:
        """Return the alerts of models as a whole that the whole past would have raised, in the
        order of time, numbered from 1. Nothing is stored. Empty when such alerts are switched off.

        Args:
            brands: Names of brands; a change that moved no brand of these is left out.
        """
        policy, updates = self.policy, await self.store.updates.find()
        if not policy.models_per_year:
            return []
        streams = await self.category()
        reported = await asyncio.to_thread(lambda: list(reported_changes(streams, policy, updates)))
        found = sorted((alert for _, alert in reported), key=lambda alert: alert.opened_at)
        found = [replace(alert, id=number) for number, alert in enumerate(found, 1)]
        return [alert for alert in found if not set(brands).isdisjoint(alert.brands)]

    async def restarts(self, until: datetime | None = None) -> tuple[Restart, ...]:
        """Return the reported changes of models as a whole, after each of which all brands have new
        levels at the model. Empty when alerts of models are switched off.

        Args:
            until: Only runs that began up to this time; by default all.
        """
        policy = self.policy
        if not policy.models_per_year:
            return ()
        streams = await self.category(until)
        reported = await asyncio.to_thread(lambda: list(reported_changes(streams, policy, ())))
        return tuple(Restart(change.model, change.run, change.began) for change, _ in reported)


def _starts_of_unread(table: BlockTable, read: BlockTable) -> dict[StreamKey, RunKey]:
    """Return the first run of each stream that has older runs scored only by other scorer versions.

    Args:
        table: All blocks.
        read: The blocks of the present scorer versions.
    """
    first, first_read = _first_runs(table), _first_runs(read)
    return {key: first[key] for key, run in first_read.items() if first[key] < run}


def _first_runs(table: BlockTable) -> dict[StreamKey, RunKey]:
    """Return, by brand, model and metric, the earliest run with a score from any scorer version."""
    first = np.full(len(table.streams), len(table.runs))
    np.minimum.at(first, table.stream, table.run)
    runs: dict[StreamKey, RunKey] = {}
    for (brand, model, metric, _), place in zip(table.streams, first.tolist(), strict=True):
        key, run = StreamKey(brand, model, metric), RunKey(*table.runs[place])
        runs[key] = min(run, runs.get(key, run))
    return runs


async def replays(
    deployment: Deployment,
    call: Call,
    brands: Sequence[Brand],
    runs: Mapping[int, Run] | None = None,
) -> list[BrandReplay]:
    """Replay the whole past of each brand, and show the progress to the user; the result has the
    order of the brands.

    Args:
        deployment: The open deployment.
        call: The user, channel and progress display of the command.
        brands: The brands.
        runs: All runs by number; by default they are read from the store.
    """
    if runs is None:
        runs = {run.id: run for run in await deployment.store.runs.find()}
    updates, reader = await _known_updates(deployment, runs), HistoryReader.of(deployment)
    restarts = await reader.restarts()
    call.progress.start("Looking at the past", len(brands))
    found = []
    for brand in brands:
        found.append(await reader.replay(brand.name, updates, restarts=restarts))
        call.progress.advance()
    call.progress.finish()
    return found


async def _known_updates(deployment: Deployment, runs: Mapping[int, Run]) -> list[ModelUpdate]:
    """Return the stored updates of all models, then the silent updates that show in the replies of
    the runs and are not stored yet.
    """
    known = await deployment.store.updates.find()
    order = sorted(RunKey(run.started_at, run.id) for run in runs.values() if not run.aside)
    seen = silent_updates(await deployment.store.answers.served_models(), order)
    noted = {(update.model, update.at, update.source) for update in known}
    return [*known, *(u for u in seen if (u.model, u.at, u.source) not in noted)]


def unchanged_record(found: Sequence[BrandReplay]) -> OwnRecord:
    """Return how often the detection rule fired by chance in the latest runs without a lasting
    alarm.

    A run counts as unchanged when no brand has a lasting alarm in it; the rule fired in the run
    when a brand has an alarm that later runs took back.
    """
    analysed = {
        model_evidence.run
        for replay in found
        for part in replay.monitor.evidence.values()
        for model_evidence in part
    }
    by_number = {run.id: run for run in analysed}
    alarms = {alarm.run for replay in found for alarm in replay.alarms}
    raised = Counter(
        alarm.run.id for r in found for alarm in r.alarms for _ in {s.model for s in alarm.shifts}
    )
    ended = Counter(
        returned.shift.run_id for replay in found for returned in replay.monitor.returns
    )
    taken_back = [by_number[run] for run, count in ended.items() if count >= raised[run]]
    return own_record(sorted(analysed), alarms, taken_back)


def record_sentence(record: OwnRecord) -> str:
    """Return a sentence for people on how often the rule would have fired."""
    runs, times = wording.count(record.runs, "unchanged run"), wording.count(record.fired, "time")
    return f"In your last {runs} the rule would have fired {times}."


async def past_decisions(
    deployment: Deployment, replays: Sequence[BrandReplay], runs: Mapping[int, Run]
) -> list[Decision]:
    """Return the decision about each brand and model in each run, given the stored alerts, the
    newest first.

    The judge does not score old answers again, because that would cost money.

    Args:
        deployment: The open deployment.
        replays: The replayed past of each brand.
        runs: All runs, by number.
    """
    policy = HistoryReader.of(deployment).policy
    starts = {number: run.started_at for number, run in runs.items()}
    of_models = await deployment.store.alerts.find(brand=WHOLE_MODEL)
    found = []
    for replay in replays:
        alerts = await deployment.store.alerts.find(brand=replay.brand)
        history = AlertHistory(alerts, starts, of_models)
        measured = [
            model_evidence for part in replay.monitor.evidence.values() for model_evidence in part
        ]
        found += [decide(evidence, policy, history) for evidence in measured]
    return sorted(found, key=lambda decision: decision.run, reverse=True)
