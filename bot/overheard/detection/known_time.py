"""A change at a time that is known beforehand: an announced update, the latest run.

Two answers to one prompt can be compared; answers to two prompts cannot, because a brand is
named in nearly all answers to one and in none to the next. So each prompt is a stratum. The
statistic is that of Cochran (1954) and of Mantel and Haenszel (1959), written so that it serves
rates and numbers alike: for values of 0 and 1 it is theirs to the digit; for others it is the
stratified permutation statistic, whose mean and variance are exact too.

The p-value of a rate is exact but for the run effects. Given each prompt's successes on both sides
together, those after are hypergeometric (Fisher 1935), and their sum over prompts is the
convolution. A run effect shifts all prompts by one amount on the logit scale. That tilts the sum
exponentially (Cornfield 1956: a noncentral hypergeometric with common odds), so averaging over run
effects needs the one convolution only. Normal tails would not do: with 3 answers after and 60
before, rare successes make the sum skew, and at a level of 0.001 a normal test fires up to twice
too often.

Run effects have Student's t with 6 degrees of freedom, not the normal distribution: their variance
is an estimate from few runs. With the normal, the test would believe lucky low estimates, and fire
three to four times too often at a level of 0.001.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

from overheard.domain import PromptShift
from overheard.measure.blocks import Stream
from overheard.measure.intervals import Interval, Scatter, Sums, difference, interval
from overheard.numpy_proxy import Floats, Mask, np

STUDENT_FREEDOM = 6.0
"""Degrees of freedom of the run effects."""


@dataclass(frozen=True)
class Comparison:
    """One stream before and after a known time.

    Attributes:
        z: The statistic, u / sqrt(veff); its sign is that of the change.
        u: How much the total after exceeds what it would be without a change.
        v: Variance of u when nothing changed and calls are independent.
        veff: The same with the run effects in it.
        before: Mean over the shared prompts before the time, each weighing the same.
        after: Mean over the shared prompts after the time, each weighing the same.
        change: after - before.
        interval: 90 % interval of the change (low, high).
        prompts: The shared prompts, those that moved most first.
        answers: Number of answers to shared prompts (before, after).
        cut: The stream, cut in two.
        binary: Whether its values are only 0 and 1.
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
    cut: StratifiedSplit
    binary: bool

    @cached_property
    def p_value(self) -> float:
        """Two-sided probability of evidence at least this strong when nothing changed.

        It is worked out when it is wanted: the rest takes a tenth of the time.
        """
        effect_sd = max(0.0, self.veff - self.v) ** 0.5
        return (rate_p_value if self.binary else number_p_value)(self.cut, effect_sd)


def compare_sides(stream: Stream, first: int, tau2: float) -> Comparison | None:
    """Compare a stream before and after a known time, on the prompts asked on both sides.

    Args:
        stream: One brand, one model, one metric.
        first: Number of the run with which "after" begins.
        tau2: Variance of the run effect, 0 or more, see `run_effects.run_effect_variance`.

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


def change_interval(
    cut: StratifiedSplit, scatter: Scatter, tau2: float, level: float = 0.9
) -> Interval:
    """Return the interval of the change of the panel's mean, on the metric's scale.

    Args:
        cut: The stream, cut in two.
        scatter: How much answers to one prompt differ.
        tau2: Variance of the run effect, on the logit scale.
        level: Probability that the interval holds the true change, 0 to 1.
    """
    # The run effects are as heavy-tailed here as in the p-value.
    heavy = tau2 * STUDENT_FREEDOM / (STUDENT_FREEDOM - 2)
    before = interval(cut.before, cut.asked[~cut.later], scatter, heavy, level)
    after = interval(cut.after, cut.asked[cut.later], scatter, heavy, level)
    return difference(cut.before.mean, before, cut.after.mean, after)


def _prompts(stream: Stream, cut: StratifiedSplit) -> tuple[PromptShift, ...]:
    """Return the means of each shared prompt before and after, the largest change first."""
    names = [name for name, both in zip(stream.prompts, cut.shared, strict=True) if both]
    means = zip(cut.before.means.tolist(), cut.after.means.tolist(), strict=True)
    answers = zip(cut.before.n.astype(int).tolist(), cut.after.n.astype(int).tolist(), strict=True)
    moved = [
        PromptShift(name, *mean, *n) for name, mean, n in zip(names, means, answers, strict=True)
    ]
    return tuple(sorted(moved, key=lambda p: (-abs(p.after - p.before), -p.n_after, p.prompt)))


@dataclass(frozen=True, eq=False)
class StratifiedSplit:
    """A stream cut in two, over the P prompts that have answers on both sides.

    Attributes:
        shared: Which of the stream's prompts those are.
        before: Their sums before the cut.
        after: Their sums after it.
        asked: Answers by run and shared prompt, R x P.
        later: Which runs lie after the cut, R.
        width: The unit of the metric for run effect, see `Stream.width`.
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
        """How much the total after exceeds what it would be without a change."""
        return float(np.sum(self.after.total - self.after.n * self.both.means))

    @cached_property
    def v(self) -> float:
        """The variance of `u` when nothing changed and calls are independent."""
        weight = self.before.n * self.after.n / self.both.n
        return float(np.sum(weight * self._spread))

    @cached_property
    def pull(self) -> Floats:
        """How far `u` moves for each unit of a run's effect, R.

        A run effect of a rate is a shift on the logit scale. A run effect of a number tilts the
        distribution by ``exp(run effect * value / width)``, which is the same for values 0 and 1.
        """
        other = np.where(self.later[:, None], self.before.n, self.after.n)
        return np.asarray(np.sum(self.asked * other / self.both.n * self._spread, axis=1)) / (
            self.width
        )

    def run_effect_sd(self, tau2: float) -> float:
        """Return the standard deviation that run effect of this variance give `u`."""
        return float(np.sqrt(tau2 * np.sum(self.pull**2)))

    @property
    def _spread(self) -> Floats:
        return self.both.deviance / (self.both.n - 1)


def split_stream(stream: Stream, later: Mask) -> StratifiedSplit:
    """Return the sums of a stream before and after a cut, prompt by prompt, each a stratum.

    Args:
        stream: The stream to cut.
        later: Which of the stream's runs lie after the cut, R.
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


@cache
def _run_effect_grid() -> tuple[Floats, Floats]:
    """Return a grid of run effects in units of their standard deviation, and the probability of
    each under Student's t with 6 degrees of freedom.

    The grid is evenly spaced in arcsinh, so that the far tails are covered too.
    """
    steps = np.linspace(-4.0, 4.0, 121)
    effects = 1.5 * np.sinh(steps)
    density = np.cosh(steps) * (1 + effects**2 / STUDENT_FREEDOM) ** (-(STUDENT_FREEDOM + 1) / 2)
    return effects, density / density.sum()


def rate_p_value(cut: StratifiedSplit, effect_sd: float) -> float:
    """Return the two-sided p-value of a change of a rate: twice the smaller exact tail.

    Args:
        cut: The stream, cut in two; its ``v`` is above 0.
        effect_sd: Standard deviation that run effects give `u`, see
            `StratifiedSplit.run_effect_sd`.
    """
    lowest, masses = successes(cut.before, cut.after)
    if effect_sd > 0:
        masses = _averaged(masses, effect_sd / cut.v)
    seen = round(float(cut.after.total.sum())) - lowest
    tails = masses[: seen + 1].sum(), masses[seen:].sum()
    return float(min(1.0, 2 * min(tails)))


def number_p_value(cut: StratifiedSplit, effect_sd: float) -> float:
    """Return the two-sided p-value of a change of a number, by Student's t.

    The degrees of freedom are the number of answers on the smaller side: few answers of a skew
    metric have heavier tails than their variance shows.

    Args:
        cut: The stream, cut in two; its ``v`` is above 0.
        effect_sd: Standard deviation that run effects give `u`, see
            `StratifiedSplit.run_effect_sd`.
    """
    from overheard.special_functions import stdtr

    freedom = min(float(cut.before.n.sum()), float(cut.after.n.sum()))
    effects, weights = _run_effect_grid()
    distances = (effect_sd * effects - abs(cut.u)) / cut.v**0.5
    return min(1.0, 2 * float(weights @ stdtr(freedom, distances)))


def successes(before: Sums, after: Sums) -> tuple[int, Floats]:
    """Return the distribution of the number of successes after, summed over prompts, given each
    prompt's successes before and after together (hypergeometric; Fisher 1935).

    Returns:
        The smallest possible number, and the probabilities of this number and each larger number.
    """
    from overheard.special_functions import gammaln

    def log_choose(n: Floats, k: Floats) -> Floats:
        return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    hits = before.total + after.total
    low, high = np.maximum(0, hits - before.n), np.minimum(after.n, hits)
    sizes = (high - low).astype(int) + 1
    k = np.minimum(low[:, None] + np.arange(sizes.max()), high[:, None])
    ways = log_choose(after.n[:, None], k) + log_choose(before.n[:, None], hits[:, None] - k)
    chances = np.exp(ways - log_choose(before.n + after.n, hits)[:, None])
    masses = np.ones(1)
    for row, size in zip(chances, sizes, strict=True):
        masses = np.convolve(masses, row[:size])
    return round(float(low.sum())), masses


def _averaged(masses: Floats, scale: float) -> Floats:
    """Return a distribution of successes averaged over run effects.

    Args:
        masses: Probabilities of consecutive numbers of successes without a run effect.
        scale: Standard deviation of the run effects; an effect tilts the distribution by
            ``exp(effect * number)``.
    """
    effects, weights = _run_effect_grid()
    with np.errstate(divide="ignore"):
        logs = np.log(masses) + scale * effects[:, None] * np.arange(len(masses))
    tilted = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights @ (tilted / tilted.sum(axis=1, keepdims=True)))
