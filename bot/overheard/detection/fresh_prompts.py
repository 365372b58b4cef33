"""Evidence that a few prompts started afresh, as after a swap of the model, while others did not.

Each prompt's hits since a start are held against what its hits before lead to expect (a
beta-binomial distribution, moved by the run effects of the runs compared) and against a fresh
start. Each prompt may have started afresh or not, with a share that is not known.
"""

from __future__ import annotations

from overheard.numpy_proxy import Floats, np

FRESH_SHARES = (0.2, 0.04)
"""Shares of prompts that may start afresh; each is as likely as the other. With the larger share
alone, hundreds of prompts that never name the brand outweigh ten that do."""
FRESH_BETA = (0.62, 0.76)
"""Beta parameters of the probability with which a prompt starts afresh."""
STIRLING_FROM = 8
HALF_LOG_2_PI = 0.9189385332046727
MAX_PRECISION = 40.0
"""No prompt's past is taken for more precise than so many answers."""


def fresh_evidence(
    before: tuple[Floats, Floats], after: tuple[Floats, Floats], effects: Floats
) -> Floats:
    """Return the logarithms of the Bayes factors of a fresh start of a few prompts, K.

    Args:
        before: Numbers of answers and of hits before each of K starts, K x P each.
        after: The same since each start.
        effects: By how much the run effects since each start lie above those before, in logits, K.
    """
    (n0, hits0), (n1, hits1) = before, after
    a, b = FRESH_BETA
    mean = (a + hits0) / (a + b + n0)
    precision = np.minimum(a + b + n0, MAX_PRECISION)
    odds = mean / (1 - mean) * np.exp(effects)[:, None]
    mean = odds / (1 + odds)
    usual_a, usual_b = mean * precision, (1 - mean) * precision
    misses1 = n1 - hits1
    fresh = _log_beta(a + hits1, b + misses1) - _log_beta(np.array(a), np.array(b))
    usual = _log_beta(usual_a + hits1, usual_b + misses1) - _log_beta(usual_a, usual_b)
    factor = np.where((n0 > 0) & (n1 > 0), fresh - usual, 0.0)
    grown = np.expm1(np.minimum(factor, 500.0))
    sums = [np.log1p(share * grown).sum(axis=1) for share in FRESH_SHARES]
    return np.asarray(np.logaddexp.reduce(sums, axis=0) - np.log(len(sums)))


def _log_beta(a: Floats, b: Floats) -> Floats:
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)


def _log_gamma(x: Floats) -> Floats:
    """Return the logarithm of the gamma function, for x > 0, to 10 digits: Stirling's series beyond
    `STIRLING_FROM`, and the recurrence up to there. It takes arrays at once, which is what an
    analysis needs most of its time for.
    """
    product = x.copy() if isinstance(x, np.ndarray) else np.asarray(x, dtype=np.float64)
    for step in range(1, STIRLING_FROM):
        product = product * (x + step)
    y = x + STIRLING_FROM
    series = 1 / (12 * y) - 1 / (360 * y**3) + 1 / (1260 * y**5)
    return np.asarray((y - 0.5) * np.log(y) - y + HALF_LOG_2_PI + series - np.log(product))
