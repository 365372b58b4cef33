"""Verdicts of the comparison of two models: better, worse, equivalent or unclear, by statistics.

Both models are asked the same prompts, round by round, with the same sampling seeds, until the
result is clear. Each prompt in each round gives a pair of answers, and only the differences within
pairs count: two names of one model that respects seeds never differ.

Rates are compared by the exact test of McNemar (1947), numbers by the t-test of the pairs'
differences. The error rate is divided over metrics (Holm 1979) and interim checks (Bonferroni), so
that stopping early does not raise the rate of errors. Intervals of rates are those of Agresti and
Min (2005).

The result holds for the models as they are at this hour, including the run effect of a service; to
compare two services, repeat the comparison on another day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from overheard.domain import Block, Metric, Model, PromptShift, Scale
from overheard.measure.intervals import Interval, normal_half_width
from overheard.numpy_proxy import Floats, np

LEVEL = 0.9
"""Coverage of the interval of a difference."""
ERROR_RATE = 0.02
"""Largest probability that two equal models are called different, over all metrics and checks."""
MAX_CHECKS = 10
"""Largest number of interim checks."""
MIN_PAIRS = 10
"""Smallest number of pairs for a verdict."""
MARGIN = Scale.SHARE.margin
"""Differences of a rate up to this count as equivalence, unless a comparison sets another."""


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
        prompts: The prompts by descending difference; `before` is the first model.
        pairs: Number of pairs.
    """

    metric: Metric
    base: float
    tuned: float
    difference: float
    interval: Interval
    verdict: MetricResult
    prompts: tuple[PromptShift, ...]
    pairs: int


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The pairs of answers in one metric: for each pair its prompt and the values of both models.

    Attributes:
        prompts: The prompt's key of each pair.
        base: The value of the first model in each pair.
        tuned: The value of the second model in each pair.
    """

    metric: Metric
    prompts: tuple[str, ...]
    base: Floats
    tuned: Floats

    @property
    def differences(self) -> Floats:
        """The value of the second model less that of the first, in each pair."""
        return self.tuned - self.base


def contrasts(
    blocks: Iterable[Block],
    base: Model,
    tuned: Model,
    metrics: Mapping[str, Metric],
    margin: float = MARGIN,
) -> list[Contrast]:
    """Return the contrast of two models in each metric, with p-values corrected for the number of
    metrics and for `MAX_CHECKS` checks.

    Args:
        blocks: The blocks of one brand from all rounds so far; a round has one run id.
        base: The first model.
        tuned: The second model.
        metrics: The metrics, by name.
        margin: Differences of a rate up to this count as equivalence; for other metrics, the margin
            of their scale does.

    Returns:
        A contrast for each metric that has a pair, in the order of ``metrics``.
    """
    paired = [p for metric in metrics.values() if (p := _pairs(blocks, base, tuned, metric))]
    p_values = holm_adjusted([min(1.0, _p_value(p) * MAX_CHECKS) for p in paired])
    return [
        _contrast(pairs, p_value, margin) for pairs, p_value in zip(paired, p_values, strict=True)
    ]


def all_clear(contrasts: Sequence[Contrast]) -> bool:
    """Return whether there are contrasts and each has a verdict (none is UNCLEAR), so that no
    further round has to be asked.
    """
    return bool(contrasts) and all(
        contrast.verdict is not MetricResult.UNCLEAR for contrast in contrasts
    )


def _pairs(blocks: Iterable[Block], base: Model, tuned: Model, metric: Metric) -> _Pairs | None:
    """Return the pairs of one metric: for each round and prompt with a value of both models, their
    mean values, in the order of the rounds. None without a pair.

    Args:
        blocks: The blocks of one brand; a round has one run id. Those of other metrics are left
            out.
        base: The first model.
        tuned: The second model.
    """
    means: dict[tuple[int, str], dict[Model, float]] = defaultdict(dict)
    for block in blocks:
        if block.metric == metric.name:
            means[block.run_id, block.prompt][block.model] = block.total / block.n
    answered_by_both = {
        key: by_model for key, by_model in sorted(means.items()) if {base, tuned} <= by_model.keys()
    }
    if not answered_by_both:
        return None
    by_model = [
        np.array([pair[model] for pair in answered_by_both.values()]) for model in (base, tuned)
    ]
    return _Pairs(metric, tuple(prompt for _, prompt in answered_by_both), *by_model)


def _p_value(pairs: _Pairs) -> float:
    """Return the two-sided p-value of the mean difference, not corrected: of the exact test of
    McNemar for rates of answers, and of the paired t-test for other metrics.

    It is 1 when no pair differs, for a t-test of a single pair, and when all pairs differ by the
    same amount, so that the t-test has no standard error.
    """
    from overheard.special_functions import bdtr, stdtr

    differences = pairs.differences
    if not differences.any():
        return 1.0
    if pairs.metric.scale.is_yes_or_no:
        gained, lost = int((differences > 0).sum()), int((differences < 0).sum())
        return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5)))
    if len(differences) < 2:
        return 1.0
    standard_error = float(differences.std(ddof=1)) / len(differences) ** 0.5
    if standard_error == 0:
        return 1.0
    t = abs(differences.mean()) / standard_error
    return 2 * float(stdtr(len(differences) - 1, -t))


def _contrast(pairs: _Pairs, p_value: float, rate_margin: float) -> Contrast:
    """Return the contrast of one metric."""
    scale = pairs.metric.scale
    margin = rate_margin if scale.is_rate else scale.margin
    difference = float(pairs.differences.mean())
    interval = _difference_interval(pairs)
    return Contrast(
        metric=pairs.metric,
        base=float(pairs.base.mean()),
        tuned=float(pairs.tuned.mean()),
        difference=difference,
        interval=interval,
        verdict=_metric_result(pairs, difference, interval, p_value, margin),
        prompts=_prompt_shifts(pairs),
        pairs=len(pairs.prompts),
    )


def _difference_interval(pairs: _Pairs) -> Interval:
    """Return the interval of the mean difference with the coverage `LEVEL`, on the metric's scale.

    For rates and shares it is that of Agresti and Min (2005), cut to -1 and 1. For other metrics it
    is a normal interval whose variance has half a pair added that differs by the metric's margin,
    so that a few equal pairs do not give an interval of width 0.
    """
    differences, n = pairs.differences, len(pairs.prompts)
    if pairs.metric.scale.is_rate:
        # Half a pair is added to each of the four outcomes.
        centre = float(differences.sum()) / (n + 2)
        squares = float((differences**2).sum()) + 1 - float(differences.sum()) ** 2 / (n + 2)
        half_width = normal_half_width(LEVEL) * squares**0.5 / (n + 2)
        return max(-1.0, centre - half_width), min(1.0, centre + half_width)
    centre = float(differences.mean())
    added = 0.5 * pairs.metric.scale.margin**2
    squares = float(((differences - centre) ** 2).sum()) + added
    half_width = normal_half_width(LEVEL) * squares**0.5 / n
    return centre - half_width, centre + half_width


def _metric_result(
    pairs: _Pairs, difference: float, interval: Interval, p_value: float, margin: float
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


def _prompt_shifts(pairs: _Pairs) -> tuple[PromptShift, ...]:
    """Return the mean of both models for each prompt of the pairs: the first model as the value
    before, the second as the value after, each with its number of pairs. The largest absolute
    difference comes first; of equal ones, the first by key.
    """
    names = np.array(pairs.prompts)
    shifts = []
    for prompt in dict.fromkeys(pairs.prompts):
        is_prompt = names == prompt
        n = int(is_prompt.sum())
        before, after = float(pairs.base[is_prompt].mean()), float(pairs.tuned[is_prompt].mean())
        shifts.append(PromptShift(prompt, before, after, n, n))
    return tuple(sorted(shifts, key=lambda p: (-abs(p.after - p.before), p.prompt)))


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
