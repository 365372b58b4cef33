"""What is known of a young deployment: what its short baselines would show, and how often the rule
would have fired in its own unchanged runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overheard.detection.alarm_table import RUNS_A_YEAR, needed_excess
from overheard.detection.control_variate import (
    MIN_INFORMATION,
    RunEffectPrior,
    StreamGroup,
    run_series,
)
from overheard.measure.blocks import RunKey
from overheard.numpy_proxy import Floats, Places, np

LEARNING_RUNS = 6
"""Runs after which a baseline is long enough."""
FIRST_SDS, YOUNG_SDS, OLD_SDS, YOUNG_RUNS = 3.25, 3.1, 2.3, 8
"""Standard deviations of a run that a change needs to show within three runs, with a power of about
0.8 at one false alarm a year: after a single run, which does not show how large run effects are;
for baselines of less than so many runs; and for older ones."""
WEAK_BETA = (0.31, 0.38)
"""What is expected of a prompt's rate before its answers are seen, half of `FRESH_BETA`."""
MAX_FALL = 50.0
"""Largest fall in logits, against overflow."""
RECORD_RUNS = 40
"""Number of runs over which the record of the own false alarms is kept."""


@dataclass(frozen=True, slots=True)
class Learning:
    """A baseline that is still short.

    Attributes:
        runs: Number of runs of the baseline.
        needed: Number of runs of a full baseline.
        change: The smallest loss of a rate that would show within the next three runs, 0 to 1;
            None when the latest run has no answers.
        answers: Number of answers in a run.
    """

    runs: int
    needed: int
    change: float | None
    answers: int = 0

    @property
    def lost(self) -> int:
        """The loss `change` as a number of a run's answers; 0 when it is None."""
        return round((self.change or 0.0) * self.answers)


def learning(
    group: StreamGroup,
    rows: Places,
    prior: RunEffectPrior,
    per_year: float = 1.0,
    brands: int = 1,
) -> Learning:
    """Return the length of a young baseline, the smallest loss that it would show within the next
    three runs, and the number of the brand's answers in its latest run.

    Args:
        group: The brand's stream and those of its rivals.
        rows: The baseline's runs, one or more, the oldest first.
        prior: The expected variances of the run effects of the model, logit scale.
        per_year: False alarms that the deployment accepts in a year.
        brands: Number of tracked brands, which share the false alarms.
    """
    runs = len(rows)
    change = smallest_visible_loss(group, rows, prior, per_year, brands)
    return Learning(runs, LEARNING_RUNS, change, round(float(group.n[0][rows[-1]].sum())))


def smallest_visible_loss(
    group: StreamGroup,
    rows: Places,
    prior: RunEffectPrior,
    per_year: float = 1.0,
    brands: int = 1,
) -> float | None:
    """Return the smallest fall of a brand's rate, averaged over answers, that would show within the
    next three runs, 0 to 1; None when the latest run has no answers of the brand.

    The fall is one logit shift of all prompts. The runs to come are assumed to ask what the latest
    run asked, and competitors to show a part of the run effects.

    Args:
        group: The brand's stream and those of its rivals.
        rows: The baseline's runs, one or more, the oldest first.
        prior: The expected variances of the run effects of the model, logit scale; with two or more
            runs they are estimated from these.
        per_year: False alarms that the deployment accepts in a year.
        brands: Number of tracked brands, which share the false alarms.
    """
    runs = len(rows)
    asked = group.n[:, rows[-1]]
    n, hits = (cells[:, rows].sum(axis=1) for cells in (group.n, group.total))
    rates, answer_variances = _posterior(n, hits)
    information = (asked * answer_variances).sum(axis=1)
    if information[0] <= 0:
        return None
    shared, own = prior.shared, prior.own
    if runs > 1:
        series = run_series(group, rows, prior)
        shared, own = series.shared, series.own
    rivals_weight = (1 / (own + 1 / np.maximum(information[1:], MIN_INFORMATION))).sum()
    noise = 1 / float(information[0]) + shared / (1 + shared * rivals_weight) + own
    stricter = needed_excess(per_year, RUNS_A_YEAR, brands) - needed_excess(1.0, RUNS_A_YEAR, 1)
    sds = max(_visible_sds(runs) ** 2 + 2 * stricter, 1.0) ** 0.5
    shift = min(sds * (noise * (1 + 1 / runs)) ** 0.5, MAX_FALL)
    prompt_shares = asked[0] / max(float(asked[0].sum()), 1.0)
    p = rates[0]
    lower = p / (p + (1 - p) * np.exp(shift))
    return float(prompt_shares @ (p - lower))


def _visible_sds(runs: int) -> float:
    """Return how many standard deviations of a run a change needs, to show within three runs after
    a baseline of a number of runs, at one false alarm a year.
    """
    if runs == 1:
        return FIRST_SDS
    return YOUNG_SDS if runs < YOUNG_RUNS else OLD_SDS


def _posterior(n: Floats, hits: Floats) -> tuple[Floats, Floats]:
    """Return the expected rate of each prompt, 0 to 1, and the expected variance of an answer to
    it, both under the prior `WEAK_BETA`.

    Args:
        hits: Numbers of answers with the value 1, in the same shape.
    """
    a, b = hits + WEAK_BETA[0], n - hits + WEAK_BETA[1]
    whole = a + b
    return a / whole, a * b / (whole * (whole + 1))


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """How often the rule fired in a deployment's own runs without a change.

    Attributes:
        runs: Number of the latest runs that were analysed and had no lasting change.
        fired: Number of these runs with an alarm that was taken back.
    """

    runs: int
    fired: int


def own_record(
    analysed: Sequence[RunKey], alarms: Iterable[RunKey], taken_back: Iterable[RunKey]
) -> OwnRecord:
    """Return the number of the latest unchanged runs, at most `RECORD_RUNS`, and how many of them
    had an alarm, which was false.

    A run is unchanged if it had no alarm, or if its alarm was taken back. A run with an alarm that
    lasts is left out.

    Args:
        analysed: The runs that were analysed, the oldest first.
        alarms: The runs with an alarm, in any order.
        taken_back: Those of them whose alarm ended because the change did not last.
    """
    false_alarms = set(taken_back)
    lasting = set(alarms) - false_alarms
    unchanged = [run for run in analysed if run not in lasting][-RECORD_RUNS:]
    return OwnRecord(len(unchanged), sum(1 for run in unchanged if run in false_alarms))
