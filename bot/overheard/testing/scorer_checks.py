"""The checks for every scorer."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Sequence

from overheard.domain import Reading, Score
from overheard.interfaces import Scorer
from overheard.plugins.validate import NOT_A_SCORE, Nonsense, validated_scores
from overheard.scoring.scorers import RANGES
from overheard.testing.samples import readings

MAX_COMPUTE_S = 1.0
"""Seconds that a scorer may compute for one answer: a check scores thousands."""


async def check_scorer(
    scorer: Scorer, *, others: Iterable[Scorer] = (), seconds: float = MAX_COMPUTE_S
) -> None:
    """Check that a scorer is deterministic, quick, and gives only values of its metrics, in range.

    It is given usual, empty and huge answers, and such in other scripts.

    Args:
        scorer: What to check.
        others: The same scorer with other settings, under which an answer can get another score:
            each needs another version.
        seconds: What it may compute for one answer; waiting for a service does not count.

    Raises:
        AssertionError: with what is wrong.
    """
    assert isinstance(scorer, Scorer), "it lacks a part of a Scorer"
    assert scorer.name, "it has no name"
    assert scorer.version, "it has no version"
    assert scorer.metrics, "it has no metric"
    versions = [scorer.version, *(other.version for other in others)]
    assert len(set(versions)) == len(versions), "other settings leave its version as it is"
    for reading in readings():
        scores = await _scores(scorer, reading, seconds)
        assert scores == await _scores(scorer, reading, seconds), "the same answer scores otherwise"
        _check_values(scorer, scores)


def _check_values(scorer: Scorer, scores: Sequence[Score]) -> None:
    """Check that scores are of the scorer's metrics, once each, and within their scales."""
    ranges = {metric.name: RANGES[metric.scale] for metric in scorer.metrics}
    metrics = [score.metric for score in scores]
    assert len(set(metrics)) == len(metrics), "it gives one metric twice"
    for score in scores:
        assert score.metric in ranges, f"{score.metric} is none of its metrics"
        low, high = ranges[score.metric]
        assert low <= score.value <= high, f"{score.metric} = {score.value} is out of range"


async def _scores(scorer: Scorer, reading: Reading, seconds: float) -> Sequence[Score]:
    """Return the scores of a reading.

    Raises:
        AssertionError: when the scores are invalid, or took longer than `seconds` of CPU time.
    """
    start_s = time.thread_time()  # of this thread alone: other programs do not count
    result = scorer.score(reading)
    returned = list(await result if inspect.isawaitable(result) else result)
    cpu_s = time.thread_time() - start_s
    length = len(reading.answer.reply.text)
    report = f"it computes {cpu_s:.1f} s for an answer of {length:,} characters"
    assert cpu_s <= seconds, f"{report}, and may take {seconds:g} s"
    try:
        scores = validated_scores(returned)
    except Nonsense as nonsense:
        raise AssertionError(str(nonsense)) from None
    assert NOT_A_SCORE not in scores, "it returns what is no Score, or wrong types"
    return scores
