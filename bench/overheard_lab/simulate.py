"""`simulate`: how often the detection of shifts (the monitor) raises a false alarm, and how soon it
sees a drop, on simulated brands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Card, Field, Table
from overheard.cards.command import IN_TERMINAL, CommandSpec, option
from overheard.detection.confirmation import LOOKS
from overheard.detection.decision_inputs import AlertPolicy
from overheard.session import Session
from overheard_lab import trials
from overheard_lab.benchmarks import Comparisons
from overheard_lab.trials import (
    AGES,
    ASKED_AGAIN,
    RUNS_A_YEAR,
    ModelAlarms,
    MonitorTrial,
    Reliability,
    TrialOutcome,
)
from overheard_lab.worlds import EFFECTS, KINDS, WorldDesign

CONFIRMED, PLAIN = "confirmed", "plain"
DEFAULT_FALSE_ALARMS_PER_YEAR = 0.2
"""False alarms a year of the default settings, for all brands together."""


async def simulate(
    session: Session,
    *,
    world: Annotated[
        str, option("How runs differ when nothing changes.", choices=KINDS)
    ] = "normal",
    effects: Annotated[
        str, option("Which brands share run effects.", choices=tuple(EFFECTS))
    ] = "shared",
    tau: Annotated[
        float, option("Standard deviation of the run effect, in logits.", low=0, high=1)
    ] = 0.25,
    drop: Annotated[float, option("Points that visibility falls.", low=1, high=40)] = 10,
    sparse: Annotated[
        float, option("Percent of prompts that carry it; 0: all.", low=0, high=100)
    ] = 0,
    per_year: Annotated[
        float,
        option(
            "False alarms allowed in a brand-year; 0: the budget of 0.2 split over the brands.",
            low=0,
            high=50,
        ),
    ] = 0,
    age: Annotated[
        str, option("Count false alarms of baselines of this many runs.", choices=("all", *AGES))
    ] = "all",
    brands: Annotated[int, option("Brands of the deployment.", low=1, high=20)] = 5,
    models: Annotated[int, option("Models that are asked.", low=1, high=10)] = 1,
    metrics: Annotated[int, option("Metrics that are measured.", low=1, high=10)] = 1,
    prompts: Annotated[int, option("Prompts in a run.", low=5, high=2000)] = 30,
    repeats: Annotated[int, option("How often each is asked.", low=1, high=20)] = 3,
    policy: Annotated[
        str,
        option(
            "Ask a model again where something may have changed, or not.",
            choices=(CONFIRMED, PLAIN),
        ),
    ] = CONFIRMED,
    panels: Annotated[int, option("Brands behind each figure.", low=5)] = 100,
    seed: Annotated[int, option("Another seed gives other answers.", low=0)] = 1,
) -> Card:
    """Run the monitor on simulated brands, and return a card with its false alarms, its delay, and
    how many of its alarms are true. Nothing is asked or stored.

    The detector is the one that analyses real brands. There are three simulated worlds with weekly
    runs: two years without a change, a drop in run 41, and one change a year.

    Args:
        world: How runs differ while nothing changes, one of `KINDS`.
        effects: Whether all brands at a model share its run effects (random effects of a run), one
            of `EFFECTS`.
        tau: Standard deviation of the run effects in logits, 0 to 1.
        drop: The fall of visibility in percentage points, above 0.
        sparse: Percentage of prompts that carry the drop, at least one prompt; 0 for all.
        per_year: False alarms that are allowed in a brand-year, and in a year on models as a whole;
            0 for the default budget, shared among the brands.
        age: Only alarms of baselines of this many runs count as false, one of `AGES`; ``all``
            counts all.
        policy: ``confirmed`` asks a model again, up to five times in two days, where something may
            have changed, as the product does; ``plain`` only makes the weekly runs.
        panels: The number of brands behind each figure, 5 or more.
        seed: The seed of all randomness; equal seeds give equal figures.
    """
    carried_share = max(sparse / 100, 1 / prompts) if sparse else 1.0
    allowed = AlertPolicy.shared_out(DEFAULT_FALSE_ALARMS_PER_YEAR, brands, {})
    trial = MonitorTrial(
        world=WorldDesign(
            kind=world,
            effects=effects,
            tau=tau,
            brands=brands,
            models=models,
            metrics=metrics,
            prompts=prompts,
            repeats=repeats,
            again=len(LOOKS) if policy == CONFIRMED else 0,
        ),
        asked_again=ASKED_AGAIN if policy == CONFIRMED else 0.0,
        drop=drop,
        carried=carried_share,
        per_year=per_year or allowed.false_alarms_per_year / brands,
        models_per_year=per_year or allowed.models_per_year,
        age="" if age == "all" else age,
    )
    session.progress.start("Simulating", trials.worlds_of(trial, panels))
    try:
        outcome = trials.run_trial(trial, panels, seed, session.progress.advance)
    finally:
        session.progress.finish()
    return Card(
        title=f"{panels:,} simulated brands",
        text=_result_sentence(trial, outcome),
        fields=_trial_fields(trial, outcome),
        table=_comparison_table(outcome.false_alarms.yearly, outcome.delay.runs, outcome.compared),
        footer="The oracle knows everything but when, of one stream. It and the rules are held to "
        "the same rate of false alarms. A drop that is not seen within 32 runs counts as 32.",
        data={**_trial_json(trial, outcome), "policy": policy, "panels": panels, "seed": seed},
    )


def _result_sentence(trial: MonitorTrial, outcome: TrialOutcome) -> str:
    """Return a sentence with the monitor's false alarms in a brand-year and its delay until it sees
    the drop.

    The false alarms have a 95 % interval and the allowed number; the delay is in runs, and also a
    multiple of that of the oracle, which knows everything but the time of the drop.
    """
    false_alarms = outcome.false_alarms
    low, high = false_alarms.interval
    return (
        f"The monitor raises {false_alarms.yearly:.2f} false alarms a brand-year "
        f"({low:.2f} to {high:.2f}; {trial.per_year:.2g} are allowed) and sees a drop of "
        f"{trial.drop:g} points in {outcome.delay.runs:.1f} runs: {outcome.ratio:.2f} times as "
        "many as an oracle of one stream."
    )


def _trial_fields(trial: MonitorTrial, outcome: TrialOutcome) -> tuple[Field, ...]:
    """Return the card's fields, which have the size of a run and further results of the trial.

    The results are: the false alarms in a brand-year by the age of the baseline; the share of
    alarms that follow an opposite one within 8 runs; the alarms taken back in a brand-year; the
    false alarms on models as a whole in a year; and, for each level of certainty with alarms, the
    share of them that are true.
    """
    false_alarms, world = outcome.false_alarms, trial.world
    reliability = [
        Field(f"{row.level.capitalize()}, true", f"{row.true:.0%} of {row.alarms}")
        for row in outcome.reliability
        if row.true is not None
    ]
    ages = (f"{rate:.2f} at {age}" for age, rate in false_alarms.by_age.items())
    return (
        Field("In a run", f"{wording.count(world.prompts, 'prompt')} x {world.repeats}"),
        Field("By runs in the baseline", ", ".join(ages)),
        Field("Opposite alarm within 8 runs", f"{false_alarms.ghosts:.0%}"),
        Field("Taken back, a brand-year", f"{false_alarms.closings:.2f}"),
        Field("Calls, over the weekly ones", f"{false_alarms.calls:.2f}"),
        Field("The drop told within days", _within_words(outcome)),
        Field("Of models as a whole, a year", _model_rate_words(trial, false_alarms.of_models)),
        *reliability,
    )


def _within_words(outcome: TrialOutcome) -> str:
    """Return in what share of panels the drop was told within each number of days."""
    return ", ".join(f"{days}: {share:.0%}" for days, share in outcome.delay.within.items())


def _model_rate_words(trial: MonitorTrial, model_alarms: ModelAlarms) -> str:
    """Return how many alarms on models as a whole there were in a year without a change, in words:
    the rate with its 95 % interval, and the allowed rate.
    """
    low, high = model_alarms.interval
    allowed = trial.models_per_year
    return f"{model_alarms.yearly:.2f} ({low:.2f} to {high:.2f}; {allowed:.2g} are allowed)"


def _comparison_table(alarms: float, runs: float, compared: Comparisons) -> Table:
    """Return a table of detectors, each with its false alarms in a brand-year and its delay in
    runs: the monitor, the oracle, and the rules of the market.

    Args:
        alarms: The monitor's false alarms in a brand-year.
    """
    rows = {"This monitor": (alarms, runs)}
    others = {"Oracle of one stream": compared.oracle, **compared.rules}
    rows |= {name: (detector.false_alarms, detector.delay) for name, detector in others.items()}
    return Table(
        ("", "False alarms a year", "Runs to see it"),
        tuple((name, f"{yearly:.2f}", f"{delay:.1f}") for name, (yearly, delay) in rows.items()),
        frozenset({1, 2}),
    )


def _trial_json(trial: MonitorTrial, outcome: TrialOutcome) -> dict[str, Any]:
    """Return the results of a trial for JSON output.

    Rates of false alarms are those of a brand-year; ``interval`` is a 95 % interval. Delays are in
    runs, and ``delay_error`` is the standard error of the monitor's. ``ratio`` is its delay as a
    multiple of that of the oracle, which knows everything but the time of the drop.
    ``calls_to_detect`` is its delay in calls, and ``lorden_calls`` the smallest possible number of
    them (Lorden's bound).
    """
    false_alarms, late, compared = outcome.false_alarms, outcome.delay, outcome.compared
    calls = trial.world.prompts * trial.world.repeats
    return {
        "false_alarms_per_year": round(false_alarms.yearly, 4),
        "interval": [round(end, 4) for end in false_alarms.interval],
        "by_age": {age: round(rate, 3) for age, rate in false_alarms.by_age.items()},
        "brand_years": round(false_alarms.brand_years, 1),
        "alarms": false_alarms.alarms,
        "of_model": _model_alarms_json(trial, false_alarms.of_models),
        "delay_runs": round(late.runs, 3),
        "delay_error": round(late.error, 3),
        "delay_panels": late.panels,
        "oracle_delay_runs": round(compared.oracle.delay, 3),
        "ratio": round(outcome.ratio, 3),
        "ghost_recoveries": round(false_alarms.ghosts, 4),
        "closings_per_year": round(false_alarms.closings, 3),
        "reliability": _reliability_json(outcome.reliability),
        "rules": _rules_json(compared),
        "calls_to_detect": round(late.runs * calls, 1),
        "lorden_calls": round(compared.lorden_calls, 1),
        "calls_per_year": round(RUNS_A_YEAR * calls * false_alarms.calls),
        "told_within_days": {str(days): share for days, share in late.within.items()},
    }


def _model_alarms_json(trial: MonitorTrial, model_alarms: ModelAlarms) -> dict[str, Any]:
    """Return the false alarms on models as a whole for JSON output. Rates are those of a year, all
    models of a deployment together; the interval is 95 %.
    """
    return {
        "per_year": round(model_alarms.yearly, 4),
        "interval": [round(end, 4) for end in model_alarms.interval],
        "alarms": model_alarms.alarms,
        "years": round(model_alarms.years, 1),
        "allowed_per_year": trial.models_per_year,
    }


def _reliability_json(rows: Iterable[Reliability]) -> list[dict[str, Any]]:
    """Return, for each level of certainty, the number of alarms and the share of true ones (0 to 1;
    None without alarms), for JSON output.
    """
    return [{"level": row.level, "told": row.alarms, "true": row.true} for row in rows]


def _rules_json(compared: Comparisons) -> dict[str, dict[str, float]]:
    """Return, for each rule of the market by name, its false alarms in a brand-year and its delay
    in runs, for JSON output.
    """
    return {
        name: {
            "false_alarms_per_year": round(detector.false_alarms, 3),
            "delay_runs": round(detector.delay, 3),
        }
        for name, detector in compared.rules.items()
    }


SIMULATE = CommandSpec(
    "simulate",
    "Try the monitor on simulated brands: its false alarms, its delay, what its alarms are worth.",
    simulate,
    faces=IN_TERMINAL,
    opens=False,
)
