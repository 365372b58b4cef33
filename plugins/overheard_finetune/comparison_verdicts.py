"""Verdicts of the comparison of two models: better, worse, equivalent or unclear, by statistics.

Both models are asked the same prompts, round by round, with the same sampling seeds, until the
result is clear. Each prompt in each round gives a pair of answers, and only the differences within
pairs count: two names of one model that respects seeds never differ.

Rates are compared by the exact test of McNemar (1947), numbers by the t-test of the pairs'
differences. The error rate is divided over metrics (Holm 1979), interim checks and models
(Bonferroni), so that neither stopping early nor a long list raises the rate of errors. Intervals of
rates are those of Agresti and Min (2005).

The result holds for the models as they are at this hour, including the run effect of a service; to
compare two services, repeat the comparison on another day.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import comb
from statistics import NormalDist, fmean, stdev
from typing import TypeVar

from overheard import Metric, Scale, stdtr

LEVEL = 0.9
"""Coverage of the interval of a difference."""
HALF_WIDTH = NormalDist().inv_cdf((1 + LEVEL) / 2)
"""Half the width of that interval, in standard errors."""
ERROR_RATE = 0.02
"""Largest probability that two equal models are called different, over all metrics and checks."""
MAX_CHECKS = 10
"""Largest number of interim checks."""
MIN_PAIRS = 10
"""Smallest number of pairs for a verdict."""
MARGIN = Scale.SHARE.margin
"""Differences of a rate up to this count as equivalence, unless a comparison sets another."""

Values = Mapping[tuple[int, str], float]
"""The values of one metric in the answers of one model, by round and prompt key."""


class MetricResult(StrEnum):
    """The result of one metric for the second model, compared with the first."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    """The difference is within the margin."""
    UNCLEAR = "not yet clear"


@dataclass(frozen=True, slots=True)
class Contrast:
    """The comparison of two models in one metric.

    Attributes:
        base: The mean of the first model over the pairs.
        tuned: The mean of the second model over the pairs.
        difference: tuned - base.
        interval: Interval of the difference, see `LEVEL`.
        prompts: The keys of the prompts at which the models differ, most different first.
        pairs: Number of pairs.
    """

    metric: Metric
    base: float
    tuned: float
    difference: float
    interval: tuple[float, float]
    verdict: MetricResult
    prompts: tuple[str, ...]
    pairs: int


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The pairs of answers in one metric: for each pair its prompt and the values of both models.

    Attributes:
        prompts: The prompt's key of each pair.
        base: The value of the first model in each pair.
        tuned: The value of the second model in each pair.
    """

    metric: Metric
    prompts: tuple[str, ...]
    base: tuple[float, ...]
    tuned: tuple[float, ...]

    @property
    def differences(self) -> list[float]:
        """The value of the second model less that of the first, in each pair."""
        return [tuned - base for base, tuned in zip(self.base, self.tuned, strict=True)]


Key = TypeVar("Key")


def contrasts(
    cells: Mapping[Key, tuple[Metric, Values, Values]],
    margin: float = MARGIN,
    looks: int = MAX_CHECKS,
) -> dict[Key, Contrast]:
    """Return contrasts of two models, with p-values corrected for their number and for how often
    they are looked at; those without a pair are left out.

    Args:
        cells: What is compared: the metric, the values of the first model, and of the second.
        margin: Differences of a rate up to this count as equivalence; for other metrics, the margin
            of their scale does.
        looks: The number of checks, of all pairs of models.
    """
    all_pairs = {key: _pairs(base, tuned, metric) for key, (metric, base, tuned) in cells.items()}
    paired = {key: pairs for key, pairs in all_pairs.items() if pairs.prompts}
    p_values = holm_adjusted([min(1.0, _p_value(pairs) * looks) for pairs in paired.values()])
    return {
        key: _contrast(pairs, p_value, margin)
        for (key, pairs), p_value in zip(paired.items(), p_values, strict=True)
    }


def _pairs(base: Values, tuned: Values, metric: Metric) -> _Pairs:
    """Return the pairs of one metric: for each round and prompt with a value of both models, both
    values, in the order of the rounds.
    """
    both = sorted(base.keys() & tuned.keys())
    values = (tuple(side[key] for key in both) for side in (base, tuned))
    return _Pairs(metric, tuple(prompt for _, prompt in both), *values)


def _p_value(pairs: _Pairs) -> float:
    """Return the two-sided p-value of the mean difference, not corrected: of the exact test of
    McNemar for rates of answers, and of the paired t-test for other metrics.

    It is 1 when no pair differs, for a t-test of a single pair, and when all pairs differ by the
    same amount, so that the t-test has no standard error.
    """
    differences = pairs.differences
    n = len(differences)
    if not any(differences):
        return 1.0
    if pairs.metric.scale.is_yes_or_no:
        gained, lost = (sum(d * sign > 0 for d in differences) for sign in (1, -1))
        tail = sum(comb(gained + lost, k) for k in range(min(gained, lost) + 1))
        return min(1.0, 2 * tail / 2.0 ** (gained + lost))
    standard_error = stdev(differences) / n**0.5 if n > 1 else 0.0
    if standard_error == 0:
        return 1.0
    return 2 * float(stdtr(n - 1, -abs(fmean(differences)) / standard_error))


def _contrast(pairs: _Pairs, p_value: float, rate_margin: float) -> Contrast:
    """Return the contrast of one metric."""
    scale = pairs.metric.scale
    margin = rate_margin if scale.is_rate else scale.margin
    difference = fmean(pairs.differences)
    interval = _difference_interval(pairs)
    return Contrast(
        metric=pairs.metric,
        base=fmean(pairs.base),
        tuned=fmean(pairs.tuned),
        difference=difference,
        interval=interval,
        verdict=_metric_result(pairs, difference, interval, p_value, margin),
        prompts=_differing_prompts(pairs),
        pairs=len(pairs.prompts),
    )


def _difference_interval(pairs: _Pairs) -> tuple[float, float]:
    """Return the interval of the mean difference with the coverage `LEVEL`, on the metric's scale.

    For rates and shares it is that of Agresti and Min (2005), cut to -1 and 1. For other metrics it
    is a normal interval whose variance has half a pair added that differs by the metric's margin,
    so that a few equal pairs do not give an interval of width 0.
    """
    differences, n = pairs.differences, len(pairs.prompts)
    squares = sum(difference**2 for difference in differences)
    if pairs.metric.scale.is_rate:
        # Half a pair is added to each of the four outcomes.
        centre = sum(differences) / (n + 2)
        half_width = HALF_WIDTH * (squares + 1 - (n + 2) * centre**2) ** 0.5 / (n + 2)
        return max(-1.0, centre - half_width), min(1.0, centre + half_width)
    centre = fmean(differences)
    added = 0.5 * pairs.metric.scale.margin**2
    half_width = HALF_WIDTH * (max(0.0, squares - n * centre**2) + added) ** 0.5 / n
    return centre - half_width, centre + half_width


def _metric_result(
    pairs: _Pairs, difference: float, interval: tuple[float, float], p_value: float, margin: float
) -> MetricResult:
    """Return the result of one metric for the second model, by the first rule that holds: UNCLEAR
    with fewer than `MIN_PAIRS` pairs; BETTER or WORSE, by the metric's better direction, for a
    p-value of `ERROR_RATE` or less; EQUIVALENT if the whole interval is within the margin on both
    sides, its ends included; otherwise UNCLEAR.

    Args:
        difference: The mean difference, second model less first.
        margin: Differences up to this count as equivalence, on the metric's scale.
    """
    if len(pairs.prompts) < MIN_PAIRS:
        return MetricResult.UNCLEAR
    if p_value <= ERROR_RATE:
        gained = (difference > 0) == pairs.metric.higher_is_better
        return MetricResult.BETTER if gained else MetricResult.WORSE
    within = -margin <= interval[0] and interval[1] <= margin
    return MetricResult.EQUIVALENT if within else MetricResult.UNCLEAR


def _differing_prompts(pairs: _Pairs) -> tuple[str, ...]:
    """Return the keys of the prompts whose mean difference is not 0, the largest first; of equal
    ones, the first by key.
    """
    sums: dict[str, list[float]] = defaultdict(list)
    for prompt, difference in zip(pairs.prompts, pairs.differences, strict=True):
        sums[prompt].append(difference)
    means = {prompt: abs(fmean(found)) for prompt, found in sums.items()}
    return tuple(sorted((p for p, mean in means.items() if mean), key=lambda p: (-means[p], p)))


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for the number of tests (Holm 1979), in the same order and at most
    1; empty for no p-values.

    If all corrected p-values up to a level count as findings, the probability of any false finding
    is at most the level, however the tests depend on each other.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    largest_so_far = 0.0
    for rank, index in enumerate(order):
        own = min(1.0, (len(p_values) - rank) * p_values[index])
        largest_so_far = max(largest_so_far, own)
        corrected[index] = largest_so_far
    return corrected
