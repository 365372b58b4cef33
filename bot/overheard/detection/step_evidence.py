"""The evidence of a step in series of runs, averaged over what run effects may be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from overheard.detection.control_variate import SHARED_VARIANCE, share_of_effect
from overheard.numpy_proxy import Floats, np

VARIANCES = (0.0, 0.01, 0.03, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Variances of the own run effect that are thought of, logit scale."""
VARIANCE_WEIGHTS = (0.2, 0.15, 0.17, 0.17, 0.15, 0.1, 0.04, 0.02)
"""Prior probability of each of these variances."""
SHORT_RUNS = 128
"""Largest number of runs of a basis that is kept for the next replay of the past. A basis grows by
the square of its runs: those of a year of daily runs would take 130 MB."""
AUTOCORRELATIONS = (0.0, 0.7)
"""Correlations of the own effects of neighbouring runs that are thought of."""
AUTOCORRELATION_WEIGHTS = (0.75, 0.25)
"""Prior probability of each of these correlations."""
NOTABLE_VARIANCE = 0.03
"""Own run effects with a smaller variance do no harm, autocorrelated or not."""
STEP_VARIANCE = 0.49
"""Variance of a usual change of all prompts, logit scale."""
STEP_VARIANCES, STEP_WEIGHTS = (STEP_VARIANCE, 4.0), (0.75, 0.25)
"""Variances of changes, usual and large, and how likely each is; also of single deviating runs."""
MIN_EIGENVALUE = 1e-9
"""Least eigenvalue of a correlation, against rounding below 0."""
EVEN_PROFILE = 0.02
"""Range of the runs' relative variances by calls below which all runs weigh the same."""
RIVAL_SERIES = 2.0
"""The largest number of series that all rivals together count as."""


class Basis(NamedTuple):
    """Eigenvectors of the run effects' correlation, in units of the calls' variance."""

    vectors: Floats
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class StepEvidence:
    """The evidence of a series for a step.

    Attributes:
        steps: Logarithms of the Bayes factors of a step at each start, K.
        outliers: Logarithms of the Bayes factors that each of the latest runs deviates alone, in
            the order of time.
        variance: Expected variance of the own run effect.
        rivals_variance: Expected variance of the own run effect by the rivals and the prior alone.
        rivals_autocorrelation: Probability of autocorrelated effects by the same.
    """

    steps: Floats
    outliers: Floats
    variance: float
    rivals_variance: float
    rivals_autocorrelation: float


def step_evidence(
    level: Floats, noise: Floats, steps: Floats, outliers: int, looks: Floats | None = None
) -> StepEvidence:
    """Return the evidence for a step in the first of J series, averaged over the variance and the
    autocorrelation of run effects; the other series show how run effects scatter.

    Args:
        level: The series, J x n.
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: Number of the latest runs that may be single deviating runs; 0 or more.
        looks: How often each run was asked, n; None for once each.
    """
    null, information, score = _regressed(level, noise, steps, outliers, looks)
    return _averaged(null, _mixed(information, score), len(steps))


@dataclass(frozen=True, slots=True, eq=False)
class JointEvidence:
    """The joint evidence of J series for a step in all of them, each of a size of its own.

    Attributes:
        steps: Logarithms of the Bayes factors at each start, K.
        outliers: Logarithms of the Bayes factors that all series deviate in each single run.
        alone: Logarithms of the Bayes factors of a step in any one series, K.
        variance: Expected variance of the own run effects.
        autocorrelation: Probability that the own run effects are autocorrelated and not negligible.
    """

    steps: Floats
    outliers: Floats
    alone: Floats
    variance: float
    autocorrelation: float


def joint_evidence(
    level: Floats, noise: Floats, steps: Floats, outliers: int, sizes: tuple[Floats, Floats]
) -> JointEvidence:
    """Return the evidence for a step in all of J series at once, each of a size of its own, and for
    a step in any one of them alone.

    Both are means over the combinations of a variance and an autocorrelation of run effects, each
    weighted by how well it explains the series without a step.

    Args:
        level: The series, J x n, without their common part.
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: Number of the latest runs that may be single deviating runs.
        sizes: Two lists of standard deviations that a step may have: in all series at once, and in
            one series alone. In each list every size is as likely as the others.
    """
    null, information, score = _regressed(level, noise, steps, outliers)
    prior = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    weights = _normalise(prior + null.sum(axis=0))
    log_weights = np.log(weights)
    variances = np.tile(VARIANCES, len(AUTOCORRELATIONS))
    factors_of_all, factors_of_one = (
        [_of_size(information, score, size**2) for size in sizes_of] for sizes_of in sizes
    )
    all_by_size = [
        np.logaddexp.reduce(log_weights[:, None] + factors.sum(axis=0), axis=0)
        for factors in factors_of_all
    ]
    all_series = np.logaddexp.reduce(all_by_size, axis=0) - np.log(len(all_by_size))
    one_by_size = np.logaddexp.reduce(
        [log_weights[:, None] + factors for factors in factors_of_one], axis=(0, 2)
    )
    one_series = np.logaddexp.reduce(one_by_size, axis=0) - np.log(len(factors_of_one) * len(level))
    is_notable = np.array(VARIANCES) >= NOTABLE_VARIANCE
    return JointEvidence(
        steps=all_series[: len(steps)],
        outliers=all_series[len(steps) :],
        alone=one_series[: len(steps)],
        variance=float(weights @ variances),
        autocorrelation=float(weights[len(VARIANCES) :] @ is_notable),
    )


def null_weights(level: Floats, noise: Floats) -> Floats:
    """Return how likely each combination of an autocorrelation and a variance of run effects is, by
    runs of J series without a change, the brand's first; the combinations are those of each of
    `AUTOCORRELATIONS` with all `VARIANCES` in order. Rivals weigh as in `step_evidence`.

    Args:
        noise: The variance of each run without the own run effect, J x n.
    """
    null, _, _ = _regressed(level, noise, np.zeros((0, level.shape[1])), 0)
    prior = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    share = min(1.0, RIVAL_SERIES / max(1, len(null) - 1))
    return _normalise(prior + null[0] + share * null[1:].sum(axis=0))


def _regressed(
    level: Floats, noise: Floats, steps: Floats, outliers: int, looks: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return three arrays for T combinations of autocorrelation and variance: the log likelihoods
    of the series without a step, J x T; the information on each of D designs, J x T x D; and the
    score of each design, J x T x D.

    The designs are the steps, then each of the latest runs alone, in the order of time. Information
    is the inverse variance of the estimated size of a design's effect; the score is this size times
    the information. The combinations are those of each autocorrelation with all variances in order.

    Args:
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: Number of the latest runs that may be single deviating runs.
        looks: How often each run was asked, n; None for once each.
    """
    runs = level.shape[1]
    looks = np.ones(runs) if looks is None else looks
    profile = noise[0] / noise[0].mean()
    scale = noise.mean(axis=1)
    single = np.zeros((outliers, runs))
    single[np.arange(outliers), np.arange(runs - outliers, runs)] = 1.0
    designs = np.concatenate([steps, single])
    root = profile**-0.5
    by_autocorrelation = []
    for phi in AUTOCORRELATIONS:
        basis = _basis(phi, profile, share_of_effect(looks, max(SHARED_VARIANCE, phi)))
        rotated = (level * root) @ basis.vectors
        rotated_ones = root @ basis.vectors
        rotated_designs = (designs * root) @ basis.vectors
        weight = 1 / (scale[:, None, None] + np.multiply.outer(VARIANCES, basis.values))
        by_autocorrelation.append(_regression(weight, rotated, rotated_ones, rotated_designs))
    null, information, score = (
        np.concatenate(values, axis=1) for values in zip(*by_autocorrelation, strict=True)
    )
    return null, information, score


def _regression(
    weight: Floats, series: Floats, ones: Floats, designs: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return three arrays, with the mean of each series eliminated: the log likelihoods of J series
    without an effect, J x T; the information on each of D designs, J x T x D; and the score of each
    design, J x T x D.

    Information is the inverse variance of the estimated size of a design's effect; the score is
    this size times the information. All arguments are rotated so that runs are independent.
    """
    whole = weight @ ones**2
    sums = (weight * series[:, None]) @ ones
    squares = (weight @ (series**2)[..., None])[..., 0]
    cross = weight @ (designs * ones).T
    information = weight @ (designs**2).T - cross**2 / whole[..., None]
    score = (weight * series[:, None]) @ designs.T - cross * (sums / whole)[..., None]
    null = (np.log(weight).sum(axis=2) - np.log(whole) - squares + sums**2 / whole) / 2
    return null, np.maximum(information, 0.0), score


def _mixed(information: Floats, score: Floats) -> Floats:
    """Return the logarithms of the Bayes factors of an effect of unknown size against none, in the
    shape of the arguments: the mean of the factors over `STEP_VARIANCES`, by their weights.

    Args:
        information: The inverse variance of the estimated size of the effect, 0 or more.
    """
    weighted = [
        _of_size(information, score, variance) + np.log(weight)
        for variance, weight in zip(STEP_VARIANCES, STEP_WEIGHTS, strict=True)
    ]
    return np.asarray(np.logaddexp(*weighted))


def _of_size(information: Floats, score: Floats, variance: float) -> Floats:
    """Return the logarithms of the Bayes factors of an effect against none, in the shape of the
    arguments; 0 without information.

    Args:
        information: The inverse variance of the estimated size of the effect, 0 or more.
        variance: The variance of the size before it is seen; it is normal, with mean 0.
    """
    variance_ratio = 1 + variance * information
    return np.asarray(score**2 * variance / (2 * variance_ratio) - np.log(variance_ratio) / 2)


def _averaged(null: Floats, factors: Floats, steps: int) -> StepEvidence:
    """Return the evidence for a step in the first series, averaged over T combinations of variance
    and autocorrelation of the run effects.

    The weight of a combination is its prior probability, times how well it explains the first
    series without a step, times how well it explains the rivals (the other series), each of which
    may have a step of its own. All rivals together weigh at most as much as `RIVAL_SERIES` series.

    Args:
        null: Log likelihoods without an effect, J x T.
        factors: Logarithms of the Bayes factors of each design, J x T x D.
        steps: Number of the designs that are steps; the others are single runs.
    """
    from_rivals = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    rivals = len(null) - 1
    if rivals:
        changed = np.logaddexp.reduce(factors[1:, :, :steps], axis=2) - np.log(steps)
        likelihoods = null[1:] + np.logaddexp(0.0, changed)
        from_rivals = from_rivals + min(1.0, RIVAL_SERIES / rivals) * likelihoods.sum(axis=0)
    weights = _normalise(from_rivals + null[0])
    mean = np.logaddexp.reduce(np.log(weights)[:, None] + factors[0], axis=0)
    rivals_weights = _normalise(from_rivals)
    variances = np.tile(VARIANCES, len(AUTOCORRELATIONS))
    return StepEvidence(
        steps=mean[:steps],
        outliers=mean[steps:],
        variance=float(weights @ variances),
        rivals_variance=float(rivals_weights @ variances),
        rivals_autocorrelation=float(rivals_weights[len(VARIANCES) :].sum()),
    )


def _normalise(logs: Floats) -> Floats:
    """Return weights with the sum 1 in proportion to numbers given by their logarithms; none is
    exactly 0.
    """
    weights = np.exp(np.maximum(logs - logs.max(), -500.0))
    return np.asarray(weights / weights.sum())


def _basis(phi: float, profile: Floats, share: Floats) -> Basis:
    """Return the eigenbasis of own effects with an autocorrelation. Those of even profiles are kept
    for later calls, others hardly: no later call has the same. Uneven profiles of all lengths share
    the eight places of long even ones.

    Args:
        phi: The correlation of neighbouring runs, 0 to below 1.
        profile: The variance of each run by calls, over its mean; profiles that are nearly even
            share one basis.
        share: The variance of each run's own effect, over that of a run that was asked once.
    """
    runs = len(profile)
    if phi == 0:
        return Basis(np.eye(runs), share / profile)
    even = np.ptp(profile) < EVEN_PROFILE and np.ptp(share) == 0
    basis = _short_basis if even and runs <= SHORT_RUNS else _long_basis
    return basis(phi, runs, b"" if even else (profile / share).astype(np.float32).tobytes())


def _autoregressive_basis(phi: float, runs: int, profile: bytes) -> Basis:
    """Return the eigenbasis of an autoregressive correlation between runs, in units of the calls'
    variance.

    Args:
        profile: The variance of each run by calls over that of its own effect, in float32, as bytes
            so that it can be a key of the cache; empty when all runs weigh the same.
    """
    apart = np.abs(np.subtract.outer(np.arange(runs), np.arange(runs)))
    correlation = phi**apart
    if profile:
        root = np.frombuffer(profile, np.float32).astype(np.float64) ** -0.5
        correlation = correlation * np.multiply.outer(root, root)
    values, vectors = np.linalg.eigh(correlation)
    return Basis(vectors, np.maximum(values, MIN_EIGENVALUE))


_short_basis = lru_cache(SHORT_RUNS)(_autoregressive_basis)
_long_basis = lru_cache(8)(_autoregressive_basis)
