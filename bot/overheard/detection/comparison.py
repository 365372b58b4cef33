"""A change at a time that is known beforehand: an announced update, the latest run.

Two answers to one prompt can be compared; answers to two prompts cannot, because a brand is
named in nearly all answers to one and in none to the next. So each prompt is a stratum. The
statistic is that of Cochran (1954) and of Mantel and Haenszel (1959), written so that it serves
rates and numbers alike: for values of 0 and 1 it is theirs to the digit; for others it is the
stratified permutation statistic, whose mean and variance are exact too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from overheard.domain import PromptShift
from overheard.measure.blocks import Stream
from overheard.measure.intervals import Interval, Scatter, Sums, difference, panel_mean_interval
from overheard.numpy_proxy import Floats, Mask, np

STUDENT_FREEDOM = 6.0
"""Degrees of freedom of the run effects: their variance is an estimate from few runs."""


@dataclass(frozen=True)
class Comparison:
    """One stream before and after a known time.

    Attributes:
        v: Variance of the statistic (`StratifiedSplit.u`) when nothing changed and calls are
            independent.
        veff: The variance `v` with the run effects added.
        before: Mean over the shared prompts before the time, each weighing the same.
        after: Mean over the shared prompts after the time, each weighing the same.
        change: after - before.
        interval: 90 % interval of the change (low, high).
        prompts: The shared prompts, those that moved most first.
        answers: Number of answers to shared prompts (before, after).
        binary: Whether the values of the stream are only 0 and 1.
    """

    v: float
    veff: float
    before: float
    after: float
    change: float
    interval: Interval
    prompts: tuple[PromptShift, ...]
    answers: tuple[int, int]
    binary: bool


def compare_sides(stream: Stream, first: int, tau2: float) -> Comparison | None:
    """Return the comparison of a stream before and after a known time, on the prompts that have
    answers on both sides.

    Args:
        stream: One brand, one model, one metric.
        first: Number of the run with which "after" begins; that run is after.
        tau2: Variance of the run effect on the logit scale, 0 or more.

    Returns:
        The comparison; None when there is nothing to compare: fewer than two prompts have
        answers on both sides, or no prompt's answers differ at all.
    """
    cut = split_stream(stream, stream.since(first))
    if cut.shared.sum() < 2 or cut.v <= 0:
        return None
    effect_sd = cut.run_effect_sd(tau2)
    veff = cut.v + effect_sd**2
    return Comparison(
        v=cut.v,
        veff=veff,
        before=cut.before.mean,
        after=cut.after.mean,
        change=cut.after.mean - cut.before.mean,
        interval=change_interval(cut, stream.scatter, tau2),
        prompts=_prompts(stream, cut),
        answers=(round(float(cut.before.n.sum())), round(float(cut.after.n.sum()))),
        binary=stream.binary,
    )


def change_interval(
    cut: StratifiedSplit, scatter: Scatter, tau2: float, level: float = 0.9
) -> Interval:
    """Return the interval (low, high) of the change of the mean over the shared prompts, after less
    before, on the metric's scale.

    Run effects count with the variance of Student's t with `STUDENT_FREEDOM` degrees of freedom,
    which makes the interval wider than ``tau2`` alone.

    Args:
        cut: The stream, cut in two.
        scatter: How much answers to the same prompt differ.
        tau2: Variance of the run effect on the logit scale, 0 or more.
        level: Probability that the interval holds the true change, 0 to 1.
    """
    heavy_tailed = tau2 * STUDENT_FREEDOM / (STUDENT_FREEDOM - 2)
    before = panel_mean_interval(cut.before, cut.asked[~cut.later], scatter, heavy_tailed, level)
    after = panel_mean_interval(cut.after, cut.asked[cut.later], scatter, heavy_tailed, level)
    return difference(cut.before.mean, before, cut.after.mean, after)


def _prompts(stream: Stream, cut: StratifiedSplit) -> tuple[PromptShift, ...]:
    """Return, for each prompt with answers on both sides of the cut, its means and numbers of
    answers before and after. The largest change, up or down, comes first; of equal changes the
    prompt with more answers after, then the one whose key sorts first.
    """
    names = [name for name, both in zip(stream.prompts, cut.shared, strict=True) if both]
    means = zip(cut.before.means.tolist(), cut.after.means.tolist(), strict=True)
    answers = zip(cut.before.n.astype(int).tolist(), cut.after.n.astype(int).tolist(), strict=True)
    moved = [
        PromptShift(name, *mean, *n) for name, mean, n in zip(names, means, answers, strict=True)
    ]
    return tuple(sorted(moved, key=lambda p: (-abs(p.after - p.before), -p.n_after, p.prompt)))


@dataclass(frozen=True, eq=False)
class StratifiedSplit:
    """A stream cut in two at a time, over the P prompts that have answers on both sides.

    Attributes:
        shared: Mask of the stream's prompts that have answers on both sides.
        before: The sums of these prompts before the cut.
        after: The sums of these prompts after the cut.
        asked: Number of answers by run and shared prompt, R x P.
        later: Mask of the runs after the cut, R.
        width: The size of the metric's values against those of a rate, 1 for a rate
            (`Stream.width`).
    """

    shared: Mask
    before: Sums
    after: Sums
    asked: Floats
    later: Mask
    width: float

    @cached_property
    def both(self) -> Sums:
        """The sums of both sides together."""
        return self.before + self.after

    @cached_property
    def u(self) -> float:
        """The sum of the values after the cut less the sum that is expected there without a change:
        above 0 for a rise.
        """
        return float(np.sum(self.after.total - self.after.n * self.both.means))

    @cached_property
    def v(self) -> float:
        """The variance of `u` when nothing changed and calls are independent."""
        weight = self.before.n * self.after.n / self.both.n
        return float(np.sum(weight * self._answer_variance))

    @cached_property
    def pull(self) -> Floats:
        """How far each run's effect moves `u`, in either direction, for an effect of 1 logit, R.

        A run effect of a rate is a shift on the logit scale. A run effect of a number tilts the
        distribution by ``exp(run effect * value / width)``, which is the same for values 0 and 1.
        """
        other_side = np.where(self.later[:, None], self.before.n, self.after.n)
        by_prompt = self.asked * other_side / self.both.n * self._answer_variance
        return np.asarray(by_prompt.sum(axis=1) / self.width)

    def run_effect_sd(self, tau2: float) -> float:
        """Return the standard deviation of `u` that comes from run effects of a variance ``tau2``
        on the logit scale.
        """
        return float(np.sqrt(tau2 * np.sum(self.pull**2)))

    @property
    def _answer_variance(self) -> Floats:
        """The variance of the answers to each shared prompt when nothing changed, P."""
        return self.both.deviance / (self.both.n - 1)


def split_stream(stream: Stream, later: Mask) -> StratifiedSplit:
    """Return the sums of a stream before and after a cut, by prompt. A prompt counts only if it has
    answers on both sides; there may be none.

    Args:
        later: Mask of the stream's runs after the cut, R; the others are before it.
    """
    shared = (stream.n[later].sum(axis=0) > 0) & (stream.n[~later].sum(axis=0) > 0)
    return StratifiedSplit(
        shared=shared,
        before=stream.sums(~later, shared),
        after=stream.sums(later, shared),
        asked=stream.n[:, shared].astype(np.float64),
        later=later,
        width=stream.width,
    )
