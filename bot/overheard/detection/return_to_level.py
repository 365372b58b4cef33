"""Whether a stream that had an alarm is back where it was before it.

The baseline before the alarm is kept for this. For each recent run the runs since then are
compared with the level before the alarm and with the level after it. A return closes the story of
the alarm and is no alarm; the runs between are cut out of the baseline that goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from overheard.detection.control_variate import RunEffectPrior, RunSeries, StreamGroup, run_series
from overheard.detection.nuisance import STEP_VARIANCE
from overheard.numpy_proxy import Floats, Places, np

RETURN_STARTS = 8
"""With how many of the latest runs a return may have begun."""
PROMPT_PRIOR = 4.0
"""How many answers at the old level each prompt's level after the alarm is drawn to."""


@dataclass(frozen=True, slots=True)
class ReturnEvidence:
    """Evidence that a stream is back at its level before an alarm.

    Attributes:
        mean_odds: Odds of that against the level after the alarm, the mean over the starts.
        summed_odds: The same, summed over the starts.
        start: The row with which the return most likely began.
    """

    mean_odds: float
    summed_odds: float
    start: int


def return_evidence(
    group: StreamGroup,
    before: Places,
    since: Places,
    prior: RunEffectPrior,
    variance: float,
    *,
    uniform: bool,
) -> ReturnEvidence | None:
    """Return the evidence for a return; None when there are too few runs.

    Args:
        group: The brand's stream and those of its rivals.
        before: Rows of the baseline before the alarm.
        since: Rows from the run with which the alarm's change began.
        prior: What variances of run effects are expected of the model.
        variance: Expected variance of the own run effect.
        uniform: Whether all prompts moved; else the prompts that moved are compared.
    """
    if len(since) < 2 or not len(before):
        return None
    rows = np.concatenate([before, since])
    series = run_series(group, rows, prior)
    first, last = len(before), len(rows)
    starts = range(max(first + 1, last - RETURN_STARTS), last)
    noise = float(series.noise[0].mean()) + variance
    odds = []
    for start in starts:
        if uniform:
            logged = _uniform_odds(series, first, start, noise)
        else:
            logged = _sparse_odds(group, rows, series, (first, start), variance)
        odds.append(np.exp(np.clip(logged, -50.0, 50.0)))
    best = int(np.argmax(odds))
    return ReturnEvidence(float(np.mean(odds)), float(np.sum(odds)), int(rows[starts[best]]))


def _uniform_odds(series: RunSeries, first: int, start: int, noise: float) -> float:
    """Return log odds of the old level against the level after the alarm, by the runs' means."""
    level = series.level[0]
    old, moved, now = level[:first].mean(), level[first:start].mean(), level[start:].mean()
    n_old, n_moved, n_now = first, start - first, len(level) - start
    spread = max(STEP_VARIANCE, (moved - old) ** 2)
    known = spread / (spread + noise * (1 / n_old + 1 / n_moved))
    centre = old + known * (moved - old)
    left = noise / n_now + (1 - known) * spread + noise / n_old
    same = noise / n_now + noise / n_old
    return _normal_log(now - old, same) - _normal_log(now - centre, left)


def _sparse_odds(
    group: StreamGroup,
    rows: Places,
    series: RunSeries,
    cut: tuple[int, int],
    variance: float,
) -> float:
    """Return the same by the prompts that moved, each weighted by how far it moved."""
    first, start = cut
    n, hits = group.n[0][rows], group.total[0][rows]
    old = _level(n[:first].sum(axis=0), hits[:first].sum(axis=0), 0.5)
    moved_n, moved_hits = n[first:start].sum(axis=0), hits[first:start].sum(axis=0)
    moved = _level(moved_n, moved_hits, old)
    weight = _logit(moved) - _logit(old)
    now_n, now_hits = n[start:].sum(axis=0), hits[start:].sum(axis=0)
    seen = float(weight @ (now_hits - now_n * old))
    far = float(weight @ (now_n * (moved - old)))
    spread = old * (1 - old)
    pull = float(weight @ (now_n * spread)) ** 2 / max(1, len(rows) - start)
    calls = float(weight**2 @ (now_n * spread))
    past = n[:first].sum(axis=0) + PROMPT_PRIOR
    calls += float(weight**2 @ (now_n**2 * spread / past))
    whole = calls + (variance + series.shared) * pull
    return _normal_log(seen, whole) - _normal_log(seen - far, whole)


def _level(n: Floats, hits: Floats, centre: Floats | float) -> Floats:
    mean = (hits + PROMPT_PRIOR * np.asarray(centre)) / (n + PROMPT_PRIOR)
    return np.asarray(np.clip(mean, 0.01, 0.99))


def _normal_log(x: float, variance: float) -> float:
    return float(-(x**2) / (2 * variance) - np.log(variance) / 2)


def _logit(chance: Floats) -> Floats:
    return np.asarray(np.log(chance / (1 - chance)))
