"""What changed, and who is told: model updates, shifts, alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from overheard.domain.asking import Model


@dataclass(frozen=True, slots=True)
class ModelUpdate:
    """A moment at which a model may have changed.

    Attributes:
        model: Which one.
        at: When.
        source: How it is known: ``announced``, ``feed``, ``served model``, ``fingerprint``.
        note: A few words, or an empty string.
        id: The store's number, 0 before it is stored.
    """

    model: Model
    at: datetime
    source: str = "announced"
    note: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class PromptShift:
    """What one prompt did across a shift: its mean before and after, over so many answers."""

    prompt: str
    before: float
    after: float
    n_before: int
    n_after: int


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of one stream that the statistics hold.

    Attributes:
        brand: The brand's name.
        model: Who changed.
        metric: What changed.
        run_id: The first run after the change.
        before: The mean over the shared prompts before, on the metric's scale.
        after: The same after.
        change: after - before, each prompt weighing the same.
        interval: 90 % interval of the change (low, high).
        p_value: Probability of evidence at least this strong if nothing had changed,
            already corrected for all streams of the brand that were looked at.
        prompts: The prompts, those that moved most first.
        answers: Number of answers the verdict rests on (before, after).
        id: The store's number, 0 before it is stored.
    """

    brand: str
    model: Model
    metric: str
    run_id: int
    before: float
    after: float
    change: float
    interval: tuple[float, float]
    p_value: float
    prompts: tuple[PromptShift, ...] = ()
    answers: tuple[int, int] = (0, 0)
    id: int = 0


class AlertState(StrEnum):
    """An alert's life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RECOVERED = "recovered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Alert:
    """A shift that people are told of: the strongest of a brand at one model in one run.

    Attributes:
        shift: What moved, and how sure that is.
        opened_at: When it was raised.
        also: Other metrics of the same brand and model that moved in the same run.
        state: Where it stands.
        id: The store's number, 0 before it is stored.
    """

    shift: Shift
    opened_at: datetime
    also: tuple[Shift, ...] = ()
    state: AlertState = AlertState.OPEN
    id: int = 0
