"""The pieces that a test for a shift is made of: two sides, compared within each prompt.

Two answers to one prompt can be compared; answers to two prompts cannot, because a brand is
named in nearly all answers to one and in none to the next. So each prompt is a stratum. The
statistic is that of Cochran (1954) and of Mantel and Haenszel (1959), written so that it serves
rates and numbers alike: for values of 0 and 1 it is theirs to the digit; for others it is the
stratified permutation statistic, whose mean and variance are exact too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from overheard.measure.blocks import Stream
from overheard.measure.panel import Sums
from overheard.numpy_proxy import Counts, Floats, Mask, np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Split:
    """A stream cut in two, over the P prompts that have answers on both sides.

    Attributes:
        shared: Which of the stream's prompts those are.
        before: Their sums before the cut.
        after: Their sums after it.
        asked: Answers by run and shared prompt, R x P.
        later: Which runs lie after the cut, R.
        width: The unit of the metric for run shocks, see `Stream.width`.
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
        """How far `u` moves for each unit of a run's shock, R.

        A shock is one on the logit scale for a rate. For a number it tilts the distribution by
        ``exp(shock * value / width)``, which is the same thing for values of 0 and 1.
        """
        other = np.where(self.later[:, None], self.before.n, self.after.n)
        return np.asarray(np.sum(self.asked * other / self.both.n * self._spread, axis=1)) / (
            self.width
        )

    def mood(self, tau2: float) -> float:
        """Return the standard deviation that run shocks of this variance give `u`."""
        return float(np.sqrt(tau2 * np.sum(self.pull**2)))

    @property
    def _spread(self) -> Floats:
        return self.both.deviance / (self.both.n - 1)


def split(stream: Stream, later: Mask) -> Split:
    """Cut a stream in two.

    Args:
        stream: What to cut.
        later: Which of its runs lie after the cut, R.
    """
    shared = (stream.n[later].sum(axis=0) > 0) & (stream.n[~later].sum(axis=0) > 0)
    return Split(
        shared=shared,
        before=stream.sums(~later, shared),
        after=stream.sums(later, shared),
        asked=stream.n[:, shared].astype(np.float64),
        later=later,
        width=stream.width,
    )


KINDS = 10
"""Into so many groups the runs of simulated histories are put by what was asked."""


def alike(n: Counts, *, exact: bool) -> tuple[Floats, Floats]:
    """Sort runs by what was asked: those in which it was the same are pulled alike by a shock.

    Args:
        n: Number of answers, R x P.
        exact: Otherwise many kinds are made few: neighbouring runs share the mean of what they
            asked, each in proportion to the number of its answers.

    Returns:
        What was asked, K x P, and how often up to each run, R + 1 x K.
    """
    kinds, kind = np.unique(n, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    share = np.ones(len(n))
    if not exact and len(kinds) > KINDS:
        kind = np.arange(len(n)) * KINDS // len(n)
        kinds = np.stack([n[kind == k].mean(axis=0) for k in range(KINDS)])
        share = n.sum(axis=1) / kinds.sum(axis=1)[kind]
    of_kind = kind[:, None] == np.arange(len(kinds))
    return kinds.astype(np.float64), along(of_kind * share[:, None] ** 2)


def along(cells: NDArray[Any]) -> NDArray[Any]:
    """Return sums over the runs before each, with runs on the axis before the last."""
    sums = np.cumsum(cells, axis=-2)
    return np.concatenate([np.zeros_like(sums[..., :1, :]), sums], axis=-2)
