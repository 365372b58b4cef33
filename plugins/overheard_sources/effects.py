"""Whether an action has helped: a difference of differences, by check and by question.

The questions that the action answers are compared with the others, and the brand with its
competitors on these questions, all on the same days: what moves them together cancels out. Answers
of a check move together, and so do those to a question. Neither are taken for independent: the
interval is the wider one of two, whose units are the checks and the questions. Questions are chosen
because they look bad, and would look better without any help: the lower end is computed from levels
that are shrunk to the mean of all questions (empirical Bayes), the upper end from levels as they
were.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import ceil, sqrt
from statistics import fmean, variance

from overheard import Block, stdtrit

LEVEL, POWER = 0.9, 0.8
"""Coverage of the intervals, and the chance with which the size that is named is found."""
CHECKS = 4
"""Checks after the action that the verdict waits for."""
MIN_BEFORE, MAX_BEFORE, MIN_AFTER = 3, 12, 2
"""Checks before the action that are needed, and that are read at most, and those needed after."""
MIN_CONTROLS = 3
"""Other questions that are needed."""
MARGIN = 1.2
"""How much more it takes that both comparisons show a gain, with both units."""
MIN_SPREAD = 1e-4
"""The least variance of levels between questions."""


@dataclass(frozen=True, slots=True)
class Course:
    """The answers to one question, by their distance from the level before the action.

    Attributes:
        days: The mean distance on each day from the shrunk level.
        shrunk: By how much the shrunk level is higher than the level as it was.
        noise: The variance of a day's mean if its answers are independent.
    """

    days: Mapping[date, float]
    shrunk: float
    noise: float


class Verdict(StrEnum):
    """What is found of an action."""

    HELPED = "helped"
    WORSE = "worse"
    NOTHING = "no effect"
    EARLY = "too early"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True)
class Level:
    """The mean of some questions before and after, and their answers in a check (0 where checks
    differ).
    """

    before: float
    after: float
    answers: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What the checks show of an action.

    Attributes:
        reason: Why it cannot be told, as a sentence; empty where it can be told.
        before: Number of checks before.
        after: Number of checks after.
        questions: Number of questions that the action answers.
        others: Number of those that it does not answer.
        levels: Those of both groups.
        visible: The least gain that is found; None where none can be.
        gains: The intervals of the gains on the other questions and on competitors.
    """

    verdict: Verdict
    reason: str = ""
    before: int = 0
    after: int = 0
    questions: int = 0
    others: int = 0
    levels: tuple[Level, ...] = ()
    visible: float | None = None
    gains: tuple[tuple[float, float], ...] = ()

    @property
    def gain(self) -> tuple[float, float]:
        """The less favourable of the gains."""
        return min(self.gains)

    @property
    def bound(self) -> float:
        """The least gain that is ruled out, in whole points."""
        return ceil(100 * max(high for _, high in self.gains)) / 100


def found_gain(
    own: Sequence[Block],
    rivals: Iterable[Block],
    treated: Set[str],
    before: Set[date],
    after: Set[date],
    *,
    is_done: bool,
) -> Finding:
    """Return what the answers of some checks show; the verdict only if these are all.

    Args:
        own: The blocks of the brand.
        rivals: Those of its competitors.
        treated: The keys of the questions that the action answers.
        before: The days of the checks before the action.
        after: Those of the checks since.
    """
    mine, theirs = courses(own, before), courses(rivals, before)
    helped = [course for key, course in mine.items() if key in treated]
    others = [course for key, course in mine.items() if key not in treated]
    groups = [others, [course for key, course in theirs.items() if key in treated]]
    found = Finding(
        Verdict.EARLY,
        before=len(before),
        after=len(after),
        questions=len(helped),
        others=len(others),
        levels=tuple(
            _level([one for one in own if (one.prompt in treated) is is_treated], before, after)
            for is_treated in (True, False)
        ),
    )
    if len(before) < MIN_BEFORE:
        reason = f"{MIN_BEFORE} checks from before are needed; there are {len(before)}."
        return replace(found, verdict=Verdict.UNKNOWN, reason=reason)
    if not helped or len(others) < MIN_CONTROLS:
        reason = f"{MIN_CONTROLS} other questions are needed; there are {len(others)}."
        return replace(found, verdict=Verdict.UNKNOWN, reason=reason)
    measured = [group for group in groups if group]
    found = replace(found, visible=max(visible(helped, group, before) for group in measured))
    if not is_done or len(after) < MIN_AFTER:
        return found
    gains = tuple(gain(helped, group, before, after) for group in measured)
    verdict = Verdict.NOTHING
    if all(low > 0 for low, _ in gains):
        verdict = Verdict.HELPED
    elif all(high < 0 for _, high in gains):
        verdict = Verdict.WORSE
    return replace(found, verdict=verdict, gains=gains)


def _level(blocks: Iterable[Block], before: Set[date], after: Set[date]) -> Level:
    cells = [(one.at.date(), one.n, one.total) for one in blocks]
    sizes = {sum(n for at, n, _ in cells if at == day) for day in before | after}
    before_mean, after_mean = (
        sum(total for at, _, total in cells if at in days)
        / max(sum(n for at, n, _ in cells if at in days), 1)
        for days in (before, after)
    )
    return Level(before_mean, after_mean, sizes.pop() if len(sizes) == 1 else 0)


def courses(blocks: Iterable[Block], before: Set[date]) -> dict[str, Course]:
    """Return the course of each question with answers before, over all models and brands."""
    days: dict[str, dict[date, tuple[int, float, float]]] = {}
    for one in blocks:
        day, of = one.at.date(), days.setdefault(one.prompt, {})
        n, total, squares = of.get(day, (0, 0.0, 0.0))
        of[day] = n + one.n, total + one.total, squares + one.squares
    sums = {prompt: [of[day] for day in of if day in before] for prompt, of in days.items()}
    earlier = {
        prompt: (sum(n), sum(total), max(sum(squares) - sum(total) ** 2 / sum(n), 0.0), len(n))
        for prompt, cells in sums.items()
        if cells
        for n, total, squares in [tuple(zip(*cells, strict=True))]
    }
    if not earlier:
        return {}
    answers = sum(n for n, *_ in earlier.values())
    mean = sum(total for _, total, *_ in earlier.values()) / answers
    within = sum(scatter for _, _, scatter, _ in earlier.values()) / max(answers - len(earlier), 1)
    levels = [total / n for n, total, *_ in earlier.values()]
    by_chance = within * fmean(1 / n for n, *_ in earlier.values())
    between = variance(levels) - by_chance if len(levels) > 1 else 0.0
    weight = within / max(between, MIN_SPREAD)
    found = {}
    for prompt, (n, total, scatter, checks) in earlier.items():
        level = (total + weight * mean) / (n + weight)
        distances = {day: value / count - level for day, (count, value, _) in days[prompt].items()}
        noise = (scatter + within) / n / (n / checks)
        found[prompt] = Course(distances, level - total / n, noise)
    return found


def gain(
    treated: Sequence[Course], others: Sequence[Course], before: Set[date], after: Set[date]
) -> tuple[float, float]:
    """Return the interval of by how much the treated questions have risen more than others."""
    earlier, later = (_contrasts(treated, others, days) for days in (before, after))
    a, b = len(later), len(earlier)
    freedom = a + b - 2
    pooled = ((a - 1) * variance(later) + (b - 1) * variance(earlier)) / freedom
    own, other = (
        [
            fmean(seen)
            for one in group
            if (seen := [one.days[day] for day in after & one.days.keys()])
        ]
        for group in (treated, others)
    )
    by_answer = _answer_variance(treated, others, a, b)
    by_check = max(pooled * (1 / a + 1 / b), by_answer)
    by_question = max(_question_variance(own, other), by_answer)
    half = max(
        stdtrit(freedom, (1 + LEVEL) / 2) * sqrt(by_check),
        stdtrit(max(len(own) + len(other) - 2, 1), (1 + LEVEL) / 2) * sqrt(by_question),
    )
    size = fmean(own) - fmean(other)
    seeming = fmean(one.shrunk for one in treated) - fmean(one.shrunk for one in others)
    return size + min(seeming, 0.0) - half, size + max(seeming, 0.0) + half


def visible(treated: Sequence[Course], others: Sequence[Course], before: Set[date]) -> float:
    """Return the least gain that is found with the chance `POWER`, after `CHECKS` checks."""
    earlier = _contrasts(treated, others, before)
    a, b = CHECKS, len(earlier)
    spread = max(variance(earlier) * (1 / a + 1 / b), _answer_variance(treated, others, a, b))
    return MARGIN * sum(stdtrit(a + b - 2, p) for p in ((1 + LEVEL) / 2, POWER)) * sqrt(spread)


def _contrasts(
    treated: Sequence[Course], others: Sequence[Course], days: Iterable[date]
) -> list[float]:
    """Return by how much the treated questions are above the others on each day that has both."""
    groups = (
        [[one.days[day] for one in group if day in one.days] for group in (treated, others)]
        for day in days
    )
    return [fmean(mine) - fmean(theirs) for mine, theirs in groups if mine and theirs]


def _answer_variance(
    treated: Sequence[Course], others: Sequence[Course], after: int, before: int
) -> float:
    """Return the variance of the gain if all answers are independent."""
    groups = (sum(one.noise for one in group) / len(group) ** 2 for group in (treated, others))
    return sum(groups) * (1 / after + 1 / before)


def _question_variance(treated: Sequence[float], others: Sequence[float]) -> float:
    """Return the variance of the gain with questions as units: of one variance for both groups, or
    of one for each where that is larger.
    """
    n, m = len(treated), len(others)
    own, other = (variance(group) if len(group) > 1 else 0.0 for group in (treated, others))
    pooled = ((n - 1) * own + (m - 1) * other) / max(n + m - 2, 1)
    return max(pooled * (1 / n + 1 / m), own / n + other / m)
