"""Changes of a model as a whole: how it speaks of all brands together.

Ten brands that each move a little wait long for their own proofs, and together for one. After each
run the evidence of all brands for a step at each recent run is multiplied, with the variance and
the autocorrelation of run effects integrated out (`marginal_likelihood`); what all brands have in
common is a series of its own. A change of one brand alone is a rival explanation: what it explains
better is no change of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import exp

from overheard.detection.alarm_table import RUNS_A_YEAR, Rarity, runs_a_year
from overheard.detection.baseline import MAX_BASELINE_RUNS, stream_since
from overheard.detection.comparison import Comparison, compare_sides
from overheard.detection.control_variate import RunSeries, StreamGroup, run_effect_prior, run_series
from overheard.detection.explanation import explanation_sentence, falls_among
from overheard.detection.hypotheses import Hypothesis, attribute_model
from overheard.detection.marginal_likelihood import joint_evidence, step_evidence
from overheard.detection.statistic import (
    OUTLIER_PRIOR,
    OUTLIER_RUNS,
    candidate_starts,
    deviating_runs,
)
from overheard.domain import WHOLE_MODEL, Model, ModelUpdate, Shift
from overheard.measure.blocks import RunKey, Stream
from overheard.numpy_proxy import Floats, np

MIN_BRANDS, MIN_RUNS = 3, 3
"""Fewer brands are no category; with fewer runs before, nothing is said of the model."""
MODEL_SIZES, BRAND_SIZES = (0.2, 0.35, 0.7), (0.4, 0.8, 1.5)
"""Standard deviations of changes that are thought of, logit scale."""
APART_SHARE, BOTH_SHARE = 0.75, 0.15
"""Of the changes of a model so many move each brand for itself, and so many all of them alike too;
the rest only that."""
OTHER_STATE = (1.0, 10.0)
"""Runs in which a model answers in another state, and all brands deviate alike, that are expected,
and of how many runs, before any is seen."""
STATE_RUNS = 6
"""So many of the latest, or of the first, runs may be in it."""
ALONE_CHANCE = 0.2
"""The odds that some brand changes alone with a run, against a change of the model."""
AUTOCORRELATION_COST, OWN_COST = 1.5, 1.0
"""What autocorrelated effects of each brand's own, and their share of a run's variance, add to the
threshold: in such worlds an unchanged model shows more evidence."""
ONCE_A_YEAR, FALL = 1.0, 1.2
"""The logarithm of the evidence that an unchanged model exceeds once a year of weekly runs, and by
how much the logarithm of the rate falls with each unit: simulated in the worlds of `worlds`."""


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A change of a model as a whole.

    Attributes:
        model: The model.
        run: The run after which the change was found.
        began: The run with which the change most likely began.
        chance_a_year: How often a year chance would show as much at the models that are watched.
        moved: The change of each brand, in logits, by its name.
        baseline: The first run of the baseline.
        weights: The posterior probability of each explanation (`hypotheses`); empty until
            `latest_model_change` or `revised` computes them.
        models: Number of models that are watched.
    """

    model: Model
    run: RunKey
    began: RunKey
    chance_a_year: float
    moved: Mapping[str, float]
    baseline: RunKey
    weights: Mapping[Hypothesis, float] = field(default_factory=dict)
    models: int = 1

    @property
    def weight(self) -> float:
        """The probability that the model as a whole changed, or everything did, rather than one
        brand; 0 until the weights are computed.
        """
        return sum(
            self.weights.get(hypothesis, 0.0)
            for hypothesis in (Hypothesis.MODEL, Hypothesis.EVERYTHING)
        )


def latest_model_change(
    model: Model, streams: Iterable[Stream], per_year: float
) -> ModelChange | None:
    """Return the latest change of a model as a whole in a past, with the probability of each
    explanation as of the latest run; None without a change.

    Args:
        model: The model.
        streams: The streams of one metric, of all brands at all watched models, up to the latest
            run that counts.
        per_year: False alarms that are accepted in a year, of all models together.
    """
    known = list(streams)
    own = [stream for stream in known if stream.key.model == model]
    changes = model_changes(own, per_year, len({stream.key.model for stream in known}))
    return revised(changes[-1], known) if changes else None


def revised(change: ModelChange, streams: Iterable[Stream]) -> ModelChange:
    """Return a change with the probabilities of its explanations and the change of each brand as of
    the latest run of the streams, which may speak for another explanation.

    Args:
        change: A change that was found before.
        streams: The streams of its metric, of all brands at all models, up to the latest run that
            counts. A later change of the model must not lie among the runs.
    """
    past = [stream_since(stream, change.baseline) for stream in streams]
    prior = run_effect_prior(change.model)
    hypotheses = attribute_model(change.model, past, change.began, prior)
    moved = {key.brand: step for key, step in hypotheses.steps.items() if key.model == change.model}
    return replace(change, weights=hypotheses.weights, moved=moved or change.moved)


def model_changes(streams: Iterable[Stream], per_year: float, models: int = 1) -> list[ModelChange]:
    """Return the changes of a model that would have been found run by run, in the order of time;
    empty with fewer than `MIN_BRANDS` brands.

    Args:
        streams: The streams of one model and metric, one for each brand.
        per_year: False alarms that are accepted in a year, of all models together.
        models: Number of models that are watched.
    """
    ordered = sorted(streams, key=lambda stream: stream.key)
    whole = [s for s in ordered if s.runs == ordered[0].runs]
    if len(whole) < MIN_BRANDS:
        return []
    group = StreamGroup.of(whole[0], whole[1:])
    found, rows = [], list[int]()
    for row in np.flatnonzero((group.n.sum(axis=2) > 0).all(axis=0)).tolist():
        rows = [*rows, row][-MAX_BASELINE_RUNS:]
        if len(rows) <= MIN_RUNS:
            continue
        change = _change(whole, group, rows, models)
        if change and change.chance_a_year <= per_year:
            found.append(change)
            rows = [row for row in rows if group.runs[row] >= change.began]
    return found


def evidence(series: RunSeries) -> tuple[Floats, Floats]:
    """Return the logarithms of the Bayes factors, at each of K starts (runs with which a change may
    have begun), of a change of the model as a whole and of a change of a single brand, K each.

    Where the model changed, each brand moved by a size of its own, and all may have moved alike
    too. A single deviating run is a rival explanation of both.

    Args:
        series: The active runs of all brands.
    """
    runs = series.raw.shape[1]
    starts = candidate_starts(runs - 1)
    steps = (np.arange(runs) >= starts[:, None]).astype(np.float64)
    latest = min(OUTLIER_RUNS, runs)
    sizes = np.array(MODEL_SIZES), np.array(BRAND_SIZES)
    apart = joint_evidence(series.level, series.noise, steps, latest, sizes)
    weight = 1 / (series.own + 1 / series.information)
    mean = (weight * series.raw).sum(axis=0) / weight.sum(axis=0)
    rare = OUTLIER_PRIOR[0] / OUTLIER_PRIOR[1]
    own = apart.steps - np.log1p(rare * np.exp(np.minimum(apart.outliers, 500.0)).sum())
    common = _common_evidence(mean, 1 / weight.sum(axis=0), steps)
    share = apart.variance / (apart.variance + float(series.noise.mean()))
    own = own - AUTOCORRELATION_COST * apart.autocorrelation - OWN_COST * share
    parts = (
        np.log(APART_SHARE) + own,
        np.log(BOTH_SHARE) + own + common,
        np.log(1 - APART_SHARE - BOTH_SHARE) + common,
    )
    return np.asarray(np.logaddexp.reduce(parts, axis=0)), apart.alone


def _common_evidence(mean: Floats, noise: Floats, steps: Floats) -> Floats:
    """Return the logarithms of the Bayes factors of a step in the series that all brands have in
    common, at each start, K.

    A model that answers some runs in another state, say with search, speaks otherwise of all
    brands, and goes back. So its rival is that some of the latest runs, or the first, are in
    another state, each of them by chance: their share is not known (Beta distribution), and a step
    shows when more runs in a row are than that explains.

    Args:
        mean: The mean of all brands in each run, in logits, n.
        noise: The variance of the mean without a run effect, n.
        steps: The regressor of a step at each start, K x n.
    """
    runs = len(mean)
    latest = range(max(1, runs - STATE_RUNS), runs)
    sets = [part for size in range(1, len(latest) + 1) for part in combinations(latest, size)]
    sets += [tuple(range(size)) for size in range(1, min(STATE_RUNS, latest[0]) + 1)]
    states = np.array([np.isin(np.arange(runs), part) for part in sets], np.float64)
    found = step_evidence(mean[None], noise[None], np.concatenate([steps, states]), 0).steps
    seen, whole = deviating_runs(mean[None], noise[None], OTHER_STATE)
    more = np.arange(STATE_RUNS)
    chances = np.cumsum(np.log((seen + more) / (whole + more)))
    weights = chances[[len(part) - 1 for part in sets]]
    rival = np.logaddexp.reduce([0.0, *(found[len(steps) :] + weights)])
    return np.asarray(found[: len(steps)] - rival)


def statistic(series: RunSeries) -> tuple[float, int]:
    """Return the logarithm of the evidence for a change of the model as a whole, and the index of
    the likeliest first run after it.

    The evidence is the odds of a change of the model at any start, against no change or a change of
    one brand at any start: a rival that competed at each start by itself would leave to the model
    the starts that explain neither well.
    """
    whole, alone = evidence(series)
    rival = np.logaddexp(0.0, np.log(ALONE_CHANCE) + np.logaddexp.reduce(alone))
    starts = candidate_starts(series.raw.shape[1] - 1)
    return float(np.logaddexp.reduce(whole) - rival), int(starts[int(whole.argmax())])


def _change(
    streams: Sequence[Stream], group: StreamGroup, rows: Sequence[int], models: int
) -> ModelChange | None:
    """Return the change at the latest of some runs, however likely by chance; None when fewer than
    `MIN_BRANDS` brands have answers.

    Args:
        streams: The streams of the model, one for each brand.
        group: The same streams as a group.
        rows: Rows of the runs that count, in the order of time.
        models: Number of models that are watched.
    """
    model = streams[0].key.model
    series = run_series(group, np.array(rows, np.intp), run_effect_prior(model))
    if len(series.kept) < MIN_BRANDS:
        return None
    total, first = statistic(series)
    pace = runs_a_year([group.runs[row] for row in rows]) / RUNS_A_YEAR
    yearly = exp(min(FALL * (ONCE_A_YEAR - total), 20.0)) * pace * models
    moved = series.raw[:, first:].mean(axis=1) - series.raw[:, :first].mean(axis=1)
    names = [streams[place].key.brand for place in series.kept]
    return ModelChange(
        model,
        group.runs[rows[-1]],
        group.runs[rows[first]],
        yearly,
        dict(zip(names, moved.tolist(), strict=True)),
        group.runs[rows[0]],
        models=models,
    )


def model_shifts(
    change: ModelChange, streams: Iterable[Stream], run: RunKey, updates: Iterable[ModelUpdate] = ()
) -> tuple[Shift, ...]:
    """Return a change as the shifts that an alert reports: first that of the model as a whole, then
    those of its brands, the largest first; empty when nothing can be compared.

    Args:
        change: The change.
        streams: The streams of its metric, of all brands at its model, up to the run.
        run: The run in which it is reported.
        updates: Known updates of all models.
    """
    prior = run_effect_prior(change.model)
    own = [stream for stream in streams if stream.key.model == change.model]
    compared = {
        stream.key: sides
        for stream in own
        for sides in [
            compare_sides(
                stream_since(stream, change.baseline), change.began.id, prior.shared + prior.own
            )
        ]
        if sides is not None
    }
    if not compared:
        return ()
    known = falls_among(updates, change.model, (change.began,), own[0].runs)

    def shift(brand: str, metric: str, sides: Sequence[Comparison]) -> Shift:
        """Return the mean of comparisons of both sides of the change as a shift."""
        values = np.array([(side.before, side.after, *side.interval) for side in sides]).mean(
            axis=0
        )
        before, after, low, high = values.tolist()
        return Shift(
            brand=brand,
            model=change.model,
            metric=metric,
            run_id=run.id,
            before=before,
            after=after,
            change=after - before,
            interval=(low, high),
            prompts=sides[0].prompts if brand else (),
            answers=sides[0].answers,
            began=change.began.id,
            likely_first_runs=(change.began.id,),
            chance_a_year=change.chance_a_year,
            updates=known,
        )

    brands = [shift(key.brand, key.metric, [sides]) for key, sides in compared.items()]
    brands.sort(key=lambda shift_: (-abs(shift_.change), shift_.brand))
    whole = shift(WHOLE_MODEL, next(iter(compared)).metric, list(compared.values()))
    explanation = explanation_sentence(change.weights, change.models, len(compared))
    return (replace(whole, explanation=explanation), *brands)


def sentence_of_change(change: ModelChange, display: str, per_year: float) -> str:
    """Return a sentence on a change of a model as a whole: its level of certainty, and the brands
    that gained and lost most. ``display`` is the model's name for readers, ``per_year`` the
    accepted false alarms a year.
    """
    level = Rarity(change.chance_a_year).level(per_year)
    fell = sorted((move, name) for name, move in change.moved.items())
    (_, worst), (_, best) = fell[0], fell[-1]
    return (
        f"{display} changed how it speaks about the whole category ({level}): {best} gained most, "
        f"{worst} lost most."
    )
