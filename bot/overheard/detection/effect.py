"""How large a change is, on the whole panel and on the prompts that matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overheard.detection.fresh_prompts import FRESH_BETA
from overheard.detection.known_time import Comparison
from overheard.detection.nuisance import STEP_VARIANCE
from overheard.measure.blocks import Stream

MOVED_POINTS = 0.2
"""A prompt whose rate moved by so much counts as one that moved."""


@dataclass(frozen=True, slots=True)
class MeasuredChange:
    """A change of a stream, as it is expected of many more answers.

    Attributes:
        panel: Of the panel's mean, on the metric's scale.
        relevant: Of the mean over the prompts that named the brand on either side; as `panel` for
            metrics that are not rates.
        moved_prompts: Number of prompts that moved by 20 points or more; 0 for metrics that are
            not rates.
    """

    panel: float
    relevant: float
    moved_prompts: int = 0


def measured_change(compared: Comparison, stream: Stream) -> MeasuredChange:
    """Return a change as it is expected of many more answers: it is drawn towards none, the more so
    the less is known (posterior means under the detector's priors).
    """
    known = STEP_VARIANCE * compared.v**2 / compared.veff / stream.width**2
    shrunk = known / (1 + known)
    panel = compared.change * shrunk
    if not compared.binary:
        return MeasuredChange(panel, panel)
    named = [p for p in compared.prompts if p.before > 0 or p.after > 0]
    relevant = sum(p.after - p.before for p in named) / max(len(named), 1) * shrunk
    a, b = FRESH_BETA
    moved = sum(
        1
        for p in named
        if abs(
            (a + p.after * p.n_after) / (a + b + p.n_after)
            - (a + p.before * p.n_before) / (a + b + p.n_before)
        )
        >= MOVED_POINTS
    )
    return MeasuredChange(panel, relevant, moved)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for the number of tests (Holm 1979), in the same order.

    If all corrected p-values up to a level count as findings, the probability of any false finding
    is at most this level, however the tests depend on each other.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = worst
    return corrected
