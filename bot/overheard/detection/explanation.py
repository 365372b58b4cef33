"""What a shift looks like: a model that was updated, this brand alone, the web, or our own fault.

The probabilities of the explanations come from `hypotheses`.

No statistics can prove a cause. But a cause leaves a pattern: which brands moved, and at which
models. This module names the pattern and gives its evidence, in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from overheard.detection.control_variate import run_effect_prior
from overheard.detection.hypotheses import Hypothesis, attribute, attribute_model
from overheard.domain import WHOLE_MODEL, Model, ModelUpdate
from overheard.measure.blocks import RunKey, Stream, StreamKey

SURE, PROBABLE = 0.9, 0.6
"""The posterior probabilities from which on the words are "looks like", and "probably"."""
SETTLED = 0.75
"""The posterior probability from which on one cause is named where two were left open before."""
_OR = "; or "
"""Stands between two causes that are both left open."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A possible cause of a change, in words.

    Attributes:
        pattern: The cause in words that follow "this looks like".
        short: The cause in a few words, with ``{brand}`` in the place of the brand's name.
    """

    pattern: str
    short: str


CAUSES = {
    Hypothesis.BRAND_AT_MODEL: Cause(
        "an update of this model that touches this brand alone", "{brand} alone"
    ),
    Hypothesis.MODEL: Cause("an update of the model as a whole", "the model as a whole"),
    Hypothesis.BRAND_EVERYWHERE: Cause(
        "news about the brand on the web or in the press, not a model", "news about {brand}"
    ),
    Hypothesis.EVERYTHING: Cause(
        "our own side (the questions, the scoring or the connection) or the whole category",
        "how we ask, or the whole category",
    ),
}
"""What each hypothesis looks like."""
BRAND_ALONE = Cause(
    "a change that touches this brand alone, in the model or on the web", "{brand} alone"
)
MODEL_OR_CATEGORY = Cause(
    "an update of the model, or a change of the whole category", "the whole model, or the category"
)
"""With one model, where a second model would separate two hypotheses."""
THIS_MODEL = Cause("an update of this model", "this model")
ALL_MODELS = Cause("news or our own side, at all models", "news, or how we ask")
"""With one brand, where a second brand would separate two hypotheses."""


def causes(
    weights: Mapping[Hypothesis, float], models: int, brands: int
) -> list[tuple[Cause, float]]:
    """Return the possible causes of a change with their weights (0 to 1, sum 1), the likeliest
    first.

    With one model or one brand, causes that only a second one could tell apart are one cause, and
    two causes remain. One brand at one model has no causes: nothing can be compared.

    Args:
        weights: The weight of each hypothesis.
        models: Number of models at which the brand is measured.
        brands: Number of brands that are measured.
    """
    if models == 1 and brands == 1:
        return []
    if models == 1:
        alone = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.BRAND_EVERYWHERE]
        cause_weights = {BRAND_ALONE: alone, MODEL_OR_CATEGORY: 1 - alone}
    elif brands == 1:
        at_model = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.MODEL]
        cause_weights = {THIS_MODEL: at_model, ALL_MODELS: 1 - at_model}
    else:
        cause_weights = {CAUSES[hypothesis]: weight for hypothesis, weight in weights.items()}
    return sorted(cause_weights.items(), key=lambda cause_weight: -cause_weight[1])


def explanation_sentence(weights: Mapping[Hypothesis, float], models: int, brands: int) -> str:
    """Return a sentence on the likeliest cause of a change: "This looks like ..." from the weight
    `SURE` on, "This is probably ..." from `PROBABLE` on, else the two likeliest as "This may be
    ...; or ...".

    With one model, a second sentence says that another model would tell more. With one brand at one
    model, the only sentence is that there is nothing to compare with.

    Args:
        weights: The weight of each hypothesis, 0 to 1.
        models: Number of models at which the brand is measured.
        brands: Number of brands that are measured.
    """
    cause_weights = causes(weights, models, brands)
    if not cause_weights:
        return "With one brand at one model there is nothing to compare it with."
    (first, weight), (second, _), *_ = cause_weights
    hint = "" if models > 1 else " A second model would tell them apart."
    if weight >= SURE:
        return f"This looks like {first.pattern}.{hint}"
    if weight >= PROBABLE:
        return _probably_sentence(first) + hint
    return _either_sentence(first, second) + hint


def _probably_sentence(cause: Cause) -> str:
    """Return the sentence on a cause that is probable but not sure."""
    return f"This is probably {cause.pattern}."


def _either_sentence(first: Cause, second: Cause) -> str:
    """Return the sentence that leaves two causes open."""
    return f"This may be {first.pattern}{_OR}{second.pattern}."


def is_everything(said: str) -> bool:
    """Return whether the words of an explanation (``said``) name the cause that everything moved,
    which looks like our own side, and leave no other cause open.
    """
    return CAUSES[Hypothesis.EVERYTHING].pattern in said and _OR not in said


@dataclass(frozen=True, slots=True)
class Explanation:
    """The likely causes of a change, as of a run.

    Attributes:
        causes: The possible causes with their weights (0 to 1), the likeliest first; empty for one
            brand at one model.
        words: A sentence on the likeliest cause, or on two that are left open.
        text: The sentence of `words`, and sentences on which other streams moved.
    """

    causes: tuple[tuple[Cause, float], ...]
    words: str
    text: str

    @property
    def probable(self) -> Cause | None:
        """The cause that `words` names; None when it leaves two causes open or names none."""
        if _OR in self.words:
            return None
        return next((cause for cause, _ in self.causes if cause.pattern in self.words), None)

    def differs_from(self, said: str) -> bool:
        """Return whether an earlier explanation has to be revised: it left two causes open and one
        has the weight `SETTLED` now, or it named one cause and another has the weight `SURE` now.

        Args:
            said: The words of the earlier explanation; an empty text is never revised.
        """
        largest_weight = self.causes[0][1] if self.causes else 0.0
        if _OR in said:
            return largest_weight >= SETTLED
        return self._contradicts(said) and largest_weight >= SURE

    def beside(self, said: str, *, returned: bool = False) -> Explanation:
        """Return the explanation in words that fit an earlier one, so that the cause does not swing
        from run to run.

        It is returned unchanged when the earlier words name none of its causes, or have to be
        revised (`differs_from`). Otherwise one of three rules holds:

        - Two causes that were left open stay open, with the likeliest now as the first of two.
        - If another cause is probable now than was named, both are left open.
        - Else the cause that was named stays.

        Args:
            said: The words of the earlier explanation; may be empty.
            returned: Whether the metric is back at its old level. A return says nothing of a cause,
                so that the earlier cause is neither revised nor joined by another.
        """
        said_causes = [cause for cause, _ in self.causes if cause.pattern in said]
        is_revised = self.differs_from(said) and not returned
        if not said_causes or is_revised:
            return self
        (likeliest, _), (second, _), *_ = self.causes
        words = self.words
        if _OR in said:
            other = next((cause for cause in said_causes if cause != likeliest), second)
            words = _either_sentence(likeliest, other)
        elif self._contradicts(said) and not returned:
            words = _either_sentence(likeliest, said_causes[0])
        elif self.probable != said_causes[0]:
            words = _probably_sentence(said_causes[0])
        return replace(self, words=words, text=self.text.replace(self.words, words, 1))

    def _contradicts(self, said: str) -> bool:
        """Return whether `words` names one cause, and an earlier explanation (``said``) does not
        name it; False when the earlier one is empty.
        """
        return bool(said and self.probable and self.probable.pattern not in said)

    def data(self) -> dict[str, object]:
        """Return the explanation for JSON output: its text, and the weight of each cause by its
        words.
        """
        weights = {cause.pattern: round(weight, 4) for cause, weight in self.causes}
        return {"text": self.text, "weights": weights}


def explain(
    key: StreamKey, streams: Sequence[Stream], began: RunKey, updates: Sequence[ModelUpdate] = ()
) -> Explanation:
    """Return the likely causes of a change, and the evidence for them in words.

    The text has a sentence on the cause. It is followed by sentences on which other brands moved at
    the model, at which other models the brand moved, and which updates fit the change, each where
    there are any. They leave out streams without answers before the change or since.

    Args:
        key: The stream that changed; with the brand `WHOLE_MODEL` for a model as a whole.
        streams: The streams of its metric, of all brands at all models, from the beginning of their
            baselines to the run that is analysed.
        updates: Known updates of the model that fit the time of the change, in the order of time.
    """
    prior = run_effect_prior(key.model)
    is_whole_model = key.brand == WHOLE_MODEL
    attribution = (
        attribute_model(key.model, streams, began, prior)
        if is_whole_model
        else attribute(key, streams, began, prior)
    )
    other_brands = {stream.key for stream in streams if stream.key.model == key.model} - {key}
    other_models = {stream.key for stream in streams if stream.key.brand == key.brand} - {key}
    if is_whole_model:
        models, brands = len({stream.key.model for stream in streams}), len(other_brands)
    else:
        models, brands = 1 + len(other_models), 1 + len(other_brands)
    words = explanation_sentence(attribution.weights, models, brands)
    comparable = {stream.key for stream in streams if _is_comparable(stream, began)}
    sentences = [
        words,
        _other_brands_sentence(
            {other: attribution.moved(other) for other in other_brands & comparable},
            noun="brand" if is_whole_model else "competitor",
        ),
        _other_models_sentence(
            {other: attribution.moved(other) for other in other_models & comparable}
        ),
        *_update_sentences(updates),
    ]
    return Explanation(
        causes=tuple(causes(attribution.weights, models, brands)),
        words=words,
        text=" ".join(filter(None, sentences)),
    )


def _is_comparable(stream: Stream, began: RunKey) -> bool:
    """Return whether a stream has answers both before a run and from that run on."""
    sides = {
        run >= began for run, answers in zip(stream.runs, stream.n, strict=True) if answers.any()
    }
    return sides == {True, False}


def falls_among(
    updates: Iterable[ModelUpdate],
    model: Model,
    dates: Sequence[RunKey],
    runs: Sequence[RunKey],
) -> tuple[ModelUpdate, ...]:
    """Return the updates of a model that a shift is consistent with, in the order given.

    An update takes effect in the first run at its time or later. It is consistent with the shift if
    the shift may have begun with this run. An update after the last run is not.

    Args:
        updates: All known updates; those of other models are left out.
        model: The model whose answers shifted.
        dates: The runs with one of which the shift began, with a probability of 90 %.
        runs: All runs of the model, the oldest first.
    """
    matching = []
    for update in updates:
        first = next((run for run in runs if run.at >= update.at), None)
        if update.model == model and first in dates:
            matching.append(update)
    return tuple(matching)


def _other_brands_sentence(moved: Mapping[StreamKey, bool], noun: str) -> str:
    """Return the sentence on how many other brands moved at the same model, with the names of those
    in brackets, in alphabetical order; empty without other brands.

    Args:
        moved: Whether each other brand's stream moved.
        noun: What the brands are called: ``competitor``, or ``brand`` when the model as a whole
            changed.
    """
    if not moved:
        return ""
    names = sorted(key.brand for key, has_moved in moved.items() if has_moved)
    all_brands = f"the one {noun}" if len(moved) == 1 else f"the {len(moved)} {noun}s"
    too = " too" if noun == "competitor" else ""
    if not names:
        return f"At this model {all_brands} moved by no more than chance explains."
    if len(names) == len(moved):
        return f"At this model {all_brands} moved{too} ({', '.join(names)})."
    return f"At this model {len(names)} of {all_brands} moved{too} ({', '.join(names)})."


def _other_models_sentence(moved: Mapping[StreamKey, bool]) -> str:
    """Return the sentence on the other models at which the brand moved, and on those at which it
    did not, each in the order of their names; empty without other models.

    Args:
        moved: Whether the brand's stream at each other model moved.
    """
    if not moved:
        return ""
    with_move = sorted(str(key.model) for key, has_moved in moved.items() if has_moved)
    without = sorted(str(key.model) for key, has_moved in moved.items() if not has_moved)
    if not with_move:
        return f"The brand moved by no more than chance explains at {', '.join(without)}."
    rest = f", and not at {', '.join(without)}" if without else ""
    return f"The brand moved at {', '.join(with_move)} too{rest}."


def _update_sentences(updates: Sequence[ModelUpdate]) -> Iterator[str]:
    """Yield a sentence for each day (UTC) with updates: how they became known, each way once. The
    day itself is on the alert's card, because it depends on the reader's time zone.

    Args:
        updates: The updates, in the order of time.
    """
    for _, same_day in groupby(updates, lambda update: update.at.date()):
        signs = " and ".join(dict.fromkeys(map(_sign, same_day)))
        yield f"The dates go with an update: {signs}."


def _sign(update: ModelUpdate) -> str:
    """Return how an update became known in words, with its note, if any, in brackets: ``the service
    named another model (gpt-5.4-mini)``. Announcements, feeds and people are "made known".
    """
    note = f" ({update.note})" if update.note else ""
    how = {
        "served model": "the service named another model",
        "fingerprint": "the service's identifiers changed",
        "style": "the style of the answers changed",
        "canary": "a small daily question was answered differently",
    }.get(update.source, "an update was made known")
    return f"{how}{note}"
