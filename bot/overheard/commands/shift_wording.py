"""What is known since a known moment, in words that follow whose it is."""

from __future__ import annotations

from overheard.cards import wording
from overheard.detection.updates import UpdateEffect, UpdateStatus
from overheard.domain import Scale


def effect_words(verdict: UpdateEffect, scale: Scale) -> str:
    """Return what the looks say: ``moved by ...``, ``did not move by more than ...``, or how far
    they are.
    """
    if verdict.finding is UpdateStatus.MOVED:
        low, high = verdict.interval
        return (
            f"moved by {wording.change(verdict.change, scale)} "
            f"({wording.interval(low, high, scale)}), from "
            f"{wording.value(verdict.before, scale)} to {wording.value(verdict.after, scale)}"
        )
    if verdict.finding is UpdateStatus.STILL:
        return f"did not move by more than {_bound(verdict, scale)}"
    return f"is not yet clear after {verdict.looks} of {verdict.most} runs"


def _bound(verdict: UpdateEffect, scale: Scale) -> str:
    if scale in {Scale.BINARY, Scale.SHARE}:
        return wording.count(max(1, round(100 * verdict.bound)), "point")
    return wording.change(verdict.bound, scale).lstrip("+")
