"""Tests of the sentences that say why nothing was reported."""

from datetime import UTC, datetime
from math import log
from typing import Any

import pytest

from overheard.alerts.history import (
    HistoryReader,
    alert_policy,
    certainty,
    decision_data,
    decision_sentence,
    how_often,
    judge_warning,
    reason_sentences,
)
from overheard.config.sections import AlertsTable
from overheard.detection.decide import Decision, Reason, Silence
from overheard.detection.decision_inputs import AlertLevel, JudgeCheck
from overheard.detection.placement import AlertAction, Placement
from overheard.domain import Brand, Catalogue, Metric, Model, RunKey, Scale, Shift
from overheard.testing.deployment import open_test_store

MODEL = Model("svc", "m-1")
RUN = RunKey(datetime(2026, 3, 2, tzinfo=UTC), 3)
METRICS = {
    "visibility": Metric("visibility", Scale.BINARY, "Visibility"),
    "position": Metric("position", Scale.RANK, "Position"),
    "sentiment": Metric("sentiment", Scale.POLARITY, "Sentiment"),
    "accuracy": Metric("accuracy", Scale.BINARY, "Accuracy"),
}
CHECK = JudgeCheck("judge", "svc/j", 20, 0.6, -0.07, p_value=0.001)


def silence(reason: Reason, metric: str = "visibility", **more: Any) -> Silence:
    """Make a silence about a metric."""
    return Silence(metric, reason, **{"runs": 6, "runs_needed": 6, **more})


def shift(metric: str) -> Shift:
    """Make a shift."""
    return Shift("Acme", MODEL, metric, 3, 0.7, 0.45, -0.25, (-0.4, -0.1))


def decision(
    action: AlertAction, *metrics: str, alert: int = 0, silences: tuple[Silence, ...] = ()
) -> Decision:
    """Make a decision about Acme."""
    shifts = tuple(shift(metric) for metric in metrics)
    level = AlertLevel.LIKELY if shifts else None
    return Decision("Acme", MODEL, RUN, shifts, Placement(action, alert), level, 8.0, silences)


def test_half_of_the_false_alarms_are_for_the_users_own_brands() -> None:
    """Of four tracked brands three are rivals of Acme; where all are or none is, all are alike."""
    rivals = ("Beta", "Cord", "Dune")

    def shares(*brands: Brand) -> list[float]:
        reader = HistoryReader(
            open_test_store(), Catalogue(brands), METRICS, (), AlertsTable(false_alarms_per_year=1)
        )
        return [1 / reader.policy_of(brand.name).brands for brand in brands]

    others = [Brand(name) for name in rivals]
    assert shares(Brand("Acme", competitors=rivals), *others) == [0.5, *[pytest.approx(1 / 6)] * 3]
    assert shares(Brand("Acme"), *others) == [0.25] * 4
    assert shares(Brand("Acme", competitors=("Beta",)), Brand("Beta", competitors=("Acme",))) == [
        0.5,
        0.5,
    ]


def test_the_smallest_change_depends_on_the_scale() -> None:
    """Points are hundredths of a rate; sentiment and ranks have limits of their own, and a scale
    that no table knows has the one that it brings.
    """
    grade = Metric("grade", Scale("grade", 0, 20, 0.8, 1.0, 5.0), "Reading grade")
    table = AlertsTable(
        false_alarms_per_year=0.5, minimum_points=7, minimum_sentiment=0.3, minimum_ranks=1.5
    )
    policy = alert_policy(table, METRICS | {"grade": grade}, 4)

    assert policy.false_alarms_per_year + policy.models_per_year == pytest.approx(0.5)
    assert 0 < policy.models_per_year < policy.false_alarms_per_year
    assert policy.brands == 4
    assert alert_policy(table, METRICS, 1).models_per_year == 0
    assert policy.smallest_changes == {
        "visibility": pytest.approx(0.07),
        "position": 1.5,
        "sentiment": 0.3,
        "accuracy": pytest.approx(0.07),
        "grade": 0.8,
    }


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            silence(Reason.FEW_RUNS, runs=0, runs_needed=1),
            "Its baseline has 0 of the 1 run it takes.",
        ),
        (
            silence(Reason.LEARNING, runs=2, runs_needed=6, evidence=log(4), threshold=log(150)),
            (
                "The baseline is being learnt: 2 of 6 runs. "
                "Its evidence would have to be 37.5 times as strong."
            ),
        ),
        (
            silence(Reason.BELOW_THRESHOLD, evidence=log(12.34), threshold=log(20)),
            "Its evidence would have to be 1.62 times as strong.",
        ),
        (silence(Reason.BELOW_THRESHOLD, evidence=1.0), ""),
        (silence(Reason.BELOW_THRESHOLD, threshold=1.0), ""),
        (
            silence(Reason.TOO_SMALL, change=-0.04, smallest_change=0.05),
            "Visibility changed by 4 points; alerts begin at 5 points.",
        ),
        (
            silence(Reason.TOO_SMALL, "position", change=0.25, smallest_change=0.5),
            "Position changed by 0.2 places; alerts begin at 0.5 places.",
        ),
        (silence(Reason.REPORTED, alert=7), "Alert 7 has reported it."),
        (
            silence(Reason.JUDGE_MOVED, change=-0.67, judge=CHECK),
            (
                "Visibility seems to have moved by -0.67, and the judge judge (svc/j), which read "
                "20 of the answers before and since again, sees +0.00 of it."
            ),
        ),
    ],
)
def test_a_reason_names_its_numbers(said: Silence, wanted: str) -> None:
    """Evidence and threshold as odds, changes on the metric's scale and without a sign."""
    assert reason_sentences(said, METRICS) == wanted


def test_only_a_judge_that_moved_is_warned_of() -> None:
    """Other silences are ordinary."""
    moved = silence(Reason.JUDGE_MOVED, change=-0.67, judge=CHECK)
    made = decision(AlertAction.NONE, silences=(moved,))

    warning = judge_warning(made, moved, METRICS)
    assert warning.startswith("No alert for Acme at svc/m-1: visibility seems to have moved by")
    assert judge_warning(made, silence(Reason.REPORTED, alert=7), METRICS) == ""


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            decision(AlertAction.RAISE, "visibility", "sentiment"),
            "An alert: visibility and sentiment moved.",
        ),
        (
            decision(AlertAction.GROW, "visibility", alert=4),
            "Alert 4 grows: visibility moved further.",
        ),
        (
            decision(AlertAction.KEEP, "visibility", alert=4),
            "Alert 4 has reported this run: visibility moved.",
        ),
        (
            decision(AlertAction.NONE, silences=(silence(Reason.REPORTED, alert=7),)),
            "Alert 7 has reported it.",
        ),
        (decision(AlertAction.RECOVER), "It is back where it was before its last change."),
        (decision(AlertAction.NONE), "Nothing was measured."),
    ],
)
def test_a_decision_is_one_sentence(made: Decision, said: str) -> None:
    """What becomes of what moved, or why nothing does."""
    assert decision_sentence(made, METRICS) == said


def test_a_decision_for_machines_has_evidence_as_numbers() -> None:
    """Odds and not logarithms; null where there is none."""
    silences = (
        silence(
            Reason.LEARNING, runs=2, runs_needed=6, evidence=log(4), threshold=log(150),
            change=-0.04, smallest_change=0.05,
        ),
        silence(Reason.REPORTED, "position", alert=7),
    )  # fmt: skip
    data = decision_data(decision(AlertAction.GROW, "sentiment", alert=4, silences=silences))

    first, second = data.pop("silences")
    assert data == {
        "brand": "Acme", "model": "svc/m-1", "action": AlertAction.GROW.value, "alert": 4,
        "level": "likely", "years": 8.0,
        "metrics": ["sentiment"],
    }  # fmt: skip
    assert first == {
        "metric": "visibility", "reason": "learning", "runs": 2, "runs_needed": 6,
        "evidence": pytest.approx(4), "threshold": pytest.approx(150), "change": -0.04,
        "smallest_change": 0.05, "alert": None,
    }  # fmt: skip
    assert (second["evidence"], second["threshold"], second["alert"]) == (None, None, 7)
    assert decision_data(decision(AlertAction.RAISE, "sentiment"))["alert"] is None


@pytest.mark.parametrize(
    ("chance", "level", "said"),
    [
        (None, None, "less than once in 1,000 years"),
        (0.0001, "nearly certain", "less than once in 1,000 years"),
        (0.001, "nearly certain", "less than once in 1,000 years"),
        (0.00125, "nearly certain", "about once in 800 years"),
        (0.004, "nearly certain", "about once in 250 years"),
        (0.04, "likely", "about once in 25 years"),
        (0.125, "likely", "about once in 8 years"),
        (0.5, "likely", "about once in 2 years"),
        (0.8, "likely", "about 1 time a year"),
        (3.0, "likely", "about 3 times a year"),
    ],
)
def test_certainty_is_how_seldom_chance_does_this(
    chance: float | None, level: str | None, said: str
) -> None:
    """In words, with the number of years behind them."""
    assert certainty(chance) == level
    assert how_often(chance) == said
