"""What a shift looks like: a model that was updated, this brand alone, the web, or our own fault.

No statistics can prove a cause. But a cause leaves a pattern: which brands moved, and at which
models. This module names the pattern and gives its evidence, in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from overheard.detection.known_time import Comparison, compare_sides
from overheard.domain import Model, ModelUpdate, Shift
from overheard.measure.blocks import RunKey, Stream, StreamKey

CATEGORY_SHARE = 0.5
"""The share of competitors that makes a shift one of the whole category."""


ZERO_SUM = frozenset({"top1", "first_choice", "share_of_voice"})
"""Metrics of which one brand can only win what others lose."""


class Pattern(Enum):
    """Who moved; its value says what that looks like."""

    MODEL = "This looks like an update of the model as a whole"
    BRAND = "This looks like an update of the model that touches this brand"
    WEB = "This looks like news about the brand on the web or in the press, not like a model"
    EVERYTHING = (
        "Suspect our own side first: the questions, the scoring or the connection. "
        "If those are as they were, the whole category moved"
    )
    CATEGORY_OR_MODEL = (
        "This looks like an update of the model, or like a change of the whole category; "
        "a second model would tell them apart"
    )
    BRAND_OR_WEB = (
        "This looks like a change that touches this brand alone, in the model or on the web; "
        "a second model would tell them apart"
    )
    MODEL_ALONE = "This looks like an update of this model; a competitor would show how far it goes"
    UNKNOWN = "With one brand at one model there is nothing to compare it with"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What moved in addition to a shift, in the same metric and at the same time.

    Attributes:
        key: The stream that shifted.
        rivals: The competitors at the same model, and whether each moved.
        models: The brand at other models, and whether it moved there.
        since: The earliest run with which the shift may have begun.
    """

    key: StreamKey
    rivals: Mapping[StreamKey, bool]
    models: Mapping[StreamKey, bool]
    since: RunKey

    @property
    def pattern(self) -> Pattern:
        """The pattern that fits which competitors and which other models moved along."""
        category = bool(self.rivals) and sum(self.rivals.values()) >= CATEGORY_SHARE * len(
            self.rivals
        )
        if not self.models:
            if not self.rivals:
                return Pattern.UNKNOWN
            return Pattern.CATEGORY_OR_MODEL if category else Pattern.BRAND_OR_WEB
        if all(self.models.values()):
            return Pattern.EVERYTHING if category else Pattern.WEB
        if not self.rivals:
            return Pattern.MODEL_ALONE
        return Pattern.MODEL if category else Pattern.BRAND


def goes_along(metric: str, change: float, other: float) -> bool:
    """Whether a competitor's change can have the same cause as a brand's: for a metric in which one
    brand's gain is the others' loss (`ZERO_SUM`), only a change in the same direction can.

    Args:
        metric: The metric that changed.
        change: The brand's change, on the metric's scale.
        other: The competitor's change, on the same scale.
    """
    return metric not in ZERO_SUM or change * other > 0


def go_along(stream: Stream, other: Stream, began: int) -> bool:
    """Whether another stream's change since a run can be of one kind with a stream's."""
    mine, theirs = (compare_sides(one, began, tau2=0.0) for one in (stream, other))
    if stream.key.brand == other.key.brand or mine is None or theirs is None:
        return True
    return goes_along(stream.key.metric, mine.change, theirs.change)


def explain(
    around: Surroundings, updates: Sequence[ModelUpdate] = (), *, recovery: bool = False
) -> str:
    """Return sentences that name the pattern of a shift and its evidence.

    Args:
        around: Which competitors and which other models moved with the shift.
        updates: Known updates of the model that fall among the shift's dates.
        recovery: Whether the shift takes back an earlier shift.
    """
    back = ["It takes back an earlier shift."] if recovery else []
    evidence = [_rivals(around), _models(around), *_known(updates)]
    return " ".join([*back, f"{around.pattern.value}.", *filter(None, evidence)])


def falls_among(
    updates: Iterable[ModelUpdate],
    model: Model,
    dates: Sequence[RunKey],
    runs: Sequence[RunKey],
) -> tuple[ModelUpdate, ...]:
    """Return the updates of a model that a shift is consistent with.

    An update takes effect in the first run after it. The update matches if and only if this run is
    among those with which the shift began with a probability of 90 %.

    Args:
        updates: All known updates.
        model: The model whose answers shifted.
        dates: The runs among which the shift began with a probability of 90 %.
        runs: All runs of the model, the oldest first.
    """
    matching = []
    for update in updates:
        first = next((run for run in runs if run.at >= update.at), None)
        if update.model == model and first in dates:
            matching.append(update)
    return tuple(matching)


def is_recovery(compared: Comparison, key: StreamKey, earlier: Sequence[Shift]) -> bool:
    """Whether a change undoes more than half of the latest shift of the same stream."""
    shifts = [s for s in earlier if (s.brand, s.model, s.metric) == tuple(key)]
    if not shifts or shifts[-1].recovery:
        return False
    old = shifts[-1]
    opposite = old.change * compared.change < 0
    return opposite and abs(compared.after - old.before) < abs(compared.after - old.after)


def _rivals(around: Surroundings) -> str:
    """Return the sentence on which competitors moved at the same model; empty without any."""
    if not around.rivals:
        return ""
    moved = sorted(key.brand for key, moved in around.rivals.items() if moved)
    whole = len(around.rivals)
    competitors = "the one competitor" if whole == 1 else f"the {whole} competitors"
    if not moved:
        return f"At this model {competitors} did not move with it."
    if len(moved) == whole:
        return f"At this model {competitors} moved too ({', '.join(moved)})."
    return f"At this model {len(moved)} of {competitors} moved too ({', '.join(moved)})."


def _models(around: Surroundings) -> str:
    """Return the sentence on at which other models the brand moved; empty without any."""
    if not around.models:
        return ""
    moved = sorted(str(key.model) for key, moved in around.models.items() if moved)
    still = sorted(str(key.model) for key, moved in around.models.items() if not moved)
    if not moved:
        return f"The brand did not move at {', '.join(still)}."
    rest = f", and not at {', '.join(still)}" if still else ""
    return f"The brand moved at {', '.join(moved)} too{rest}."


def _known(updates: Sequence[ModelUpdate]) -> Iterator[str]:
    """Say what is known of each day on which there was an update, in a sentence."""
    for day, same in groupby(updates, lambda update: update.at.date()):
        signs = " and ".join(dict.fromkeys(map(_sign, same)))
        yield f"The dates go with {day:%-d %B %Y}, when {signs}."


def _sign(update: ModelUpdate) -> str:
    """Return in words how an update became known, with its note in brackets."""
    note = f" ({update.note})" if update.note else ""
    how = {
        "served model": "another served model was seen",
        "fingerprint": "the back ends' fingerprints changed",
        "style": "the style of the answers changed",
        "canary": "the canary was hit",
    }.get(update.source, "an update was made known")
    return f"{how}{note}"


def first_after(
    updates: Iterable[ModelUpdate], models: Mapping[Model, Sequence[RunKey]]
) -> list[tuple[Model, RunKey]]:
    """Return the first run of a model after each of its updates."""
    first_runs = []
    for update in updates:
        runs = models.get(update.model, ())
        after = next((run for run in runs if run.at >= update.at), None)
        if after:
            first_runs.append((update.model, after))
    return first_runs
