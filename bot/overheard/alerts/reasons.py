"""In words, why nothing was reported; the decision itself is made in `detection/decide.py`."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

from overheard.cards import wording
from overheard.config.sections import AlertsTable
from overheard.detection.alarm_table import Rarity
from overheard.detection.decide import Decision, Reason, Silence
from overheard.detection.decision_inputs import AlertPolicy
from overheard.detection.placement import AlertAction
from overheard.domain import Metric, Scale


def alert_policy(
    settings: AlertsTable, metrics: Mapping[str, Metric], brands: int = 1
) -> AlertPolicy:
    """Return the alert policy that the [alerts] table sets: the false alarms a year, shared among
    the brands, and the smallest change of each metric that is reported, on the metric's scale.

    Metrics of tone and of rank have a smallest change of their own; all others, which are rates,
    have that in points, of which 100 are a rate of 1.

    Args:
        settings: The [alerts] table of the configuration.
        metrics: The metrics that are measured, by name.
        brands: Number of tracked brands, at least 1.
    """
    by_scale = {
        Scale.POLARITY: settings.minimum_sentiment,
        Scale.RANK: settings.minimum_ranks,
    }
    smallest_rate = settings.minimum_points / 100
    smallest_changes = {
        name: by_scale.get(metric.scale, smallest_rate) for name, metric in metrics.items()
    }
    return AlertPolicy.shared_out(settings.false_alarms_per_year, brands, smallest_changes)


SENTENCES = {
    Reason.FEW_RUNS: "Its baseline has {runs} of the {needed} it takes.",
    Reason.SCORER_CHANGED: (
        "The scorer changed, and its present version has not read the runs before."
    ),
    Reason.PANEL_CHANGED: "None of its prompts was asked before.",
    Reason.LEARNING: "The baseline is being learnt: {runs} of {needed}. {evidence}",
    Reason.BELOW_THRESHOLD: "{evidence}",
    Reason.WATCHED: "Watched, but not certain enough for an alert. {evidence}",
    Reason.RETURNED: "It is back where it was before its last change.",
    Reason.NOT_COMPARABLE: "Fewer than two prompts have answers both before and after.",
    Reason.TOO_SMALL: "{label} changed by {change}; alerts begin at {smallest}.",
    Reason.ONE_BRAND: "One brand alone explains it better.",
    Reason.REPORTED: "Alert {alert} has reported it.",
    Reason.JUDGE_MOVED: "{judge}",
}


def reason_sentences(silence: Silence, metrics: Mapping[str, Metric]) -> str:
    """Return one or more sentences on why nothing was reported of a metric, with figures, such as
    ``Visibility changed by 3 points; alerts begin at 10 points.``.

    Args:
        metrics: The metrics that are measured, by name.

    Raises:
        KeyError: when the metric is not measured.
    """
    metric = metrics[silence.metric]
    return SENTENCES[silence.reason].format(
        runs=silence.runs,
        needed=wording.count(silence.runs_needed, "run"),
        evidence=_evidence_sentence(silence),
        label=metric.label,
        change=_change_size(silence.change, metric),
        smallest=_change_size(silence.smallest_change, metric),
        alert=silence.alert,
        judge=_judge_sentences(silence, metric),
    )


def judge_warning(decision: Decision, silence: Silence, metrics: Mapping[str, Metric]) -> str:
    """Return sentences that a shift of a brand at a model was not reported because the judge itself
    changed; empty for any other reason.

    Args:
        silence: The reason for which one of its metrics was not reported.
        metrics: The metrics that are measured, by name.

    Raises:
        KeyError: when the metric is not measured.
    """
    if silence.reason is not Reason.JUDGE_MOVED:
        return ""
    sentences = reason_sentences(silence, metrics)
    return (
        f"No alert for {decision.brand} at {decision.model}: {sentences[0].lower()}{sentences[1:]}"
    )


CARRIED_OUT = {
    AlertAction.RAISE: "An alert: {moved} moved.",
    AlertAction.GROW: "Alert {alert} grows: {moved} moved further.",
    AlertAction.EASE: "Alert {alert} is partly back: {moved} moved.",
    AlertAction.JOIN: "It is part of alert {alert}, of the model as a whole: {moved} moved.",
    AlertAction.KEEP: "Alert {alert} has reported this run: {moved} moved.",
    AlertAction.RECOVER: "It is back where it was before its last change.",
}


def decision_sentence(decision: Decision, metrics: Mapping[str, Metric]) -> str:
    """Return what was decided about a brand at a model, in one or more sentences.

    They name the alert that is raised or changed and the metrics that moved, or say that the brand
    is back where it was. When nothing is reported, they give the reason for the metric that came
    nearest to an alert; without any metric, that nothing was measured.

    Args:
        metrics: The metrics that are measured, by name. A moved metric that is missing is called by
            its name.

    Raises:
        KeyError: when the metric that came nearest is not measured.
    """
    moved_metrics = dict.fromkeys(shift.metric for shift in decision.shifts)
    moved = wording.listing(
        [metrics[name].label.lower() if name in metrics else name for name in moved_metrics]
    )
    if sentence := CARRIED_OUT.get(decision.placement.action):
        return sentence.format(alert=decision.placement.alert, moved=moved)
    silence = decision.silence
    return reason_sentences(silence, metrics) if silence else "Nothing was measured."


def decision_data(decision: Decision) -> dict[str, Any]:
    """Return a decision as JSON values.

    ``action`` is what is done, such as ``raise``, or ``none``. ``level`` is the certainty, such as
    ``likely``; None if nothing is reported or watched. ``years`` is the number of years in which
    chance alone would show as much once; None without a baseline. ``alert`` is the number of the
    alert that is changed; None for a new alert and for none. ``metrics`` are the metrics that are
    reported, and ``silences`` the reason for each metric that is not.
    """
    return {
        "brand": decision.brand,
        "model": str(decision.model),
        "action": decision.placement.action.value,
        "level": decision.level,
        "years": decision.years,
        "alert": decision.placement.alert or None,
        "metrics": [shift.metric for shift in decision.shifts],
        "silences": [_silence_data(silence) for silence in decision.silences],
    }


def _silence_data(silence: Silence) -> dict[str, Any]:
    """Return the reason for which nothing is reported of a metric, as JSON values.

    ``evidence`` and ``threshold`` are Bayes factors (not logarithms) relative to the threshold of
    the baseline, which is 1; they are None where nothing was measured. ``change`` (None where it is
    not known) and ``smallest_change`` are on the metric's scale, and ``alert`` is the number of the
    alert that has reported it, or None.
    """
    return {
        "metric": silence.metric,
        "reason": silence.reason.value,
        "runs": silence.runs,
        "runs_needed": silence.runs_needed,
        "evidence": None if silence.evidence is None else exp(silence.evidence),
        "threshold": None if silence.threshold is None else exp(silence.threshold),
        "change": silence.change,
        "smallest_change": silence.smallest_change,
        "alert": silence.alert or None,
    }


def _evidence_sentence(silence: Silence) -> str:
    """Return a sentence on how many times as strong the evidence would have to be for an alert;
    empty when no evidence was measured.
    """
    if silence.evidence is None or silence.threshold is None:
        return ""
    missing_factor = exp(silence.threshold - silence.evidence)  # both are natural logarithms
    return f"Its evidence would have to be {missing_factor:.3g} times as strong."


def _change_size(change: float | None, metric: Metric) -> str:
    """Return the size of a change of a metric without a sign: ``3 points``; None counts as 0."""
    return wording.change(abs(change or 0.0), metric.scale).lstrip("+")


def _judge_sentences(silence: Silence, metric: Metric) -> str:
    """Return two sentences: by how much a metric seems to have moved, which was not reported
    because its judge moved, and the judge's mean scores of the same old answers, now and then. All
    numbers are on the metric's scale. Empty when the judge was not asked.
    """
    check = silence.judge
    if check is None:
        return ""
    return (
        f"{metric.label.capitalize()} seems to have moved by {silence.change:+.2f}, and the judge "
        f"{check.judge} ({check.model}) itself has moved. Of {check.answers} old answers it says "
        f"{check.after:+.2f} now and said {check.before:+.2f} then."
    )


LONG_YEARS = 1000
"""The number of years beyond which the rarity is not given more exactly."""


def certainty(chance_a_year: float | None) -> str | None:
    """Return how certain a reported shift is: ``nearly certain`` or ``likely``; None where it is
    not known.

    Args:
        chance_a_year: How often a year chance would show as much in the deployment; None where it
            is not known.
    """
    if chance_a_year is None:
        return None
    level = Rarity(chance_a_year).level(per_year=float("inf"))
    return level.value if level else None


def how_often(chance_a_year: float | None) -> str:
    """Return in words how often a deployment would see such a shift if nothing changed: ``about 3
    times a year``, ``about once in 12 years`` (from 2 years on), ``less than once in 1,000 years``
    (from `LONG_YEARS` on).

    Args:
        chance_a_year: The expected number a year; None counts as 0.
    """
    years = Rarity(chance_a_year or 0.0).years
    if years >= LONG_YEARS:
        return f"less than once in {LONG_YEARS:,} years"
    if years < 2:
        return f"about {wording.count(round(1 / years) or 1, 'time')} a year"
    return f"about once in {years:.0f} years"
