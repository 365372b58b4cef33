"""A brand's past, fetched from the store for its monitor."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from overheard.alerts.grouping import worth_telling
from overheard.config.loader import AlertsTable
from overheard.detection.monitor import Alarm, Monitor
from overheard.domain import BURST, Catalogue, Metric, ModelUpdate
from overheard.interfaces import Store
from overheard.measure.blocks import Stream, streams_of_table


@dataclass(frozen=True, slots=True)
class Replay:
    """A brand's past, looked at run by run.

    Attributes:
        monitor: As it stands after the latest run.
        alarms: What would have been raised, in the order of the runs.
    """

    monitor: Monitor
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """Where the past of brands is, and what of it counts.

    Attributes:
        store: Where blocks are read and thresholds are kept.
        catalogue: The brands, and whom each is measured beside.
        metrics: What is measured, by name.
        versions: The scorer versions as they are now; blocks of others are not compared.
        settings: How often alerts may be wrong, and what is too small to tell.
    """

    store: Store
    catalogue: Catalogue
    metrics: Mapping[str, Metric]
    versions: Collection[str]
    settings: AlertsTable

    async def replay(
        self, brand: str, updates: Iterable[ModelUpdate], until: datetime | None = None
    ) -> Replay:
        """Look at all runs of a brand, up to those that began at a time.

        The thresholds that this takes are kept for the next time.
        """
        known = await self.store.thresholds(brand)
        monitor = Monitor(
            brand,
            await self._streams(brand, until),
            updates,
            per_year=self.settings.false_alarms_per_year,
            worth=self._worth,
            thresholds=known,
            bursts={run.id for run in await self.store.runs(label=BURST)},
        )
        # It may take seconds, and everything else in the process goes on meanwhile.
        alarms = await asyncio.to_thread(lambda: tuple(monitor.replay()))
        if monitor.thresholds != known:
            await self.store.keep_thresholds(brand, monitor.thresholds)
        return Replay(monitor, alarms)

    async def _streams(self, brand: str, until: datetime | None) -> list[Stream]:
        """Return the streams of a brand and of its competitors."""
        names = (brand, *(rival.name for rival in self.catalogue.rivals(brand)))
        blocks = await self.store.block_table(names, until=until)
        return streams_of_table(
            blocks.of(self.versions, self.settings.metrics or tuple(self.metrics))
        )

    def _worth(self, metric: str, change: float) -> bool:
        return worth_telling(self.metrics[metric], change, self.settings)
