"""The evidence of a prompt that starts afresh, from a table."""

from __future__ import annotations

from overheard.numpy_proxy import Counts, Floats, Places, np


class FreshStarts:
    """Logarithms of how well a prompt's answers agree with a fresh start (beta-binomial).

    Args:
        most: Up to how many answers.
        fresh: Beta parameters of the probability with which a prompt starts afresh.
    """

    def __init__(self, most: int, fresh: tuple[float, float]) -> None:
        from scipy.special import gammaln

        a, b = fresh
        n = np.arange(most + 1)
        self._hits = gammaln(a + n) - gammaln(a)
        self._misses = gammaln(b + n) - gammaln(b)
        self._n = gammaln(a + b + n) - gammaln(a + b)

    def evidence(self, hits: Places, n: Counts) -> Floats:
        """Return the logarithm of the probability of these hits among n, in their order."""
        found: Floats = self._hits.take(hits)  # faster than an index, and asked most of all
        found += self._misses.take(n - hits)
        found -= self._n.take(n)
        return found
