"""What `decide` decides from: evidence, the size of a change, the policy, and the alerts before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt

from overheard.detection.alarm_table import MODELS_SHARE, RUNS_A_YEAR, Rarity, rarity
from overheard.detection.comparison import Comparison
from overheard.detection.marginal_likelihood import STEP_VARIANCE
from overheard.detection.statistic import FRESH_BETA
from overheard.domain import Alert, Model, PromptShift, Shift
from overheard.measure.blocks import RunKey, Stream

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
    """

    false_alarms_per_year: float = 0.2
    brands: int = 1
    smallest_changes: Mapping[str, float] = field(default_factory=dict)
    models_per_year: float = 0.0

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
    """The result of judging old answers a second time: they have not changed, so a difference is
    the judge's own.

    Attributes:
        judge: Name of the scorer.
        answers: Number of old answers; 1 or more.
        before: Mean of the stored values of these answers.
        after: Mean of the new values of these answers.
        p_value: Probability of such a difference when the judge has not moved (paired t test).
    """

    judge: str
    model: str
    answers: int
    before: float
    after: float
    p_value: float

    def explains(self, change: float) -> bool:
        """Return whether the judge counts as the cause of a change on the metric's scale: on two or
        more old answers it has moved in the direction of the change, by the share `JUDGE_SHARE` of
        it or more, and significantly (`JUDGE_LEVEL`). A change of 0 has no cause.
        """
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

    def rarity(self, brands: int) -> Rarity:
        """Return how often the deployment would see so much evidence if nothing had changed at any
        of its ``brands`` tracked brands.
        """
        return rarity(self.statistic, self.runs_a_year, brands)


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
