"""Whether what a scorer gives is what scorers may give."""

from __future__ import annotations

from collections.abc import Mapping

from overheard.domain import Detail, Metric, Scale, Score

LAST_RANK = 1e9
"""Beyond the length of any answer, and small enough that a block can sum its square."""

RANGES = {
    Scale.BINARY: (0.0, 1.0),
    Scale.SHARE: (0.0, 1.0),
    Scale.POLARITY: (-1.0, 1.0),
    Scale.RANK: (1.0, LAST_RANK),
}
"""The lowest and the highest value on each scale; both are finite."""

_NUMBER = (int, float)


def fits(score: object, metrics: Mapping[str, Metric]) -> bool:
    """Whether something that a scorer gave is a score on one of its own scales."""
    if not isinstance(score, Score) or not isinstance(score.quote, str):
        return False
    if not isinstance(score.details, tuple):
        return False
    if score.details and not all(map(_is_detail, score.details)):
        return False
    if not isinstance(score.metric, str) or score.metric not in metrics:
        return False
    low, high = RANGES[metrics[score.metric].scale]
    return isinstance(score.value, _NUMBER) and low <= score.value <= high


def _is_detail(detail: object) -> bool:
    return (
        isinstance(detail, Detail)
        and isinstance(detail.topic, str)
        and isinstance(detail.verdict, str)
        and isinstance(detail.stated, str)
        and isinstance(detail.quote, str)
    )
