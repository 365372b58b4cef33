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
"""From these posterior probabilities on the words are firm, and "probably"."""
SETTLED = 0.75
"""From this posterior probability on a cause is named that was left open before."""
_OR = "; or "
"""What stands between two causes, where none is probable."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A possible cause of a change, in words.

    Attributes:
        pattern: The cause in words that follow "this looks like".
        short: The cause in a few words, with a place for the brand's name.
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
    """Return the possible causes of a change with their weights (0 to 1), the likeliest first;
    empty for one brand at one model, where nothing can be compared.

    Args:
        weights: The weights of the hypotheses.
        models: Number of models at which the brand is measured.
        brands: Number of brands that are measured.
    """
    if models == 1 and brands == 1:
        return []
    cause_weights = {CAUSES[hypothesis]: weight for hypothesis, weight in weights.items()}
    if models == 1:
        alone = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.BRAND_EVERYWHERE]
        cause_weights = {BRAND_ALONE: alone, MODEL_OR_CATEGORY: 1 - alone}
    elif brands == 1:
        alone = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.MODEL]
        cause_weights = {THIS_MODEL: alone, ALL_MODELS: 1 - alone}
    return sorted(cause_weights.items(), key=lambda cause: -cause[1])


def explanation_sentence(weights: Mapping[Hypothesis, float], models: int, brands: int) -> str:
    """Return a sentence on the likeliest cause of a change, and on the next cause if both are
    likely; the arguments are those of `causes`.
    """
    cause_weights = causes(weights, models, brands)
    if not cause_weights:
        return "With one brand at one model there is nothing to compare it with."
    (first, weight), (second, _), *_ = cause_weights
    hint = "" if models > 1 else " A second model would tell them apart."
    if weight >= SURE:
        return f"This looks like {first.pattern}.{hint}"
    if weight >= PROBABLE:
        return _probably(first) + hint
    return _either(first, second) + hint


def _probably(cause: Cause) -> str:
    return f"This is probably {cause.pattern}."


def _either(first: Cause, second: Cause) -> str:
    return f"This may be {first.pattern}{_OR}{second.pattern}."


def is_everything(said: str) -> bool:
    """Return whether an explanation says that everything moved, which looks like our own side, and
    leaves no other cause open.
    """
    return CAUSES[Hypothesis.EVERYTHING].pattern in said and _OR not in said


@dataclass(frozen=True, slots=True)
class Explanation:
    """The likely causes of a change, as of a run.

    Attributes:
        causes: The possible causes with their weights, the likeliest first; see `causes`.
        words: The likeliest cause, or two, in a sentence.
        text: The sentence of `words`, and sentences on its evidence.
    """

    causes: tuple[tuple[Cause, float], ...]
    words: str
    text: str

    @property
    def probable(self) -> Cause | None:
        """The cause that `words` names; None when it leaves two causes open."""
        if _OR in self.words:
            return None
        return next((cause for cause, _ in self.causes if cause.pattern in self.words), None)

    def differs_from(self, said: str) -> bool:
        """Return whether an earlier explanation has to be revised: it left two causes open and one
        is settled now (`SETTLED`), or it named one cause and another is sure now (`SURE`).

        Args:
            said: The words of the earlier explanation.
        """
        weight = self.causes[0][1] if self.causes else 0.0
        if _OR in said:
            return weight >= SETTLED
        return self._contradicts(said) and weight >= SURE

    def beside(self, said: str, *, returned: bool = False) -> Explanation:
        """Return the explanation as shown next to an earlier one that need not be revised: the
        earlier cause stays, and if another cause is probable now, the words leave both open.

        Args:
            said: The words of the earlier explanation.
            returned: Whether the metric is back; a return says nothing of a cause.
        """
        before = [cause for cause, _ in self.causes if cause.pattern in said]
        if not before or (self.differs_from(said) and not returned):
            return self
        now = self.words
        if _OR in said:
            (first, _), (second, _), *_ = self.causes
            now = _either(first, next((cause for cause in before if cause != first), second))
        elif self._contradicts(said) and not returned:
            now = _either(self.causes[0][0], before[0])
        elif self.probable != before[0]:
            now = _probably(before[0])
        return replace(self, words=now, text=self.text.replace(self.words, now, 1))

    def _contradicts(self, said: str) -> bool:
        """Return whether the words name another cause now than an earlier explanation did."""
        return bool(said and self.probable and self.probable.pattern not in said)

    def data(self) -> dict[str, object]:
        """Return the explanation for JSON output."""
        weights = {cause.pattern: round(weight, 4) for cause, weight in self.causes}
        return {"text": self.text, "weights": weights}


def explain(
    key: StreamKey, streams: Sequence[Stream], began: RunKey, updates: Sequence[ModelUpdate] = ()
) -> Explanation:
    """Return the likely causes of a change, and the evidence for them in words.

    Args:
        key: The stream that changed; with the brand `WHOLE_MODEL` for a model as a whole.
        streams: The streams of its metric, of all brands at all models, from the beginning of their
            baselines to the run that is analysed.
        began: The run with which the change began.
        updates: Known updates of the model that fall among the change's dates.
    """
    prior = run_effect_prior(key.model)
    whole = key.brand == WHOLE_MODEL
    hypotheses = (
        attribute_model(key.model, streams, began, prior)
        if whole
        else attribute(key, streams, began, prior)
    )
    rivals = {s.key for s in streams if s.key.model == key.model} - {key}
    models = {s.key for s in streams if s.key.brand == key.brand} - {key}
    brands = len(rivals) if whole else 1 + len(rivals)
    several = len({s.key.model for s in streams}) if whole else 1 + len(models)
    rated = tuple(causes(hypotheses.weights, several, brands))
    sentence = explanation_sentence(hypotheses.weights, several, brands)
    sentences = [
        sentence,
        _rivals(
            {rival: hypotheses.moved(rival) for rival in rivals}, "brand" if whole else "competitor"
        ),
        _models({model: hypotheses.moved(model) for model in models}),
        *_update_sentences(updates),
    ]
    return Explanation(rated, sentence, " ".join(filter(None, sentences)))


def falls_among(
    updates: Iterable[ModelUpdate],
    model: Model,
    dates: Sequence[RunKey],
    runs: Sequence[RunKey],
) -> tuple[ModelUpdate, ...]:
    """Return the updates of a model, in the order given, that a shift is consistent with.

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


def _rivals(rivals: Mapping[StreamKey, bool], noun: str) -> str:
    """Return the sentence on which competitors (or brands: ``noun``) moved at the same model, given
    whether each moved; empty without any.
    """
    if not rivals:
        return ""
    moved = sorted(key.brand for key, moved in rivals.items() if moved)
    whole = len(rivals)
    competitors = f"the one {noun}" if whole == 1 else f"the {whole} {noun}s"
    too = " too" if noun == "competitor" else ""
    if not moved:
        return f"At this model {competitors} moved by no more than chance explains."
    if len(moved) == whole:
        return f"At this model {competitors} moved{too} ({', '.join(moved)})."
    return f"At this model {len(moved)} of {competitors} moved{too} ({', '.join(moved)})."


def _models(models: Mapping[StreamKey, bool]) -> str:
    """Return the sentence on at which other models the brand moved, given whether each stream
    moved; empty without other models.
    """
    if not models:
        return ""
    moved = sorted(str(key.model) for key, moved in models.items() if moved)
    still = sorted(str(key.model) for key, moved in models.items() if not moved)
    if not moved:
        return f"The brand moved by no more than chance explains at {', '.join(still)}."
    rest = f", and not at {', '.join(still)}" if still else ""
    return f"The brand moved at {', '.join(moved)} too{rest}."


def _update_sentences(updates: Sequence[ModelUpdate]) -> Iterator[str]:
    """Yield a sentence for each day with an update: how the updates became known. The day itself is
    on the alert's card, because it depends on the reader's time zone.
    """
    for _, same in groupby(updates, lambda update: update.at.date()):
        signs = " and ".join(dict.fromkeys(map(_sign, same)))
        yield f"The dates go with an update: {signs}."


def _sign(update: ModelUpdate) -> str:
    """Return how an update became known, in words, with its note in brackets."""
    note = f" ({update.note})" if update.note else ""
    how = {
        "served model": "the service named another model",
        "fingerprint": "the service's identifiers changed",
        "style": "the style of the answers changed",
        "canary": "a small daily question was answered differently",
    }.get(update.source, "an update was made known")
    return f"{how}{note}"
