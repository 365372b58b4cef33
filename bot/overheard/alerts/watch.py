"""After a run: has any brand moved? Blocks in, alerts out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from overheard.alerts.policy import gather
from overheard.config import AlertsTable
from overheard.domain import Alert, Block, Catalogue, Metric, Model, Run
from overheard.interfaces import Store
from overheard.measure.blocks import streams
from overheard.shifts.announced import shifts
from overheard.shifts.looks import level_of_look


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a run found.

    Attributes:
        alerts: The run's alerts, as they are kept; the same ones when it is looked at again.
        compared: Whether there were earlier runs to compare it with.
    """

    alerts: tuple[Alert, ...]
    compared: bool


class Watch:
    """Looks at each run as it comes in.

    Args:
        store: Where blocks are read and alerts are kept.
        catalogue: The brands, and whom each is measured beside.
        metrics: What is measured, by name.
        versions: The scorer versions as they are now; blocks of others are not compared.
        settings: How often it may be wrong, and what is too small to tell.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        metrics: Mapping[str, Metric],
        versions: Collection[str],
        settings: AlertsTable,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._metrics = metrics
        self._versions = versions
        self._settings = settings

    async def look(self, run: Run, brands: Iterable[str], now: datetime) -> Look:
        """Compare a run with the runs before it, and keep an alert for each brand and model."""
        looks = [await self._look_at(run, brand, now) for brand in brands]
        alerts = [await self._store.add_alert(alert) for look in looks for alert in look.alerts]
        return Look(tuple(kept for kept, _ in alerts), any(look.compared for look in looks))

    async def _look_at(self, run: Run, brand: str, now: datetime) -> Look:
        """Test all streams of a brand together: the promise is made for each brand."""
        since = await self._baselines(brand, run)
        mine = await self._blocks(brand, run, since)
        earlier = [block.at for block in mine if block.run_id != run.id]
        if not earlier:
            return Look((), compared=False)
        days = (run.started_at - max(earlier)) / timedelta(days=1)
        level = level_of_look(days, self._settings.false_alarms_per_year)
        rivals = [
            block
            for rival in self._catalogue.rivals(brand)
            for block in await self._blocks(rival.name, run, since)
        ]
        found = shifts(streams(mine), run.id, level, beside=streams(rivals))
        models = sorted({shift.model for shift in found})
        alerts = (
            gather([s for s in found if s.model == m], self._metrics, self._settings, now)
            for m in models
        )
        return Look(tuple(alert for alert in alerts if alert), compared=True)

    async def _blocks(self, brand: str, run: Run, since: Mapping[Model, datetime]) -> list[Block]:
        """Return a brand's blocks of each model's baseline and of the run."""
        return [
            block
            for block in await self._store.blocks(brand=brand)
            if block.version in self._versions
            and block.metric in self._metrics
            and since.get(block.model, block.at) <= block.at <= run.started_at
        ]

    async def _baselines(self, brand: str, run: Run) -> dict[Model, datetime]:
        """Return for each model when the run of its last alert before this began."""
        began = {one.id: one.started_at for one in await self._store.runs()}
        starts: dict[Model, datetime] = {}
        for alert in await self._store.alerts(brand=brand):
            start = began[alert.shift.run_id]
            if start < run.started_at:
                starts[alert.shift.model] = max(start, starts.get(alert.shift.model, start))
        return starts
