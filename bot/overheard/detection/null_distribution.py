"""What a statistic is held against: its distribution when nothing changed but the runs' moods.

For rates it is exact but for the moods. Given each prompt's successes on both sides together,
those after are hypergeometric (Fisher 1935), and their sum over prompts is the convolution. The
runs' moods shift all prompts by one amount on the logit scale. That tilts the sum exponentially
(Cornfield 1956: a noncentral hypergeometric with common odds), so averaging over moods needs the
one convolution only. Normal tails would not do: with 3 answers after and 60 before, rare
successes make the sum skew, and at a level of 0.001 a normal test fires up to twice too often.

The mood is given Student's t with 6 degrees of freedom, not the normal distribution: its
variance is an estimate, which a prior worth 6 runs props up. With the normal, the test would
believe lucky low estimates, and fire three to four times too often at a level of 0.001.
"""

from __future__ import annotations

from functools import cache

from overheard.detection.stratified import Split
from overheard.measure.panel import Sums
from overheard.numpy_proxy import Floats, np

FREEDOM = 6.0
"""Degrees of freedom of the runs' moods."""


@cache
def _moods() -> tuple[Floats, Floats]:
    """Return moods, and how likely each is.

    They are evenly spaced in arcsinh, so that the far tails of Student's t are covered too.
    """
    steps = np.linspace(-4.0, 4.0, 121)
    moods = 1.5 * np.sinh(steps)
    density = np.cosh(steps) * (1 + moods**2 / FREEDOM) ** (-(FREEDOM + 1) / 2)
    return moods, density / density.sum()


def rate_p_value(cut: Split, mood: float) -> float:
    """Return the two-sided p-value of a stream of 0 and 1: twice the smaller exact tail.

    Args:
        cut: The stream, cut in two; its ``v`` is above 0.
        mood: Scale of the moods, see `Split.mood`.
    """
    lowest, masses = successes(cut.before, cut.after)
    if mood > 0:
        masses = _averaged(masses, mood / cut.v)
    seen = round(float(cut.after.total.sum())) - lowest
    tails = masses[: seen + 1].sum(), masses[seen:].sum()
    return float(min(1.0, 2 * min(tails)))


def number_p_value(cut: Split, mood: float) -> float:
    """Return the two-sided p-value of a stream of numbers, by Student's t.

    It has as many degrees of freedom as the smaller side has answers: few answers of a skew
    metric have heavier tails than their variance tells.

    Args:
        cut: The stream, cut in two; its ``v`` is above 0.
        mood: Scale of the moods, see `Split.mood`.
    """
    from scipy.special import stdtr

    freedom = min(float(cut.before.n.sum()), float(cut.after.n.sum()))
    moods, weights = _moods()
    distances = (mood * moods - abs(cut.u)) / cut.v**0.5
    return float(min(1.0, 2 * (weights @ stdtr(freedom, distances))))


def successes(before: Sums, after: Sums) -> tuple[int, Floats]:
    """Return the distribution of all successes after, given each prompt's successes in all.

    Returns:
        The smallest possible number, and the probabilities of it and of each larger one.
    """
    from scipy.special import gammaln

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
    """Average a distribution over moods, each of which tilts it by ``exp(mood * value)``."""
    moods, weights = _moods()
    with np.errstate(divide="ignore"):
        logs = np.log(masses) + scale * moods[:, None] * np.arange(len(masses))
    tilted = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights @ (tilted / tilted.sum(axis=1, keepdims=True)))
