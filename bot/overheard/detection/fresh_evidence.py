"""The evidence that a few prompts got new rates of their own, from counts of answers and hits."""

from overheard.numpy_proxy import Floats, np

FRESH_SHARES = (1.0, 0.2, 0.04)
"""Shares of prompts that may start afresh; each is as likely as the others. With only larger ones,
hundreds of prompts that never name the brand outweigh ten that do; without all, a few prompts that
go from never to always prove little."""
POOLED_SHARE = 0.25
"""What an answer to another prompt tells of one that was hardly asked, against one to itself."""
FRESH_BETA = (0.62, 0.76)
"""Beta parameters of the probability with which a prompt starts afresh."""
STIRLING_FROM = 3
"""By how much the argument of the gamma function is raised before Stirling's series is used."""
HALF_LOG_2_PI = 0.9189385332046727
MAX_PRECISION = 40.0
"""The largest number of answers that a prompt's past counts as."""
MIN_PRECISION = 1.0
"""The smallest number, however much prompts scatter."""
MAX_LOG_FACTOR = 500.0
"""Logarithms of Bayes factors are cut at this, against overflow."""


def fresh_evidence(
    before: tuple[Floats, Floats], after: tuple[Floats, Floats], effects: Floats, scatter: Floats
) -> Floats:
    """Return the logarithms of the Bayes factors that a few prompts got new rates of their own
    with each of K starts, against that all prompts kept their rates but for the run effects, K.

    Each prompt has a new rate with the same probability, independently of the others; the mean over
    the probabilities `FRESH_SHARES` is returned. Prompts without answers on both sides of a start
    add nothing.

    Args:
        before: Numbers of answers and of hits before each of K starts, K x P each.
        after: Numbers of answers and of hits since each start, K x P each.
        effects: Mean run effect since each start less the mean before, in logits, K.
        scatter: Variance of the difference between each prompt's own run effects since the start
            and before it, squared logits, K x P.
    """
    (n_before, hits_before), (n_after, hits_after) = before, after
    a, b = FRESH_BETA
    # What few answers to a prompt leave open, those to the others tell.
    pooled = [POOLED_SHARE * cells.sum(axis=1) for cells in (hits_before, n_before)]
    usual = (a + pooled[0]) / (a + b + pooled[1])
    past_answers = a + b + n_before
    past_rate = ((a + b) * usual[:, None] + hits_before) / past_answers
    odds = past_rate / (1 - past_rate) * np.exp(effects)[:, None]
    rate = odds / (1 + odds)
    by_answers = 1 / (1 + np.minimum(past_answers, MAX_PRECISION))
    precision = np.maximum(1 / (by_answers + rate * (1 - rate) * scatter) - 1, MIN_PRECISION)
    kept_rate = _beta_binomial(rate * precision, precision, hits_after, n_after)
    has_both_sides = (n_before > 0) & (n_after > 0)
    log_factors = np.where(has_both_sides, _fresh(hits_after, n_after) - kept_rate, 0.0)
    surplus = np.expm1(np.minimum(log_factors, MAX_LOG_FACTOR))
    by_share = [np.log1p(share * surplus).sum(axis=1) for share in FRESH_SHARES]
    return np.asarray(np.logaddexp.reduce(by_share, axis=0) - np.log(len(by_share)))


def _fresh(hits: Floats, n: Floats) -> Floats:
    """Return the log probabilities of a number of hits in n answers, without the binomial
    coefficient, for prompts whose rate is unknown: it has the Beta distribution `FRESH_BETA`. Both
    arguments are whole numbers in floats, K x P; so is the shape of the result.
    """
    hit, asked = hits.astype(np.intp), n.astype(np.intp)
    counts = np.arange(int(asked.max(initial=0)) + 1)
    a, b = FRESH_BETA
    logs = [_log_gamma(np.asarray(start + counts, np.float64)) for start in (a, b, a + b)]
    of_hits, of_misses, of_all = (part - part[0] for part in logs)
    return np.asarray(of_hits[hit] + of_misses[asked - hit] - of_all[asked])


def _beta_binomial(a: Floats, whole: Floats, hits: Floats, n: Floats) -> Floats:
    """Return the log probabilities of a number of hits in n answers, without the binomial
    coefficient, for rates with a Beta distribution. All arrays have the same shape.

    Args:
        a: The first parameter of the Beta distribution, above 0.
        whole: The sum of both parameters.
        hits: Numbers of hits, 0 to ``n``.
    """
    b = whole - a
    later = _log_gamma(np.stack([a + hits, b + n - hits, whole + n]))
    first = _log_gamma(np.stack([a, b, whole]))
    return np.asarray(later[0] + later[1] - later[2] - first[0] - first[1] + first[2])


def _log_gamma(x: Floats) -> Floats:
    """Return the logarithm of the gamma function, for x > 0, to 7 digits.

    Stirling's series is used at x + `STIRLING_FROM`, and the recurrence leads back to x. Whole
    arrays are computed at once, because an analysis spends most of its time here.
    """
    y = x + STIRLING_FROM
    product = x * (x + 1) * (x + 2)
    inverse = 1 / y
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return np.asarray((y - 0.5) * np.log(y) - y + HALF_LOG_2_PI + series - np.log(product))
