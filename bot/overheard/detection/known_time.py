"""A change at a known time: one test a stream, whose p-value is exact but for the run effects.

Given each prompt's successes on both sides together, those after are hypergeometric (Fisher 1935),
and their sum over prompts is the convolution. A run effect shifts all prompts by one amount on the
logit scale. That tilts the sum exponentially (Cornfield 1956: a noncentral hypergeometric with
common odds), so averaging over run effects needs the one convolution only. Normal tails would not
do: with 3 answers after and 60 before, rare successes make the sum skew, and at a level of 0.001 a
normal test fires up to twice too often.

Run effects have Student's t with 6 degrees of freedom, not the normal distribution: their variance
is an estimate from few runs. With the normal, the test would believe lucky low estimates, and fire
three to four times too often at a level of 0.001.
"""

from collections.abc import Iterable
from functools import cache
from math import comb

from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import STUDENT_FREEDOM, StratifiedSplit, split_stream
from overheard.domain import Block
from overheard.measure.blocks import streams
from overheard.measure.intervals import Sums
from overheard.numpy_proxy import Floats, np


def p_values_at(blocks: Iterable[Block], first: int) -> dict[str, tuple[float, float]]:
    """Return `rate_p_values` of a change at the run with the number `first`, by brand. The blocks
    are of one model and one metric of 0 and 1, and all of them show how large run effects are. Left
    out are brands of which fewer than two prompts have answers on both sides, and those in which
    nothing varies.
    """
    by_brand = streams(blocks)
    tau2 = run_effect_variance(by_brand, first)
    cuts = {stream.key.brand: split_stream(stream, stream.since(first)) for stream in by_brand}
    return {
        brand: rate_p_values(cut, cut.run_effect_sd(tau2))
        for brand, cut in cuts.items()
        if cut.shared.sum() > 1 and cut.v > 0
    }


def rate_p_values(cut: StratifiedSplit, effect_sd: float) -> tuple[float, float]:
    """Return the two-sided p-value of a change of a rate, twice the smaller exact tail, and the
    least that any other order of the same answers would have.

    Args:
        cut: The stream, cut in two; its ``v`` is above 0.
        effect_sd: Standard deviation that run effects give `u`, see
            `StratifiedSplit.run_effect_sd`.
    """
    lowest, masses = successes(cut.before, cut.after)
    if effect_sd > 0:
        masses = _averaged(masses, effect_sd / cut.v)
    seen = round(float(cut.after.total.sum())) - lowest
    tails = float(masses[: seen + 1].sum()), float(masses[seen:].sum())
    return min(1.0, 2 * min(tails)), min(1.0, 2 * float(min(masses[0], masses[-1])))


@cache
def run_effect_grid() -> tuple[Floats, Floats]:
    """Return run effects in units of their standard deviation, and the probability of each under
    Student's t with 6 degrees of freedom.

    The grid is evenly spaced in arcsinh, so that the far tails are covered too.
    """
    steps = np.linspace(-4.0, 4.0, 121)
    effects = 1.5 * np.sinh(steps)
    density = np.cosh(steps) * (1 + effects**2 / STUDENT_FREEDOM) ** (-(STUDENT_FREEDOM + 1) / 2)
    return effects, density / density.sum()


def successes(before: Sums, after: Sums) -> tuple[int, Floats]:
    """Return the distribution of the number of successes after, summed over prompts, given each
    prompt's successes before and after together (hypergeometric; Fisher 1935).

    Returns:
        The smallest possible number, and the probabilities of this number and each larger number.
    """
    lowest, masses = 0, np.ones(1)
    hits = before.total + after.total
    for cells in np.rint([before.n, after.n, hits]).astype(int).T.tolist():
        n_before, n_after, all_hits = cells
        low, high = max(0, all_hits - n_before), min(n_after, all_hits)
        ways = [comb(n_after, k) * comb(n_before, all_hits - k) for k in range(low, high + 1)]
        masses = np.convolve(masses, [way / sum(ways) for way in ways])
        lowest += low
    return lowest, masses


def _averaged(masses: Floats, scale: float) -> Floats:
    """Return a distribution of successes averaged over run effects.

    Args:
        masses: Probabilities of consecutive numbers of successes without a run effect.
        scale: Standard deviation of the run effects; an effect tilts the distribution by
            ``exp(effect * number)``.
    """
    effects, weights = run_effect_grid()
    with np.errstate(divide="ignore"):
        logs = np.log(masses) + scale * effects[:, None] * np.arange(len(masses))
    tilted = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights @ (tilted / tilted.sum(axis=1, keepdims=True)))
