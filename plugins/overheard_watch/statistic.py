"""Whether a model answers as before: the texts of fixed questions, day by day.

An answer is the square root of the counts of its character 4-grams, hashed into 512 buckets, with
length 1. Its distance from other days is averaged over the questions first: that keeps what all
answers of a day share, and cancels what one answer says. docs/statistics.md has what this rule
finds, and how often it is wrong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

BUCKETS = 512
GRAM = 4
LEARNING_DAYS = 14
"""Days of the baseline from which on a day can be called far."""
BASELINE_DAYS = 60
STREAK = 3
"""So many days in a row, each farther than all days of the baseline, are an event."""
GROSS = 3.0
"""One day is an event if it is so many times as far from the mean of the baseline's distances as
the farthest of them, and is so again when all is asked once more."""
MIN_ANSWERED = 0.8
"""Share of the questions that must be answered for a day to count."""
ROUNDING = 1e-6
"""Distances that differ by less are equal: equal answers of all days have none but rounding."""


@dataclass(frozen=True, slots=True)
class WatchDay:
    """The answers of one day.

    Attributes:
        answers: The texts by question.
        again: The same of an hour later, where all was asked once more.
    """

    at: datetime
    answers: Mapping[str, str]
    again: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WatchState:
    """What the days of a model show.

    Attributes:
        baseline: Number of days that later ones are compared with; a verdict needs `LEARNING_DAYS`.
        streak: Number of days in a row that are farther than the whole baseline.
        doubtful: Whether the last day is far enough to ask all once more at once.
        events: The days since which the model has answered otherwise, the oldest first; the
            baseline began again with the last.
        compared: For each event, the number of days before it that it was compared with.
    """

    baseline: int = 0
    streak: int = 0
    doubtful: bool = False
    events: tuple[datetime, ...] = ()
    compared: tuple[int, ...] = ()

    @property
    def learns(self) -> bool:
        """Whether the baseline is too short for a verdict."""
        return self.baseline < LEARNING_DAYS


def watch_state(days: Sequence[WatchDay], questions: Sequence[str]) -> WatchState:
    """Return what the days of a model show, the oldest first.

    A day without enough answers is left out: it neither breaks nor lengthens a streak.

    Args:
        questions: The keys of all questions.
    """
    import numpy as np

    counted = [day for day in days if len(day.answers) >= MIN_ANSWERED * len(questions)]
    vectors = np.array([_vectors(day.answers, questions) for day in counted], np.float32)

    def distances(number: int, usual: Sequence[int]) -> tuple[Any, float, float]:
        """Return how far the days of a baseline are from each other, how far a day is from them,
        and the same of what it answered an hour later.
        """
        again = counted[number].again
        latest = [vectors[number], *([_vectors(again, questions)] if again else [])]
        among, *since = _distances(vectors[usual], np.array(latest))
        return among, since[0], since[-1] if again else 0.0

    return replayed([day.at for day in counted], distances)


def replayed(
    days: Sequence[datetime], distances: Callable[[int, Sequence[int]], tuple[Any, float, float]]
) -> WatchState:
    """Return what days show by their distances.

    Args:
        distances: From the number of a day, and the numbers of the baseline's, to the distances of
            the baseline's days from each other, that of the day, and that of its second asking, 0
            without one.
    """
    baseline: list[int] = []
    streak: list[int] = []
    events: list[datetime] = []
    compared: list[int] = []
    doubtful = False
    for number in range(len(days)):
        doubtful = False
        if len(baseline) < LEARNING_DAYS:
            baseline.append(number)
            continue
        usual = baseline[-BASELINE_DAYS:]
        among, distance, again = distances(number, usual)
        mean, most = float(among.mean()), float(among.max())
        if distance <= most + ROUNDING:
            baseline += [*streak, number]
            streak = []
            continue
        streak.append(number)
        gross = mean + GROSS * (most - mean) + ROUNDING
        doubtful = distance > gross and not again
        if len(streak) == STREAK or min(distance, again) > gross:
            events.append(days[streak[0]])
            compared.append(len(usual))
            baseline, streak, doubtful = streak, [], False
    return WatchState(len(baseline), len(streak), doubtful, tuple(events), tuple(compared))


def _vectors(answers: Mapping[str, str], questions: Sequence[str]) -> Any:
    """Return the vectors of a day's answers by question; zeros for a missing one."""
    import numpy as np

    found = np.zeros((len(questions), BUCKETS))
    for row, question in enumerate(questions):
        text = answers.get(question, "").lower()
        for start in range(len(text) - GRAM + 1):
            found[row, crc32(text[start : start + GRAM].encode()) % BUCKETS] += 1
    found = np.sqrt(found)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(lengths > 0, lengths, 1)


def _distances(usual: Any, latest: Any) -> Iterator[Any]:
    """Yield how far each day of a baseline is from the others, and then how far each latest day is
    from the whole baseline; each over the questions that both sides answered.
    """
    import numpy as np

    answered = usual.any(axis=2)
    total, count = usual.sum(axis=0), answered.sum(axis=0)
    for days, own in ((usual, 1), *((one[None], 0) for one in latest)):
        given = days.any(axis=2)
        others = count - own * given
        shared = given & (others > 0)
        share = shared / np.maximum(others, 1)
        # The mean of the others is that of all without the day itself, where it is one of them.
        near = np.einsum("dq,dqk->dk", (shared + own * share).astype(days.dtype), days)
        difference = near - share.astype(days.dtype) @ total
        found = np.linalg.norm(difference, axis=1) / np.maximum(shared.sum(axis=1), 1)
        yield found if own else float(found[0])
