"""What is known since a known moment, in words that follow whose it is."""

from __future__ import annotations

from overheard.cards import wording
from overheard.detection.updates import EXCLUDED_CHANGE, UpdateEffect, UpdateStatus
from overheard.domain import Scale, Shift


def effect_words(verdict: UpdateEffect, scale: Scale) -> str:
    """Return what the looks say: ``moved by ...``, ``did not move by more than ...``, or how far
    they are; and where the runs before are too few for the level of the test.
    """
    words = _finding(verdict, scale)
    if verdict.keeps_level or verdict.finding is UpdateStatus.OPEN:
        return words
    before = wording.count(verdict.runs[0], "run")
    return f"{words} (with only {before} before it, a false finding is likelier than 1 in 20)"


def _finding(verdict: UpdateEffect, scale: Scale) -> str:
    if verdict.finding is UpdateStatus.MOVED:
        return _moved(verdict, scale)
    if verdict.finding is UpdateStatus.STILL:
        return f"did not move by more than {_bound(verdict, scale)}{_to_exclude(verdict)}"
    return f"is not yet clear after {verdict.looks} of {verdict.most} runs"


def shift_words(shift: Shift, scale: Scale) -> str:
    """Return what a shift that goes with an update says, with the figures of the shift."""
    return _moved(shift, scale)


def _moved(moved: UpdateEffect | Shift, scale: Scale) -> str:
    low, high = moved.interval
    return (
        f"moved by {wording.change(moved.change, scale)} "
        f"({wording.interval(low, high, scale)}), from "
        f"{wording.value(moved.before, scale)} to {wording.value(moved.after, scale)}"
    )


def _to_exclude(verdict: UpdateEffect) -> str:
    """Say what it would take to exclude a change of five points; empty where that is excluded."""
    points = wording.count(round(100 * EXCLUDED_CHANGE), "point")
    if verdict.bound <= EXCLUDED_CHANGE:
        return ""
    if verdict.runs_to_exclude is None:
        before = wording.count(verdict.runs[0], "run")
        return f"; {points} cannot be excluded with {before} before it"
    return f"; to exclude {points} would take {verdict.runs_to_exclude:,} runs since"


def _bound(verdict: UpdateEffect, scale: Scale) -> str:
    if scale in {Scale.BINARY, Scale.SHARE}:
        return wording.count(max(1, round(100 * verdict.bound)), "point")
    return wording.change(verdict.bound, scale).lstrip("+")
