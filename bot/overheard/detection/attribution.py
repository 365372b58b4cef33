"""What a shift looks like: a model that was updated, this brand alone, the web, or our own fault.

No statistics can prove a cause. But a cause leaves a pattern: which brands moved, and at which
models. This module names the pattern and gives its evidence, in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from overheard.detection.baseline import run_effect_prior
from overheard.detection.hypotheses import Attribution, Hypothesis, attribute
from overheard.domain import Model, ModelUpdate
from overheard.measure.blocks import RunKey, Stream, StreamKey

SURE, PROBABLE = 0.9, 0.6
"""From these posterior probabilities on the words are firm, and "probably"."""

PATTERNS = {
    Hypothesis.BRAND_AT_MODEL: "an update of this model that touches this brand alone",
    Hypothesis.MODEL: "an update of the model as a whole",
    Hypothesis.BRAND_EVERYWHERE: "news about the brand on the web or in the press, not a model",
    Hypothesis.EVERYTHING: (
        "our own side (the questions, the scoring or the connection) or the whole category"
    ),
}
"""What each hypothesis looks like, in words."""
ONE_MODEL = {
    Hypothesis.BRAND_AT_MODEL: "a change that touches this brand alone, in the model or on the web",
    Hypothesis.MODEL: "an update of the model, or a change of the whole category",
}
"""The same with one model, where a second model would tell two of them apart."""


def words(found: Attribution, models: int, brands: int) -> str:
    """Return in a sentence what a change looks like, with its weight.

    Args:
        found: The weights of the hypotheses.
        models: Number of models at which the brand is measured.
        brands: Number of brands that are measured.
    """
    if models == 1 and brands == 1:
        return "With one brand at one model there is nothing to compare it with."
    weights, names = dict(found.weights), PATTERNS
    if models == 1:
        alone = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.BRAND_EVERYWHERE]
        weights = {Hypothesis.BRAND_AT_MODEL: alone, Hypothesis.MODEL: 1 - alone}
        names = ONE_MODEL
    if brands == 1:
        alone = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.MODEL]
        return _weighed(
            {"an update of this model": alone, "news or our own side, at all models": 1 - alone}
        )
    hint = "" if models > 1 else " A second model would tell them apart."
    return _weighed({names[one]: weight for one, weight in weights.items()}) + hint


def _weighed(weights: Mapping[str, float]) -> str:
    """Return a sentence that names the likeliest cause, and the next where it is likely too."""
    (first, weight), (second, _), *_ = sorted(weights.items(), key=lambda one: -one[1])
    if weight >= SURE:
        return f"This looks like {first}."
    if weight >= PROBABLE:
        return f"This is probably {first}."
    return f"This may be {first}; or {second}."


def explain(
    key: StreamKey, streams: Sequence[Stream], began: RunKey, updates: Sequence[ModelUpdate] = ()
) -> str:
    """Return sentences on what a change looks like, and on the evidence for that.

    Args:
        key: The stream that changed.
        streams: The streams of its metric, of all brands at all models, from the beginning of their
            baselines to the run that is analysed.
        began: The run with which the change began.
        updates: Known updates of the model that fall among the change's dates.
    """
    found = attribute(key, streams, began, run_effect_prior(key.model))
    rivals = {s.key for s in streams if s.key.model == key.model} - {key}
    models = {s.key for s in streams if s.key.brand == key.brand} - {key}
    sentences = [
        words(found, 1 + len(models), 1 + len(rivals)),
        _rivals({one: found.moved(one) for one in rivals}),
        _models({one: found.moved(one) for one in models}),
        *_known(updates),
    ]
    return " ".join(filter(None, sentences))


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


def _rivals(rivals: Mapping[StreamKey, bool]) -> str:
    """Return the sentence on which competitors moved at the same model; empty without any."""
    if not rivals:
        return ""
    moved = sorted(key.brand for key, moved in rivals.items() if moved)
    whole = len(rivals)
    competitors = "the one competitor" if whole == 1 else f"the {whole} competitors"
    if not moved:
        return f"At this model {competitors} moved by no more than chance explains."
    if len(moved) == whole:
        return f"At this model {competitors} moved too ({', '.join(moved)})."
    return f"At this model {len(moved)} of {competitors} moved too ({', '.join(moved)})."


def _models(models: Mapping[StreamKey, bool]) -> str:
    """Return the sentence on at which other models the brand moved; empty without any."""
    if not models:
        return ""
    moved = sorted(str(key.model) for key, moved in models.items() if moved)
    still = sorted(str(key.model) for key, moved in models.items() if not moved)
    if not moved:
        return f"The brand moved by no more than chance explains at {', '.join(still)}."
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
