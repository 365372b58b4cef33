"""What an update of a model changed for a brand, in words; ``updates.py`` lists it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from overheard.cards import wording
from overheard.detection.announced_updates import EXCLUDED_CHANGE, UpdateEffect, UpdateStatus
from overheard.domain import VISIBILITY, Scale, Shift

NOTHING_TO_COMPARE = "has no checks to compare"
NAMED = Scale.BINARY
"""The scale of visibility, which effects are told of."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of an update of a model on how often one brand is named.

    Attributes:
        brand: The brand's name.
        verdict: The result of the test that compares the runs since the update with those before;
            None where there is nothing to compare.
        shift: The shift that detection found and that may have begun with the update; None without
            one. It is told in place of the test's result.
    """

    brand: str
    verdict: UpdateEffect | None
    shift: Shift | None = None

    @property
    def predicate(self) -> str:
        """The effect with its interval, as the predicate of a sentence about the brand, such as
        ``moved by -20 points (...)``.
        """
        if self.shift:
            caveat = _level_caveat(self.verdict) if self.verdict else ""
            return shift_words(self.shift, NAMED) + caveat
        return effect_words(self.verdict, NAMED) if self.verdict else NOTHING_TO_COMPARE

    @property
    def short(self) -> str:
        """The effect for a chat, without its interval: that the brand is named more or less (``is
        named less: 45 %, before 88 %``), as before (with a bound), that this is not yet clear, or
        that there is nothing to compare.
        """
        if self.shift:
            return _short_change_words(self.shift)
        if self.verdict is None:
            return NOTHING_TO_COMPARE
        if self.verdict.finding is UpdateStatus.MOVED:
            return _short_change_words(self.verdict)
        if self.verdict.finding is UpdateStatus.STILL:
            return f"is named as before, give or take {_bound_words(self.verdict, NAMED)}"
        return f"is not yet clear after {self.verdict.looks} of {self.verdict.most} checks"

    @property
    def sentence(self) -> str:
        """The effect of the update as a sentence about the brand."""
        return f"{self.brand} {self.predicate}."

    def data(self) -> dict[str, Any]:
        """Return the effect for JSON output. If detection has found a shift, the effect is that
        shift; else it is the verdict of the test after the update.

        ``before``, ``after`` and ``interval`` are shares, 0 to 1, and None without a measurement.
        ``looks`` is the number of tests so far, ``level_kept`` is False if so few runs precede the
        update that chance would show a change too often, and ``runs_to_exclude`` is how many runs
        it would take to exclude a change of `EXCLUDED_CHANGE`.
        """
        verdict = self.verdict
        measured = self.shift or verdict
        finding = verdict.finding if verdict else None
        if self.shift:
            finding = UpdateStatus.MOVED
        return {
            "brand": self.brand,
            "metric": VISIBILITY,
            "finding": finding.value if finding else None,
            "looks": verdict.looks if verdict else 0,
            "before": measured.before if measured else None,
            "after": measured.after if measured else None,
            "interval": list(measured.interval) if measured else None,
            "runs_before": verdict.runs[0] if verdict else 0,
            "level_kept": bool(verdict and verdict.keeps_level),
            "runs_to_exclude": verdict.runs_to_exclude if verdict else None,
            "sentence": self.sentence,
        }


def effect_words(verdict: UpdateEffect, scale: Scale) -> str:
    """Return what is known of the effect of an update, as a predicate: ``moved by ...``, ``did not
    move by more than ...`` or ``is not yet clear ...``. A caveat follows if few runs precede the
    update.

    Args:
        verdict: The result of the test.
        scale: The scale of the metric.
    """
    return _finding_words(verdict, scale) + _level_caveat(verdict)


def _level_caveat(verdict: UpdateEffect) -> str:
    """Return a caveat in brackets, after a space, if so few runs precede the update that chance
    alone shows a change in more than 1 of 20 cases. Else return an empty string.
    """
    if verdict.keeps_level:
        return ""
    before = wording.count(verdict.runs[0], "check")
    return f" (with only {before} before it, more than 1 such finding in 20 may be chance)"


def _finding_words(verdict: UpdateEffect, scale: Scale) -> str:
    """Return the result of the test as a predicate, without the caveat: how far the metric moved, a
    bound for how far at most, or that it is not yet clear.
    """
    if verdict.finding is UpdateStatus.MOVED:
        return shift_words(verdict, scale)
    if verdict.finding is UpdateStatus.STILL:
        return (
            f"did not move by more than {_bound_words(verdict, scale)}{_runs_needed_words(verdict)}"
        )
    return f"is not yet clear after {verdict.looks} of {verdict.most} checks"


def shift_words(moved: UpdateEffect | Shift, scale: Scale) -> str:
    """Return a change as a predicate with its interval, and the values before and after: ``moved by
    -20 points (-28 to -12), from 62 % to 42 %``.

    Args:
        moved: The result of a test that found a change, or a shift.
        scale: The scale of the metric.
    """
    low, high = moved.interval
    return (
        f"moved by {wording.change(moved.change, scale)} "
        f"({wording.interval(low, high, scale)}), from "
        f"{wording.value(moved.before, scale)} to {wording.value(moved.after, scale)}"
    )


def _runs_needed_words(verdict: UpdateEffect) -> str:
    """Return how many checks since the update it would take to exclude a change of
    `EXCLUDED_CHANGE`, as the end of a sentence: ``; to exclude 5 points would take 6 checks
    since``. If no number would, because too few checks precede the update, it says that. Empty if
    such a change is excluded already.
    """
    points = wording.count(round(100 * EXCLUDED_CHANGE), "point")
    if verdict.bound <= EXCLUDED_CHANGE:
        return ""
    if verdict.runs_to_exclude is None:
        before = wording.count(verdict.runs[0], "check")
        return f"; {points} cannot be excluded with {before} before it"
    return f"; to exclude {points} would take {verdict.runs_to_exclude:,} checks since"


def _short_change_words(moved: UpdateEffect | Shift) -> str:
    """Return a change of visibility as a predicate: ``is named less: 45 %, before 88 %``."""
    way = "more" if moved.change > 0 else "less"
    return f"is named {way}: {wording.percent(moved.after)}, before {wording.percent(moved.before)}"


def _bound_words(verdict: UpdateEffect, scale: Scale) -> str:
    """Return the largest change that the test's interval allows, in words without a sign: ``8
    points`` for rates (at least 1), else in the units of the metric.
    """
    if scale.is_rate:
        return wording.count(max(1, round(100 * verdict.bound)), "point")
    return wording.change(verdict.bound, scale).lstrip("+")
