"""What a decision rests on: the shipped thresholds, comparisons, evidence and policy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from math import exp, log, sqrt

from overheard.detection.fresh_evidence import FRESH_BETA
from overheard.detection.step_evidence import STEP_VARIANCE
from overheard.domain import VISIBILITY, Alert, Model, PromptShift, RunKey, Shift
from overheard.measure.blocks import Stream, StreamKey
from overheard.measure.intervals import Interval, Scatter, Sums, difference, panel_mean_interval
from overheard.numpy_proxy import Floats, Mask, np

STUDENT_FREEDOM = 6.0
"""Degrees of freedom of the run effects: their variance is an estimate from few runs."""


@dataclass(frozen=True)
class Comparison:
    """One stream before and after a known time.

    Attributes:
        v: Variance of the statistic (`StratifiedSplit.u`) when nothing changed and calls are
            independent.
        veff: The variance `v` with the run effects added.
        before: Mean over the shared prompts before the time, each weighing the same.
        after: Mean over the shared prompts after the time, each weighing the same.
        change: after - before.
        interval: 90 % interval of the change (low, high).
        prompts: The shared prompts, those that moved most first.
        answers: Number of answers to shared prompts (before, after).
        binary: Whether the values of the stream are only 0 and 1.
    """

    v: float
    veff: float
    before: float
    after: float
    change: float
    interval: Interval
    prompts: tuple[PromptShift, ...]
    answers: tuple[int, int]
    binary: bool


def compare_sides(stream: Stream, first: int, tau2: float) -> Comparison | None:
    """Return the comparison of a stream before and after a known time, on the prompts that have
    answers on both sides.

    Args:
        stream: One brand, one model, one metric.
        first: Number of the run with which "after" begins; that run is after.
        tau2: Variance of the run effect on the logit scale, 0 or more.

    Returns:
        The comparison; None when there is nothing to compare: fewer than two prompts have
        answers on both sides, or no prompt's answers differ at all.
    """
    cut = split_stream(stream, stream.since(first))
    if cut.shared.sum() < 2 or cut.v <= 0:
        return None
    effect_sd = cut.run_effect_sd(tau2)
    veff = cut.v + effect_sd**2
    return Comparison(
        v=cut.v,
        veff=veff,
        before=cut.before.mean,
        after=cut.after.mean,
        change=cut.after.mean - cut.before.mean,
        interval=change_interval(cut, stream.scatter, tau2),
        prompts=_prompts(stream, cut),
        answers=(round(float(cut.before.n.sum())), round(float(cut.after.n.sum()))),
        binary=stream.binary,
    )


def change_interval(
    cut: StratifiedSplit, scatter: Scatter, tau2: float, level: float = 0.9
) -> Interval:
    """Return the interval (low, high) of the change of the mean over the shared prompts, after less
    before, on the metric's scale.

    Run effects count with the variance of Student's t with `STUDENT_FREEDOM` degrees of freedom,
    which makes the interval wider than ``tau2`` alone.

    Args:
        cut: The stream, cut in two.
        scatter: How much answers to the same prompt differ.
        tau2: Variance of the run effect on the logit scale, 0 or more.
        level: Probability that the interval holds the true change, 0 to 1.
    """
    heavy_tailed = tau2 * STUDENT_FREEDOM / (STUDENT_FREEDOM - 2)
    before = panel_mean_interval(cut.before, cut.asked[~cut.later], scatter, heavy_tailed, level)
    after = panel_mean_interval(cut.after, cut.asked[cut.later], scatter, heavy_tailed, level)
    return difference(cut.before.mean, before, cut.after.mean, after)


def _prompts(stream: Stream, cut: StratifiedSplit) -> tuple[PromptShift, ...]:
    """Return, for each prompt with answers on both sides of the cut, its means and numbers of
    answers before and after. The largest change, up or down, comes first; of equal changes the
    prompt with more answers after, then the one whose key sorts first.
    """
    names = [name for name, both in zip(stream.prompts, cut.shared, strict=True) if both]
    means = zip(cut.before.means.tolist(), cut.after.means.tolist(), strict=True)
    answers = zip(cut.before.n.astype(int).tolist(), cut.after.n.astype(int).tolist(), strict=True)
    moved = [
        PromptShift(name, *mean, *n) for name, mean, n in zip(names, means, answers, strict=True)
    ]
    return tuple(sorted(moved, key=lambda p: (-abs(p.after - p.before), -p.n_after, p.prompt)))


@dataclass(frozen=True, eq=False)
class StratifiedSplit:
    """A stream cut in two at a time, over the P prompts that have answers on both sides.

    Attributes:
        shared: Mask of the stream's prompts that have answers on both sides.
        before: The sums of these prompts before the cut.
        after: The sums of these prompts after the cut.
        asked: Number of answers by run and shared prompt, R x P.
        later: Mask of the runs after the cut, R.
        width: The size of the metric's values against those of a rate, 1 for a rate
            (`Stream.width`).
    """

    shared: Mask
    before: Sums
    after: Sums
    asked: Floats
    later: Mask
    width: float

    @cached_property
    def both(self) -> Sums:
        """The sums of both sides together."""
        return self.before + self.after

    @cached_property
    def u(self) -> float:
        """The sum of the values after the cut less the sum that is expected there without a change:
        above 0 for a rise.
        """
        return float(np.sum(self.after.total - self.after.n * self.both.means))

    @cached_property
    def v(self) -> float:
        """The variance of `u` when nothing changed and calls are independent."""
        weight = self.before.n * self.after.n / self.both.n
        return float(np.sum(weight * self._answer_variance))

    @cached_property
    def pull(self) -> Floats:
        """How far each run's effect moves `u`, in either direction, for an effect of 1 logit, R.

        A run effect of a rate is a shift on the logit scale. A run effect of a number tilts the
        distribution by ``exp(run effect * value / width)``, which is the same for values 0 and 1.
        """
        other_side = np.where(self.later[:, None], self.before.n, self.after.n)
        by_prompt = self.asked * other_side / self.both.n * self._answer_variance
        return np.asarray(by_prompt.sum(axis=1) / self.width)

    def run_effect_sd(self, tau2: float) -> float:
        """Return the standard deviation of `u` that comes from run effects of a variance ``tau2``
        on the logit scale.
        """
        return float(np.sqrt(tau2 * np.sum(self.pull**2)))

    @property
    def _answer_variance(self) -> Floats:
        """The variance of the answers to each shared prompt when nothing changed, P."""
        return self.both.deviance / (self.both.n - 1)


def split_stream(stream: Stream, later: Mask) -> StratifiedSplit:
    """Return the sums of a stream before and after a cut, by prompt. A prompt counts only if it has
    answers on both sides; there may be none.

    Args:
        later: Mask of the stream's runs after the cut, R; the others are before it.
    """
    shared = (stream.n[later].sum(axis=0) > 0) & (stream.n[~later].sum(axis=0) > 0)
    return StratifiedSplit(
        shared=shared,
        before=stream.sums(~later, shared),
        after=stream.sums(later, shared),
        asked=stream.n[:, shared].astype(np.float64),
        later=later,
        width=stream.width,
    )


MOVED_WITH_VISIBILITY = 3
"""Metrics that fall with it: itself, the share of voice, and who is among the first three."""
RUNS_A_YEAR = 52.0
"""The pace that the table was fitted for."""


@dataclass(frozen=True, slots=True, eq=False)
class AlarmTable:
    """Thresholds of the statistic, as logarithms, and how often an unchanged brand exceeds them.

    Attributes:
        ages: Numbers of baseline runs at which the next cell begins.
        own_shares: Shares of own run effects at which the next cell begins.
        autocorrelations: Probabilities of autocorrelation at which the next cell begins.
        thresholds: The thresholds, by age, own share and autocorrelation.
        yearly: False alarms of a brand in a year of weekly runs at an excess of 0.
        slope: Fall of the logarithm of the yearly rate with each unit of excess.
        bend: The excess from which `far_slope` replaces `slope`.
        far_slope: Fall of the logarithm of the yearly rate beyond `bend`.
    """

    ages: tuple[float, ...]
    own_shares: tuple[float, ...]
    autocorrelations: tuple[float, ...]
    thresholds: Floats
    yearly: float
    slope: float
    bend: float
    far_slope: float

    def cell(self, age: int, own_share: float, autocorrelation: float) -> tuple[int, int, int]:
        """Return the indices of a cell in `thresholds`, by age, own share and autocorrelation; a
        value at the edge between two cells is in the upper one.

        Args:
            age: Number of runs in the baseline.
            own_share: Share of the own run effect in a run's residual variance, 0 to 1.
            autocorrelation: Probability that own run effects are autocorrelated, 0 to 1.
        """
        return (
            int(np.searchsorted(self.ages, age, side="right")),
            int(np.searchsorted(self.own_shares, own_share, side="right")),
            int(np.searchsorted(self.autocorrelations, autocorrelation, side="right")),
        )

    def threshold(self, age: int, own_share: float, autocorrelation: float) -> float:
        """Return the threshold of a cell, a logarithm; a statistic above the threshold has an
        excess above 0. The arguments are those of `cell`.
        """
        return float(self.thresholds[self.cell(age, own_share, autocorrelation)])

    def rate(self, excess: float, runs_a_year: float = RUNS_A_YEAR) -> float:
        """Return how many times a year an unchanged brand exceeds an excess.

        Args:
            excess: A logarithm above the threshold; minus infinity gives a very large number.
            runs_a_year: Number of analyses in a year, to which the result is proportional.
        """
        near, far = min(excess, self.bend), max(excess - self.bend, 0.0)
        logged = log(self.yearly) - self.slope * near - self.far_slope * far
        return exp(min(logged, 20.0)) * runs_a_year / RUNS_A_YEAR

    def joined(self, excesses: Mapping[StreamKey, float]) -> float:
        """Return the excess of a brand from the excesses of its streams; minus infinity without
        streams.

        An unchanged brand exceeds the result as often as one stream exceeds the same excess,
        however the streams depend on each other: the rates of exceedance are averaged, not the
        excesses. Each model weighs the same, and visibility as much as its other metrics together.
        """
        metrics = Counter(key.model for key in excesses)
        weights = [_share(key.metric, metrics[key.model]) for key in excesses]
        sums = dict.fromkeys(metrics, 0.0)
        for key, weight in zip(excesses, weights, strict=True):
            sums[key.model] += weight
        shares = [w / sums[key.model] / len(sums) for key, w in zip(excesses, weights, strict=True)]
        scaled = self.far_slope * np.array(list(excesses.values()))
        return float(np.logaddexp.reduce(scaled + np.log(shares))) / self.far_slope

    def joining(self, models: int, metrics: int) -> float:
        """Return by how much more a stream has to exceed, so that the brand does, when it is joined
        with streams that do not move: those of other models, and of metrics that do not go with
        visibility. Of a model's metrics `MOVED_WITH_VISIBILITY` do.
        """
        others = min(metrics, MOVED_WITH_VISIBILITY) - 1
        together = _share(VISIBILITY, metrics) + others * _share("", metrics)
        return log(models / together) / self.far_slope

    def excess(self, rate: float, runs_a_year: float = RUNS_A_YEAR) -> float:
        """Return the excess, a logarithm above the threshold, that an unchanged brand exceeds a
        number of times a year; the inverse of `rate`.

        Args:
            rate: How many times a year, above 0.
            runs_a_year: Number of analyses in a year.
        """
        wanted = log(self.yearly) - log(rate * RUNS_A_YEAR / runs_a_year)
        near = wanted / self.slope
        if near <= self.bend:
            return near
        return self.bend + (wanted - self.slope * self.bend) / self.far_slope


def _share(metric: str, metrics: int) -> float:
    """Return what a metric weighs among a number of metrics of a model, visibility among them."""
    return 1 / metrics if metrics == 1 else 0.5 if metric == VISIBILITY else 0.5 / (metrics - 1)


@cache
def alarm_table() -> AlarmTable:
    """Return the table that ships with the program, ``alarm_table.json`` of this package; it is
    read once.
    """
    text = files("overheard.detection").joinpath("alarm_table.json").read_text("utf-8")
    data = json.loads(text)
    fall = data["yearly"]
    return AlarmTable(
        tuple(data["ages"]),
        tuple(data["own_shares"]),
        tuple(data["autocorrelations"]),
        np.array(data["thresholds"]),
        fall["at"],
        fall["slope"],
        fall["bend"],
        fall["far_slope"],
    )


NEARLY_CERTAIN_A_YEAR = 0.02
"""A change is nearly certain when chance does as much less often a year: once in 50 years."""
AT_ONCE_A_YEAR = 0.002
"""What rests on one run alone is told at once when chance does as much less often a year."""
WATCHED_A_YEAR = 2.0
"""Evidence that chance shows more often a year is not even watched."""
MODELS_SHARE = 0.25
"""Share of the budget of false alarms that changes of models as a whole have, where they are
reported by themselves; the brands have the rest."""
PACE_WINDOWS_DAYS = (7, 30, 365)
"""Over these windows runs are counted, once there is so much history."""
DAYS_A_YEAR = 365.25


class AlertLevel(StrEnum):
    """How certain it is that something changed."""

    NEARLY_CERTAIN = "nearly certain"
    """Chance does this less than once in 50 years in the whole deployment."""
    LIKELY = "likely"
    """Within the budget of false alarms."""
    WATCH = "watch"
    """Less than that: no alert, but the next run is of interest."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare evidence is when nothing changed.

    Attributes:
        yearly: How often the deployment would see so much evidence in a year.
    """

    yearly: float

    @property
    def years(self) -> float:
        """The mean number of years between two occurrences of so much evidence; a million at
        most.
        """
        return 1 / max(self.yearly, 1e-6)

    def level(self, per_year: float) -> AlertLevel | None:
        """Return how certain a change is, by how often a year chance shows as much.

        Nearly certain: less often than `NEARLY_CERTAIN_A_YEAR`. Likely: at most ``per_year``.
        Watch: more often, at most `WATCHED_A_YEAR`. None for still more frequent evidence. Evidence
        above ``per_year`` is never more than watched.

        Args:
            per_year: False alarms that the deployment accepts in a year.
        """
        if self.yearly > per_year:
            return AlertLevel.WATCH if self.yearly <= WATCHED_A_YEAR else None
        certain = self.yearly < NEARLY_CERTAIN_A_YEAR
        return AlertLevel.NEARLY_CERTAIN if certain else AlertLevel.LIKELY


def rarity(excess: float, runs_a_year: float, brands: int) -> Rarity:
    """Return how often a year some brand of the deployment shows an excess when nothing changes, by
    the table that ships with the program.

    Args:
        excess: A brand's excess, a logarithm above the threshold.
        runs_a_year: Number of runs that are analysed in a year.
        brands: Number of tracked brands.
    """
    return Rarity(alarm_table().rate(excess, runs_a_year) * brands)


def needed_excess(per_year: float, runs_a_year: float, brands: int) -> float:
    """Return the excess, a logarithm above the threshold, that a brand needs for an alarm.

    Args:
        per_year: False alarms that the deployment accepts in a year, above 0.
        runs_a_year: Number of runs that are analysed in a year.
        brands: Number of tracked brands, which share the false alarms equally.
    """
    return alarm_table().excess(per_year / brands, runs_a_year)


def runs_a_year(analysed: Sequence[RunKey], bursts: Collection[int] = ()) -> float:
    """Return how many runs are analysed in a year at the present pace: the largest of the paces
    over the 7, 30 and 365 days up to the latest run, and at least `RUNS_A_YEAR`.

    A window counts only if the history is at least as long, so that a few runs within minutes are
    not taken for the pace of a year. Without runs the pace is `RUNS_A_YEAR`.

    Args:
        analysed: The runs that were analysed so far, the oldest first.
        bursts: Numbers of the runs that ask again; they do not count.
    """
    pace = RUNS_A_YEAR
    if not analysed:
        return pace
    first, last = analysed[0].at, analysed[-1].at
    for days in PACE_WINDOWS_DAYS:
        if last - first < timedelta(days=days):
            break
        begin = last - timedelta(days=days)
        recent = [run.at for run in analysed if run.at >= begin and run.id not in bursts]
        span = (recent[-1] - recent[0]) / timedelta(days=1) if recent else 0.0
        # Half a run less: weekly runs are 52 a year, and not 52.2.
        pace = max(pace, (len(recent) - 1) * DAYS_A_YEAR / max(span, 1.0) - 0.5)
    return pace


MOVED_POINTS, MOVED_SDS = 0.2, 2.5
"""A prompt counts as one that moved when its expected rate moved by so much, and by so many
posterior standard deviations."""


@dataclass(frozen=True, slots=True)
class MeasuredChange:
    """A change of a stream, as expected of many more answers.

    Attributes:
        panel: Change of the panel's mean, on the metric's scale.
        relevant: Change of the mean over the prompts that named the brand on either side; as
            `panel` for metrics that are not rates.
        moved_prompts: Number of prompts that surely moved by 20 points or more, in any direction;
            0 for metrics that are not rates.
    """

    panel: float
    relevant: float
    moved_prompts: int = 0


def measured_change(compared: Comparison, stream: Stream) -> MeasuredChange:
    """Return the change to expect of many more answers: the observed change, shrunk towards 0 (the
    posterior mean under the detector's prior of a change).

    The fewer answers there are and the larger run effects are, the smaller is the expected change.
    The mean over relevant prompts is that over the prompts with a value above 0 before or after,
    and 0 without such prompts. A metric that is no rate has the panel's mean in its place, and no
    moved prompts.

    Args:
        compared: The stream before and after the change.
        stream: The stream, which has the size of its metric's values (`Stream.width`).
    """
    precision = compared.v**2 / compared.veff / stream.width**2  # of the step in logits
    shrinkage = STEP_VARIANCE * precision / (1 + STEP_VARIANCE * precision)
    panel = compared.change * shrinkage
    if not compared.binary:
        return MeasuredChange(panel, panel)
    named = [prompt for prompt in compared.prompts if prompt.before > 0 or prompt.after > 0]
    relevant = sum(prompt.after - prompt.before for prompt in named) / max(len(named), 1)
    moved_prompts = sum(_surely_moved(prompt) for prompt in named)
    return MeasuredChange(panel, relevant * shrinkage, moved_prompts)


def _surely_moved(prompt: PromptShift) -> bool:
    """Return whether a prompt's rate, as its posterior mean under the prior `FRESH_BETA` (0 to 1),
    moved by `MOVED_POINTS` or more, up or down, and by `MOVED_SDS` or more standard deviations of
    the difference. Without the second condition some of many prompts with few answers would always
    seem to move.
    """
    a, b = FRESH_BETA
    sides = ((prompt.before, prompt.n_before), (prompt.after, prompt.n_after))
    means = [(a + rate * n) / (a + b + n) for rate, n in sides]
    variance = sum(
        mean * (1 - mean) / (a + b + n + 1) for mean, (_, n) in zip(means, sides, strict=True)
    )
    return abs(means[1] - means[0]) >= max(MOVED_POINTS, MOVED_SDS * sqrt(variance))


MIN_TRACKED = 2
"""Number of tracked brands from which on a change of a model as a whole has an alert of its own;
with one brand, that brand's alert is enough."""
JUDGE_LEVEL = 0.05
"""Largest p-value at which a judge is taken for one that has moved."""
JUDGE_SHARE = 0.5
"""Share of a shift that the judge must have moved, in its direction, to count as its cause."""


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The rates of false alarms and the smallest changes that a deployment configures.

    Attributes:
        false_alarms_per_year: False alarms allowed for all brands together.
        brands: Number of tracked brands, each of which has an equal part of the false alarms.
        models_per_year: False alarms allowed for changes of models as a whole; 0 where they are not
            reported by themselves.
        smallest_changes: The smallest expected change that is reported, by metric, on the
            metric's scale; 0 for metrics that are not named.
        asked_again: What asking again may cost, as a share of what the scheduled runs cost; 0 where
            nothing is asked again.
        holds: Whether a change that rests on one run alone is held until the model was asked again,
            unless it is rarer than `AT_ONCE_A_YEAR`.
    """

    false_alarms_per_year: float = 0.2
    brands: int = 1
    smallest_changes: Mapping[str, float] = field(default_factory=dict)
    models_per_year: float = 0.0
    asked_again: float = 0.0
    holds: bool = False

    @classmethod
    def shared_out(
        cls, per_year: float, brands: int, smallest_changes: Mapping[str, float]
    ) -> AlertPolicy:
        """Return the policy of a deployment. With `MIN_TRACKED` or more tracked brands, the share
        `MODELS_SHARE` of the false alarms is for models as a whole, and the rest for all brands
        together. With fewer, all false alarms are for the brands.

        Args:
            per_year: False alarms that the whole deployment accepts in a year.
            brands: Number of tracked brands.
            smallest_changes: The smallest change that is reported by metric, on its scale.
        """
        of_models = per_year * MODELS_SHARE * (brands >= MIN_TRACKED)
        return cls(per_year - of_models, brands, smallest_changes, of_models)

    def smallest_change(self, metric: str) -> float:
        """Return the smallest expected change of a metric that is reported, on the metric's scale;
        0 if none is configured.
        """
        return self.smallest_changes.get(metric, 0.0)


DEFAULT_ALERT_POLICY = AlertPolicy()


@dataclass(frozen=True, slots=True)
class JudgeCheck:
    """The result of reading answers of a change a second time: what the second reading does not
    see, the answers do not show.

    Attributes:
        judge: Name of the scorer that read them.
        answers: Number of the answers, 2 or more.
        before: Mean by which the stored values exceed the new ones in the answers before.
        after: The same in the answers since the change.
        p_value: Probability of such a difference when both readings see the same change (t test).
        held: Number of the drawbacks since the change that the second reading sees, too.
        of: Number of those that it was asked about; 0 where the change is not one of drawbacks.
    """

    judge: str
    model: str
    answers: int
    before: float
    after: float
    p_value: float
    held: int = 0
    of: int = 0

    def explains(self, change: float) -> bool:
        """Return whether the reading counts as the cause of a change on the metric's scale: more
        than the second reading sees, it moved in the direction of the change, by the share
        `JUDGE_SHARE` of it or more, and significantly (`JUDGE_LEVEL`). It also does where the
        second reading confirms no drawback.
        """
        if self.of and not self.held:
            return True
        moved = self.after - self.before
        enough = moved * change > 0 and abs(moved) >= JUDGE_SHARE * abs(change)
        return self.answers > 1 and enough and self.p_value <= JUDGE_LEVEL


@dataclass(frozen=True, slots=True)
class Returned:
    """The end of an alarm's story: the brand is back at its level before.

    Attributes:
        run: The run after which it was found.
        shift: The shift that headed the alarm.
        before: Rows of the runs at the old level.
        row: Row of the run with which the return most likely began.
    """

    run: RunKey
    shift: Shift
    before: tuple[int, ...]
    row: int
    model: Model


@dataclass(frozen=True, slots=True)
class StreamEvidence:
    """The evidence of one metric after a run.

    Attributes:
        runs: Number of earlier runs in its baseline.
        runs_needed: Number of earlier runs that a search for a change needs.
        has_unread_history: Whether earlier runs were read by other scorer versions alone.
        shared_prompts: Number of prompts of this run that were asked before; None when the run
            has no answers for this metric.
        statistic: Natural logarithm of its evidence for a change (Shiryaev-Roberts statistic),
            less the threshold of its baseline; None without a baseline.
        change: The change to expect of many more answers; None when its evidence is not over the
            budget of false alarms, or there is nothing to compare.
        shift: The change in full; None in the same cases.
        judge: The judge's new values of old answers; None when the judge was not asked.
        held: Whether it is held until the model was asked again: it rests on this run alone.
    """

    metric: str
    runs: int
    runs_needed: int = 1
    has_unread_history: bool = False
    shared_prompts: int | None = None
    statistic: float | None = None
    change: MeasuredChange | None = None
    shift: Shift | None = None
    judge: JudgeCheck | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class ModelEvidence:
    """The evidence of one brand at one model after a run.

    Attributes:
        brand: The brand's name.
        statistic: Natural logarithm of the brand's excess evidence, over all models and metrics.
        threshold: The logarithm that `statistic` and the excess of a metric must exceed, so that
            alarms keep to the budget.
        streams: The evidence of each metric, one or more.
        runs_a_year: Number of runs that are analysed in a year.
        returned: The end of an alarm's story, when the brand is back at its old level; or None.
    """

    brand: str
    model: Model
    run: RunKey
    statistic: float
    threshold: float
    streams: tuple[StreamEvidence, ...]
    runs_a_year: float = RUNS_A_YEAR
    returned: Returned | None = None


@dataclass(frozen=True, slots=True)
class AlertHistory:
    """The alerts of a brand before a run, and those of models as a whole.

    Attributes:
        alerts: The brand's alerts, the newest first.
        run_starts: The start of each run, by the run's number.
        of_models: The alerts of models as a whole, the newest first.
    """

    alerts: Sequence[Alert] = ()
    run_starts: Mapping[int, datetime] = field(default_factory=dict)
    of_models: Sequence[Alert] = ()


NO_HISTORY = AlertHistory()
