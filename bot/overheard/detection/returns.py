"""Returns: whether a brand is back at the level before an alarm, so that its alert has recovered.

The level before the alarm is kept by ``baseline.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from overheard.detection.baseline import Excursion, StreamAnalysis, WatchedModel
from overheard.detection.control_variate import (
    RunEffectPrior,
    RunSeries,
    StreamGroup,
    run_effect_prior,
    run_series,
)
from overheard.detection.decision_inputs import Returned
from overheard.detection.step_evidence import STEP_VARIANCE
from overheard.measure.blocks import StreamKey
from overheard.numpy_proxy import Floats, Places, np
from overheard.special_functions import logit

RETURN_RUNS = 16
"""Number of runs after an alarm in which a return is searched after each run."""
RETURN_ODDS = 5.0
"""Odds of a return, the mean over its possible starts, that end an alarm's story."""
DUE_ODDS = 3.0
"""Odds of a return, summed over its possible starts, above which evidence that would raise an alarm
is taken for a return instead."""
UNMEASURED_OWN_VARIANCE = 0.06
"""Variance of the own run effects, logit scale, where no analysis has estimated it."""
BEYOND_WEIGHT = 0.03
"""Prior odds that a brand that left its new level is far beyond the old one, against a return."""
RETURN_STARTS = 8
"""With how many of the latest runs a return may have begun."""
MAX_LOG_ODDS = 50.0
"""Logarithms of odds are cut at this, against overflow."""
PROMPT_PRIOR = 4.0
"""How many answers at the old level each prompt's level after the alarm is drawn to."""


@dataclass(frozen=True, slots=True)
class ReturnEvidence:
    """Evidence that a stream is back at its level before an alarm.

    Attributes:
        mean_odds: Odds of the old level against the level after the alarm, or a level far beyond
            the old one; the mean over the starts.
        summed_odds: The sum of these odds over the starts.
        start: The row with which the return most likely began.
    """

    mean_odds: float
    summed_odds: float
    start: int


def find_return(
    watched: WatchedModel, analyses: Mapping[StreamKey, StreamAnalysis], row: int, *, due: bool
) -> Returned | None:
    """Return the end of an alarm's story when the brand is back at the level before its latest
    alarm, or before an earlier alarm in the same direction. Of several such levels, the one
    with the highest odds counts. None while the brand is at none of them or had no alarm.

    Args:
        watched: The brand's streams at the model, and their baseline.
        analyses: The latest analyses of the brand's streams.
        row: The row of the latest run.
        due: Whether the evidence suffices for a new alarm.
    """
    if watched.baseline.excursion is None:
        return None
    returns = [
        _return_to(watched, analyses, excursion, row, due=due)
        for excursion in watched.baseline.excursion.levels
    ]
    _, returned = max(filter(None, returns), key=lambda pair: pair[0], default=(0.0, None))
    return returned


def _return_to(
    watched: WatchedModel,
    analyses: Mapping[StreamKey, StreamAnalysis],
    excursion: Excursion,
    row: int,
    *,
    due: bool,
) -> tuple[float, Returned] | None:
    """Return the mean odds that the brand is back at the level before an alarm, and the end of
    the alarm as a `Returned`; None while the odds are too low.

    In the first `RETURN_RUNS` runs after the alarm the mean odds must exceed `RETURN_ODDS`.
    When a new alarm is due, it is enough, however old the alarm is, that the summed odds exceed
    `DUE_ODDS`: then the return explains the evidence.

    Args:
        analyses: The latest analyses of the brand's streams.
        row: The row of the latest run.
        due: Whether the evidence suffices for a new alarm.
    """
    first = watched.groups[excursion.metric].first
    runs_after = len({first[past] for past in watched.baseline.rows if past > excursion.alarm})
    is_recent = runs_after < RETURN_RUNS
    if not (is_recent or due):
        return None
    evidence = _return_evidence(watched, analyses, excursion, row)
    if evidence is None:
        return None
    is_return = is_recent and evidence.mean_odds > RETURN_ODDS
    explains_alarm = due and evidence.summed_odds > DUE_ODDS
    if not (is_return or explains_alarm):
        return None
    run = watched.baseline.runs[row]
    returned = Returned(run, excursion.shift, excursion.before, evidence.start, watched.model)
    return evidence.mean_odds, returned


def _return_evidence(
    watched: WatchedModel,
    analyses: Mapping[StreamKey, StreamAnalysis],
    excursion: Excursion,
    row: int,
) -> ReturnEvidence | None:
    """Return the evidence that the brand is back at the level before an alarm, in the metric of
    the alarm, after a run; None when the run did not measure the metric or too few runs did.

    Args:
        analyses: The latest analyses of the brand's streams.
    """
    answered = watched.answered[excursion.metric]
    if not answered[row]:
        return None
    analysis = analyses.get(watched.streams[excursion.metric].key)
    variance = analysis.found.rivals_variance if analysis else UNMEASURED_OWN_VARIANCE
    before = np.array(excursion.before, np.intp)
    since = np.array([*watched.baseline.rows, row], np.intp)
    group = watched.groups[excursion.metric]
    return return_evidence(
        group,
        group.last(before[answered[before] > 0]),
        group.last(since[answered[since] > 0]),
        run_effect_prior(watched.model),
        variance,
        uniform=excursion.uniform,
    )


def return_evidence(
    group: StreamGroup,
    before: Places,
    since: Places,
    prior: RunEffectPrior,
    variance: float,
    *,
    uniform: bool,
) -> ReturnEvidence | None:
    """Return the evidence that a stream is back at its level before an alarm; None with fewer than
    two runs since the change, or without a baseline.

    A return may have begun with each of the latest `RETURN_STARTS` runs, but the first run since
    the change is always at the new level.

    Args:
        group: The brand's stream and those of its rivals.
        before: Rows of the baseline before the alarm.
        since: Rows from the run with which the alarm's change began.
        prior: The expected variances of the run effects of the model, logit scale.
        variance: Expected variance of the own run effect, logit scale.
        uniform: Whether all prompts moved, so that the means of the runs are compared; else the
            prompts are, each weighted by its move.
    """
    if len(since) < 2 or not len(before):
        return None
    rows = np.concatenate([before, since])
    series = run_series(group, rows, prior)
    first, end = len(before), len(rows)
    starts = range(max(first + 1, end - RETURN_STARTS), end)
    noise = float(series.noise[0].mean()) + variance
    back_odds, beyond_odds = np.transpose(
        [
            _uniform_odds(series, first, start, noise)
            if uniform
            else _sparse_odds(group, rows, series, (first, start), variance)
            for start in starts
        ]
    )
    likeliest = starts[int(np.argmax(back_odds))]
    odds = back_odds / (1 + BEYOND_WEIGHT * beyond_odds.mean())
    start = int(group.first[rows[likeliest]])
    return ReturnEvidence(float(odds.mean()), float(odds.sum()), start)


def _uniform_odds(series: RunSeries, first: int, start: int, noise: float) -> Floats:
    """Return the odds of the old level, and of a level beyond it, against the level after the
    alarm, by the means of the runs. The odds of a level beyond are next to 0 unless the latest runs
    are on the other side of the old level.

    Args:
        series: The runs before the alarm's change, then those since, n.
        first: Index of the first run since the change.
        start: Index of the run with which the return may have begun.
        noise: Variance of a run's mean, squared logits.
    """
    level = series.level[0]
    old, moved, now = level[:first].mean(), level[first:start].mean(), level[start:].mean()
    runs_old, runs_moved, runs_now = first, start - first, len(level) - start
    step_variance = max(STEP_VARIANCE, (moved - old) ** 2)
    step_noise = noise * (1 / runs_old + 1 / runs_moved)
    known_share = step_variance / (step_variance + step_noise)
    expected = old + known_share * (moved - old)
    variance_stayed = noise / runs_now + (1 - known_share) * step_variance + noise / runs_old
    variance_back = noise / runs_now + noise / runs_old
    is_beyond = (now - old) * (moved - old) < 0
    return _odds_against_staying(
        stayed=_normal_log(now - expected, variance_stayed),
        back=_normal_log(now - old, variance_back),
        beyond=_normal_log(now - old, variance_back + STEP_VARIANCE) if is_beyond else -inf,
    )


def _sparse_odds(
    group: StreamGroup, rows: Places, series: RunSeries, cut: tuple[int, int], variance: float
) -> Floats:
    """Return the odds of the old level, and of a level beyond it, against the level after the
    alarm, by the hits of each prompt, weighted by how far its level moved with the alarm. The odds
    of a level beyond are next to 0 unless the latest hits are on the other side of the old level.

    Args:
        rows: Rows of the runs, n, as in ``series``.
        series: The same runs on the logit scale.
        cut: Index of the first run since the change, and of the run with which the return may have
            begun.
    """
    first, start = cut
    n, hits = group.n[0][rows], group.total[0][rows]
    old_n, old_hits = n[:first].sum(axis=0), hits[:first].sum(axis=0)
    moved_n, moved_hits = n[first:start].sum(axis=0), hits[first:start].sum(axis=0)
    now_n, now_hits = n[start:].sum(axis=0), hits[start:].sum(axis=0)
    old = _level(old_n, old_hits, 0.5)
    moved = _level(moved_n, moved_hits, old)
    weight = logit(moved) - logit(old)
    surplus = float(weight @ (now_hits - now_n * old))
    surplus_if_stayed = float(weight @ (now_n * (moved - old)))
    answer_variance = old * (1 - old)
    pull = float(weight @ (now_n * answer_variance)) ** 2 / max(1, len(rows) - start)
    calls = float(weight**2 @ (now_n * answer_variance))
    calls += float(weight**2 @ (now_n**2 * answer_variance / (old_n + PROMPT_PRIOR)))
    surplus_variance = calls + (variance + series.shared) * pull
    is_beyond = surplus * surplus_if_stayed < 0
    return _odds_against_staying(
        stayed=_normal_log(surplus - surplus_if_stayed, surplus_variance),
        back=_normal_log(surplus, surplus_variance),
        beyond=(
            _normal_log(surplus, surplus_variance + surplus_if_stayed**2) if is_beyond else -inf
        ),
    )


def _odds_against_staying(stayed: float, back: float, beyond: float) -> Floats:
    """Return two odds against the level after the alarm: of the old level, and of a level beyond
    it; each from exp(-50) to exp(50).

    Args:
        stayed: Log density of the data at the level after the alarm.
        back: The same at the old level.
        beyond: The same at a level beyond the old one.
    """
    return np.exp(np.clip(np.array([back, beyond]) - stayed, -MAX_LOG_ODDS, MAX_LOG_ODDS))


def _level(n: Floats, hits: Floats, centre: Floats | float) -> Floats:
    """Return the rate of each prompt, P, drawn to a centre by the weight of `PROMPT_PRIOR` answers,
    and kept from 0.01 to 0.99.
    """
    mean = (hits + PROMPT_PRIOR * np.asarray(centre)) / (n + PROMPT_PRIOR)
    return np.asarray(np.clip(mean, 0.01, 0.99))


def _normal_log(x: float, variance: float) -> float:
    """Return the logarithm of the normal density at ``x`` with mean 0, less a constant."""
    return float(-(x**2) / (2 * variance) - np.log(variance) / 2)
