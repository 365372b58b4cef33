"""What a change is likely to be: of this model alone, of a whole category, of our own side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby

from overheard.detection.control_variate import (
    RunEffectPrior,
    StreamGroup,
    run_effect_prior,
    run_series,
)
from overheard.domain import LOCAL, WHOLE_MODEL, Model, ModelUpdate, RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Floats, np

SIZES = (0.4, 0.8, 1.5)
"""Standard deviations, on the logit scale, that a change of one brand may have; each as likely."""
WHOLE_SIZES = (0.2, *SIZES)
"""The same for a change of many brands, each of which may have moved little."""
COMMON_SHARE = 0.8
"""Share of a brand's change that is the same at all models, where it changed everywhere."""
MOVED_SDS = 2.0
"""The change, in standard deviations, from which a stream counts as moved."""

ZERO_SUM = frozenset({"top1", "first_choice", "share_of_voice"})
"""Metrics of which one brand can only win what others lose: that is no change of the others."""


class Hypothesis(Enum):
    """What changed; its value is the prior probability."""

    BRAND_AT_MODEL = 0.35
    """One brand, at one model."""
    MODEL = 0.30
    """All brands, at one model."""
    BRAND_EVERYWHERE = 0.20
    """One brand, at all models."""
    EVERYTHING = 0.15
    """All brands, at all models."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """The posterior probabilities of the hypotheses about a change.

    Attributes:
        weights: The posterior probability of each hypothesis.
        changes: The signed change of each stream, in standard deviations.
        steps: The signed change of each stream, in logits.
    """

    weights: Mapping[Hypothesis, float]
    changes: Mapping[StreamKey, float]
    steps: Mapping[StreamKey, float] = field(default_factory=dict)

    def moved(self, key: StreamKey) -> bool:
        """Return whether a stream, taken by itself, moved by `MOVED_SDS` standard deviations or
        more, up or down; False for a stream that was not compared.
        """
        return abs(self.changes.get(key, 0.0)) >= MOVED_SDS


def attribute(
    key: StreamKey, streams: Iterable[Stream], began: RunKey, prior: RunEffectPrior
) -> Attribution:
    """Return the probabilities of the hypotheses about a change of a stream: the brand at its model
    alone, the model, the brand at all models, or everything.

    If the stream has no runs before or none since the change, the prior probabilities are returned,
    without changes of streams. In metrics of which one brand wins what others lose (`ZERO_SUM`), a
    move of another brand in the opposite direction counts as no move.

    Args:
        streams: The streams of its metric, of all brands at all models, from the beginning of their
            baselines to the run that is analysed.
        prior: The expected variances of the run effects, logit scale.
    """
    joint = _joint_changes(streams, key.brand, began, prior)
    if joint is None or key not in joint.keys:
        return _prior_attribution()
    if key.metric in ZERO_SUM:
        own_change = joint.change[joint.keys.index(key)]
        is_other = np.array([stream_key.brand != key.brand for stream_key in joint.keys])
        is_opposite = joint.change * own_change < 0
        joint = replace(joint, change=np.where(is_other & is_opposite, 0.0, joint.change))
    return joint.attribution([key])


def attribute_model(
    model: Model, streams: Iterable[Stream], began: RunKey, prior: RunEffectPrior
) -> Attribution:
    """Return the probabilities of the hypotheses about a change at a model: the model as a whole,
    one of its brands (any of them) there or everywhere, or everything. If the model has no runs
    before or none since the change, the prior probabilities are returned, without changes.

    Args:
        streams: The streams of one metric, of all brands at all models, from the beginning of the
            model's baseline to the run that is analysed.
        prior: The expected variances of the run effects, logit scale.
    """
    joint = _joint_changes(streams, "", began, prior)
    if joint is None:
        return _prior_attribution()
    at_model = [stream_key for stream_key in joint.keys if stream_key.model == model]
    return joint.attribution(at_model) if at_model else _prior_attribution()


def _prior_attribution() -> Attribution:
    """Return the prior probabilities of the hypotheses, for streams that cannot be compared."""
    return Attribution({hypothesis: hypothesis.value for hypothesis in Hypothesis}, {})


@dataclass(frozen=True, slots=True, eq=False)
class _JointChanges:
    """The changes of all brands at all models since a run.

    Attributes:
        keys: The streams, J.
        change: Their changes in logits, J.
        noise: The covariance of the changes by chance, J x J.
    """

    keys: list[StreamKey]
    change: Floats
    noise: Floats

    def attribution(self, candidates: Sequence[StreamKey]) -> Attribution:
        """Return the posterior probabilities of the hypotheses, and the changes.

        The evidence of a hypothesis is the mean over the sizes and shapes of change that it covers.

        Args:
            candidates: The streams of one model that may have moved alone; one or more. With
                several, any one of them may be the one.
        """
        null = _log_density(self.change, self.noise)
        log_weights = []
        for hypothesis in Hypothesis:
            is_of_many = hypothesis in {Hypothesis.MODEL, Hypothesis.EVERYTHING}
            log_factors = [
                _log_density(self.change, self.noise + size**2 * shape) - null
                for size in (WHOLE_SIZES if is_of_many else SIZES)
                for shape in _shapes(hypothesis, candidates, self.keys)
            ]
            log_mean = np.logaddexp.reduce(log_factors) - np.log(len(log_factors))
            log_weights.append(float(log_mean) + np.log(hypothesis.value))
        weights = np.exp(np.array(log_weights) - max(log_weights))
        weights /= weights.sum()
        in_sds = self.change / np.sqrt(np.diag(self.noise))
        return Attribution(
            weights=dict(zip(Hypothesis, weights.tolist(), strict=True)),
            changes=dict(zip(self.keys, in_sds.tolist(), strict=True)),
            steps=dict(zip(self.keys, self.change.tolist(), strict=True)),
        )


def _joint_changes(
    streams: Iterable[Stream], brand: str, began: RunKey, prior: RunEffectPrior
) -> _JointChanges | None:
    """Return the changes of all streams since a run, in the order of the models' names. Models
    without runs before, or without runs since, are left out; None when no model is left. As far as
    changes are chance, those at different models are independent.

    Args:
        streams: The streams of one metric, of all brands at all models.
        brand: The brand that comes first at each model; empty for none.
        began: The first run after the change.
        prior: The expected variances of the run effects, logit scale.
    """
    by_model: dict[object, list[Stream]] = {}
    for stream in streams:
        by_model.setdefault(stream.key.model, []).append(stream)
    keys: list[StreamKey] = []
    changes: list[Floats] = []
    noises: list[Floats] = []
    for model in sorted(by_model, key=str):
        if changed := _changes_at_model(by_model[model], brand, began, prior):
            model_keys, change, noise = changed
            keys += model_keys
            changes.append(change)
            noises.append(noise)
    if not keys:
        return None
    return _JointChanges(keys, np.concatenate(changes), _block_diagonal(noises))


def _changes_at_model(
    streams: Sequence[Stream], brand: str, began: RunKey, prior: RunEffectPrior
) -> tuple[list[StreamKey], Floats, Floats] | None:
    """Return the keys of a model's J streams, their changes since a run in logits, J, and the
    covariance of the changes by chance, J x J. None when the first stream has no answers before the
    run, or none from it on.

    Left out are streams whose runs are not those of the first one, and brands that were answered
    too rarely (`RunSeries.kept`).

    Args:
        streams: The streams of one model and metric, one for each brand.
        brand: The brand that comes first, before the others by name; empty for none.
        began: The first run after the change.
        prior: The expected variances of the run effects, logit scale.
    """
    ordered = sorted(streams, key=lambda s: (s.key.brand != brand, s.key.brand))
    ordered = [s for s in ordered if s.runs == ordered[0].runs]
    group = StreamGroup.of(ordered[0], ordered[1:])
    rows = group.answered()
    if len(rows) < 2:
        return None
    series = run_series(group, rows, prior)
    later = np.array([group.runs[row] >= began for row in rows])
    runs_after, runs_before = int(later.sum()), int((~later).sum())
    if not runs_after or not runs_before:
        return None
    change = series.raw[:, later].mean(axis=1) - series.raw[:, ~later].mean(axis=1)
    calls = (1 / series.information).mean(axis=1)  # variance by single answers
    size = len(change)
    noise = series.shared * np.ones((size, size)) + np.diag(series.own + calls)
    keys = [ordered[index].key for index in series.kept]
    # A brand that is hardly ever named has not moved, which little is known of, but not nothing.
    rare = [index for index in range(len(ordered)) if index not in series.kept]
    if rare and group.binary:
        answers = group.n[rare][:, rows].sum(axis=2)
        named = (group.total[rare][:, rows].sum(axis=(1, 2)) + 0.5) / (answers.sum(axis=1) + 1)
        of_calls = 1 / (answers.mean(axis=1) * named * (1 - named))
        keys += [ordered[index].key for index in rare]
        change = np.concatenate([change, np.zeros(len(rare))])
        noise = _block_diagonal([noise, np.diag(series.own + of_calls)])
    return keys, change, noise * (1 / runs_after + 1 / runs_before)


def _shapes(
    hypothesis: Hypothesis, candidates: Sequence[StreamKey], keys: Sequence[StreamKey]
) -> list[Floats]:
    """Return the covariances of the changes that a hypothesis explains, J x J each, for changes of
    a standard deviation of 1.

    One brand: a covariance for each candidate brand. The model, or everything: one in which each
    brand moves for itself, and one in which all also move alike. A brand that moves at all models
    has the share `COMMON_SHARE` of its change in common there.

    Args:
        candidates: The streams of one model of which any one may have moved alone.
    """
    at_model = np.array([stream_key.model == candidates[0].model for stream_key in keys])
    names = np.array([stream_key.brand for stream_key in keys])
    same_brand = (names[:, None] == names[None, :]) * 1.0
    across_models = COMMON_SHARE * same_brand + (1 - COMMON_SHARE) * np.eye(len(keys))
    of_brand = [names == candidate.brand for candidate in candidates]
    match hypothesis:
        case Hypothesis.BRAND_AT_MODEL:
            return [np.diag((mask & at_model) * 1.0) for mask in of_brand]
        case Hypothesis.MODEL:
            apart = np.diag(at_model * 1.0)
            return [apart, apart + np.multiply.outer(at_model, at_model)]
        case Hypothesis.BRAND_EVERYWHERE:
            return [across_models * np.multiply.outer(mask, mask) for mask in of_brand]
    return [across_models, across_models + 1.0]


def _block_diagonal(blocks: Sequence[Floats]) -> Floats:
    """Return a matrix with square blocks along its diagonal, and 0 elsewhere."""
    size = sum(len(block) for block in blocks)
    matrix, start = np.zeros((size, size)), 0
    for block in blocks:
        end = start + len(block)
        matrix[start:end, start:end] = block
        start = end
    return matrix


def _log_density(x: Floats, covariance: Floats) -> float:
    """Return the logarithm of a normal density with mean 0 at a point, J, without the constant that
    all covariances, J x J, have in common.
    """
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, x)
    return float(-np.log(np.diag(root)).sum() - white @ white / 2)


SURE, PROBABLE = 0.9, 0.6
"""The posterior probabilities from which on the words are "looks like", and "probably"."""
SETTLED = 0.75
"""The posterior probability from which on one cause is named where two were left open before."""
_LOOKS_LIKE = "This looks like"
"""Begins a sentence on a cause that is sure."""
_OR = "; or "
"""Stands between two causes that are both left open."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A possible cause of a change, in words.

    Attributes:
        pattern: The cause in words that follow "this looks like".
        short: The cause in a few words, with ``{brand}`` and ``{model}`` in the place of names.
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
THIS_MODEL = Cause("an update of this model", "{model} alone")
OUR_SIDE = Cause("our own side (the questions, the scoring or the connection)", "how we ask")
"""With one model on this machine, which no news reach."""
OUR_SIDE_SHARE = 0.2
"""Our own side's share of what moves everything, the rest is the category: questions and scorers
are the same before and after a change."""
ALL_MODELS = Cause("news or our own side, at all models", "news, or how we ask")
"""With one brand, where a second brand would separate two hypotheses."""


def causes(
    weights: Mapping[Hypothesis, float], models: int, brands: int, *, searches: bool = True
) -> list[tuple[Cause, float]]:
    """Return the possible causes of a change with their weights (0 to 1, sum 1), the likeliest
    first.

    With one model or one brand, causes that only a second one could tell apart are one cause, and
    two causes remain. One brand at one model has no causes: nothing can be compared.

    Args:
        weights: The weight of each hypothesis.
        models: Number of models at which the brand is measured.
        brands: Number of brands that are measured.
        searches: Whether news of the web or of the category may reach the model.
    """
    if models == 1 and brands == 1:
        return []
    if models == 1 and not searches:
        ours = OUR_SIDE_SHARE * weights[Hypothesis.EVERYTHING]
        ours /= 1 - weights[Hypothesis.EVERYTHING] + ours
        cause_weights = {THIS_MODEL: 1 - ours, OUR_SIDE: ours}
    elif models == 1:
        alone = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.BRAND_EVERYWHERE]
        cause_weights = {BRAND_ALONE: alone, MODEL_OR_CATEGORY: 1 - alone}
    elif brands == 1:
        at_model = weights[Hypothesis.BRAND_AT_MODEL] + weights[Hypothesis.MODEL]
        cause_weights = {THIS_MODEL: at_model, ALL_MODELS: 1 - at_model}
    else:
        cause_weights = {CAUSES[hypothesis]: weight for hypothesis, weight in weights.items()}
    return sorted(cause_weights.items(), key=lambda cause_weight: -cause_weight[1])


def explanation_sentence(
    weights: Mapping[Hypothesis, float], models: int, brands: int, *, searches: bool = True
) -> str:
    """Return a sentence on the likeliest cause of a change: "This looks like ..." from the weight
    `SURE` on, "This is probably ..." from `PROBABLE` on, else the two likeliest as "This may be
    ...; or ...".

    With one model, a second sentence says that another model would tell more. With one brand at one
    model, the only sentence is that there is nothing to compare with.

    Args:
        weights: The weight of each hypothesis, 0 to 1.
        models: Number of models at which the brand is measured.
        brands: Number of brands that are measured.
        searches: Whether news of the web or of the category may reach the model.
    """
    cause_weights = causes(weights, models, brands, searches=searches)
    if not cause_weights:
        return "With one brand at one model there is nothing to compare it with."
    (first, weight), (second, _), *_ = cause_weights
    hint = "" if models > 1 else " A second model would tell them apart."
    if weight >= SURE:
        return f"{_LOOKS_LIKE} {first.pattern}.{hint}"
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
    def short(self) -> str:
        """The cause in a few words, no surer than `words`, with ``{brand}`` and ``{model}`` in the
        place of names: ``probably {brand} alone``.
        """
        said = [cause for cause, _ in self.causes if cause.pattern in self.words]
        said.sort(key=lambda cause: self.words.index(cause.pattern))
        if not said:
            return "no other brand or model to compare with"
        if _OR in self.words:
            return f"not clear: {' or '.join(cause.short for cause in said)}"
        return f"{'looks like' if _LOOKS_LIKE in self.words else 'probably'} {said[0].short}"

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
    searches = key.model.provider != LOCAL
    words = explanation_sentence(attribution.weights, models, brands, searches=searches)
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
    ]
    # The day itself is on the alert's card, because it depends on the reader's time zone.
    for _, same_day in groupby(updates, lambda update: update.at.date()):
        signs = " and ".join(dict.fromkeys(map(_sign, same_day)))
        sentences.append(f"The dates go with an update: {signs}.")
    return Explanation(
        causes=tuple(causes(attribution.weights, models, brands, searches=searches)),
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
    updates: Iterable[ModelUpdate], model: Model, dates: Sequence[RunKey], runs: Sequence[RunKey]
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
