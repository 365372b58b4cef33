"""Did anything change at a time that is known beforehand: an announced update, the latest run?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from overheard.detection.null_distribution import FREEDOM, number_p_value, rate_p_value
from overheard.detection.stratified import Split, split
from overheard.domain import PromptShift
from overheard.measure.blocks import Stream
from overheard.measure.panel import Scatter, interval
from overheard.measure.rates import Interval, difference


@dataclass(frozen=True)
class Comparison:
    """One stream before and after a known time.

    Attributes:
        z: The statistic, u / sqrt(veff); its sign is that of the change.
        u: How much the total after exceeds what it would be without a change.
        v: Variance of u when nothing changed and calls are independent.
        veff: The same with the runs' moods in it.
        before: Mean over the shared prompts before, each weighing the same.
        after: The same after.
        change: after - before.
        interval: 90 % interval of the change (low, high).
        prompts: The shared prompts, those that moved most first.
        answers: Number of answers to shared prompts (before, after).
        cut: The stream, cut in two.
        binary: Whether its values are 0 and 1 alone.
    """

    z: float
    u: float
    v: float
    veff: float
    before: float
    after: float
    change: float
    interval: Interval
    prompts: tuple[PromptShift, ...]
    answers: tuple[int, int]
    cut: Split
    binary: bool

    @cached_property
    def p_value(self) -> float:
        """Two-sided probability of evidence at least this strong when nothing changed.

        It is worked out when it is wanted: the rest takes a tenth of the time.
        """
        mood = max(0.0, self.veff - self.v) ** 0.5
        return (rate_p_value if self.binary else number_p_value)(self.cut, mood)


def compare(stream: Stream, first: int, tau2: float) -> Comparison | None:
    """Compare a stream before and after a known time, on the prompts asked on both sides.

    Args:
        stream: One brand, one model, one metric.
        first: Number of the run with which "after" begins.
        tau2: Variance of the run shock, 0 or more, see `shocks.variance`.

    Returns:
        The comparison; None when there is nothing to compare: fewer than two prompts have
        answers on both sides, or no prompt's answers differ at all.
    """
    cut = split(stream, stream.since(first))
    if cut.shared.sum() < 2 or cut.v <= 0:
        return None
    mood = cut.mood(tau2)
    veff = cut.v + mood**2
    return Comparison(
        z=cut.u / veff**0.5,
        u=cut.u,
        v=cut.v,
        veff=veff,
        before=cut.before.mean,
        after=cut.after.mean,
        change=cut.after.mean - cut.before.mean,
        interval=change_interval(cut, stream.scatter, tau2),
        prompts=_prompts(stream, cut),
        answers=(round(float(cut.before.n.sum())), round(float(cut.after.n.sum()))),
        cut=cut,
        binary=stream.binary,
    )


def change_interval(cut: Split, scatter: Scatter, tau2: float, level: float = 0.9) -> Interval:
    """Return the interval of the change of the panel's mean, on the metric's scale.

    Args:
        cut: The stream, cut in two.
        scatter: How much answers to one prompt differ.
        tau2: Variance of the run shock.
        level: How often such intervals hold the truth, 0 to 1.
    """
    # The moods are as heavy-tailed here as in the p-value.
    heavy = tau2 * FREEDOM / (FREEDOM - 2)
    before = interval(cut.before, cut.asked[~cut.later], scatter, heavy, level)
    after = interval(cut.after, cut.asked[cut.later], scatter, heavy, level)
    return difference(cut.before.mean, before, cut.after.mean, after)


def _prompts(stream: Stream, cut: Split) -> tuple[PromptShift, ...]:
    names = [name for name, both in zip(stream.prompts, cut.shared, strict=True) if both]
    means = zip(cut.before.means.tolist(), cut.after.means.tolist(), strict=True)
    answers = zip(cut.before.n.astype(int).tolist(), cut.after.n.astype(int).tolist(), strict=True)
    moved = [
        PromptShift(name, *mean, *n) for name, mean, n in zip(names, means, answers, strict=True)
    ]
    return tuple(sorted(moved, key=lambda p: (-abs(p.after - p.before), -p.n_after, p.prompt)))
