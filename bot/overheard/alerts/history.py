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
from overheard.config.loader import AlertsTable
from overheard.deployment import Call, Deployment
from overheard.detection.decide import Decision, decide, reported_changes
from overheard.detection.evidence import AlertHistory, AlertPolicy
from overheard.detection.learning import OwnRecord, own_record
from overheard.detection.monitor import Alarm, Monitor, Restart
from overheard.detection.update_signs import silent_updates
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
    """A brand's past, analysed run by run.

    Attributes:
        brand: The brand's name.
        monitor: As it is after the latest run.
        alarms: What would have been raised, in the order of the runs.
    """

    brand: str
    monitor: Monitor
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Where the past of brands is, and what of it counts.

    Attributes:
        store: Where blocks are read.
        catalogue: The brands, and their competitors.
        metrics: What is measured, by name.
        versions: The scorer versions as they are now; blocks of others are not compared.
        settings: How often alerts may be wrong, and what is too small to report.
    """

    store: Store
    catalogue: Catalogue
    metrics: Mapping[str, Metric]
    versions: Collection[str]
    settings: AlertsTable

    @classmethod
    def of(cls, deployment: Deployment) -> HistoryReader:
        """Return the reader of a deployment's history."""
        scoring = deployment.scoring
        settings = deployment.config.alerts
        return cls(
            deployment.store, deployment.catalogue, scoring.metrics, scoring.versions, settings
        )

    @property
    def policy(self) -> AlertPolicy:
        """What the deployment wants to be alerted of."""
        tracked = sum(1 for brand in self.catalogue.brands if brand.tracked)
        return alert_policy(self.settings, self.metrics, max(1, tracked))

    async def category(self, until: datetime | None = None) -> list[Stream]:
        """Return how often each brand is named at each model, by which models as a whole are
        judged.

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
        """Analyse all runs of a brand in the order of time, in a thread.

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
            unread=_unread(table, read),
            restarts=restarts,
        )
        # A replay may take seconds; in a thread, it does not hold up the event loop.
        alarms = await asyncio.to_thread(lambda: tuple(monitor.replay()))
        return BrandReplay(brand, monitor, alarms)

    async def model_alerts(self, brands: Iterable[str]) -> list[Alert]:
        """Return the alerts of models as a whole that the whole past would have raised, in the
        order in which they would have been raised, numbered from 1.

        Args:
            brands: Names of brands; changes that moved none of them are left out.
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
        """Return the reported changes of models as a whole: after each, all brands have other
        levels.

        Args:
            until: Only runs that began up to this time; by default all.
        """
        policy = self.policy
        if not policy.models_per_year:
            return ()
        streams = await self.category(until)
        reported = await asyncio.to_thread(lambda: list(reported_changes(streams, policy, ())))
        return tuple(Restart(change.model, change.run, change.began) for change, _ in reported)


def _unread(table: BlockTable, read: BlockTable) -> dict[StreamKey, RunKey]:
    """Return the first run of each stream with older runs that only other scorer versions scored.

    Args:
        table: All blocks.
        read: The blocks of the present scorer versions.
    """
    first, first_read = _first_runs(table), _first_runs(read)
    return {key: first[key] for key, run in first_read.items() if first[key] < run}


def _first_runs(table: BlockTable) -> dict[StreamKey, RunKey]:
    """Return the first run of each stream, scored by any version."""
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
    """Return the analysis of the whole past of brands, run by run.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        brands: The brands.
        runs: All runs by number; by default they are read from the store.
    """
    if runs is None:
        runs = {run.id: run for run in await deployment.store.runs.find()}
    updates, reader = await _updates(deployment, runs), HistoryReader.of(deployment)
    restarts = await reader.restarts()
    call.progress.start("Looking at the past", len(brands))
    found = []
    for brand in brands:
        found.append(await reader.replay(brand.name, updates, restarts=restarts))
        call.progress.advance()
    call.progress.finish()
    return found


async def _updates(deployment: Deployment, runs: Mapping[int, Run]) -> list[ModelUpdate]:
    """Return the updates that are known, and those that show in the replies."""
    known = await deployment.store.updates.find()
    order = sorted(RunKey(run.started_at, run.id) for run in runs.values() if not run.aside)
    seen = silent_updates(await deployment.store.answers.served_models(), order)
    noted = {(update.model, update.at, update.source) for update in known}
    return [*known, *(u for u in seen if (u.model, u.at, u.source) not in noted)]


def unchanged_record(found: Sequence[BrandReplay]) -> OwnRecord:
    """Return how often the rule would have fired in the deployment's latest unchanged runs.

    A run is unchanged when no brand has an alarm in it that lasted; it fired when a brand had one
    that was taken back.
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
    """Say how often the rule would have fired, for people."""
    runs, times = wording.count(record.runs, "unchanged run"), wording.count(record.fired, "time")
    return f"In your last {runs} the rule would have fired {times}."


async def past_decisions(
    deployment: Deployment, replays: Sequence[BrandReplay], runs: Mapping[int, Run]
) -> list[Decision]:
    """Decide about each brand and model in each run, with the alerts there are; the newest first.

    The judge is not asked again: that would cost money.
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
