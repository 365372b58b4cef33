"""Does one model represent a brand better than another, and when is that clear?

Both models are asked the same prompts, round by round, with the same sampling seeds, until the
answer is clear. Each prompt in each round is a pair. What differs between the two answers of a pair
is all that counts, so that what both models find hard or easy takes nothing away; two names of one
model that keeps to its seeds never differ at all.

Rates are compared by the exact test of McNemar (1947), numbers by the t-test of the pairs'
differences; the levels are shared out over metrics (Holm 1979) and looks (Bonferroni), so that
stopping early deceives nobody. Intervals of rates are those of Agresti and Min (2005).

The comparison is of the models as they are now. A service's mood of the hour is part of that: who
compares two services repeats it on another day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from overheard.detection.effect import holm
from overheard.domain import Block, Metric, Model, PromptShift, Scale
from overheard.measure.rates import Interval, quantile
from overheard.numpy_proxy import Floats, np

LEVEL = 0.9
"""How often the interval of a difference holds the truth."""
ERROR = 0.02
"""How often two equal models are called different, over all metrics and looks."""
LOOKS = 10
"""How often it may be looked whether it is clear."""
FEWEST = 10
"""Pairs below which nothing is concluded."""
MARGIN = 0.1
"""Differences of a rate up to this are equivalence."""
MARGINS = {Scale.POLARITY: 0.25, Scale.RANK: 1.0}
"""The same on other scales."""


class Verdict(StrEnum):
    """What a metric says of the second model beside the first."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    """They differ by no more than the margin."""
    UNCLEAR = "not yet clear"


@dataclass(frozen=True, slots=True)
class Contrast:
    """One metric of two models.

    Attributes:
        metric: What is measured.
        base: The first model's mean over the pairs.
        tuned: The second model's.
        difference: tuned - base.
        interval: Interval of the difference, see `LEVEL`.
        verdict: What follows.
        margin: What counts as equivalence, on the metric's scale.
        prompts: The prompts, those that differ most first; before is the first model.
        pairs: Number of pairs.
    """

    metric: Metric
    base: float
    tuned: float
    difference: float
    interval: Interval
    verdict: Verdict
    margin: float
    prompts: tuple[PromptShift, ...]
    pairs: int


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The pairs of one metric: the prompt of each, and both models' values."""

    metric: Metric
    prompts: tuple[str, ...]
    base: Floats
    tuned: Floats

    @property
    def differences(self) -> Floats:
        return self.tuned - self.base


def contrasts(
    blocks: Iterable[Block],
    base: Model,
    tuned: Model,
    metrics: Mapping[str, Metric],
    margin: float = MARGIN,
) -> list[Contrast]:
    """Hold two models against each other.

    Args:
        blocks: One brand's, from the rounds so far; a round is a run that asked both models.
        base: The first model.
        tuned: The second model.
        metrics: What is measured, by name.
        margin: Differences of a rate up to this are equivalence.

    Returns:
        A contrast for each metric that any pair shows, in the order of ``metrics``.
    """
    paired = [p for metric in metrics.values() if (p := _pairs(blocks, base, tuned, metric))]
    p_values = holm([min(1.0, _p_value(p) * LOOKS) for p in paired])
    return [
        _contrast(pairs, p_value, MARGINS.get(pairs.metric.scale, margin))
        for pairs, p_value in zip(paired, p_values, strict=True)
    ]


def clear(found: Sequence[Contrast]) -> bool:
    """Whether there is a verdict on every metric, so that no further round is needed."""
    return bool(found) and all(one.verdict is not Verdict.UNCLEAR for one in found)


def _pairs(blocks: Iterable[Block], base: Model, tuned: Model, metric: Metric) -> _Pairs | None:
    means: dict[tuple[int, str], dict[Model, float]] = defaultdict(dict)
    for block in blocks:
        if block.metric == metric.name:
            means[block.run_id, block.prompt][block.model] = block.total / block.n
    whole = {key: sides for key, sides in sorted(means.items()) if {base, tuned} <= sides.keys()}
    if not whole:
        return None
    sides = [np.array([pair[model] for pair in whole.values()]) for model in (base, tuned)]
    return _Pairs(metric, tuple(prompt for _, prompt in whole), *sides)


def _p_value(pairs: _Pairs) -> float:
    """Return the two-sided probability of a difference at least as large in equal models."""
    from scipy.special import bdtr, stdtr

    found = pairs.differences
    if not found.any():
        return 1.0
    if pairs.metric.scale is Scale.BINARY:
        gained, lost = int((found > 0).sum()), int((found < 0).sum())
        return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5)))
    if len(found) < 2:
        return 1.0
    error = float(found.std(ddof=1)) / len(found) ** 0.5
    return 2 * float(stdtr(len(found) - 1, -abs(found.mean()) / error)) if error > 0 else 1.0


def _contrast(pairs: _Pairs, p_value: float, margin: float) -> Contrast:
    difference = float(pairs.differences.mean())
    interval = _interval(pairs)
    return Contrast(
        metric=pairs.metric,
        base=float(pairs.base.mean()),
        tuned=float(pairs.tuned.mean()),
        difference=difference,
        interval=interval,
        verdict=_verdict(pairs, difference, interval, p_value, margin),
        margin=margin,
        prompts=_prompts(pairs),
        pairs=len(pairs.prompts),
    )


def _interval(pairs: _Pairs) -> Interval:
    found, n = pairs.differences, len(pairs.prompts)
    if pairs.metric.scale in {Scale.BINARY, Scale.SHARE}:
        # Half a pair is added to each of the four outcomes, so that no difference at all in a few
        # pairs is not taken for certainty.
        centre = float(found.sum()) / (n + 2)
        spread = float((found**2).sum()) + 1 - float(found.sum()) ** 2 / (n + 2)
        half = quantile(LEVEL) * spread**0.5 / (n + 2)
        return max(-1.0, centre - half), min(1.0, centre + half)
    centre = float(found.mean())
    borrowed = 0.5 * MARGINS[pairs.metric.scale] ** 2  # half a pair that differs by the margin
    half = quantile(LEVEL) * (float(((found - centre) ** 2).sum()) + borrowed) ** 0.5 / n
    return centre - half, centre + half


def _verdict(
    pairs: _Pairs, difference: float, interval: Interval, p_value: float, margin: float
) -> Verdict:
    if len(pairs.prompts) < FEWEST:
        return Verdict.UNCLEAR
    if p_value <= ERROR:
        gained = (difference > 0) == pairs.metric.higher_is_better
        return Verdict.BETTER if gained else Verdict.WORSE
    within = -margin <= interval[0] and interval[1] <= margin
    return Verdict.EQUIVALENT if within else Verdict.UNCLEAR


def _prompts(pairs: _Pairs) -> tuple[PromptShift, ...]:
    names = np.array(pairs.prompts)
    moved = []
    for prompt in dict.fromkeys(pairs.prompts):
        mine = names == prompt
        n = int(mine.sum())
        before, after = float(pairs.base[mine].mean()), float(pairs.tuned[mine].mean())
        moved.append(PromptShift(prompt, before, after, n, n))
    return tuple(sorted(moved, key=lambda p: (-abs(p.after - p.before), p.prompt)))
