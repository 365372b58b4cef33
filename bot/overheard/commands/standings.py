"""Standings: the metrics of brands at each model at a time, and their table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Table
from overheard.cards.model_names import ModelNames
from overheard.deployment import Deployment
from overheard.domain import Metric, Model
from overheard.measure.blocks import Stream, streams_of_table
from overheard.measure.trends import Point, trend
from overheard.scoring.service import Scoring

HEADLINE_METRIC = "visibility"
"""The metric that is shown first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One metric of one brand at one model, in one run."""

    brand: str
    model: Model
    metric: Metric
    point: Point

    def data(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "brand": self.brand,
            "model": str(self.model),
            "metric": self.metric.name,
            "value": self.point.mean,
            "interval": [self.point.low, self.point.high],
            "answers": self.point.n,
        }


async def read_streams(
    deployment: Deployment,
    brands: Collection[str] | None = None,
    *,
    model: Model | None = None,
    metric: str | None = None,
) -> list[Stream]:
    """Return what the store knows of brands (by default of all), as the scorers see it now; see
    `store.blocks.table`.
    """
    blocks = await deployment.store.blocks.table(brands, model=model, metric=metric)
    return streams_of_table(blocks.of(deployment.scoring.versions))


def standings(streams: Iterable[Stream], brands: Sequence[str], scoring: Scoring) -> list[Standing]:
    """Return the standings of brands, in the order of the models, the brands and the metrics.

    Args:
        streams: Streams of one run for each model.
        brands: Names, in the order in which they are shown.
        scoring: The metrics and scorer versions in use.
    """
    metrics = scoring.metrics
    rows = [
        Standing(stream.key.brand, stream.key.model, metrics[stream.key.metric], point)
        for stream in streams
        # Until the switch to a scorer's new version, there may be a metric that it dropped.
        if stream.key.brand in brands and stream.key.metric in metrics
        for point in trend(stream)
    ]
    order = sorted(metrics, key=lambda name: name != HEADLINE_METRIC)
    return sorted(rows, key=lambda s: (s.model, brands.index(s.brand), order.index(s.metric.name)))


def table(rows: Sequence[Standing], names: ModelNames) -> Table | None:
    """Return the table of standings; only the headline metric has its interval."""
    metrics = list(dict.fromkeys(row.metric for row in rows))
    models = {row.model for row in rows}
    cells: dict[tuple[Model, str], dict[str, str]] = {}
    for row in rows:
        cells.setdefault((row.model, row.brand), {})[row.metric.name] = _cell(row)
    lines = [
        ((names.name(model),) if len(models) > 1 else ())
        + (brand, *(cell.get(metric.name, "-") for metric in metrics))
        for (model, brand), cell in cells.items()
    ]
    first = ("Model", "Brand") if len(models) > 1 else ("Brand",)
    header = (*first, *(metric.label for metric in metrics))
    return Table(header, tuple(lines), frozenset(range(len(first), len(header)))) if rows else None


def _cell(row: Standing) -> str:
    mean = wording.value(row.point.mean, row.metric.scale)
    if row.metric.name != HEADLINE_METRIC:
        return mean
    return f"{mean} ({wording.value_range(row.point.low, row.point.high, row.metric.scale)})"
