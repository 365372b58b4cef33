"""Changes of a model as a whole: how it speaks of all brands together.

Ten brands that each move a little wait long for their own proofs, and together for one. After each
run the evidence of all brands for a step at each recent run is multiplied, with the variance and
the autocorrelation of run effects integrated out (`statistic`); what all brands have in
common is a series of its own. A change of one brand alone is a rival explanation: what it explains
better is no change of the model.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import exp

from overheard.detection.baseline import MAX_BASELINE_RUNS, stream_since
from overheard.detection.confirmation import YEAR
from overheard.detection.control_variate import RunSeries, StreamGroup, run_effect_prior, run_series
from overheard.detection.decision_inputs import (
    RUNS_A_YEAR,
    Comparison,
    Rarity,
    compare_sides,
    runs_a_year,
)
from overheard.detection.explanation import (
    Hypothesis,
    attribute_model,
    explanation_sentence,
    falls_among,
)
from overheard.detection.statistic import (
    OUTLIER_PRIOR,
    OUTLIER_RUNS,
    candidate_starts,
    deviating_runs,
)
from overheard.detection.step_evidence import joint_evidence, step_evidence
from overheard.domain import WHOLE_MODEL, Model, ModelUpdate, RunKey, Shift
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Floats, np

MIN_BRANDS, MIN_RUNS = 3, 3
"""Fewer brands are no category; with fewer runs before, nothing is said of the model."""
MODEL_SIZES, BRAND_SIZES = (0.2, 0.35, 0.7), (0.4, 0.8, 1.5)
"""Standard deviations, on the logit scale, that a change of each brand of a model, and of a single
brand, may have."""
APART_SHARE, BOTH_SHARE = 0.75, 0.15
"""Shares of a model's changes in which each brand moves for itself, and in which all brands also
move alike; in the rest they only move alike."""
OTHER_STATE = (1.0, 10.0)
"""Prior number of runs in which a model answers in another state, so that all brands deviate alike,
and the number of runs that the prior stands for."""
STATE_RUNS = 6
"""Largest number of the latest, or of the first, runs that may be in another state."""
DRIFT_RUNS = (8, 16, 32, 64)
"""Over so many of the latest runs the brands of a model may have drifted, as with a season."""
DRIFT_CHANCE = 0.3
"""The odds of each of these drifts, against a change of the model."""
LEFT_BY_EACH = 0.25
"""What each change leaves of the budget of false alarms for a year."""
ALONE_CHANCE = 0.2
"""The odds that some brand changes alone with a run, against a change of the model."""
AUTOCORRELATION_COST, OWN_COST = 1.5, 1.0
"""What autocorrelated effects of each brand's own, and their share of a run's variance, add to the
threshold: in such worlds an unchanged model shows more evidence."""
ONCE_A_YEAR, FALL = 1.0, 1.2
"""The logarithm of the evidence that an unchanged model exceeds once a year of weekly runs, and by
how much the logarithm of the rate falls with each unit: simulated by the laboratory."""
MAX_LOG_FACTOR, MAX_LOG_RATE = 500.0, 20.0
"""Logarithms are cut at these before they are raised to powers, against overflow."""


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A change of a model as a whole.

    Attributes:
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
        """The probability, 0 to 1, that the model as a whole changed, or everything did, rather
        than one brand; 0 until the weights are computed.
        """
        shares = self.weights
        return shares.get(Hypothesis.MODEL, 0.0) + shares.get(Hypothesis.EVERYTHING, 0.0)


def latest_model_change(
    model: Model, streams: Iterable[Stream], per_year: float
) -> ModelChange | None:
    """Return the latest change of a model as a whole that would have been found run by run, with
    the probability of each explanation as of the latest run; None without a change.

    Args:
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
    the latest run of the streams, which may speak for another explanation. The changes of the
    brands stay where the model has no runs on both sides.

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
    """Return the changes of a model that would have been found run by run, in the order of time.

    Only runs in which all brands have answers count, and only streams with the same runs as the
    first brand by name. Nothing is found with fewer than `MIN_BRANDS` such brands, or in the first
    `MIN_RUNS` runs of a baseline. A baseline has at most `MAX_BASELINE_RUNS` runs, and begins again
    with the first run of each change, and a change is found in its second run at the earliest.

    Args:
        streams: The streams of one model and metric, one for each brand.
        per_year: False alarms that are accepted in a year, of all models together.
        models: Number of models that are watched.
    """
    ordered = sorted(streams, key=lambda stream: stream.key)
    same_runs = [stream for stream in ordered if stream.runs == ordered[0].runs]
    if len(same_runs) < MIN_BRANDS:
        return []
    group = StreamGroup.of(same_runs[0], same_runs[1:])
    answered_by_all = (group.n.sum(axis=2) > 0).all(axis=0)
    changes, baseline_rows = list[ModelChange](), list[int]()
    for row in np.flatnonzero(answered_by_all).tolist():
        baseline_rows = [*baseline_rows, row][-MAX_BASELINE_RUNS:]
        if len(baseline_rows) <= MIN_RUNS:
            continue
        change = _likeliest_change(same_runs, group, baseline_rows, models)
        # Where all drifts one change follows the other: each leaves less of a year's budget.
        of_year = sum(group.runs[row].at - past.run.at < YEAR for past in changes)
        allowed = per_year * LEFT_BY_EACH**of_year
        # A single run is no proof: the next one has to agree.
        if change and change.chance_a_year <= allowed and change.began < change.run:
            changes.append(change)
            baseline_rows = [past for past in baseline_rows if group.runs[past] >= change.began]
    return changes


def evidence(series: RunSeries) -> tuple[Floats, Floats, Floats]:
    """Return the evidence for a change at each of K starts, the runs with which it may have begun:
    the logarithms of the Bayes factors of a change of the model as a whole, K, and of a change of a
    single brand, K, each against no change; and those of a drift of the model over each of
    `DRIFT_RUNS` that there are.

    A change of the model is a mixture of three: each brand moved by a size of its own, all brands
    moved alike, or both (`APART_SHARE`, `BOTH_SHARE`). That single runs deviate is a rival
    explanation of all three: its evidence is subtracted. Autocorrelated run effects, and large own
    ones, lower the evidence of brands that moved each for itself.

    Args:
        series: The active runs of all brands, two or more.
    """
    runs = series.raw.shape[1]
    starts = candidate_starts(runs - 1)
    steps = (np.arange(runs) >= starts[:, None]).astype(np.float64)
    spans = np.array([span for span in DRIFT_RUNS if span < runs] or [runs - 1.0])
    drifts = np.clip((np.arange(runs) - (runs - 1)) / spans[:, None] + 1, 0.0, 1.0)
    steps = np.concatenate([steps, drifts])
    outlier_runs = min(OUTLIER_RUNS, runs)
    sizes = np.array(MODEL_SIZES), np.array(BRAND_SIZES)
    joint = joint_evidence(series.level, series.noise, steps, outlier_runs, sizes)
    weight = 1 / (series.own + 1 / series.information)
    mean = (weight * series.raw).sum(axis=0) / weight.sum(axis=0)
    prior_odds = OUTLIER_PRIOR[0] / OUTLIER_PRIOR[1]
    outlier_factors = np.exp(np.minimum(joint.outliers, MAX_LOG_FACTOR))
    apart = joint.steps - np.log1p(prior_odds * outlier_factors.sum())
    alike = _common_evidence(mean, 1 / weight.sum(axis=0), steps)
    own_share = joint.variance / (joint.variance + float(series.noise.mean()))
    apart = apart - AUTOCORRELATION_COST * joint.autocorrelation - OWN_COST * own_share
    mixture = (
        np.log(APART_SHARE) + apart,
        np.log(BOTH_SHARE) + apart + alike,
        np.log(1 - APART_SHARE - BOTH_SHARE) + alike,
    )
    factors, changed = np.logaddexp.reduce(mixture, axis=0), len(starts)
    return factors[:changed], joint.alone[:changed], factors[changed:]


def _common_evidence(mean: Floats, noise: Floats, steps: Floats) -> Floats:
    """Return the logarithms of the Bayes factors of a step in the mean of all brands, at each
    start, K.

    The factors are against a rival explanation: some runs, or none, are in another state, in which
    the model speaks otherwise of all brands for a while, say with search. Those are any of the
    latest `STATE_RUNS` runs, or the first runs, up to as many. Each run is in that state by chance.
    The probability of the state is not known (Beta distribution around `OTHER_STATE`), so a step
    shows when more runs in a row are in it than chance explains.

    Args:
        mean: The mean of all brands in each run, in logits, n.
        noise: The variance of the mean without a run effect, n.
        steps: Which runs each start takes as after it, K x n: 0 or 1.
    """
    runs = len(mean)
    latest = range(max(1, runs - STATE_RUNS), runs)
    run_sets = [
        run_set for size in range(1, len(latest) + 1) for run_set in combinations(latest, size)
    ]
    run_sets += [tuple(range(size)) for size in range(1, min(STATE_RUNS, latest[0]) + 1)]
    states = np.array([np.isin(np.arange(runs), run_set) for run_set in run_sets], np.float64)
    factors = step_evidence(mean[None], noise[None], np.concatenate([steps, states]), 0).steps
    step_factors, state_factors = factors[: len(steps)], factors[len(steps) :]
    deviating, compared = deviating_runs(mean[None], noise[None], OTHER_STATE)
    further = np.arange(STATE_RUNS)
    log_chances = np.cumsum(np.log((deviating + further) / (compared + further)))
    log_priors = log_chances[[len(run_set) - 1 for run_set in run_sets]]
    rival = np.logaddexp.reduce([0.0, *(state_factors + log_priors)])
    return np.asarray(step_factors - rival)


def statistic(series: RunSeries) -> tuple[float, int]:
    """Return the logarithm of the evidence for a change of the model as a whole, and the index of
    the run with which it most likely began.

    The evidence is the odds of a change of the model at any start, against no change or a change of
    one brand at any start. The starts are summed on both sides before they are compared: compared
    one by one, starts that neither explains well would speak for the model.

    Args:
        series: The active runs of all brands, two or more.
    """
    model_factors, brand_factors, drift_factors = evidence(series)
    alone = np.log(ALONE_CHANCE) + np.logaddexp.reduce(brand_factors)
    rival = np.logaddexp.reduce([0.0, alone, *(np.log(DRIFT_CHANCE) + drift_factors)])
    starts = candidate_starts(series.raw.shape[1] - 1)
    odds = float(np.logaddexp.reduce(model_factors) - rival)
    return odds, int(starts[int(model_factors.argmax())])


def _likeliest_change(
    streams: Sequence[Stream], group: StreamGroup, rows: Sequence[int], models: int
) -> ModelChange | None:
    """Return the likeliest change of a model as a whole among some runs, as found after the latest
    of them, with how often a year chance would show as much.

    The change is returned however likely chance is. None when fewer than `MIN_BRANDS` brands have
    answers in enough of the runs.

    Args:
        streams: The streams of the model, one for each brand.
        group: The same streams as a group, in the same order.
        rows: Rows of the runs that count, two or more, in the order of time.
    """
    model = streams[0].key.model
    series = run_series(group, np.array(rows, np.intp), run_effect_prior(model))
    if len(series.kept) < MIN_BRANDS:
        return None
    log_odds, first = statistic(series)
    pace = runs_a_year([group.runs[row] for row in rows]) / RUNS_A_YEAR
    rate_of_model = exp(min(FALL * (ONCE_A_YEAR - log_odds), MAX_LOG_RATE))
    moved = series.raw[:, first:].mean(axis=1) - series.raw[:, :first].mean(axis=1)
    brands = [streams[index].key.brand for index in series.kept]
    return ModelChange(
        model=model,
        run=group.runs[rows[-1]],
        began=group.runs[rows[first]],
        chance_a_year=rate_of_model * pace * models,
        moved=dict(zip(brands, moved.tolist(), strict=True)),
        baseline=group.runs[rows[0]],
        models=models,
    )


def model_shifts(
    change: ModelChange, streams: Iterable[Stream], run: RunKey, updates: Iterable[ModelUpdate] = ()
) -> tuple[Shift, ...]:
    """Return a change as the shifts that an alert reports: first that of the model as a whole,
    whose values are the means over its brands, then those of its brands, the largest first and
    equals by name. Empty when no brand can be compared; brands that cannot are left out.

    Args:
        streams: The streams of its metric, of all brands at its model, up to the run; streams of
            other models are left out.
        run: The run in which it is reported.
        updates: Known updates of all models; those that fit the change are in the shifts.
    """
    prior = run_effect_prior(change.model)
    tau2 = prior.shared + prior.own
    own = [stream for stream in streams if stream.key.model == change.model]
    compared: dict[StreamKey, Comparison] = {}
    for stream in own:
        since_baseline = stream_since(stream, change.baseline)
        if sides := compare_sides(since_baseline, change.began.id, tau2):
            compared[stream.key] = sides
    if not compared:
        return ()
    fitting_updates = falls_among(updates, change.model, (change.began,), own[0].runs)

    def shift(brand: str, metric: str, comparisons: Sequence[Comparison]) -> Shift:
        """Return the mean of some brands' comparisons as a shift of the model as a whole, or the
        comparison of one brand as its shift. A shift of the model lists no prompts, and has the
        number of answers of its first brand.
        """
        values = [(sides.before, sides.after, *sides.interval) for sides in comparisons]
        before, after, low, high = np.array(values).mean(axis=0).tolist()
        return Shift(
            brand=brand,
            model=change.model,
            metric=metric,
            run_id=run.id,
            before=before,
            after=after,
            change=after - before,
            interval=(low, high),
            prompts=() if brand == WHOLE_MODEL else comparisons[0].prompts,
            answers=comparisons[0].answers,
            began=change.began.id,
            likely_first_runs=(change.began.id,),
            chance_a_year=change.chance_a_year,
            updates=fitting_updates,
        )

    brand_shifts = [shift(key.brand, key.metric, [sides]) for key, sides in compared.items()]
    brand_shifts.sort(key=lambda brand_shift: (-abs(brand_shift.change), brand_shift.brand))
    model_shift = shift(WHOLE_MODEL, brand_shifts[0].metric, list(compared.values()))
    explanation = explanation_sentence(change.weights, change.models, len(compared))
    return (replace(model_shift, explanation=explanation), *brand_shifts)


def sentence_of_change(change: ModelChange, display: str, per_year: float) -> str:
    """Return a sentence on a change of a model as a whole: its level of certainty, and the brands
    that gained and lost most.

    Args:
        change: The change, with one brand or more in `ModelChange.moved`.
        display: The model's name for readers.
        per_year: False alarms of models that are accepted in a year.
    """
    level = Rarity(change.chance_a_year).level(per_year)
    moves = sorted((move, brand) for brand, move in change.moved.items())
    (_, worst), (_, best) = moves[0], moves[-1]
    return (
        f"{display} changed how it speaks about the whole category ({level}): {best} gained most, "
        f"{worst} lost most."
    )
