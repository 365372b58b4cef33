"""Whether a model answers as before: the texts of fixed questions, day by day.

An answer is the square root of the counts of its character 3- to 5-grams, hashed into 1,024
buckets, with length 1. Its difference from other days is averaged over the questions first: that
keeps what all answers of a day share, and cancels what one answer says. Then each bucket is divided
by how much it differs from day to day. docs/statistics.md has what this rule finds, and how often
it is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BUCKETS = 1024
GRAMS = (3, 4, 5)
HASH_BASE, HASH_FACTOR, HASH_SHIFT = 0x01000193, 0x9E3779B1, 22
"""Of a polynomial hash of 32 bits, multiplied (Knuth 1973), of which the first ten bits count."""
LEARNING_DAYS = 14
"""Days of the baseline from which on a day can be called far."""
BASELINE_DAYS = 60
STREAK = 3
"""So many days in a row, each farther than all days of the baseline, are an event."""
GROSS = 2.5
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
        found = _distances(vectors[[*usual, number]])
        since = 0.0
        if counted[number].again:
            later = [*vectors[usual], _vectors(counted[number].again, questions)]
            since = float(_distances(np.array(later, np.float32))[-1])
        return found[:-1], float(found[-1]), since

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
        text = answers.get(question, "").lower().encode("utf-32-le", "replace")
        codes = np.frombuffer(text, np.uint32)
        for size in (size for size in GRAMS if size <= len(codes)):
            grams = np.zeros(len(codes) - size + 1, np.uint32)
            for at in range(size):
                grams = grams * np.uint32(HASH_BASE) + codes[at : at + len(grams)]
            buckets = grams * np.uint32(HASH_FACTOR) >> np.uint32(HASH_SHIFT)
            found[row] += np.bincount(buckets, minlength=BUCKETS)
    found = np.sqrt(found)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(lengths > 0, lengths, 1)


def _distances(days: Any) -> Any:
    """Return how far each day is from all others, over the questions that both sides answered.

    All days are treated alike, so that of equal ones each is the farthest equally often.
    """
    import numpy as np

    answered = days.any(axis=2)
    others = answered.sum(axis=0) - answered
    shared = answered & (others > 0)
    share = (shared / np.maximum(others, 1)).astype(days.dtype)
    # The mean of the others is that of all without the day itself.
    near = np.einsum("dq,dqk->dk", shared + answered * share, days)
    difference = near - np.einsum("dq,qk->dk", share, days.sum(axis=0))
    difference /= np.maximum(shared.sum(axis=1), 1)[:, None]
    spread = (difference**2).mean(axis=0)
    seen = spread[spread > ROUNDING**2]
    # Without what is usual, chance would count too much in a bucket that hardly ever differs.
    usual = np.median(seen) if len(seen) else 1.0
    return np.linalg.norm(difference / np.sqrt(spread + usual), axis=1)
