"""Ticks of a trend chart: round values and round moments."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta, tzinfo

from overheard.cards import wording
from overheard.domain import Scale

MAX_MOMENTS = 5
"""Labels that fit next to each other at the width of a phone."""
SHARES = ((0.1, 0.05), (0.2, 0.05), (0.4, 0.1), (0.6, 0.2), (0.8, 0.2), (1.0, 0.25))
POLARITIES = ((0.2, 0.1), (0.5, 0.25), (0.75, 0.25), (1.0, 0.5))
"""The largest value of an axis, and the distance of its ticks."""
STEPS = (
    *(timedelta(seconds=seconds) for seconds in (1, 5, 15, 30)),
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28)),
)
MONTHS = (1, 2, 3, 6)


def values(seen: Sequence[float], scale: Scale) -> list[float]:
    """Return the values to name on a chart of some that were seen, from the foot to the top.

    Rates start at 0, so that a line's height means what it seems to; polarity shows its negative
    half when it is needed; ranks have the first place on top.
    """
    if scale is Scale.RANK:
        return _ranks(max(seen))
    if scale is Scale.POLARITY:
        reach, step = _reach(max(map(abs, seen)), POLARITIES)
        return _range(-reach if min(seen) < 0 else 0.0, reach, step)
    return _range(0.0, *_reach(max(seen), SHARES))


def moments(first: datetime, last: datetime, zone: tzinfo) -> list[datetime]:
    """Return a few round moments between two, by the reader's clock; the first if none is.

    They may lie a fiftieth of the span before the first: a run at six belongs to its day.
    """
    early = first - (last - first) / 50
    start, end = first.astimezone(zone), last.astimezone(zone)
    found = [at for at in _spaced(start, end) if early <= at <= end]
    return found or [start]


def value_name(value: float, scale: Scale) -> str:
    """Write a tick's value, with no more digits than it needs."""
    if scale in {Scale.BINARY, Scale.SHARE}:
        return wording.percent(value)
    sign = "+" if scale is Scale.POLARITY and value > 0 else ""
    return f"{sign}{value:g}".replace("-", wording.MINUS)


def moment_name(at: datetime, span: timedelta) -> tuple[str, str]:
    """Return the label of a moment, and the context that is written where it changes."""
    date = f"{at.day} {wording.MONTHS[at.month - 1]}"
    if timedelta(0) < span < timedelta(minutes=3):
        return f"{at:%H:%M:%S}", f"{date}, {at.tzname()}"
    if span < timedelta(days=2):
        return f"{at:%H:%M}", f"{date}, {at.tzname()}"
    return (date if span < timedelta(days=300) else date.split()[1]), f"{at.year}"


def _ranks(worst: float) -> list[float]:
    step = max(1, math.ceil((worst - 1) / 4))
    steps = max(1, math.ceil((worst - 1) / step))
    return [1.0 + step * index for index in range(steps, -1, -1)]


def _reach(needed: float, steps: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return next((step for step in steps if needed <= step[0]), steps[-1])


def _range(low: float, high: float, step: float) -> list[float]:
    return [round(low + step * index, 2) for index in range(round((high - low) / step) + 1)]


def _spaced(start: datetime, end: datetime) -> Iterator[datetime]:
    for step in STEPS:
        if (end - start) / step < MAX_MOMENTS:
            yield from _from_midnight(start, end, step)
            return
    yield from _months(start, end)


def _from_midnight(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """Yield moments in even steps of the wall clock; whole weeks begin on Mondays."""
    day = start.date()
    if step >= timedelta(days=7):
        day -= timedelta(days=day.weekday())
    midnight = datetime.combine(day, time())
    wall = midnight + (start.replace(tzinfo=None) - midnight) // step * step
    while wall <= end.replace(tzinfo=None):
        yield wall.replace(tzinfo=start.tzinfo)
        wall += step


def _months(start: datetime, end: datetime) -> Iterator[datetime]:
    first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
    step = next((step for step in MONTHS if (last - first) / step < MAX_MOMENTS), 0)
    step = step or 12 * math.ceil((last - first) / 12 / (MAX_MOMENTS - 1))
    for month in range(-(-first // step) * step, last + 1, step):
        yield datetime(month // 12, month % 12 + 1, 1, tzinfo=start.tzinfo)
