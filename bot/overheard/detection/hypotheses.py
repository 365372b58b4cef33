"""Rival hypotheses of what changed: this brand at this model, the model as a whole, this brand
everywhere, or everything.

Each hypothesis is a covariance of the brands' changes over all models that it adds to the one that
run effects and calls explain. Its evidence is the ratio of two normal densities of the observed
changes. One posterior over the hypotheses follows, which moves as runs come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from overheard.detection.control_variate import RunEffectPrior, StreamGroup, run_series
from overheard.domain import Model
from overheard.measure.blocks import RunKey, Stream, StreamKey
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
            log_factors = [
                _log_density(self.change, self.noise + size**2 * shape) - null
                for size in _sizes(hypothesis)
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
    noise = (series.shared * np.ones((size, size)) + np.diag(series.own + calls)) * (
        1 / runs_after + 1 / runs_before
    )
    return [ordered[index].key for index in series.kept], change, noise


def _sizes(hypothesis: Hypothesis) -> tuple[float, ...]:
    """Return the standard deviations, on the logit scale, that a change of a hypothesis may
    have.
    """
    is_of_many = hypothesis in {Hypothesis.MODEL, Hypothesis.EVERYTHING}
    return WHOLE_SIZES if is_of_many else SIZES


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
