"""Run effects: how large they are, and what the rivals of the same run take away of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from overheard.domain import Model, RunKey
from overheard.measure.blocks import Stream
from overheard.measure.trends import EXPECTED_RUN_EFFECT_VARIANCE
from overheard.numpy_proxy import Floats, Places, np

PRIOR_TAU2 = EXPECTED_RUN_EFFECT_VARIANCE
"""The variance that is expected of a model with fewer than two runs."""
PRIOR_TAU2_RUNS = 1.0
"""Number of runs that this variance weighs as much as: little, because a model with larger run
effects than most must not seem to move more often."""


class Moments(NamedTuple):
    """The contribution of one stream to the estimate of the variance, ``excess / scale``.

    Attributes:
        excess: Squared distances of the runs from the panel's mean, less what calls explain.
        scale: The excess that a variance of 1 would add.
        freedom: Number of runs less one.
    """

    excess: float
    scale: float
    freedom: int


def run_effect_variance(streams: Iterable[Stream], first: int) -> float:
    """Return an estimate of the variance of the run effect, on the logit scale, from the runs
    before a time.

    A moment estimator, pooled over the streams, not below 0, then drawn towards `PRIOR_TAU2`. Run
    effects belong to models, so all brands' streams of a model are evidence of them.

    Args:
        streams: Streams of one model and one metric; all brands help.
        first: Number of the first run that is not used, the one after the baseline; 0 uses all
            runs, and so does a number that a stream does not have.

    Returns:
        The variance, above 0; `PRIOR_TAU2` when no stream has two runs whose answers vary.
    """
    by_stream = [found for stream in streams if (found := moments(stream, first)).scale > 0]
    if not by_stream:
        return PRIOR_TAU2
    excess, scale = sum(found.excess for found in by_stream), sum(f.scale for f in by_stream)
    tau2 = max(0.0, excess) / scale
    # A strong run effect moves a rate by less than its slope says: the moments are a little low.
    tau2 *= 1 + tau2
    runs = max(found.freedom for found in by_stream)
    return (runs * tau2 + PRIOR_TAU2_RUNS * PRIOR_TAU2) / (runs + PRIOR_TAU2_RUNS)


def moments(stream: Stream, first: int) -> Moments:
    """Return the moments of a stream's runs for an estimate of the variance of the run effect. All
    are 0 with fewer than two runs with answers; prompts with a single answer are left out.

    Run b's distance from the panel is u_b, the sum over prompts of total - n x mean. Calls alone
    give u_b the variance v_b. A run effect in run a moves u_b by pull_ab. So the sum of u_b squared
    is on average the sum of v_b plus the variance of the run effect times the sum of pull_ab
    squared.

    Args:
        first: Number of the first run that does not count; later runs do not count either. All runs
            count if the stream has no run of this number, such as 0.
    """
    rows = ~stream.since(first) & (stream.n.sum(axis=1) > 0)
    columns = stream.n[rows].sum(axis=0) > 1
    n = stream.n[rows][:, columns].astype(np.float64)
    if len(n) < 2:
        return Moments(0.0, 0.0, 0)
    total, squares = (sums[rows][:, columns] for sums in (stream.total, stream.squares))
    answers, mean = n.sum(axis=0), total.sum(axis=0) / n.sum(axis=0)
    variance = np.maximum(squares.sum(axis=0) - answers * mean**2, 0.0) / (answers - 1)
    u = np.sum(total - n * mean, axis=1)
    v = np.sum(n * (1 - n / answers) * variance, axis=1)
    pull = np.diag(n @ variance) - (n * variance / answers) @ n.T
    excess, scale = float(u @ u - v.sum()), float(np.sum((pull / stream.width) ** 2))
    return Moments(excess, scale, len(n) - 1)


SHARED_VARIANCE = 0.5
"""Share of the variance of run effects that runs of one occasion are taken to have in common."""
MIN_INFORMATION = 0.3
"""Least information of a run; below it a run is taken as if it held no answers."""
UNSETTLED_RUNS = 6
"""The number of the latest runs that do not count for the variances: they may be after a change."""
SETTLING_RUNS = 12
"""With fewer runs all but the latest count."""
PRIOR_RUNS = 4.0
"""Number of runs that the priors of the variances weigh as much as."""
MIN_VARIANCE = 1e-4
"""Least variance of run effects, squared logits."""
MEDIAN_TO_SD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
LOADING_SD = 0.3
"""Standard deviation of the loadings around 1 that is expected."""
MAX_LOADING = 2.0
"""Largest loading of a brand on the shared effect; the least is 0."""
MIN_BRANDS = 3
"""With fewer brands nothing is subtracted: of two brands, the data do not show which one moved."""
MIN_RIVALS, EXTREME_SDS = 3, 3.0
"""A run has an extreme shared effect when the median of the rivals is this many standard deviations
off, provided that there are this many rivals."""
STEP_SDS, MAX_STEPS = 4.0, 3
"""A rival changed itself when its level has a step of this many standard deviations against the
median of the others; at most this many of its steps are removed before the shared effect is
estimated."""
MIN_ANSWERED_SHARE = 0.8
"""Share of the active runs in which a competitor must have answers to count."""
SCATTER, SCATTER_SDS = (0.02, 0.1), (0.1, 0.2)
"""The variance of each prompt's own effect in a run that is expected, logit scale, and of each
prompt's loading on the run effect; and the standard deviations of both."""


@dataclass(frozen=True, slots=True)
class RunEffectPrior:
    """The expected variances of a model's run effects, on the logit scale, before its runs are
    seen.

    Attributes:
        shared: Variance of the effect that all brands share, logit scale.
        own: Variance of each brand's own effect.
    """

    shared: float = 0.03
    own: float = 0.03


PROVIDER_PRIORS = {
    "openai": RunEffectPrior(shared=0.02, own=0.05),
    "google": RunEffectPrior(shared=0.04, own=0.02),
}
"""Variances of run effects that are expected of a provider's models before their runs are seen:
with search, ChatGPT's effects were each brand's own, and Google's shared by all brands."""


def run_effect_prior(model: Model) -> RunEffectPrior:
    """Return the expected variances of a model's run effects before its runs are seen: those of its
    provider (`PROVIDER_PRIORS`), or the usual ones.
    """
    return PROVIDER_PRIORS.get(model.provider, RunEffectPrior())


@dataclass(frozen=True, slots=True, eq=False)
class StreamGroup:
    """The streams of one metric at one model: a brand's, and those of its rivals.

    Attributes:
        runs: The R runs in which the model answered, the oldest first.
        n: Numbers of answers to the P prompts of any stream, J x R x P; the brand's own stream
            comes first.
        total: Sums of the values, in units of each stream's width.
        squares: Sums of their squares, in the same units; None where all values are 0 or 1.
        binary: Whether the brand's values are 0 or 1.
        products: The products n n, n total and total total, J x R x P each, of rates that are asked
            more than once in a run; None otherwise.
        first: The row of the first run of each run's occasion, R; the row itself for a run alone.
            A run that asks again holds the answers of its occasion up to it: runs of two days share
            their effects, and count as one.
    """

    runs: tuple[RunKey, ...]
    n: Floats
    total: Floats
    squares: Floats | None
    binary: bool
    products: tuple[Floats, Floats, Floats] | None
    first: Places

    @classmethod
    def of(cls, own: Stream, rivals: Iterable[Stream], first: Places | None = None) -> StreamGroup:
        """Return the group of a brand's stream, which comes first, and those of its rivals in the
        order given, over the prompts of any of them in the order of their keys. A rival whose runs
        differ from those of the brand is left out.

        Args:
            rivals: The streams of other brands in the same metric at the same model.
            first: The row of the first run of each run's occasion; None where each run is alone.
        """
        streams = [own, *(rival for rival in rivals if rival.runs == own.runs)]
        prompts = tuple(sorted({prompt for stream in streams for prompt in stream.prompts}))
        column_of = {prompt: index for index, prompt in enumerate(prompts)}
        shape = (len(streams), len(own.runs), len(prompts))
        n, total, squares = (np.zeros(shape) for _ in range(3))
        scales = [(stream.width, stream.binary) for stream in streams]
        for index, (stream, (width, _)) in enumerate(zip(streams, scales, strict=True)):
            columns = [column_of[prompt] for prompt in stream.prompts]
            n[index][:, columns] = stream.n
            total[index][:, columns] = stream.total / width
            squares[index][:, columns] = stream.squares / width**2
        first = np.arange(len(own.runs)) if first is None else first
        for row in np.flatnonzero(first < np.arange(len(first))):
            for cells in (n, total, squares):
                cells[:, row] += cells[:, row - 1]
        are_rates = all(binary for _, binary in scales)
        is_repeated = n.max(initial=0) > 1
        return cls(
            runs=own.runs,
            n=n,
            total=total,
            squares=None if are_rates else squares,
            binary=own.binary,
            products=(n * n, n * total, total * total) if are_rates and is_repeated else None,
            first=first,
        )

    def last(self, rows: Places) -> Places:
        """Return rows, in the order of time, without those whose occasion goes on in the next."""
        return np.asarray(rows[np.append(np.diff(self.first[rows]) > 0, True)[: len(rows)]])

    def looks(self, rows: Places) -> Floats:
        """Return how often the model was asked in the occasion of each row, up to it."""
        return np.asarray(rows - self.first[rows] + 1.0, np.float64)

    def apart(self, rows: Places, since: int) -> StreamGroup:
        """Return the group of some rows alone; those from the row ``since`` on have their own
        answers only.
        """
        cells = [self.n, self.total, self.total if self.squares is None else self.squares]
        single = (rows >= since) & (self.first[rows] < rows)
        n, total, squares = (
            of[:, rows] - np.where(single[:, None], of[:, rows - 1], 0.0) for of in cells
        )
        runs = tuple(self.runs[row] for row in rows)
        kept = None if self.squares is None else squares
        return StreamGroup(runs, n, total, kept, self.binary, None, np.arange(len(rows)))

    def answered(self) -> Places:
        """Return the rows of the runs in which the brand's stream has answers."""
        return np.flatnonzero(self.n[0].sum(axis=1) > 0)


@dataclass(frozen=True, slots=True, eq=False)
class RunSeries:
    """Active runs of a brand and its rivals as one number a run, on the logit scale.

    Attributes:
        level: Distance of each run from the mean of its prompts, less the shared effect, J x n.
        noise: Variance of `level` due to calls and to the error of the shared effect, J x n.
        effect: The estimated shared effect, times the loading, J x n.
        shared: Variance of the shared effect.
        own: Variance of an own effect.
        loading: The brand's own loading.
        weights: Information of each prompt in each active run of the brand, n x P.
        raw: Distance of each run from the mean of its prompts, J x n.
        information: The inverse of the calls' variance, J x n.
        kept: Which of the group's streams these are, J: rivals with few answers are left out.
        scatter: Variances of the brand's prompts: of each prompt's own effect in a run, squared
            logits, and of the prompts' loadings on the run effect.
    """

    level: Floats
    noise: Floats
    effect: Floats
    shared: float
    own: float
    loading: float
    weights: Floats
    raw: Floats
    information: Floats
    kept: Places
    scatter: tuple[float, float]


def run_series(group: StreamGroup, rows: Places, prior: RunEffectPrior) -> RunSeries:
    """Return the active runs of a group on the logit scale, with the run effect removed that all
    brands share.

    Rivals with answers in less than `MIN_ANSWERED_SHARE` of the active runs are left out. With
    fewer than `MIN_BRANDS` brands left, the shared variance is next to 0, and nearly nothing is
    removed. The variances of the run effects are estimated from the active runs and from the
    answered runs between them that were cut out of the baseline.

    Args:
        rows: The active runs, n of them, in the order of time: those of the baseline and the
            analysed one.
        prior: The expected variances of the run effects.
    """
    active = _as_slice(rows)
    n, total = group.n[:, active], group.total[:, active]
    answers, hits = n.sum(axis=1), total.sum(axis=1)
    mean = hits / np.maximum(answers, 1)
    squares = hits if group.squares is None else group.squares[:, active].sum(axis=1)
    deviance = squares - answers * mean**2
    deviance = np.where(deviance > 1e-9 * np.abs(squares), deviance, 0.0)
    value_variance = deviance / np.maximum(answers - 1, 1)
    x, information = _logits(n, total, mean, value_variance)
    answered = (information > MIN_INFORMATION).mean(axis=1) >= MIN_ANSWERED_SHARE
    answered[0] = True  # the brand's own stream
    kept = np.flatnonzero(answered)
    x, information = x[kept], information[kept]
    noise = 1 / information
    # The variances are those of the past with the runs that were cut out of the baseline.
    past_rows = _with_excursions(group, rows)
    past, past_n, past_x, past_information = active, n, x, information
    if len(past_rows) > len(rows):
        past, past_n = past_rows, group.n[:, past_rows]
        past_logits = _logits(past_n, group.total[:, past], mean, value_variance)
        past_x, past_information = (values[kept] for values in past_logits)
    shared, own = _variances(past_x, 1 / past_information, prior)
    share = share_of_effect(group.looks(rows))
    own_noise = noise + share * own
    effect, effect_error = _shared_effect(_without_steps(x, own_noise), own_noise, share * shared)
    effect = effect - effect.mean(axis=1, keepdims=True)
    loading = _loadings(x, effect, own_noise + effect_error)
    removed = loading[:, None] * effect
    scatter = SCATTER
    if group.products:
        products = [cells[kept][:, past] for cells in group.products]
        prompts = past_n[kept], mean[kept], value_variance[kept]
        scatter = _prompt_scatter(products, *prompts, past_x, past_information)
    return RunSeries(
        level=x - removed,
        noise=noise + effect_error,
        effect=removed,
        shared=shared,
        own=own,
        loading=float(loading[0]),
        weights=n[0] * value_variance[0],
        raw=x,
        information=information,
        kept=kept,
        scatter=scatter,
    )


def _loadings(x: Floats, effect: Floats, variance: Floats) -> Floats:
    """Return the loading of each brand on the shared effect, J, 0 to `MAX_LOADING`: the weighted
    regression of its runs on the effect, drawn to 1.

    Args:
        x: The runs of J brands in logits, J x n.
        effect: The shared effect as estimated for each brand, with the mean 0, J x n.
        variance: The variance of each run around the shared effect, J x n.
    """
    centred = x - x.mean(axis=1, keepdims=True)
    prior_weight = LOADING_SD**-2  # of a loading of 1
    loading = ((effect * centred / variance).sum(axis=1) + prior_weight) / (
        (effect**2 / variance).sum(axis=1) + prior_weight
    )
    return np.asarray(np.clip(loading, 0.0, MAX_LOADING))


def _prompt_scatter(
    products: Sequence[Floats],
    n: Floats,
    mean: Floats,
    value_variance: Floats,
    x: Floats,
    information: Floats,
) -> tuple[float, float]:
    """Return two variances, each 0 or more: of a prompt's own effect in a run, in squared logits,
    and of the prompts' loadings. A loading is the factor by which a prompt follows the run effect.

    The scatter of the prompts of a run, less what single answers and the run effect explain, is
    regressed on the square of the run effect. The constant of the regression is the first variance.
    The slope is the second one: where prompts follow run effects unevenly, they scatter most in
    runs with large ones. Both are shrunk to `SCATTER` (ridge regression).

    The runs of all brands count, except the latest `UNSETTLED_RUNS`; with fewer than
    `SETTLING_RUNS` runs only the latest is left out.

    Args:
        products: The products n n, n total and total total of the runs, J x n x P each.
        n: Numbers of answers, J x n x P.
        value_variance: Variances of the prompts' values, J x P.
        x: Distance of each run from the mean of its prompts in logits, J x n.
        information: The inverse of the variance of ``x`` by single answers, J x n.
    """
    runs = x.shape[1]
    settled = runs - UNSETTLED_RUNS if runs >= SETTLING_RUNS else runs - 1
    early = slice(0, settled)
    n_n, n_total, total_total = (product[:, early] for product in products)

    def over_prompts(cells: Floats, weights: Floats) -> Floats:
        """Return the weighted sum over prompts of each series and run, J x n."""
        return np.asarray((cells @ weights[..., None])[..., 0])

    x, information = x[:, early], information[:, early]
    squared_effect = x**2 - 1 / information
    squares = total_total.sum(axis=2) - over_prompts(n_total, 2 * mean) + over_prompts(n_n, mean**2)
    cross = over_prompts(n_total, value_variance) - over_prompts(n_n, mean * value_variance)
    pulled = over_prompts(n_n, value_variance**2)
    single = over_prompts(n[:, early], value_variance**2)
    around_effect = squares - 2 * x * cross + x**2 * pulled
    # The run effect is in the prompts' variances too, and its estimate fits the calls' noise.
    by_answers = (1 - 1 / runs) * information
    excess = around_effect - by_answers + single * squared_effect + pulled / information
    weight = (1 - 1 / runs) * (pulled - single).ravel() / 2
    design = np.stack([np.ones(weight.size), np.maximum(squared_effect, 0.0).ravel()])
    ridge = np.array(SCATTER_SDS) ** -2
    weighted_excess = design @ excess.ravel() / 2 + ridge * SCATTER
    coefficients = np.linalg.solve((design * weight) @ design.T + np.diag(ridge), weighted_excess)
    constant, slope = np.maximum(coefficients, 0.0).tolist()
    return constant, slope


def _logits(
    n: Floats, total: Floats, mean: Floats, value_variance: Floats
) -> tuple[Floats, Floats]:
    """Return the distance of each run from the means of its prompts in logits, and the information
    on it, J x n each. The information is the inverse of the variance of the distance by single
    answers, `MIN_INFORMATION` or more. The distance of a run without answers is 0.
    """
    surplus = total.sum(axis=2) - (n @ mean[..., None])[..., 0]
    found = (n @ value_variance[..., None])[..., 0]
    information = np.maximum(found, MIN_INFORMATION)
    return np.where(found > 0, surplus / information, 0.0), information


def _with_excursions(group: StreamGroup, rows: Places) -> Places:
    """Return the rows of the active runs and of the answered runs that were cut out between them,
    in order.

    The runs of a change that did not last are not active, because they deviate. Without such runs,
    run effects would look smaller after each false alarm.

    Args:
        group: The streams, the brand's first; its answers count.
        rows: The active runs, in the order of time.
    """
    if isinstance(_as_slice(rows), slice):
        return rows
    between = np.arange(rows[0], rows[-1] + 1)
    return group.last(between[group.n[0, between].sum(axis=1) > 0])


def _as_slice(rows: Places) -> slice | Places:
    """Return rows, one or more in the order of time, as a slice, which selects without a copy. Rows
    with gaps between them are returned as they are.
    """
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows


def _variances(x: Floats, noise: Floats, prior: RunEffectPrior) -> tuple[float, float]:
    """Return the variances of a model's shared and own run effects, squared logits, `MIN_VARIANCE`
    or more: estimates from all but the latest runs, drawn towards their priors.

    The shared variance is the mean covariance between brands. The own variance is what is left of a
    brand's variance without the shared one and that of the calls; the median over brands counts, so
    that one brand which changed does not matter. With fewer than `MIN_BRANDS` brands, the whole
    variance counts as own, and the shared one is `MIN_VARIANCE`. A single run gives the priors.

    Args:
        x: The runs of J brands in logits, J x n.
        noise: Their call variances, J x n.
    """
    runs = x.shape[1]
    if runs < 2:
        return prior.shared, prior.own
    settled = runs - UNSETTLED_RUNS if runs >= SETTLING_RUNS else max(2, runs - 1)
    early = x[:, :settled]
    early = early - early.mean(axis=1, keepdims=True)
    covariance = early @ early.T / (settled - 1)
    whole = np.diag(covariance) - noise[:, :settled].mean(axis=1)
    weight = PRIOR_RUNS / (settled + PRIOR_RUNS)
    brands = len(x)
    if brands < MIN_BRANDS:
        expected = prior.shared + prior.own
        found = (1 - weight) * float(np.median(whole)) + weight * expected
        return MIN_VARIANCE, max(found, MIN_VARIANCE)
    common = float(covariance.sum() - np.trace(covariance)) / (brands * (brands - 1))
    shared = (1 - weight) * common + weight * prior.shared
    own = (1 - weight) * (float(np.median(whole)) - common) + weight * prior.own
    return max(shared, MIN_VARIANCE), max(own, MIN_VARIANCE)


def share_of_effect(looks: Floats, shared: float = SHARED_VARIANCE) -> Floats:
    """Return the variance of the effect of runs that were asked so often within two days, over that
    of a run that was asked once, when each look has the share ``shared`` of it in common.
    """
    return shared + (1 - shared) / looks


def _shared_effect(x: Floats, noise: Floats, shared: Floats) -> tuple[Floats, Floats]:
    """Return an estimate of the shared effect of each run, for each brand from all other brands.

    The estimate is drawn to 0 by the variance of the effect. With more than `MIN_RIVALS` brands, a
    run in which the median of the other brands is more than `EXTREME_SDS` standard deviations from
    0 may have an effect as large as this median.

    Args:
        x: The runs of J brands in logits, J x n.
        noise: Their variances by calls and own effects, J x n.
        shared: The variance of the shared effect of each run, n.

    Returns:
        The best linear estimate in logits, and the variance that it leaves, both J x n.
    """
    weight = 1 / noise
    weight_of_others = weight.sum(axis=0) - weight
    variance = np.broadcast_to(shared, x.shape)
    if len(x) > MIN_RIVALS:
        usual = shared + 1 / weight_of_others
        squared_median = _rivals_median(x) ** 2
        is_extreme = squared_median > EXTREME_SDS**2 * usual
        variance = np.where(is_extreme, squared_median, shared)
    scale = 1 + variance * weight_of_others
    sum_of_others = (weight * x).sum(axis=0) - weight * x
    return variance * sum_of_others / scale, np.asarray(variance / scale)


def _without_steps(x: Floats, variance: Floats) -> Floats:
    """Return series, J x n, without the lasting steps that one series has alone, against the median
    of the others; the mean of each series stays. A lasting gain of one rival is no run effect, and
    would be subtracted from all others.

    A step is removed when it is `STEP_SDS` standard deviations or more, up to `MAX_STEPS` of each
    series, its most certain step first. Of three brands only the most certain step of all is
    removed at a time, because the other two seem to step when one does. With fewer than
    `MIN_BRANDS` brands, or a single run, the series are returned unchanged.

    Args:
        x: Distance of each run from the mean of its prompts in logits, J x n.
        variance: The variance of a run by calls and its own effect, J x n.
    """
    runs = x.shape[1]
    if len(x) < MIN_BRANDS or runs < 2:
        return x
    apart = x - _rivals_median(x)
    jumps = np.abs(np.diff(apart, axis=1))
    usual = (MEDIAN_TO_SD * np.median(jumps, axis=1)) ** 2 / 2
    sd = np.sqrt(np.maximum(usual, variance.mean(axis=1)))[:, None]
    before = np.arange(1, runs)
    scale = np.sqrt(1 / before + 1 / (runs - before)) * sd
    places, series = np.arange(runs), np.arange(len(x))
    removed = np.zeros(x.shape)
    for _ in range(MAX_STEPS):
        sums = np.cumsum(apart - removed, axis=1)
        step = (sums[:, -1:] - sums[:, :-1]) / (runs - before) - sums[:, :-1] / before
        first = np.abs(step / scale).argmax(axis=1)
        size = step[series, first]
        far = np.abs(size) / scale[series, first]
        # Of three brands the others seem to step when one does.
        least = STEP_SDS if len(x) > MIN_BRANDS else max(STEP_SDS, float(far.max()))
        size = np.where(far >= least, size, 0.0)
        if not size.any():
            break
        removed += size[:, None] * (places > first[:, None])
        if len(x) == MIN_BRANDS:
            apart = x - removed - _rivals_median(x - removed) + removed
    return np.asarray(x - removed + removed.mean(axis=1, keepdims=True))


def _rivals_median(x: Floats) -> Floats:
    """Return, for each of J series (two or more), the median of the other series in each run, J x
    n. Of an even number of other series it is the mean of the two in the middle.
    """
    ordered = np.sort(x, axis=0)
    rank = np.argsort(np.argsort(x, axis=0), axis=0)
    others = len(x) - 1
    low, high = (others - 1) // 2, others // 2
    lower = np.where(rank > low, ordered[low], ordered[low + 1])
    upper = np.where(rank > high, ordered[high], ordered[high + 1])
    return np.asarray((lower + upper) / 2)
