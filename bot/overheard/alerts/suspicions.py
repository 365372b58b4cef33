"""What the latest look at a brand says of it, short of an alert."""

from __future__ import annotations

from dataclasses import dataclass

from overheard.alerts.past import Replay
from overheard.domain import Model
from overheard.measure.blocks import RunKey, Stream


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What the latest look at a brand says of it at one model.

    Attributes:
        brand: Its name.
        model: The model.
        largest: Logarithm of the largest Bayes factor of its streams there.
        crossed: Whether the brand's evidence is over its threshold.
        alarmed: The run after which an alarm was raised last, or None.
        streams: Its streams there, since their baseline began.
    """

    brand: str
    model: Model
    largest: float
    crossed: bool
    alarmed: RunKey | None
    streams: tuple[Stream, ...]


def suspicions(brand: str, replay: Replay) -> list[Suspicion]:
    """Return what the latest look at a brand says of it at each model."""
    monitor = replay.monitor
    return [
        _suspicion(brand, model, replay)
        for model in sorted({seen.stream.key.model for seen in monitor.seen})
    ]


def _suspicion(brand: str, model: Model, replay: Replay) -> Suspicion:
    mine = [seen for seen in replay.monitor.seen if seen.stream.key.model == model]
    alarms = [a.run for a in replay.alarms if any(s.model == model for s in a.shifts)]
    return Suspicion(
        brand=brand,
        model=model,
        largest=max(seen.evidence.largest for seen in mine),
        crossed=replay.monitor.crossed,
        alarmed=max(alarms, default=None),
        streams=tuple(seen.stream for seen in mine),
    )
