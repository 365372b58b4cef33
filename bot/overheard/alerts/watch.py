"""After a run: has any brand moved? Blocks in, alerts out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from overheard.alerts.policy import gather
from overheard.config import AlertsTable
from overheard.domain import Alert, Block, Metric, Model, Run
from overheard.interfaces import Store
from overheard.measure.blocks import streams
from overheard.shifts.announced import shifts
from overheard.shifts.looks import level_of_look


class Watch:
    """Looks at each run as it comes in.

    Args:
        store: Where blocks are read and alerts are kept.
        metrics: What is measured, by name.
        versions: The scorer versions as they are now; blocks of others are not compared.
        settings: How often it may be wrong, and what is too small to tell.
    """

    def __init__(
        self,
        store: Store,
        metrics: Mapping[str, Metric],
        versions: Collection[str],
        settings: AlertsTable,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._versions = versions
        self._settings = settings

    async def look(self, run: Run, brands: Iterable[str], now: datetime) -> list[Alert]:
        """Compare a run with the runs before it, and keep an alert for each brand that moved.

        Returns:
            The alerts that are new.
        """
        raised = []
        for brand in brands:
            blocks = await self._store.blocks(brand=brand)
            for model in sorted({block.model for block in blocks if block.run_id == run.id}):
                alert = await self._look_at(run, brand, model, blocks, now)
                if alert:
                    kept, is_new = await self._store.add_alert(alert)
                    raised += [kept] if is_new else []
        return raised

    async def _look_at(
        self, run: Run, brand: str, model: Model, blocks: Iterable[Block], now: datetime
    ) -> Alert | None:
        start = await self._baseline_start(brand, model)
        mine = [
            block
            for block in blocks
            if block.model == model
            and block.version in self._versions
            and block.metric in self._metrics
            and (start is None or start <= block.at)
            and block.at <= run.started_at
        ]
        earlier = [block.at for block in mine if block.run_id != run.id]
        if not earlier:
            return None
        gap = (run.started_at - max(earlier)).total_seconds() / 86_400
        level = level_of_look(gap, self._settings.false_alarms_per_year)
        found = shifts(streams(mine), run.id, level)
        return gather(found, self._metrics, self._settings, now)

    async def _baseline_start(self, brand: str, model: Model) -> datetime | None:
        """Return when the run of the last alert began: what came before it is past."""
        for alert in await self._store.alerts(brand=brand):
            if alert.shift.model == model:
                return await self._began(alert.shift.run_id)
        return None

    async def _began(self, run_id: int) -> datetime | None:
        runs = await self._store.runs()
        return next((run.started_at for run in runs if run.id == run_id), None)
