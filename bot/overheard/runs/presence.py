"""Which models speak of a brand now: they answered, were silent, or are no longer asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

from overheard.domain import BURST, Model, Run, RunKey, RunState

READ_RUNS = 60
"""The newest runs that are searched for the panels of a brand."""
MISSED_PERIODS = 2
"""Usual times between two checks of a model after which it is no longer asked."""
USUAL_PERIOD, MIN_PERIOD = timedelta(weeks=1), timedelta(days=1)
"""The time between two checks of a model that was asked once, and the shortest that counts."""
ASKED_OF_ALL = frozenset({RunState.COMPLETE, RunState.PARTIAL, RunState.FAILED})
"""States of runs that have asked each model of their panel."""


class Presence(StrEnum):
    """Whether a model's figures are those of the newest check that asked it."""

    CURRENT = "current"
    """It answered."""
    SILENT = "silent"
    """It was asked and gave no answer; its figures are older."""
    UNREAD = "unread"
    """It answered, and its answers are not scored yet; its figures are older."""
    LEFT = "left"
    """It is no longer asked; its figures are history."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """The presence of a model in the checks of a brand.

    Attributes:
        asked: The newest run that asked it.
        answered: The newest run with its answers; None without any.
    """

    presence: Presence
    asked: RunKey
    answered: RunKey | None


def attendances(
    runs: Sequence[Run],
    brand: str,
    answered: Mapping[Model, Sequence[RunKey]],
    configured: Collection[Model],
) -> dict[Model, Attendance]:
    """Return the attendance of each model that was asked about a brand, sorted by model.

    A model has left if the newest check has not asked it, and it is either not configured any more
    or was last asked more than `MISSED_PERIODS` of its usual times between two checks ago. So a
    check of one model alone does not make the others leave.

    Args:
        runs: Runs of the brands' history, the newest first.
        answered: The runs with answers about the brand by model, the oldest first.
        configured: The models that can be asked; empty where that is not known.
    """
    asked: dict[Model, set[RunKey]] = {model: set(keys) for model, keys in answered.items() if keys}
    newest = None
    for run in runs:
        key = RunKey(run.started_at, run.id)
        # Of imported history, and of a run that goes on or was cancelled, those that answered.
        if run.panel is None or run.state not in ASKED_OF_ALL:
            models = {m for m, keys in answered.items() if any(one.id == run.id for one in keys)}
        else:
            models = run.panel.models_about(brand)
        newest = newest or (run if models else None)
        for model in models:
            asked.setdefault(model, set()).add(key)
    again = {run.id for run in runs if run.label == BURST}
    found = {}
    for model, keys in sorted(asked.items()):
        times = sorted(keys, reverse=True)
        replies = answered.get(model, ())
        latest = replies[-1] if replies else None
        if newest and _has_left(model, times, newest, configured, again):
            presence = Presence.LEFT
        else:
            presence = Presence.CURRENT if latest == times[0] else Presence.SILENT
        found[model] = Attendance(presence, times[0], latest)
    return found


def _has_left(
    model: Model,
    asked: Sequence[RunKey],
    newest: Run,
    configured: Collection[Model],
    again: Collection[int] = (),
) -> bool:
    """Return whether a model is no longer asked as of the newest run of its brand."""
    if asked[0].at >= newest.started_at:
        return False
    if newest.panel and configured and model not in configured:
        return True
    checks = [run.at for run in asked if run.id not in again]
    gaps_s = [(later - earlier).total_seconds() for later, earlier in pairwise(checks)]
    usual = timedelta(seconds=median(gaps_s)) if gaps_s else USUAL_PERIOD
    return newest.started_at - asked[0].at > MISSED_PERIODS * max(MIN_PERIOD, usual)
