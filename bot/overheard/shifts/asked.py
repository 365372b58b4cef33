"""What runs asked, summed along the runs, and sorted by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overheard.arrays import Counts, Floats, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
