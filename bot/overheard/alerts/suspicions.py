"""Suspicions of a shift: streams whose evidence comes near an alert, which a burst may settle.

Which burst is asked next is decided in ``burst_planner.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from overheard.alerts.history import BrandReplay
from overheard.domain import Model
from overheard.measure.blocks import RunKey, Stream


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The result of the latest analysis of a brand at one model.

    Attributes:
        brand: The name of the brand.
        largest: Logarithm of the largest Bayes factor of the brand's streams at the model.
        crossed: Whether the brand's evidence is over its threshold.
        alarmed: The run after which the last alarm was raised, or None.
        streams: The brand's streams at the model, since their baseline began.
    """

    brand: str
    model: Model
    largest: float
    crossed: bool
    alarmed: RunKey | None
    streams: tuple[Stream, ...]


def suspicions(brand: str, replay: BrandReplay) -> list[Suspicion]:
    """Return how strongly a brand's evidence after its latest run suggests a change, once for each
    model with a baseline, in the order of the models.

    Args:
        brand: The brand's name.
        replay: The replayed past of the brand.
    """
    models = {analysis.stream.key.model for analysis in replay.monitor.streams}
    return [_suspicion(brand, model, replay) for model in sorted(models)]


def _suspicion(brand: str, model: Model, replay: BrandReplay) -> Suspicion:
    """Return how strongly a brand's evidence after its latest run suggests a change at one model.
    Whether the evidence is over the threshold is known of the brand at all models together.

    Args:
        model: A model with at least one analysed stream.
    """
    analyses = [one for one in replay.monitor.streams if one.stream.key.model == model]
    alarm_runs = [
        alarm.run for alarm in replay.alarms if any(shift.model == model for shift in alarm.shifts)
    ]
    return Suspicion(
        brand=brand,
        model=model,
        largest=max(analysis.largest for analysis in analyses),
        crossed=replay.monitor.crossed,
        alarmed=max(alarm_runs, default=None),
        streams=tuple(analysis.stream for analysis in analyses),
    )
