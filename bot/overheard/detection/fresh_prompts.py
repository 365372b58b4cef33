"""Evidence that a few prompts started afresh, as after a swap of the model, while others did not.

Each prompt's hits since a start are held against what its hits before lead to expect (a
beta-binomial distribution, moved by the run effects of the runs compared, and wider where prompts
have run effects of their own) and against a fresh start. Each prompt may have started afresh or
not, with a share that is not known.
"""

from __future__ import annotations

from overheard.numpy_proxy import Floats, np

FRESH_SHARES = (0.2, 0.04)
"""Shares of prompts that may start afresh; each is as likely as the other. With only the larger
share, hundreds of prompts that never name the brand outweigh ten that do."""
FRESH_BETA = (0.62, 0.76)
"""Beta parameters of the probability with which a prompt starts afresh."""
STIRLING_FROM = 3
HALF_LOG_2_PI = 0.9189385332046727
MAX_PRECISION = 40.0
"""No prompt's past is taken for more precise than so many answers."""
MIN_PRECISION = 1.0
"""Nor for less precise, however much prompts scatter."""


def fresh_evidence(
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    effects: Floats,
    scatter: Floats,
) -> Floats:
    """Return the logarithms of the Bayes factors of a fresh start of a few prompts, K.

    Args:
        before: Numbers of answers and of hits before each of K starts, K x P each.
        after: The same since each start.
        effects: By how much the run effects since each start lie above those before, in logits, K.
        scatter: Variance of the difference between each prompt's own run effects since the start
            and before it, squared logits, K x P.
    """
    (n0, hits0), (n1, hits1) = before, after
    a, b = FRESH_BETA
    mean = (a + hits0) / (a + b + n0)
    odds = mean / (1 - mean) * np.exp(effects)[:, None]
    mean = odds / (1 + odds)
    known = 1 / (1 + np.minimum(a + b + n0, MAX_PRECISION)) + mean * (1 - mean) * scatter
    precision = np.maximum(1 / known - 1, MIN_PRECISION)
    usual = _beta_binomial(mean * precision, precision, hits1, n1)
    factor = np.where((n0 > 0) & (n1 > 0), _fresh(hits1, n1) - usual, 0.0)
    grown = np.expm1(np.minimum(factor, 500.0))
    sums = [np.log1p(share * grown).sum(axis=1) for share in FRESH_SHARES]
    return np.asarray(np.logaddexp.reduce(sums, axis=0) - np.log(len(sums)))


def _fresh(hits: Floats, n: Floats) -> Floats:
    """Return what `_beta_binomial` does of a fresh start: there are few different numbers."""
    hit, asked = hits.astype(np.intp), n.astype(np.intp)
    counts = np.arange(int(asked.max(initial=0)) + 1)
    a, b = FRESH_BETA
    logs = [_log_gamma(np.asarray(start + counts, np.float64)) for start in (a, b, a + b)]
    of_hits, of_misses, of_all = (part - part[0] for part in logs)
    return np.asarray(of_hits[hit] + of_misses[asked - hit] - of_all[asked])


def _beta_binomial(a: Floats, whole: Floats, hits: Floats, n: Floats) -> Floats:
    """Return log probabilities of hits in n answers (but for the binomial coefficient), where the
    rate has a Beta distribution with parameters ``a`` and ``whole - a``.
    """
    b = whole - a
    later = _log_gamma(np.stack([a + hits, b + n - hits, whole + n]))
    first = _log_gamma(np.stack([a, b, whole]))
    return np.asarray(later[0] + later[1] - later[2] - first[0] - first[1] + first[2])


def _log_gamma(x: Floats) -> Floats:
    """Return the logarithm of the gamma function, for x > 0, to 7 digits: Stirling's series beyond
    `STIRLING_FROM`, and the recurrence up to there. It takes arrays at once, which is what an
    analysis needs most of its time for.
    """
    y = x + STIRLING_FROM
    product = x * (x + 1) * (x + 2)
    inverse = 1 / y
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return np.asarray((y - 0.5) * np.log(y) - y + HALF_LOG_2_PI + series - np.log(product))
