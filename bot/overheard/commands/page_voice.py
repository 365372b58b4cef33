"""Shares of voice over time, for the chart of a report's page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from overheard.cards.charts.shares import Share, Shares
from overheard.domain import Model
from overheard.measure.blocks import Stream
from overheard.measure.trends import trend

VOICE_METRIC = "share_of_voice"
_Course = dict[datetime, float]


def voice_shares(lines: Iterable[Stream], names: Sequence[str], zone: tzinfo) -> Shares | None:
    """Return the shares of voice of brands over time, as means over the models.

    At each time, a model counts with its newest run until then; the course begins when every model
    has one. The first brand's share is its metric; the others divide the rest as their metrics do,
    so that the shares sum to 1 also where competitors are compared with further brands.

    Args:
        lines: Streams of any metrics of the brands.
        names: The brand's name, then its competitors'.
        zone: The reader's time zone.

    Returns:
        The chart; None without competitors or without the metric.
    """
    courses: dict[str, dict[Model, _Course]] = {}
    for line in lines:
        if line.key.metric == VOICE_METRIC:
            points = {point.at: point.mean for point in trend(line)}
            courses.setdefault(line.key.brand, {})[line.key.model] = points
    mine = courses.get(names[0], {})
    if not mine or len(courses) < 2:
        return None
    begin = max(min(course) for course in mine.values())
    times = sorted({at for course in mine.values() for at in course if at >= begin})
    raw = {name: [_mean(courses.get(name, {}), at) for at in times] for name in names}
    first, *rivals = names
    values: dict[str, list[float]] = {name: [] for name in names}
    for index in range(len(times)):
        others = sum(raw[name][index] for name in rivals)
        rest = 1 - raw[first][index]
        values[first].append(raw[first][index] if others else 1.0)
        for name in rivals:
            values[name].append(raw[name][index] / others * rest if others else 0.0)
    return Shares(
        "Share of voice, % of mentions",
        tuple(times),
        tuple(Share(name, tuple(values[name])) for name in names),
        zone=zone,
    )


def _mean(courses: dict[Model, _Course], at: datetime) -> float:
    """Return the mean over the models of the newest value until a time; 0 without any."""
    newest = [
        course[max(past)] for course in courses.values() if (past := [t for t in course if t <= at])
    ]
    return sum(newest) / len(newest) if newest else 0.0
