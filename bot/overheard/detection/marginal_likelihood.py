"""Evidence for a step in a series of runs, with the variance of the run effects integrated out.

How far a brand's own run effects scatter, and whether they are autocorrelated, is never known well:
with six runs a standard deviation of 0.25 and of 0.5 look alike. So nothing is plugged in. Each
combination of a variance and an autocorrelation gets a weight, by how well it explains the series
of the brand and of its rivals, and the evidence is the mean over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from overheard.numpy_proxy import Floats, np

VARIANCES = (0.0, 0.01, 0.03, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Variances of the own run effect that are thought of, logit scale."""
VARIANCE_WEIGHTS = (0.2, 0.15, 0.17, 0.17, 0.15, 0.1, 0.04, 0.02)
SHORT_RUNS = 128
"""Bases of so many runs are kept for the next replay of the past. A basis grows by the square of
its runs: those of a year of daily runs would take 130 MB."""
AUTOCORRELATIONS = (0.0, 0.7)
AUTOCORRELATION_WEIGHTS = (0.75, 0.25)
NOTABLE_VARIANCE = 0.03
"""Own run effects with a smaller variance do no harm, autocorrelated or not."""
STEP_VARIANCE = 0.49
"""Variance of a usual change of all prompts, logit scale."""
STEP_VARIANCES, STEP_WEIGHTS = (STEP_VARIANCE, 4.0), (0.75, 0.25)
"""Variances of changes, usual and large, and how likely each is; also of single deviating runs."""
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
        outliers: Logarithms of the Bayes factors that each of the latest runs deviates alone.
        variance: Expected variance of the own run effect.
        rivals_variance: Expected variance of the own run effect by the rivals and the prior alone.
        rivals_autocorrelation: Probability of autocorrelated effects by the same.
    """

    steps: Floats
    outliers: Floats
    variance: float
    rivals_variance: float
    rivals_autocorrelation: float


def step_evidence(level: Floats, noise: Floats, steps: Floats, outliers: int) -> StepEvidence:
    """Return the evidence for a step in the first of J series; the other series show how run
    effects scatter.

    Args:
        level: The series, J x n.
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: Number of the latest runs that may be single deviating runs.
    """
    m0, known, seen = _regressed(level, noise, steps, outliers)
    return _averaged(m0, _mixed(known, seen), len(steps))


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
    level: Floats,
    noise: Floats,
    steps: Floats,
    outliers: int,
    sizes: tuple[Floats, Floats],
) -> JointEvidence:
    """Return the evidence for a step in all of J series at once.

    Args:
        level: The series, J x n, without their common part.
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: How many of the latest runs may be single deviating runs.
        sizes: Standard deviations of the steps: of all series, and of one series alone.
    """
    m0, known, seen = _regressed(level, noise, steps, outliers)
    prior = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    weights = _normalise(prior + m0.sum(axis=0))
    logs = np.log(weights)
    variances = np.tile(VARIANCES, len(AUTOCORRELATIONS))
    together, single = ([_of_size(known, seen, size**2) for size in part] for part in sizes)
    whole = [
        np.logaddexp.reduce(logs[:, None] + log_weights.sum(axis=0), axis=0)
        for log_weights in together
    ]
    mean = np.logaddexp.reduce(whole, axis=0) - np.log(len(whole))
    apart = np.logaddexp.reduce(
        [logs[:, None] + log_weights for log_weights in single], axis=(0, 2)
    )
    alone = np.logaddexp.reduce(apart, axis=0) - np.log(len(single) * len(level))
    return JointEvidence(
        mean[: len(steps)],
        mean[len(steps) :],
        alone[: len(steps)],
        float(weights @ variances),
        float(weights[len(VARIANCES) :] @ (np.array(VARIANCES) >= NOTABLE_VARIANCE)),
    )


def _regressed(
    level: Floats, noise: Floats, steps: Floats, outliers: int
) -> tuple[Floats, Floats, Floats]:
    """Return the null log likelihoods, J x T, and the information and the score of each of D
    designs, J x T x D, for T combinations of variance and autocorrelation. The designs are the
    steps, then each of the latest ``outliers`` runs alone; the other arguments are those of
    `step_evidence`.
    """
    runs = level.shape[1]
    profile = noise[0] / noise[0].mean()
    scale = noise.mean(axis=1)
    single = np.zeros((outliers, runs))
    single[np.arange(outliers), np.arange(runs - outliers, runs)] = 1.0
    designs = np.concatenate([steps, single])
    root = profile**-0.5
    found = []
    for phi in AUTOCORRELATIONS:
        basis = _basis(phi, runs, profile)
        rotated = (level * root) @ basis.vectors
        ones = root @ basis.vectors
        turned = (designs * root) @ basis.vectors
        weight = 1 / (scale[:, None, None] + np.multiply.outer(VARIANCES, basis.values))
        found.append(_pieces(weight, rotated, ones, turned))
    m0, known, seen = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    return m0, known, seen


def _pieces(
    weight: Floats, rotated: Floats, ones: Floats, turned: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the null log likelihoods, J x T, and the information and the score of each design, J x
    T x D, with the mean eliminated.

    Args:
        weight: Inverse variances, J x T x n.
        rotated: The series, J x n.
        ones: The constant, n.
        turned: The designs, D x n.
    """
    whole = weight @ ones**2
    sums = (weight * rotated[:, None]) @ ones
    squares = (weight @ (rotated**2)[..., None])[..., 0]
    cross = weight @ (turned * ones).T
    known = weight @ (turned**2).T - cross**2 / whole[..., None]
    seen = (weight * rotated[:, None]) @ turned.T - cross * (sums / whole)[..., None]
    null = (np.log(weight).sum(axis=2) - np.log(whole) - squares + sums**2 / whole) / 2
    return null, np.maximum(known, 0.0), seen


def _mixed(known: Floats, seen: Floats) -> Floats:
    """Return log Bayes factors of an effect of unknown size, in the shape of the arguments.

    Args:
        known: The information on the effect.
        seen: The score of the effect.
    """
    parts = []
    for variance, weight in zip(STEP_VARIANCES, STEP_WEIGHTS, strict=True):
        parts.append(_of_size(known, seen, variance) + np.log(weight))
    return np.asarray(np.logaddexp(*parts))


def _of_size(known: Floats, seen: Floats, variance: float) -> Floats:
    """Return log Bayes factors of a normal effect whose size has a variance, from its information
    and its score.
    """
    more = 1 + variance * known
    return np.asarray(seen**2 * variance / (2 * more) - np.log(more) / 2)


def _averaged(m0: Floats, factor: Floats, steps: int) -> StepEvidence:
    """Return the evidence for a step, averaged over variance and autocorrelation of the run
    effects.

    Args:
        m0: Null log likelihoods, J x T.
        factor: Log Bayes factors of each design, J x T x D.
        steps: Number of the designs that are steps; the others are single runs.
    """
    prior = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    rivals = len(m0) - 1
    others = prior
    if rivals:
        changed = np.logaddexp.reduce(factor[1:, :, :steps], axis=2) - np.log(steps)
        series = m0[1:] + np.logaddexp(0.0, changed)
        others = prior + min(1.0, RIVAL_SERIES / rivals) * series.sum(axis=0)
    weights = _normalise(others + m0[0])
    mean = np.logaddexp.reduce(np.log(weights)[:, None] + factor[0], axis=0)
    from_rivals = _normalise(others)
    variances = np.tile(VARIANCES, len(AUTOCORRELATIONS))
    return StepEvidence(
        mean[:steps],
        mean[steps:],
        float(weights @ variances),
        float(from_rivals @ variances),
        float(from_rivals[len(VARIANCES) :].sum()),
    )


def _normalise(logs: Floats) -> Floats:
    weights = np.exp(np.maximum(logs - logs.max(), -500.0))
    return np.asarray(weights / weights.sum())


def _basis(phi: float, runs: int, profile: Floats) -> Basis:
    """Return the eigenbasis of own effects with an autocorrelation.

    Args:
        phi: The autocorrelation, 0 to 1.
        runs: Number of runs.
        profile: Relative information of each run; nearly even profiles share one basis.
    """
    if phi == 0:
        return Basis(np.eye(runs), 1 / profile)
    even = np.ptp(profile) < 0.02
    basis = _short_basis if runs <= SHORT_RUNS else _long_basis
    return basis(phi, runs, b"" if even else profile.astype(np.float32).tobytes())


def _autoregressive_basis(phi: float, runs: int, profile: bytes) -> Basis:
    """Return the eigenbasis of an autoregressive correlation between runs, scaled by the runs'
    information.

    Args:
        phi: The correlation of neighbouring runs.
        runs: Number of runs.
        profile: The information in each run in float32, as bytes so that it can be a key of the
            cache; empty when all runs weigh the same.
    """
    apart = np.abs(np.subtract.outer(np.arange(runs), np.arange(runs)))
    correlation = phi**apart
    if profile:
        root = np.frombuffer(profile, np.float32).astype(np.float64) ** -0.5
        correlation = correlation * np.multiply.outer(root, root)
    values, vectors = np.linalg.eigh(correlation)
    return Basis(vectors, np.maximum(values, 1e-9))


_short_basis = lru_cache(512)(_autoregressive_basis)
_long_basis = lru_cache(8)(_autoregressive_basis)
