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
"""Standard deviations of changes that are thought of, on the logit scale."""
WHOLE_SIZES = (0.2, *SIZES)
"""The same where many brands changed: each of them may have moved little."""
COMMON_SHARE = 0.8
"""Share of a brand's change that is the same at all models, where it changed everywhere."""
MOVED_SDS = 2.0
"""The change, in standard deviations, from which a stream counts as moved."""


ZERO_SUM = frozenset({"top1", "first_choice", "share_of_voice"})
"""Metrics of which one brand can only win what others lose: that is no change of the others."""


class Hypothesis(Enum):
    """What changed; its value is the prior probability."""

    BRAND_AT_MODEL = 0.35
    MODEL = 0.30
    BRAND_EVERYWHERE = 0.20
    EVERYTHING = 0.15


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
        more.
        """
        return abs(self.changes.get(key, 0.0)) >= MOVED_SDS


def attribute(
    key: StreamKey, streams: Iterable[Stream], began: RunKey, prior: RunEffectPrior
) -> Attribution:
    """Return the probabilities of the hypotheses about a change of a stream: the brand at its model
    alone, the model, the brand at all models, or everything. The priors when nothing can be
    compared.

    Args:
        key: The stream that changed.
        streams: The streams of its metric, of all brands at all models, from the beginning of their
            baselines to the run that is analysed.
        began: The run with which the change began.
        prior: The expected variances of the run effects, logit scale.
    """
    joint = _joint_changes(streams, key.brand, began, prior)
    if joint is None or key not in joint.keys:
        return Attribution({hypothesis: hypothesis.value for hypothesis in Hypothesis}, {})
    if key.metric in ZERO_SUM:
        own = joint.change[joint.keys.index(key)]
        gained = np.array([stream_key.brand != key.brand for stream_key in joint.keys]) & (
            joint.change * own < 0
        )
        joint = replace(joint, change=np.where(gained, 0.0, joint.change))
    return joint.attributed([key])


def attribute_model(
    model: Model, streams: Iterable[Stream], began: RunKey, prior: RunEffectPrior
) -> Attribution:
    """Return the probabilities of the hypotheses about a change at a model: the model as a whole,
    one of its brands (any of them) there or everywhere, or everything. The priors when nothing can
    be compared.

    Args:
        model: The model.
        streams: The streams of one metric, of all brands at all models, from the beginning of the
            model's baseline to the run that is analysed.
        began: The run with which the change began.
        prior: The expected variances of the run effects, logit scale.
    """
    joint = _joint_changes(streams, "", began, prior)
    keys = [stream_key for stream_key in joint.keys if stream_key.model == model] if joint else []
    if joint is None or not keys:
        return Attribution({hypothesis: hypothesis.value for hypothesis in Hypothesis}, {})
    return joint.attributed(keys)


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

    def attributed(self, own: Sequence[StreamKey]) -> Attribution:
        """Return the posterior probabilities of the hypotheses.

        Args:
            own: The streams that may have moved alone: one stream, or several of which any one
                may have moved.
        """
        null = _log_density(self.change, self.noise)
        logs = []
        for hypothesis in Hypothesis:
            parts = [
                _log_density(self.change, self.noise + size**2 * shape) - null
                for size in _sizes(hypothesis)
                for shape in _shapes(hypothesis, own, self.keys)
            ]
            mean = np.logaddexp.reduce(parts) - np.log(len(parts))
            logs.append(float(mean) + np.log(hypothesis.value))
        weights = np.exp(np.array(logs) - max(logs))
        weights /= weights.sum()
        spread = self.change / np.sqrt(np.diag(self.noise))
        return Attribution(
            dict(zip(Hypothesis, weights.tolist(), strict=True)),
            dict(zip(self.keys, spread.tolist(), strict=True)),
            dict(zip(self.keys, self.change.tolist(), strict=True)),
        )


def _joint_changes(
    streams: Iterable[Stream], brand: str, began: RunKey, prior: RunEffectPrior
) -> _JointChanges | None:
    """Return the changes of all streams since a run; None when no model has runs on both sides.

    Args:
        streams: The streams of one metric, of all brands at all models.
        brand: The brand that comes first at each model; empty for none.
        began: The first run after the change.
        prior: The expected variances of the run effects.
    """
    by_model: dict[object, list[Stream]] = {}
    for stream in streams:
        by_model.setdefault(stream.key.model, []).append(stream)
    keys: list[StreamKey] = []
    changes: list[Floats] = []
    blocks: list[Floats] = []
    for model in sorted(by_model, key=str):
        model_parts = _changes(by_model[model], brand, began, prior)
        if model_parts:
            keys += model_parts[0]
            changes.append(model_parts[1])
            blocks.append(model_parts[2])
    if not keys:
        return None
    return _JointChanges(keys, np.concatenate(changes), _block_diagonal(blocks))


def _changes(
    streams: Sequence[Stream], brand: str, began: RunKey, prior: RunEffectPrior
) -> tuple[list[StreamKey], Floats, Floats] | None:
    """Return the keys of a model's J streams, their changes since a run in logits, J, and the
    covariance of the changes by chance, J x J; None when the model has no runs on both sides.

    Args:
        streams: The streams of one model and metric, one for each brand.
        brand: The brand that comes first.
        began: The first run after the change.
        prior: The expected variances of the run effects.
    """
    ordered = sorted(streams, key=lambda s: (s.key.brand != brand, s.key.brand))
    ordered = [s for s in ordered if s.runs == ordered[0].runs]
    group = StreamGroup.of(ordered[0], ordered[1:])
    rows = group.answered()
    if len(rows) < 2:
        return None
    series = run_series(group, rows, prior)
    later = np.array([group.runs[row] >= began for row in rows])
    late, early = int(later.sum()), int((~later).sum())
    if not late or not early:
        return None
    change = series.raw[:, later].mean(axis=1) - series.raw[:, ~later].mean(axis=1)
    calls = (1 / series.information).mean(axis=1)
    size = len(change)
    noise = (series.shared * np.ones((size, size)) + np.diag(series.own + calls)) * (
        1 / late + 1 / early
    )
    return [ordered[place].key for place in series.kept], change, noise


def _sizes(hypothesis: Hypothesis) -> tuple[float, ...]:
    """Return the standard deviations of changes, on the logit scale, that a hypothesis covers."""
    whole = hypothesis in {Hypothesis.MODEL, Hypothesis.EVERYTHING}
    return WHOLE_SIZES if whole else SIZES


def _shapes(
    hypothesis: Hypothesis, own: Sequence[StreamKey], keys: Sequence[StreamKey]
) -> list[Floats]:
    """Return the covariances, J x J and of size 1, of the changes that a hypothesis explains;
    several where it covers several shapes.

    Args:
        hypothesis: The hypothesis.
        own: The streams of one model, any of which may be the one that changed.
        keys: All J streams.
    """
    model = np.array([stream_key.model == own[0].model for stream_key in keys])
    names = np.array([stream_key.brand for stream_key in keys])
    same_brand = (names[:, None] == names[None, :]) * 1.0
    across = COMMON_SHARE * same_brand + (1 - COMMON_SHARE) * np.eye(len(keys))
    brands = [names == stream_key.brand for stream_key in own]
    match hypothesis:
        case Hypothesis.BRAND_AT_MODEL:
            return [np.diag((brand & model) * 1.0) for brand in brands]
        case Hypothesis.MODEL:
            block = np.multiply.outer(model, model) * 1.0
            return [np.diag(model * 1.0), np.diag(model * 1.0) + block]
        case Hypothesis.BRAND_EVERYWHERE:
            return [across * np.multiply.outer(brand, brand) for brand in brands]
    return [across, across + 1.0]


def _block_diagonal(blocks: Sequence[Floats]) -> Floats:
    """Return a matrix with square blocks along its diagonal, and 0 elsewhere."""
    size = sum(len(block) for block in blocks)
    whole, at = np.zeros((size, size)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole


def _log_density(x: Floats, covariance: Floats) -> float:
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, x)
    return float(-np.log(np.diag(root)).sum() - white @ white / 2)
